//! What happened, who did it, and who may see it.

use postdesk::access::{Place, Role};
use postdesk::model::{MailboxPatch, Password, Quota, Secret};
use postdesk::service::mailboxes::Inside;
use postdesk::service::{audit, mailboxes, tokens};
use postdesk::store::{EventRecord, PageRequest};

use super::word;
use crate::support::app::{TestApp, mailbox_draft};
use crate::support::backend::both;

both! {
    a_change_is_told_with_before_and_after_and_whoever_did_it,
    secrets_never_reach_the_audit,
    the_audit_is_never_rewritten,
    everybody_sees_what_happened_where_they_may_look,
    the_audit_comes_page_by_page_the_newest_first,
}

async fn all(app: &TestApp) -> Vec<EventRecord> {
    let page = PageRequest::first(500);
    audit::list(app, &app.root(), &Inside::Everything, &page)
        .await
        .unwrap()
        .items
}

async fn a_change_is_told_with_before_and_after_and_whoever_did_it(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").quota("1 GB").await;
    let admin = app.domain_admin("brightwater.example").await;
    let patch = MailboxPatch {
        quota: Some(Quota::Unlimited),
        ..MailboxPatch::default()
    };
    app.days_later(1);

    mailboxes::update(
        app,
        &admin.again().await,
        &"anna@brightwater.example".parse().unwrap(),
        patch,
    )
    .await
    .unwrap();

    let event = all(app).await.remove(0);
    assert_eq!(
        (event.kind.as_str(), event.subject_id),
        ("mailbox.updated", anna.id.uuid())
    );
    assert_eq!(
        (event.subject.as_str(), event.credential.as_str()),
        ("anna@brightwater.example", "session")
    );
    assert_eq!(
        (event.actor.as_str(), event.request_id.as_str()),
        (admin.call.actor.identity().name.as_str(), "test")
    );
    assert_eq!(event.at, app.clock_now());
    let change = &event.detail.changes[0];
    assert_eq!(change.field, "quota_bytes");
    assert_eq!(change.before, serde_json::json!(1_i64 << 30));
    assert_ne!(change.after, change.before);
    assert_eq!(event.place.domain, Some(anna.domain_id));
}

async fn secrets_never_reach_the_audit(app: &TestApp) {
    let operator = app.operator().await;
    let domain = app.domain("brightwater.example").await;
    let mut draft = mailbox_draft("anna");
    draft.secret = Secret::Password(Password::offered("correct horse battery").unwrap());
    mailboxes::create(app, &operator.call, &domain.name, draft)
        .await
        .unwrap();
    let anna = "anna@brightwater.example".parse().unwrap();
    let (_, words) = mailboxes::reset_to_words(app, &operator.call, &anna)
        .await
        .unwrap();
    let (_, link) = mailboxes::make_setup_link(app, &operator.call, &anna)
        .await
        .unwrap();
    let (_, token) = tokens::create(app, &operator.call, "test".parse().unwrap(), 9, false)
        .await
        .unwrap();

    let code = link.url.rsplit('/').next().unwrap();
    let events = format!("{:?}", all(app).await);
    for secret in [
        "correct horse",
        words.expose(),
        code,
        token.expose(),
        "argon2",
        &operator.password,
    ] {
        assert!(!events.contains(secret), "{secret}");
    }
}

async fn the_audit_is_never_rewritten(app: &TestApp) {
    app.customer("Brightwater").await;

    let changed = app
        .db()
        .write("UPDATE events SET actor = 'nobody'")
        .execute()
        .await;
    let deleted = app.db().write("DELETE FROM events").execute().await;

    assert!(changed.is_err() && deleted.is_err());
}

async fn everybody_sees_what_happened_where_they_may_look(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").await;
    app.mailbox("bert@harbour.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let desk = app.help_desk("brightwater.example").await;
    let org = app.domain_now("brightwater.example").await.org_id;
    let customer = app.org_now(&org_of(app, org).await).await;
    let reseller = app
        .role(Role::ResellerAdmin, app.org_scope(&customer).await)
        .await;
    let page = PageRequest::first(50);
    let domain = || Inside::Domain("brightwater.example".parse().unwrap());

    let own = audit::list(app, &admin.call, &domain(), &page)
        .await
        .unwrap()
        .items;
    assert!(own.iter().all(|event| event.place.domain == Some(anna.domain_id)));
    assert_eq!(own[0].kind.as_str(), "mailbox.created");
    let subtree = audit::list(app, &reseller.call, &Inside::Org(org), &page)
        .await
        .unwrap()
        .items;
    let kinds: Vec<&str> = subtree.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["mailbox.created", "domain.created"]);

    assert_eq!(
        word(&audit::list(app, &desk.call, &domain(), &page).await),
        "audit.read is missing"
    );
    let everywhere = audit::list(app, &admin.call, &Inside::Everything, &page).await;
    assert_eq!(everywhere.unwrap().items.len(), own.len());
    assert_eq!(
        word(&audit::list(app, &desk.call, &Inside::Everything, &page).await),
        "audit.read is missing"
    );
    let theirs = Inside::Domain("harbour.example".parse().unwrap());
    assert_eq!(
        word(&audit::list(app, &admin.call, &theirs, &page).await),
        "not found"
    );

    let (_, permit) = mailboxes::get(app, &admin.call, &mailboxes::MailboxRef::Id(anna.id))
        .await
        .unwrap();
    let place: Place = permit.place().clone();
    let of_anna = audit::of_subject(app, &admin.call, place, anna.id.uuid(), &page)
        .await
        .unwrap()
        .items;
    assert_eq!(of_anna.len(), 1);
}

async fn org_of(app: &TestApp, id: postdesk::model::OrgId) -> postdesk::model::Org {
    postdesk::service::orgs::get(app, &app.root(), id)
        .await
        .unwrap()
        .0
}

async fn the_audit_comes_page_by_page_the_newest_first(app: &TestApp) {
    for n in 0..7 {
        app.mailbox(&format!("m{n}@brightwater.example")).await;
    }
    for inside in [
        Inside::Everything,
        Inside::Domain("brightwater.example".parse().unwrap()),
    ] {
        let whole = audit::list(app, &app.root(), &inside, &PageRequest::first(500))
            .await
            .unwrap()
            .items;
        let mut walked = Vec::new();
        let mut page = PageRequest::first(3);
        loop {
            let part = audit::list(app, &app.root(), &inside, &page).await.unwrap();
            walked.extend(part.items);
            let Some(next) = part.next else { break };
            page.after = Some(next);
        }
        let ids = |events: &[EventRecord]| events.iter().map(|event| event.id).collect::<Vec<_>>();
        assert_eq!(ids(&walked), ids(&whole));
        assert!(ids(&whole).is_sorted_by(|a, b| a > b));
    }
}

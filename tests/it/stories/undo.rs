//! What happened is taken back, until something newer touched the same.

use postdesk::access::{Call, Role};
use postdesk::error::Error;
use postdesk::model::{AliasPatch, DomainPatch, EventId, Limit, Limits, OrgPatch, Refusal};
use postdesk::service::{aliases, domains, grants, mailboxes, orgs, people, undo};
use serde_json::json;
use uuid::Uuid;

use super::{limits, word};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    every_change_of_a_domain_is_taken_back,
    every_change_of_an_alias_is_taken_back,
    every_change_of_a_customer_is_taken_back,
    a_role_that_was_given_and_a_suspension_of_a_person_are_taken_back,
    what_was_changed_since_is_shown_field_by_field,
    a_dry_run_takes_nothing_back,
    of_two_who_take_the_same_back_one_wins,
    what_has_no_way_back_says_so,
    taking_back_takes_what_the_change_takes,
    the_entry_names_what_it_took_back,
}

/// Takes the newest event of this thing back.
async fn back(app: &TestApp, call: &Call, subject: Uuid) -> String {
    let event = app.newest_event(subject).await;
    word(&undo::undo(app, call, event).await)
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, Error>) -> Refusal {
    match answer {
        Err(Error::Against(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn every_change_of_a_domain_is_taken_back(app: &TestApp) {
    let (root, before) = (app.root(), app.domain("brightwater.example").await);
    let (name, id) = (before.name.clone(), before.id.uuid());

    let patch = DomainPatch {
        note: Some("changed".parse().unwrap()),
        external_id: Some(Some("C-9".parse().unwrap())),
        ..DomainPatch::default()
    };
    domains::update(app, &root, &name, patch).await.unwrap();
    assert_eq!(back(app, &root, id).await, "done");
    domains::set_limits(app, &root, &name, limits("7", "8", "9 GB", "1 GB"))
        .await
        .unwrap();
    assert_eq!(back(app, &root, id).await, "done");
    domains::suspend(app, &root, &name, "unpaid".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(back(app, &root, id).await, "done");
    domains::delete(app, &root, &name).await.unwrap();
    assert_eq!(back(app, &root, id).await, "done");
    // That was a restoration, whose way back is the bin again.
    assert_eq!(back(app, &root, id).await, "done");
    assert!(app.domain_now("brightwater.example").await.deleted.is_some());
    assert_eq!(back(app, &root, id).await, "done");

    let other = "brightwater.test".parse().unwrap();
    domains::add_alias(app, &root, &name, other).await.unwrap();
    assert_eq!(back(app, &root, id).await, "done");
    let (_, names) = domains::aliases(app, &root, &name).await.unwrap();
    assert_eq!(names.len(), 0);
    assert_eq!(back(app, &root, id).await, "done");
    let (_, names) = domains::aliases(app, &root, &name).await.unwrap();
    assert_eq!(names.len(), 1);

    let elsewhere = app.customer("Elsewhere").await;
    domains::transfer(app, &root, &name, elsewhere.id).await.unwrap();
    assert_eq!(back(app, &root, id).await, "done");

    let after = app.domain_now("brightwater.example").await;
    assert_eq!(
        (after.note, after.external_id, after.limits),
        (before.note, before.external_id, before.limits)
    );
    assert_eq!((after.org_id, after.suspension), (before.org_id, None));
}

async fn every_change_of_an_alias_is_taken_back(app: &TestApp) {
    let root = app.root();
    let before = app
        .alias("sales@brightwater.example", &["x@outside.test", "y@outside.test"])
        .await;
    let at = aliases::AliasRef::Id(before.id);
    let patch = AliasPatch {
        local_part: Some("shop".parse().unwrap()),
        destinations: Some(vec!["z@outside.test".parse().unwrap()]),
        description: Some("the shop".parse().unwrap()),
        enabled: Some(false),
        external_id: Some(Some("A-1".parse().unwrap())),
    };
    aliases::update(app, &root, &at, patch).await.unwrap();
    assert_eq!(back(app, &root, before.id.uuid()).await, "done");
    aliases::delete(app, &root, &at).await.unwrap();
    assert_eq!(back(app, &root, before.id.uuid()).await, "done");

    let after = app.alias_now("sales@brightwater.example").await;
    assert_eq!(
        (
            after.destinations,
            after.description,
            after.enabled,
            after.external_id
        ),
        (
            before.destinations,
            before.description,
            before.enabled,
            before.external_id
        )
    );
}

async fn every_change_of_a_customer_is_taken_back(app: &TestApp) {
    let (root, before) = (app.root(), app.customer("Brightwater").await);
    let id = before.id;
    let patch = OrgPatch {
        name: Some("Brightwater Ltd".parse().unwrap()),
        contact: Some("Maria".parse().unwrap()),
        ..OrgPatch::default()
    };
    orgs::update(app, &root, id, patch).await.unwrap();
    assert_eq!(back(app, &root, id.uuid()).await, "done");
    let few = Limits {
        domains: Limit::AtMost(3),
        sharing: postdesk::model::Sharing::Overcommit("1.5".parse().unwrap()),
        ..limits("20", "30", "100 GB", "10 GB")
    };
    orgs::set_limits(app, &root, id, few.clone()).await.unwrap();
    assert_eq!(back(app, &root, id.uuid()).await, "done");
    assert_eq!(app.org_now(&before).await.limits, before.limits);
    assert_eq!(back(app, &root, id.uuid()).await, "done");
    assert_eq!(app.org_now(&before).await.limits, few);
    assert_eq!(back(app, &root, id.uuid()).await, "done");
    orgs::suspend(app, &root, id, "unpaid".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(back(app, &root, id.uuid()).await, "done");
    let reseller = app.reseller("North").await;
    orgs::relocate(app, &root, id, reseller.id).await.unwrap();
    assert_eq!(back(app, &root, id.uuid()).await, "done");
    orgs::delete(app, &root, id).await.unwrap();
    assert_eq!(back(app, &root, id.uuid()).await, "done");

    let after = app.org_now(&before).await;
    assert_eq!(
        (
            after.name,
            after.contact,
            after.parent_id,
            after.limits,
            after.suspension
        ),
        (
            before.name,
            before.contact,
            before.parent_id,
            before.limits,
            before.suspension
        )
    );
    assert!(after.deleted.is_none());
}

async fn a_role_that_was_given_and_a_suspension_of_a_person_are_taken_back(app: &TestApp) {
    let operator = app.operator().await;
    let org = app.customer("Brightwater").await;
    let desk = app.role(Role::HelpDesk, app.org_scope(&org).await).await;
    let wish = grants::GrantWish {
        role: "auditor".parse().unwrap(),
        scope: org.id.to_string().parse().unwrap(),
        expires_at: None,
        reason: None,
    };
    grants::give(app, &operator.call, desk.account, wish)
        .await
        .unwrap();
    let call = operator.again().await;
    assert_eq!(back(app, &call, desk.account.uuid()).await, "done");
    let (person, _) = people::get(app, &call, desk.account).await.unwrap();
    assert_eq!(person.grants.len(), 1);
    people::suspend(app, &call, desk.account, "on leave".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(back(app, &call, desk.account.uuid()).await, "done");
    let (person, _) = people::get(app, &call, desk.account).await.unwrap();
    assert_eq!(person.suspended_at, None);
}

/// Gives the domain a note; the event that says so.
async fn note(app: &TestApp, text: &str) -> EventId {
    let domain = app.domain_now("brightwater.example").await;
    let patch = DomainPatch {
        note: Some(text.parse().unwrap()),
        ..DomainPatch::default()
    };
    domains::update(app, &app.root(), &domain.name, patch)
        .await
        .unwrap();
    app.newest_event(domain.id.uuid()).await
}

async fn what_was_changed_since_is_shown_field_by_field(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    let first = note(app, "one").await;
    domains::suspend(app, &app.root(), &domain.name, "x".parse().unwrap())
        .await
        .unwrap();
    let dry = Call {
        dry_run: true,
        ..app.root()
    };
    // What is newer touched something else.
    assert_eq!(word(&undo::undo(app, &dry, first).await), "done");
    note(app, "two").await;

    let refused = refusal(undo::undo(app, &app.root(), first).await);
    assert_eq!(refused.code, "superseded");
    let [conflict] = refused.conflicts() else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (
            conflict.field.as_str(),
            &conflict.then,
            &conflict.now,
            &conflict.undo
        ),
        ("note", &json!("one"), &json!("two"), &json!(""))
    );
    assert_eq!(app.domain_now("brightwater.example").await.note.as_str(), "two");
}

async fn a_dry_run_takes_nothing_back(app: &TestApp) {
    app.domain("brightwater.example").await;
    let event = note(app, "one").await;
    let before = app.dump().await;
    let dry = Call {
        dry_run: true,
        ..app.root()
    };
    let told = undo::undo(app, &dry, event).await.unwrap();
    assert_eq!(told.events.len(), 1);
    assert_eq!(app.dump().await, before);
}

async fn of_two_who_take_the_same_back_one_wins(app: &TestApp) {
    let (root, domain) = (app.root(), app.domain("brightwater.example").await);
    let noted = note(app, "one").await;
    domains::delete(app, &root, &domain.name).await.unwrap();
    let deleted = app.newest_event(domain.id.uuid()).await;
    // A version tells of what was changed, and the bin of what was restored.
    for event in [deleted, noted] {
        let (one, other) = tokio::join!(undo::undo(app, &root, event), undo::undo(app, &root, event));
        let mut words = [word(&one), word(&other)];
        words.sort();
        assert_eq!(words, ["done", "superseded"], "{event}");
    }
}

async fn what_has_no_way_back_says_so(app: &TestApp) {
    let (root, domain) = (app.root(), app.domain("brightwater.example").await);
    assert_eq!(back(app, &root, domain.id.uuid()).await, "no_way_back");
    domains::suspend(app, &root, &domain.name, "x".parse().unwrap())
        .await
        .unwrap();
    domains::resume(app, &root, &domain.name).await.unwrap();
    assert_eq!(back(app, &root, domain.id.uuid()).await, "no_way_back");
    let ana = app.mailbox("ana@brightwater.example").await;
    let at = mailboxes::MailboxRef::Id(ana.id);
    mailboxes::reset_to_words(app, &root, &at).await.unwrap();
    assert_eq!(back(app, &root, ana.id.uuid()).await, "no_way_back");
}

async fn taking_back_takes_what_the_change_takes(app: &TestApp) {
    app.domain("brightwater.example").await;
    let event = note(app, "one").await;
    let scope = app.domain_scope("brightwater.example").await;
    let auditor = app.role(Role::Auditor, scope.clone()).await;
    let desk = app.role(Role::HelpDesk, scope).await;
    let stranger = app.stranger().await;
    let asked = |call: &Call| {
        let call = call.clone();
        async move { word(&undo::undo(app, &call, event).await) }
    };
    assert_eq!(asked(&auditor.call).await, "domain.update is missing");
    assert_eq!(asked(&desk.call).await, "audit.read is missing");
    assert_ne!(asked(&stranger.call).await, "done");
    let unknown = "evt_00000000000000000000000000".parse().unwrap();
    assert_eq!(word(&undo::undo(app, &auditor.call, unknown).await), "not found");
}

async fn the_entry_names_what_it_took_back(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    let event = note(app, "one").await;
    let root = app.root();
    undo::undo(app, &root, event).await.unwrap();
    let (_, permit) = domains::get(app, &app.root(), &domain.name).await.unwrap();
    let first = postdesk::store::PageRequest::first(1);
    let told =
        postdesk::service::audit::of_subject(app, &root, permit.place().clone(), domain.id.uuid(), &first);
    let told = told.await.unwrap();
    assert_eq!(told.items[0].detail.undoes, Some(event.to_string()));
}

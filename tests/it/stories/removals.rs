//! An org goes into the bin with everything below it, and comes back with exactly that.

use postdesk::access::{Credential, Role};
use postdesk::service::{aliases, domains, housekeeping, mailboxes, orgs, sign_in};

use super::{limits, word};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    an_org_goes_with_everything_below_it_and_comes_back_with_exactly_that,
    what_went_with_an_org_is_out_of_the_limits_above_until_it_comes_back,
    nobody_takes_a_name_that_waits_in_the_bin,
    an_org_that_went_with_another_does_not_come_back_alone,
    whoever_may_not_delete_domains_deletes_no_org_that_has_some,
    a_dry_run_of_a_deletion_counts_and_does_nothing,
    the_bin_is_emptied_with_everything_in_it,
}

async fn an_org_goes_with_everything_below_it_and_comes_back_with_exactly_that(app: &TestApp) {
    let top = app.reseller("Top").await;
    let below = app.customer("Below").below(&top).await;
    let before = app.customer("Before").below(&top).await;
    app.domain("harbour.example").of(&below).await;
    app.domain("earlier.example").of(&below).await;
    app.mailbox("ana@harbour.example").quota("1 GB").await;
    app.mailbox("earlier@harbour.example").await;
    app.mailbox("ana@earlier.example").await;
    app.alias("sales@harbour.example", &["ana@harbour.example"]).await;
    app.alias("old@harbour.example", &["ana@harbour.example"]).await;
    let root = app.root();
    let (gone, old) = ("earlier@harbour.example", "old@harbour.example");
    mailboxes::delete(app, &root, &gone.parse().unwrap())
        .await
        .unwrap();
    aliases::delete(app, &root, &old.parse().unwrap()).await.unwrap();
    domains::delete(app, &root, &"earlier.example".parse().unwrap())
        .await
        .unwrap();
    orgs::delete(app, &root, before.id).await.unwrap();
    let person = app.role(Role::DomainAdmin, app.org_scope(&below).await).await;
    let held = app.org_now(&top).await.usage;

    let done = orgs::delete(app, &root, top.id).await.unwrap();

    let text = &done.events[0].detail.text;
    assert!(
        text.starts_with("Top with 1 customer below it, 1 domain, 1 mailbox and 1 alias"),
        "{text}"
    );
    assert_eq!(app.org_now(&below).await.state(), "deleted");
    assert_eq!(app.domain_now("harbour.example").await.state(), "deleted");
    let ana = "ana@harbour.example".parse().unwrap();
    let signed_in = sign_in::in_person(app, person.account, Credential::Session).await;
    assert_eq!(word(&signed_in), "unknown", "nobody below it signs in");
    app.verify().await;

    let back = orgs::restore(app, &root, top.id).await.unwrap().value;

    assert_eq!(back.usage, held);
    assert_eq!(app.org_now(&below).await.state(), "active");
    assert_eq!(app.org_now(&before).await.state(), "deleted");
    assert_eq!(app.domain_now("harbour.example").await.state(), "active");
    assert_eq!(app.domain_now("earlier.example").await.state(), "deleted");
    assert!(app.mailbox_now("ana@harbour.example").await.deleted.is_none());
    assert_eq!(app.alias_now("sales@harbour.example").await.destinations.len(), 1);
    assert_eq!(
        word(&mailboxes::get(app, &root, &gone.parse().unwrap()).await),
        "not found"
    );
    assert_eq!(
        word(&aliases::get(app, &root, &old.parse().unwrap()).await),
        "not found"
    );
    assert_eq!(
        word(&mailboxes::get(app, &person.again().await, &ana).await),
        "done"
    );
    app.verify().await;
    the_rest_comes_back_by_itself(app, &top).await;
}

async fn the_rest_comes_back_by_itself(app: &TestApp, top: &postdesk::model::Org) {
    let root = app.root();
    let gone = "earlier@harbour.example";
    assert_eq!(
        word(&domains::restore(app, &root, &"earlier.example".parse().unwrap()).await),
        "done"
    );
    mailboxes::restore(app, &root, &gone.parse().unwrap())
        .await
        .unwrap();
    assert!(orgs::restore(app, &root, top.id).await.unwrap().events.is_empty());
}

async fn what_went_with_an_org_is_out_of_the_limits_above_until_it_comes_back(app: &TestApp) {
    let top = app.reseller("Top").limits(limits("1", "", "", "")).await;
    let one = app
        .customer("One")
        .below(&top)
        .limits(limits("1", "", "", ""))
        .await;
    app.domain("one.example").of(&one).await;
    app.mailbox("ana@one.example").await;
    let root = app.root();

    orgs::delete(app, &root, one.id).await.unwrap();
    assert_eq!(app.org_now(&top).await.usage.mailboxes, 0);
    let two = app
        .customer("Two")
        .below(&top)
        .limits(limits("1", "", "", ""))
        .await;
    app.domain("two.example").of(&two).await;
    app.mailbox("ana@two.example").await;

    assert_eq!(word(&orgs::restore(app, &root, one.id).await), "over_promised");
    orgs::set_limits(app, &root, two.id, limits("0", "", "", ""))
        .await
        .unwrap();
    assert_eq!(word(&orgs::restore(app, &root, one.id).await), "limit_reached");
    mailboxes::delete(app, &root, &"ana@two.example".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(word(&orgs::restore(app, &root, one.id).await), "done");
    assert_eq!(app.org_now(&top).await.usage.mailboxes, 1);
}

async fn nobody_takes_a_name_that_waits_in_the_bin(app: &TestApp) {
    let one = app.customer("One").await;
    let name = app.domain("one.example").of(&one).await.name;
    let root = app.root();
    orgs::delete(app, &root, one.id).await.unwrap();
    let other = app.customer("Other").await;
    let draft = postdesk::model::DomainDraft {
        name: name.clone(),
        note: postdesk::model::Note::default(),
        external_id: None,
        default_quota: postdesk::model::Quota::Unlimited,
        limits: postdesk::model::Limits::UNLIMITED,
    };
    let taken = domains::create(app, &root, other.id, draft).await;
    assert_eq!(word(&taken), "already_exists");
    assert_eq!(word(&domains::restore(app, &root, &name).await), "org_deleted");
}

async fn an_org_that_went_with_another_does_not_come_back_alone(app: &TestApp) {
    let top = app.reseller("Top").await;
    let below = app.customer("Below").below(&top).await;
    let root = app.root();
    orgs::delete(app, &root, top.id).await.unwrap();
    assert_eq!(word(&orgs::restore(app, &root, below.id).await), "org_deleted");
}

async fn whoever_may_not_delete_domains_deletes_no_org_that_has_some(app: &TestApp) {
    let top = app.reseller("Top").await;
    let one = app.customer("One").below(&top).await;
    app.domain("one.example").of(&one).await;
    let draft = postdesk::service::roles::RoleDraft {
        name: "Clerk".parse().unwrap(),
        description: postdesk::model::Note::default(),
        holds: "org.read org.delete".parse().unwrap(),
    };
    let role = postdesk::service::roles::create(app, &app.root(), top.id, draft)
        .await
        .unwrap()
        .value;
    let clerk = app.nobody().await;
    let wish = postdesk::service::grants::GrantWish {
        role: postdesk::service::grants::RoleName::Own(role.id),
        scope: postdesk::service::grants::ScopeName::Org(top.id),
        expires_at: None,
        reason: None,
    };
    postdesk::service::grants::give(app, &app.root(), clerk.account, wish)
        .await
        .unwrap();

    let refused = orgs::delete(app, &clerk.again().await, one.id).await;
    assert_eq!(word(&refused), "domain.delete is missing");
    let empty = app.customer("Empty").below(&top).await;
    assert_eq!(
        word(&orgs::delete(app, &clerk.again().await, empty.id).await),
        "done"
    );
}

async fn a_dry_run_of_a_deletion_counts_and_does_nothing(app: &TestApp) {
    let one = app.customer("One").await;
    app.domain("one.example").of(&one).await;
    app.mailbox("ana@one.example").await;
    let before = app.dump().await;
    let mut call = app.root();
    call.dry_run = true;

    let done = orgs::delete(app, &call, one.id).await.unwrap();

    let text = &done.events[0].detail.text;
    assert!(text.contains("1 domain, 1 mailbox"), "{text}");
    assert_eq!(app.dump().await, before);
}

async fn the_bin_is_emptied_with_everything_in_it(app: &TestApp) {
    let top = app.reseller("Top").await;
    let one = app.customer("One").below(&top).await;
    app.domain("one.example").of(&one).await;
    app.mailbox("ana@one.example").await;
    let root = app.root();
    orgs::delete(app, &root, top.id).await.unwrap();
    app.days_later(31);
    for _ in 0..4 {
        housekeeping::keep_promises(app).await.unwrap();
    }
    let gone = domains::get(app, &app.root(), &"one.example".parse().unwrap()).await;
    assert_eq!(word(&gone), "not found");
    app.domain("one.example").await;
}

//! A domain goes to another customer: with everything in it, into their limits, and with its history.

use postdesk::access::Role;
use postdesk::model::Limits;
use postdesk::service::mailboxes::Inside;
use postdesk::service::{audit, domains, mailboxes, orgs};
use postdesk::store::PageRequest;

use super::{limits, word};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_domain_goes_with_everything_in_it,
    a_domain_must_fit_into_the_limits_of_the_other_org,
    what_is_above_both_is_not_counted_twice,
    a_domain_is_handed_over_by_whoever_may_on_both_sides,
    what_happened_until_then_stays_readable_to_both,
    a_domain_takes_on_the_suspension_of_its_new_org,
    a_permit_of_before_the_transfer_adds_nothing,
}

async fn a_domain_goes_with_everything_in_it(app: &TestApp) {
    let from = app.customer("From").await;
    let to = app.customer("To").await;
    let name = app.domain("harbour.example").of(&from).await.name;
    app.mailbox("ana@harbour.example").quota("1 GB").await;
    app.mailbox("gone@harbour.example").quota("1 GB").await;
    app.alias("sales@harbour.example", &["ana@harbour.example"]).await;
    let root = app.root();
    let gone = "gone@harbour.example".parse().unwrap();
    mailboxes::delete(app, &root, &gone).await.unwrap();
    let person = app.domain_admin("harbour.example").await;

    let done = domains::transfer(app, &root, &name, to.id).await.unwrap();

    assert!(
        done.events[0].detail.text.contains("1 person keeps a role"),
        "{:?}",
        done.events[0].detail
    );
    let (before, after) = (app.org_now(&from).await.usage, app.org_now(&to).await.usage);
    assert_eq!(
        (
            before.domains,
            before.mailboxes,
            before.aliases,
            before.quota_bytes
        ),
        (0, 0, 0, 0)
    );
    assert_eq!(
        (after.domains, after.mailboxes, after.aliases, after.quota_bytes),
        (1, 1, 1, 1 << 30)
    );
    let seen = mailboxes::get(
        app,
        &person.again().await,
        &"ana@harbour.example".parse().unwrap(),
    )
    .await;
    assert_eq!(seen.unwrap().0.org_id, to.id);
    mailboxes::restore(app, &root, &gone).await.unwrap();
    let again = domains::transfer(app, &root, &name, to.id).await.unwrap();
    assert!(again.events.is_empty());
}

async fn a_domain_must_fit_into_the_limits_of_the_other_org(app: &TestApp) {
    let name = app
        .domain("harbour.example")
        .limits(limits("5", "", "", ""))
        .await
        .name;
    app.mailbox("ana@harbour.example").quota("2 GB").await;
    app.mailbox("ben@harbour.example").quota("1 GB").await;
    let tries = [
        (limits("1", "", "", ""), "limit_reached"),
        (limits("", "", "2 GB", ""), "limit_reached"),
        (limits("", "", "", "1 GB"), "limit_reached"),
        (limits("4", "", "", ""), "over_promised"),
        (limits("5", "0", "3 GB", "2 GB"), "done"),
    ];
    let before = app.dump().await.len();
    for (limits, expected) in tries {
        let to = app.customer("To").limits(limits).await;
        let done = domains::transfer(app, &app.root(), &name, to.id).await;
        assert_eq!(word(&done), expected);
    }
    assert!(app.dump().await.len() > before);
}

async fn what_is_above_both_is_not_counted_twice(app: &TestApp) {
    let top = app.reseller("Top").limits(limits("1", "", "", "")).await;
    let one = |mailboxes| limits(mailboxes, "", "", "");
    let from = app.customer("From").below(&top).limits(one("1")).await;
    let to = app.customer("To").below(&top).limits(one("0")).await;
    let name = app.domain("harbour.example").of(&from).await.name;
    app.mailbox("ana@harbour.example").await;
    let root = app.root();

    assert_eq!(
        word(&domains::transfer(app, &root, &name, to.id).await),
        "limit_reached"
    );
    orgs::set_limits(app, &root, from.id, one("0")).await.unwrap();
    orgs::set_limits(app, &root, to.id, one("1")).await.unwrap();
    assert_eq!(word(&domains::transfer(app, &root, &name, to.id).await), "done");
    assert_eq!(app.org_now(&top).await.usage.mailboxes, 1);
}

async fn a_domain_is_handed_over_by_whoever_may_on_both_sides(app: &TestApp) {
    let top = app.reseller("Top").await;
    let from = app.customer("From").below(&top).await;
    let to = app.customer("To").below(&top).await;
    let name = app.domain("harbour.example").of(&from).await.name;
    let other = app.customer("Other").await;
    let above = app.role(Role::ResellerAdmin, app.org_scope(&top).await).await;
    let one_side = app.role(Role::ResellerAdmin, app.org_scope(&from).await).await;
    let support = app.role(Role::Support, app.org_scope(&top).await).await;
    let admin = app.domain_admin("harbour.example").await;
    let ask = async |call, to| word(&domains::transfer(app, call, &name, to).await);

    assert_eq!(ask(&admin.call, to.id).await, "domain.transfer is missing");
    assert_eq!(ask(&support.call, to.id).await, "domain.transfer is missing");
    assert_eq!(ask(&one_side.call, to.id).await, "not found");
    assert_eq!(ask(&above.call, other.id).await, "not found");
    assert_eq!(ask(&above.call, to.id).await, "done");
    assert_eq!(ask(&one_side.call, from.id).await, "not found");
}

async fn what_happened_until_then_stays_readable_to_both(app: &TestApp) {
    let from = app.customer("From").await;
    let to = app.customer("To").await;
    let name = app.domain("harbour.example").of(&from).await.name;
    app.mailbox("before@harbour.example").await;
    let old = app.role(Role::ResellerAdmin, app.org_scope(&from).await).await;
    let new = app.role(Role::ResellerAdmin, app.org_scope(&to).await).await;

    domains::transfer(app, &app.root(), &name, to.id).await.unwrap();
    app.mailbox("after@harbour.example").await;

    let page = PageRequest::first(50);
    let told = async |call, inside: Inside| {
        let found = audit::list(app, call, &inside, &page).await.unwrap();
        let mut subjects: Vec<String> = found.items.into_iter().map(|event| event.subject).collect();
        subjects.retain(|subject| subject.contains('@') && subject.ends_with("harbour.example"));
        subjects
    };
    assert_eq!(
        told(&old.call, Inside::Org(from.id)).await,
        ["before@harbour.example"]
    );
    assert_eq!(
        told(&new.call, Inside::Domain(name.clone())).await,
        ["after@harbour.example", "before@harbour.example"]
    );
    let shut = audit::list(app, &old.call, &Inside::Domain(name), &page).await;
    assert_eq!(word(&shut), "not found");
}

async fn a_domain_takes_on_the_suspension_of_its_new_org(app: &TestApp) {
    let name = app.domain("harbour.example").await.name;
    let off = app.customer("Off").limits(Limits::UNLIMITED).await;
    let on = app.customer("On").await;
    orgs::suspend(app, &app.root(), off.id, "unpaid".parse().unwrap())
        .await
        .unwrap();

    domains::transfer(app, &app.root(), &name, off.id).await.unwrap();
    assert_eq!(app.domain_now("harbour.example").await.state(), "suspended");
    domains::transfer(app, &app.root(), &name, on.id).await.unwrap();
    assert_eq!(app.domain_now("harbour.example").await.state(), "active");
}

async fn a_permit_of_before_the_transfer_adds_nothing(app: &TestApp) {
    let name = app.domain("harbour.example").await.name;
    let to = app.customer("To").await;
    let admin = app.domain_admin("harbour.example").await;
    let held = admin.again().await;
    domains::transfer(app, &app.root(), &name, to.id).await.unwrap();

    let draft = crate::support::app::mailbox_draft("late");
    let late = mailboxes::create(app, &held, &name, draft).await;

    assert_eq!(word(&late), "unknown");
    app.verify().await;
}

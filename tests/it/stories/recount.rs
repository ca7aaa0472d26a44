//! Counters that were tampered with, or that went wrong by a defect: found, told, and put right.

use postdesk::access::{Call, Role, Scope};
use postdesk::model::EventKind;
use postdesk::service::mailboxes::Inside;
use postdesk::service::recount::{self, Miscount};
use postdesk::service::{audit, mailboxes};
use postdesk::store::PageRequest;

use super::{limits, word};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    right_counters_are_left_alone,
    every_wrong_counter_is_told_and_put_right,
    a_dry_run_only_tells,
    only_who_manages_the_installation_recounts,
    what_was_put_right_is_in_the_audit,
}

/// A tree with something of every kind in it, also in the bin and at the provider itself.
async fn installation(app: &TestApp) {
    let top = app.reseller("Top").await;
    let below = app
        .customer("Below")
        .below(&top)
        .limits(limits("", "9", "", ""))
        .await;
    app.customer("Beside").await;
    app.domain("harbour.example").of(&below).await;
    app.mailbox("ana@harbour.example").quota("2 GB").await;
    app.mailbox("ben@harbour.example").quota("unlimited").await;
    app.mailbox("gone@harbour.example").quota("1 GB").await;
    let gone = "gone@harbour.example".parse().unwrap();
    mailboxes::delete(app, &app.root(), &gone).await.unwrap();
    app.alias("info@harbour.example", &["ana@harbour.example"]).await;
    app.domain_admin("harbour.example").await;
    let provider = app.provider().await;
    app.domain("provider.example").of(&provider).await;
    app.mailbox("desk@provider.example").await;
}

async fn run(app: &TestApp, sql: &'static str) {
    app.db().write(sql).execute().await.unwrap();
}

/// Makes three counters of two things wrong, up and down.
async fn tampered(app: &TestApp) {
    run(
        app,
        "UPDATE orgs SET used_mailboxes = 9, used_accounts = used_accounts + 5 WHERE name = 'Below'",
    )
    .await;
    run(
        app,
        "UPDATE domains SET used_quota_bytes = 7 WHERE name = 'harbour.example'",
    )
    .await;
}

async fn orgs(app: &TestApp) -> Vec<String> {
    let mut all = app.dump().await;
    all.retain(|row| row.starts_with("orgs:"));
    all
}

fn told(all: &[Miscount]) -> Vec<(&str, &str, &str, i64)> {
    let mut told: Vec<_> = all
        .iter()
        .map(|one| (one.kind, one.name.as_str(), one.counter, one.counted))
        .collect();
    told.sort_unstable();
    told
}

fn dry(call: Call) -> Call {
    Call {
        dry_run: true,
        ..call
    }
}

async fn right_counters_are_left_alone(app: &TestApp) {
    installation(app).await;
    let before = app.dump().await;
    let found = recount::recount(app, &app.root()).await.unwrap();
    assert_eq!(found.miscounts, []);
    // Three orgs and two domains; the provider has no limits, and so no counters.
    assert_eq!(found.looked_at, 5);
    assert_eq!(app.dump().await, before);
}

async fn every_wrong_counter_is_told_and_put_right(app: &TestApp) {
    installation(app).await;
    let right = orgs(app).await;
    tampered(app).await;
    run(
        app,
        "UPDATE domains SET used_mailboxes = 0 WHERE name = 'provider.example'",
    )
    .await;
    let found = recount::recount(app, &app.root()).await.unwrap();
    assert_eq!(
        told(&found.miscounts),
        [
            ("domain", "harbour.example", "quota_bytes", 2 << 30),
            ("domain", "provider.example", "mailboxes", 1),
            ("org", "Below", "accounts", 1),
            ("org", "Below", "mailboxes", 2),
        ]
    );
    assert_eq!(orgs(app).await, right);
    let again = recount::recount(app, &app.root()).await.unwrap();
    assert_eq!(again.miscounts, []);
}

async fn a_dry_run_only_tells(app: &TestApp) {
    installation(app).await;
    tampered(app).await;
    let before = app.dump().await;
    let found = recount::recount(app, &dry(app.root())).await.unwrap();
    assert_eq!(found.miscounts.len(), 3);
    assert_eq!(app.dump().await, before);
    recount::recount(app, &app.root()).await.unwrap();
}

async fn only_who_manages_the_installation_recounts(app: &TestApp) {
    let top = app.reseller("Top").await;
    let scope = app.org_scope(&top).await;
    let reseller = app.role(Role::ResellerAdmin, scope.clone()).await;
    let auditor = app.role(Role::Auditor, Scope::System).await;
    // An operator of a part is none of the installation.
    let operator = app.role(Role::Operator, scope).await;
    for (person, answer) in [
        (&reseller, "not found"),
        (&operator, "not found"),
        (&auditor, "system.manage is missing"),
    ] {
        for call in [person.call.clone(), dry(person.call.clone())] {
            let refused = recount::recount(app, &call).await;
            assert_eq!(word(&refused), answer);
        }
    }
    recount::recount(app, &app.root()).await.unwrap();
}

async fn what_was_put_right_is_in_the_audit(app: &TestApp) {
    installation(app).await;
    tampered(app).await;
    let domain = app.domain_now("harbour.example").await;
    recount::recount(app, &app.root()).await.unwrap();
    let first = PageRequest::first(5);
    let inside = Inside::Domain("harbour.example".parse().unwrap());
    let events = audit::list(app, &app.root(), &inside, &first)
        .await
        .unwrap()
        .items;
    let newest = &events[0];
    assert_eq!(newest.kind, EventKind::DomainRecounted);
    assert_eq!(newest.subject_id, domain.id.uuid());
    let change = &newest.detail.changes[0];
    assert_eq!(
        (change.field.as_str(), &change.before, &change.after),
        ("quota_bytes", &7.into(), &(2i64 << 30).into())
    );
}

//! Domains and their other names.

use postdesk::access::Role;
use postdesk::model::{DomainDraft, DomainName, DomainPatch, Limits, Note, Quota};
use postdesk::service::domains;

use super::{limits, word};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_domain_is_added_changed_and_seen_again,
    a_name_belongs_to_one_domain,
    a_domain_is_found_by_its_other_names_and_not_deleted_by_them,
    another_name_can_be_taken_away_and_given_to_somebody_else,
    whoever_may_not_add_domains_adds_no_names_either,
    a_domain_is_suspended_and_resumed,
    a_domain_admin_sets_no_limits,
    a_suspension_keeps_its_first_date,
}

fn name(text: &str) -> DomainName {
    text.parse().unwrap()
}

async fn a_domain_is_added_changed_and_seen_again(app: &TestApp) {
    let customer = app.customer("Brightwater").await;
    let draft = DomainDraft {
        name: name("brightwater.example"),
        note: "their first one".parse().unwrap(),
        external_id: Some("D-7".parse().unwrap()),
        default_quota: "5 GB".parse().unwrap(),
        limits: limits("10", "20", "50 GB", "8 GB"),
    };

    domains::create(app, &app.root(), customer.id, draft.clone())
        .await
        .unwrap();
    let seen = app.domain_now("brightwater.example").await;

    assert_eq!(
        (seen.name.clone(), seen.note.clone(), seen.external_id.clone()),
        (draft.name, draft.note, draft.external_id)
    );
    assert_eq!(
        (seen.default_quota, seen.limits.clone()),
        (draft.default_quota, draft.limits)
    );
    assert_eq!(
        (seen.org_id, seen.version, seen.state()),
        (customer.id, 1, "active")
    );
    assert_eq!(app.org_now(&customer).await.usage.domains, 1);

    let patch = DomainPatch {
        note: Some(Note::default()),
        external_id: Some(None),
        default_quota: Some(Quota::Unlimited),
    };
    let done = domains::update(app, &app.root(), &name("brightwater.example"), patch.clone())
        .await
        .unwrap();
    let again = domains::update(app, &app.root(), &name("brightwater.example"), patch)
        .await
        .unwrap();
    let seen = app.domain_now("brightwater.example").await;

    assert_eq!((done.value.version, again.value.version, seen.version), (2, 2, 2));
    assert_eq!((done.events[0].detail.changes.len(), again.events.len()), (3, 0));
    assert_eq!(
        (seen.note.is_empty(), seen.external_id, seen.default_quota),
        (true, None, Quota::Unlimited)
    );
}

async fn a_name_belongs_to_one_domain(app: &TestApp) {
    let one = app.domain("brightwater.example").await;
    let other = app.customer("Harbour").await;
    domains::add_alias(app, &app.root(), &one.name, name("bright.example"))
        .await
        .unwrap();
    let taken = async |text: &str| {
        let draft = DomainDraft {
            name: name(text),
            note: Note::default(),
            external_id: None,
            default_quota: Quota::Unlimited,
            limits: Limits::UNLIMITED,
        };
        word(&domains::create(app, &app.root(), other.id, draft).await)
    };

    assert_eq!(taken("brightwater.example").await, "already_exists");
    assert_eq!(taken("bright.example").await, "already_exists");
    domains::delete(app, &app.root(), &one.name).await.unwrap();
    assert_eq!(taken("brightwater.example").await, "already_exists");
    assert_eq!(taken("bright.example").await, "already_exists");
    assert_eq!(taken("harbour.example").await, "done");
    assert_eq!(app.org_now(&other).await.usage.domains, 1);
}

async fn a_domain_is_found_by_its_other_names_and_not_deleted_by_them(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    domains::add_alias(app, &app.root(), &domain.name, name("bright.example"))
        .await
        .unwrap();

    let (found, names) = domains::aliases(app, &app.root(), &name("bright.example"))
        .await
        .unwrap();
    let deleted = domains::delete(app, &app.root(), &name("bright.example")).await;
    let twice = domains::add_alias(app, &app.root(), &domain.name, name("bright.example")).await;

    assert_eq!(found.id, domain.id);
    assert_eq!(
        names.iter().map(|alias| alias.name.as_str()).collect::<Vec<_>>(),
        ["bright.example"]
    );
    assert_eq!(
        (word(&deleted), word(&twice)),
        ("domain_alias".to_owned(), "already_exists".to_owned())
    );
}

async fn another_name_can_be_taken_away_and_given_to_somebody_else(app: &TestApp) {
    let (one, other) = (
        app.domain("brightwater.example").await,
        app.domain("harbour.example").await,
    );
    let bright = name("bright.example");
    domains::add_alias(app, &app.root(), &one.name, bright.clone())
        .await
        .unwrap();

    let not_theirs = domains::remove_alias(app, &app.root(), &other.name, &bright).await;
    let removed = domains::remove_alias(app, &app.root(), &one.name, &bright).await;
    let main = domains::remove_alias(app, &app.root(), &one.name, &one.name).await;
    let given = domains::add_alias(app, &app.root(), &other.name, bright).await;

    assert_eq!(
        (word(&not_theirs), word(&removed)),
        ("not found".to_owned(), "done".to_owned())
    );
    assert_eq!(
        (word(&main), word(&given)),
        ("not found".to_owned(), "done".to_owned())
    );
    assert_eq!(app.domain_now("bright.example").await.id, other.id);
}

async fn whoever_may_not_add_domains_adds_no_names_either(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;

    let added = domains::add_alias(app, &admin.call, &domain.name, name("bright.example")).await;

    assert_eq!(word(&added), "domain.create is missing");
}

async fn a_domain_is_suspended_and_resumed(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let support = app.role(Role::Support, postdesk::access::Scope::System).await;
    let reason = || "unpaid".parse().unwrap();

    let by_admin = domains::suspend(app, &admin.call, &domain.name, reason()).await;
    let by_support = domains::suspend(app, &support.call, &domain.name, reason()).await;
    let done = domains::suspend(app, &app.root(), &domain.name, reason())
        .await
        .unwrap();

    assert_eq!(word(&by_admin), "domain.suspend is missing");
    assert_eq!(word(&by_support), "domain.suspend is missing");
    assert_eq!(done.events[0].detail.reason.as_deref(), Some("unpaid"));
    assert_eq!(app.domain_now("brightwater.example").await.state(), "suspended");

    domains::resume(app, &app.root(), &domain.name).await.unwrap();
    assert_eq!(app.domain_now("brightwater.example").await.state(), "active");
}

async fn a_domain_admin_sets_no_limits(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;

    let own = domains::set_limits(app, &admin.call, &domain.name, limits("99", "", "", "")).await;
    let from_above = domains::set_limits(app, &app.root(), &domain.name, limits("9", "", "", "")).await;

    assert_eq!(
        (word(&own), word(&from_above)),
        ("limits.assign is missing".to_owned(), "done".to_owned())
    );
    assert_eq!(
        app.domain_now("brightwater.example").await.limits,
        limits("9", "", "", "")
    );
}

async fn a_suspension_keeps_its_first_date(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    domains::suspend(app, &app.root(), &domain.name, "unpaid".parse().unwrap())
        .await
        .unwrap();
    let since = app.domain_now("brightwater.example").await.suspension.unwrap().at;
    app.days_later(3);

    domains::suspend(app, &app.root(), &domain.name, "still unpaid".parse().unwrap())
        .await
        .unwrap();
    let off = app.domain_now("brightwater.example").await.suspension.unwrap();

    assert_eq!((off.at, off.reason.as_str()), (since, "still unpaid"));
}

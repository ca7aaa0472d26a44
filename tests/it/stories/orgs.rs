//! Customers and resellers.

use postdesk::access::{Call, Role};
use postdesk::model::{EventKind, Limit, Limits, OrgDraft, OrgKind, OrgPatch};
use postdesk::service::orgs;

use super::{limits, word};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_customer_is_added_changed_and_seen_again,
    nothing_happens_when_nothing_changes,
    a_reseller_runs_what_is_below_them_and_nothing_above,
    nobody_sets_the_limits_of_their_own_org,
    the_provider_is_not_suspended_deleted_or_limited,
    a_customer_has_no_resellers,
    the_tree_is_eight_deep_at_most,
    suspending_an_org_suspends_every_domain_below_it,
    resuming_an_org_leaves_what_is_off_on_its_own_account,
    deleting_an_org_twice_is_done_once,
    an_org_does_not_come_back_below_one_in_the_bin,
    a_domain_does_not_come_back_to_an_org_in_the_bin,
}

fn draft(kind: OrgKind, name: &str) -> OrgDraft {
    OrgDraft {
        kind,
        name: name.parse().unwrap(),
        contact: "Maria, +44 20 7946 0000".parse().unwrap(),
        external_id: Some("C-1001".parse().unwrap()),
        limits: Limits {
            domains: Limit::AtMost(3),
            ..limits("20", "30", "100 GB", "10 GB")
        },
    }
}

async fn a_customer_is_added_changed_and_seen_again(app: &TestApp) {
    let operator = app.operator().await;
    let provider = app.provider().await;
    let wanted = draft(OrgKind::Customer, "Brightwater");

    let made = orgs::create(app, &operator.call, provider.id, wanted.clone())
        .await
        .unwrap()
        .value;
    let seen = app.org_now(&made).await;

    assert_eq!(
        (seen.name.clone(), seen.contact.clone()),
        (wanted.name, wanted.contact)
    );
    assert_eq!(
        (seen.external_id.clone(), seen.limits.clone()),
        (wanted.external_id, wanted.limits)
    );
    assert_eq!(
        (seen.kind, seen.version, seen.state()),
        (OrgKind::Customer, 1, "active")
    );
    assert_eq!(seen.parent_id, Some(provider.id));

    let patch = OrgPatch {
        name: Some("Brightwater Ltd".parse().unwrap()),
        external_id: Some(None),
        ..OrgPatch::default()
    };
    let changed = orgs::update(app, &operator.call, made.id, patch).await.unwrap();
    let seen = app.org_now(&made).await;

    assert_eq!(changed.events[0].detail.changes.len(), 2);
    assert_eq!(
        (seen.name.as_str(), seen.external_id, seen.version),
        ("Brightwater Ltd", None, 2)
    );
}

async fn nothing_happens_when_nothing_changes(app: &TestApp) {
    let org = app.customer("Brightwater").await;
    let before = app.dump().await;

    let same = OrgPatch {
        name: Some(org.name.clone()),
        ..OrgPatch::default()
    };
    let renamed = orgs::update(app, &app.root(), org.id, same).await.unwrap();
    let limited = orgs::set_limits(app, &app.root(), org.id, org.limits.clone())
        .await
        .unwrap();
    let resumed = orgs::resume(app, &app.root(), org.id).await.unwrap();
    let restored = orgs::restore(app, &app.root(), org.id).await.unwrap();

    for done in [renamed, limited, resumed, restored] {
        assert_eq!((done.value.version, done.events.len()), (1, 0));
    }
    assert_eq!(app.dump().await, before);
}

async fn a_reseller_runs_what_is_below_them_and_nothing_above(app: &TestApp) {
    let northlight = app.reseller("Northlight").await;
    let other = app.customer("Brightwater").await;
    let person = app
        .role(Role::ResellerAdmin, app.org_scope(&northlight).await)
        .await;
    let customer = || draft(OrgKind::Customer, "Harbour");

    let own = orgs::create(app, &person.call, northlight.id, customer()).await;
    let above = orgs::create(app, &person.call, app.provider().await.id, customer()).await;
    let beside = orgs::update(app, &person.call, other.id, OrgPatch::default()).await;
    let own_again = orgs::get(app, &person.call, own.as_ref().unwrap().value.id).await;

    assert_eq!(word(&own), "done");
    assert_eq!(
        (word(&above), word(&beside)),
        ("not found".to_owned(), "not found".to_owned())
    );
    assert_eq!(word(&own_again), "done");
}

async fn nobody_sets_the_limits_of_their_own_org(app: &TestApp) {
    let northlight = app.reseller("Northlight").await;
    let harbour = app.customer("Harbour").below(&northlight).await;
    let person = app
        .role(Role::ResellerAdmin, app.org_scope(&northlight).await)
        .await;

    let own = orgs::set_limits(app, &person.call, northlight.id, limits("9", "", "", "")).await;
    let below = orgs::set_limits(app, &person.call, harbour.id, limits("9", "", "", "")).await;

    assert_eq!(
        (word(&own), word(&below)),
        ("limits.assign is missing".to_owned(), "done".to_owned())
    );
    assert_eq!(app.org_now(&harbour).await.limits, limits("9", "", "", ""));
}

async fn the_provider_is_not_suspended_deleted_or_limited(app: &TestApp) {
    let provider = app.provider().await.id;
    let reason = || "test".parse().unwrap();

    assert_eq!(
        word(&orgs::suspend(app, &app.root(), provider, reason()).await),
        "provider"
    );
    assert_eq!(word(&orgs::delete(app, &app.root(), provider).await), "provider");
    assert_eq!(
        word(&orgs::set_limits(app, &app.root(), provider, limits("9", "", "", "")).await),
        "provider"
    );
}

async fn a_customer_has_no_resellers(app: &TestApp) {
    let customer = app.customer("Brightwater").await.id;
    let try_it = async |kind| word(&orgs::create(app, &app.root(), customer, draft(kind, "Below")).await);

    assert_eq!(try_it(OrgKind::Reseller).await, "org_misplaced");
    assert_eq!(try_it(OrgKind::Provider).await, "org_misplaced");
    assert_eq!(try_it(OrgKind::Customer).await, "done");
}

async fn the_tree_is_eight_deep_at_most(app: &TestApp) {
    let mut above = app.provider().await;
    for depth in 1..=8 {
        above = app.reseller(&format!("Level {depth}")).below(&above).await;
    }

    let ninth = orgs::create(app, &app.root(), above.id, draft(OrgKind::Customer, "Level 9")).await;

    assert_eq!(app.path_of(&above).await.depth(), 8);
    assert_eq!(word(&ninth), "org_misplaced");
}

async fn suspending_an_org_suspends_every_domain_below_it(app: &TestApp) {
    let northlight = app.reseller("Northlight").await;
    let harbour = app.customer("Harbour").below(&northlight).await;
    app.domain("harbour.example").of(&harbour).await;
    app.domain("elsewhere.example").await;

    let done = orgs::suspend(app, &app.root(), northlight.id, "unpaid".parse().unwrap())
        .await
        .unwrap();
    app.domain("new.example").of(&harbour).await;

    assert_eq!(done.events[0].kind, EventKind::OrgSuspended);
    assert_eq!(done.events[0].touched.len(), 1);
    for (name, state) in [
        ("harbour", "suspended"),
        ("new", "suspended"),
        ("elsewhere", "active"),
    ] {
        assert_eq!(
            app.domain_now(&format!("{name}.example")).await.state(),
            state,
            "{name}"
        );
    }

    orgs::resume(app, &app.root(), northlight.id).await.unwrap();
    assert_eq!(app.domain_now("harbour.example").await.state(), "active");
    assert_eq!(app.domain_now("new.example").await.state(), "active");
}

async fn resuming_an_org_leaves_what_is_off_on_its_own_account(app: &TestApp) {
    let northlight = app.reseller("Northlight").await;
    let mut below = Vec::new();
    for name in ["One", "Two", "Three"] {
        let org = app.customer(name).below(&northlight).await;
        let domain = format!("{}.example", name.to_lowercase());
        app.domain(&domain).of(&org).await;
        below.push((org, domain));
    }
    app.domain("own.example").of(&northlight).await;
    let off = |org| orgs::suspend(app, app_root(app), org, "unpaid".parse().unwrap());
    off(below[1].0.id).await.unwrap();
    off(northlight.id).await.unwrap();

    orgs::resume(app, &app.root(), northlight.id).await.unwrap();

    let mut states = Vec::new();
    for (_, domain) in &below {
        states.push(app.domain_now(domain).await.state());
    }
    assert_eq!(states, ["active", "suspended", "active"]);
    assert_eq!(app.domain_now("own.example").await.state(), "active");
}

/// A call that lives as long as the test.
fn app_root(app: &TestApp) -> &'static Call {
    Box::leak(Box::new(app.root()))
}

async fn deleting_an_org_twice_is_done_once(app: &TestApp) {
    let northlight = app.reseller("Northlight").await;
    let harbour = app.customer("Harbour").below(&northlight).await;
    let delete = async |org: &postdesk::model::Org| orgs::delete(app, &app.root(), org.id).await;

    assert_eq!(word(&delete(&harbour).await), "done");
    assert_eq!(app.org_now(&harbour).await.state(), "deleted");
    assert_eq!(word(&delete(&northlight).await), "done");
    assert_eq!(delete(&northlight).await.unwrap().events, []);
}

async fn an_org_does_not_come_back_below_one_in_the_bin(app: &TestApp) {
    let northlight = app.reseller("Northlight").await;
    let harbour = app.customer("Harbour").below(&northlight).await;
    orgs::delete(app, &app.root(), harbour.id).await.unwrap();
    orgs::delete(app, &app.root(), northlight.id).await.unwrap();

    let early = orgs::restore(app, &app.root(), harbour.id).await;
    orgs::restore(app, &app.root(), northlight.id).await.unwrap();
    let late = orgs::restore(app, &app.root(), harbour.id).await;

    assert_eq!(
        (word(&early), word(&late)),
        ("org_deleted".to_owned(), "done".to_owned())
    );
}

async fn a_domain_does_not_come_back_to_an_org_in_the_bin(app: &TestApp) {
    let harbour = app.customer("Harbour").await;
    let domain = app.domain("harbour.example").of(&harbour).await.name;
    let root = app.root();
    postdesk::service::domains::delete(app, &root, &domain)
        .await
        .unwrap();
    orgs::delete(app, &root, harbour.id).await.unwrap();

    let early = postdesk::service::domains::restore(app, &root, &domain).await;
    orgs::restore(app, &root, harbour.id).await.unwrap();
    let late = postdesk::service::domains::restore(app, &root, &domain).await;

    assert_eq!(
        (word(&early), word(&late)),
        ("org_deleted".to_owned(), "done".to_owned())
    );
}

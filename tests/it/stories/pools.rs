//! How limits are handed down the tree, and what a suspended org stops.

use std::sync::Arc;

use postdesk::access::{Call, Role};
use postdesk::model::{DomainDraft, Limit, Limits, Org, OrgDraft, OrgKind, Quota, Sharing};
use postdesk::service::accounts::NewAccount;
use postdesk::service::{accounts, domains, orgs, pools, sign_in};
use tokio::sync::Barrier;

use super::{limits, word};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    strict_limits_below_are_together_no_more_than_the_one_above,
    an_unlimited_child_needs_an_unlimited_parent_or_one_that_overcommits,
    a_factor_promises_more_and_what_is_held_still_ends_at_the_limit,
    a_limit_below_what_was_promised_is_refused,
    a_domains_limit_comes_out_of_its_orgs,
    what_comes_back_from_the_bin_is_promised_again,
    the_last_part_of_a_pool_is_promised_once,
    one_promise_is_made_however_many_raise_limits,
    accounts_are_counted_and_limited,
    a_pool_shows_what_was_promised_held_and_left_and_who_can_raise_it,
    a_limit_below_what_is_held_is_set_with_a_warning,
    a_suspended_org_keeps_its_people_out,
    mail_may_go_on_while_people_are_kept_out,
    each_of_several_suspensions_ends_on_its_own,
    nobody_suspends_the_org_that_they_belong_to,
}

fn draft(name: &str, limits: Limits) -> OrgDraft {
    OrgDraft {
        kind: OrgKind::Customer,
        name: name.parse().unwrap(),
        contact: "".parse().unwrap(),
        external_id: None,
        limits,
    }
}

fn shared(mut limits: Limits, percent: i64) -> Limits {
    limits.sharing = Sharing::from_db(Some(percent)).unwrap();
    limits
}

async fn below(app: &TestApp, parent: &Org, mailboxes: &str) -> String {
    let draft = draft("Below", limits(mailboxes, "", "", ""));
    word(&orgs::create(app, &app.root(), parent.id, draft).await)
}

async fn strict_limits_below_are_together_no_more_than_the_one_above(app: &TestApp) {
    let top = app.reseller("Northlight").limits(limits("50", "", "", "")).await;

    assert_eq!(below(app, &top, "30").await, "done");
    assert_eq!(below(app, &top, "21").await, "over_promised");
    assert_eq!(below(app, &top, "20").await, "done");
    assert_eq!(below(app, &top, "1").await, "over_promised");
    assert_eq!(below(app, &top, "0").await, "done");

    let space = app
        .reseller("Space")
        .limits(limits("", "", "100 GB", "10 GB"))
        .await;
    let try_it = async |quota, largest| {
        let draft = draft("Below", limits("", "", quota, largest));
        let made = orgs::create(app, &app.root(), space.id, draft).await;
        made.map(drop).map_err(|error| error.to_string())
    };
    try_it("99.99 GB", "10 GB").await.unwrap();
    assert!(
        try_it("1 GB", "5 GB")
            .await
            .unwrap_err()
            .contains("left to promise")
    );
    assert!(
        try_it("1 MB", "11 GB")
            .await
            .unwrap_err()
            .contains("at most 10 GB")
    );
}

async fn an_unlimited_child_needs_an_unlimited_parent_or_one_that_overcommits(app: &TestApp) {
    let strict = app.reseller("Strict").limits(limits("50", "", "", "")).await;
    let open = app.reseller("Open").await;
    let over = app
        .reseller("Over")
        .limits(shared(limits("50", "", "", ""), 150))
        .await;

    assert_eq!(below(app, &strict, "").await, "over_promised");
    assert_eq!(below(app, &open, "").await, "done");
    assert_eq!(below(app, &over, "").await, "done");

    let child = app
        .customer("Child")
        .below(&strict)
        .limits(limits("5", "", "", ""))
        .await;
    let raised = orgs::set_limits(app, &app.root(), child.id, Limits::UNLIMITED).await;
    assert_eq!(word(&raised), "over_promised");
}

async fn a_factor_promises_more_and_what_is_held_still_ends_at_the_limit(app: &TestApp) {
    let top = app
        .reseller("Northlight")
        .limits(shared(limits("2", "", "", ""), 150))
        .await;
    let one = app
        .customer("One")
        .below(&top)
        .limits(limits("2", "", "", ""))
        .await;
    assert_eq!(below(app, &top, "2").await, "over_promised");
    let two = app
        .customer("Two")
        .below(&top)
        .limits(limits("1", "", "", ""))
        .await;
    app.domain("one.example").of(&one).await;
    app.domain("two.example").of(&two).await;
    app.mailbox("a@one.example").await;
    app.mailbox("b@one.example").await;

    let draft = crate::support::app::mailbox_draft("c");
    let name = "two.example".parse().unwrap();
    let third = postdesk::service::mailboxes::create(app, &app.root(), &name, draft).await;

    assert_eq!(word(&third), "limit_reached");
}

async fn a_limit_below_what_was_promised_is_refused(app: &TestApp) {
    let top = app.reseller("Northlight").limits(limits("50", "", "", "")).await;
    assert_eq!(below(app, &top, "30").await, "done");
    let set = async |limits| word(&orgs::set_limits(app, &app.root(), top.id, limits).await);

    assert_eq!(set(limits("29", "", "", "")).await, "over_promised");
    assert_eq!(set(limits("30", "", "", "")).await, "done");
    assert_eq!(set(shared(limits("20", "", "", ""), 150)).await, "done");
    assert_eq!(below(app, &top, "1").await, "over_promised");
    assert_eq!(set(limits("20", "", "", "")).await, "over_promised");
    assert_eq!(set(limits("", "", "", "")).await, "done");
    assert_eq!(below(app, &top, "").await, "done");
    assert_eq!(set(limits("500", "", "", "")).await, "over_promised");
    assert_eq!(set(shared(limits("500", "", "", ""), 100)).await, "done");
}

async fn a_domains_limit_comes_out_of_its_orgs(app: &TestApp) {
    let org = app.customer("Harbour").limits(limits("50", "", "", "")).await;
    app.domain("open.example").of(&org).await;
    app.domain("one.example")
        .of(&org)
        .limits(limits("30", "", "", ""))
        .await;
    let draft = DomainDraft {
        name: "two.example".parse().unwrap(),
        note: "".parse().unwrap(),
        external_id: None,
        default_quota: Quota::Unlimited,
        limits: limits("21", "", "", ""),
    };
    let set = async |name: &str, limits| {
        word(&domains::set_limits(app, &app.root(), &name.parse().unwrap(), limits).await)
    };

    let made = domains::create(app, &app.root(), org.id, draft).await;

    assert_eq!(word(&made), "over_promised");
    assert_eq!(
        set("open.example", limits("21", "", "", "")).await,
        "over_promised"
    );
    assert_eq!(set("open.example", limits("20", "", "", "")).await, "done");
    assert_eq!(
        set("one.example", limits("31", "", "", "")).await,
        "over_promised"
    );
    assert_eq!(set("one.example", limits("", "", "", "")).await, "done");
    assert_eq!(set("open.example", limits("50", "", "", "")).await, "done");
}

async fn what_comes_back_from_the_bin_is_promised_again(app: &TestApp) {
    let top = app.reseller("Northlight").limits(limits("50", "", "", "")).await;
    let gone = app
        .customer("Gone")
        .below(&top)
        .limits(limits("30", "", "", ""))
        .await;
    orgs::delete(app, &app.root(), gone.id).await.unwrap();
    let other = app
        .customer("Other")
        .below(&top)
        .limits(limits("40", "", "", ""))
        .await;

    let early = orgs::restore(app, &app.root(), gone.id).await;
    orgs::set_limits(app, &app.root(), other.id, limits("20", "", "", ""))
        .await
        .unwrap();
    let late = orgs::restore(app, &app.root(), gone.id).await;

    assert_eq!(
        (word(&early), word(&late)),
        ("over_promised".to_owned(), "done".to_owned())
    );
}

/// Sixteen tasks that start at the same moment, on two nodes; how many of their answers were `done`.
async fn sixteen<F, T>(app: &TestApp, task: F) -> usize
where
    F: Fn(postdesk::service::App, Call, usize) -> T,
    T: Future<Output = String> + Send + 'static,
{
    let neighbour = app.neighbour().await;
    let barrier = Arc::new(Barrier::new(16));
    let mut running = tokio::task::JoinSet::new();
    for n in 0..16 {
        let on: postdesk::service::App = if n % 2 == 0 {
            (**app).clone()
        } else {
            neighbour.clone()
        };
        let (barrier, task) = (Arc::clone(&barrier), task(on, app.root(), n));
        running.spawn(async move {
            barrier.wait().await;
            task.await
        });
    }
    let words = running.join_all().await;
    neighbour.store.db().close().await;
    assert!(
        words.iter().all(|word| word == "done" || word == "over_promised"),
        "{words:?}"
    );
    words.iter().filter(|word| *word == "done").count()
}

async fn the_last_part_of_a_pool_is_promised_once(app: &TestApp) {
    for _ in 0..3 {
        let top = app.reseller("Northlight").limits(limits("50", "", "", "")).await;
        assert_eq!(below(app, &top, "40").await, "done");
        let id = top.id;

        let done = sixteen(app, |app, call, n| async move {
            let draft = draft(&format!("Racer {n}"), limits("10", "", "", ""));
            word(&orgs::create(&app, &call, id, draft).await)
        })
        .await;

        assert_eq!(done, 1);
    }
    app.verify().await;
}

async fn one_promise_is_made_however_many_raise_limits(app: &TestApp) {
    let top = app.reseller("Northlight").limits(limits("170", "", "", "")).await;
    let mut children = Vec::new();
    for n in 0..16 {
        let child = app
            .customer(&format!("Child {n}"))
            .below(&top)
            .limits(limits("10", "", "", ""));
        children.push(child.await.id);
    }

    let done = sixteen(app, |app, call, n| {
        let id = children[n];
        async move { word(&orgs::set_limits(&app, &call, id, limits("20", "", "", "")).await) }
    })
    .await;

    assert_eq!(done, 1);
}

async fn someone_of(app: &TestApp, org: &Org, email: &str) -> String {
    let new = NewAccount {
        email: email.to_owned(),
        name: "Somebody".parse().unwrap(),
        password: None,
        grant: Some((Role::ResellerAdmin, app.org_scope(org).await)),
    };
    word(&accounts::create(app, &app.root(), new).await)
}

async fn accounts_are_counted_and_limited(app: &TestApp) {
    let one = Limits {
        accounts: Limit::AtMost(1),
        ..Limits::UNLIMITED
    };
    let org = app.customer("Harbour").limits(one).await;

    assert_eq!(someone_of(app, &org, "a@people.example").await, "done");
    assert_eq!(someone_of(app, &org, "b@people.example").await, "limit_reached");
    assert_eq!(app.org_now(&org).await.usage.accounts, 1);
}

async fn a_pool_shows_what_was_promised_held_and_left_and_who_can_raise_it(app: &TestApp) {
    let top = app
        .reseller("Northlight")
        .limits(shared(limits("50", "", "10 GB", ""), 150))
        .await;
    let harbour = app
        .customer("Harbour")
        .below(&top)
        .limits(limits("30", "", "4 GB", ""))
        .await;
    app.customer("Open").below(&top).await;
    app.domain("own.example")
        .of(&top)
        .limits(limits("5", "", "", ""))
        .await;
    app.domain("harbour.example").of(&harbour).await;
    app.mailbox("a@harbour.example").quota("1 GB").await;
    let reseller = app.role(Role::ResellerAdmin, app.org_scope(&top).await).await;
    let inside = app.role(Role::ResellerAdmin, app.org_scope(&harbour).await).await;

    let (_, pool) = pools::of_org(app, &app.root(), top.id).await.unwrap();
    let (_, seen) = pools::of_org(app, &reseller.call, harbour.id).await.unwrap();
    let (_, hidden) = pools::of_org(app, &inside.call, harbour.id).await.unwrap();

    let line = pool.mailboxes;
    assert_eq!(
        (
            line.limit,
            line.allocated.sum,
            line.allocated.unlimited,
            line.used,
            line.free(),
            line.assignable
        ),
        (Some(50), 35, 1, 1, Some(49), Some(40))
    );
    assert_eq!((pool.quota.used, pool.quota.allocated.sum), (1 << 30, 4 << 30));
    assert_eq!(pool.domains.unwrap().used, 2);
    let name = reseller.call.actor.identity().name.clone();
    assert_eq!(seen.given_by, Some((top.id, "Northlight".to_owned())));
    assert_eq!(
        seen.raised_by
            .iter()
            .map(|who| who.name.clone())
            .collect::<Vec<_>>(),
        [name]
    );
    assert_eq!((hidden.given_by, hidden.raised_by), (None, Vec::new()));
}

async fn a_limit_below_what_is_held_is_set_with_a_warning(app: &TestApp) {
    let org = app.customer("Harbour").await;
    app.domain("harbour.example").of(&org).await;
    app.mailbox("a@harbour.example").quota("1 GB").await;
    app.mailbox("b@harbour.example").quota("unlimited").await;
    let root = app.root();

    let done = orgs::set_limits(app, &root, org.id, limits("1", "", "1 MB", ""))
        .await
        .unwrap();
    let about = postdesk::service::warnings::About::Org(&done.value);
    let said = postdesk::service::warnings::after(app, &root, about, &done.events)
        .await
        .unwrap();

    assert_eq!(said.len(), 3, "{said:?}");
    assert!(
        said[0].starts_with("Harbour holds 2 mailboxes and may hold 1: they stay"),
        "{said:?}"
    );
}

async fn a_suspended_org_keeps_its_people_out(app: &TestApp) {
    let northlight = app.reseller("Northlight").await;
    let harbour = app.customer("Harbour").below(&northlight).await;
    let inside = app.role(Role::ResellerAdmin, app.org_scope(&harbour).await).await;
    let outside = app.operator().await;
    let token = inside.token().await;
    let held = inside.again().await;

    orgs::suspend(app, &app.root(), northlight.id, "unpaid".parse().unwrap())
        .await
        .unwrap();

    let by_password = sign_in::with_password(app, &inside.email, inside.password.clone()).await;
    assert_eq!(word(&by_password), "unknown");
    assert_eq!(word(&sign_in::with_session(app, inside.account).await), "unknown");
    assert_eq!(word(&sign_in::with_token(app, &token).await), "unknown");
    let patch = postdesk::model::OrgPatch {
        contact: Some("me".parse().unwrap()),
        ..Default::default()
    };
    assert_eq!(
        word(&orgs::update(app, &held, harbour.id, patch).await),
        "unknown"
    );
    assert_eq!(word(&sign_in::with_session(app, outside.account).await), "done");
    assert_eq!(someone_of(app, &harbour, "late@people.example").await, "done");
    let late = sign_in::with_password(app, "late@people.example", "x".to_owned()).await;
    assert_eq!(word(&late), "unknown");

    orgs::resume(app, &app.root(), northlight.id).await.unwrap();
    assert_eq!(word(&sign_in::with_token(app, &token).await), "done");
}

async fn mail_may_go_on_while_people_are_kept_out(app: &TestApp) {
    let harbour = app.customer("Harbour").await;
    app.domain("harbour.example").of(&harbour).await;
    let inside = app.role(Role::ResellerAdmin, app.org_scope(&harbour).await).await;
    let reason = || "unpaid".parse().unwrap();
    let states = async || {
        let signs_in = sign_in::with_session(app, inside.account).await.is_ok();
        (app.domain_now("harbour.example").await.state(), signs_in)
    };

    orgs::suspend_sign_in(app, &app.root(), harbour.id, reason())
        .await
        .unwrap();
    assert_eq!(states().await, ("active", false));
    app.domain("new.example").of(&harbour).await;
    assert_eq!(app.domain_now("new.example").await.state(), "active");
    orgs::suspend(app, &app.root(), harbour.id, reason())
        .await
        .unwrap();
    assert_eq!(states().await, ("suspended", false));
    orgs::suspend_sign_in(app, &app.root(), harbour.id, reason())
        .await
        .unwrap();
    assert_eq!(states().await, ("active", false));
    orgs::resume(app, &app.root(), harbour.id).await.unwrap();
    assert_eq!(states().await, ("active", true));
}

async fn each_of_several_suspensions_ends_on_its_own(app: &TestApp) {
    let top = app.reseller("Top").await;
    let middle = app.reseller("Middle").below(&top).await;
    let low = app.customer("Low").below(&middle).await;
    app.domain("low.example").of(&low).await;
    app.domain("middle.example").of(&middle).await;
    let person = app.role(Role::ResellerAdmin, app.org_scope(&low).await).await;
    let domain = "low.example".parse().unwrap();
    let reason = || "unpaid".parse().unwrap();
    let states = async || {
        (
            app.domain_now("low.example").await.state(),
            app.domain_now("middle.example").await.state(),
            sign_in::with_session(app, person.account).await.is_ok(),
        )
    };

    domains::suspend(app, &app.root(), &domain, reason())
        .await
        .unwrap();
    orgs::suspend(app, &app.root(), middle.id, reason())
        .await
        .unwrap();
    orgs::suspend(app, &app.root(), top.id, reason()).await.unwrap();
    orgs::suspend_sign_in(app, &app.root(), low.id, reason())
        .await
        .unwrap();
    orgs::resume(app, &app.root(), top.id).await.unwrap();
    assert_eq!(states().await, ("suspended", "suspended", false));
    orgs::resume(app, &app.root(), middle.id).await.unwrap();
    assert_eq!(states().await, ("suspended", "active", false));
    domains::resume(app, &app.root(), &domain).await.unwrap();
    assert_eq!(states().await, ("active", "active", false));
    orgs::resume(app, &app.root(), low.id).await.unwrap();
    assert_eq!(states().await, ("active", "active", true));
}

async fn nobody_suspends_the_org_that_they_belong_to(app: &TestApp) {
    let top = app.reseller("Top").await;
    let low = app.customer("Low").below(&top).await;
    let person = app.role(Role::ResellerAdmin, app.org_scope(&low).await).await;
    let above = app.role(Role::ResellerAdmin, app.org_scope(&top).await).await;
    let reason = || "test".parse().unwrap();

    assert_eq!(
        word(&orgs::suspend(app, &person.call, low.id, reason()).await),
        "own_org"
    );
    assert_eq!(
        word(&orgs::suspend(app, &above.call, top.id, reason()).await),
        "own_org"
    );
    assert_eq!(
        word(&orgs::suspend(app, &above.call, low.id, reason()).await),
        "done"
    );
}

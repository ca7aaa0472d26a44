//! An org goes to another place in the tree: with everything below it, into the limits there, and with its history.

use postdesk::access::{Call, Role};
use postdesk::model::{Limit, Limits, Org};
use postdesk::service::mailboxes::Inside;
use postdesk::service::roles::{self, RoleDraft};
use postdesk::service::{App, audit, domains, mailboxes, orgs};
use postdesk::store::PageRequest;

use super::{limits, word};
use crate::support::app::TestApp;
use crate::support::backend::{Backend, both, sql};

both! {
    a_move_leaves_nothing_behind,
    a_move_counts_at_both_places_and_must_fit,
    an_org_is_moved_by_whoever_may_at_both_places,
    the_shape_of_the_tree_is_kept,
    a_moved_org_is_off_where_the_new_place_is_and_on_where_it_is_on,
    roles_inside_keep_their_meaning,
    a_role_of_an_org_that_is_left_is_not_taken_along,
    what_happened_before_a_move_stays_readable_to_both,
    a_dry_run_of_a_move_says_what_it_does_and_does_nothing,
    orgs_that_are_moved_below_each_other_at_once_make_no_circle,
}

async fn relocate(app: &TestApp, call: &Call, org: &Org, to: &Org) -> String {
    word(&orgs::relocate(app, call, org.id, to.id).await)
}

/// Every table of ours with a column of this name.
async fn tables_with(app: &TestApp, column: &str) -> Vec<String> {
    let mut found = Vec::new();
    for table in app.tables().await {
        let asked = match app.backend {
            Backend::Sqlite => {
                format!("SELECT name FROM pragma_table_info('{table}') WHERE name = '{column}'")
            }
            Backend::Postgres => format!(
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name = '{table}' AND column_name = '{column}'"
            ),
        };
        let rows: Vec<(String,)> = app.db().read(sql(asked)).fetch_all().await.unwrap();
        if !rows.is_empty() {
            found.push(table);
        }
    }
    found
}

async fn rows_at(app: &TestApp, (table, column): (&str, &str), path: &str) -> i64 {
    let asked = format!(
        "SELECT COUNT(*) FROM {table} WHERE substr({column}, 1, {}) = '{path}'",
        path.len()
    );
    let (count,): (i64,) = app.db().read(sql(asked)).fetch_one().await.unwrap();
    count
}

async fn a_move_leaves_nothing_behind(app: &TestApp) {
    let from = app.reseller("From").await;
    let to = app.reseller("To").await;
    let moved = app.reseller("Moved").below(&from).await;
    let below = app.customer("Below").below(&moved).await;
    app.domain("harbour.example").of(&below).await;
    app.domain("gone.example").of(&moved).await;
    app.mailbox("ana@harbour.example").await;
    app.mailbox("bin@harbour.example").await;
    app.mailbox("ana@gone.example").await;
    app.alias("sales@harbour.example", &["ana@harbour.example"]).await;
    app.alias("old@harbour.example", &["ana@harbour.example"]).await;
    let root = app.root();
    mailboxes::delete(app, &root, &"bin@harbour.example".parse().unwrap())
        .await
        .unwrap();
    postdesk::service::aliases::delete(app, &root, &"old@harbour.example".parse().unwrap())
        .await
        .unwrap();
    domains::delete(app, &root, &"gone.example".parse().unwrap())
        .await
        .unwrap();
    own_role(app, &moved, "Night desk").await;
    let path = app.path_of(&moved).await;
    let statement = format!(
        "UPDATE accounts SET org_path = '{path}', org_id = (SELECT id FROM orgs WHERE path = '{path}') WHERE email = '"
    );
    let person = app.role(Role::HelpDesk, app.org_scope(&moved).await).await;
    app.db()
        .write(sql(format!("{statement}{}'", person.email)))
        .execute()
        .await
        .unwrap();
    recounted(app).await;
    let tables = tables_with(app, "org_path").await;
    let mut before = Vec::new();
    for table in tables.iter().filter(|table| *table != "events") {
        before.push((table, rows_at(app, (table, "org_path"), path.as_str()).await));
    }
    assert!(before.len() >= 6, "{before:?}");

    orgs::relocate(app, &root, moved.id, to.id).await.unwrap();

    let there = app.path_of(&moved).await;
    assert!(app.path_of(&to).await.contains(&there), "{there}");
    assert!(there.contains(&app.path_of(&below).await));
    assert_eq!(rows_at(app, ("orgs", "path"), path.as_str()).await, 0);
    for (table, rows) in before {
        let after = (
            rows_at(app, (table, "org_path"), path.as_str()).await,
            rows_at(app, (table, "org_path"), there.as_str()).await,
        );
        assert_eq!(after, (0, rows), "{table}");
        assert!(
            rows > 0,
            "{table} had nothing to leave behind: add something to this test"
        );
    }
}

/// The counters of accounts, after one was put elsewhere by hand.
async fn recounted(app: &TestApp) {
    app.db()
        .write(
            "UPDATE orgs SET used_accounts = (SELECT COUNT(*) FROM accounts a
               WHERE substr(a.org_path, 1, length(orgs.path)) = orgs.path) WHERE path <> '/'",
        )
        .execute()
        .await
        .unwrap();
}

async fn own_role(app: &TestApp, org: &Org, name: &str) -> postdesk::store::OwnRole {
    let draft = RoleDraft {
        name: name.parse().unwrap(),
        description: postdesk::model::Note::default(),
        holds: "mailbox.read mailbox.reset_password".parse().unwrap(),
    };
    roles::create(app, &app.root(), org.id, draft)
        .await
        .unwrap()
        .value
}

async fn a_move_counts_at_both_places_and_must_fit(app: &TestApp) {
    let top = app.reseller("Top").limits(limits("2", "", "", "")).await;
    let from = app
        .reseller("From")
        .below(&top)
        .limits(limits("1", "", "", ""))
        .await;
    let moved = app
        .customer("Moved")
        .below(&from)
        .limits(limits("1", "", "", ""))
        .await;
    app.domain("harbour.example").of(&moved).await;
    app.mailbox("ana@harbour.example").quota("2 GB").await;
    let root = app.root();
    let small = app.reseller("Small").limits(limits("0", "", "", "")).await;
    let strict = app.reseller("Strict").limits(limits("1", "", "1 GB", "")).await;
    let narrow = app.reseller("Narrow").limits(limits("1", "", "", "1 GB")).await;
    let given = app.reseller("Given").limits(limits("1", "", "", "")).await;
    app.customer("First")
        .below(&given)
        .limits(limits("1", "", "", ""))
        .await;
    let few = Limits {
        domains: Limit::AtMost(0),
        ..Limits::UNLIMITED
    };
    let few = app.reseller("Few").limits(few).await;
    for (to, expected) in [
        (&small, "limit_reached"),
        (&strict, "limit_reached"),
        (&narrow, "limit_reached"),
        (&few, "limit_reached"),
        (&given, "over_promised"),
    ] {
        assert_eq!(relocate(app, &root, &moved, to).await, expected, "{}", to.name);
    }

    let beside = app
        .reseller("Beside")
        .below(&top)
        .limits(limits("1", "", "", ""))
        .await;
    assert_eq!(relocate(app, &root, &moved, &beside).await, "done");

    for (org, held) in [(&top, 1), (&from, 0), (&beside, 1), (&moved, 1)] {
        assert_eq!(app.org_now(org).await.usage.mailboxes, held, "{}", org.name);
    }
    let again = app
        .customer("Again")
        .below(&from)
        .limits(limits("1", "", "", ""))
        .await;
    assert_eq!(
        again.limits.mailboxes,
        Limit::AtMost(1),
        "the former place has its part back"
    );
    assert_eq!(relocate(app, &root, &moved, &app.provider().await).await, "done");
    assert_eq!(app.org_now(&top).await.usage.mailboxes, 0);
}

async fn an_org_is_moved_by_whoever_may_at_both_places(app: &TestApp) {
    let top = app.reseller("Top").await;
    let from = app.reseller("From").below(&top).await;
    let to = app.reseller("To").below(&top).await;
    let moved = app
        .customer("Moved")
        .below(&from)
        .limits(limits("1", "", "", ""))
        .await;
    let other = app.reseller("Other").await;
    let of = async |role, org: &Org| app.role(role, app.org_scope(org).await).await;
    let above = of(Role::ResellerAdmin, &top).await;
    let sides = of(Role::ResellerAdmin, &moved).await;
    sides.also(Role::ResellerAdmin, app.org_scope(&to).await).await;
    let one_side = of(Role::ResellerAdmin, &from).await;
    let support = of(Role::Support, &top).await;
    let ask = async |call: &Call, to: &Org| relocate(app, call, &moved, to).await;

    assert_eq!(ask(&support.call, &to).await, "org.delete is missing");
    assert_eq!(ask(&one_side.call, &to).await, "not found");
    assert_eq!(ask(&above.call, &other).await, "not found");
    assert_eq!(ask(&sides.again().await, &to).await, "org.delete is missing");
    assert_eq!(ask(&above.call, &to).await, "done");
    assert_eq!(ask(&one_side.call, &from).await, "not found");
}

async fn the_shape_of_the_tree_is_kept(app: &TestApp) {
    let root = app.root();
    let customer = app.customer("Customer").await;
    let mut chain = vec![app.reseller("Level 1").await];
    for depth in 2..=6 {
        let above = chain.last().unwrap().clone();
        chain.push(app.reseller(&format!("Level {depth}")).below(&above).await);
    }
    let pair = app.reseller("Pair").await;
    let lower = app.reseller("Lower").below(&pair).await;
    app.customer("Lowest").below(&lower).await;
    let bin = app.reseller("Bin").await;
    orgs::delete(app, &root, bin.id).await.unwrap();

    assert_eq!(relocate(app, &root, &chain[0], &chain[0]).await, "org_misplaced");
    assert_eq!(relocate(app, &root, &chain[0], &chain[3]).await, "org_misplaced");
    assert_eq!(relocate(app, &root, &pair, &customer).await, "org_misplaced");
    assert_eq!(relocate(app, &root, &pair, &chain[5]).await, "org_misplaced");
    assert_eq!(relocate(app, &root, &pair, &bin).await, "org_deleted");
    assert_eq!(relocate(app, &root, &bin, &pair).await, "org_deleted");
    let provider = app.provider().await;
    assert_eq!(relocate(app, &root, &provider, &pair).await, "provider");
    assert_eq!(relocate(app, &root, &pair, &chain[4]).await, "done");
    assert_eq!(app.path_of(&lower).await.depth(), 7);
    let nothing = orgs::relocate(app, &root, pair.id, chain[4].id).await.unwrap();
    assert!(nothing.events.is_empty());
}

async fn a_moved_org_is_off_where_the_new_place_is_and_on_where_it_is_on(app: &TestApp) {
    let off = app.reseller("Off").await;
    let on = app.reseller("On").await;
    let moved = app.customer("Moved").below(&on).await;
    app.domain("harbour.example").of(&moved).await;
    let root = app.root();
    orgs::suspend(app, &root, off.id, "unpaid".parse().unwrap())
        .await
        .unwrap();

    let done = orgs::relocate(app, &root, moved.id, off.id).await.unwrap();
    assert_eq!(done.events[0].touched.len(), 1, "the targets follow");
    assert_eq!(app.domain_now("harbour.example").await.state(), "suspended");
    orgs::relocate(app, &root, moved.id, on.id).await.unwrap();
    assert_eq!(app.domain_now("harbour.example").await.state(), "active");
}

async fn roles_inside_keep_their_meaning(app: &TestApp) {
    let from = app.reseller("From").await;
    let to = app.reseller("To").await;
    let moved = app.customer("Moved").below(&from).await;
    app.domain("harbour.example").of(&moved).await;
    app.mailbox("ana@harbour.example").await;
    let inside = app.role(Role::DomainAdmin, app.org_scope(&moved).await).await;
    let domain = app.domain_admin("harbour.example").await;
    let token = domain.token().await;
    let left = app.role(Role::ResellerAdmin, app.org_scope(&from).await).await;
    let entered = app.role(Role::ResellerAdmin, app.org_scope(&to).await).await;
    let ana = "ana@harbour.example".parse().unwrap();
    let sees = async |call: &Call| word(&mailboxes::get(app, call, &ana).await);

    orgs::relocate(app, &app.root(), moved.id, to.id).await.unwrap();

    assert_eq!(sees(&inside.again().await).await, "done");
    assert_eq!(sees(&domain.again().await).await, "done");
    assert_eq!(sees(&domain.by_token(&token).await).await, "done");
    assert_eq!(sees(&left.again().await).await, "not found");
    assert_eq!(sees(&entered.again().await).await, "done");
    let stale = mailboxes::delete(app, &inside.call, &ana).await;
    assert_ne!(
        word(&stale),
        "done",
        "a permit of before the move changes nothing"
    );
}

async fn a_role_of_an_org_that_is_left_is_not_taken_along(app: &TestApp) {
    let top = app.reseller("Top").await;
    let from = app.reseller("From").below(&top).await;
    let to = app.reseller("To").below(&top).await;
    let moved = app.customer("Moved").below(&from).await;
    app.domain("harbour.example").of(&moved).await;
    let person = app.nobody().await;
    let give = async |role: postdesk::model::RoleId, domain: &str| {
        postdesk::service::grants::give(
            app,
            &app.operator().await.call,
            person.account,
            postdesk::service::grants::GrantWish {
                role: postdesk::service::grants::RoleName::Own(role),
                scope: postdesk::service::grants::ScopeName::Domain(domain.parse().unwrap()),
                expires_at: None,
                reason: None,
            },
        )
        .await
        .unwrap()
        .value
    };
    let kept = own_role(app, &top, "Kept").await;
    let left = own_role(app, &from, "Left").await;
    give(kept.id, "harbour.example").await;
    let root = app.root();
    assert_eq!(relocate(app, &root, &moved, &to).await, "done");
    assert_eq!(relocate(app, &root, &moved, &from).await, "done");

    let given = give(left.id, "harbour.example").await;
    assert_eq!(relocate(app, &root, &moved, &to).await, "role_left_behind");
    postdesk::service::grants::revoke(app, &root, person.account, given.given.grant.id)
        .await
        .unwrap();
    assert_eq!(relocate(app, &root, &moved, &to).await, "done");
}

async fn what_happened_before_a_move_stays_readable_to_both(app: &TestApp) {
    let from = app.reseller("From").await;
    let to = app.reseller("To").await;
    let moved = app.reseller("Moved").below(&from).await;
    let below = app.customer("Below").below(&moved).await;
    app.domain("harbour.example").of(&below).await;
    app.mailbox("before@harbour.example").await;
    app.mailbox("stayed@elsewhere.example").await;
    let old = app.role(Role::ResellerAdmin, app.org_scope(&from).await).await;
    let new = app.role(Role::ResellerAdmin, app.org_scope(&to).await).await;

    orgs::relocate(app, &app.root(), moved.id, to.id).await.unwrap();
    app.mailbox("after@harbour.example").await;

    for (call, org, expected) in [
        (&old.call, &from, vec!["Moved", "before@harbour.example"]),
        (
            &new.call,
            &to,
            vec!["after@harbour.example", "Moved", "before@harbour.example"],
        ),
        (
            &new.call,
            &moved,
            vec!["after@harbour.example", "Moved", "before@harbour.example"],
        ),
        (
            &new.call,
            &below,
            vec!["after@harbour.example", "before@harbour.example"],
        ),
    ] {
        assert_eq!(told(app, call, org, 50).await, expected, "{}", org.name);
        assert_eq!(
            told(app, call, org, 1).await,
            expected,
            "{} page by page",
            org.name
        );
    }
}

/// What is told of mailboxes and moves in an org, the newest first, in pages of so many.
async fn told(app: &TestApp, call: &Call, org: &Org, limit: usize) -> Vec<String> {
    let mut subjects = Vec::new();
    let mut page = PageRequest::first(limit);
    loop {
        let found = audit::list(app, call, &Inside::Org(org.id), &page).await.unwrap();
        let wanted = |kind: &str| kind == "org.moved" || kind == "mailbox.created";
        let kept = found.items.iter().filter(|event| wanted(event.kind.as_str()));
        subjects.extend(kept.map(|event| event.subject.clone()));
        match found.next {
            Some(after) => page.after = Some(after),
            None => return subjects,
        }
    }
}

async fn a_dry_run_of_a_move_says_what_it_does_and_does_nothing(app: &TestApp) {
    let to = app.reseller("To").await;
    let moved = app.customer("Moved").await;
    app.domain("harbour.example").of(&moved).await;
    let before = app.dump().await;
    let mut call = app.root();
    call.dry_run = true;
    call.expected_version = Some(1);

    let done = orgs::relocate(app, &call, moved.id, to.id).await.unwrap();

    let text = &done.events[0].detail.text;
    assert!(
        text.contains("Moved is below To now") && text.contains("1 domain"),
        "{text}"
    );
    assert_eq!(app.dump().await, before);
    call.expected_version = Some(7);
    let stale = orgs::relocate(app, &call, moved.id, to.id).await;
    assert_eq!(word(&stale), "stale, is 1");
}

async fn orgs_that_are_moved_below_each_other_at_once_make_no_circle(app: &TestApp) {
    for round in 0..4 {
        let one = app.reseller(&format!("One {round}")).await;
        let two = app.reseller(&format!("Two {round}")).await;
        let go = |from: &Org, to: &Org| {
            let (app, from, to) = (App::clone(app), from.id, to.id);
            let call = Call::new(
                postdesk::access::Actor::system(
                    postdesk::access::Credential::CommandLine,
                    "Test bench",
                    app.clock.now(),
                ),
                "race",
            );
            tokio::spawn(async move { word(&orgs::relocate(&app, &call, from, to).await) })
        };
        let (there, back) = (go(&one, &two), go(&two, &one));
        let words = [there.await.unwrap(), back.await.unwrap()];
        assert_eq!(
            words.iter().filter(|word| *word == "done").count(),
            1,
            "{words:?}"
        );
        let (one, two) = (app.path_of(&one).await, app.path_of(&two).await);
        assert!(one.contains(&two) != two.contains(&one), "{one} {two}");
    }
}

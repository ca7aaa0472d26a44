//! Aliases, groups and catch-alls, and where mail goes.

use postdesk::access::{Role, Scope};
use postdesk::model::{Alias, AliasPatch, Forwarding};
use postdesk::service::aliases::{self, AliasRef};
use postdesk::service::resolve::{self, Step, StepKind};
use postdesk::service::{domains, mailboxes};

use super::word;
use crate::support::app::{TestApp, alias_draft, destination};
use crate::support::backend::both;

both! {
    an_alias_is_added_changed_and_seen_again,
    an_alias_has_an_address_of_its_own,
    members_come_and_go_one_by_one,
    the_last_member_stays,
    a_catch_all_takes_its_own_permission_and_is_one,
    an_alias_manager_keeps_outside_destinations_and_adds_none,
    mail_never_runs_in_a_circle,
    the_way_of_a_mail_is_told,
    a_wide_tree_of_aliases_is_not_followed_for_ever,
    the_aliases_of_a_mailbox_are_found,
}

fn at(text: &str) -> AliasRef {
    text.parse().unwrap()
}

fn to(alias: &Alias) -> Vec<String> {
    alias.destinations.iter().map(ToString::to_string).collect()
}

async fn an_alias_is_added_changed_and_seen_again(app: &TestApp) {
    app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let name = "brightwater.example".parse().unwrap();
    let mut draft = alias_draft(
        "sales",
        &[
            "Anna@Brightwater.example",
            "anna@brightwater.example",
            "Out@outside.test",
        ],
    );
    draft.description = "the shop".parse().unwrap();
    draft.enabled = false;

    let done = aliases::create(app, &admin.call, &name, draft).await.unwrap();
    let seen = app.alias_now("sales@brightwater.example").await;

    assert_eq!(format!("{:?}", done.value), format!("{seen:?}"));
    assert_eq!(to(&seen), ["Out@outside.test", "anna@brightwater.example"]);
    assert_eq!(
        (seen.description.as_str(), seen.enabled, seen.version),
        ("the shop", false, 1)
    );

    let patch = AliasPatch {
        local_part: Some("shop".parse().unwrap()),
        destinations: Some(vec![destination("bert@brightwater.example")]),
        enabled: Some(true),
        ..AliasPatch::default()
    };
    let done = aliases::update(app, &admin.call, &at("sales@brightwater.example"), patch.clone())
        .await
        .unwrap();
    let seen = app.alias_now("shop@brightwater.example").await;

    assert_eq!(format!("{:?}", done.value), format!("{seen:?}"));
    assert_eq!(
        (to(&seen), seen.enabled, seen.version),
        (vec!["bert@brightwater.example".to_owned()], true, 2)
    );
    assert_eq!(done.events[0].detail.changes.len(), 3);
    let old = aliases::get(app, &admin.call, &at("sales@brightwater.example")).await;
    assert_eq!(word(&old), "not found");
    let again = aliases::update(app, &admin.call, &at("shop@brightwater.example"), patch)
        .await
        .unwrap();
    assert_eq!((again.value.version, again.events.len()), (2, 0));
}

async fn an_alias_has_an_address_of_its_own(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.alias("sales@brightwater.example", &["x@outside.test"]).await;
    let name = "brightwater.example".parse().unwrap();
    let create = async |local: &str| {
        word(&aliases::create(app, &app.root(), &name, alias_draft(local, &["x@outside.test"])).await)
    };
    let renamed = AliasPatch {
        local_part: Some("anna".parse().unwrap()),
        ..AliasPatch::default()
    };

    assert_eq!(create("anna").await, "already_exists");
    assert_eq!(create("sales").await, "already_exists");
    let taken = aliases::update(app, &app.root(), &at("sales@brightwater.example"), renamed).await;
    assert_eq!(word(&taken), "already_exists");
}

async fn members_come_and_go_one_by_one(app: &TestApp) {
    let group = at("all@brightwater.example");
    app.alias("all@brightwater.example", &["a@brightwater.example"])
        .await;
    let root = app.root();

    aliases::add_member(app, &root, &group, destination("B@brightwater.example"))
        .await
        .unwrap();
    let twice = aliases::add_member(app, &root, &group, destination("b@brightwater.example"))
        .await
        .unwrap();
    assert_eq!(
        (to(&twice.value).len(), twice.value.version, twice.events.len()),
        (2, 2, 0)
    );

    aliases::remove_member(app, &root, &group, &destination("A@brightwater.example"))
        .await
        .unwrap();
    let missing = aliases::remove_member(app, &root, &group, &destination("a@brightwater.example")).await;
    assert_eq!(word(&missing), "not found");
    assert_eq!(
        to(&app.alias_now("all@brightwater.example").await),
        ["b@brightwater.example"]
    );
}

async fn the_last_member_stays(app: &TestApp) {
    app.alias("all@brightwater.example", &["a@brightwater.example"])
        .await;

    let gone = aliases::remove_member(
        app,
        &app.root(),
        &at("all@brightwater.example"),
        &destination("a@brightwater.example"),
    )
    .await;

    assert_eq!(word(&gone), "/destinations required");
}

async fn a_catch_all_takes_its_own_permission_and_is_one(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let name = "brightwater.example".parse().unwrap();
    let manager = app
        .role(Role::AliasManager, app.domain_scope("brightwater.example").await)
        .await;
    let admin = app.domain_admin("brightwater.example").await;
    let draft = || alias_draft("", &["anna@brightwater.example"]);

    let by_manager = aliases::create(app, &manager.call, &name, draft()).await;
    let by_admin = aliases::create(app, &admin.call, &name, draft()).await;
    let second = aliases::create(app, &admin.call, &name, draft()).await;
    let off = AliasPatch {
        enabled: Some(false),
        ..AliasPatch::default()
    };
    let changed = aliases::update(app, &manager.call, &at("@brightwater.example"), off).await;

    assert_eq!(word(&by_manager), "alias.catch_all is missing");
    assert_eq!(
        (word(&by_admin), word(&second)),
        ("done".to_owned(), "already_exists".to_owned())
    );
    assert_eq!(word(&changed), "alias.catch_all is missing");
    assert!(app.alias_now("@brightwater.example").await.address.is_catch_all());
    let deleted = aliases::delete(app, &manager.call, &at("@brightwater.example")).await;
    assert_eq!(word(&deleted), "alias.catch_all is missing");
}

async fn an_alias_manager_keeps_outside_destinations_and_adds_none(app: &TestApp) {
    app.alias(
        "sales@brightwater.example",
        &["a@brightwater.example", "x@outside.test"],
    )
    .await;
    let manager = app
        .role(Role::AliasManager, app.domain_scope("brightwater.example").await)
        .await;
    let set = async |to: &[&str]| {
        let patch = AliasPatch {
            destinations: Some(to.iter().map(|to| destination(to)).collect()),
            ..AliasPatch::default()
        };
        word(&aliases::update(app, &manager.call, &at("sales@brightwater.example"), patch).await)
    };

    assert_eq!(set(&["b@brightwater.example", "x@outside.test"]).await, "done");
    assert_eq!(
        set(&["b@brightwater.example", "y@outside.test"]).await,
        "alias.external is missing"
    );
}

async fn mail_never_runs_in_a_circle(app: &TestApp) {
    app.alias("a@brightwater.example", &["b@brightwater.example"])
        .await;
    app.alias("b@brightwater.example", &["c@harbour.example"]).await;
    let name = "harbour.example".parse().unwrap();
    app.domain("harbour.example").await;
    let create = async |local: &str, to: &str| {
        aliases::create(app, &app.root(), &name, alias_draft(local, &[to])).await
    };

    let circle = create("c", "A@brightwater.example").await;
    assert_eq!(word(&circle), "alias_loop");
    let text = circle.unwrap_err().to_string();
    let way = "c@harbour.example → a@brightwater.example → b@brightwater.example → c@harbour.example";
    assert!(text.contains(way), "{text}");
    assert_eq!(word(&create("d", "d@harbour.example").await), "alias_loop");
    assert_eq!(word(&create("", "nobody@harbour.example").await), "alias_loop");
    domains::add_alias(app, &app.root(), &name, "quay.example".parse().unwrap())
        .await
        .unwrap();
    let by_another_name = create("e", "e@quay.example").await;
    assert_eq!(word(&by_another_name), "alias_loop");
    let text = by_another_name.unwrap_err().to_string();
    let way = "e@harbour.example → e@quay.example → e@harbour.example";
    assert!(text.contains(way), "{text}");
    create("f", "g@quay.example").await.unwrap();
    assert_eq!(word(&create("g", "f@quay.example").await), "alias_loop");
    app.mailbox("c@harbour.example").await;
    let back = Forwarding {
        destinations: vec![destination("a@brightwater.example")],
        keep_copy: true,
        until: None,
    };
    let c = "c@harbour.example".parse().unwrap();
    assert_eq!(
        word(&mailboxes::set_forwarding(app, &app.root(), &c, back).await),
        "alias_loop"
    );
}

/// The way of a mail in one line.
fn told(step: &Step) -> String {
    let next: Vec<String> = step.next.iter().map(told).collect();
    let here = format!("{} {}", step.address, step.kind.as_str());
    if next.is_empty() {
        here
    } else {
        format!("{here} ({})", next.join(", "))
    }
}

async fn the_way_of_a_mail_is_told(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("theirs@harbour.example").await;
    app.alias("@brightwater.example", &["anna@brightwater.example"])
        .await;
    app.alias(
        "all@brightwater.example",
        &[
            "anna@brightwater.example",
            "theirs@harbour.example",
            "x@outside.test",
        ],
    )
    .await;
    let admin = app.domain_admin("brightwater.example").await;
    let way = async |address: &str| {
        let step = resolve::resolve(app, &admin.call, &destination(address)).await;
        step.map_or_else(|error| error.to_string(), |step| told(&step))
    };

    assert_eq!(
        way("All+shop@brightwater.example").await,
        "all+shop@brightwater.example alias (anna@brightwater.example mailbox, theirs@harbour.example external, \
         x@outside.test external)"
    );
    assert_eq!(
        way("nobody@brightwater.example").await,
        "nobody@brightwater.example catch_all (anna@brightwater.example mailbox)"
    );
    assert_eq!(
        way("theirs@harbour.example").await,
        "domain \"harbour.example\" not found"
    );
}

async fn a_wide_tree_of_aliases_is_not_followed_for_ever(app: &TestApp) {
    let level = |level: usize| (0..6).map(move |n| format!("l{level}n{n}@brightwater.example"));
    for depth in (0..8).rev() {
        let below: Vec<String> = level(depth + 1).collect();
        let below: Vec<&str> = below.iter().map(String::as_str).collect();
        for alias in level(depth) {
            app.alias(&alias, &below).await;
        }
    }

    let step = resolve::resolve(app, &app.root(), &destination("l0n0@brightwater.example"))
        .await
        .unwrap();

    let steps = told(&step).matches('@').count();
    assert!(steps < 1000, "{steps} steps");
    assert_eq!(step.kind, StepKind::Alias);
}

async fn the_aliases_of_a_mailbox_are_found(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.alias("b@brightwater.example", &["anna@brightwater.example"])
        .await;
    app.alias("a@brightwater.example", &["anna@brightwater.example"])
        .await;
    app.alias("c@harbour.example", &["anna@brightwater.example"])
        .await;
    let admin = app.domain_admin("brightwater.example").await;
    let operator = app.role(Role::Operator, Scope::System).await;
    let anna = "anna@brightwater.example".parse().unwrap();

    let own = aliases::to_address(app, &admin.call, &anna).await.unwrap();
    let all = aliases::to_address(app, &operator.call, &anna).await.unwrap();

    assert_eq!(own, ["a@brightwater.example", "b@brightwater.example"]);
    assert_eq!(all.len(), 3);
}

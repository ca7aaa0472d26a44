//! Mailboxes from their first day to their last.

use std::time::Duration;

use postdesk::access::{Role, Scope};
use postdesk::model::{
    EventKind, Forwarding, Labels, LocalPart, MailboxPatch, Password, Protocols, ProtocolsPatch, Quota,
    Secret,
};
use postdesk::service::mailboxes::{self, MailboxRef};

use super::word;
use crate::support::app::{TestApp, destination, mailbox_draft};
use crate::support::backend::both;

both! {
    a_mailbox_is_added_and_seen_again,
    a_mailbox_takes_the_default_quota_of_its_domain,
    an_address_is_given_once,
    a_mailbox_is_changed,
    the_quota_takes_its_own_permission,
    a_help_desk_resets_passwords_and_changes_nothing_else,
    a_mailbox_creator_adds_and_does_not_delete,
    a_renamed_mailbox_says_where_it_is,
    a_rename_takes_the_aliases_of_the_domain_along,
    a_rename_can_leave_an_alias,
    a_rename_does_not_take_what_is_taken,
    a_mailbox_is_suspended_and_resumed,
    mail_is_sent_on_until_a_date,
    mail_leaves_the_house_only_by_permission,
    a_password_is_stored_as_a_hash_and_shown_nowhere,
    imported_hashes_take_a_permission,
    free_addresses_are_suggested,
    a_mailbox_needs_a_node,
    a_mailbox_is_placed_on_the_least_loaded_node,
}

fn at(text: &str) -> MailboxRef {
    text.parse().unwrap()
}

async fn a_mailbox_is_added_and_seen_again(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let mut draft = mailbox_draft("anna");
    draft.display_name = "Anna Lind".parse().unwrap();
    draft.quota = Some("2 GB".parse().unwrap());
    draft.protocols = Protocols {
        pop3: false,
        ..Protocols::default()
    };
    draft.external_id = Some("P-1".parse().unwrap());
    draft.labels = Labels::new(vec!["staff".parse().unwrap()]).unwrap();

    let done = mailboxes::create(app, &admin.call, &domain.name, draft)
        .await
        .unwrap();
    let seen = app.mailbox_now("anna@brightwater.example").await;

    assert_eq!(format!("{:?}", done.value), format!("{seen:?}"));
    assert_eq!(
        (seen.display_name.as_str(), seen.quota.to_string()),
        ("Anna Lind", "2 GB".to_owned())
    );
    assert_eq!((seen.protocols.pop3, seen.protocols.imap), (false, true));
    assert_eq!(
        (seen.version, seen.has_password, seen.node.as_str()),
        (1, false, "node-a")
    );
    assert!(
        seen.storage.starts_with("brightwater.example/anna-"),
        "{}",
        seen.storage
    );
    assert_eq!(app.mailbox_now(&seen.id.to_string()).await.address, seen.address);
    assert_eq!(
        done.events[0].detail.text,
        "Mailbox anna@brightwater.example with 2 GB"
    );
}

async fn a_mailbox_takes_the_default_quota_of_its_domain(app: &TestApp) {
    app.domain("brightwater.example").default_quota("3 GB").await;

    assert_eq!(
        app.mailbox("a@brightwater.example").await.quota.to_string(),
        "3 GB"
    );
    assert_eq!(
        app.mailbox("b@brightwater.example")
            .quota("unlimited")
            .await
            .quota,
        Quota::Unlimited
    );
    assert_eq!(
        app.mailbox("c@brightwater.example")
            .quota("0")
            .await
            .quota
            .to_db(),
        Some(0)
    );
}

async fn an_address_is_given_once(app: &TestApp) {
    let domain = app
        .mailbox("anna@brightwater.example")
        .await
        .address
        .domain()
        .clone();
    app.alias("sales@brightwater.example", &["anna@brightwater.example"])
        .await;
    let create =
        async |local| word(&mailboxes::create(app, &app.root(), &domain, mailbox_draft(local)).await);

    assert_eq!(create("anna").await, "already_exists");
    assert_eq!(create("sales").await, "already_exists");
    assert_eq!(create("bert").await, "done");
}

async fn a_mailbox_is_changed(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    app.later(Duration::from_mins(1));
    let patch = MailboxPatch {
        display_name: Some("Anna Berg".parse().unwrap()),
        quota: Some(Quota::Unlimited),
        protocols: ProtocolsPatch {
            imap: Some(false),
            ..ProtocolsPatch::default()
        },
        external_id: Some(Some("P-2".parse().unwrap())),
        labels: Some(Labels::new(vec!["staff".parse().unwrap()]).unwrap()),
    };

    let done = mailboxes::update(app, &admin.call, &at("anna@brightwater.example"), patch.clone())
        .await
        .unwrap();
    let seen = app.mailbox_now("anna@brightwater.example").await;

    assert_eq!(format!("{:?}", done.value), format!("{seen:?}"));
    assert_eq!((seen.version, seen.updated_at), (2, app.clock_now()));
    assert_eq!((seen.protocols.imap, seen.quota), (false, Quota::Unlimited));
    let fields: Vec<&str> = done.events[0]
        .detail
        .changes
        .iter()
        .map(|change| change.field.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "display_name",
            "quota_bytes",
            "external_id",
            "labels",
            "protocols.imap"
        ]
    );

    let again = mailboxes::update(app, &admin.call, &at("anna@brightwater.example"), patch)
        .await
        .unwrap();
    assert_eq!((again.value.version, again.events.len()), (2, 0));
}

async fn the_quota_takes_its_own_permission(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let quota = MailboxPatch {
        quota: Some("2 GB".parse().unwrap()),
        ..MailboxPatch::default()
    };
    let desk = app.help_desk("brightwater.example").await;
    let support = app.role(Role::Support, Scope::System).await;

    let by_desk = mailboxes::update(app, &desk.call, &at("anna@brightwater.example"), quota.clone()).await;
    let by_support = mailboxes::update(app, &support.call, &at("anna@brightwater.example"), quota).await;

    assert_eq!(
        (word(&by_desk), word(&by_support)),
        ("mailbox.set_quota is missing".to_owned(), "done".to_owned())
    );
}

async fn a_help_desk_resets_passwords_and_changes_nothing_else(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let desk = app.help_desk("brightwater.example").await;
    let anna = at("anna@brightwater.example");
    let rename: LocalPart = "ann".parse().unwrap();

    assert_eq!(
        word(&mailboxes::reset_to_words(app, &desk.call, &anna).await),
        "done"
    );
    assert_eq!(
        word(&mailboxes::delete(app, &desk.call, &anna).await),
        "mailbox.delete is missing"
    );
    assert_eq!(
        word(&mailboxes::rename(app, &desk.call, &anna, rename, false).await),
        "mailbox.rename is missing"
    );
    assert_eq!(
        word(&mailboxes::resume(app, &desk.call, &anna).await),
        "mailbox.suspend is missing"
    );
}

async fn a_mailbox_creator_adds_and_does_not_delete(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    let creator = app
        .role(
            Role::MailboxCreator,
            app.domain_scope("brightwater.example").await,
        )
        .await;

    let made = mailboxes::create(app, &creator.call, &domain.name, mailbox_draft("anna")).await;
    let gone = mailboxes::delete(app, &creator.call, &at("anna@brightwater.example")).await;

    assert_eq!(
        (word(&made), word(&gone)),
        ("done".to_owned(), "mailbox.delete is missing".to_owned())
    );
}

async fn a_renamed_mailbox_says_where_it_is(app: &TestApp) {
    let made = app.mailbox("anna@brightwater.example").await;
    let (admin, stranger) = (
        app.domain_admin("brightwater.example").await,
        app.stranger().await,
    );
    let rename = async |from: &str, to: &str| {
        mailboxes::rename(app, &admin.call, &at(from), to.parse().unwrap(), false)
            .await
            .unwrap()
    };

    let done = rename("anna@brightwater.example", "anna.lind").await;

    assert_eq!((done.value.id, done.value.storage), (made.id, made.storage));
    let seen = mailboxes::get(app, &admin.call, &at("anna@brightwater.example")).await;
    assert_eq!(word(&seen), "now anna.lind@brightwater.example");
    let hidden = mailboxes::get(app, &stranger.call, &at("anna@brightwater.example")).await;
    assert_eq!(word(&hidden), "not found");

    rename("anna.lind@brightwater.example", "anna").await;
    assert_eq!(
        word(&mailboxes::get(app, &admin.call, &at("anna@brightwater.example")).await),
        "done"
    );
    let back = mailboxes::get(app, &admin.call, &at("anna.lind@brightwater.example")).await;
    assert_eq!(word(&back), "now anna@brightwater.example");
}

async fn a_rename_takes_the_aliases_of_the_domain_along(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.alias(
        "sales@brightwater.example",
        &["anna@brightwater.example", "x@outside.test"],
    )
    .await;
    app.alias("news@harbour.example", &["anna@brightwater.example"])
        .await;

    let to = "ann".parse().unwrap();
    let done = mailboxes::rename(app, &app.root(), &at("anna@brightwater.example"), to, false)
        .await
        .unwrap();

    let destinations = async |alias: &str| {
        let alias = app.alias_now(alias).await;
        alias
            .destinations
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        destinations("sales@brightwater.example").await,
        ["ann@brightwater.example", "x@outside.test"]
    );
    assert_eq!(
        destinations("news@harbour.example").await,
        ["anna@brightwater.example"]
    );
    assert_eq!(done.events[0].touched.len(), 2);
    let found = postdesk::service::search::find(app, &app.root(), "ann@brightwater", 9)
        .await
        .unwrap();
    let titles: Vec<&str> = found.iter().map(|hit| hit.title.as_str()).collect();
    assert!(titles.contains(&"sales@brightwater.example"), "{titles:?}");
}

async fn a_rename_can_leave_an_alias(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let to = "ann".parse().unwrap();

    let done = mailboxes::rename(app, &app.root(), &at("anna@brightwater.example"), to, true)
        .await
        .unwrap();

    let kinds: Vec<EventKind> = done.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::MailboxRenamed, EventKind::AliasCreated]);
    let left = app.alias_now("anna@brightwater.example").await;
    assert_eq!(left.destinations, [destination("ann@brightwater.example")]);
    assert_eq!(app.domain_now("brightwater.example").await.usage.aliases, 1);
}

async fn a_rename_does_not_take_what_is_taken(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("bert@brightwater.example").await;
    let before = app.dump().await;

    let to = "bert".parse().unwrap();
    let taken = mailboxes::rename(app, &app.root(), &at("anna@brightwater.example"), to, false).await;

    assert_eq!(word(&taken), "already_exists");
    assert_eq!(app.dump().await, before);
}

async fn a_mailbox_is_suspended_and_resumed(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let anna = at("anna@brightwater.example");
    let until = Some(app.clock_now().plus(Duration::from_hours(1)));
    let suspend = async |receive, until| {
        mailboxes::suspend(
            app,
            &app.root(),
            &anna,
            "on leave".parse().unwrap(),
            receive,
            until,
        )
        .await
    };

    assert_eq!(
        word(&suspend(true, Some(app.clock_now())).await),
        "/until in_the_past"
    );
    suspend(true, until).await.unwrap();
    let off = app
        .mailbox_now("anna@brightwater.example")
        .await
        .suspension
        .unwrap();
    assert_eq!(
        (off.receive, off.until, off.reason.as_str()),
        (true, until, "on leave")
    );
    assert_eq!(suspend(true, until).await.unwrap().events, []);
    let harder = suspend(false, None).await.unwrap();
    assert_eq!(harder.events[0].detail.changes.len(), 2);

    mailboxes::resume(app, &app.root(), &anna).await.unwrap();
    assert!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .suspension
            .is_none()
    );
    assert_eq!(
        mailboxes::resume(app, &app.root(), &anna).await.unwrap().events,
        []
    );
}

fn forwarding(to: &[&str]) -> Forwarding {
    Forwarding {
        destinations: to.iter().map(|to| destination(to)).collect(),
        keep_copy: true,
        until: None,
    }
}

async fn mail_is_sent_on_until_a_date(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("bert@brightwater.example").await;
    let anna = at("anna@brightwater.example");
    let set = async |forwarding| mailboxes::set_forwarding(app, &app.root(), &anna, forwarding).await;
    let wanted = Forwarding {
        until: Some(app.clock_now().plus(Duration::from_mins(1))),
        keep_copy: false,
        ..forwarding(&[
            "Bert@Brightwater.Example",
            "bert@brightwater.example",
            "Out@outside.test",
        ])
    };

    let done = set(wanted.clone()).await.unwrap();

    let now = app
        .mailbox_now("anna@brightwater.example")
        .await
        .forwarding
        .unwrap();
    assert_eq!(
        now.destinations,
        [
            destination("Out@outside.test"),
            destination("bert@brightwater.example")
        ]
    );
    assert_eq!((now.keep_copy, now.until), (false, wanted.until));
    assert_eq!(done.events[0].detail.changes.len(), 3);
    assert_eq!(set(wanted).await.unwrap().events, []);
    assert_eq!(
        word(&set(forwarding(&["anna@brightwater.example"])).await),
        "alias_loop"
    );
    assert_eq!(word(&set(forwarding(&[])).await), "/destinations required");

    mailboxes::end_forwarding(app, &app.root(), &anna).await.unwrap();
    assert!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .forwarding
            .is_none()
    );
}

async fn mail_leaves_the_house_only_by_permission(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("theirs@harbour.example").await;
    let support = app
        .role(Role::Support, app.domain_scope("brightwater.example").await)
        .await;
    let admin = app.domain_admin("brightwater.example").await;
    let anna = at("anna@brightwater.example");
    let set =
        async |call, to: &str| word(&mailboxes::set_forwarding(app, call, &anna, forwarding(&[to])).await);

    assert_eq!(
        set(&support.call, "x@outside.test").await,
        "alias.external is missing"
    );
    assert_eq!(
        set(&support.call, "theirs@harbour.example").await,
        "alias.external is missing"
    );
    assert_eq!(set(&support.call, "bert@brightwater.example").await, "done");
    assert_eq!(set(&admin.call, "x@outside.test").await, "done");
}

async fn a_password_is_stored_as_a_hash_and_shown_nowhere(app: &TestApp) {
    app.mailbox("anna@brightwater.example")
        .password("correct horse battery")
        .await;
    let anna = at("anna@brightwater.example");
    let stored = async || {
        let sql = "SELECT password_hash FROM mailboxes";
        let rows: Vec<(Option<String>,)> = app.db().read(sql).fetch_all().await.unwrap();
        rows[0].0.clone().unwrap()
    };
    let first = stored().await;

    let chosen = Secret::Password(Password::offered("another long password").unwrap());
    let set = mailboxes::set_password(app, &app.root(), &anna, chosen)
        .await
        .unwrap();
    let second = stored().await;
    let (_, words) = mailboxes::reset_to_words(app, &app.root(), &anna).await.unwrap();

    assert!(first.starts_with("{ARGON2ID}$argon2id$") && second.starts_with("{ARGON2ID}$argon2id$"));
    assert!(first != second && stored().await != second);
    assert!(set.value.has_password && set.value.version == 2);
    let dump = app.dump().await.join("\n");
    for secret in ["correct horse", "another long", words.expose()] {
        assert!(!dump.contains(secret));
    }
    let events = dump.lines().filter(|line| line.starts_with("events:"));
    assert!(!events.into_iter().any(|line| line.contains("argon2")));
}

async fn imported_hashes_take_a_permission(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let anna = at("anna@brightwater.example");
    let hash = || {
        let text = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$4nG4w7k6vO2wE5y2oT5Gm0bq9Jb0n0l7C6m0Tn3J0sA";
        Secret::Hash(text.parse().unwrap())
    };

    let by_admin = mailboxes::set_password(app, &admin.call, &anna, hash()).await;
    let by_operator = mailboxes::set_password(app, &app.root(), &anna, hash()).await;

    assert_eq!(
        (word(&by_admin), word(&by_operator)),
        ("hash.import is missing".to_owned(), "done".to_owned())
    );
}

async fn free_addresses_are_suggested(app: &TestApp) {
    let domain = app
        .mailbox("ana.silva@brightwater.example")
        .await
        .address
        .domain()
        .clone();
    app.alias("silva@brightwater.example", &["ana.silva@brightwater.example"])
        .await;

    let free = mailboxes::suggest(app, &app.root(), &domain, "Ana Silva")
        .await
        .unwrap();

    let free: Vec<&str> = free.iter().map(LocalPart::as_str).collect();
    assert_eq!(free, ["a.silva", "ana", "ana.silva2"]);
}

async fn a_mailbox_needs_a_node(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    app.db()
        .write("UPDATE nodes SET state = 'drain'")
        .execute()
        .await
        .unwrap();

    let made = mailboxes::create(app, &app.root(), &domain.name, mailbox_draft("anna")).await;

    assert_eq!(word(&made), "no_node");
}

async fn a_mailbox_is_placed_on_the_least_loaded_node(app: &TestApp) {
    let mut nodes = app.settings.nodes.clone();
    nodes.push(postdesk::config::NodeSettings {
        name: "node-b".to_owned(),
        ..nodes[0].clone()
    });
    app.store.sync_nodes(&nodes).await.unwrap();
    let mut places = Vec::new();

    for n in 0..4 {
        places.push(app.mailbox(&format!("m{n}@brightwater.example")).await.node);
    }

    assert_eq!(places, ["node-a", "node-b", "node-a", "node-b"]);
}

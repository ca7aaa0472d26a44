//! Every change reaches the views that the daemons read, on each engine.

use postdesk::model::{Clock as _, Forwarding, MailboxPatch, Quota, Reason};
use postdesk::provisioning::verify::{self, Report};
use postdesk::service::mailboxes::MailboxRef;
use postdesk::service::{aliases, domains, housekeeping, mailboxes, orgs, provisioning};

use super::target::{On, TestTarget, Worker, settled, until};
use crate::support::app::{TestApp, alias_draft, destination};
use crate::support::backend::{Backend, block_on};

macro_rules! on_each_engine {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            use super::{On, tell};

            #[test]
            fn on_sqlite() { tell(On::Sqlite, super::$story); }

            #[test]
            fn on_postgres() { tell(On::Postgres, super::$story); }

            #[test]
            fn on_mariadb() { tell(On::Mariadb, super::$story); }
        }
    )+ };
}

on_each_engine!(
    a_mailbox_is_there_as_it_is_meant,
    a_rename_keeps_mail_and_counts,
    aliases_have_a_row_for_each_destination,
    a_catch_all_and_a_domain_alias_answer,
    a_purged_domain_leaves_nothing_behind,
    forwarding_with_and_without_a_copy,
    suspension_reaches_the_views,
    a_deleted_domain_takes_everything_with_it_and_brings_it_back,
    an_address_can_be_given_to_another_mailbox_at_once,
    counts_come_back,
    what_somebody_changed_by_hand_is_found_and_mended,
);

#[expect(clippy::needless_pass_by_value, reason = "a story is handed over to be told")]
fn tell(on: On, story: impl AsyncFn(&TestApp, &TestTarget)) {
    block_on(async {
        let app = TestApp::new(Backend::Sqlite).await;
        let target = TestTarget::new("cluster", on).await;
        let worker = Worker::start(&app, &[&target]).await;
        app.domain("one.test").await;
        story(&app, &target).await;
        worker.stop().await;
        nothing_differs(&app, &target).await;
        app.verify().await;
    });
}

/// Asked the way the daemons ask, the target says what Postdesk means.
async fn nothing_differs(app: &TestApp, target: &TestTarget) {
    let report = verified(app, target).await;
    assert_eq!(report.differences, []);
    assert_eq!(
        (report.differing, report.pending, report.foreign),
        (0, 0, [0, 0, 0])
    );
    assert!(report.compared > 1);
}

async fn verified(app: &TestApp, target: &TestTarget) -> Report {
    let id = app.store.enabled_targets().await.unwrap().remove(0).id;
    verify::verify(app, id, &mut target.connect().await)
        .await
        .unwrap()
}

async fn what_somebody_changed_by_hand_is_found_and_mended(app: &TestApp, target: &TestTarget) {
    app.mailbox("anna@one.test").await;
    app.mailbox("ben@one.test").await;
    app.alias("sales@one.test", &["anna@one.test"]).await;
    settled(app).await;
    target.rows("UPDATE mailboxes SET quota_bytes = 1 WHERE local_part = 'anna'");
    target.rows("DELETE FROM mailboxes WHERE local_part = 'ben'");
    target.rows("UPDATE aliases SET destination = 'thief@elsewhere.test' WHERE local_part = 'sales'");
    target.rows("INSERT INTO domains (name) VALUES ('foreign.test')");

    let report = verified(app, target).await;
    assert_eq!((report.differing, report.foreign), (3, [1, 0, 0]));
    let texts: Vec<&str> = report
        .differences
        .iter()
        .map(|difference| difference.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "anna@one.test has other switches, another quota or another place",
            "ben@one.test cannot be signed in to: it is missing",
            "mail for sales@one.test goes to thief@elsewhere.test, not to anna@one.test"
        ]
    );
    provisioning::resync(app, &app.root(), "cluster").await.unwrap();
    app.later(std::time::Duration::from_millis(1));
    settled(app).await;
    assert_eq!(verified(app, target).await.differing, 0);
    assert_eq!(
        target.rows("SELECT COUNT(*) FROM domains WHERE name = 'foreign.test'"),
        ["1"],
        "foreign rows stay"
    );
    target.rows("DELETE FROM domains WHERE name = 'foreign.test'");
}

fn at(address: &str) -> MailboxRef {
    address.parse().unwrap()
}

async fn a_mailbox_is_there_as_it_is_meant(app: &TestApp, target: &TestTarget) {
    let mailbox = app
        .mailbox("anna@one.test")
        .quota("5 GB")
        .password("correct horse battery")
        .await;
    settled(app).await;

    let seen = target.rows(
        "SELECT username, active, smtp, imap, pop3, sieve, webmail, storage, node, quota_rule FROM imap_users",
    );
    let wanted = format!(
        "anna@one.test|1|1|1|1|1|1|{}|node-a|*:bytes=5368709120:messages=0",
        mailbox.storage
    );
    assert_eq!(seen, [wanted]);
    let hash = target.rows("SELECT password FROM imap_users").remove(0);
    assert!(hash.starts_with("{ARGON2ID}$argon2id$"), "{hash}");

    let patch = MailboxPatch {
        quota: Some(Quota::Unlimited),
        ..MailboxPatch::default()
    };
    let patch = MailboxPatch {
        protocols: postdesk::model::ProtocolsPatch {
            pop3: Some(false),
            ..Default::default()
        },
        ..patch
    };
    mailboxes::update(app, &app.root(), &at("anna@one.test"), patch)
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(
        target.rows("SELECT pop3, quota_rule FROM imap_users"),
        ["0|*:bytes=0:messages=0"]
    );

    mailboxes::delete(app, &app.root(), &at("anna@one.test"))
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(target.rows("SELECT username FROM imap_users"), [""; 0]);
    mailboxes::restore(app, &app.root(), &at("anna@one.test"))
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(target.rows("SELECT storage FROM imap_users"), [mailbox.storage]);
}

async fn a_rename_keeps_mail_and_counts(app: &TestApp, target: &TestTarget) {
    let before = app.mailbox("anna@one.test").await;
    app.alias("team@one.test", &["anna@one.test"]).await;
    settled(app).await;
    target.rows("INSERT INTO quota_usage (username, bytes, messages) VALUES ('anna@one.test', 77, 3)");

    let to = "anna.silva".parse().unwrap();
    mailboxes::rename(app, &app.root(), &at("anna@one.test"), to, true)
        .await
        .unwrap();
    settled(app).await;

    assert_eq!(
        target.rows("SELECT username, storage FROM imap_users"),
        [format!("anna.silva@one.test|{}", before.storage)]
    );
    assert_eq!(
        target.rows("SELECT username, bytes FROM quota_usage"),
        ["anna.silva@one.test|77"]
    );
    assert_eq!(
        target.rows("SELECT local_part, destination FROM mta_virtual ORDER BY local_part"),
        [
            "anna|anna.silva@one.test",
            "anna.silva|anna.silva@one.test",
            "team|anna.silva@one.test"
        ]
    );
}

async fn aliases_have_a_row_for_each_destination(app: &TestApp, target: &TestTarget) {
    let alias = app
        .alias("sales@one.test", &["b@elsewhere.example", "a@elsewhere.example"])
        .await;
    settled(app).await;
    let sql = "SELECT local_part, destination FROM mta_virtual ORDER BY destination";
    assert_eq!(
        target.rows(sql),
        ["sales|a@elsewhere.example", "sales|b@elsewhere.example"]
    );

    let gone = destination("a@elsewhere.example");
    let at = aliases::AliasRef::Id(alias.id);
    aliases::remove_member(app, &app.root(), &at, &gone)
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(target.rows(sql), ["sales|b@elsewhere.example"]);

    aliases::delete(app, &app.root(), &at).await.unwrap();
    // The same address and destination again, under another id, before the worker has seen either.
    app.alias("sales@one.test", &["b@elsewhere.example"]).await;
    settled(app).await;
    assert_eq!(target.rows(sql), ["sales|b@elsewhere.example"]);
}

async fn a_catch_all_and_a_domain_alias_answer(app: &TestApp, target: &TestTarget) {
    app.mailbox("anna@one.test").await;
    let draft = alias_draft("", &["anna@one.test"]);
    let draft = postdesk::model::AliasDraft {
        local_part: None,
        ..draft
    };
    let name = "one.test".parse().unwrap();
    aliases::create(app, &app.root(), &name, draft).await.unwrap();
    domains::add_alias(app, &app.root(), &name, "uno.test".parse().unwrap())
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(
        target.rows("SELECT local_part, domain, destination FROM mta_virtual ORDER BY local_part, domain"),
        [
            "|one.test|anna@one.test",
            "|uno.test|anna@one.test",
            "anna|one.test|anna@one.test",
            "anna|uno.test|anna@one.test"
        ]
    );
    domains::remove_alias(app, &app.root(), &name, &"uno.test".parse().unwrap())
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(target.rows("SELECT domain FROM mta_domains"), ["one.test"]);
    assert_eq!(
        target.rows("SELECT name FROM domains"),
        ["one.test"],
        "no row is left"
    );
    until(app, "it is forgotten", async || {
        domain_aliases_known(app).await == 0
    })
    .await;
    // The name is free again: another domain may have it.
    app.domain("uno.test").await;
    settled(app).await;
    assert_eq!(
        target.rows("SELECT domain FROM mta_domains ORDER BY domain"),
        ["one.test", "uno.test"]
    );
}

/// How many domain aliases the store has told targets of.
async fn domain_aliases_known(app: &TestApp) -> i64 {
    let query = app
        .db()
        .read("SELECT COUNT(*) FROM projections WHERE kind = 'domain_alias'");
    query.fetch_one::<(i64,)>().await.unwrap().0
}

async fn a_purged_domain_leaves_nothing_behind(app: &TestApp, target: &TestTarget) {
    let name = "two.test".parse().unwrap();
    app.mailbox("anna@two.test").await;
    domains::add_alias(app, &app.root(), &name, "dos.test".parse().unwrap())
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(domain_aliases_known(app).await, 1);
    domains::delete(app, &app.root(), &name).await.unwrap();
    settled(app).await;
    assert_eq!(target.rows("SELECT name FROM domains"), ["one.test"]);
    app.days_later(40);
    housekeeping::keep_promises(app).await.unwrap();
    settled(app).await;
    until(app, "it is forgotten", async || {
        domain_aliases_known(app).await == 0
    })
    .await;
}

async fn forwarding_with_and_without_a_copy(app: &TestApp, target: &TestTarget) {
    app.mailbox("anna@one.test").await;
    let until = Some(app.clock.now().plus(std::time::Duration::from_hours(14 * 24)));
    let forwarding = Forwarding {
        destinations: vec![destination("x@elsewhere.example")],
        keep_copy: true,
        until,
    };
    mailboxes::set_forwarding(app, &app.root(), &at("anna@one.test"), forwarding.clone())
        .await
        .unwrap();
    settled(app).await;
    let sql = "SELECT destination FROM mta_virtual ORDER BY destination";
    assert_eq!(target.rows(sql), ["anna@one.test", "x@elsewhere.example"]);

    let moved = Forwarding {
        keep_copy: false,
        ..forwarding
    };
    mailboxes::set_forwarding(app, &app.root(), &at("anna@one.test"), moved)
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(target.rows(sql), ["x@elsewhere.example"]);

    app.days_later(15);
    housekeeping::keep_promises(app).await.unwrap();
    settled(app).await;
    assert_eq!(
        target.rows(sql),
        ["anna@one.test"],
        "the forwarding ended by itself"
    );
}

async fn suspension_reaches_the_views(app: &TestApp, target: &TestTarget) {
    app.mailbox("anna@one.test").await;
    let reason: Reason = "on leave".parse().unwrap();
    mailboxes::suspend(
        app,
        &app.root(),
        &at("anna@one.test"),
        reason.clone(),
        false,
        None,
    )
    .await
    .unwrap();
    settled(app).await;
    assert_eq!(target.rows("SELECT active FROM imap_users"), ["0"]);
    assert_eq!(
        target.rows("SELECT action FROM mta_rcpt_access"),
        ["550 5.2.1 This mailbox is disabled"]
    );
    mailboxes::resume(app, &app.root(), &at("anna@one.test"))
        .await
        .unwrap();

    let org = app.domain_now("one.test").await.org_id;
    let parent = app.provider().await.id;
    if org != parent {
        orgs::suspend(app, &app.root(), org, reason.clone())
            .await
            .unwrap();
        settled(app).await;
        assert_eq!(
            target.rows("SELECT domain FROM mta_domains"),
            [""; 0],
            "an org takes its domains with it"
        );
        orgs::resume(app, &app.root(), org).await.unwrap();
    }
    domains::suspend(app, &app.root(), &"one.test".parse().unwrap(), reason)
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(target.rows("SELECT username FROM imap_users"), [""; 0]);
    domains::resume(app, &app.root(), &"one.test".parse().unwrap())
        .await
        .unwrap();
    settled(app).await;
    assert_eq!(target.rows("SELECT active FROM imap_users"), ["1"]);
}

async fn a_deleted_domain_takes_everything_with_it_and_brings_it_back(app: &TestApp, target: &TestTarget) {
    for n in 0..5 {
        app.mailbox(&format!("m{n}@one.test")).await;
    }
    app.alias("all@one.test", &["m1@one.test", "m2@one.test"]).await;
    let name = "one.test".parse().unwrap();
    domains::add_alias(app, &app.root(), &name, "uno.test".parse().unwrap())
        .await
        .unwrap();
    settled(app).await;
    let before = target.rows("SELECT local_part, domain, destination FROM mta_virtual ORDER BY 1, 2, 3");
    assert_eq!(before.len(), 14);

    domains::delete(app, &app.root(), &name).await.unwrap();
    settled(app).await;
    for table in ["domains", "mailboxes", "aliases"] {
        assert_eq!(
            target.rows(&format!("SELECT COUNT(*) FROM {table}")),
            ["0"],
            "{table}"
        );
    }
    domains::restore(app, &app.root(), &name).await.unwrap();
    settled(app).await;
    assert_eq!(
        target.rows("SELECT local_part, domain, destination FROM mta_virtual ORDER BY 1, 2, 3"),
        before
    );
}

async fn an_address_can_be_given_to_another_mailbox_at_once(app: &TestApp, target: &TestTarget) {
    let first = app.mailbox("anna@one.test").await;
    let other = app.mailbox("ben@one.test").await;
    settled(app).await;
    // anna and ben swap their addresses by way of a third, before the worker has seen any of it.
    let rename = async |from: &MailboxRef, to: &str| {
        mailboxes::rename(app, &app.root(), from, to.parse().unwrap(), false)
            .await
            .unwrap();
    };
    rename(&MailboxRef::Id(first.id), "third").await;
    rename(&MailboxRef::Id(other.id), "anna").await;
    rename(&MailboxRef::Id(first.id), "ben").await;
    settled(app).await;
    assert_eq!(
        target.rows("SELECT local_part, storage FROM mailboxes ORDER BY local_part"),
        [
            format!("anna|{}", other.storage),
            format!("ben|{}", first.storage)
        ]
    );

    mailboxes::delete(app, &app.root(), &MailboxRef::Id(first.id))
        .await
        .unwrap();
    let anew = app.mailbox("ben@one.test").await;
    settled(app).await;
    assert_ne!(anew.storage, first.storage, "what is made anew starts empty");
    assert_eq!(
        target.rows("SELECT storage FROM mailboxes WHERE local_part = 'ben'"),
        [anew.storage]
    );
}

async fn counts_come_back(app: &TestApp, target: &TestTarget) {
    app.mailbox("anna@one.test").quota("1 GB").await;
    settled(app).await;
    target
        .rows("INSERT INTO quota_usage (username, bytes, messages) VALUES ('anna@one.test', 966367642, 12)");
    target.rows(
        "INSERT INTO last_login (username, service, last_at, remote_ip) VALUES ('anna@one.test', 'imap', 1700000000, '')",
    );
    let mut counted = postdesk::provisioning::usage::Counted::default();
    let mut link = target.connect().await;
    assert_eq!(counted.carry_over(app, &mut link).await.unwrap(), 1);
    assert_eq!(
        counted.carry_over(app, &mut link).await.unwrap(),
        0,
        "what did not change is not carried again"
    );

    let mailbox = app.mailbox_now("anna@one.test").await;
    let usage = mailbox.usage.unwrap();
    assert_eq!(
        (usage.bytes, usage.messages, mailbox.percent()),
        (966_367_642, 12, Some(90))
    );
    assert_eq!(mailbox.last_login_at.unwrap().as_micros(), 1_700_000_000_000_000);
    assert_eq!(mailbox.version, 1, "counting is no change");
}

//! What is the same for every change: versions, dry runs, repeats, notes to the targets.

use postdesk::access::{Call, IdempotencyKey};
use postdesk::error::{Error, IdempotencyProblem};
use postdesk::model::{EventKind, MailboxPatch, OrgPatch, Password, Quota, Secret};
use postdesk::service::{aliases, domains, mailboxes, orgs};

use super::word;
use crate::support::app::{TestApp, alias_draft, mailbox_draft};
use crate::support::backend::{both, sql};

both! {
    a_change_of_an_old_version_is_refused,
    a_dry_run_says_what_would_happen_and_leaves_nothing_behind,
    a_dry_run_refuses_what_the_real_one_would,
    a_repeated_request_is_known,
    every_change_is_noted_for_every_target,
    a_failed_change_leaves_nothing_behind,
    access_that_was_taken_meanwhile_is_gone,
}

fn expecting(app: &TestApp, version: i64) -> Call {
    Call {
        expected_version: Some(version),
        ..app.root()
    }
}

async fn a_change_of_an_old_version_is_refused(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let anna = "anna@brightwater.example".parse().unwrap();
    let domain = "brightwater.example".parse().unwrap();
    app.alias("all@brightwater.example", &["x@outside.test"]).await;
    let all = "all@brightwater.example".parse().unwrap();
    let org = app.domain_now("brightwater.example").await.org_id;

    let old = expecting(app, 7);
    assert_eq!(word(&mailboxes::delete(app, &old, &anna).await), "stale, is 1");
    assert_eq!(word(&aliases::delete(app, &old, &all).await), "stale, is 1");
    assert_eq!(word(&domains::delete(app, &old, &domain).await), "stale, is 1");
    assert_eq!(
        word(&orgs::update(app, &old, org, OrgPatch::default()).await),
        "stale, is 1"
    );
    assert_eq!(
        word(&mailboxes::delete(app, &expecting(app, 1), &anna).await),
        "done"
    );
}

/// One of each change that is possible on a filled store.
async fn everything(app: &TestApp, call: &Call) -> Vec<(String, usize)> {
    let anna = "anna@brightwater.example".parse().unwrap();
    let domain = "brightwater.example".parse().unwrap();
    let all = "all@brightwater.example".parse().unwrap();
    let org = app.domain_now("brightwater.example").await.org_id;
    let reason = || "test".parse().unwrap();
    let quota = MailboxPatch {
        quota: Some(Quota::Unlimited),
        ..MailboxPatch::default()
    };
    let mut secret = mailbox_draft("bert");
    secret.secret = Secret::Password(Password::offered("a long password").unwrap());
    let mut done = Vec::new();
    let mut note = |name: &str, events: usize| done.push((name.to_owned(), events));
    macro_rules! each {
        ($($name:literal $wish:expr;)*) => { $( note($name, $wish.await.unwrap().events.len()); )* };
    }
    each! {
        "org.suspend" orgs::suspend(app, call, org, reason());
        "org.limits" orgs::set_limits(app, call, org, super::limits("5", "", "", ""));
        "domain.suspend" domains::suspend(app, call, &domain, reason());
        "domain.alias" domains::add_alias(app, call, &domain, "bright.example".parse().unwrap());
        "mailbox.create" mailboxes::create(app, call, &domain, secret);
        "mailbox.update" mailboxes::update(app, call, &anna, quota);
        "mailbox.suspend" mailboxes::suspend(app, call, &anna, reason(), true, None);
        "mailbox.rename" mailboxes::rename(app, call, &anna, "ann".parse().unwrap(), true);
        "mailbox.delete" mailboxes::delete(app, call, &"ann@brightwater.example".parse().unwrap());
        "alias.create" aliases::create(app, call, &domain, alias_draft("new", &["x@outside.test"]));
        "alias.delete" aliases::delete(app, call, &all);
        "domain.delete" domains::delete(app, call, &domain);
        "domain.restore" domains::restore(app, call, &domain);
    }
    done
}

async fn filled(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.alias("all@brightwater.example", &["anna@brightwater.example"])
        .await;
}

async fn a_dry_run_says_what_would_happen_and_leaves_nothing_behind(app: &TestApp) {
    filled(app).await;
    let before = app.dump().await;
    let dry = Call {
        dry_run: true,
        ..app.root()
    };
    let anna = "anna@brightwater.example".parse().unwrap();
    let domain = "brightwater.example".parse().unwrap();
    let mut secret = mailbox_draft("bert");
    secret.secret = Secret::Password(Password::offered("a long password").unwrap());

    let made = mailboxes::create(app, &dry, &domain, secret).await.unwrap();
    let renamed = mailboxes::rename(app, &dry, &anna, "ann".parse().unwrap(), true)
        .await
        .unwrap();
    let gone = domains::delete(app, &dry, &domain).await.unwrap();
    let org = orgs::suspend(
        app,
        &dry,
        app.domain_now("brightwater.example").await.org_id,
        "x".parse().unwrap(),
    )
    .await;

    assert_eq!(made.events[0].kind, EventKind::MailboxCreated);
    assert_eq!(
        (renamed.events.len(), renamed.value.address.to_string()),
        (2, "ann@brightwater.example".to_owned())
    );
    assert_eq!((gone.events[0].touched.len(), word(&org)), (3, "done".to_owned()));
    assert_eq!(app.dump().await, before);
}

async fn a_dry_run_refuses_what_the_real_one_would(app: &TestApp) {
    filled(app).await;
    let dry = Call {
        dry_run: true,
        ..app.root()
    };
    let domain = "brightwater.example".parse().unwrap();

    let taken = mailboxes::create(app, &dry, &domain, mailbox_draft("anna")).await;

    assert_eq!(word(&taken), "already_exists");
}

async fn a_repeated_request_is_known(app: &TestApp) {
    filled(app).await;
    let domain = "brightwater.example".parse().unwrap();
    let key = IdempotencyKey {
        owner: uuid::Uuid::nil(),
        route: "POST /mailboxes".to_owned(),
        key: "k-1".to_owned(),
        request_hash: vec![1, 2, 3],
    };
    let call = Call {
        idempotency: Some(key.clone()),
        ..app.root()
    };
    assert!(app.store.remembered(&key).await.unwrap().is_none());

    let refused = mailboxes::create(app, &call, &domain, mailbox_draft("anna")).await;
    assert_eq!(word(&refused), "already_exists");
    assert!(app.store.remembered(&key).await.unwrap().is_none());
    mailboxes::create(app, &call, &domain, mailbox_draft("bert"))
        .await
        .unwrap();
    let running = app.store.remembered(&key).await.unwrap().unwrap();
    assert_eq!((running.request_hash, running.answer), (vec![1, 2, 3], None));
    let again = mailboxes::create(app, &call, &domain, mailbox_draft("carl")).await;
    assert!(matches!(
        again,
        Err(Error::Idempotency(IdempotencyProblem::Running))
    ));
    assert_eq!(app.domain_now("brightwater.example").await.usage.mailboxes, 2);

    app.store
        .remember_answer(&key, 201, "{}".to_owned(), "body".to_owned())
        .await
        .unwrap();
    let known = app.store.remembered(&key).await.unwrap().unwrap();
    assert_eq!(known.answer, Some((201, "{}".to_owned(), "body".to_owned())));
}

async fn every_change_is_noted_for_every_target(app: &TestApp) {
    filled(app).await;
    app.verify().await;
    clear_notes(app).await;

    for (name, events) in everything(app, &app.root()).await {
        assert!(events > 0, "{name}");
    }
    app.verify().await;
    let rows: Vec<(String, i64, i64)> = app
        .db()
        .read(
            "SELECT p.kind, COUNT(*), COUNT(DISTINCT p.target_id) FROM projections p
             WHERE p.pending_since IS NOT NULL GROUP BY p.kind ORDER BY p.kind",
        )
        .fetch_all()
        .await
        .unwrap();
    let seen: Vec<(&str, i64, i64)> = rows
        .iter()
        .map(|(kind, n, targets)| (kind.as_str(), *n, *targets))
        .collect();
    assert_eq!(
        seen,
        [
            ("alias", 6, 2),
            ("domain", 2, 2),
            ("domain_alias", 2, 2),
            ("mailbox", 4, 2)
        ]
    );
}

/// As if the worker had written everything.
async fn clear_notes(app: &TestApp) {
    let settle = sql("UPDATE projections SET applied = wanted, pending_since = NULL".to_owned());
    app.db().write(settle).execute().await.unwrap();
}

async fn a_failed_change_leaves_nothing_behind(app: &TestApp) {
    filled(app).await;
    let before = app.dump().await;
    let anna = "anna@brightwater.example".parse().unwrap();

    // the alias that is left behind is refused by the domain's limit, after the rename itself was done
    let domain = "brightwater.example".parse().unwrap();
    domains::set_limits(app, &app.root(), &domain, super::limits("", "1", "", ""))
        .await
        .unwrap();
    let with_limit = app.dump().await;
    let renamed = mailboxes::rename(app, &app.root(), &anna, "ann".parse().unwrap(), true).await;

    assert_eq!(word(&renamed), "limit_reached");
    assert_ne!(before, with_limit);
    assert_eq!(app.dump().await, with_limit);
}

async fn access_that_was_taken_meanwhile_is_gone(app: &TestApp) {
    filled(app).await;
    let admin = app.domain_admin("brightwater.example").await;
    let anna = "anna@brightwater.example".parse().unwrap();
    admin
        .also(
            postdesk::access::Role::HelpDesk,
            app.domain_scope("brightwater.example").await,
        )
        .await;

    let old = mailboxes::delete(app, &admin.call, &anna).await;
    let new = mailboxes::delete(app, &admin.again().await, &anna).await;

    assert_eq!(
        (word(&old), word(&new)),
        ("unknown".to_owned(), "done".to_owned())
    );
}

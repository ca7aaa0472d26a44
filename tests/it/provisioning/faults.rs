//! What goes wrong with one object or one target stays there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use postdesk::db::Db;
use postdesk::ids::Ids;
use postdesk::model::{Clock, ObjectKind, Timestamp};
use postdesk::provisioning::projection::Rows;
use postdesk::provisioning::target::{Job, Outcome};
use postdesk::provisioning::worker;
use postdesk::service::{mailboxes, provisioning};
use postdesk::start;
use postdesk::store::{ObjectState, PageRequest};
use tokio_util::sync::CancellationToken;

use super::target::{On, TestTarget, Worker, settled, until};
use crate::support::app::{BASE_URL, TestApp};
use crate::support::backend::{Backend, block_on};

#[test]
fn a_poisoned_object_parks_itself_and_holds_up_nobody() {
    block_on(async {
        let app = TestApp::new(Backend::Sqlite).await;
        let target = TestTarget::new("cluster", On::Sqlite).await;
        let worker = Worker::start(&app, &[&target]).await;
        app.domain("one.test").await;
        settled(&app).await;
        target.rows(
            "INSERT INTO mailboxes (local_part, domain, storage, node) VALUES ('anna', 'one.test', 'by-hand', 'node-a')",
        );

        let anna = app.mailbox("anna@one.test").await;
        let ben = app.mailbox("ben@one.test").await;
        app.wait_in_sync(ben.id.uuid(), Duration::from_secs(10))
            .await
            .unwrap();
        assert_eq!(
            target.rows("SELECT local_part FROM imap_users ORDER BY 1"),
            ["anna", "ben"]
        );

        until(&app, "anna is given up", async || {
            // Each failure is tried again later; the clock goes on until the tries are used up.
            app.later(Duration::from_mins(10));
            app.store.pending.ring();
            let states = provisioning::states_of(&app, anna.id.uuid()).await.unwrap();
            states[0].state == ObjectState::Failed
        })
        .await;
        let state = provisioning::states_of(&app, anna.id.uuid())
            .await
            .unwrap()
            .remove(0);
        assert_eq!(state.tries, 10);
        assert_eq!(
            state.error.unwrap(),
            "the mailbox anna@one.test is in the target already, in a row that Postdesk did not write"
        );
        let page = PageRequest::first(10);
        let open = provisioning::open_objects(&app, &app.root(), Some(ObjectState::Failed), &page)
            .await
            .unwrap();
        assert_eq!(open.items[0].name, "anna@one.test");

        target.rows("DELETE FROM mailboxes WHERE storage = 'by-hand'");
        provisioning::retry_failed(&app, &app.root()).await.unwrap();
        settled(&app).await;
        assert_eq!(
            target.rows("SELECT storage FROM mailboxes WHERE local_part = 'anna'"),
            [anna.storage]
        );
        worker.stop().await;
    });
}

#[test]
fn a_target_that_is_down_changes_nothing_for_people_and_catches_up_by_itself() {
    block_on(async {
        let app = TestApp::new(Backend::Sqlite).await;
        let up = TestTarget::new("up", On::Sqlite).await;
        // Nothing listens there: the database is not there, until it is.
        let down = TestTarget::bare("down", On::Postgres);
        let worker = Worker::start(&app, &[&up, &down]).await;
        app.domain("one.test").await;
        let anna = app.mailbox("anna@one.test").await;

        until(&app, "the other target is in sync", async || {
            let states = provisioning::states_of(&app, anna.id.uuid()).await.unwrap();
            states
                .iter()
                .any(|state| state.target == "up" && state.state == ObjectState::InSync)
        })
        .await;
        until(&app, "the one that is down says why", async || {
            let targets = provisioning::targets(&app, &app.root()).await.unwrap();
            let status = targets.into_iter().find(|target| target.name == "down").unwrap();
            status.failing_since.is_some()
                && status.pending > 0
                && status.error.is_some_and(|error| error.contains("target init"))
        })
        .await;

        down.connect()
            .await
            .init(Timestamp::from_micros(1))
            .await
            .unwrap();
        settled(&app).await;
        assert_eq!(down.rows("SELECT username FROM imap_users"), ["anna@one.test"]);
        let targets = provisioning::targets(&app, &app.root()).await.unwrap();
        assert!(targets.iter().all(|target| target.failing_since.is_none()));
        worker.stop().await;
    });
}

#[test]
fn a_stale_writer_never_overwrites_newer_state() {
    for on in [On::Sqlite, On::Postgres, On::Mariadb] {
        block_on(async {
            let target = TestTarget::new("cluster", on).await;
            let mut link = target.connect().await;
            let object = uuid::Uuid::from_u128(7);
            let job = |revision, active| Job {
                object,
                kind: ObjectKind::Domain,
                revision,
                rows: Rows::Domain {
                    name: "one.test".into(),
                    alias_of: None,
                    active,
                },
            };
            let now = Timestamp::from_micros(1);
            let mut write = async |job: Job| link.write(&[job], now).await.unwrap().remove(0);
            assert_eq!(write(job(2, true)).await, Outcome::Written);
            assert_eq!(write(job(1, false)).await, Outcome::Newer, "{on:?}");
            assert_eq!(
                write(job(2, true)).await,
                Outcome::Written,
                "a repeat is harmless"
            );
            assert_eq!(target.rows("SELECT active FROM domains"), ["1"]);
            let gone = Job {
                rows: Rows::None,
                ..job(3, false)
            };
            assert_eq!(write(gone).await, Outcome::Written);
            assert_eq!(
                write(job(2, true)).await,
                Outcome::Newer,
                "what is deleted stays deleted"
            );
            assert_eq!(target.rows("SELECT COUNT(*) FROM domains"), ["0"]);
        });
    }
}

#[test]
fn two_workers_share_a_target_without_harm() {
    block_on(async {
        let app = TestApp::new(Backend::Postgres).await;
        let target = TestTarget::new("cluster", On::Postgres).await;
        let one = Worker::start(&app, &[&target]).await;
        let two = Worker::start(&app, &[&target]).await;
        app.domain("one.test").await;
        for n in 0..30 {
            let at = format!("m{n}@one.test");
            app.mailbox(&at).await;
            if n % 3 == 0 {
                mailboxes::delete(&app, &app.root(), &at.parse().unwrap())
                    .await
                    .unwrap();
            }
        }
        settled(&app).await;
        assert_eq!(target.rows("SELECT COUNT(*) FROM mailboxes"), ["20"]);
        one.stop().await;
        // Whoever held the target has given it back.
        app.mailbox("late@one.test").await;
        settled(&app).await;
        two.stop().await;
    });
}

#[test]
fn what_is_purged_while_a_target_is_away_is_taken_out_of_it_later_and_then_forgotten() {
    block_on(async {
        let app = TestApp::new(Backend::Sqlite).await;
        let (up, away) = (
            TestTarget::new("up", On::Sqlite).await,
            TestTarget::new("away", On::Sqlite).await,
        );
        let worker = Worker::start(&app, &[&up, &away]).await;
        app.domain("one.test").await;
        let anna = app.mailbox("anna@one.test").await;
        settled(&app).await;
        worker.stop().await;

        let worker = Worker::start(&app, &[&up]).await;
        app.store
            .sync_targets(&[up.settings.clone(), away.settings.clone()])
            .await
            .unwrap();
        mailboxes::delete(&app, &app.root(), &"anna@one.test".parse().unwrap())
            .await
            .unwrap();
        let told = async || {
            let states = provisioning::states_of(&app, anna.id.uuid()).await.unwrap();
            states
                .into_iter()
                .map(|state| (state.target, state.state))
                .collect::<Vec<_>>()
        };
        until(&app, "one target knows, the other does not", async || {
            told().await.contains(&("up".to_owned(), ObjectState::InSync))
        })
        .await;
        app.days_later(40);
        postdesk::service::housekeeping::keep_promises(&app)
            .await
            .unwrap();
        assert_eq!(told().await, [("away".to_owned(), ObjectState::Pending)]);
        assert_eq!(away.rows("SELECT username FROM imap_users"), ["anna@one.test"]);
        worker.stop().await;

        let worker = Worker::start(&app, &[&up, &away]).await;
        settled(&app).await;
        assert!(away.rows("SELECT username FROM imap_users").is_empty());
        until(&app, "nothing is kept of it", async || told().await.is_empty()).await;
        worker.stop().await;
    });
}

/// A clock that stands still and counts how often somebody looks at it: once for each thing a worker asks.
#[derive(Debug)]
struct Looks(Timestamp, AtomicUsize);

impl Clock for Looks {
    fn now(&self) -> Timestamp {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0
    }
}

#[test]
fn a_standby_worker_rests_while_another_holds_the_target_and_takes_over_then() {
    block_on(async {
        let app = TestApp::new(Backend::Sqlite).await;
        let target = TestTarget::new("cluster", On::Sqlite).await;
        let settings = [target.settings.clone()];
        app.store.sync_targets(&settings).await.unwrap();
        let row = app.store.enabled_targets().await.unwrap().remove(0);
        let other = app.ids.next();
        let until_then = app.clock_now().plus(Duration::from_hours(1));
        app.store.lease(row.id, other, until_then).await.unwrap().unwrap();
        app.domain("one.test").await;

        let clock = Arc::new(Looks(app.clock_now(), AtomicUsize::new(0)));
        let dynamic = Arc::clone(&clock) as Arc<dyn Clock>;
        let ids = Ids::seeded(Arc::clone(&dynamic), 7);
        let db = Db::connect(&app.settings.database).await.unwrap();
        let standby = start::assemble(&app.settings, BASE_URL.to_owned(), db, dynamic, ids).unwrap();
        let (stop, holder, began) = (CancellationToken::new(), standby.ids.next(), Instant::now());
        let before = clock.1.load(Ordering::Relaxed);
        let running = tokio::spawn(worker::run(
            standby,
            settings.to_vec(),
            app.settings.worker.clone(),
            holder,
            stop.clone(),
        ));
        // What is due is asked for, and the target: a worker that spins does so hundreds of times in a second.
        until(&app, "it has asked for the target a few times", async || {
            clock.1.load(Ordering::Relaxed) - before > 7
        })
        .await;
        assert!(began.elapsed() > Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!(target.rows("SELECT COUNT(*) FROM domains"), ["0"]);

        app.store.end_lease(row.id, other).await.unwrap();
        settled(&app).await;
        assert_eq!(target.rows("SELECT name FROM domains"), ["one.test"]);
        stop.cancel();
        running.await.unwrap();
    });
}

#[test]
fn a_target_whose_counts_cannot_be_read_says_so() {
    block_on(async {
        let app = TestApp::new(Backend::Sqlite).await;
        let target = TestTarget::new("cluster", On::Sqlite).await;
        let worker = Worker::start(&app, &[&target]).await;
        app.domain("one.test").await;
        settled(&app).await;
        worker.stop().await;
        target.rows("DROP TABLE quota_usage");

        let worker = Worker::start(&app, &[&target]).await;
        until(&app, "the target says why", async || {
            let status = provisioning::targets(&app, &app.root()).await.unwrap().remove(0);
            status.failing_since.is_some() && status.error.is_some_and(|error| error.contains("quota_usage"))
        })
        .await;
        worker.stop().await;
    });
}

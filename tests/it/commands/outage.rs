//! A target that stops, refuses, dawdles or forgets while people work: nobody notices, and it is in sync again by
//! itself.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::tempdir;

use super::binary::{Portal, Said, run};
use super::wire::{self, Wire};
use crate::support::daemon::PATIENCE;
use crate::support::mariadb::Mariadb;
use crate::support::postgres::Postgres;

/// For how long a target is away; `POSTDESK_TEST_OUTAGE_S` asks for another time.
const OUTAGE: Duration = Duration::from_secs(3);
/// Clients that write at once.
const CLIENTS: usize = 4;

/// What the mailboxes are to be, by local part: the quota, or nothing for those that were deleted.
type Ledger = Mutex<BTreeMap<String, Option<u64>>>;

/// What the load came to.
#[derive(Debug, Default)]
struct Load {
    over: AtomicBool,
    writes: AtomicUsize,
    slowest_ms: AtomicUsize,
}

impl Load {
    /// One client that adds, changes and deletes until the load is over. Nothing it asks for may fail.
    fn write(&self, wire: &Wire, client: usize, ledger: &Ledger) {
        for n in 0.. {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let local = format!("c{client}n{n:05}");
            let path = format!("/mailboxes/{local}@one.example");
            let body = json!({"address": format!("{local}@one.example"), "quota_bytes": 1000});
            self.send(wire, "POST", "/mailboxes", &body.to_string(), 201);
            let quota = match n % 4 {
                0 => {
                    self.send(wire, "DELETE", &path, "", 200);
                    None
                }
                1 => {
                    self.send(wire, "PATCH", &path, r#"{"quota_bytes": 2000}"#, 200);
                    Some(2000)
                }
                _ => Some(1000),
            };
            ledger.lock().unwrap().insert(local, quota);
        }
    }

    fn send(&self, wire: &Wire, method: &str, path: &str, body: &str, status: u16) {
        let begun = Instant::now();
        let reply = wire.ask(method, path, body);
        assert_eq!(reply.status, status, "{method} {path}: {:#}", reply.body);
        let took = usize::try_from(begun.elapsed().as_millis()).unwrap();
        self.slowest_ms.fetch_max(took, Ordering::Relaxed);
        self.writes.fetch_add(1, Ordering::Relaxed);
    }

    #[expect(
        clippy::print_stdout,
        reason = "figures for whoever asks for a long outage by hand"
    )]
    fn tell(&self, away: Duration, in_sync_after: Duration) {
        let (writes, slowest_ms) = (&self.writes, &self.slowest_ms);
        println!(
            "away {away:?}; {writes:?} writes, the slowest {slowest_ms:?} ms; in sync {in_sync_after:?} after the load"
        );
    }

    /// Waits until so many more writes were answered, and so much time is over.
    fn go_on(&self, writes: usize, time: Duration) {
        let (begun, before) = (Instant::now(), self.writes.load(Ordering::Relaxed));
        while begun.elapsed() < time || self.writes.load(Ordering::Relaxed) < before + writes {
            assert!(begun.elapsed() < time + PATIENCE, "the load stands still");
            std::thread::yield_now();
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What `target` of `/provisioning/targets` says.
fn target<'a>(targets: &'a Value, name: &str) -> &'a Value {
    let all = targets["data"].as_array().unwrap();
    all.iter().find(|target| target["name"] == name).unwrap()
}

fn is_in_sync(targets: &Value) -> bool {
    let all = targets["data"].as_array().unwrap();
    all.iter()
        .all(|target| target["pending"] == 0 && target["failed"] == 0 && target["failing_since"].is_null())
}

fn outage() -> Duration {
    let asked = std::env::vars_os().find(|(name, _)| name == "POSTDESK_TEST_OUTAGE_S");
    let asked = asked.and_then(|(_, seconds)| seconds.to_str()?.parse().ok());
    asked.map_or(OUTAGE, Duration::from_secs)
}

/// Lets a target go away and come back under load; `held` reads the mailboxes that it holds.
fn survive(url: String, stop: impl Fn(), launch: impl Fn(), held: impl Fn() -> String) {
    let dir = tempdir().unwrap();
    let targets = [("cluster", url), ("near", "sqlite:near.db".to_owned())];
    let (portal, wire) = wire::portal(dir.path(), "", &targets, "");
    wire.until("/provisioning/targets", "in sync at first", is_in_sync);
    let (ledger, load) = (Ledger::default(), Load::default());
    let away = std::thread::scope(|scope| {
        let over = Over(&load.over);
        for client in 0..CLIENTS {
            let (wire, load, ledger) = (&wire, &load, &ledger);
            scope.spawn(move || load.write(wire, client, ledger));
        }
        load.go_on(20, Duration::ZERO);
        stop();
        let away = Instant::now();
        let says_why = |targets: &Value| {
            let cluster = target(targets, "cluster");
            !cluster["failing_since"].is_null() && cluster["pending"] != 0 && cluster["error"].is_string()
        };
        wire.until("/provisioning/targets", "the target is said to be away", says_why);
        let body = json!({"address": "witness@one.example", "quota_bytes": 1000}).to_string();
        assert_eq!(wire.ask("POST", "/mailboxes", &body).status, 201);
        wire.until(
            "/mailboxes/witness@one.example",
            "it waits for the one and is in the other",
            |witness| {
                let state = |n: usize| witness["provisioning"]["targets"][n]["state"].as_str();
                witness["provisioning"]["state"] == "pending"
                    && (state(0), state(1)) == (Some("pending"), Some("in_sync"))
            },
        );
        ledger.lock().unwrap().insert("witness".to_owned(), Some(1000));
        load.go_on(20, outage().saturating_sub(away.elapsed()));
        let away = away.elapsed();
        launch();
        load.go_on(20, Duration::ZERO);
        drop(over);
        away
    });

    let back = Instant::now();
    wire.until("/provisioning/targets", "in sync by itself", is_in_sync);
    load.tell(away, back.elapsed());
    let expected = ledger.into_inner().unwrap().into_iter();
    let expected: Vec<String> = expected
        .filter_map(|(local, quota)| Some(format!("{local} {}", quota?)))
        .collect();
    let held: Vec<String> = held().lines().map(ToOwned::to_owned).collect();
    assert_eq!(held, expected, "nothing lost, nothing twice");
    assert!(run(dir.path(), "--config postdesk.toml target verify").code == Some(0));
    portal.stop();
}

/// Ends the load also when a check fails, so that the test ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_postgresql_target_may_stop_under_load() {
    let server = Postgres::start();
    let database = server.create_database();
    let held = || {
        let sql = "SELECT local_part || ' ' || quota_bytes FROM mailboxes ORDER BY 1";
        server.sql(&database.name, sql)
    };
    survive(database.url(), || server.stop(), || server.launch(), held);
}

#[test]
fn a_mariadb_target_may_stop_under_load() {
    let server = Mariadb::start();
    let database = server.create_database();
    let held = || {
        let sql = "SELECT CONCAT(local_part, ' ', quota_bytes) FROM mailboxes ORDER BY 1";
        server.sql(&database.name, sql)
    };
    survive(database.url(), || server.stop(), || server.launch(), held);
}

/// A server of provisioning databases of one's own.
enum Server {
    Postgres(Postgres),
    Mariadb(Mariadb),
}

/// A portal with one target, and what goes wrong with it. Where two statements stand, they are for PostgreSQL and MariaDB.
struct Cluster {
    server: Server,
    database: String,
    dir: tempfile::TempDir,
    wire: Wire,
    _portal: Portal,
}

impl Cluster {
    fn both() -> [Self; 2] {
        let (postgres, mariadb) = (Postgres::start(), Mariadb::start());
        let (one, two) = (postgres.create_database(), mariadb.create_database());
        let servers = [
            (Server::Postgres(postgres), one.name, one.port),
            (Server::Mariadb(mariadb), two.name, two.port),
        ];
        servers.map(|(server, database, port)| Self::on(server, database, port))
    }

    fn on(server: Server, database: String, port: u16) -> Self {
        let scheme = match &server {
            Server::Postgres(server) => {
                server.sql("postgres", "CREATE ROLE writer LOGIN PASSWORD 'good'");
                server.sql(&database, "ALTER SCHEMA public OWNER TO writer");
                "postgres"
            }
            Server::Mariadb(server) => {
                let grant =
                    format!("CREATE USER writer IDENTIFIED BY 'good'; GRANT ALL ON {database}.* TO writer");
                server.sql("mysql", &grant);
                "mysql"
            }
        };
        let url = format!("{scheme}://writer:good@127.0.0.1:{port}/{database}");
        let dir = tempdir().unwrap();
        let (portal, wire) = wire::portal(dir.path(), "", &[("cluster", url)], "");
        wire.until("/provisioning/targets", "in sync at first", is_in_sync);
        Self {
            server,
            database,
            dir,
            wire,
            _portal: portal,
        }
    }

    fn sql(&self, [postgres, mariadb]: [&str; 2]) -> String {
        match &self.server {
            Server::Postgres(server) => server.sql(&self.database, postgres),
            Server::Mariadb(server) => server.sql(&self.database, mariadb),
        }
    }

    /// Ends the connections of the portal: what was changed is noticed by new ones only.
    fn hang_up(&self) {
        match &self.server {
            Server::Postgres(server) => {
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'writer'";
                server.sql("postgres", sql);
            }
            Server::Mariadb(server) => {
                server.sql("mysql", "KILL CONNECTION USER writer");
            }
        }
    }

    fn add(&self, local: &str) {
        let body = json!({"address": format!("{local}@one.example")}).to_string();
        assert_eq!(self.wire.ask("POST", "/mailboxes", &body).status, 201);
    }

    /// Adds a mailbox, which waits while the target is not as it should be, and says so in a word.
    fn waits(&self, local: &str, word: &str) {
        self.add(local);
        let says_why = |targets: &Value| {
            let why = target(targets, "cluster")["error"].as_str().unwrap_or_default();
            why.contains(word) && !why.contains("good")
        };
        let targets = self.wire.until("/provisioning/targets", word, says_why);
        assert_eq!(
            target(&targets, "cluster")["failed"],
            0,
            "no object is given up for it"
        );
    }

    fn is_whole_again(&self, local: &str) {
        self.wire
            .until("/provisioning/targets", "in sync by itself", is_in_sync);
        let sql = format!("SELECT count(*) FROM imap_users WHERE local_part = '{local}'");
        assert_eq!(self.sql([&sql, &sql]), "1\n", "{local}");
    }

    fn command(&self, arguments: &str) -> Said {
        run(self.dir.path(), &format!("--config postdesk.toml {arguments}"))
    }
}

#[test]
fn a_target_that_refuses_is_waited_for_and_says_why() {
    for cluster in Cluster::both() {
        cluster.sql([
            "ALTER ROLE writer SET default_transaction_read_only = on",
            "SET GLOBAL read_only = 1",
        ]);
        cluster.hang_up();
        cluster.waits("readonly", "read-only");
        cluster.sql([
            "ALTER ROLE writer RESET default_transaction_read_only",
            "SET GLOBAL read_only = 0",
        ]);
        cluster.hang_up();
        cluster.is_whole_again("readonly");

        cluster.sql([
            "ALTER ROLE writer PASSWORD 'other'",
            "ALTER USER writer IDENTIFIED BY 'other'",
        ]);
        cluster.hang_up();
        cluster.waits("password", "password");
        cluster.sql([
            "ALTER ROLE writer PASSWORD 'good'",
            "ALTER USER writer IDENTIFIED BY 'good'",
        ]);
        cluster.is_whole_again("password");
    }
}

#[test]
fn nobody_waits_for_a_target_that_dawdles() {
    for cluster in Cluster::both() {
        let lock = [
            "BEGIN; LOCK TABLE mailboxes IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3600)",
            "LOCK TABLES mailboxes WRITE; SELECT SLEEP(3600)",
        ];
        let sleeping = [
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
            "SELECT count(*) FROM information_schema.processlist WHERE state = 'User sleep'",
        ];
        let wake = [
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
            "KILL CONNECTION USER root",
        ];
        std::thread::scope(|scope| {
            let holder = scope.spawn(|| match &cluster.server {
                Server::Postgres(server) => server.try_sql(&cluster.database, lock[0]),
                Server::Mariadb(server) => server.try_sql(&cluster.database, lock[1]),
            });
            let deadline = Instant::now() + PATIENCE;
            while cluster.sql(sleeping).trim() == "0" {
                assert!(Instant::now() < deadline, "nobody holds the lock");
            }
            let begun = Instant::now();
            for n in 0..5 {
                cluster.add(&format!("slow{n}"));
            }
            let slow = cluster.wire.ask("GET", "/mailboxes/slow4@one.example", "").body;
            assert_eq!(slow["provisioning"]["state"], "pending");
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "people wait for the target"
            );
            match &cluster.server {
                Server::Postgres(server) => drop(server.try_sql(&cluster.database, wake[0])),
                Server::Mariadb(server) => drop(server.try_sql("mysql", wake[1])),
            }
            drop(holder.join());
        });
        cluster.is_whole_again("slow4");
    }
}

#[test]
fn a_target_that_lost_a_table_is_found_out_and_made_whole() {
    for cluster in Cluster::both() {
        cluster.add("ana");
        cluster.is_whole_again("ana");
        cluster.command("target verify").well();

        cluster.sql([
            "DROP TABLE mailboxes CASCADE",
            "SET SESSION foreign_key_checks = 0; DROP TABLE mailboxes",
        ]);
        cluster.waits("ben", "target init");
        assert_ne!(cluster.command("target verify").code, Some(0));

        cluster.command("target init cluster").well();
        cluster.command("target resync cluster").well();
        cluster.is_whole_again("ana");
        cluster.is_whole_again("ben");
        cluster.command("target verify").well();
    }
}

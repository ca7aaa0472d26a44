//! The plug is pulled, again and again, under load: what was acknowledged is there, everywhere, once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tempfile::tempdir;

use super::binary::{Portal, run};
use super::wire::{self, Wire};
use crate::support::daemon::{self, PATIENCE};

/// How often the plug is pulled; `POSTDESK_TEST_KILLS` asks for more.
const KILLS: usize = 6;
/// Clients that write at once.
const CLIENTS: usize = 4;

/// What the clients know of what they asked for: the local parts, and whether a 201 came back.
#[derive(Default)]
struct Ledger(Mutex<BTreeMap<String, bool>>);

impl Ledger {
    fn ask(&self, local: &str) {
        self.0.lock().unwrap().insert(local.to_owned(), false);
    }

    fn acknowledge(&self, local: &str) {
        self.0.lock().unwrap().insert(local.to_owned(), true);
    }
}

#[test]
fn an_acknowledged_change_survives_the_plug_and_reaches_the_target_once() {
    let kills = std::env::vars_os().find(|(name, _)| name == "POSTDESK_TEST_KILLS");
    let kills = kills
        .and_then(|(_, kills)| kills.to_str()?.parse().ok())
        .unwrap_or(KILLS);
    let dir = tempdir().unwrap();
    let (serve, token) = installation(dir.path());
    let ledger = Ledger::default();
    let next = AtomicUsize::new(0);
    for round in 0..kills {
        // The plug is pulled in the middle of the writing, a little later each time.
        write_until_killed(dir.path(), (&serve, &token), &ledger, &next, 5 + round % 7);
    }

    let portal = Portal::start(dir.path(), &serve);
    wait_until_settled(dir.path());
    let asked = ledger.0.into_inner().unwrap();
    let done = asked.iter().filter(|(_, done)| **done);
    let acknowledged: BTreeSet<String> = done.map(|(local, _)| local.clone()).collect();
    assert!(acknowledged.len() >= kills * 5);

    let stored = lines(
        dir.path(),
        "postdesk.db",
        "SELECT local_part FROM mailboxes ORDER BY 1",
    );
    let stored: BTreeSet<String> = once_each("the store", stored);
    assert!(
        stored.is_superset(&acknowledged),
        "lost: {:?}",
        acknowledged.difference(&stored)
    );
    assert!(
        stored.iter().all(|local| asked.contains_key(local)),
        "nothing comes from nowhere"
    );

    let audited = "SELECT replace(subject, '@one.example', '') FROM events WHERE kind = 'mailbox.created'";
    assert_eq!(
        once_each("the audit", lines(dir.path(), "postdesk.db", audited)),
        stored
    );
    let written = lines(dir.path(), "cluster.db", "SELECT local_part FROM imap_users");
    assert_eq!(once_each("the target", written), stored);
    let counted = lines(dir.path(), "postdesk.db", "SELECT used_mailboxes FROM domains");
    assert_eq!(counted, [stored.len().to_string()]);
    assert_eq!(lines(dir.path(), "postdesk.db", "PRAGMA quick_check"), ["ok"]);
    portal.stop();
    // Its last word is a checkpoint of the newest entry, and all of them agree.
    let verified = run(dir.path(), "--config postdesk.toml audit verify").well();
    assert!(verified.contains("checkpoints agree"), "{verified}");
}

/// One life of the portal: clients write, and when so many changes are acknowledged, it is killed.
fn write_until_killed(
    dir: &Path,
    (serve, token): (&str, &str),
    ledger: &Ledger,
    next: &AtomicUsize,
    enough: usize,
) {
    let portal = Portal::start(dir, serve);
    let wire = Wire {
        address: portal.address.clone(),
        token: token.to_owned(),
    };
    let (over, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let local = format!("m{:06}", next.fetch_add(1, Ordering::Relaxed));
                    ledger.ask(&local);
                    let body = format!(r#"{{"address": "{local}@one.example", "display_name": "Somebody"}}"#);
                    let reply = wire.try_ask("POST", "/mailboxes", "", &body);
                    if reply.is_some_and(|reply| reply.status == 201) {
                        ledger.acknowledge(&local);
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let deadline = Instant::now() + PATIENCE;
        while acknowledged.load(Ordering::Relaxed) < enough {
            assert!(Instant::now() < deadline, "nothing is acknowledged");
            std::thread::yield_now();
        }
        portal.signal("KILL");
        over.store(true, Ordering::Relaxed);
    });
}

/// A store with one domain, a target, and an operator's token; how to serve it.
fn installation(dir: &Path) -> (String, String) {
    let targets = [("cluster", "sqlite:cluster.db".to_owned())];
    let (portal, wire) = wire::portal(dir, "", &targets, "");
    portal.stop();
    ("--config postdesk.toml serve".to_owned(), wire.token)
}

fn lines(dir: &Path, file: &str, sql: &str) -> Vec<String> {
    let file = dir.join(file).display().to_string();
    daemon::run(Command::new("sqlite3").args(["-readonly", &*file, sql]))
        .lines()
        .map(ToOwned::to_owned)
        .collect()
}

fn once_each(place: &str, lines: Vec<String>) -> BTreeSet<String> {
    let count = lines.len();
    let set: BTreeSet<String> = lines.into_iter().collect();
    assert_eq!(set.len(), count, "{place} has something twice");
    set
}

fn wait_until_settled(dir: &Path) {
    let deadline = Instant::now() + PATIENCE;
    let open = "SELECT COUNT(*) FROM projections WHERE pending_since IS NOT NULL";
    while lines(dir, "postdesk.db", open) != ["0"] {
        assert!(Instant::now() < deadline, "the target never catches up");
        std::thread::sleep(Duration::from_millis(50));
    }
}

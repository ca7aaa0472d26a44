//! What is changed in the audit behind Postdesk's back is found, on both databases, and the first bad entry is named.

use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use postdesk::access::{AuditExport, Call, Place};
use postdesk::model::Link;
use postdesk::service::audit::{self, Checkpoints};
use postdesk::service::{App, mailboxes};
use tempfile::TempDir;
use tokio::sync::Barrier;

use super::word;
use crate::support::app::{TestApp, mailbox_draft};
use crate::support::backend::{Backend, block_on, both, sql};

both! {
    entries_are_numbered_without_gaps_whoever_writes_at_once,
    a_dry_run_and_a_refusal_leave_no_gap,
    a_change_whose_entry_cannot_be_written_does_not_happen,
    the_database_takes_no_entry_that_does_not_follow_and_moves_no_head_back,
    entries_of_before_are_put_into_the_chain_in_their_order,
    only_who_sees_everything_may_check_it,
}

async fn create(app: App, call: Call, local: String) -> String {
    let domain = "brightwater.example".parse().unwrap();
    word(&mailboxes::create(&app, &call, &domain, mailbox_draft(&local)).await)
}

async fn numbers(app: &TestApp) -> Vec<Option<i64>> {
    let rows: Vec<(Option<i64>,)> = app
        .db()
        .read("SELECT seq FROM events ORDER BY seq")
        .fetch_all()
        .await
        .unwrap();
    rows.into_iter().map(|(seq,)| seq).collect()
}

async fn entries_are_numbered_without_gaps_whoever_writes_at_once(app: &TestApp) {
    app.domain("brightwater.example").await;
    let before = app.store.chain_head().await.unwrap().seq;
    let neighbour = app.neighbour().await;
    let barrier = Arc::new(Barrier::new(16));
    let mut running = tokio::task::JoinSet::new();
    for n in 0..16 {
        let store = if n % 2 == 0 {
            neighbour.clone()
        } else {
            App::clone(app)
        };
        let (call, barrier) = (app.root(), Arc::clone(&barrier));
        running.spawn(async move {
            barrier.wait().await;
            for k in 0..5 {
                assert_eq!(
                    create(store.clone(), call.clone(), format!("m{n}x{k}")).await,
                    "done"
                );
            }
        });
    }
    running.join_all().await;

    let head = app.store.chain_head().await.unwrap().seq;
    assert_eq!(head, before + 16 * 5);
    assert_eq!(numbers(app).await, (1..=head).map(Some).collect::<Vec<_>>());
}

async fn a_dry_run_and_a_refusal_leave_no_gap(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let before = app.store.chain_head().await.unwrap();
    let mut rehearsal = app.root();
    rehearsal.dry_run = true;

    assert_eq!(
        create(App::clone(app), rehearsal, "bert".to_owned()).await,
        "done"
    );
    assert_ne!(
        create(App::clone(app), app.root(), "anna".to_owned()).await,
        "done"
    );

    assert_eq!(app.store.chain_head().await.unwrap(), before);
}

async fn a_change_whose_entry_cannot_be_written_does_not_happen(app: &TestApp) {
    app.domain("brightwater.example").await;
    let before = app.dump().await;
    let (refuse, allow) = match app.backend {
        Backend::Sqlite => (
            "CREATE TRIGGER no_more BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END",
            "DROP TRIGGER no_more",
        ),
        Backend::Postgres => (
            "CREATE TRIGGER no_more BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse_change_of_the_audit()",
            "DROP TRIGGER no_more ON events",
        ),
    };
    app.db().write(refuse).execute().await.unwrap();

    let answer = create(App::clone(app), app.root(), "anna".to_owned()).await;

    assert_ne!(answer, "done");
    assert_eq!(app.dump().await, before);
    app.db().write(allow).execute().await.unwrap();
    assert_eq!(
        create(App::clone(app), app.root(), "anna".to_owned()).await,
        "done"
    );
}

const COLUMNS: &str = "at, kind, org_path, domain_id, subject_kind, subject_id, subject, actor_id, actor, credential, \
                       request_id, detail";

async fn the_database_takes_no_entry_that_does_not_follow_and_moves_no_head_back(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let before = app.dump().await;
    let head = app.store.chain_head().await.unwrap().seq;
    let copied = |id: &str, seq: i64| {
        let id = match app.backend {
            Backend::Sqlite => format!("x'{id}'"),
            Backend::Postgres => format!("CAST('{id}' AS UUID)"),
        };
        format!(
            "INSERT INTO events (id, {COLUMNS}, seq, detail_hash, hash)
             SELECT {id}, {COLUMNS}, {seq}, detail_hash, hash FROM events WHERE seq = 1"
        )
    };
    let new = "00000000000000000000000000000001";
    let mut refused = vec![
        copied(new, head),
        copied(new, head + 2),
        copied(new, head + 1).replace("detail_hash, hash FROM", "detail_hash, NULL FROM"),
        "UPDATE events SET seq = seq".to_owned(),
        "UPDATE events SET actor = 'nobody' WHERE seq = 1".to_owned(),
        format!("DELETE FROM events WHERE seq = {head}"),
        format!("UPDATE audit_head SET seq = {}", head - 1),
        format!("UPDATE audit_head SET seq = {}", head + 1),
        "UPDATE audit_head SET hash = (SELECT hash FROM events WHERE seq = 1)".to_owned(),
        "DELETE FROM audit_head".to_owned(),
    ];
    match app.backend {
        Backend::Sqlite => {
            let first = "SELECT id FROM events WHERE seq = 1";
            let replacing = copied(new, head + 1).replace(&format!("x'{new}'"), &format!("({first})"));
            refused.push(replacing.replacen("INSERT", "INSERT OR REPLACE", 1));
            refused.push("INSERT OR REPLACE INTO audit_head VALUES ('head', 1, zeroblob(32))".to_owned());
        }
        Backend::Postgres => {
            refused.extend(["events", "audit_head"].map(|table| format!("TRUNCATE {table}")));
        }
    }

    for statement in refused {
        let answer = app.db().write(sql(statement.clone())).execute().await;
        assert!(answer.is_err(), "{statement}");
    }
    assert_eq!(app.dump().await, before);
}

async fn entries_of_before_are_put_into_the_chain_in_their_order(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    app.mailbox("bert@brightwater.example").await;
    let sealed = app.dump().await;
    as_superuser(app).await;
    run(
        app,
        "UPDATE events SET seq = NULL, hash = NULL, detail_hash = NULL",
    )
    .await;
    run(app, "UPDATE audit_head SET seq = 0, hash = ?").await;
    guarded_again(app).await;

    let numbered = app.store.number_old_entries().await.unwrap();

    assert_eq!(
        i64::try_from(numbered).unwrap(),
        app.store.chain_head().await.unwrap().seq
    );
    assert_eq!(app.dump().await, sealed);
    assert_eq!(app.store.number_old_entries().await.unwrap(), 0);
}

async fn only_who_sees_everything_may_check_it(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let operator = app.operator().await;

    assert_eq!(
        word(&audit::verify(app, &admin.call, None, &mut |_, _| ()).await),
        "not found"
    );
    assert_eq!(
        word(&audit::verify(app, &operator.call, None, &mut |_, _| ()).await),
        "done"
    );
}

/// Takes the triggers away, as only the owner of the tables can.
async fn as_superuser(app: &TestApp) {
    match app.backend {
        Backend::Sqlite => {
            for (name, _) in triggers(app).await {
                run(app, &format!("DROP TRIGGER {name}")).await;
            }
        }
        Backend::Postgres => {
            for table in ["events", "audit_head"] {
                run(app, &format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await;
            }
        }
    }
}

async fn triggers(app: &TestApp) -> Vec<(String, String)> {
    let triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
    app.db().read(triggers).fetch_all().await.unwrap()
}

/// Puts the triggers back.
async fn guarded_again(app: &TestApp) {
    match app.backend {
        Backend::Sqlite => {
            let pristine = TestApp::new(Backend::Sqlite).await;
            for (_, text) in triggers(&pristine).await {
                run(app, &text).await;
            }
        }
        Backend::Postgres => {
            for table in ["events", "audit_head"] {
                run(app, &format!("ALTER TABLE {table} ENABLE TRIGGER USER")).await;
            }
        }
    }
}

/// Runs SQL in which `?` is a hash of zeroes.
async fn run(app: &TestApp, statement: &str) {
    let zeroes = match app.backend {
        Backend::Sqlite => "zeroblob(32)",
        Backend::Postgres => "decode(repeat('00', 32), 'hex')",
    };
    let statement = sql(statement.replace('?', zeroes));
    let done = app.db().write(statement).execute().await;
    done.unwrap_or_else(|problem| panic!("{statement}: {problem:?}"));
}

/// An audit of more than a dozen entries, with checkpoints at the fourth and at the newest.
struct Scene {
    app: TestApp,
    checkpoints: Checkpoints,
    newest: i64,
    _dir: TempDir,
}

impl Scene {
    async fn new(backend: Backend) -> Self {
        let app = TestApp::new(backend).await;
        for n in 0..12 {
            app.mailbox(&format!("m{n}@brightwater.example")).await;
        }
        let dir = tempfile::tempdir().unwrap();
        let (key, file) = files(&dir);
        let checkpoints = Checkpoints::open(&key, &file, &[7; 32]).unwrap();
        let newest = app.store.chain_head().await.unwrap();
        let fourth = links(&app).await[3];
        assert!(checkpoints.write(&fourth, app.clock_now()).unwrap());
        assert!(checkpoints.write(&newest, app.clock_now()).unwrap());
        as_superuser(&app).await;
        Self {
            app,
            checkpoints,
            newest: newest.seq,
            _dir: dir,
        }
    }

    /// What is found: the damage and the numbers it is about, or `sound`; without and with the checkpoints.
    async fn found(&self) -> (String, String) {
        let alone = audit::verify(&self.app, &self.app.root(), None, &mut |_, _| ()).await;
        let with = audit::verify(
            &self.app,
            &self.app.root(),
            Some(&self.checkpoints),
            &mut |_, _| (),
        )
        .await;
        let say = |found: audit::Verification| match found.findings.first() {
            None => "sound".to_owned(),
            Some(finding) => {
                let broken = finding.broken;
                format!("{} {}-{}", broken.damage.as_str(), broken.seq, broken.until)
            }
        };
        (say(alone.unwrap()), say(with.unwrap()))
    }

    /// Makes all hashes anew, and the head too, as somebody would who knows how.
    async fn make_hashes_anew(&self) {
        let permit = self
            .app
            .root()
            .actor
            .permit::<AuditExport>(Place::system())
            .unwrap();
        let mut last = Link::START;
        for entry in self.app.store.chain_from(&permit, 1).await.unwrap() {
            last = entry.found().sealed.after(&last);
            let hash = self.bytes(&last);
            run(
                &self.app,
                &format!("UPDATE events SET hash = {hash} WHERE seq = {}", last.seq),
            )
            .await;
        }
        let hash = self.bytes(&last);
        run(
            &self.app,
            &format!("UPDATE audit_head SET seq = {}, hash = {hash}", last.seq),
        )
        .await;
    }

    fn bytes(&self, link: &Link) -> String {
        let hash = HEXLOWER.encode(&link.hash);
        match self.app.backend {
            Backend::Sqlite => format!("x'{hash}'"),
            Backend::Postgres => format!("decode('{hash}', 'hex')"),
        }
    }
}

fn files(dir: &TempDir) -> (PathBuf, PathBuf) {
    (dir.path().join("audit.key"), dir.path().join("audit.checkpoints"))
}

async fn links(app: &TestApp) -> Vec<Link> {
    let permit = app.root().actor.permit::<AuditExport>(Place::system()).unwrap();
    let entries = app.store.chain_from(&permit, 1).await.unwrap();
    entries.iter().map(|entry| entry.found().link).collect()
}

/// The newest entry, in what is expected.
const N: i64 = 1000;

/// A way to tamper, and what is found. `:n` is the newest entry.
type Tampering = (&'static str, &'static [&'static str], (&'static str, i64, i64));

/// What is found without and with checkpoints.
const TAMPERING: &[Tampering] = &[
    ("nothing", &[], ("sound", 0, 0)),
    (
        "a name is changed",
        &["UPDATE events SET actor = 'nobody' WHERE seq = 5"],
        ("changed", 5, 5),
    ),
    (
        "a moment is changed",
        &["UPDATE events SET at = at - 1 WHERE seq = 5"],
        ("changed", 5, 5),
    ),
    (
        "a detail is changed",
        &["UPDATE events SET detail = '{}' WHERE seq = 5"],
        ("changed", 5, 5),
    ),
    (
        "a hash is changed",
        &["UPDATE events SET hash = ? WHERE seq = 5"],
        ("changed", 5, 5),
    ),
    (
        "the newest is changed",
        &["UPDATE events SET subject = 'x' WHERE seq = :n"],
        ("changed", N, N),
    ),
    (
        "one is deleted",
        &["DELETE FROM events WHERE seq = 5"],
        ("missing", 5, 5),
    ),
    (
        "the first is deleted",
        &["DELETE FROM events WHERE seq = 1"],
        ("missing", 1, 1),
    ),
    (
        "a range is deleted",
        &["DELETE FROM events WHERE seq BETWEEN 5 AND 7"],
        ("missing", 5, 7),
    ),
    (
        "one is deleted and the others move up",
        &[
            "DELETE FROM events WHERE seq = 5",
            "UPDATE events SET seq = -seq WHERE seq > 5",
            "UPDATE events SET seq = -seq - 1 WHERE seq < 0",
        ],
        ("changed", 5, 5),
    ),
    (
        "one is inserted and the others move down",
        &[
            "UPDATE events SET seq = -seq WHERE seq >= 5",
            "UPDATE events SET seq = -seq + 1 WHERE seq < 0",
            "COPY 7 TO 5",
        ],
        ("inserted", 5, 5),
    ),
    (
        "one is inserted behind the head",
        &["COPY 7 TO :n + 1"],
        ("inserted", N + 1, N + 1),
    ),
    (
        "one is inserted before the first",
        &["COPY 7 TO 0"],
        ("inserted", 0, 0),
    ),
    (
        "one is inserted without a number",
        &["COPY 7 TO NULL"],
        ("inserted", 0, 0),
    ),
    (
        "two neighbours change places",
        &[
            "UPDATE events SET seq = -5 WHERE seq = 5",
            "UPDATE events SET seq = 5 WHERE seq = 6",
            "UPDATE events SET seq = 6 WHERE seq = -5",
        ],
        ("out_of_order", 5, 6),
    ),
    (
        "two others change places",
        &[
            "UPDATE events SET seq = -5 WHERE seq = 5",
            "UPDATE events SET seq = 5 WHERE seq = 9",
            "UPDATE events SET seq = 9 WHERE seq = -5",
        ],
        ("out_of_order", 5, 9),
    ),
    (
        "the newest is cut off",
        &["DELETE FROM events WHERE seq > :n - 1"],
        ("tail_cut", N, N),
    ),
    (
        "the two newest are cut off",
        &["DELETE FROM events WHERE seq > :n - 2"],
        ("tail_cut", N - 1, N),
    ),
    (
        "the five newest are cut off",
        &["DELETE FROM events WHERE seq > :n - 5"],
        ("tail_cut", N - 4, N),
    ),
    (
        "everything is cut off",
        &["DELETE FROM events"],
        ("tail_cut", 1, N),
    ),
    (
        "the head is moved back",
        &["UPDATE audit_head SET seq = :n - 2, hash = (SELECT hash FROM events WHERE seq = :n - 2)"],
        ("head_moved", N - 1, N - 1),
    ),
    (
        "the head's hash is changed",
        &["UPDATE audit_head SET hash = ?"],
        ("head_moved", N, N),
    ),
    (
        "the head is deleted",
        &["DELETE FROM audit_head"],
        ("head_moved", N, N),
    ),
];

fn tampering_is_found(backend: Backend) {
    block_on(async {
        for (name, statements, (damage, from, until)) in TAMPERING {
            let scene = Scene::new(backend).await;
            for statement in *statements {
                scene.tamper(statement).await;
            }
            let wanted = scene.wanted(damage, *from, *until);
            assert_eq!(scene.found().await, (wanted.clone(), wanted), "{name}");
        }
    });
}

impl Scene {
    async fn tamper(&self, statement: &str) {
        let statement = statement.replace(":n", &self.newest.to_string());
        match statement
            .strip_prefix("COPY ")
            .and_then(|rest| rest.split_once(" TO "))
        {
            Some((from, to)) => {
                let id = match self.app.backend {
                    Backend::Sqlite => "randomblob(16)",
                    Backend::Postgres => "gen_random_uuid()",
                };
                let copy = format!(
                    "INSERT INTO events (id, {COLUMNS}, seq, detail_hash, hash)
                     SELECT {id}, {COLUMNS}, {to}, detail_hash, hash FROM events WHERE seq = {from}"
                );
                run(&self.app, &copy).await;
            }
            None => run(&self.app, &statement).await,
        }
    }

    fn wanted(&self, damage: &str, from: i64, until: i64) -> String {
        let number = |n: i64| if n > N / 2 { n - N + self.newest } else { n };
        match damage {
            "sound" => damage.to_owned(),
            damage => format!("{damage} {}-{}", number(from), number(until)),
        }
    }
}

#[test]
fn tampering_is_found_on_sqlite() {
    tampering_is_found(Backend::Sqlite);
}

#[test]
fn tampering_is_found_on_postgres() {
    tampering_is_found(Backend::Postgres);
}

/// What only the checkpoints know: everything in the database fits together.
const HIDDEN: &[Tampering] = &[
    (
        "an entry is changed",
        &["UPDATE events SET actor = 'nobody' WHERE seq = 9"],
        ("checkpoint_mismatch", 5, N),
    ),
    (
        "an early entry is changed",
        &["UPDATE events SET actor = 'nobody' WHERE seq = 2"],
        ("checkpoint_mismatch", 1, 4),
    ),
    (
        "the newest is cut off",
        &["DELETE FROM events WHERE seq > :n - 1"],
        ("tail_cut", N, N),
    ),
    (
        "the six newest are cut off",
        &["DELETE FROM events WHERE seq > :n - 6"],
        ("tail_cut", N - 5, N),
    ),
    (
        "one is deleted and the others move up",
        &[
            "DELETE FROM events WHERE seq = 5",
            "UPDATE events SET seq = -seq WHERE seq > 5",
            "UPDATE events SET seq = -seq - 1 WHERE seq < 0",
        ],
        ("tail_cut", N, N),
    ),
];

#[test]
fn whoever_makes_all_hashes_anew_is_found_by_the_checkpoints() {
    block_on(async {
        for backend in Backend::ALL {
            for (name, statements, (damage, from, until)) in HIDDEN {
                let scene = Scene::new(backend).await;
                for statement in *statements {
                    scene.tamper(statement).await;
                }
                scene.make_hashes_anew().await;
                let wanted = scene.wanted(damage, *from, *until);
                assert_eq!(scene.found().await, ("sound".to_owned(), wanted), "{name}");
            }
        }
    });
}

#[test]
fn a_checkpoint_that_somebody_else_signed_is_found() {
    block_on(async {
        let scene = Scene::new(Backend::Sqlite).await;
        let file = scene.checkpoints.file().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let others = tempfile::tempdir().unwrap();
        let (key, elsewhere) = files(&others);
        let stranger = Checkpoints::open(&key, &elsewhere, &[8; 32]).unwrap();
        let third = links(&scene.app).await[2];
        stranger.write(&third, scene.app.clock_now()).unwrap();
        let forged = std::fs::read_to_string(&elsewhere).unwrap();

        std::fs::write(&file, format!("{text}{forged}")).unwrap();
        assert_eq!(scene.found().await.1, "bad_signature 3-3");
        std::fs::write(&file, format!("{text}nonsense\n")).unwrap();
        assert_eq!(scene.found().await.1, "bad_signature 0-0");
        std::fs::write(&file, text.replacen("\"seq\":4", "\"seq\":5", 1)).unwrap();
        assert_eq!(scene.found().await.1, "bad_signature 5-5");
        // What was half written when the power went is nobody's fault, and the next one takes its place.
        std::fs::write(&file, format!("{text}{{\"seq\":9")).unwrap();
        assert_eq!(scene.found().await.1, "sound");
        let next = Link {
            seq: scene.newest + 1,
            hash: [1; 32],
        };
        assert!(scene.checkpoints.write(&next, scene.app.clock_now()).unwrap());
        let kept = scene.checkpoints.read().unwrap();
        assert_eq!((kept.good.len(), kept.bad.len()), (3, 0));
    });
}

#[test]
fn the_key_is_made_once_for_its_owner_alone_and_missed_when_it_is_gone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let (key, file) = files(&dir);
    assert!(Checkpoints::existing(&key, &file).unwrap().is_none());
    let first = Checkpoints::open(&key, &file, &[7; 32]).unwrap();
    let second = Checkpoints::open(&key, &file, &[9; 32]).unwrap();
    let at = "2026-01-05T09:00:00Z".parse().unwrap();
    let link = |seq| Link { seq, hash: [5; 32] };

    assert_eq!(
        std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(first.write(&link(1), at).unwrap());
    assert!(!second.write(&link(1), at).unwrap(), "written already");
    assert!(second.write(&link(2), at).unwrap());
    let kept = first.read().unwrap();
    assert_eq!((kept.good.len(), kept.bad.len()), (2, 0));
    assert_eq!(first.newest().unwrap().unwrap().link, link(2));
    let secret = std::fs::read_to_string(&key).unwrap();
    assert!(!format!("{first:?}").contains(secret.trim()));

    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let open = Checkpoints::open(&key, &file, &[7; 32]).unwrap_err();
    assert!(open.to_string().contains("chmod 600"), "{open}");
    std::fs::remove_file(&key).unwrap();
    let gone = Checkpoints::open(&key, &file, &[7; 32]).unwrap_err();
    assert!(gone.to_string().contains("put the key back"), "{gone}");
}

#[test]
fn a_checkpoint_is_written_when_it_is_due() {
    block_on(async {
        let app = TestApp::new(Backend::Sqlite).await;
        let dir = tempfile::tempdir().unwrap();
        let (key, file) = files(&dir);
        let checkpoints = Checkpoints::open(&key, &file, &[7; 32]).unwrap();
        app.checkpoints.set(checkpoints).unwrap();
        let due = async || audit::write_checkpoint(&app, false).await.unwrap();

        assert!(due().await, "the first");
        assert!(!due().await, "nothing is new");
        app.mailbox("anna@brightwater.example").await;
        assert!(!due().await, "not five minutes later");
        app.later(std::time::Duration::from_mins(5));
        assert!(due().await, "five minutes later");
        app.later(std::time::Duration::from_mins(5));
        assert!(!due().await, "nothing is new");
        app.mailbox("bert@brightwater.example").await;
        assert!(audit::write_checkpoint(&app, true).await.unwrap(), "at the end");
    });
}

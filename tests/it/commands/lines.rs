//! Commands that do one thing and end.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use tempfile::tempdir;

use super::binary::{program, run, said};
use crate::support::daemon;
use crate::support::postgres::Postgres;

#[test]
fn help_is_an_answer_and_a_wrong_word_is_a_mistake() {
    let dir = tempdir().unwrap();
    let help = run(dir.path(), "--help").well();
    for word in [
        "serve",
        "demo",
        "migrate",
        "target",
        "cluster-config",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word}");
    }
    assert!(run(dir.path(), "sevre").badly(2).contains("serve"));
    let role = "account create --email a@example.org --name A --role boss --scope system";
    assert!(run(dir.path(), role).badly(2).contains("domain_admin"));
    let scope = "account create --email a@example.org --name A --role operator --scope everything";
    assert!(run(dir.path(), scope).badly(2).contains("org:NAME"));
}

#[test]
fn everything_wrong_with_the_configuration_is_said_at_once() {
    let dir = tempdir().unwrap();
    let arguments = "serve --set http.drain=5 --set worker.lease_s=1 --set mail.imap_host=imap://x";
    let complaint = run(dir.path(), arguments).badly(1);
    for text in ["did you mean http.drain_s?", "worker.lease_s", "mail.imap_host"] {
        assert!(complaint.contains(text), "{complaint}");
    }
    assert!(!dir.path().join("postdesk.db").exists());
}

#[test]
fn the_settings_are_explained_even_if_one_of_them_is_wrong() {
    let dir = tempdir().unwrap();
    let secret = dir.path().join("secret");
    fs::write(&secret, "geheim\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let arguments =
        "--database postgres://anna@localhost/a --set database_password_file=secret --set http.drain=5";

    let all = run(dir.path(), "config explain").well();
    let shown = run(dir.path(), &format!("config explain {arguments}"));
    assert_eq!(shown.code, Some(1), "{shown:?}");
    let shown = shown.out;
    let line = |key: &str| {
        shown
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap_or_default()
    };
    for setting in all.lines() {
        let key = format!("{} ", setting.split(' ').next().unwrap());
        assert!(!line(&key).is_empty(), "{key} is missing:\n{shown}");
    }
    assert!(
        line("database_password_file").contains("wrong: names a file that others can read"),
        "{shown}"
    );
    assert!(
        line("# wrong: http.drain").contains("did you mean http.drain_s?"),
        "{shown}"
    );
    assert_eq!(shown.matches("wrong: ").count(), 2, "{shown}");

    let json = run(dir.path(), &format!("config explain --json {arguments}"));
    let json: Value = serde_json::from_str(&json.out).unwrap();
    let wrong = json
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["problem"].is_string());
    assert_eq!(wrong.count(), 2, "{json:#}");
}

#[test]
fn what_a_setting_takes_is_said_for_that_setting() {
    let dir = tempdir().unwrap();
    let complaint = run(dir.path(), "migrate --database oracle://x").badly(1);
    assert!(complaint.contains("sqlite: or postgres://"), "{complaint}");
    assert!(!complaint.contains("mysql"), "{complaint}");
    let complaint = run(dir.path(), "migrate --set http.drain_s=-1").badly(1);
    assert!(
        complaint.contains("a whole number of 0 or more, not -1"),
        "{complaint}"
    );
    for (command, listens) in [
        ("serve", true),
        ("demo", true),
        ("migrate", false),
        ("target status", false),
    ] {
        let help = run(dir.path(), &format!("{command} --help")).well();
        assert_eq!(help.contains("--listen"), listens, "{command}");
    }
}

#[test]
fn the_document_of_the_api_is_printed_whatever_the_configuration_says() {
    let dir = tempdir().unwrap();
    let printed = run(dir.path(), "openapi --set http.drain=5").well();
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(printed, postdesk::http::api::document());
}

#[test]
fn a_check_says_what_is_missing_and_makes_nothing() {
    let dir = tempdir().unwrap();
    let complaint = run(dir.path(), "migrate --check").badly(1);
    assert!(complaint.contains("postdesk migrate"), "{complaint}");
    assert!(!dir.path().join("postdesk.db").exists());

    run(dir.path(), "migrate").well();
    run(dir.path(), "migrate").well();
    let report: Value = serde_json::from_str(&run(dir.path(), "migrate --check --json").well()).unwrap();
    assert_eq!(report["up_to_date"], true);
    let mode = fs::metadata(dir.path().join("postdesk.db"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_database_that_cannot_be_opened_is_named_without_its_password() {
    let dir = tempdir().unwrap();
    let complaint = run(dir.path(), "migrate --database sqlite:no/such/place.db").badly(1);
    assert!(complaint.contains("no/such/place.db"), "{complaint}");
    let complaint = run(
        dir.path(),
        "migrate --database postgres://anna:s3cret@127.0.0.1:1/a",
    )
    .badly(1);
    assert!(
        complaint.contains("postgres://anna:(..)@127.0.0.1:1/a"),
        "{complaint}"
    );
    assert!(!complaint.contains("s3cret"), "{complaint}");
}

#[test]
fn an_account_made_at_the_machine_has_a_password_that_is_shown_once() {
    let dir = tempdir().unwrap();
    let create = "account create --email anna@example.org --name Anna --role operator --scope system";
    let made: Value = serde_json::from_str(&run(dir.path(), &format!("{create} --json")).well()).unwrap();
    assert!(made["password"].as_str().unwrap().len() > 20);
    assert!(run(dir.path(), create).badly(1).contains("already exists"));

    let lost =
        "account create --email x@example.org --name X --role domain_admin --scope domain:lost.example";
    assert!(run(dir.path(), lost).badly(1).contains("not found"));
    let org = "account create --email x@example.org --name X --role domain_admin --scope org:Nobody";
    assert!(run(dir.path(), org).badly(1).contains("no org"));
}

#[test]
fn a_password_from_a_file_keeps_the_rules_and_is_not_repeated() {
    let dir = tempdir().unwrap();
    let create = "account create --email anna@example.org --name Anna --password-file secret";
    for weak in ["short", "anna@example.org is me", "aaaaaaaaaaaaaaaa"] {
        fs::write(dir.path().join("secret"), weak).unwrap();
        let complaint = run(dir.path(), create).badly(1);
        assert!(!complaint.contains(weak), "{complaint}");
    }
    fs::write(dir.path().join("secret"), "lantern-orbit-velvet-91\nsecond line").unwrap();
    let answer = run(dir.path(), create).well();
    assert!(!answer.contains("lantern"), "{answer}");
}

#[test]
fn a_token_stands_alone_on_standard_output() {
    let dir = tempdir().unwrap();
    run(
        dir.path(),
        "account create --email anna@example.org --name Anna --role operator --scope system",
    )
    .well();
    let token = run(
        dir.path(),
        "token create --account anna@example.org --name script",
    )
    .well();
    assert!(
        token.starts_with("pdk_") && token.trim().len() > 40 && token.lines().count() == 1,
        "{token}"
    );
    let complaint = run(
        dir.path(),
        "token create --account nobody@example.org --name script",
    )
    .badly(1);
    assert!(complaint.contains("account create"), "{complaint}");
}

#[test]
fn a_target_is_made_once_and_printed_for_those_who_may_not() {
    let dir = tempdir().unwrap();
    let target = "--set targets.0.name=main --set targets.0.url=sqlite:mail.db";
    let sql = run(dir.path(), &format!("target init --print {target}")).well();
    assert!(sql.contains("CREATE VIEW imap_users"), "{sql}");
    assert!(!dir.path().join("mail.db").exists());

    let first: Value =
        serde_json::from_str(&run(dir.path(), &format!("target init --json {target}")).well()).unwrap();
    let second: Value =
        serde_json::from_str(&run(dir.path(), &format!("target init --json {target}")).well()).unwrap();
    assert_eq!(
        (&first[0]["created"], &second[0]["created"]),
        (&Value::Bool(true), &Value::Bool(false))
    );
    assert!(run(dir.path(), "target init").badly(1).contains("[[targets]]"));
    assert!(
        run(dir.path(), &format!("target status other {target}"))
            .badly(1)
            .contains("it names main")
    );
}

#[test]
fn the_roles_of_mail_servers_get_passwords_in_files() {
    let dir = tempdir().unwrap();
    // Roles belong to the whole server, so this one is its own.
    let server = Postgres::start();
    let database = server.create_database();
    let url = format!("targets.0.url={}", database.url());
    let init = || {
        let mut command = program(
            dir.path(),
            "target init --secrets secrets --set targets.0.name=main --set",
        );
        said(command.arg(&url))
    };
    assert!(init().well().contains("roles are made"));
    assert!(init().well().contains("roles are made"));
    let password = fs::metadata(dir.path().join("secrets/imap-password")).unwrap();
    assert_eq!(password.permissions().mode() & 0o777, 0o600);

    let mut command = program(
        dir.path(),
        "cluster-config --target main --host mail.example.org --secrets secrets --out etc --set targets.0.name=main --set",
    );
    said(command.arg(&url)).well();
    let etc = dir.path().join("etc/mail.example.org/etc");
    let text = fs::read_to_string(etc.join("dovecot/sql-user.conf.ext")).unwrap();
    let secret = fs::read_to_string(dir.path().join("secrets/imap-password")).unwrap();
    assert!(text.contains(secret.trim()), "{text}");
}

#[test]
fn counters_are_counted_anew_and_put_right_when_that_is_asked_for() {
    let dir = tempdir().unwrap();
    run(
        dir.path(),
        "account create --email anna@example.org --name anna --role operator --scope system",
    )
    .well();
    let file = dir.path().join("postdesk.db");
    let made = "INSERT INTO orgs (id, parent_id, path, kind, name, version, created_at, updated_at, used_mailboxes)
        SELECT x'01926b1c000070008000000000000001', id, '/a/', 'customer', 'Brightwater', 1, 0, 0, 7 FROM orgs;";
    daemon::run(std::process::Command::new("sqlite3").arg(&file).arg(made));
    let wrong = run(dir.path(), "recount");
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong
            .out
            .contains("org Brightwater: mailboxes is 7, and there are 0"),
        "{wrong:?}"
    );
    let report: Value = serde_json::from_str(&run(dir.path(), "recount --repair --json").out).unwrap();
    assert_eq!(
        (&report["repaired"], &report["miscounts"][0]["stored"]),
        (&true.into(), &7.into())
    );
    let right = run(dir.path(), "recount").well();
    assert!(right.contains("1 org or domain was counted anew"), "{right}");
}

#[test]
fn the_audit_is_checked_and_the_first_bad_entry_is_named() {
    let dir = tempdir().unwrap();
    for name in ["anna", "bert", "carla"] {
        run(
            dir.path(),
            &format!(
                "account create --email {name}@example.org --name {name} --role operator --scope system"
            ),
        )
        .well();
    }
    let sound = run(dir.path(), "audit verify").well();
    assert!(sound.contains("no checkpoints are kept yet"), "{sound}");

    let tamper = "DROP TRIGGER events_are_never_changed; DROP TRIGGER events_numbered_move_the_head; UPDATE events SET subject = 'x' WHERE seq = 3";
    let file = dir.path().join("postdesk.db");
    daemon::run(std::process::Command::new("sqlite3").arg(&file).arg(tamper));
    let damaged = run(dir.path(), "audit verify");
    assert_eq!(damaged.code, Some(1));
    assert!(damaged.out.contains("entry 3: changed"), "{damaged:?}");
    let report: Value = serde_json::from_str(&run(dir.path(), "audit verify --json").out).unwrap();
    assert_eq!(report["findings"][0]["damage"], "changed");
    assert_eq!(report["findings"][0]["seq"], 3);

    fs::write(dir.path().join("audit.checkpoints"), "{}\n").unwrap();
    let complaint = run(dir.path(), "audit verify").badly(2);
    assert!(complaint.contains("put the key back"), "{complaint}");
}

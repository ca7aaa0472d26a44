use super::*;
use crate::config::Flag;

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn from_file(text: &str) -> Result<Loaded, ConfigError> {
    let file = file(text);
    load(&Sources {
        file: Some(file.path().to_owned()),
        ..Sources::default()
    })
}

fn variable(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn set(key: &str, value: &str) -> Flag {
    Flag {
        name: "--set".to_owned(),
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn complaints(outcome: Result<Loaded, ConfigError>) -> String {
    outcome.unwrap_err().to_string()
}

fn entry<'a>(loaded: &'a Loaded, key: &str) -> (&'a str, String) {
    let entry = loaded.entries.iter().find(|entry| entry.key == key).unwrap();
    (&entry.value, entry.source.to_string())
}

#[test]
fn without_any_configuration_everything_has_a_default() {
    let settings = load(&Sources::default()).unwrap().settings;
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8025");
    assert_eq!(
        settings.base_url(settings.listen).as_str(),
        "http://127.0.0.1:8025"
    );
    assert_eq!(settings.database.to_string(), "sqlite:postdesk.db");
    assert_eq!(settings.nodes.len(), 1);
    assert_eq!(
        (settings.nodes[0].name.as_str(), settings.nodes[0].host.as_str()),
        ("node-a", "127.0.0.1")
    );
    assert!(settings.targets.is_empty());
    assert!(settings.mail_policy.protected_domains.is_none());
}

#[test]
fn a_flag_beats_the_environment_and_the_environment_beats_the_file() {
    let file = file("[http]\nheader_timeout_s = 1\nbody_timeout_s = 1\nwrite_timeout_s = 1\n");
    let loaded = load(&Sources {
        file: Some(file.path().to_owned()),
        environment: vec![
            variable("POSTDESK__HTTP__BODY_TIMEOUT_S", "2"),
            variable("POSTDESK__HTTP__WRITE_TIMEOUT_S", "2"),
            variable("PATH", "/bin"),
        ],
        flags: vec![set("http.write_timeout_s", "3")],
    })
    .unwrap();

    let http = &loaded.settings.http;
    assert_eq!(
        (http.header_timeout_s, http.body_timeout_s, http.write_timeout_s),
        (1, 2, 3)
    );
    let of_file = format!("{}:2", file.path().display());
    assert_eq!(entry(&loaded, "http.header_timeout_s"), ("1", of_file));
    let of_variable = "environment variable POSTDESK__HTTP__BODY_TIMEOUT_S".to_owned();
    assert_eq!(entry(&loaded, "http.body_timeout_s"), ("2", of_variable));
    assert_eq!(
        entry(&loaded, "http.write_timeout_s"),
        ("3", "flag --set".to_owned())
    );
    assert_eq!(entry(&loaded, "http.drain_s"), ("10", "default".to_owned()));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    for (text, key, near) in [
        ("listne = \"127.0.0.1:1\"", "listne", "listen"),
        (
            "[http]\nheader_timeout = 1",
            "http.header_timeout",
            "http.header_timeout_s",
        ),
        (
            "[html]\nkeep_alive_s = 1",
            "html.keep_alive_s",
            "http.keep_alive_s",
        ),
        ("[worker]\nkeep_days = 1", "worker.keep_days", "bin.keep_days"),
        (
            "[[targets]]\nname = \"a\"\nurl = \"sqlite:a.db\"\npasword_file = \"x\"",
            "targets.0.pasword_file",
            "targets.0.password_file",
        ),
    ] {
        let text = complaints(from_file(text));
        assert!(
            text.contains(&format!("{key} is not a setting; did you mean {near}?")),
            "{text}"
        );
    }
    let sources = Sources {
        environment: vec![variable("POSTDESK__LISTNE", "1")],
        ..Sources::default()
    };
    let text = complaints(load(&sources));
    assert_eq!(
        text,
        "listne is not a setting; did you mean listen? (environment variable POSTDESK__LISTNE)"
    );
}

#[test]
fn a_wrong_type_names_the_key_the_place_and_what_is_expected() {
    let text = complaints(from_file("\n[http]\nheader_timeout_s = \"ten\"\n"));
    assert!(
        text.starts_with("http.header_timeout_s expects a whole number, not the text \"ten\" ("),
        "{text}"
    );
    assert!(text.ends_with(":3)"), "{text}");
    let text = complaints(from_file("listen = 8025"));
    assert!(
        text.contains("expects an address and port such as \"127.0.0.1:8025\", not the number 8025"),
        "{text}"
    );
    let text = complaints(from_file("[http]\ndrain_s = -1"));
    assert!(
        text.contains("expects a whole number of 0 or more, not -1"),
        "{text}"
    );
    let text = complaints(from_file("[http]\napi_per_minute = 5000000000"));
    assert!(text.contains("expects a whole number up to 4294967295"), "{text}");
    let text = complaints(from_file("[worker]\nenabled = 1"));
    assert!(text.contains("expects true or false, not the number 1"), "{text}");
    let text = complaints(from_file("listen = \n"));
    assert!(text.contains(":1: not valid TOML"), "{text}");
}

#[test]
fn all_problems_are_told_at_once() {
    let text = complaints(from_file(
        "listn = 1\nbase_url = \"portal\"\n[worker]\nlease_s = 25\n[[nodes]]\nname = \"a\"\nhost = \"::1\"\n\
         [[nodes]]\nname = \"a\"\nhost = \"::1\"\n[[targets]]\nname = \"A\"\nurl = \"sqlite:t.db\"\n",
    ));
    for part in [
        "listn is not",
        "base_url it must be",
        "worker.lease_s must be greater",
        "nodes.1.name is",
        "targets.0.name must",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn lists_can_be_written_with_commas_outside_the_file() {
    for written in ["a.example, b.example", "[\"a.example\", \"b.example\"]"] {
        let sources = Sources {
            flags: vec![set("http.hosts", written)],
            ..Sources::default()
        };
        assert_eq!(
            load(&sources).unwrap().settings.http.hosts,
            ["a.example", "b.example"]
        );
    }
}

#[test]
fn targets_can_be_given_in_the_environment() {
    let environment = vec![
        variable("POSTDESK__TARGETS__0__NAME", "main"),
        variable("POSTDESK__TARGETS__0__URL", "mysql://postdesk@db.example/mail"),
        variable("POSTDESK__TARGETS__0__USAGE_FROM", "true"),
    ];
    let settings = load(&Sources {
        environment,
        ..Sources::default()
    })
    .unwrap()
    .settings;
    assert_eq!(settings.targets.len(), 1);
    assert_eq!(settings.targets[0].name, "main");
    assert!(settings.targets[0].usage_from);
}

#[test]
fn a_target_needs_a_name_and_a_place() {
    let text = complaints(from_file("[[targets]]\nschema = \"native\"\n"));
    assert!(
        text.contains("targets.0.name is missing") && text.contains("targets.0.url is missing"),
        "{text}"
    );
}

#[test]
fn a_target_cannot_be_the_portals_own_database() {
    let text = complaints(from_file(
        "[[targets]]\nname = \"a\"\nurl = \"sqlite:postdesk.db\"\n",
    ));
    assert!(
        text.contains("targets.0.url is the portal's own database"),
        "{text}"
    );
}

#[cfg(unix)]
mod secrets {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn secret(text: &str, mode: u32) -> tempfile::NamedTempFile {
        let file = file(text);
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    fn with_password_file(path: &Path) -> Result<Loaded, ConfigError> {
        from_file(&format!(
            "database = \"postgres://postdesk@localhost/postdesk\"\ndatabase_password_file = \"{}\"\n",
            path.display()
        ))
    }

    #[test]
    fn a_password_comes_from_its_own_file_and_is_never_shown() {
        let secret = secret("geheim\n", 0o600);
        let loaded = with_password_file(secret.path()).unwrap();
        assert_eq!(
            loaded.settings.database.expose(),
            "postgres://postdesk:geheim@localhost/postdesk"
        );
        let shown = format!(
            "{loaded:?} {}",
            crate::config::explain::table(&loaded.entries, &[])
        );
        assert!(!shown.contains("geheim"), "{shown}");
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        for mode in [0o640, 0o604, 0o644] {
            let secret = secret("geheim\n", mode);
            let text = complaints(with_password_file(secret.path()));
            assert!(
                text.contains("names a file that others can read; run `chmod 600"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_whole_url_can_come_from_a_file() {
        let secret = secret("postgres://a:geheim@localhost/mail\n", 0o400);
        let text = format!(
            "[[targets]]\nname = \"a\"\nurl_file = \"{}\"\n",
            secret.path().display()
        );
        let loaded = from_file(&text).unwrap();
        assert!(loaded.settings.targets[0].url.expose().contains("geheim"));
        assert_eq!(entry(&loaded, "targets.0.url").0, "(set)");
        assert!(!format!("{loaded:?}").contains("geheim"));
    }

    #[test]
    fn a_password_in_an_open_configuration_file_is_worth_a_word() {
        let open = secret("database = \"postgres://a:geheim@localhost/b\"\n", 0o644);
        let loaded = load(&Sources {
            file: Some(open.path().to_owned()),
            ..Sources::default()
        })
        .unwrap();
        assert!(
            loaded.advice[0]
                .to_string()
                .contains("holds a password in a file that others can read")
        );
        assert!(!format!("{loaded:?}").contains("geheim"));
    }
}

#[test]
fn letters_need_a_mail_server_and_somebody_who_writes_them() {
    let smtp = |text: &str| from_file(&format!("[smtp]\n{text}\n"));
    let from = "from = \"Postdesk <postdesk@mail.example>\"";

    assert!(smtp("").unwrap().settings.smtp.is_none());
    let set = smtp(&format!("host = \"mail.example\"\n{from}"));
    let set = set.unwrap().settings.smtp.unwrap();
    assert_eq!((set.port, set.security), (587, SmtpSecurity::StartTls));
    assert_eq!(set.from.to_string(), "Postdesk <postdesk@mail.example>");
    let direct = format!("host = \"mail.example\"\nsecurity = \"tls\"\n{from}");
    assert_eq!(smtp(&direct).unwrap().settings.smtp.unwrap().port, 465);
    for (text, wanted) in [
        (from.to_owned(), "has no use without smtp.host"),
        ("host = \"mail.example\"".to_owned(), "smtp.from is missing"),
        (
            format!("host = \"smtp://mail.example\"\n{from}"),
            "must be a host name",
        ),
        (
            format!("host = \"mail.example\"\nuser = \"a\"\n{from}"),
            "smtp.password_file is missing",
        ),
        (
            "host = \"mail.example\"\nfrom = \"nobody\"".to_owned(),
            "expects an address such as",
        ),
        (
            format!("host = \"mail.example\"\ntimeout_s = 0\n{from}"),
            "must be at least 1",
        ),
    ] {
        let told = complaints(smtp(&text));
        assert!(told.contains(wanted), "{text}: {told}");
    }
}

/// The example is where operators learn what can be set.
mod example {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../deploy/config.toml");

    fn loaded(text: &str) -> Loaded {
        from_file(text).unwrap()
    }

    #[test]
    fn the_example_file_says_the_defaults() {
        let (example, default) = (loaded(EXAMPLE), load(&Sources::default()).unwrap());
        for entry in &example.entries {
            let default = default
                .entries
                .iter()
                .find(|other| other.key == entry.key)
                .unwrap();
            assert_eq!(entry.value, default.value, "{}", entry.key);
        }
    }

    #[test]
    fn the_example_file_names_every_setting() {
        for entry in loaded(EXAMPLE).entries {
            let name = entry.key.rsplit('.').next().unwrap().to_owned();
            let is_there = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{name} ="));
            assert!(EXAMPLE.lines().any(is_there), "{}", entry.key);
        }
    }

    fn is_key((key, _): (&str, &str)) -> bool {
        key.strip_prefix("# ")
            .is_some_and(|key| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
    }

    #[test]
    fn the_lines_to_uncomment_are_right() {
        let is_setting = |line: &str| line.starts_with("# [[") || line.split_once(" = ").is_some_and(is_key);
        // Files that are not here, and who would sign in with a password from one.
        let absent = ["password_file", "ca_file", "# user"];
        let without_files = |line: &&str| !absent.iter().any(|word| line.contains(word));
        let lines = EXAMPLE.lines().filter(without_files);
        let text: Vec<&str> = lines
            .map(|line| {
                if is_setting(line) {
                    line.trim_start_matches("# ")
                } else {
                    line
                }
            })
            .collect();
        let settings = loaded(&text.join("\n")).settings;
        assert_eq!(settings.targets.len(), 1);
        assert_eq!(
            settings.configured_base_url.unwrap().as_str(),
            "https://portal.example"
        );
    }
}

#[test]
fn what_the_portal_hashes_is_a_hash_that_it_takes() {
    let hashing = |memory: u32, passes: u32| {
        from_file(&format!(
            "[passwords]\nargon2_memory_kib = {memory}\nargon2_passes = {passes}\n"
        ))
    };
    assert!(hashing(12_288, 1).is_ok() && hashing(131_072, 6).is_ok());
    assert!(complaints(hashing(12_287, 1)).contains("must be from 12288 to 131072"));
    assert!(complaints(hashing(131_073, 1)).contains("must be from 12288 to 131072"));
    assert!(complaints(hashing(19_456, 7)).contains("must be at most 6"));
}

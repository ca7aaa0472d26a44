use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

const ONE_HOST_LAB: &str = r#"
lab = true
root = "/tmp/lab"
[database]
port = 15432
path = "/tmp/lab/provisioning/mail.sqlite"
mta.password = "mta-secret"
imap.password = "imap-secret"
[tls]
cert = "/tmp/lab/tls.crt"
key = "/tmp/lab/tls.key"
[ports]
smtp = 2525
submission = 2587
imap = 2143
imaps = 2993
pop3 = 2110
pop3s = 2995
sieve = 24190
webmail_http = 2080
lmtp = 2424
[[nodes]]
name = "node-a"
host = "mail.cluster.test"
address = "127.77.0.11"
[[fronts]]
host = "mail.cluster.test"
address = "127.77.0.11"
[[mxs]]
host = "mail.cluster.test"
address = "127.77.0.11"
"#;

const SEVERAL_HOSTS: &str = r#"
[database]
host = "10.0.0.2"
mta.password_file = "DIR/mta"
imap.password_file = "DIR/imap"
[tls]
cert = "/etc/ssl/mail.crt"
key = "/etc/ssl/private/mail.key"
[secrets]
proxy_password_file = "DIR/proxy"
doveadm_password_file = "DIR/doveadm"
doveadm_api_key_file = "DIR/api"
webmail_key_file = "DIR/webmail"
[[nodes]]
name = "node-a"
host = "node-a.example.org"
address = "10.0.0.11"
replica = "node-b"
[[nodes]]
name = "node-b"
host = "node-b.example.org"
address = "10.0.0.12"
replica = "node-a"
[[fronts]]
host = "mx-1.example.org"
address = "10.0.0.21"
[[fronts]]
host = "mx-2.example.org"
address = "fd00::22"
[[mxs]]
host = "mx-1.example.org"
address = "10.0.0.21"
[[mxs]]
host = "mx-2.example.org"
address = "fd00::22"
[balancer]
host = "lb.example.org"
address = "10.0.0.1"
[[webmail]]
host = "web-1.example.org"
address = "10.0.0.41"
"#;

const SECRETS: [(&str, &str); 6] = [
    ("mta", "mta-secret-of-the-test"),
    ("imap", "imap-secret-of-the-test"),
    ("proxy", "proxy-secret-of-the-test"),
    ("doveadm", "doveadm-secret-of-the-test"),
    ("api", "api-secret-of-the-test"),
    ("webmail", "0123456789abcdef01234567"),
];

fn several_hosts() -> (tempfile::TempDir, Layout) {
    let dir = tempfile::tempdir().unwrap();
    for (name, secret) in SECRETS {
        fs::write(dir.path().join(name), format!("{secret}\n")).unwrap();
    }
    let layout = SEVERAL_HOSTS
        .replace("DIR", dir.path().to_str().unwrap())
        .parse()
        .unwrap();
    (dir, layout)
}

/// Every layout on every engine that can serve it.
fn everything() -> Vec<File> {
    let (_dir, several) = several_hosts();
    let lab: Layout = ONE_HOST_LAB.parse().unwrap();
    let mut all = Vec::new();
    for engine in Engine::ALL {
        all.extend(files(&lab, engine).unwrap());
        if engine != Engine::Sqlite {
            all.extend(files(&several, engine).unwrap());
        }
    }
    all
}

fn named<'a>(files: &'a [File], host: &str, path: &str) -> &'a str {
    &files
        .iter()
        .find(|file| file.host.as_str() == host && file.path == path)
        .unwrap()
        .text
}

fn refusal(text: &str) -> String {
    text.parse::<Layout>().unwrap_err().to_string()
}

#[test]
fn every_engine_gets_every_file_of_a_single_host() {
    let layout: Layout = ONE_HOST_LAB.parse().unwrap();
    for engine in Engine::ALL {
        let files = files(&layout, engine).unwrap();
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "etc/dovecot/dict-last-login.conf.ext",
                "etc/dovecot/dict-quota.conf.ext",
                "etc/dovecot/dict-sieve.conf.ext",
                "etc/dovecot/dovecot.conf",
                "etc/dovecot/sql-app_password.conf.ext",
                "etc/dovecot/sql-password.conf.ext",
                "etc/dovecot/sql-user.conf.ext",
                "etc/postfix/bcc_in.cf",
                "etc/postfix/bcc_out.cf",
                "etc/postfix/catchall.cf",
                "etc/postfix/domains.cf",
                "etc/postfix/mailboxes.cf",
                "etc/postfix/main.cf",
                "etc/postfix/master.cf",
                "etc/postfix/rcpt_access.cf",
                "etc/postfix/relay.cf",
                "etc/postfix/relay_transport.cf",
                "etc/postfix/senders.cf",
                "etc/postfix/virtual.cf",
            ]
        );
        let main = named(&files, "mail.cluster.test", "etc/postfix/main.cf");
        assert!(main.contains(&format!(
            "proxy:{}:/tmp/lab/mail.cluster.test/etc/postfix/",
            engine.driver()
        )));
    }
}

#[test]
fn no_placeholder_is_left() {
    for file in everything() {
        for mark in ["{{", "}}", "{%", "%}", "@WEBMAIL", "@PROXY", "@NODE", "DIR/"] {
            assert!(!file.text.contains(mark), "{mark} is left in {file:?}");
        }
    }
}

#[test]
fn a_value_stands_behind_every_database_setting() {
    for file in everything()
        .iter()
        .filter(|file| file.text.contains("\nquery = "))
    {
        for line in file.text.lines().skip(1) {
            let (key, value) = line.split_once(" = ").unwrap();
            assert!(!value.is_empty(), "{key} is empty in {file:?}");
        }
    }
}

#[test]
fn a_secret_is_never_in_a_file_that_all_can_read() {
    let lab = ["mta-secret", "imap-secret"];
    let all = SECRETS.map(|(_, secret)| secret);
    for file in everything() {
        if lab.iter().chain(&all).any(|secret| file.text.contains(secret)) {
            assert_eq!(file.mode & 0o007, 0, "{file:?}");
            assert_ne!(
                file.group,
                Group::Root,
                "its daemon must be able to read {file:?}"
            );
        }
    }
}

#[test]
fn every_secret_reaches_those_who_need_it_and_nobody_else() {
    let (_dir, layout) = several_hosts();
    let files = files(&layout, Engine::Postgres).unwrap();
    let mut hosts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, secret) in SECRETS {
        for file in files.iter().filter(|file| file.text.contains(secret)) {
            let (host, _) = file.host.as_str().split_once(['.', '-']).unwrap();
            let seen = hosts.entry(name).or_default();
            if !seen.contains(&host) {
                seen.push(host);
            }
        }
    }
    let expected = [
        ("api", vec!["mx", "node"]),
        ("doveadm", vec!["mx", "node"]),
        ("imap", vec!["mx", "node"]),
        ("mta", vec!["mx"]),
        ("proxy", vec!["mx", "node"]),
        ("webmail", vec!["web"]),
    ];
    assert_eq!(hosts, BTreeMap::from(expected));
}

#[test]
fn only_the_checksum_of_an_untouched_file_is_true() {
    for file in everything() {
        assert!(is_unchanged(&file.text), "{file:?}");
        assert!(!is_unchanged(&format!("{}# more\n", file.text)), "{file:?}");
        assert_eq!(sealed_with(&file.text).unwrap().len(), 64);
    }
}

#[test]
fn a_single_host_passes_nothing_on() {
    let files = files(&ONE_HOST_LAB.parse().unwrap(), Engine::Postgres).unwrap();
    for file in files {
        for word in ["AS proxy", "proxy_on", "haproxy", "lmtp_proxy", "driver = static"] {
            assert!(!file.text.contains(word), "{word} in {file:?}");
        }
    }
}

#[test]
fn fronts_pass_sessions_on_and_nodes_know_nobodys_password() {
    let (_dir, layout) = several_hosts();
    let files = files(&layout, Engine::Mariadb).unwrap();
    let front = named(&files, "mx-1.example.org", "etc/dovecot/sql-password.conf.ext");
    assert!(front.contains("'proxy-secret-of-the-test' END AS pass"));
    assert!(named(&files, "mx-1.example.org", "etc/dovecot/dovecot.conf").contains("lmtp_proxy = yes"));
    let node = named(&files, "node-a.example.org", "etc/dovecot/dovecot.conf");
    assert!(node.contains("args = password=proxy-secret-of-the-test"));
    assert!(node.contains("mail_replica = tcp:10.0.0.12:2245"));
    assert!(
        !files
            .iter()
            .any(|file| file.host.as_str().starts_with("node") && file.text.contains("password_query"))
    );
}

#[test]
fn every_node_has_its_class_of_quota_checks_on_every_mx() {
    let (_dir, layout) = several_hosts();
    let files = files(&layout, Engine::Postgres).unwrap();
    for mx in ["mx-1.example.org", "mx-2.example.org"] {
        let main = named(&files, mx, "etc/postfix/main.cf");
        assert!(main.contains("smtpd_restriction_classes = quota_node_a, quota_node_b\n"));
        assert!(main.contains("\nquota_node_b = check_policy_service { inet:10.0.0.12:2012,"));
    }
}

#[test]
fn addresses_of_ipv6_are_bracketed() {
    let (_dir, layout) = several_hosts();
    let files = files(&layout, Engine::Postgres).unwrap();
    assert!(named(&files, "mx-2.example.org", "etc/postfix/master.cf").contains("\n[fd00::22]:25   inet"));
    assert!(named(&files, "mx-2.example.org", "etc/postfix/main.cf").contains("inet:[fd00::22]:2501"));
    assert!(
        named(&files, "lb.example.org", "etc/haproxy/haproxy.cfg")
            .contains("server mx-2.example.org [fd00::22]:25 check")
    );
}

#[test]
fn nothing_of_a_lab_gets_into_production() {
    let (_dir, layout) = several_hosts();
    for file in files(&layout, Engine::Postgres).unwrap() {
        for word in [
            "chroot =",
            "anvil-auth-penalty",
            "max_use = 1\n",
            "smtp_dns_support_level",
            "/tmp/lab",
        ] {
            assert!(!file.text.contains(word), "{word} in {file:?}");
        }
    }
}

#[test]
fn a_newcomer_needs_only_a_name_and_a_sqlite_file() {
    let database = Database {
        path: Some("/var/lib/postdesk/mail.sqlite".parse().unwrap()),
        ..Database::default()
    };
    let layout = Layout::one_host_default(
        "mail.example.org".parse().unwrap(),
        "node-a".parse().unwrap(),
        database,
    );
    let files = files(&layout, Engine::Sqlite).unwrap();
    assert!(named(&files, "mail.example.org", "etc/postfix/master.cf").contains("\n25   inet"));
    assert!(named(&files, "mail.example.org", "etc/postfix/main.cf").contains("quota_node_a = "));
    assert!(named(&files, "mail.example.org", "etc/dovecot/dovecot.conf").contains("\nlisten = *, ::\n"));
}

#[test]
fn a_missing_secret_is_named() {
    let layout = Layout::one_host_default(
        "mail.example.org".parse().unwrap(),
        "node-a".parse().unwrap(),
        Database::default(),
    );
    let refusal = files(&layout, Engine::Postgres).unwrap_err().to_string();
    assert!(
        refusal.starts_with("the layout lacks `database.mta.password_file`"),
        "{refusal}"
    );
    let refusal = files(&layout, Engine::Sqlite).unwrap_err().to_string();
    assert!(refusal.contains("`database.path`"), "{refusal}");
}

#[test]
fn a_secret_that_needs_quoting_is_refused() {
    let (dir, layout) = several_hosts();
    fs::write(dir.path().join("mta"), "it's; DROP").unwrap();
    let refusal = files(&layout, Engine::Postgres).unwrap_err().to_string();
    assert!(refusal.contains("openssl rand"), "{refusal}");
}

#[test]
fn sqlite_serves_one_host_only() {
    let (_dir, mut layout) = several_hosts();
    layout.database.path = Some("/srv/mail.sqlite".parse().unwrap());
    assert!(matches!(
        files(&layout, Engine::Sqlite),
        Err(RenderError::SqliteNeedsOneHost)
    ));
}

#[test]
fn two_dovecots_cannot_share_a_host() {
    let text = ONE_HOST_LAB.to_owned()
        + "[[nodes]]\nname = \"node-b\"\nhost = \"mail.cluster.test\"\naddress = \"127.77.0.12\"\n[secrets]\nproxy_password = \"proxy-secret\"\n";
    assert!(matches!(
        files(&text.parse().unwrap(), Engine::Postgres),
        Err(RenderError::Twice { .. })
    ));
}

#[test]
fn a_mistake_in_a_layout_is_named() {
    let cases = [
        (
            ONE_HOST_LAB.replace("submission = 2587", "submision = 2587"),
            "layout line 14: unknown field `submision`",
        ),
        (
            ONE_HOST_LAB.replace("= 2587", "= 2525"),
            "port 2525 is given to two services",
        ),
        (ONE_HOST_LAB.replace("= 2587", "= 587"), "port 587 needs root"),
        (
            ONE_HOST_LAB.replace("lab = true", "lab = false"),
            "`lab = true` and `root` belong together",
        ),
        (
            ONE_HOST_LAB.replace("lab = true\nroot = \"/tmp/lab\"\n", ""),
            "`database.mta.password` must not stand in the layout",
        ),
        (
            ONE_HOST_LAB.replace("node-a", "node_a"),
            "a node name may hold only lower-case letters",
        ),
        (
            ONE_HOST_LAB.replace("127.77.0.11", "localhost"),
            "invalid IP address syntax",
        ),
        (
            ONE_HOST_LAB.replace("/tmp/lab/tls.crt", "/tmp/../tls.crt"),
            "a path may hold only",
        ),
        (
            ONE_HOST_LAB.replace("mail.cluster.test", "mail"),
            "mx host \"mail\" needs a full name",
        ),
        (
            ONE_HOST_LAB.replace("name = \"node-a\"", "name = \"node-a\"\nreplica = \"node-b\""),
            "which is not another node",
        ),
        (
            "lab = false\n[tls]\ncert = \"/a\"\nkey = \"/b\"".to_owned(),
            "the layout has no `[[nodes]]`",
        ),
    ];
    for (text, expected) in cases {
        let refusal = refusal(&text);
        assert!(
            refusal.contains(expected),
            "expected {expected:?}, got {refusal:?}"
        );
    }
}

#[test]
fn debug_shows_no_secret() {
    let layout: Layout = ONE_HOST_LAB.parse().unwrap();
    let shown = format!("{layout:?} {:?}", files(&layout, Engine::Postgres).unwrap());
    assert!(
        !shown.contains("imap-secret") && !shown.contains("mta-secret"),
        "{shown}"
    );
}

#[test]
fn files_are_written_with_their_modes() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(&ONE_HOST_LAB.parse().unwrap(), Engine::Postgres).unwrap();
    for _ in 0..2 {
        write(&files, dir.path()).unwrap();
    }
    for file in &files {
        let path = dir.path().join(file.host.as_str()).join(&file.path);
        assert_eq!(fs::read_to_string(&path).unwrap(), file.text);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            file.mode
        );
    }
    let left = fs::read_dir(dir.path().join("mail.cluster.test/etc/postfix"))
        .unwrap()
        .count();
    assert_eq!(left, 12, "no draft is left behind");
}

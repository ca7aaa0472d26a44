//! What settings must be to one another.

use std::collections::BTreeSet;
use std::path::Path;

use super::{
    Entry, MailSettings, NodeSettings, Problem, Settings, Source, TargetSettings, is_loopback_name, secret,
};
use crate::db::url::Engine;
use crate::model::{ARGON2_MEMORY_KIB, ARGON2_PASSES};

/// All that is wrong between settings that are each right by themselves.
pub(super) fn check(settings: &Settings, entries: &[Entry]) -> Vec<Problem> {
    let mut problems = positive(settings);
    problems.extend(own_database(settings));
    problems.extend(audit(settings));
    problems.extend(worker(settings));
    problems.extend(targets(&settings.targets, settings));
    problems.extend(nodes(&settings.nodes));
    problems.extend(words(settings));
    problems.extend(readable_passwords(entries));
    problems.extend(plain_http(settings));
    for problem in &mut problems {
        problem.source = entries
            .iter()
            .find(|entry| entry.key == problem.key)
            .map(|entry| entry.source.clone());
    }
    problems
}

fn positive(settings: &Settings) -> Vec<Problem> {
    let http = &settings.http;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let limits = [
        ("http.max_connections", count(http.max_connections)),
        (
            "http.max_connections_per_address",
            count(http.max_connections_per_address),
        ),
        ("http.in_flight", count(http.in_flight)),
        ("http.api_per_minute", http.api_per_minute.into()),
        ("http.header_timeout_s", http.header_timeout_s),
        ("http.body_timeout_s", http.body_timeout_s),
        ("http.write_timeout_s", http.write_timeout_s),
        ("http.keep_alive_s", http.keep_alive_s),
        ("session.idle_min", settings.session.idle_min.into()),
        ("session.absolute_h", settings.session.absolute_h.into()),
        ("passwords.hash_threads", count(settings.passwords.hash_threads)),
        ("passwords.wait_ms", settings.passwords.wait_ms),
        ("passwords.argon2_passes", settings.passwords.argon2_passes.into()),
        ("worker.poll_ms", settings.worker.poll_ms),
        ("worker.batch", settings.worker.batch.into()),
        ("worker.connect_timeout_s", settings.worker.connect_timeout_s),
        ("worker.statement_timeout_s", settings.worker.statement_timeout_s),
        ("worker.max_tries", settings.worker.max_tries.into()),
        ("worker.backoff_max_s", settings.worker.backoff_max_s),
        (
            "mail_policy.min_password",
            count(settings.mail_policy.min_password),
        ),
    ];
    let zero = limits.into_iter().filter(|(_, number)| *number == 0);
    let mut problems: Vec<Problem> = zero
        .map(|(key, _)| Problem::error(key, "must be at least 1; leave it out for the default"))
        .collect();
    // What the portal hashes must be a hash that it would take from others.
    if !ARGON2_MEMORY_KIB.contains(&settings.passwords.argon2_memory_kib) {
        problems.push(Problem::error(
            "passwords.argon2_memory_kib",
            "must be from 12288 to 131072; 19456 is recommended",
        ));
    }
    if settings.passwords.argon2_passes > *ARGON2_PASSES.end() {
        problems.push(Problem::error(
            "passwords.argon2_passes",
            "must be at most 6; 2 is recommended",
        ));
    }
    if settings.passwords.queue > 1000 {
        problems.push(Problem::error(
            "passwords.queue",
            "must be at most 1000; people do not wait that long",
        ));
    }
    problems
}

fn own_database(settings: &Settings) -> Option<Problem> {
    let wrong = settings.database.engine() == Engine::Mysql;
    wrong.then(|| {
        Problem::error(
            "database",
            "must be SQLite or PostgreSQL; MariaDB can only be a target",
        )
    })
}

fn audit(settings: &Settings) -> Option<Problem> {
    let audit = &settings.audit;
    let one_file = audit.key_file == audit.checkpoint_file;
    one_file.then(|| {
        let text = "is the file of the key too; give the checkpoints a file of their own";
        Problem::error("audit.checkpoint_file", text)
    })
}

fn worker(settings: &Settings) -> Option<Problem> {
    let worker = &settings.worker;
    let longest_write = worker
        .connect_timeout_s
        .saturating_add(worker.statement_timeout_s);
    (worker.lease_s <= longest_write).then(|| {
        let text = format!(
            "must be greater than connect_timeout_s + statement_timeout_s, so at least {}; otherwise two workers \
             could write at once",
            longest_write.saturating_add(1)
        );
        Problem::error("worker.lease_s", &text)
    })
}

fn targets(targets: &[TargetSettings], settings: &Settings) -> Vec<Problem> {
    let mut problems = names("targets", targets.iter().map(|target| target.name.as_str()));
    for (index, target) in targets.iter().enumerate() {
        if target.url == settings.database {
            let text = "is the portal's own database; a target needs one of its own";
            problems.push(Problem::error(&format!("targets.{index}.url"), text));
        }
    }
    let readers = targets.iter().enumerate().filter(|(_, target)| target.usage_from);
    for (index, _) in readers.skip(1) {
        let text = "is true for a second target; usage can be read from one only";
        problems.push(Problem::error(&format!("targets.{index}.usage_from"), text));
    }
    problems
}

fn nodes(nodes: &[NodeSettings]) -> Vec<Problem> {
    names("nodes", nodes.iter().map(|node| node.name.as_str()))
}

fn names<'a>(list: &str, names: impl Iterator<Item = &'a str>) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for (index, name) in names.enumerate() {
        let key = format!("{list}.{index}.name");
        let plain = name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if name.is_empty() || name.len() > 32 || !plain {
            problems.push(Problem::error(
                &key,
                "must be 1 to 32 characters of a-z, 0-9 and -",
            ));
        } else if !seen.insert(name) {
            problems.push(Problem::error(
                &key,
                &format!("is {name:?} a second time; names must differ"),
            ));
        }
    }
    problems
}

fn words(settings: &Settings) -> Vec<Problem> {
    let mut problems = Vec::new();
    if settings
        .mail_policy
        .extra_local_characters
        .chars()
        .any(|character| !matches!(character, '\'' | '+'))
    {
        problems.push(Problem::error(
            "mail_policy.extra_local_characters",
            "may hold ' and + only",
        ));
    }
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&settings.log.level) {
        let text =
            format!("must be a level such as \"info\" or directives such as \"info,sqlx=warn\" ({error})");
        problems.push(Problem::error("log.level", &text));
    }
    for host in &settings.http.hosts {
        if !is_bare_host(host) {
            let text = format!("holds {host:?}; write host names without scheme and port");
            problems.push(Problem::error("http.hosts", &text));
        }
    }
    problems.extend(mail(&settings.mail));
    problems
}

fn is_bare_host(host: &str) -> bool {
    !host.is_empty() && !host.contains(['/', '@', ' ']) && (!host.contains(':') || host.starts_with('['))
}

fn mail(mail: &MailSettings) -> Vec<Problem> {
    let hosts = [
        ("mail.imap_host", &mail.imap_host),
        ("mail.pop3_host", &mail.pop3_host),
        ("mail.smtp_host", &mail.smtp_host),
    ];
    let wrong = hosts
        .into_iter()
        .filter(|(_, host)| host.as_deref().is_some_and(|host| !is_bare_host(host)));
    let mut problems: Vec<Problem> = wrong
        .map(|(key, _)| Problem::error(key, "must be a host name without scheme and port"))
        .collect();
    let is_web = |text: &str| {
        url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    if mail.webmail_url.as_deref().is_some_and(|text| !is_web(text)) {
        let text = "must be an address such as https://webmail.example";
        problems.push(Problem::error("mail.webmail_url", text));
    }
    problems
}

/// A password in a configuration file is only as secret as that file.
fn readable_passwords(entries: &[Entry]) -> Vec<Problem> {
    let with_password = entries.iter().filter(|entry| entry.value.contains("(..)"));
    let mut problems = Vec::new();
    for entry in with_password {
        if let Source::File(path, _) = &entry.source
            && is_open(path)
        {
            let text = format!(
                "holds a password in a file that others can read; use password_file or run `chmod 600 {}`",
                path.display()
            );
            problems.push(Problem::advice(&entry.key, &text));
        }
    }
    problems
}

fn is_open(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| secret::others_can_read(&metadata))
}

fn plain_http(settings: &Settings) -> Option<Problem> {
    let url = settings.base_url(settings.listen);
    (!url.is_secure() && !is_loopback_name(url.host())).then(|| {
        let text = "is plain http on a name that is not this machine; browsers then refuse to sign people in, \
                    so put a proxy with https in front and write https:// here";
        Problem::advice("base_url", text)
    })
}

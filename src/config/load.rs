//! Turns the layers into [`Settings`]: here stand all keys and all defaults.

use std::path::{Path, PathBuf};

use super::reader::{OwnDatabase, Reader};
use super::values::BaseUrl;
use super::{
    AuditSettings, BinSettings, ConfigError, Entry, HttpSettings, LetterSender, LogFormat, LogSettings,
    MailPolicySettings, MailSettings, NodeSettings, NodeState, PasswordSettings, Problem, SessionSettings,
    Settings, SmtpSecurity, SmtpSettings, Source, Sources, TargetSchema, TargetSettings, WorkerSettings,
    check, secret, source,
};
use crate::db::url::DatabaseUrl;

/// Settings that can be used, and how they came to be.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Every key with its value and source.
    pub entries: Vec<Entry>,
    /// What is worth knowing before going to production.
    pub advice: Vec<Problem>,
}

/// Reads the settings, or says everything that is wrong with them.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let (settings, entries, problems) = read(sources);
    let (advice, errors): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem| problem.is_advice);
    match settings {
        Some(settings) if errors.is_empty() => Ok(Loaded {
            settings,
            entries,
            advice,
        }),
        _ => Err(ConfigError(errors)),
    }
}

/// Every setting that could be read, and everything that is wrong, for whoever looks for the mistake.
pub fn entries(sources: &Sources) -> (Vec<Entry>, Vec<Problem>) {
    let (_, entries, mut problems) = read(sources);
    problems.retain(|problem| !problem.is_advice);
    (entries, problems)
}

fn read(sources: &Sources) -> (Option<Settings>, Vec<Entry>, Vec<Problem>) {
    let (layers, problems) = source::gather(sources);
    let mut reader = Reader::new(layers, problems);
    let settings = settings(&mut reader);
    let more_keys = [
        "targets.0.name",
        "targets.0.url",
        "targets.0.url_file",
        "targets.0.password_file",
    ];
    let (entries, mut problems) = reader.finish(&more_keys);
    if let Some(settings) = &settings {
        problems.extend(check::check(settings, &entries));
    }
    (settings, entries, problems)
}

/// The file to read: the flag's, `$POSTDESK_CONFIG`, `./postdesk.toml` or the system's.
#[must_use]
pub fn find_file(flag: Option<PathBuf>, environment: &[(String, String)]) -> Option<PathBuf> {
    let variable = || environment.iter().find(|(name, _)| name == "POSTDESK_CONFIG");
    let usual = || {
        ["postdesk.toml", "/etc/postdesk/config.toml"]
            .map(PathBuf::from)
            .into_iter()
            .find(|p| p.exists())
    };
    flag.or_else(|| variable().map(|(_, path)| PathBuf::from(path)))
        .or_else(usual)
}

/// Nothing if a database is named in a way that leaves no settings to speak of; the reader knows why.
fn settings(reader: &mut Reader) -> Option<Settings> {
    let listen = reader.or("listen", ([127, 0, 0, 1], 8025).into());
    let configured_base_url = reader.optional::<BaseUrl>("base_url");
    let base_url = configured_base_url
        .clone()
        .unwrap_or_else(|| BaseUrl::of_listener(listen));
    if configured_base_url.is_none() {
        reader.explain("base_url", format!("\"{base_url}\""), Source::Default);
    }
    let data_dir = reader.or("data_dir", PathBuf::from("."));
    let mail = mail(reader, &base_url);
    let database = own_database(reader, &data_dir);
    Some(Settings {
        listen,
        configured_base_url,
        audit: audit(reader, &data_dir),
        data_dir,
        http: http(reader),
        session: SessionSettings {
            idle_min: reader.or("session.idle_min", 60),
            absolute_h: reader.or("session.absolute_h", 24),
        },
        passwords: passwords(reader),
        mail,
        smtp: smtp(reader),
        mail_policy: MailPolicySettings {
            special_use_tlds: reader.or("mail_policy.special_use_tlds", Vec::new()),
            protected_domains: reader.optional("mail_policy.protected_domains"),
            extra_local_characters: reader.or("mail_policy.extra_local_characters", String::new()),
            min_password: reader.or("mail_policy.min_password", 12),
        },
        bin: BinSettings {
            keep_days: reader.or("bin.keep_days", 30),
        },
        worker: worker(reader),
        targets: (0..reader.length("targets"))
            .filter_map(|index| target(reader, index))
            .collect(),
        nodes: nodes(reader),
        log: LogSettings {
            level: reader.or("log.level", "info".to_owned()),
            format: reader.or("log.format", LogFormat::Text),
        },
        // Last, so that everything else is read and explained even without it.
        database: database?,
    })
}

fn own_database(reader: &mut Reader, data_dir: &Path) -> Option<DatabaseUrl> {
    let default: DatabaseUrl = "sqlite:postdesk.db".parse().ok()?;
    let OwnDatabase(url) = reader.or("database", OwnDatabase(default));
    with_password(reader, "database_password_file", url).map(|url| url.inside(data_dir))
}

/// Relative paths are inside the data directory.
fn audit(reader: &mut Reader, data_dir: &Path) -> AuditSettings {
    let key_file: PathBuf = reader.or("audit.key_file", "audit.key".into());
    let checkpoint_file: PathBuf = reader.or("audit.checkpoint_file", "audit.checkpoints".into());
    AuditSettings {
        key_file: data_dir.join(key_file),
        checkpoint_file: data_dir.join(checkpoint_file),
    }
}

fn with_password(reader: &mut Reader, key: &str, url: DatabaseUrl) -> Option<DatabaseUrl> {
    let Some(path) = reader.optional::<PathBuf>(key) else {
        return Some(url);
    };
    if url.has_password() {
        reader.problem(key, "gives a second password; take the one in the URL out");
    }
    read_secret(reader, key, &path).map(|password| url.with_password(&password))
}

fn read_secret(reader: &mut Reader, key: &str, path: &Path) -> Option<String> {
    secret::read(path).map_err(|text| reader.problem(key, &text)).ok()
}

fn http(reader: &mut Reader) -> HttpSettings {
    HttpSettings {
        trusted_proxies: reader.or("http.trusted_proxies", Vec::new()),
        hosts: reader.or("http.hosts", Vec::new()),
        max_connections: reader.or("http.max_connections", 2000),
        max_connections_per_address: reader.or("http.max_connections_per_address", 50),
        in_flight: reader.or("http.in_flight", 256),
        api_per_minute: reader.or("http.api_per_minute", 600_000),
        header_timeout_s: reader.or("http.header_timeout_s", 10),
        body_timeout_s: reader.or("http.body_timeout_s", 30),
        write_timeout_s: reader.or("http.write_timeout_s", 30),
        keep_alive_s: reader.or("http.keep_alive_s", 75),
        drain_s: reader.or("http.drain_s", 10),
    }
}

fn passwords(reader: &mut Reader) -> PasswordSettings {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    PasswordSettings {
        hash_threads: reader.or("passwords.hash_threads", cores),
        queue: reader.or("passwords.queue", 32),
        wait_ms: reader.or("passwords.wait_ms", 1000),
        argon2_memory_kib: reader.or("passwords.argon2_memory_kib", 19_456),
        argon2_passes: reader.or("passwords.argon2_passes", 2),
    }
}

fn mail(reader: &mut Reader, base_url: &BaseUrl) -> MailSettings {
    let mut host = |key: &str| {
        let written = reader.optional::<String>(key);
        if written.is_none() && reader.source(key) == Some(Source::Default) {
            reader.explain(key, format!("{:?}", base_url.host()), Source::Default);
        }
        written
    };
    let (imap_host, pop3_host, smtp_host) = (
        host("mail.imap_host"),
        host("mail.pop3_host"),
        host("mail.smtp_host"),
    );
    MailSettings {
        imap_host,
        pop3_host,
        smtp_host,
        webmail_url: reader.optional("mail.webmail_url"),
    }
}

/// Nothing without a host; then no other key has a place.
fn smtp(reader: &mut Reader) -> Option<SmtpSettings> {
    let host = reader.optional::<String>("smtp.host");
    let security = reader.or("smtp.security", SmtpSecurity::StartTls);
    let port = reader.or("smtp.port", security.usual_port());
    let user = reader.optional::<String>("smtp.user");
    let password = reader
        .optional::<PathBuf>("smtp.password_file")
        .and_then(|path| read_secret(reader, "smtp.password_file", &path));
    let from = reader.optional::<LetterSender>("smtp.from");
    let ca_file = reader.optional::<PathBuf>("smtp.ca_file");
    let timeout_s = reader.or("smtp.timeout_s", 30);
    let unset = |reader: &Reader, key: &str| reader.source(key) == Some(Source::Default);
    let Some(host) = host else {
        let alone = ["smtp.user", "smtp.password_file", "smtp.from", "smtp.ca_file"];
        if let Some(key) = alone.iter().find(|key| !unset(reader, key)) {
            reader.problem(
                key,
                "has no use without smtp.host; say which mail server takes the letters",
            );
        }
        return None;
    };
    if from.is_none() && unset(reader, "smtp.from") {
        reader.problem("smtp.from", "is missing; say who the letters are from");
    }
    let login = match (user, password) {
        (Some(user), Some(password)) => Some((user, password.into())),
        (Some(_), None) if unset(reader, "smtp.password_file") => {
            reader.problem(
                "smtp.password_file",
                "is missing; smtp.user signs in with a password",
            );
            None
        }
        (None, Some(_)) => {
            reader.problem(
                "smtp.user",
                "is missing; a password needs somebody who signs in with it",
            );
            None
        }
        _ => None,
    };
    Some(SmtpSettings {
        host,
        port,
        security,
        login,
        from: from?,
        ca_file,
        timeout_s,
    })
}

fn worker(reader: &mut Reader) -> WorkerSettings {
    WorkerSettings {
        enabled: reader.or("worker.enabled", true),
        poll_ms: reader.or("worker.poll_ms", 500),
        batch: reader.or("worker.batch", 200),
        lease_s: reader.or("worker.lease_s", 60),
        connect_timeout_s: reader.or("worker.connect_timeout_s", 5),
        statement_timeout_s: reader.or("worker.statement_timeout_s", 20),
        max_tries: reader.or("worker.max_tries", 10),
        backoff_max_s: reader.or("worker.backoff_max_s", 300),
    }
}

fn target(reader: &mut Reader, index: usize) -> Option<TargetSettings> {
    let key = |name: &str| format!("targets.{index}.{name}");
    let name = reader.optional::<String>(&key("name"));
    if name.is_none() {
        reader.problem(&key("name"), "is missing; give the target a name");
    }
    let url = target_url(reader, &key("url"), &key("url_file"));
    let url = url.and_then(|url| with_password(reader, &key("password_file"), url));
    let schema = reader.or(&key("schema"), TargetSchema::Native);
    let usage_from = reader.or(&key("usage_from"), false);
    Some(TargetSettings {
        name: name?,
        url: url?,
        schema,
        usage_from,
    })
}

fn target_url(reader: &mut Reader, url_key: &str, file_key: &str) -> Option<DatabaseUrl> {
    let written = reader.optional::<DatabaseUrl>(url_key);
    let Some(path) = reader.optional::<PathBuf>(file_key) else {
        if written.is_none() && reader.source(url_key) == Some(Source::Default) {
            reader.problem(
                url_key,
                "is missing; say where the target's database is, here or with url_file",
            );
        }
        return written;
    };
    if written.is_some() {
        reader.problem(file_key, "and url are both set; keep one");
    }
    let text = read_secret(reader, file_key, &path)?;
    match text.parse() {
        Ok(url) => {
            reader.explain(url_key, "(set)".to_owned(), Source::Secret(path));
            Some(url)
        }
        Err(error) => {
            reader.problem(file_key, &format!("names a file without a usable URL: {error}"));
            None
        }
    }
}

fn nodes(reader: &mut Reader) -> Vec<NodeSettings> {
    // Without any, mailboxes live on this machine.
    let count = reader.length("nodes").max(1);
    let alone = reader.length("nodes") == 0;
    let mut nodes = Vec::new();
    for index in 0..count {
        let key = |name: &str| format!("nodes.{index}.{name}");
        let (name, host) = if alone {
            (
                reader.or(&key("name"), "node-a".to_owned()),
                reader.or(&key("host"), "127.0.0.1".to_owned()),
            )
        } else {
            (required(reader, &key("name")), required(reader, &key("host")))
        };
        nodes.push(NodeSettings {
            name,
            host,
            imap_port: reader.or(&key("imap_port"), 143),
            pop3_port: reader.or(&key("pop3_port"), 110),
            sieve_port: reader.or(&key("sieve_port"), 4190),
            lmtp_port: reader.or(&key("lmtp_port"), 24),
            state: reader.or(&key("state"), NodeState::Up),
        });
    }
    nodes
}

fn required(reader: &mut Reader, key: &str) -> String {
    let value = reader.optional::<String>(key);
    if value.is_none() && reader.source(key) == Some(Source::Default) {
        reader.problem(key, "is missing; every node has a name and a host");
    }
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! Typed settings from a TOML file, the environment and flags; the later wins, key by key.
//!
//! An unknown key is an error that names the nearest known one, and all problems are told at once.

mod check;
pub mod explain;
mod load;
mod reader;
mod secret;
mod source;
mod values;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

pub use explain::Entry;
pub use load::{Loaded, entries, find_file, load};
pub use source::{Flag, Source, Sources};
pub use values::{BaseUrl, LetterSender, LogFormat, NodeState, SmtpSecurity, TargetSchema, is_loopback_name};

use secrecy::SecretString;

use crate::db::url::DatabaseUrl;
use crate::model::IpRange;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the portal listens: an address and a TCP port; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where people reach it, if somebody said so; see [`Settings::base_url`].
    pub configured_base_url: Option<BaseUrl>,
    /// The portal's own database: SQLite or PostgreSQL.
    pub database: DatabaseUrl,
    /// Where files live that belong to the portal, a relative SQLite file among them.
    pub data_dir: PathBuf,
    /// Limits of the HTTP server and what it trusts.
    pub http: HttpSettings,
    /// How long people stay signed in.
    pub session: SessionSettings,
    /// What hashing a password may cost.
    pub passwords: PasswordSettings,
    /// How mail programs reach the cluster.
    pub mail: MailSettings,
    /// The mail server that takes the letters which Postdesk itself writes; without one it writes none.
    pub smtp: Option<SmtpSettings>,
    /// What addresses and passwords must look like.
    pub mail_policy: MailPolicySettings,
    /// How long deleted things can be restored.
    pub bin: BinSettings,
    /// The signed checkpoints of the audit.
    pub audit: AuditSettings,
    /// The worker that writes to targets.
    pub worker: WorkerSettings,
    /// The provisioning databases.
    pub targets: Vec<TargetSettings>,
    /// The mail servers of the cluster on which mailboxes are placed.
    pub nodes: Vec<NodeSettings>,
    /// What is logged, and how.
    pub log: LogSettings,
}

impl Settings {
    /// Where people reach the portal, given the address it really listens on.
    #[must_use]
    pub fn base_url(&self, bound: SocketAddr) -> BaseUrl {
        self.configured_base_url
            .clone()
            .unwrap_or_else(|| BaseUrl::of_listener(bound))
    }
}

/// Limits of the HTTP server and what it trusts.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpRange>,
    /// Host names that are answered besides that of the base URL.
    pub hosts: Vec<String>,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one address; trusted proxies and loopback are exempt.
    pub max_connections_per_address: usize,
    /// Requests being worked on at once; more are told to come back.
    pub in_flight: usize,
    /// Requests of one API token in a minute; more are told to come back.
    pub api_per_minute: u32,
    /// Time to send a request's head.
    pub header_timeout_s: u64,
    /// Time to send a request's body.
    pub body_timeout_s: u64,
    /// Time without progress after which an answer is given up.
    pub write_timeout_s: u64,
    /// Time a connection may wait for its next request.
    pub keep_alive_s: u64,
    /// Time that running requests have to finish when the server stops.
    pub drain_s: u64,
}

/// How long people stay signed in.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    /// Minutes without a request.
    pub idle_min: u32,
    /// Hours in all.
    pub absolute_h: u32,
}

/// What hashing a password may cost.
#[derive(Clone, Debug)]
pub struct PasswordSettings {
    /// Passwords hashed at once; as many as the machine has cores by default.
    pub hash_threads: usize,
    /// Requests that may wait for their turn.
    pub queue: usize,
    /// How long they wait at most.
    pub wait_ms: u64,
    /// Memory of one argon2id hash.
    pub argon2_memory_kib: u32,
    /// Passes of one argon2id hash.
    pub argon2_passes: u32,
}

/// How mail programs reach the cluster, for hand-over sheets. What nobody set is on the host of the base URL.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Where people read mail by IMAP.
    pub imap_host: Option<String>,
    /// Where people fetch mail by POP3.
    pub pop3_host: Option<String>,
    /// Where people send mail.
    pub smtp_host: Option<String>,
    /// The address of the webmail; there is none if nobody set it.
    pub webmail_url: Option<String>,
}

/// The mail server that takes the letters which Postdesk itself writes.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: SmtpSecurity,
    /// Whom Postdesk signs in as there, with which password; nobody, if it need not.
    pub login: Option<(String, SecretString)>,
    /// Who the letters are from.
    pub from: LetterSender,
    /// A certificate authority that is trusted besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Time for each step of a delivery.
    pub timeout_s: u64,
}

/// What addresses and passwords must look like.
#[derive(Clone, Debug)]
pub struct MailPolicySettings {
    /// Special-use top-level domains that may be hosted all the same, such as `test`.
    pub special_use_tlds: Vec<String>,
    /// Domains nobody may add; the built-in list if nobody said.
    pub protected_domains: Option<Vec<String>>,
    /// Further characters in local parts: some of `'` and `+`.
    pub extra_local_characters: String,
    /// The fewest characters of a mailbox's password.
    pub min_password: usize,
}

/// How long deleted things can be restored.
#[derive(Clone, Debug)]
pub struct BinSettings {
    /// Days in the bin.
    pub keep_days: u32,
}

/// The signed checkpoints of the audit.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// The key that signs them; made at the first start.
    pub key_file: PathBuf,
    /// The file that they are written to, best on another disk than the database.
    pub checkpoint_file: PathBuf,
}

/// The worker that writes to targets.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Whether `serve` runs a worker in its own process.
    pub enabled: bool,
    /// How often it looks when nobody wakes it.
    pub poll_ms: u64,
    /// Objects written in one transaction.
    pub batch: u32,
    /// How long a target belongs to one worker.
    pub lease_s: u64,
    /// Time to connect to a target.
    pub connect_timeout_s: u64,
    /// Time for one statement in a target.
    pub statement_timeout_s: u64,
    /// Tries before an object is parked.
    pub max_tries: u32,
    /// The longest pause between two tries.
    pub backoff_max_s: u64,
}

/// A provisioning database that Postdesk writes to.
#[derive(Clone, Debug)]
pub struct TargetSettings {
    /// Its name, of `a-z`, `0-9` and `-`.
    pub name: String,
    /// Where it is; with the password from its file.
    pub url: DatabaseUrl,
    /// Its tables and views.
    pub schema: TargetSchema,
    /// Whether the portal reads usage and last log-ins from it.
    pub usage_from: bool,
}

/// A mail server of the cluster on which mailboxes are placed.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// Its name, of `a-z`, `0-9` and `-`.
    pub name: String,
    /// The address that fronts and MXs connect to.
    pub host: String,
    /// Where IMAP is.
    pub imap_port: u16,
    /// Where POP3 is.
    pub pop3_port: u16,
    /// Where `ManageSieve` is.
    pub sieve_port: u16,
    /// Where LMTP is.
    pub lmtp_port: u16,
    /// Whether it runs and takes new mailboxes.
    pub state: NodeState,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// A level, or directives such as `info,sqlx=warn`.
    pub level: String,
    /// For people or for machines.
    pub format: LogFormat,
}

/// Something wrong with the configuration, or worth knowing about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key it is about; empty if it is about the whole.
    pub key: String,
    /// Where that key was set.
    pub source: Option<Source>,
    /// What is wrong and what to do.
    pub text: String,
    /// Postdesk starts all the same.
    pub is_advice: bool,
}

impl Problem {
    fn error(key: &str, text: &str) -> Self {
        Self {
            key: key.to_owned(),
            source: None,
            text: text.to_owned(),
            is_advice: false,
        }
    }

    fn advice(key: &str, text: &str) -> Self {
        Self {
            is_advice: true,
            ..Self::error(key, text)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return out.write_str(&self.text);
        }
        match self.source.as_ref().filter(|source| **source != Source::Default) {
            Some(source) => write!(out, "{} {} ({source})", self.key, self.text),
            None => write!(out, "{} {}", self.key, self.text),
        }
    }
}

/// The configuration cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ConfigError(pub Vec<Problem>);

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

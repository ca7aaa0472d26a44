//! From settings to an application that is ready to be asked.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::config::Settings;
use crate::db::url::DatabaseUrl;
use crate::db::{Db, DbError};
use crate::error::Error;
use crate::ids::Ids;
use crate::model::{AddressPolicy, Clock, PasswordRules, SystemClock};
use crate::service::audit::{CheckpointTrouble, Checkpoints};
use crate::service::passwords::{Hasher, HashingLimits};
use crate::service::{App, MailHosts, Parts};
use crate::store::Store;

/// Why there is no application.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A directory or file of the portal cannot be made or opened.
    #[error("cannot use {path}; make it, and let the portal write there")]
    File {
        /// What cannot be used.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The database does not let the portal in.
    #[error("cannot open the database {url}; check that it is there and lets the portal in")]
    Open {
        /// Where it is, without its password.
        url: String,
        /// Why.
        source: DbError,
    },
    /// The database cannot be brought to this version's tables.
    #[error("cannot bring the database {url} up to date")]
    Migrate {
        /// Where it is, without its password.
        url: String,
        /// Why.
        source: DbError,
    },
    /// The checkpoints of the audit cannot be written.
    #[error(transparent)]
    Checkpoints(#[from] CheckpointTrouble),
    /// The application refused.
    #[error(transparent)]
    App(#[from] Error),
}

/// An application on the database of the settings, with its schema up to date and the nodes and targets of the
/// configuration known to it.
pub async fn app(settings: &Settings, base_url: String) -> Result<App, StartError> {
    let app = open(settings, base_url).await?;
    app.store.sync_nodes(&settings.nodes).await?;
    app.store.sync_targets(&settings.targets).await?;
    let audit = &settings.audit;
    let checkpoints = Checkpoints::open(&audit.key_file, &audit.checkpoint_file, &app.ids.random())?;
    // Nobody else has this application yet.
    app.checkpoints.set(checkpoints).unwrap_or(());
    Ok(app)
}

/// The same, but nodes and targets stay as a server made them: for commands beside one.
pub async fn open(settings: &Settings, base_url: String) -> Result<App, StartError> {
    let db = database(settings).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock));
    let app = assemble(settings, base_url, db, clock, ids)?;
    let numbered = app.store.number_old_entries().await?;
    if numbered > 0 {
        tracing::info!(
            entries = numbered,
            "put the entries of before into the chain of the audit"
        );
    }
    Ok(app)
}

/// The database of the settings, with its schema up to date.
pub async fn database(settings: &Settings) -> Result<Db, StartError> {
    let url = &settings.database;
    directory(&settings.data_dir)?;
    // PostgreSQL has a lock of its own for this. SQLite has none that covers both the first change to write-ahead
    // logging and the migrations, so two processes that start at once take turns at a file.
    let _turn = turn(url).await?;
    let db = connect(url).await?;
    db.migrate().await.map_err(|source| StartError::Migrate {
        url: url.to_string(),
        source,
    })?;
    Ok(db)
}

/// How many migrations the database of the settings still needs; none of them is run.
pub async fn migrations_missing(settings: &Settings) -> Result<usize, StartError> {
    let url = &settings.database;
    let db = connect(url).await?;
    let missing = db.migrations_missing().await;
    db.close().await;
    missing.map_err(|source| StartError::Open {
        url: url.to_string(),
        source,
    })
}

async fn connect(url: &DatabaseUrl) -> Result<Db, StartError> {
    let opened = Db::connect(url).await;
    opened.map_err(|source| StartError::Open {
        url: url.to_string(),
        source,
    })
}

/// Makes the directory of the portal's files if it is missing: its own, and nobody else's.
pub fn directory(path: &Path) -> Result<(), StartError> {
    if path.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| unusable(path, source))
}

/// An SQLite file that only its owner can read, and the turn to open it. The files that SQLite puts beside it
/// take over its permissions.
async fn turn(url: &DatabaseUrl) -> Result<Option<File>, StartError> {
    let Some(path) = url.file().filter(|path| path.as_os_str() != ":memory:") else {
        return Ok(None);
    };
    private(path)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = PathBuf::from(name);
    let file = private(&lock)?;
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    let locked = locked.map_err(io::Error::other).and_then(|locked| locked);
    locked.map(Some).map_err(|source| unusable(&lock, source))
}

fn private(path: &Path) -> Result<File, StartError> {
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    opened.map_err(|source| unusable(path, source))
}

fn unusable(path: &Path, source: io::Error) -> StartError {
    StartError::File {
        path: path.display().to_string(),
        source,
    }
}

/// An application on a database that is ready. Tests bring their own clock and ids.
pub fn assemble(
    settings: &Settings,
    base_url: String,
    db: Db,
    clock: Arc<dyn Clock>,
    ids: Ids,
) -> Result<App, Error> {
    let passwords = &settings.passwords;
    let hasher = Hasher::new(HashingLimits {
        threads: passwords.hash_threads,
        queue: passwords.queue,
        wait: Duration::from_millis(passwords.wait_ms),
        memory_kib: passwords.argon2_memory_kib,
        passes: passwords.argon2_passes,
    })?;
    let policy = &settings.mail_policy;
    let mut addresses = AddressPolicy {
        special_use_tlds_allowed: policy.special_use_tlds.clone(),
        extra_local_characters: policy.extra_local_characters.clone(),
        ..AddressPolicy::default()
    };
    if let Some(protected) = &policy.protected_domains {
        addresses.protected_domains.clone_from(protected);
    }
    let mail_hosts = mail_hosts(settings, &base_url);
    let keeps = Duration::from_secs(u64::from(settings.bin.keep_days) * 86_400);
    let store = Store::new(db, Arc::clone(&clock), ids.clone(), keeps);
    Ok(App::new(Parts {
        store,
        clock,
        ids,
        hasher,
        grants: crate::service::sign_in::Grants::default(),
        addresses,
        passwords: PasswordRules {
            min: policy.min_password,
        },
        base_url,
        mail_hosts,
        sends_letters: settings.smtp.is_some(),
        api_per_minute: settings.http.api_per_minute,
        checkpoints: OnceLock::new(),
        checks: crate::service::audit::Checks::default(),
        exports: Arc::new(tokio::sync::Semaphore::new(
            crate::service::audit::EXPORTS_AT_A_TIME,
        )),
    }))
}

/// What nobody set is on the portal's own host.
fn mail_hosts(settings: &Settings, base_url: &str) -> MailHosts {
    let origin = base_url.split("://").nth(1).unwrap_or_default();
    let own = match origin.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => origin.split([':', '/']).next().unwrap_or_default(),
    };
    let mail = &settings.mail;
    let host = |written: &Option<String>| written.clone().unwrap_or_else(|| own.to_owned());
    MailHosts {
        imap: host(&mail.imap_host),
        pop3: host(&mail.pop3_host),
        smtp: host(&mail.smtp_host),
        webmail: mail.webmail_url.clone().unwrap_or_default(),
    }
}

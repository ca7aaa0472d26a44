//! From settings to an application that is ready to be asked.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Settings;
use crate::db::Db;
use crate::error::Error;
use crate::ids::Ids;
use crate::model::{AddressPolicy, Clock, PasswordRules, SystemClock};
use crate::service::passwords::{Hasher, HashingLimits};
use crate::service::{App, MailHosts, Parts};
use crate::store::Store;

/// An application on the database of the settings, with its schema up to date and the nodes and targets of the
/// configuration known to it.
pub async fn app(settings: &Settings, base_url: String) -> Result<App, Error> {
    let db = Db::connect(&settings.database).await?;
    db.migrate().await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock));
    let app = assemble(settings, base_url, db, clock, ids)?;
    app.store.sync_nodes(&settings.nodes).await?;
    app.store.sync_targets(&settings.targets).await?;
    Ok(app)
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
    let keeps = Duration::from_secs(u64::from(settings.bin.keep_days) * 86_400);
    let host = base_url
        .split("://")
        .nth(1)
        .unwrap_or_default()
        .split([':', '/'])
        .next()
        .unwrap_or_default()
        .to_owned();
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
        mail_hosts: MailHosts {
            imap: host.clone(),
            pop3: host.clone(),
            smtp: host,
            webmail: String::new(),
        },
    }))
}

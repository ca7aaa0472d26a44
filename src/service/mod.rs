//! What people can ask for: one function per wish. The browser, the API and the command line call these and nothing below.
//!
//! Every wish that changes something has four beats: allow, prepare, decide, commit.

use std::sync::Arc;
use std::time::Duration;

use crate::access::{Call, Object, Permission, Permit};
use crate::error::Error;
use crate::ids::Ids;
use crate::model::{AddressPolicy, Clock, Domain, DomainName, EmailAddress, Event, PasswordRules, Refusal};
use crate::store::Store;

pub mod accounts;
pub mod aliases;
pub mod audit;
pub mod domains;
pub mod explain;
pub mod grants;
pub mod housekeeping;
pub mod letters;
pub mod mailboxes;
pub mod orgs;
pub mod passwords;
pub mod people;
pub mod permissions;
pub mod pools;
pub mod provisioning;
pub mod recount;
pub mod resolve;
pub mod roles;
pub mod search;
pub mod service_accounts;
pub mod sign_in;
pub mod support;
pub mod tokens;
pub mod undo;
pub mod warnings;
pub mod ways_in;

/// The application: everything a wish needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// What an [`App`] is made of.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids and secrets.
    pub ids: Ids,
    /// Hashes passwords, a few at a time.
    pub hasher: passwords::Hasher,
    /// The grants of accounts, as long as they are what the store says.
    pub grants: sign_in::Grants,
    /// Which names and addresses may be hosted.
    pub addresses: AddressPolicy,
    /// What a password must be.
    pub passwords: PasswordRules,
    /// The portal's own address, without a final slash: the only one that ever goes into a link.
    pub base_url: String,
    /// How mail programs reach the cluster, for hand-over sheets.
    pub mail_hosts: MailHosts,
    /// Whether there is a mail server that takes letters.
    pub sends_letters: bool,
    /// How many requests of one API token are answered in a minute.
    pub api_per_minute: u32,
    /// Where it is written down how far the audit had got; a server has it, a command beside one does not need it.
    pub checkpoints: std::sync::OnceLock<audit::Checkpoints>,
    /// The checks of the audit that people ask for.
    pub checks: audit::Checks,
    /// A turn for each export of the audit that may be under way.
    pub exports: Arc<tokio::sync::Semaphore>,
}

/// How mail programs reach the cluster.
#[derive(Clone, Debug)]
pub struct MailHosts {
    /// The IMAP host.
    pub imap: String,
    /// The POP3 host.
    pub pop3: String,
    /// The submission host.
    pub smtp: String,
    /// The address of the webmail, empty when there is none.
    pub webmail: String,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// An application of these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// When something that is deleted now is gone for good.
    pub fn purge_at(&self) -> crate::model::Timestamp {
        self.store.purge_at()
    }

    /// The domain of this name with a permit for `P` on it, or 404, or 403.
    pub async fn domain<P: Permission>(
        &self,
        call: &Call,
        name: &DomainName,
    ) -> Result<(Domain, Permit<P>), Error> {
        let guarded = self.store.domain(name).await?;
        guarded
            .open(&call.actor)
            .map_err(|denied| Error::denied(denied, "domain", name.as_str()))
    }

    /// The same for a domain that is in use: what is in the bin has to be restored first.
    pub async fn live_domain<P: Permission>(
        &self,
        call: &Call,
        name: &DomainName,
    ) -> Result<(Domain, Permit<P>), Error> {
        let (domain, permit) = self.domain(call, name).await?;
        if domain.deleted.is_some() {
            let detail = format!("{} is in the bin.", domain.name);
            return Err(Refusal::new("domain_deleted", detail, "Restore the domain first.").into());
        }
        Ok((domain, permit))
    }

    /// Refuses when somebody who holds more than the caller signs in with `address`: whoever reads their mail, or keeps
    /// them from it, has a hand on all they may do.
    async fn outranks_who_signs_in_with<P: Permission>(
        &self,
        call: &Call,
        address: &EmailAddress,
        permit: &Permit<P>,
    ) -> Result<(), Error> {
        if call.actor.outranks_everybody() {
            return Ok(());
        }
        let theirs = self.store.grants_behind(&address.to_string()).await?;
        let object = Object {
            behind: &theirs,
            ..Object::at(permit.place())
        };
        if call.actor.judge(P::ACTION, &object).is_ok() {
            return Ok(());
        }
        let detail = format!("Whoever signs in with {address} may do more than you, somewhere.");
        let next = "Ask somebody who holds at least as much.";
        Err(Error::Forbidden(Refusal::new("outranked", detail, next)))
    }

    /// Waits until every target holds the object as it should, or `within` is over.
    pub async fn wait_in_sync(&self, object: uuid::Uuid, within: Duration) -> Result<(), Error> {
        let deadline = tokio::time::Instant::now() + within;
        let mut settled = self.store.settled.listen();
        loop {
            let open = self.store.open_states(&[object]).await?;
            if open.is_empty() {
                return Ok(());
            }
            // The worker may be another process, whose bell is not heard here: look again now and then.
            let next = tokio::time::Instant::now() + Duration::from_millis(100);
            let waited = tokio::time::timeout_at(next.min(deadline), settled.changed()).await;
            if waited.is_err() && tokio::time::Instant::now() >= deadline {
                return Ok(());
            }
        }
    }
}

/// What came of a wish: the thing as it is now, and what happened on the way.
#[derive(Debug)]
pub struct Done<T> {
    /// The thing as it is now (or would be, in a dry run).
    pub value: T,
    /// What happened. Nothing, when there was nothing to change.
    pub events: Vec<Event>,
}

impl<T> Done<T> {
    /// It is as it was: there was nothing to change.
    pub fn nothing(value: T) -> Self {
        Self {
            value,
            events: Vec::new(),
        }
    }

    /// The same with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Done<U> {
        Done {
            value: f(self.value),
            events: self.events,
        }
    }
}

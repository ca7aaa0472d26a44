//! Rows and what they mean, behind permits.
//!
//! Reading goes through values that are [`Guarded`](crate::access::Guarded) by their place or through a
//! [`Reach`](crate::access::Reach); writing goes through a [`Change`]. The doors that need neither, and why:
//!
//! - `credentials`: one cannot be authorised before being known.
//! - `sessions`, `setup_links`: keyed by an unguessable secret.
//! - `outbox`, `projected`: what the worker reads; nothing of it leaves but into the targets.
//! - `letters`, what sends them: they go to their recipients and nowhere else.
//! - `housekeeping`: what the clock does, in the name of the portal itself.
//! - `chain`, its head only: a number and a hash.
//! - `idempotency`: keyed by the credential that asks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::db::Db;
use crate::error::{Error, Internal};
use crate::ids::Ids;
use crate::model::Clock;

mod account_links;
mod accounts;
mod addresses;
mod aliases;
mod audit;
mod chain;
mod change;
mod counters;
pub mod credentials;
mod delivery;
mod domains;

mod grants;
pub mod housekeeping;
pub mod idempotency;
mod letters;
mod mailboxes;
mod orgs;

pub mod outbox;
mod page;
mod people;
pub mod projected;
mod promises;

mod recount;
mod roles;
mod row;
mod search;
pub mod sessions;
pub mod setup_links;
mod support;
mod targets;
mod tokens;

pub use account_links::AccountLink;
pub use accounts::{Account, AccountDraft, Accounts};
pub use aliases::Aliases;
pub use audit::{EventFilter, EventOrder, EventRecord, Who};
pub use chain::{ChainEnd, ChainEntry};
pub use change::Change;
pub use delivery::Onward;
pub use domains::Domains;
pub use grants::{Access, GrantDraft, GrantRecord, WritesGrants};
pub use letters::{Letter, LetterFate, LetterState, LinkPurpose};
pub use mailboxes::{MailboxFilter, MailboxSort, Mailboxes, NewMailbox, StateFilter};
pub use orgs::{LeftBehind, Orgs};
pub use page::{Cursor, Page, PageRequest};
pub use people::{AccountKind, Person};
pub use recount::{Counted, CounterOf};
pub use roles::OwnRole;
pub use search::{Hit, HitKind, Readable, normalise};
pub use support::ActingRecord;
pub use targets::{ObjectState, OpenObject, TargetState, TargetStatus};
pub use tokens::{HeldToken, Replacement, Successor, TokenDraft, TokenView, WritesTokens};

/// Wakes whoever waits for committed work.
#[derive(Clone, Debug)]
pub struct Bell(watch::Sender<u64>);

impl Bell {
    /// A bell that nobody has heard yet.
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Tells every listener that there may be work.
    pub fn ring(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A listener, which hears every ring from now on.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}

/// The store: the database with what a change needs beside it.
#[derive(Clone)]
pub struct Store {
    pub(super) db: Db,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Ids,
    /// Rung after each commit that gives the workers something to do.
    pub pending: Bell,
    /// Rung by the worker after it has written something.
    pub settled: Bell,
    /// Rung after each commit that writes a letter, and after each that settles one.
    pub letters: Bell,
    pub(super) bin_keeps: Duration,
}

impl Store {
    /// A store on `db`; what is deleted stays in the bin for `bin_keeps`.
    pub fn new(db: Db, clock: Arc<dyn Clock>, ids: Ids, bin_keeps: Duration) -> Self {
        Self {
            db,
            clock,
            ids,
            pending: Bell::new(),
            settled: Bell::new(),
            letters: Bell::new(),
            bin_keeps,
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.db.ping().await?)
    }

    /// When something that is deleted now is gone for good.
    pub fn purge_at(&self) -> crate::model::Timestamp {
        self.clock.now().plus(self.bin_keeps)
    }

    /// The database, for migrations and for closing it.
    pub fn db(&self) -> &Db {
        &self.db
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("db", &self.db.engine())
            .finish_non_exhaustive()
    }
}

/// A stored value that no longer parses: named, so that it can be found.
fn corrupt(table: &'static str, column: &'static str, id: &(impl ToString + ?Sized)) -> Error {
    Error::Internal(Internal::Corrupt {
        table,
        column,
        id: id.to_string(),
    })
}

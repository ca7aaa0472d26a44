//! What can go wrong, without HTTP.

use crate::access::{Action, Denied};
use crate::db::DbError;
use crate::model::{Invalid, Refusal};

/// Why a wish was not granted. Variants are what a caller can do something about.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input breaks rules; every broken one is named.
    #[error("the input is not valid")]
    Invalid(#[from] Invalid),
    /// Nobody is signed in, or the credential is worth nothing.
    #[error("sign in first")]
    Unknown,
    /// The object is there, and this permission on it is missing.
    #[error("not allowed: {0} is missing")]
    Refused(Action),
    /// The permission is held, and what is asked for goes beyond what may be done with it.
    #[error(transparent)]
    Forbidden(Refusal),
    /// There is no such thing for this actor.
    #[error("{0} not found")]
    NotFound(String),
    /// A mailbox has another address now.
    #[error("it is now {0}")]
    Moved(String),
    /// A rule says no.
    #[error(transparent)]
    Against(#[from] Refusal),
    /// Somebody changed the object meanwhile.
    #[error("{what} was changed meanwhile: it is at version {current}")]
    Stale {
        /// The object.
        what: String,
        /// Its version now.
        current: i64,
    },
    /// The same request is being carried out, or was with other content.
    #[error("{0}")]
    Idempotency(IdempotencyProblem),
    /// Too much at once; come back later.
    #[error("the portal is busy")]
    Overloaded {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// The database is busy or away.
    #[error("the database is not available just now")]
    Unavailable(#[source] DbError),
    /// A defect of ours, or a row that breaks the rules.
    #[error("internal error")]
    Internal(#[from] Internal),
}

/// What is wrong with an `Idempotency-Key`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdempotencyProblem {
    /// The key was used for another request.
    #[error("this Idempotency-Key was used with other content; use a new key")]
    OtherContent,
    /// The first request is still under way.
    #[error("a request with this Idempotency-Key is still under way; ask again in a moment")]
    Running,
}

/// What went wrong inside. Nothing here is fit for a user's eyes.
#[derive(Debug, thiserror::Error)]
pub enum Internal {
    /// The database refused a statement that it should have taken.
    #[error(transparent)]
    Database(DbError),
    /// A stored value no longer parses.
    #[error("corrupt value in {table}.{column} of {id}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
    },
    /// A page could not be rendered.
    #[error("a template failed")]
    Template(#[from] askama::Error),
    /// Something that cannot happen did.
    #[error("{0}")]
    Defect(String),
}

impl Error {
    /// `kind name` is not there for this actor.
    pub fn not_found(kind: &str, name: &str) -> Self {
        Self::NotFound(format!("{kind} \"{name}\""))
    }

    /// How a denial reads for the object `kind name`.
    pub fn denied(denied: Denied, kind: &str, name: &str) -> Self {
        match denied {
            Denied::Hidden => Self::not_found(kind, name),
            Denied::Refused(action) => Self::Refused(action),
        }
    }

    /// A defect, said in words for the log.
    pub fn defect(text: impl Into<String>) -> Self {
        Self::Internal(Internal::Defect(text.into()))
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy(_) | DbError::Unavailable(_) => Self::Unavailable(error),
            DbError::Duplicate | DbError::Migrate(_) | DbError::Driver(_) => {
                Self::Internal(Internal::Database(error))
            }
        }
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

//! What a database can answer instead of rows.

/// Why a statement failed, in the few kinds that callers treat differently.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique rule was broken: the thing exists already.
    #[error("the row exists already")]
    Duplicate,
    /// Another writer holds what this statement needs, or the pool is exhausted; trying again later helps.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// The database cannot be reached, or refuses work (read-only, shutting down, full).
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The migrations could not be applied.
    #[error("the schema of the database cannot be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// Anything else: a defect of ours.
    #[error("the database refused a statement")]
    Driver(#[source] sqlx::Error),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Busy(error),
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => Self::Duplicate,
            sqlx::Error::Database(refusal) => match refusal.code().as_deref() {
                // PostgreSQL: deadlock, serialization failure, lock not available, statement timeout, too many connections.
                // SQLite: BUSY and LOCKED with their extended codes.
                Some("40P01" | "40001" | "55P03" | "57014" | "53300" | "5" | "6" | "261" | "262" | "517") => {
                    Self::Busy(error)
                }
                // PostgreSQL: shutting down or crashed, read-only transaction, disk full, cannot connect now.
                // SQLite: READONLY, IOERR, FULL, CANTOPEN.
                Some("57P01" | "57P02" | "57P03" | "25006" | "53100" | "8" | "10" | "13" | "14") => {
                    Self::Unavailable(error)
                }
                _ => Self::Driver(error),
            },
            _ => Self::Driver(error),
        }
    }
}

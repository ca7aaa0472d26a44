//! Connections that go from hand to hand.
//!
//! sqlx's own pool pings every connection that comes back, in a task of its own: a second trip for each statement, which
//! on SQLite costs more than the statement. Here a connection is looked at only when there is reason to doubt it.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use deadpool::{Runtime, managed};
use sqlx::{ConnectOptions as _, Connection, Database};

use super::DbError;

/// How long a caller waits for a connection before being told that the database is busy.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(5);

/// Makes the connections of one pool, and decides whether one that was lent before may be lent again.
pub(super) struct Keeper<DB: Database> {
    options: <DB::Connection as Connection>::Options,
    /// Connections that were left alone for longer are asked whether they still live, and old ones are replaced.
    doubted_after: Option<Duration>,
}

const REPLACED_AFTER: Duration = Duration::from_mins(30);

impl<DB: Database> Manager for Keeper<DB> {
    type Type = DB::Connection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<DB::Connection, sqlx::Error> {
        // In a box, so that whoever borrows does not carry the room for a handshake along.
        Box::pin(self.options.connect()).await
    }

    async fn recycle(
        &self,
        connection: &mut DB::Connection,
        metrics: &Metrics,
    ) -> RecycleResult<sqlx::Error> {
        let Some(doubted_after) = self.doubted_after else {
            return Ok(());
        };
        if metrics.age() > REPLACED_AFTER {
            return Err(RecycleError::message("it is old"));
        }
        if metrics.last_used() > doubted_after {
            connection.ping().await?;
        }
        Ok(())
    }
}

/// A pool of connections to one kind of database.
pub struct Pool<DB: Database>(managed::Pool<Keeper<DB>>);

impl<DB: Database> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<DB: Database> std::fmt::Debug for Pool<DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pool").field(&self.0.status()).finish()
    }
}

impl<DB: Database> Pool<DB> {
    /// A pool of at most `size` connections. With `doubted_after`, those left alone for longer are tried first.
    pub(super) fn new(
        options: <DB::Connection as Connection>::Options,
        size: usize,
        doubted_after: Option<Duration>,
    ) -> Result<Self, DbError> {
        let keeper = Keeper {
            options,
            doubted_after,
        };
        let pool = managed::Pool::builder(keeper)
            .max_size(size)
            // The one used last is warm; those that nobody needs are never even opened.
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(ACQUIRE_WITHIN))
            .create_timeout(Some(ACQUIRE_WITHIN))
            .recycle_timeout(Some(ACQUIRE_WITHIN))
            .runtime(Runtime::Tokio1)
            .build();
        let pool = pool.map_err(|error| DbError::Driver(sqlx::Error::Configuration(error.into())))?;
        Ok(Self(pool))
    }

    /// Borrows a connection.
    pub(super) async fn lend(&self) -> Result<Lent<DB>, DbError> {
        Ok(Lent(self.0.get().await.map_err(|error| match error {
            PoolError::Timeout(_) => sqlx::Error::PoolTimedOut,
            PoolError::Backend(error) => error,
            PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                sqlx::Error::PoolClosed
            }
        })?))
    }

    /// Waits until every connection is given back, and closes them.
    pub(super) async fn close(&self) {
        let open = self.0.status().size;
        self.0.resize(open);
        let mut all = Vec::with_capacity(open);
        for _ in 0..open {
            let Ok(one) = self.0.get().await else { break };
            all.push(one);
        }
        self.0.close();
        for one in all {
            // What cannot be closed in good order is gone as well.
            drop(Object::take(one).close().await);
        }
    }
}

/// A borrowed connection; dropping it gives it back.
pub(super) struct Lent<DB: Database>(Object<Keeper<DB>>);

impl<DB: Database> Lent<DB> {
    /// The connection.
    pub(super) fn connection(&mut self) -> &mut DB::Connection {
        &mut self.0
    }

    /// Gives the connection back after a statement, or throws it away if it is broken.
    pub(super) fn after<T>(self, done: Result<T, sqlx::Error>) -> Result<T, DbError> {
        if let Err(error) = &done
            && is_broken(error)
        {
            self.discard();
        }
        Ok(done?)
    }

    /// Closes the connection instead of giving it back.
    pub(super) fn discard(self) {
        drop(Object::take(self.0));
    }
}

impl<DB: Database> std::fmt::Debug for Lent<DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}

/// Whether a connection on which this happened is of no more use.
pub(super) fn is_broken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            true
        }
        // PostgreSQL: ended by an administrator, by a crash, by a time-out.
        sqlx::Error::Database(error) => {
            matches!(
                error.code().as_deref(),
                Some("57P01" | "57P02" | "57P05" | "25P03")
            )
        }
        _ => false,
    }
}

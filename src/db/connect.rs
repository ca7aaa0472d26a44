//! Pools and transactions: many readers, and writers that cannot leave half a transaction behind.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Executor as _, Postgres, Sqlite, Transaction};

use super::query::{OnPostgres, OnSqlite};
use super::url::{DatabaseUrl, Engine};
use super::{DbError, Query};

/// Reader connections: enough to keep two cores busy, few enough to stay small.
const READERS: u32 = 4;
/// Writer connections on PostgreSQL. SQLite has exactly one.
const WRITERS: u32 = 8;
const STATEMENTS_CACHED: usize = 256;
const ACQUIRE_WITHIN: Duration = Duration::from_secs(5);

/// The store's database: a pool of readers that cannot write, and the writers.
#[derive(Clone, Debug)]
pub enum Db {
    /// A file beside the process.
    Sqlite {
        /// Read-only connections.
        read: SqlitePool,
        /// The one connection that writes.
        write: SqlitePool,
    },
    /// A server, shared by several nodes.
    Postgres {
        /// Connections whose transactions are read-only.
        read: PgPool,
        /// Connections that write.
        write: PgPool,
    },
}

impl Db {
    /// Connects, and creates an SQLite file that does not exist yet.
    pub async fn connect(url: &DatabaseUrl) -> Result<Self, DbError> {
        match url.engine() {
            Engine::Postgres => Self::connect_postgres(&url.expose()).await,
            Engine::Sqlite | Engine::Mysql => Self::connect_sqlite(&url.expose()).await,
        }
    }

    async fn connect_sqlite(url: &str) -> Result<Self, DbError> {
        let options = url
            .parse::<SqliteConnectOptions>()?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true)
            .pragma("trusted_schema", "OFF")
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "-4000")
            .statement_cache_capacity(STATEMENTS_CACHED)
            .row_buffer_size(512);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(ACQUIRE_WITHIN)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_WITHIN)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.create_if_missing(false).read_only(true))
            .await?;
        Ok(Self::Sqlite { read, write })
    }

    async fn connect_postgres(url: &str) -> Result<Self, DbError> {
        let options = url
            .parse::<PgConnectOptions>()?
            .statement_cache_capacity(STATEMENTS_CACHED)
            .options([
                ("statement_timeout", "5s"),
                ("lock_timeout", "2s"),
                ("idle_in_transaction_session_timeout", "10s"),
            ]);
        // A `begin` that was dropped half-way would leave its connection inside a transaction nobody knows of, and the
        // next borrower's writes would vanish with it (sqlx 0.9.0). A connection that comes back is therefore rolled back.
        let write = PgPoolOptions::new()
            .max_connections(WRITERS)
            .acquire_timeout(ACQUIRE_WITHIN)
            .test_before_acquire(false)
            .after_release(|connection, _| {
                Box::pin(async move { Ok(connection.execute("ROLLBACK").await.is_ok()) })
            })
            .connect_with(options.clone().options([("client_min_messages", "error")]))
            .await?;
        let read = PgPoolOptions::new()
            .max_connections(READERS * 2)
            .acquire_timeout(ACQUIRE_WITHIN)
            .test_before_acquire(false)
            .connect_with(options.options([("default_transaction_read_only", "on")]))
            .await?;
        Ok(Self::Postgres { read, write })
    }

    /// A statement that reads.
    pub fn read(&self, sql: &'static str) -> Query<'_> {
        match self {
            Self::Sqlite { read, .. } => Query::sqlite(OnSqlite::Pool(read), sql),
            Self::Postgres { read, .. } => Query::postgres(OnPostgres::Pool(read), sql),
        }
    }

    /// A single statement that writes, on its own.
    pub fn write(&self, sql: &'static str) -> Query<'_> {
        match self {
            Self::Sqlite { write, .. } => Query::sqlite(OnSqlite::Pool(write), sql),
            Self::Postgres { write, .. } => Query::postgres(OnPostgres::Pool(write), sql),
        }
    }

    /// Begins a transaction that writes. On SQLite it holds the write lock from the start.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres { write, .. } => Tx::Postgres(write.begin().await?),
        })
    }

    /// Whether the database answers and takes writes.
    pub async fn ping(&self) -> Result<(), DbError> {
        match self {
            Self::Sqlite { write, .. } => write.acquire().await?.ping().await?,
            Self::Postgres { write, .. } => write.acquire().await?.ping().await?,
        }
        Ok(())
    }

    /// Listens to what other nodes announce; `None` on SQLite, which has none.
    pub async fn listen(&self, channel: &'static str) -> Result<Option<Ear>, DbError> {
        let Self::Postgres { read, .. } = self else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(read).await?;
        listener.listen(channel).await?;
        Ok(Some(Ear(listener)))
    }

    /// `"sqlite"` or `"postgres"`.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// Waits until every connection is given back, and closes them.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres { read, write } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}

/// Hears what other nodes announce.
#[derive(Debug)]
pub struct Ear(PgListener);

impl Ear {
    /// Waits for the next announcement.
    pub async fn heard(&mut self) -> Result<(), DbError> {
        self.0.recv().await?;
        Ok(())
    }
}

/// A transaction. Dropping it rolls it back.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is rolled back"]
pub enum Tx {
    /// On the one writer.
    Sqlite(Transaction<'static, Sqlite>),
    /// On one of the writers.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// A statement of this transaction.
    pub fn query(&mut self, sql: &'static str) -> Query<'_> {
        match self {
            Self::Sqlite(tx) => Query::sqlite(OnSqlite::Connection(tx), sql),
            Self::Postgres(tx) => Query::postgres(OnPostgres::Connection(tx), sql),
        }
    }

    /// Makes everything that was done durable and visible.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Takes back everything that was done.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

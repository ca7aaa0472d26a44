//! The store's database: many readers that cannot write, and the writers.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, Postgres, Sqlite};

use super::pool::Pool;
use super::query::On;
use super::url::{DatabaseUrl, Engine};
use super::{DbError, Query};

/// Reader connections: enough to keep two cores busy, few enough to stay small.
const READERS: usize = 4;
/// Writer connections on PostgreSQL. SQLite has exactly one.
const WRITERS: usize = 8;
const STATEMENTS_CACHED: usize = 256;
/// A connection to a server that was left alone for this long may have died unnoticed.
const DOUBTED_AFTER: Duration = Duration::from_secs(10);

/// The store's database: a pool of readers that cannot write, and the writers.
#[derive(Clone, Debug)]
pub enum Db {
    /// A file beside the process.
    Sqlite {
        /// Read-only connections.
        read: Pool<Sqlite>,
        /// The one connection that writes.
        write: Pool<Sqlite>,
    },
    /// A server, shared by several nodes.
    Postgres {
        /// Connections whose transactions are read-only.
        read: Pool<Postgres>,
        /// Connections that write.
        write: Pool<Postgres>,
        /// For the one connection that hears what other nodes announce.
        ear: sqlx::PgPool,
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
            // Pages that many changes touch are then written back once for all of them.
            .pragma("wal_autocheckpoint", "4000")
            .statement_cache_capacity(STATEMENTS_CACHED)
            .row_buffer_size(512);
        let write = Pool::<Sqlite>::new(options.clone(), 1, None)?;
        // The writer makes the file that the readers open.
        drop(write.lend().await?);
        let read = Pool::new(options.create_if_missing(false).read_only(true), READERS, None)?;
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
        let write = options.clone().options([("client_min_messages", "error")]);
        let write = Pool::<Postgres>::new(write, WRITERS, Some(DOUBTED_AFTER))?;
        // A server that cannot be reached is found out at once.
        drop(write.lend().await?);
        let read = options.options([("default_transaction_read_only", "on")]);
        let ear = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(read.clone());
        let read = Pool::new(read, READERS * 2, Some(DOUBTED_AFTER))?;
        Ok(Self::Postgres { read, write, ear })
    }

    /// A statement that reads.
    pub fn read(&self, sql: &'static str) -> Query<'_> {
        match self {
            Self::Sqlite { read, .. } => Query::new(On::Sqlite(read, SqliteArguments::default()), sql),
            Self::Postgres { read, .. } => Query::new(On::Postgres(read, PgArguments::default()), sql),
        }
    }

    /// A single statement that writes, on its own.
    pub fn write(&self, sql: &'static str) -> Query<'_> {
        match self {
            Self::Sqlite { write, .. } => Query::new(On::Sqlite(write, SqliteArguments::default()), sql),
            Self::Postgres { write, .. } => Query::new(On::Postgres(write, PgArguments::default()), sql),
        }
    }

    /// Whether the database answers and takes writes.
    pub async fn ping(&self) -> Result<(), DbError> {
        match self {
            Self::Sqlite { write, .. } => write.lend().await?.connection().ping().await?,
            Self::Postgres { write, .. } => write.lend().await?.connection().ping().await?,
        }
        Ok(())
    }

    /// Listens to what other nodes announce; `None` on SQLite, which has none.
    pub async fn listen(&self, channel: &'static str) -> Result<Option<Ear>, DbError> {
        let Self::Postgres { ear, .. } = self else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(ear).await?;
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
            Self::Postgres { read, write, ear } => {
                ear.close().await;
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

//! A connection to a provisioning database, and how objects are written to it.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlSafeStr as _};
use uuid::Uuid;

use super::dialect;
use super::native;
use super::projection::Rows;
use crate::db::url::{DatabaseUrl, Engine};
use crate::model::{ObjectKind, Timestamp};

mod query;
mod rows;
mod trouble;

pub(super) use query::Query;
pub use trouble::TargetError;
use trouble::trouble;

/// How long a target may take.
#[derive(Copy, Clone, Debug)]
pub struct Patience {
    /// To be connected to.
    pub connect: Duration,
    /// For one transaction.
    pub statement: Duration,
}

/// One object to be written.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub object: Uuid,
    /// What it is.
    pub kind: ObjectKind,
    /// The version that the rows were made from.
    pub revision: i64,
    /// The rows it is to have.
    pub rows: Rows,
}

/// What came of a job.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target holds the object at the job's version.
    Written,
    /// The target holds a newer version; nothing was written.
    Newer,
}

enum Link {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    Mysql(MySqlConnection),
}

/// A connection to one provisioning database.
pub struct Target {
    link: Link,
    engine: Engine,
    patience: Patience,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// Connects.
    pub async fn connect(url: &DatabaseUrl, patience: Patience) -> Result<Self, TargetError> {
        let connecting = tokio::time::timeout(patience.connect, Self::link(url, patience));
        let link = connecting.await.map_err(|_| {
            TargetError::whole(
                "timeout",
                format!("no connection within {} s", patience.connect.as_secs()),
            )
        })??;
        Ok(Self {
            link,
            engine: url.engine(),
            patience,
        })
    }

    async fn link(url: &DatabaseUrl, patience: Patience) -> Result<Link, TargetError> {
        let text = url.expose();
        let millis = patience.statement.as_millis();
        Ok(match url.engine() {
            Engine::Sqlite => {
                let options = text
                    .parse::<SqliteConnectOptions>()
                    .map_err(|error| trouble(&error))?;
                let options = options
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .foreign_keys(true)
                    .busy_timeout(patience.statement);
                Link::Sqlite(options.connect().await.map_err(|error| trouble(&error))?)
            }
            Engine::Postgres => {
                let options = text
                    .parse::<PgConnectOptions>()
                    .map_err(|error| trouble(&error))?;
                let options = options.options([
                    ("statement_timeout", millis.to_string()),
                    ("lock_timeout", millis.to_string()),
                    ("idle_in_transaction_session_timeout", "30s".to_owned()),
                ]);
                Link::Postgres(options.connect().await.map_err(|error| trouble(&error))?)
            }
            Engine::Mysql => {
                let options = text
                    .parse::<MySqlConnectOptions>()
                    .map_err(|error| trouble(&error))?;
                Link::Mysql(options.connect().await.map_err(|error| trouble(&error))?)
            }
        })
    }

    /// Writes objects in one transaction: all of them, or none and an error.
    pub async fn write(&mut self, jobs: &[Job], now: Timestamp) -> Result<Vec<Outcome>, TargetError> {
        let patience = self.patience.statement;
        let work = async {
            self.raw(if self.engine == Engine::Sqlite {
                "BEGIN IMMEDIATE"
            } else {
                "BEGIN"
            })
            .await?;
            match self.write_all(jobs, now).await {
                Ok(outcomes) => {
                    self.raw("COMMIT").await?;
                    Ok(outcomes)
                }
                Err(error) => {
                    // A connection that cannot roll back is dropped by the caller, which ends the transaction too.
                    self.raw("ROLLBACK").await.map_err(|_| TargetError {
                        whole: true,
                        ..error.clone()
                    })?;
                    Err(error)
                }
            }
        };
        tokio::time::timeout(patience, work).await.unwrap_or_else(|_| {
            Err(TargetError::whole(
                "timeout",
                format!("a transaction took more than {} s", patience.as_secs()),
            ))
        })
    }

    async fn write_all(&mut self, jobs: &[Job], now: Timestamp) -> Result<Vec<Outcome>, TargetError> {
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            outcomes.push(self.write_one(job, now).await?);
        }
        Ok(outcomes)
    }

    async fn write_one(&mut self, job: &Job, now: Timestamp) -> Result<Outcome, TargetError> {
        if !self.pass_fence(job, now).await? {
            return Ok(Outcome::Newer);
        }
        let id = job.object.to_string();
        match &job.rows {
            Rows::None => self.remove(job.kind, &id).await?,
            Rows::Node {
                name,
                host,
                ports,
                state,
            } => self.put_node(&id, name, host, *ports, state).await?,
            Rows::Domain {
                name,
                alias_of,
                active,
            } => {
                self.put_domain(&id, name, alias_of.as_deref(), *active).await?;
            }
            Rows::Mailbox(rows) => self.put_mailbox(&id, rows).await?,
            Rows::Alias(rows) => self.put_alias(&id, rows).await?,
        }
        Ok(Outcome::Written)
    }

    /// Moves the fence of an object up to the job's version; `false` when it is beyond that already.
    async fn pass_fence(&mut self, job: &Job, now: Timestamp) -> Result<bool, TargetError> {
        let id = job.object.to_string();
        let sql = dialect::set_fence(self.engine);
        let passed = self
            .query(sql)
            .bind(id.clone())
            .bind(job.kind.as_str())
            .bind(job.revision)
            .bind(now.as_micros())
            .execute()
            .await?;
        if self.engine != Engine::Mysql {
            return Ok(passed == 1);
        }
        let found: Vec<(i64,)> = self
            .query("SELECT revision FROM postdesk_fence WHERE object_id = $1")
            .bind(id)
            .fetch()
            .await?;
        Ok(found.first().is_some_and(|(revision,)| *revision == job.revision))
    }

    /// The version of the schema in the target; `None` when there is none yet.
    pub async fn schema_version(&mut self) -> Result<Option<i64>, TargetError> {
        let exists = match self.engine {
            Engine::Sqlite => "SELECT name FROM sqlite_master WHERE name = $1",
            Engine::Postgres => {
                "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
                 WHERE table_name = $1 AND table_schema = current_schema()"
            }
            Engine::Mysql => {
                "SELECT table_name FROM information_schema.tables
                 WHERE table_name = $1 AND table_schema = DATABASE()"
            }
        };
        let found: Vec<(String,)> = self.query(exists).bind("postdesk_schema").fetch().await?;
        if found.is_empty() {
            return Ok(None);
        }
        let versions: Vec<(i64,)> = self
            .query("SELECT CAST(MAX(version) AS SIGNED) FROM postdesk_schema")
            .or(
                Engine::Postgres,
                "SELECT CAST(MAX(version) AS BIGINT) FROM postdesk_schema",
            )
            .or(
                Engine::Sqlite,
                "SELECT MAX(version) FROM postdesk_schema HAVING MAX(version) IS NOT NULL",
            )
            .fetch()
            .await?;
        Ok(versions.first().map(|(version,)| *version))
    }

    /// Creates tables and views if they are not there. `false` when they were.
    pub async fn init(&mut self, now: Timestamp) -> Result<bool, TargetError> {
        if self.schema_version().await?.is_some() {
            for statement in native::mending(self.engine) {
                self.run_as_given(statement).await?;
            }
            return Ok(false);
        }
        // MariaDB commits at each of these; the others make all or nothing of it.
        self.raw("BEGIN").await?;
        for statement in native::schema(self.engine) {
            self.raw(statement).await?;
        }
        self.query("INSERT INTO postdesk_schema (version, applied_at) VALUES ($1, $2)")
            .bind(native::VERSION)
            .bind(now.as_micros())
            .execute()
            .await?;
        self.raw("COMMIT").await?;
        Ok(true)
    }

    /// Runs one of our own texts as it is.
    async fn raw(&mut self, sql: &'static str) -> Result<(), TargetError> {
        let statement = sqlx::raw_sql(sql.into_sql_str());
        let done = match &mut self.link {
            Link::Sqlite(link) => statement.execute(link).await.map(drop),
            Link::Postgres(link) => statement.execute(link).await.map(drop),
            Link::Mysql(link) => statement.execute(link).await.map(drop),
        };
        done.map_err(|error| trouble(&error))
    }

    /// Runs statements that an operator would otherwise run by hand, such as the grants with their passwords filled in.
    pub async fn run_as_given(&mut self, sql: String) -> Result<(), TargetError> {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql));
        let done = match &mut self.link {
            Link::Sqlite(link) => statement.execute(link).await.map(drop),
            Link::Postgres(link) => statement.execute(link).await.map(drop),
            Link::Mysql(link) => statement.execute(link).await.map(drop),
        };
        done.map_err(|error| trouble(&error))
    }

    pub(super) fn query(&mut self, sql: &'static str) -> Query<'_> {
        Query::new(&mut self.link, self.engine, sql)
    }

    /// Closes the connection in good order.
    pub async fn close(self) {
        let closed = match self.link {
            Link::Sqlite(link) => link.close().await,
            Link::Postgres(link) => link.close().await,
            Link::Mysql(link) => link.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(error = %error, "a target connection did not close well");
        }
    }
}

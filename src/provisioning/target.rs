//! A connection to a provisioning database, and how objects are written to it.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlSafeStr as _};
use uuid::Uuid;

use super::dialect;
use super::native;
use super::projection::{AliasRows, MailboxRows, Rows};
use crate::db::url::{DatabaseUrl, Engine};
use crate::model::{ObjectKind, Timestamp};

mod query;
pub(super) use query::Query;

/// Why a target could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TargetError {
    /// A stable class: `unreachable`, `timeout`, `read_only`, `permission`, `schema`, `conflict`, `constraint`, `busy`.
    pub class: &'static str,
    /// One sentence for people.
    pub text: String,
    /// Whether it concerns the target as a whole, not one object.
    pub whole: bool,
}

impl TargetError {
    fn object(class: &'static str, text: impl Into<String>) -> Self {
        Self {
            class,
            text: text.into(),
            whole: false,
        }
    }

    fn whole(class: &'static str, text: impl Into<String>) -> Self {
        Self {
            class,
            text: text.into(),
            whole: true,
        }
    }
}

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

    async fn put_node(
        &mut self,
        id: &str,
        name: &str,
        host: &str,
        ports: [i64; 4],
        state: &str,
    ) -> Result<(), TargetError> {
        let [imap, pop3, sieve, lmtp] = ports;
        let known: Vec<(Option<String>,)> = self
            .query("SELECT postdesk_id FROM cluster_nodes WHERE name = $1")
            .bind(name)
            .fetch()
            .await?;
        let sql = if known.is_empty() {
            "INSERT INTO cluster_nodes (host, imap_port, pop3_port, sieve_port, lmtp_port, state, postdesk_id, name)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        } else {
            "UPDATE cluster_nodes SET host = $1, imap_port = $2, pop3_port = $3, sieve_port = $4, lmtp_port = $5,
               state = $6, postdesk_id = $7 WHERE name = $8"
        };
        let query = self
            .query(sql)
            .bind(host)
            .bind(imap)
            .bind(pop3)
            .bind(sieve)
            .bind(lmtp);
        query.bind(state).bind(id).bind(name).execute().await?;
        Ok(())
    }

    async fn put_domain(
        &mut self,
        id: &str,
        name: &str,
        alias_of: Option<&str>,
        active: bool,
    ) -> Result<(), TargetError> {
        let known: Vec<(Option<String>,)> = self
            .query("SELECT postdesk_id FROM domains WHERE name = $1")
            .bind(name)
            .fetch()
            .await?;
        let sql = match known.first() {
            Some((None,)) => return Err(foreign("the domain", name)),
            // A row of ours under another id is left over from a domain that was purged and added anew.
            Some((Some(_),)) => {
                "UPDATE domains SET alias_of = $1, active = $2, postdesk_id = $3 WHERE name = $4"
            }
            None => "INSERT INTO domains (alias_of, active, postdesk_id, name) VALUES ($1, $2, $3, $4)",
        };
        let alias_of = alias_of.map(ToOwned::to_owned);
        self.query(sql)
            .bind(alias_of)
            .bind(active)
            .bind(id)
            .bind(name)
            .execute()
            .await?;
        Ok(())
    }

    async fn put_mailbox(&mut self, id: &str, rows: &MailboxRows) -> Result<(), TargetError> {
        let address = format!("{}@{}", rows.local_part, rows.domain);
        let known: Vec<(Option<String>, String, String)> = self
            .query(
                "SELECT postdesk_id, local_part, domain FROM mailboxes
                 WHERE postdesk_id = $1 OR (domain = $2 AND local_part = $3)",
            )
            .bind(id)
            .bind(&*rows.domain)
            .bind(&*rows.local_part)
            .fetch()
            .await?;
        let own = known.iter().find(|(owner, ..)| owner.as_deref() == Some(id));
        for (owner, ..) in known.iter().filter(|(owner, ..)| owner.as_deref() != Some(id)) {
            match owner {
                None => return Err(foreign("the mailbox", &address)),
                Some(other) => self.move_aside(other).await?,
            }
        }
        if let Some((_, local, domain)) = own {
            let before = format!("{local}@{domain}");
            if before != address {
                self.rename_usage(&before, &address).await?;
            }
        }
        let sql = if own.is_some() {
            "UPDATE mailboxes SET local_part = $1, domain = $2, password = $3, quota_bytes = $4, active = $5,
               deliver = $6, smtp = $7, imap = $8, pop3 = $9, sieve = $10, webmail = $11, storage = $12, node = $13
             WHERE postdesk_id = $14"
        } else {
            "INSERT INTO mailboxes (local_part, domain, password, quota_bytes, active, deliver, smtp, imap, pop3, sieve,
               webmail, storage, node, postdesk_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        };
        self.query(sql)
            .bind(&*rows.local_part)
            .bind(&*rows.domain)
            .bind(rows.password.clone())
            .bind(rows.quota_bytes)
            .bind(rows.active)
            .bind(rows.deliver)
            .bind(rows.smtp)
            .bind(rows.imap)
            .bind(rows.pop3)
            .bind(rows.sieve)
            .bind(rows.webmail)
            .bind(&*rows.storage)
            .bind(&*rows.node)
            .bind(id)
            .execute()
            .await?;
        self.remove_aliases(id).await?;
        match &rows.forwards {
            Some(forwards) => self.put_alias_rows(id, forwards).await,
            None => Ok(()),
        }
    }

    /// Takes the address away from a row of ours that is to have another one; its own note gives it that.
    async fn move_aside(&mut self, other: &str) -> Result<(), TargetError> {
        let aside = format!("~{}", other.replace('-', ""));
        self.query("UPDATE mailboxes SET local_part = $1 WHERE postdesk_id = $2")
            .bind(&*aside)
            .bind(other)
            .execute()
            .await?;
        Ok(())
    }

    /// What the daemons counted under the old address belongs to the new one.
    async fn rename_usage(&mut self, before: &str, after: &str) -> Result<(), TargetError> {
        for sql in [
            "DELETE FROM quota_usage WHERE username = $1",
            "DELETE FROM last_login WHERE username = $1",
        ] {
            self.query(sql).bind(after).execute().await?;
        }
        for sql in [
            "UPDATE quota_usage SET username = $1 WHERE username = $2",
            "UPDATE last_login SET username = $1 WHERE username = $2",
        ] {
            self.query(sql).bind(after).bind(before).execute().await?;
        }
        Ok(())
    }

    async fn put_alias(&mut self, id: &str, rows: &AliasRows) -> Result<(), TargetError> {
        self.remove_aliases(id).await?;
        self.put_alias_rows(id, rows).await
    }

    async fn put_alias_rows(&mut self, id: &str, rows: &AliasRows) -> Result<(), TargetError> {
        // Rows of ours at this address under another id are left over: an address has one owner.
        self.query("DELETE FROM aliases WHERE domain = $1 AND local_part = $2 AND postdesk_id IS NOT NULL")
            .bind(&*rows.domain)
            .bind(&*rows.local_part)
            .execute()
            .await?;
        for destination in &rows.destinations {
            self.query(
                "INSERT INTO aliases (domain, local_part, destination, active, send_as, postdesk_id)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(&*rows.domain)
            .bind(&*rows.local_part)
            .bind(&**destination)
            .bind(rows.active)
            .bind(rows.send_as)
            .bind(id)
            .execute()
            .await?;
        }
        Ok(())
    }

    async fn remove_aliases(&mut self, id: &str) -> Result<(), TargetError> {
        self.query("DELETE FROM aliases WHERE postdesk_id = $1")
            .bind(id)
            .execute()
            .await?;
        Ok(())
    }

    async fn remove(&mut self, kind: ObjectKind, id: &str) -> Result<(), TargetError> {
        match kind {
            ObjectKind::Node => {
                self.query("UPDATE cluster_nodes SET state = 'down' WHERE postdesk_id = $1")
                    .bind(id)
                    .execute()
                    .await?;
            }
            ObjectKind::Domain | ObjectKind::DomainAlias => self.remove_domain(id).await?,
            ObjectKind::Mailbox => self.remove_mailbox(id).await?,
            ObjectKind::Alias => self.remove_aliases(id).await?,
        }
        Ok(())
    }

    async fn remove_mailbox(&mut self, id: &str) -> Result<(), TargetError> {
        let found: Vec<(String, String)> = self
            .query("SELECT local_part, domain FROM mailboxes WHERE postdesk_id = $1")
            .bind(id)
            .fetch()
            .await?;
        self.remove_aliases(id).await?;
        let Some((local, domain)) = found.first() else {
            return Ok(());
        };
        let username = format!("{local}@{domain}");
        self.query("DELETE FROM mailboxes WHERE postdesk_id = $1")
            .bind(id)
            .execute()
            .await?;
        for sql in [
            "DELETE FROM quota_usage WHERE username = $1",
            "DELETE FROM last_login WHERE username = $1",
        ] {
            self.query(sql).bind(&*username).execute().await?;
        }
        Ok(())
    }

    /// A domain goes with everything of ours in it; a foreign row in it makes the database refuse.
    async fn remove_domain(&mut self, id: &str) -> Result<(), TargetError> {
        let found: Vec<(String,)> = self
            .query("SELECT name FROM domains WHERE postdesk_id = $1")
            .bind(id)
            .fetch()
            .await?;
        let Some((name,)) = found.first() else {
            return Ok(());
        };
        let inside: Vec<(Option<String>,)> = self
            .query("SELECT postdesk_id FROM mailboxes WHERE domain = $1 AND postdesk_id IS NOT NULL")
            .bind(&**name)
            .fetch()
            .await?;
        for mailbox in inside.iter().filter_map(|(id,)| id.as_deref()) {
            self.remove_mailbox(mailbox).await?;
        }
        for sql in [
            "DELETE FROM aliases WHERE domain = $1 AND postdesk_id IS NOT NULL",
            "DELETE FROM domains WHERE alias_of = $1 AND postdesk_id IS NOT NULL",
            "DELETE FROM domains WHERE name = $1 AND postdesk_id IS NOT NULL",
        ] {
            self.query(sql).bind(&**name).execute().await?;
        }
        Ok(())
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

fn foreign(what: &str, name: &str) -> TargetError {
    let text = format!("{what} {name} is in the target already, in a row that Postdesk did not write");
    TargetError::object("conflict", text)
}

/// What a driver's error means for the worker, in words without secrets.
fn trouble(error: &sqlx::Error) -> TargetError {
    match error {
        sqlx::Error::Io(error) => {
            TargetError::whole("unreachable", format!("cannot be reached: {}", error.kind()))
        }
        sqlx::Error::Tls(_) => TargetError::whole("unreachable", "no secure connection can be made"),
        sqlx::Error::Database(refusal) => {
            let code = code_of(refusal.as_ref());
            let said = refusal.message().lines().next().unwrap_or_default().to_owned();
            if refusal.is_unique_violation() {
                return TargetError::object("conflict", format!("the target refuses a second row: {said}"));
            }
            if refusal.is_foreign_key_violation() || refusal.is_check_violation() {
                return TargetError::object("constraint", format!("the target refuses the row: {said}"));
            }
            match code.as_str() {
                "28P01" | "28000" | "3D000" | "1045" | "1044" | "1049" => {
                    TargetError::whole("permission", format!("the target lets nobody in: {said}"))
                }
                "42501" | "1142" | "1143" => {
                    TargetError::whole("permission", format!("a right is missing: {said}"))
                }
                "25006" | "1290" | "1792" | "1836" | "8" => {
                    TargetError::whole("read_only", "the target is read-only")
                }
                "42P01" | "42703" | "1146" | "1054" => TargetError::whole("schema", not_there(&said)),
                "1" if said.starts_with("no such") || said.contains("has no column") => {
                    TargetError::whole("schema", not_there(&said))
                }
                "53300" | "57P03" | "57P01" | "57P02" | "1040" | "1053" => {
                    TargetError::whole("unreachable", said)
                }
                "53100" | "1114" | "1021" | "13" => {
                    TargetError::whole("full", "the target has no space left")
                }
                "40001" | "40P01" | "55P03" | "57014" | "1205" | "1213" | "5" | "6" | "517" | "261" => {
                    TargetError::whole("busy", "the target is busy")
                }
                _ => TargetError::object("refused", format!("the target refuses the row: {said}")),
            }
        }
        other => TargetError::whole(
            "unreachable",
            format!("the connection failed: {}", kind_of(other)),
        ),
    }
}

/// The code of a refusal: of MariaDB its own number, because its SQLSTATE is the same for almost everything.
fn code_of(refusal: &dyn sqlx::error::DatabaseError) -> String {
    let number = refusal.try_downcast_ref::<MySqlDatabaseError>();
    let number = number.map(|refusal| refusal.number().to_string());
    number.unwrap_or_else(|| refusal.code().unwrap_or_default().into_owned())
}

fn not_there(said: &str) -> String {
    format!(
        "the schema is not there or not whole, run `postdesk target init` and then `postdesk target resync`: {said}"
    )
}

/// The kind of a driver error, without the values it may quote.
fn kind_of(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Configuration(_) => "the URL is not understood",
        sqlx::Error::Protocol(_) => "the server speaks another protocol",
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            "a value has another type than expected"
        }
        sqlx::Error::WorkerCrashed => "the driver stopped",
        _ => "see the log",
    }
}

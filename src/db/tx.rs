//! Transactions: statements that wait for each other's company, and nothing that is left half done.

use std::collections::VecDeque;
use std::fmt;

use futures_util::TryStreamExt as _;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Database, Either, Executor, Postgres, Sqlite};

use super::pool::{Lent, is_broken};
use super::query::{Answer, Answered, Bind, Row, ask, unbindable};
use super::{Db, DbError};

/// Most statements whose common text is kept prepared: as many as a change of one thing has.
const KEPT_TOGETHER: usize = 16;

/// A transaction. Dropping it rolls it back.
///
/// A statement that is put off with [`Step::later`] is sent with the next one whose answer is awaited, or at the end: on
/// SQLite all of them in one trip to the thread that holds the connection. They are carried out in the order in which
/// they were written, and each is judged by its own check.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is rolled back"]
pub struct Tx<E = DbError>(On<E>);

#[derive(Debug)]
enum On<E> {
    Sqlite(SqliteTx<E>),
    Postgres(PgTx<E>),
}

impl Db {
    /// Begins a transaction that writes. On SQLite it holds the write lock from its first statement on.
    pub async fn begin<E: From<DbError>>(&self) -> Result<Tx<E>, DbError> {
        Ok(Tx(match self {
            Self::Sqlite { write, .. } => On::Sqlite(SqliteTx {
                held: Held::new(write.lend().await?),
                sql: String::new(),
                values: SqliteArguments::default(),
                checks: VecDeque::new(),
                is_judged: false,
            }),
            Self::Postgres { write, .. } => {
                let mut held = Held::new(write.lend().await?);
                held.begin().await?;
                On::Postgres(PgTx {
                    held,
                    waiting: Vec::new(),
                })
            }
        }))
    }
}

impl<E: From<DbError>> Tx<E> {
    /// A statement of this transaction.
    pub fn query(&mut self, sql: &'static str) -> Step<'_, E> {
        let on = match &mut self.0 {
            On::Sqlite(tx) => {
                tx.add(sql);
                StepOn::Sqlite(tx)
            }
            On::Postgres(tx) => StepOn::Postgres(tx, sql, PgArguments::default()),
        };
        Step {
            on,
            refused: None,
            taken: None,
        }
    }

    /// Sends what was put off, and makes everything that was done durable and visible.
    pub async fn commit(self) -> Result<(), E> {
        match self.0 {
            On::Sqlite(mut tx) => {
                if tx.is_judged || tx.sql.is_empty() {
                    tx.send(None).await?;
                    return Ok(tx.held.end("COMMIT").await?);
                }
                // Only an error can stop what waits, and after an error nothing more is carried out: the end goes along.
                tx.sql.push_str("COMMIT;\n");
                tx.send(None).await?;
                tx.held.open = false;
                Ok(())
            }
            On::Postgres(mut tx) => {
                tx.send().await?;
                Ok(tx.held.end("COMMIT").await?)
            }
        }
    }

    /// Sends what was put off, so that it is judged, and takes back everything that was done.
    pub async fn rollback(self) -> Result<(), E> {
        match self.0 {
            On::Sqlite(mut tx) => {
                tx.send(None).await?;
                Ok(tx.held.end("ROLLBACK").await?)
            }
            On::Postgres(mut tx) => {
                tx.send().await?;
                Ok(tx.held.end("ROLLBACK").await?)
            }
        }
    }
}

type Judge<E> = Box<dyn FnOnce(Answered) -> Result<(), E> + Send>;
type Taken<E> = Box<dyn FnOnce() -> E + Send>;

/// What a statement that was put off is judged by when its answer comes.
struct Check<E> {
    judge: Judge<E>,
    taken: Option<Taken<E>>,
}

impl<E> fmt::Debug for Check<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").finish_non_exhaustive()
    }
}

/// A broken unique rule in the words of the statement, everything else as it is.
fn in_words<E: From<DbError>>(error: DbError, taken: Option<Taken<E>>) -> E {
    match (error, taken) {
        (DbError::Duplicate, Some(taken)) => taken(),
        (error, _) => error.into(),
    }
}

enum StepOn<'c, E> {
    /// The text and the values are with those that wait.
    Sqlite(&'c mut SqliteTx<E>),
    Postgres(&'c mut PgTx<E>, &'static str, PgArguments),
}

/// A statement of a transaction, with its values.
#[must_use = "a statement has to be executed, fetched or put off"]
pub struct Step<'c, E> {
    on: StepOn<'c, E>,
    refused: Option<DbError>,
    taken: Option<Taken<E>>,
}

impl<E: From<DbError>> Step<'_, E> {
    /// Gives the next `$n` its value.
    pub fn bind(mut self, value: impl Bind) -> Self {
        let bound = match &mut self.on {
            StepOn::Sqlite(tx) => tx.values.add(value),
            StepOn::Postgres(_, _, values) => values.add(value),
        };
        self.refused = self.refused.or(bound.err().map(unbindable));
        self
    }

    /// What it means that the statement breaks a unique rule.
    pub fn or_taken(mut self, taken: impl FnOnce() -> E + Send + 'static) -> Self {
        self.taken = Some(Box::new(taken));
        self
    }

    async fn run(self) -> Result<Answered, E> {
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        match self.on {
            StepOn::Sqlite(tx) => tx.send(self.taken).await.map(Answered::Sqlite),
            StepOn::Postgres(tx, sql, values) => {
                tx.send().await?;
                let answer = tx.ask(sql, values).await;
                answer.map_err(|error| in_words(error, self.taken))
            }
        }
    }

    /// Runs the statement; the number of rows that it changed.
    pub async fn execute(self) -> Result<u64, E> {
        Ok(self.run().await?.changed())
    }

    /// The one row that the statement must return.
    pub async fn fetch_one<R: Row>(self) -> Result<R, E> {
        Ok(self.run().await?.one()?)
    }

    /// The row that the statement returns, if any.
    pub async fn fetch_optional<R: Row>(self) -> Result<Option<R>, E> {
        Ok(self.run().await?.first()?)
    }

    /// All rows. Callers put a `LIMIT` into the statement.
    pub async fn fetch_all<R: Row>(self) -> Result<Vec<R>, E> {
        Ok(self.run().await?.all()?)
    }

    /// Puts the statement off: it is sent in company, and nothing depends on its answer.
    pub fn later(self) -> Result<(), E> {
        self.put_off(false, Box::new(|_| Ok(())))
    }

    /// Puts the statement off. When its answer comes, the number of rows that it changed is judged.
    pub fn later_changing(self, judge: impl FnOnce(u64) -> Result<(), E> + Send + 'static) -> Result<(), E> {
        self.put_off(true, Box::new(|answered| judge(answered.changed())))
    }

    /// Puts the statement off. When its answer comes, the row that it returned is judged.
    pub fn later_row<R: Row>(
        self,
        judge: impl FnOnce(Option<R>) -> Result<(), E> + Send + 'static,
    ) -> Result<(), E> {
        self.put_off(true, Box::new(|answered| judge(answered.first()?)))
    }

    fn put_off(self, is_judged: bool, judge: Judge<E>) -> Result<(), E> {
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        let check = Check {
            judge,
            taken: self.taken,
        };
        match self.on {
            StepOn::Sqlite(tx) => {
                tx.is_judged |= is_judged;
                tx.checks.push_back(check);
            }
            StepOn::Postgres(tx, sql, values) => tx.waiting.push((sql, values, check)),
        }
        Ok(())
    }
}

/// A transaction on the one writer of an SQLite file.
#[derive(Debug)]
struct SqliteTx<E> {
    held: Held<Sqlite>,
    /// The statements that wait, as one text, and their values.
    sql: String,
    values: SqliteArguments,
    /// One for each that was put off. A statement without one is the last, and somebody awaits its answer.
    checks: VecDeque<Check<E>>,
    /// Whether the answer of one that waits may still refuse everything.
    is_judged: bool,
}

impl<E: From<DbError>> SqliteTx<E> {
    /// Adds a statement to those that wait. Its `$1` is the first value after those of the statements before it.
    fn add(&mut self, sql: &'static str) {
        let before = self.values.len();
        let mut rest = sql;
        while let Some((text, after)) = rest.split_once('$') {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let (number, after) = after.split_at(end);
            let number = number.parse::<usize>().map_or(0, |number| number + before);
            self.sql.push_str(text);
            self.sql.push('$');
            self.sql.push_str(&number.to_string());
            rest = after;
        }
        self.sql.push_str(rest);
        self.sql.push_str(";\n");
    }

    /// Sends what waits, and judges each answer. What is returned is the answer of the last statement, if somebody
    /// awaits it: `taken` is what it means that it breaks a unique rule.
    async fn send(&mut self, taken: Option<Taken<E>>) -> Result<Answer<sqlx::sqlite::SqliteRow>, E> {
        let mut last = Answer::default();
        if self.sql.is_empty() {
            return Ok(last);
        }
        let mut sql = std::mem::take(&mut self.sql);
        let values = std::mem::take(&mut self.values);
        self.is_judged = false;
        let mut begins = !self.held.open;
        if begins {
            sql.insert_str(0, "BEGIN IMMEDIATE;\n");
        }
        // A text that is one of many of its kind is not worth the memory of a prepared statement.
        let kept = self.checks.len() <= KEPT_TOGETHER;
        let statements = sqlx::query_with(AssertSqlSafe(sql), values).persistent(kept);
        let mut answers = self.held.opening()?.fetch_many(statements);
        let broken = loop {
            match answers.try_next().await {
                Ok(Some(Either::Right(row))) => last.rows.push(row),
                Ok(Some(Either::Left(_))) if begins => begins = false,
                Ok(Some(Either::Left(done))) => {
                    last.changed = done.rows_affected();
                    if let Some(check) = self.checks.pop_front() {
                        (check.judge)(Answered::Sqlite(std::mem::take(&mut last)))?;
                    }
                }
                Ok(None) => return Ok(last),
                Err(error) => break error,
            }
        };
        drop(answers);
        let error = self.held.mourn(broken);
        if begins {
            return Err(error.into());
        }
        let taken = self.checks.pop_front().map_or(taken, |check| check.taken);
        Err(in_words(error, taken))
    }
}

/// A transaction on a connection to a PostgreSQL server.
#[derive(Debug)]
struct PgTx<E> {
    held: Held<Postgres>,
    waiting: Vec<(&'static str, PgArguments, Check<E>)>,
}

impl<E: From<DbError>> PgTx<E> {
    /// Sends what waits, one after the other, and judges each answer.
    async fn send(&mut self) -> Result<(), E> {
        for (sql, values, check) in std::mem::take(&mut self.waiting) {
            match self.ask(sql, values).await {
                Ok(answer) => (check.judge)(answer)?,
                Err(error) => return Err(in_words(error, check.taken)),
            }
        }
        Ok(())
    }

    async fn ask(&mut self, sql: &'static str, values: PgArguments) -> Result<Answered, DbError> {
        let answer = ask::<Postgres>(self.held.opening()?, sql, values).await;
        answer
            .map(Answered::Postgres)
            .map_err(|error| self.held.mourn(error))
    }
}

/// A borrowed connection that is rolled back if it is let go of inside a transaction.
#[derive(Debug)]
struct Held<DB: Database>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    lent: Option<Lent<DB>>,
    /// Whether there is, or may be, a transaction.
    open: bool,
}

impl<DB: Database> Held<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    fn new(lent: Lent<DB>) -> Self {
        Self {
            lent: Some(lent),
            open: false,
        }
    }

    /// The connection, for a statement that may begin the transaction: if its future is dropped, nobody knows.
    fn opening(&mut self) -> Result<&mut DB::Connection, DbError> {
        self.open = true;
        let gone = || DbError::Unavailable(sqlx::Error::PoolClosed);
        Ok(self.lent.as_mut().ok_or_else(gone)?.connection())
    }

    async fn begin(&mut self) -> Result<(), DbError> {
        let begun = self.opening()?.execute("BEGIN").await;
        begun.map(drop).map_err(|error| self.mourn(error))
    }

    /// Ends the transaction, if it has begun.
    async fn end(mut self, how: &'static str) -> Result<(), DbError> {
        if self.open {
            let ended = self.opening()?.execute(how).await;
            ended.map_err(|error| self.mourn(error))?;
            self.open = false;
        }
        Ok(())
    }

    /// Throws the connection away if this error broke it.
    fn mourn(&mut self, error: sqlx::Error) -> DbError {
        if is_broken(&error)
            && let Some(lent) = self.lent.take()
        {
            lent.discard();
        }
        error.into()
    }
}

impl<DB: Database> Drop for Held<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// Nobody borrows the connection before it is out of its transaction.
    fn drop(&mut self) {
        let Some(mut lent) = self.lent.take().filter(|_| self.open) else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return lent.discard();
        };
        runtime.spawn(async move {
            let ended = lent.connection().execute("ROLLBACK").await;
            if ended.is_err_and(|error| is_broken(&error)) {
                lent.discard();
            }
        });
    }
}

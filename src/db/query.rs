//! Statements: one text, values, and an answer from either database.

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Database, Either, Encode, Executor, FromRow, IntoArguments, Postgres,
    SqlSafeStr, Sqlite, Type,
};

use super::DbError;
use super::packed::{Packed, in_one_piece};
use super::pool::Pool;

/// A value that every database of the store can take.
pub trait Bind:
    for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> + Send + 'static
{
}
impl<T> Bind for T where
    T: for<'q> Encode<'q, Sqlite>
        + Type<Sqlite>
        + for<'q> Encode<'q, Postgres>
        + Type<Postgres>
        + Send
        + 'static
{
}

/// A row that every database of the store can return. [`row!`](crate::db) writes both halves.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// What a statement answered: its rows, and how many it changed.
#[derive(Debug)]
pub(super) struct Answer<R> {
    pub(super) rows: Vec<R>,
    pub(super) changed: u64,
}

impl<R> Default for Answer<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            changed: 0,
        }
    }
}

/// The answer of either database.
#[derive(Debug)]
pub(super) enum Answered {
    Sqlite(Answer<SqliteRow>),
    Postgres(Answer<PgRow>),
}

impl Answered {
    pub(super) fn changed(&self) -> u64 {
        match self {
            Self::Sqlite(answer) => answer.changed,
            Self::Postgres(answer) => answer.changed,
        }
    }

    pub(super) fn first<R: Row>(&self) -> Result<Option<R>, DbError> {
        Ok(match self {
            Self::Sqlite(answer) => answer.rows.first().map(R::from_row).transpose()?,
            Self::Postgres(answer) => answer.rows.first().map(R::from_row).transpose()?,
        })
    }

    pub(super) fn one<R: Row>(&self) -> Result<R, DbError> {
        self.first()?.ok_or(DbError::Driver(sqlx::Error::RowNotFound))
    }

    pub(super) fn all<R: Row>(&self) -> Result<Vec<R>, DbError> {
        Ok(match self {
            Self::Sqlite(answer) => answer.rows.iter().map(R::from_row).collect::<Result<_, _>>()?,
            Self::Postgres(answer) => answer.rows.iter().map(R::from_row).collect::<Result<_, _>>()?,
        })
    }
}

/// Sends one statement and gathers its answer.
pub(super) async fn ask<'c, DB>(
    connection: &'c mut DB::Connection,
    sql: impl SqlSafeStr,
    values: DB::Arguments,
) -> Result<Answer<DB::Row>, sqlx::Error>
where
    DB: Database,
    DB::Arguments: IntoArguments<DB>,
    &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::QueryResult: Changed,
{
    let mut answers = connection.fetch_many(sqlx::query_with(sql, values));
    let mut answer = Answer::default();
    while let Some(part) = answers.try_next().await? {
        match part {
            Either::Right(row) => answer.rows.push(row),
            Either::Left(done) => answer.changed = done.changed(),
        }
    }
    Ok(answer)
}

/// Sends one statement for its first row. The driver then says nothing more, and the one who waits is woken once: each
/// further message would wake the thread again, which costs more than most statements.
async fn first<DB, R>(
    pool: &Pool<DB>,
    sql: impl SqlSafeStr,
    values: DB::Arguments,
) -> Result<Option<R>, DbError>
where
    DB: Database,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    R: for<'r> FromRow<'r, DB::Row>,
{
    let mut lent = pool.lend().await?;
    let found = lent
        .connection()
        .fetch_optional(sqlx::query_with(sql, values))
        .await;
    Ok(lent.after(found)?.as_ref().map(R::from_row).transpose()?)
}

/// How many rows a statement changed, for either driver.
pub(super) trait Changed {
    fn changed(&self) -> u64;
}

impl Changed for sqlx::sqlite::SqliteQueryResult {
    fn changed(&self) -> u64 {
        self.rows_affected()
    }
}

impl Changed for sqlx::postgres::PgQueryResult {
    fn changed(&self) -> u64 {
        self.rows_affected()
    }
}

/// Where a statement goes, with its values so far.
pub(super) enum On<'c> {
    Sqlite(&'c Pool<Sqlite>, SqliteArguments),
    Postgres(&'c Pool<Postgres>, PgArguments),
}

/// A statement with its values, on its way to one of the databases.
#[must_use = "a query does nothing until it is executed or fetched"]
pub struct Query<'c> {
    on: On<'c>,
    sql: &'static str,
    refused: Option<DbError>,
}

impl<'c> Query<'c> {
    pub(super) fn new(on: On<'c>, sql: &'static str) -> Self {
        Self {
            on,
            sql,
            refused: None,
        }
    }

    /// Gives the next `$n` its value.
    pub fn bind(mut self, value: impl Bind) -> Self {
        let bound = match &mut self.on {
            On::Sqlite(_, values) => values.add(value),
            On::Postgres(_, values) => values.add(value),
        };
        self.refused = self.refused.or(bound.err().map(unbindable));
        self
    }

    async fn run(self) -> Result<Answered, DbError> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        Ok(match self.on {
            On::Sqlite(pool, values) => {
                let mut lent = pool.lend().await?;
                let answer = ask::<Sqlite>(lent.connection(), self.sql, values).await;
                Answered::Sqlite(lent.after(answer)?)
            }
            On::Postgres(pool, values) => {
                let mut lent = pool.lend().await?;
                let answer = ask::<Postgres>(lent.connection(), self.sql, values).await;
                Answered::Postgres(lent.after(answer)?)
            }
        })
    }

    /// Runs the statement; the number of rows that it changed.
    pub async fn execute(self) -> Result<u64, DbError> {
        Ok(self.run().await?.changed())
    }

    /// The one row that the statement must return.
    pub async fn fetch_one<R: Row>(self) -> Result<R, DbError> {
        let found = self.fetch_optional().await?;
        found.ok_or(DbError::Driver(sqlx::Error::RowNotFound))
    }

    /// The row that the statement returns, if any.
    pub async fn fetch_optional<R: Row>(self) -> Result<Option<R>, DbError> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        match self.on {
            On::Sqlite(pool, values) => first(pool, self.sql, values).await,
            On::Postgres(pool, values) => first(pool, self.sql, values).await,
        }
    }

    /// All rows. Callers put a `LIMIT` into the statement.
    pub async fn fetch_all<R: Row>(self) -> Result<Vec<R>, DbError> {
        self.run().await?.all()
    }

    /// All rows of a page: the same, and cheaper for more than a few.
    pub async fn fetch_page<R: Packed>(self) -> Result<Vec<R>, DbError> {
        match self.on {
            On::Sqlite(pool, values) if self.refused.is_none() => {
                let sql = AssertSqlSafe(in_one_piece::<R>(self.sql));
                let page = first::<Sqlite, (String,)>(pool, sql, values).await?;
                let (page,) = page.ok_or(DbError::Driver(sqlx::Error::RowNotFound))?;
                let unreadable = |error| DbError::Driver(sqlx::Error::Decode(Box::new(error)));
                serde_json::from_str(&page).map_err(unreadable)
            }
            _ => self.fetch_all().await,
        }
    }
}

/// A value that cannot be given to the database.
pub(super) fn unbindable(error: sqlx::error::BoxDynError) -> DbError {
    DbError::Driver(sqlx::Error::Encode(error))
}

/// Declares a row: a struct that is read by position from both databases.
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        $vis struct $name { $(pub(super) $field: $type),* }

        impl<'r, R> sqlx::FromRow<'r, R> for $name
        where
            R: sqlx::Row,
            usize: sqlx::ColumnIndex<R>,
            $($type: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)*
        {
            fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
                let mut column = 0..;
                let mut next = || column.next().unwrap_or(usize::MAX);
                Ok(Self { $($field: row.try_get(next())?),* })
            }
        }

        impl crate::db::packed::Packed for $name {
            const BYTES: &'static [bool] = &[$(<$type as crate::db::packed::Column>::BYTES),*];
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Columns;
                impl<'de> serde::de::Visitor<'de> for Columns {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("the columns of a row")
                    }
                    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut row: A) -> Result<$name, A::Error> {
                        Ok($name { $($field: crate::db::packed::next(&mut row)?),* })
                    }
                }
                from.deserialize_seq(Columns)
            }
        }
    };
}
pub(crate) use row;

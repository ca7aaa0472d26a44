//! The one file that names the drivers' query types.

use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{Encode, FromRow, PgConnection, Postgres, Sqlite, SqliteConnection, Type};

use super::DbError;

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

/// A statement with its values, on its way to one of the databases.
#[must_use = "a query does nothing until it is executed or fetched"]
pub struct Query<'c>(Inner<'c>);

enum Inner<'c> {
    Sqlite(OnSqlite<'c>, sqlx::query::Query<'static, Sqlite, SqliteArguments>),
    Postgres(OnPostgres<'c>, sqlx::query::Query<'static, Postgres, PgArguments>),
}

pub(super) enum OnSqlite<'c> {
    Pool(&'c SqlitePool),
    Connection(&'c mut SqliteConnection),
}

pub(super) enum OnPostgres<'c> {
    Pool(&'c PgPool),
    Connection(&'c mut PgConnection),
}

/// Runs `$call` on whatever holds the connection.
macro_rules! on {
    ($query:expr, $method:ident) => {
        match $query {
            Inner::Sqlite(OnSqlite::Pool(pool), query) => query.$method(pool).await.map(Either::Sqlite),
            Inner::Sqlite(OnSqlite::Connection(connection), query) => {
                query.$method(connection).await.map(Either::Sqlite)
            }
            Inner::Postgres(OnPostgres::Pool(pool), query) => query.$method(pool).await.map(Either::Postgres),
            Inner::Postgres(OnPostgres::Connection(connection), query) => {
                query.$method(connection).await.map(Either::Postgres)
            }
        }
    };
}

enum Either<S, P> {
    Sqlite(S),
    Postgres(P),
}

impl<'c> Query<'c> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that makes statements"
    )]
    pub(super) fn sqlite(on: OnSqlite<'c>, sql: &'static str) -> Self {
        Self(Inner::Sqlite(on, sqlx::query(sql)))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that makes statements"
    )]
    pub(super) fn postgres(on: OnPostgres<'c>, sql: &'static str) -> Self {
        Self(Inner::Postgres(on, sqlx::query(sql)))
    }

    /// Gives the next `$n` its value.
    pub fn bind(self, value: impl Bind) -> Self {
        Self(match self.0 {
            Inner::Sqlite(on, query) => Inner::Sqlite(on, query.bind(value)),
            Inner::Postgres(on, query) => Inner::Postgres(on, query.bind(value)),
        })
    }

    /// Runs the statement; the number of rows that it changed.
    pub async fn execute(self) -> Result<u64, DbError> {
        Ok(match on!(self.0, execute)? {
            Either::Sqlite(done) => done.rows_affected(),
            Either::Postgres(done) => done.rows_affected(),
        })
    }

    /// The one row that the statement must return.
    pub async fn fetch_one<R: Row>(self) -> Result<R, DbError> {
        Ok(match on!(self.0, fetch_one)? {
            Either::Sqlite(row) => R::from_row(&row)?,
            Either::Postgres(row) => R::from_row(&row)?,
        })
    }

    /// The row that the statement returns, if any.
    pub async fn fetch_optional<R: Row>(self) -> Result<Option<R>, DbError> {
        Ok(match on!(self.0, fetch_optional)? {
            Either::Sqlite(row) => row.map(|row| R::from_row(&row)).transpose()?,
            Either::Postgres(row) => row.map(|row| R::from_row(&row)).transpose()?,
        })
    }

    /// All rows. Callers put a `LIMIT` into the statement.
    pub async fn fetch_all<R: Row>(self) -> Result<Vec<R>, DbError> {
        Ok(match on!(self.0, fetch_all)? {
            Either::Sqlite(rows) => rows.iter().map(R::from_row).collect::<Result<_, _>>()?,
            Either::Postgres(rows) => rows.iter().map(R::from_row).collect::<Result<_, _>>()?,
        })
    }
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
    };
}
pub(crate) use row;

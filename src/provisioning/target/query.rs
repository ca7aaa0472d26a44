//! One statement for three drivers.

use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, MySql, Postgres, Sqlite};

use super::{Engine, Link, TargetError, dialect, trouble};

/// A value of a row.
#[derive(Clone, Debug)]
pub(in crate::provisioning) enum Value {
    Text(Option<String>),
    Number(i64),
    Switch(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(switch: bool) -> Self {
        Self::Switch(switch)
    }
}

/// A row that every engine can return.
pub(in crate::provisioning) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, MySqlRow> + Send + Unpin
{
}
impl<T> Row for T where
    T: for<'r> FromRow<'r, SqliteRow>
        + for<'r> FromRow<'r, PgRow>
        + for<'r> FromRow<'r, MySqlRow>
        + Send
        + Unpin
{
}

/// A statement with its values.
pub(in crate::provisioning) struct Query<'c> {
    link: &'c mut Link,
    engine: Engine,
    sql: &'static str,
    values: Vec<Value>,
}

macro_rules! statement {
    ($db:ty, $arguments:ty, $sql:expr, $values:expr) => {{
        #[expect(clippy::disallowed_methods, reason = "a target's SQL has its own dialects")]
        let mut query: sqlx::query::Query<'static, $db, $arguments> = sqlx::query(AssertSqlSafe($sql));
        for value in $values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
                Value::Switch(switch) => query.bind(switch),
            };
        }
        query
    }};
}

impl<'c> Query<'c> {
    pub(super) fn new(link: &'c mut Link, engine: Engine, sql: &'static str) -> Self {
        Self {
            link,
            engine,
            sql,
            values: Vec::new(),
        }
    }

    /// Another text for an engine that says it differently.
    pub(in crate::provisioning) fn or(mut self, engine: Engine, sql: &'static str) -> Self {
        if self.engine == engine {
            self.sql = sql;
        }
        self
    }

    /// Gives the next `$n` its value.
    pub(in crate::provisioning) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs the statement; how many rows it changed.
    pub(in crate::provisioning) async fn execute(self) -> Result<u64, TargetError> {
        let sql = dialect::text(self.engine, self.sql).into_owned();
        let done = match self.link {
            Link::Sqlite(link) => statement!(Sqlite, SqliteArguments, sql, self.values)
                .execute(link)
                .await
                .map(|d| d.rows_affected()),
            Link::Postgres(link) => statement!(Postgres, PgArguments, sql, self.values)
                .execute(link)
                .await
                .map(|d| d.rows_affected()),
            Link::Mysql(link) => statement!(MySql, MySqlArguments, sql, self.values)
                .execute(link)
                .await
                .map(|d| d.rows_affected()),
        };
        done.map_err(|error| trouble(&error))
    }

    /// All rows.
    pub(in crate::provisioning) async fn fetch<R: Row>(self) -> Result<Vec<R>, TargetError> {
        let sql = dialect::text(self.engine, self.sql).into_owned();
        let rows = match self.link {
            Link::Sqlite(link) => {
                let rows = statement!(Sqlite, SqliteArguments, sql, self.values)
                    .fetch_all(link)
                    .await;
                rows.and_then(|rows| rows.iter().map(R::from_row).collect())
            }
            Link::Postgres(link) => {
                let rows = statement!(Postgres, PgArguments, sql, self.values)
                    .fetch_all(link)
                    .await;
                rows.and_then(|rows| rows.iter().map(R::from_row).collect())
            }
            Link::Mysql(link) => {
                let rows = statement!(MySql, MySqlArguments, sql, self.values)
                    .fetch_all(link)
                    .await;
                rows.and_then(|rows| rows.iter().map(R::from_row).collect())
            }
        };
        rows.map_err(|error| trouble(&error))
    }
}

//! The embedded migrations: the same numbers and names for both databases, run under a lock.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migrate as _, Migration, MigrationType, Migrator};

use super::{Db, DbError};

/// A migration in both dialects.
struct Step {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! step {
    ($version:literal, $name:literal) => {
        Step {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// Published steps never change; later releases add to the end.
const STEPS: &[Step] = &[
    step!(1, "0001_spine"),
    step!(2, "0002_delegation"),
    step!(3, "0003_audit_chain"),
    step!(4, "0004_tree"),
    step!(5, "0005_letters"),
    step!(6, "0006_tokens"),
    step!(7, "0007_support"),
    step!(8, "0008_rotation"),
    step!(9, "0009_ways_back"),
];

impl Db {
    fn migrator(&self) -> Migrator {
        let steps = STEPS.iter().map(|step| {
            let sql = match self {
                Self::Sqlite { .. } => step.sqlite,
                Self::Postgres { .. } => step.postgres,
            };
            Migration::new(
                step.version,
                step.name.into(),
                MigrationType::Simple,
                sql.into_sql_str(),
                false,
            )
        });
        Migrator::with_migrations(steps.collect())
    }

    /// Brings the schema up to date. Several nodes may start at once: PostgreSQL takes an advisory lock, and whoever opens an
    /// SQLite file has to hold the lock beside it, as `start` does.
    pub async fn migrate(&self) -> Result<(), DbError> {
        let migrator = self.migrator();
        match self {
            Self::Sqlite { write, .. } => migrator.run(write.lend().await?.connection()).await,
            Self::Postgres { write, .. } => migrator.run(write.lend().await?.connection()).await,
        }
        .map_err(DbError::Migrate)
    }

    /// How many migrations are still to be applied.
    pub async fn migrations_missing(&self) -> Result<usize, DbError> {
        let table = "_sqlx_migrations";
        let applied = match self {
            Self::Sqlite { write, .. } => {
                let mut lent = write.lend().await?;
                let connection = lent.connection();
                connection
                    .ensure_migrations_table(table)
                    .await
                    .map_err(DbError::Migrate)?;
                connection
                    .list_applied_migrations(table)
                    .await
                    .map_err(DbError::Migrate)?
                    .len()
            }
            Self::Postgres { write, .. } => {
                let mut lent = write.lend().await?;
                let connection = lent.connection();
                connection
                    .ensure_migrations_table(table)
                    .await
                    .map_err(DbError::Migrate)?;
                connection
                    .list_applied_migrations(table)
                    .await
                    .map_err(DbError::Migrate)?
                    .len()
            }
        };
        Ok(STEPS.len().saturating_sub(applied))
    }
}

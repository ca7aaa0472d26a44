//! Stored values become domain types again, or are named as corrupt.

use uuid::Uuid;

use crate::db::{Db, Row};
use crate::error::Error;
use crate::model::{Deleted, Limit, Limits, Off, Quota, Sharing, Timestamp};

use super::corrupt;

/// Reads the values of one row; a value that does not parse is named by table, column and row.
pub(super) struct Reading<'a> {
    pub(super) table: &'static str,
    pub(super) id: &'a dyn std::fmt::Display,
}

impl Reading<'_> {
    /// A value that has its own parser.
    pub(super) fn parsed<T, E>(&self, column: &'static str, value: Result<T, E>) -> Result<T, Error> {
        value.map_err(|_| corrupt(self.table, column, self.id))
    }

    /// A text that parses as `T`.
    pub(super) fn text<T: std::str::FromStr>(&self, column: &'static str, text: &str) -> Result<T, Error> {
        self.parsed(column, text.parse())
    }

    /// A text that may be missing.
    pub(super) fn optional<T: std::str::FromStr>(
        &self,
        column: &'static str,
        text: Option<String>,
    ) -> Result<Option<T>, Error> {
        text.map(|text| self.text(column, &text)).transpose()
    }

    pub(super) fn quota(&self, column: &'static str, value: Option<i64>) -> Result<Quota, Error> {
        self.parsed(column, Quota::from_db(value))
    }

    pub(super) fn limit(&self, column: &'static str, value: Option<i64>) -> Result<Limit, Error> {
        self.parsed(column, Limit::from_db(value))
    }

    pub(super) fn limits(&self, stored: StoredLimits) -> Result<Limits, Error> {
        Ok(Limits {
            domains: self.limit("max_domains", stored.domains)?,
            mailboxes: self.limit("max_mailboxes", stored.mailboxes)?,
            aliases: self.limit("max_aliases", stored.aliases)?,
            accounts: self.limit("max_accounts", stored.accounts)?,
            quota: self.quota("max_quota_bytes", stored.quota)?,
            mailbox_quota: self.quota("max_mailbox_bytes", stored.mailbox_quota)?,
            sharing: self.parsed("overcommit", Sharing::from_db(stored.overcommit))?,
        })
    }

    pub(super) fn off(&self, at: Option<i64>, reason: Option<&str>) -> Result<Option<Off>, Error> {
        let Some(at) = at else { return Ok(None) };
        let reason = self.text("suspended_reason", reason.unwrap_or_default())?;
        Ok(Some(Off { at: time(at), reason }))
    }
}

/// Limits as they are stored: NULL is unlimited.
#[derive(Copy, Clone, Default)]
pub(super) struct StoredLimits {
    pub(super) domains: Option<i64>,
    pub(super) mailboxes: Option<i64>,
    pub(super) aliases: Option<i64>,
    pub(super) accounts: Option<i64>,
    pub(super) quota: Option<i64>,
    pub(super) mailbox_quota: Option<i64>,
    pub(super) overcommit: Option<i64>,
}

pub(super) fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(super) fn deleted(at: Option<i64>, purge_at: Option<i64>) -> Option<Deleted> {
    at.map(|at| Deleted {
        at: time(at),
        purge_at: time(purge_at.unwrap_or(at)),
    })
}

/// How many ids a statement about several things takes at once.
const TOGETHER: usize = 50;

/// The ids of a statement about several things, for `IN (…)`.
macro_rules! fifty {
    () => {
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
         $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42,
         $43, $44, $45, $46, $47, $48, $49, $50"
    };
}
pub(super) use fifty;

/// Runs a statement with [`fifty!`] ids as often as it takes, and gathers the rows.
pub(super) async fn of_each<R: Row>(db: &Db, sql: &'static str, ids: &[Uuid]) -> Result<Vec<R>, Error> {
    let mut all = Vec::new();
    for some in ids.chunks(TOGETHER) {
        let mut query = db.read(sql);
        for n in 0..TOGETHER {
            query = query.bind(some.get(n).copied().unwrap_or(Uuid::nil()));
        }
        all.extend(query.fetch_all::<R>().await?);
    }
    Ok(all)
}

//! Who of the desk looked after whom, and the codes by which callers show who they are.

use uuid::Uuid;

use super::Store;
use super::change::Change;
use super::row::time;
use crate::access::{AuditRead, Permit, SupportAssist};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountId, ActingId, OrgId, Timestamp};

/// A time in which somebody of the desk looked after a customer.
#[derive(Clone, Debug)]
pub struct ActingRecord {
    /// Its id.
    pub id: ActingId,
    /// Who it was.
    pub account: AccountId,
    /// Their name at the time.
    pub name: String,
    /// The customer.
    pub org: OrgId,
    /// Why.
    pub reason: String,
    /// The ticket.
    pub ticket: String,
    /// Since when.
    pub started_at: Timestamp,
    /// When it ends by itself.
    pub ends_at: Timestamp,
    /// When it was stopped.
    pub ended_at: Option<Timestamp>,
}

row! {
    struct ActingRow {
        id: Uuid, account_id: Uuid, name: String, org_id: Uuid, reason: String, ticket: String, started_at: i64,
        ends_at: i64, ended_at: Option<i64>,
    }
}

macro_rules! columns {
    () => {
        "s.id, s.account_id, s.name, s.org_id, s.reason, s.ticket, s.started_at, s.ends_at, s.ended_at"
    };
}

impl ActingRow {
    fn record(self) -> ActingRecord {
        ActingRecord {
            id: ActingId::from(self.id),
            account: AccountId::from(self.account_id),
            name: self.name,
            org: OrgId::from(self.org_id),
            reason: self.reason,
            ticket: self.ticket,
            started_at: time(self.started_at),
            ends_at: time(self.ends_at),
            ended_at: self.ended_at.map(time),
        }
    }
}

impl Store {
    /// (No permit.) What a session of `account` says that it is in, if it still goes on.
    pub async fn acting(&self, id: ActingId, account: AccountId) -> Result<Option<ActingRecord>, Error> {
        let row: Option<ActingRow> = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM acting s WHERE s.id = $1 AND s.account_id = $2 AND s.ended_at IS NULL AND s.ends_at > $3"
            ))
            .bind(id.uuid())
            .bind(account.uuid())
            .bind(self.clock.now().as_micros())
            .fetch_optional()
            .await?;
        Ok(row.map(ActingRow::record))
    }

    /// Who looked after the org of the permit, as such or as part of one above, the newest first.
    pub async fn looked_after(&self, permit: &Permit<AuditRead>) -> Result<Vec<ActingRecord>, Error> {
        let rows: Vec<ActingRow> = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM acting s JOIN orgs o ON o.id = s.org_id WHERE substr($1, 1, length(o.path)) = o.path
                 ORDER BY s.started_at DESC, s.id LIMIT 200"
            ))
            .bind(permit.place().org.as_str().to_owned())
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(ActingRow::record).collect())
    }

    /// (No permit.) Keeps the code that somebody reads out to the desk. The one before ends.
    pub async fn put_caller_code(
        &self,
        account: AccountId,
        digest: &[u8],
        until: Timestamp,
    ) -> Result<(), Error> {
        self.db
            .write(
                "INSERT INTO caller_codes (account_id, digest, expires_at) VALUES ($1, $2, $3)
                 ON CONFLICT (account_id) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at,
                   tries = 0, used_at = NULL",
            )
            .bind(account.uuid())
            .bind(digest.to_vec())
            .bind(until.as_micros())
            .execute()
            .await?;
        Ok(())
    }
}

impl Change<SupportAssist> {
    /// Begins to look after a customer.
    pub fn begin_acting(&mut self, acting: &ActingRecord) -> Result<(), Error> {
        self.tx
            .query(
                "INSERT INTO acting (id, account_id, name, org_id, reason, ticket, started_at, ends_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(acting.id.uuid())
            .bind(acting.account.uuid())
            .bind(acting.name.clone())
            .bind(acting.org.uuid())
            .bind(acting.reason.clone())
            .bind(acting.ticket.clone())
            .bind(acting.started_at.as_micros())
            .bind(acting.ends_at.as_micros())
            .later()
    }

    /// Stops it. `false` when it is over already.
    pub async fn end_acting(&mut self, id: ActingId) -> Result<bool, Error> {
        let ended = self
            .tx
            .query("UPDATE acting SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND ends_at > $2")
            .bind(id.uuid())
            .bind(self.now.as_micros())
            .execute()
            .await?;
        Ok(ended == 1)
    }

    /// Counts a try at the code of a caller and tells its digest; nothing when there is none left to try.
    pub async fn try_caller_code(&mut self, account: AccountId, most: i64) -> Result<Option<Vec<u8>>, Error> {
        let row: Option<(Vec<u8>,)> = self
            .tx
            .query(
                "UPDATE caller_codes SET tries = tries + 1
                 WHERE account_id = $1 AND used_at IS NULL AND expires_at > $2 AND tries < $3 RETURNING digest",
            )
            .bind(account.uuid())
            .bind(self.now.as_micros())
            .bind(most)
            .fetch_optional()
            .await?;
        Ok(row.map(|(digest,)| digest))
    }

    /// Uses the code of a caller up.
    pub fn use_caller_code(&mut self, account: AccountId) -> Result<(), Error> {
        self.tx
            .query("UPDATE caller_codes SET used_at = $2 WHERE account_id = $1")
            .bind(account.uuid())
            .bind(self.now.as_micros())
            .later()
    }
}

//! (No permit.) Browser sessions, keyed by the digest of an unguessable id.

use super::Store;
use crate::error::Error;
use crate::model::{AccountId, Timestamp};

impl Store {
    /// Stores a session under the digest of its id; `false` when a new one meets an old one.
    pub async fn put_session(
        &self,
        digest: &[u8],
        account: Option<AccountId>,
        data: &str,
        expires_at: Timestamp,
        anew: bool,
    ) -> Result<bool, Error> {
        let sql = if anew {
            "INSERT INTO sessions (digest, account_id, data, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (digest) DO NOTHING"
        } else {
            "UPDATE sessions SET account_id = $2, data = $3, expires_at = $5 WHERE digest = $1 AND created_at <= $4"
        };
        let written = self
            .db
            .write(sql)
            .bind(digest.to_vec())
            .bind(account.map(AccountId::uuid))
            .bind(data.to_owned())
            .bind(self.clock.now().as_micros())
            .bind(expires_at.as_micros())
            .execute()
            .await?;
        Ok(written == 1)
    }

    /// The data of a session that has not ended.
    pub async fn session(&self, digest: &[u8]) -> Result<Option<(String, Timestamp)>, Error> {
        let row: Option<(String, i64)> = self
            .db
            .read("SELECT data, expires_at FROM sessions WHERE digest = $1 AND expires_at > $2")
            .bind(digest.to_vec())
            .bind(self.clock.now().as_micros())
            .fetch_optional()
            .await?;
        Ok(row.map(|(data, end)| (data, Timestamp::from_micros(end))))
    }

    /// Ends a session.
    pub async fn end_session(&self, digest: &[u8]) -> Result<(), Error> {
        self.db
            .write("DELETE FROM sessions WHERE digest = $1")
            .bind(digest.to_vec())
            .execute()
            .await?;
        Ok(())
    }
}

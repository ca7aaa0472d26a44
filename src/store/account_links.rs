//! One-time links of accounts: to choose a first password, a new one, or to prove a new address. Only digests are kept.

use uuid::Uuid;

use super::Store;
use super::change::Change;
use super::letters::LinkPurpose;
use super::people::WritesPeople;
use crate::error::Error;
use crate::model::{AccountId, Timestamp};

/// What a link that is still good opens.
#[derive(Clone, Debug)]
pub struct AccountLink {
    /// The account.
    pub account: AccountId,
    /// The new address that it proves, if that is what it is for.
    pub email: Option<String>,
}

impl Store {
    /// (No permit.) What this link opens, if it is for that and still good.
    pub async fn account_link(
        &self,
        digest: &[u8],
        purpose: LinkPurpose,
    ) -> Result<Option<AccountLink>, Error> {
        let row: Option<(Uuid, Option<String>)> = self
            .db
            .read(
                "SELECT l.account_id, l.email FROM account_links l JOIN accounts a ON a.id = l.account_id
                 WHERE l.digest = $1 AND l.purpose = $3 AND l.used_at IS NULL AND l.expires_at > $2
                   AND a.suspended_at IS NULL",
            )
            .bind(digest.to_vec())
            .bind(self.clock.now().as_micros())
            .bind(purpose.as_str())
            .fetch_optional()
            .await?;
        Ok(row.map(|(id, email)| AccountLink {
            account: AccountId::from(id),
            email,
        }))
    }
}

impl<P: WritesPeople> Change<P> {
    /// Ends every link of an account, and the letters that would bring one.
    pub fn end_links(&mut self, account: AccountId) -> Result<(), Error> {
        for sql in [
            "UPDATE letters SET state = 'dropped', settled_at = $2 WHERE account_id = $1 AND state = 'waiting'
               AND kind IN ('invitation', 'password_reset', 'address_proof')",
            "UPDATE account_links SET used_at = $2 WHERE account_id = $1 AND used_at IS NULL",
        ] {
            self.tx
                .query(sql)
                .bind(account.uuid())
                .bind(self.now.as_micros())
                .later()?;
        }
        Ok(())
    }

    /// Makes a link. Older ones of the account end.
    pub fn put_account_link(
        &mut self,
        account: AccountId,
        purpose: LinkPurpose,
        digest: &[u8],
        until: Timestamp,
    ) -> Result<(), Error> {
        self.end_links(account)?;
        self.tx
            .query(
                "INSERT INTO account_links (digest, account_id, made_by, created_at, expires_at, purpose)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(digest.to_vec())
            .bind(account.uuid())
            .bind(self.permit.actor().identity().name.clone())
            .bind(self.now.as_micros())
            .bind(until.as_micros())
            .bind(purpose.as_str())
            .later()
    }

    /// Uses a link up. `false` when somebody was faster, or it has ended.
    pub async fn use_account_link(
        &mut self,
        digest: &[u8],
        purpose: LinkPurpose,
        account: AccountId,
    ) -> Result<bool, Error> {
        let used = self
            .tx
            .query(
                "UPDATE account_links SET used_at = $3
                 WHERE digest = $1 AND account_id = $2 AND purpose = $4 AND used_at IS NULL AND expires_at > $3",
            )
            .bind(digest.to_vec())
            .bind(account.uuid())
            .bind(self.now.as_micros())
            .bind(purpose.as_str())
            .execute()
            .await?;
        Ok(used == 1)
    }
}

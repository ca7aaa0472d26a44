//! (No permit.) Who somebody is, by what they present. One cannot be authorised before being known.

use super::Store;
use super::row::{Reading, time};
use crate::access::{Ceiling, Identity};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountHash, AccountId, Timestamp, TokenId};

row! {
    struct IdentityRow {
        id: uuid::Uuid, name: String, email: String, access_version: i64, suspended_at: Option<i64>,
    }
}

row! {
    struct TokenRow {
        id: uuid::Uuid, account_id: uuid::Uuid, name: String, email: String, access_version: i64,
        suspended_at: Option<i64>, read_only: bool, expires_at: i64, revoked_at: Option<i64>,
        last_used_at: Option<i64>,
    }
}

/// What a sign-in is checked against.
#[derive(Debug)]
pub struct SignIn {
    /// The account.
    pub account: AccountId,
    /// Its password, if it has one.
    pub hash: Option<AccountHash>,
    /// Whether it is switched off.
    pub suspended: bool,
}

/// A token as it is presented: its owner, and whether it is still good.
#[derive(Debug)]
pub struct Presented {
    /// Its id.
    pub token: TokenId,
    /// Whose it is.
    pub identity: Identity,
    /// What it lets through.
    pub ceiling: Ceiling,
    /// When its use was last noted.
    pub last_used_at: Option<Timestamp>,
}

impl Store {
    /// The live token with this digest, if its owner is active.
    pub async fn token_presented(&self, digest: &[u8]) -> Result<Option<Presented>, Error> {
        let row: Option<TokenRow> = self
            .db
            .read(
                "SELECT t.id, a.id, a.name, a.email, a.access_version,
                   COALESCE(a.suspended_at, CASE WHEN a.org_suspended THEN CAST(0 AS BIGINT) END), t.read_only, t.expires_at,
                   t.revoked_at, t.last_used_at
                 FROM tokens t JOIN accounts a ON a.id = t.account_id WHERE t.digest = $1",
            )
            .bind(digest.to_vec())
            .fetch_optional()
            .await?;
        let now = self.clock.now();
        let live = |row: &TokenRow| {
            row.suspended_at.is_none() && row.revoked_at.is_none() && now < time(row.expires_at)
        };
        Ok(row.filter(live).map(|row| Presented {
            token: TokenId::from(row.id),
            identity: Identity {
                account: Some(AccountId::from(row.account_id)),
                name: row.name,
                email: row.email,
                access_version: row.access_version,
            },
            ceiling: if row.read_only {
                Ceiling::ReadOnly
            } else {
                Ceiling::Everything
            },
            last_used_at: row.last_used_at.map(time),
        }))
    }

    /// Notes that a token is in use; called once an hour at most.
    pub async fn token_used(&self, token: TokenId) -> Result<(), Error> {
        self.db
            .write("UPDATE tokens SET last_used_at = $2 WHERE id = $1")
            .bind(token.uuid())
            .bind(self.clock.now().as_micros())
            .execute()
            .await?;
        Ok(())
    }

    /// Who the active account with this id is.
    pub async fn identity(&self, account: AccountId) -> Result<Option<Identity>, Error> {
        let row: Option<IdentityRow> = self
            .db
            .read(
                "SELECT id, name, email, access_version,
                   COALESCE(suspended_at, CASE WHEN org_suspended THEN CAST(0 AS BIGINT) END)
                 FROM accounts WHERE id = $1",
            )
            .bind(account.uuid())
            .fetch_optional()
            .await?;
        Ok(row.filter(|row| row.suspended_at.is_none()).map(|row| Identity {
            account: Some(AccountId::from(row.id)),
            name: row.name,
            email: row.email,
            access_version: row.access_version,
        }))
    }

    /// What a sign-in with this address is checked against.
    pub async fn sign_in(&self, email: &str) -> Result<Option<SignIn>, Error> {
        let row: Option<(uuid::Uuid, Option<String>, bool)> = self
            .db
            .read("SELECT id, password_hash, suspended_at IS NOT NULL OR org_suspended FROM accounts WHERE email = $1")
            .bind(email.to_lowercase())
            .fetch_optional()
            .await?;
        let Some((id, hash, suspended)) = row else {
            return Ok(None);
        };
        let hash = Reading {
            table: "accounts",
            id: &id,
        }
        .optional("password_hash", hash)?;
        Ok(Some(SignIn {
            account: AccountId::from(id),
            hash,
            suspended,
        }))
    }
}

//! (No permit.) Who somebody is, by what they present. One cannot be authorised before being known.

use super::Store;
use super::row::{Reading, time};
use super::tokens::token_scope;
use crate::access::{Ceiling, Identity, Permissions, Scope};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountHash, AccountId, Cidrs, Timestamp, TokenId};

row! {
    struct IdentityRow {
        id: uuid::Uuid, name: String, email: String, access_version: i64, suspended_at: Option<i64>,
    }
}

row! {
    struct TokenRow {
        id: uuid::Uuid, account_id: uuid::Uuid, name: String, email: String, access_version: i64,
        suspended_at: Option<i64>, read_only: bool, expires_at: i64, revoked_at: Option<i64>,
        last_used_at: Option<i64>, last_used_from: Option<String>, permissions: Option<String>, cidrs: String,
        confined: bool, org_id: Option<uuid::Uuid>, org_path: Option<String>, domain_id: Option<uuid::Uuid>,
        domain: Option<String>, domain_path: Option<String>,
    }
}

impl TokenRow {
    fn scope(&self) -> Option<Scope> {
        token_scope(
            self.org_id.zip(self.org_path.as_deref()),
            self.domain_id,
            self.domain.as_deref(),
            self.domain_path.as_deref(),
        )
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
    /// Where it may come from.
    pub cidrs: Cidrs,
    /// When its use was last noted.
    pub last_used_at: Option<Timestamp>,
    /// Where it was last used from, as far as that was noted.
    pub last_used_from: Option<String>,
}

impl Store {
    /// The live token with this digest, if its owner is active.
    pub async fn token_presented(&self, digest: &[u8]) -> Result<Option<Presented>, Error> {
        // A row for each scope that the token names, and one if it names none.
        let rows: Vec<TokenRow> = self
            .db
            .read(
                "SELECT t.id, a.id, a.name, a.email, a.access_version,
                   COALESCE(a.suspended_at, CASE WHEN a.org_suspended THEN CAST(0 AS BIGINT) END), t.read_only, t.expires_at,
                   t.revoked_at, t.last_used_at, t.last_used_from, t.permissions, t.cidrs, t.confined,
                   s.org_id, o.path, s.domain_id, d.name, d.org_path
                 FROM tokens t JOIN accounts a ON a.id = t.account_id
                   LEFT JOIN token_scopes s ON s.token_id = t.id
                   LEFT JOIN orgs o ON o.id = s.org_id LEFT JOIN domains d ON d.id = s.domain_id
                 WHERE t.digest = $1",
            )
            .bind(digest.to_vec())
            .fetch_all()
            .await?;
        let now = self.clock.now();
        let live = |row: &TokenRow| {
            row.suspended_at.is_none() && row.revoked_at.is_none() && now < time(row.expires_at)
        };
        let scopes = rows.iter().filter_map(TokenRow::scope).collect();
        let Some(row) = rows.into_iter().next().filter(live) else {
            return Ok(None);
        };
        let reading = Reading {
            table: "tokens",
            id: &row.id,
        };
        let permissions: Option<Permissions> = reading.optional("permissions", row.permissions)?;
        let cidrs = reading.text("cidrs", &row.cidrs)?;
        let within = row.confined.then_some(scopes);
        Ok(Some(Presented {
            ceiling: Ceiling::of_token(row.read_only, permissions, within),
            cidrs,
            token: TokenId::from(row.id),
            identity: Identity {
                account: Some(AccountId::from(row.account_id)),
                name: row.name,
                email: row.email,
                access_version: row.access_version,
            },
            last_used_at: row.last_used_at.map(time),
            last_used_from: row.last_used_from,
        }))
    }

    /// Notes that a token is in use, and from where; called now and then.
    pub async fn token_used(&self, token: TokenId, from: Option<String>) -> Result<(), Error> {
        self.db
            .write("UPDATE tokens SET last_used_at = $2, last_used_from = $3 WHERE id = $1")
            .bind(token.uuid())
            .bind(self.clock.now().as_micros())
            .bind(from)
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
            .read(
                "SELECT id, password_hash, suspended_at IS NOT NULL OR org_suspended FROM accounts
                 WHERE email = $1 AND kind = 'person'",
            )
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

//! API tokens of one's own.

use super::Store;
use super::change::Change;
use super::row::time;
use crate::access::TokenManageOwn;
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountId, DisplayName, Timestamp, TokenId};

/// A token to be made.
#[derive(Debug)]
pub struct TokenDraft {
    /// What it is for.
    pub name: DisplayName,
    /// Whether it only reads.
    pub read_only: bool,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A token as its owner sees it: never its secret.
#[derive(Clone, Debug)]
pub struct TokenView {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// Its first characters, to be recognised by.
    pub hint: String,
    /// Whether it only reads.
    pub read_only: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

row! {
    struct TokenRow {
        id: uuid::Uuid, name: String, hint: String, read_only: bool, created_at: i64, expires_at: i64,
        last_used_at: Option<i64>, revoked_at: Option<i64>,
    }
}

impl From<TokenRow> for TokenView {
    fn from(row: TokenRow) -> Self {
        Self {
            id: TokenId::from(row.id),
            name: row.name,
            hint: row.hint,
            read_only: row.read_only,
            created_at: time(row.created_at),
            expires_at: time(row.expires_at),
            last_used_at: row.last_used_at.map(time),
            revoked_at: row.revoked_at.map(time),
        }
    }
}

impl Store {
    /// The tokens of an account, the newest first.
    pub async fn own_tokens(&self, account: AccountId) -> Result<Vec<TokenView>, Error> {
        let rows: Vec<TokenRow> = self
            .db
            .read(
                "SELECT id, name, hint, read_only, created_at, expires_at, last_used_at, revoked_at
                 FROM tokens WHERE account_id = $1 ORDER BY id DESC LIMIT 200",
            )
            .bind(account.uuid())
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(TokenView::from).collect())
    }
}

impl Change<TokenManageOwn> {
    /// Stores a token by its digest.
    pub fn insert_token(
        &mut self,
        id: TokenId,
        account: AccountId,
        draft: &TokenDraft,
        digest: &[u8],
        hint: &str,
    ) -> Result<(), Error> {
        self.tx
            .query(
                "INSERT INTO tokens (id, account_id, name, digest, hint, read_only, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(id.uuid())
            .bind(account.uuid())
            .bind(draft.name.as_str().to_owned())
            .bind(digest.to_vec())
            .bind(hint.to_owned())
            .bind(draft.read_only)
            .bind(self.now.as_micros())
            .bind(draft.expires_at.as_micros())
            .later()?;
        Ok(())
    }

    /// Revokes a token of the account: its next request is refused, on every node.
    pub async fn revoke_token(&mut self, id: TokenId, account: AccountId) -> Result<String, Error> {
        let gone: Option<(String,)> = self
            .tx
            .query(
                "UPDATE tokens SET revoked_at = $3 WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL
                 RETURNING name",
            )
            .bind(id.uuid())
            .bind(account.uuid())
            .bind(self.now.as_micros())
            .fetch_optional()
            .await?;
        Ok(gone.ok_or_else(|| Error::not_found("token", &id.to_string()))?.0)
    }
}

//! API tokens of one's own.

use std::collections::{BTreeMap, HashMap};

use super::Store;
use super::change::Change;
use super::row::{Reading, fifty, of_each, time};
use crate::access::{OrgPath, Permission, Permissions, Scope, TokenManageAny, TokenManageOwn};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountId, Cidrs, DisplayName, DomainId, OrgId, Timestamp, TokenId};

/// The scope that a row names, if it names one.
pub(super) fn token_scope(
    org: Option<(uuid::Uuid, &str)>,
    domain: Option<uuid::Uuid>,
    name: Option<&str>,
    path: Option<&str>,
) -> Option<Scope> {
    match (org, domain, name, path) {
        (Some((id, path)), ..) => Some(Scope::Org(OrgId::from(id), OrgPath::parse(path)?)),
        (None, Some(id), Some(name), Some(path)) => {
            let path = OrgPath::parse(path)?;
            Some(Scope::Domain(DomainId::from(id), name.to_owned(), path))
        }
        _ => None,
    }
}

/// A token to be made.
#[derive(Debug)]
pub struct TokenDraft {
    /// What it is for.
    pub name: DisplayName,
    /// Whether it only reads.
    pub read_only: bool,
    /// The only permissions it lets through; `None` narrows nothing.
    pub permissions: Option<Permissions>,
    /// The only parts of the tree it reaches; `None` narrows nothing.
    pub scopes: Option<Vec<Scope>>,
    /// Where it may come from.
    pub cidrs: Cidrs,
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
    /// The only permissions it lets through; `None` narrows nothing.
    pub permissions: Option<Permissions>,
    /// The only parts of the tree it reaches; `None` narrows nothing, and an empty list is what is left when all that it
    /// named is gone for good.
    pub scopes: Option<Vec<Scope>>,
    /// Where it may come from.
    pub cidrs: Cidrs,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// The address that it was last used from.
    pub last_used_from: Option<String>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The token that took its place, if one did.
    pub successor: Option<TokenId>,
}

impl TokenView {
    /// In one word, at this moment.
    pub fn state(&self, now: Timestamp) -> &'static str {
        match (self.revoked_at, self.successor) {
            (Some(_), _) => "revoked",
            (None, _) if now >= self.expires_at => "expired",
            (None, Some(_)) => "replaced",
            (None, None) => "active",
        }
    }
}

/// A token that is about to be replaced, while nobody else can do anything to it.
#[derive(Debug)]
pub struct HeldToken {
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The token that took its place already, if one did.
    pub successor: Option<Successor>,
}

/// A token that took the place of another.
#[derive(Clone, Debug)]
pub struct Successor {
    /// Its id.
    pub id: TokenId,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it was ever used.
    pub used: bool,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// A token that takes the place of another.
#[derive(Debug)]
pub struct Replacement<'a> {
    /// Its id.
    pub id: TokenId,
    /// The digest of its secret.
    pub digest: &'a [u8],
    /// How its secret begins.
    pub hint: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When the one before ends.
    pub old_ends_at: Timestamp,
}

row! {
    struct TokenRow {
        id: uuid::Uuid, name: String, hint: String, read_only: bool, created_at: i64, expires_at: i64,
        last_used_at: Option<i64>, last_used_from: Option<String>, revoked_at: Option<i64>,
        permissions: Option<String>, cidrs: String, confined: bool, successor: Option<uuid::Uuid>,
    }
}

row! {
    struct HeldRow {
        expires_at: i64, revoked_at: Option<i64>, successor: Option<uuid::Uuid>,
    }
}

row! {
    struct SuccessorRow {
        id: uuid::Uuid, expires_at: i64, last_used_at: Option<i64>, revoked_at: Option<i64>,
    }
}

row! {
    struct ScopeRow {
        token_id: uuid::Uuid, org_id: Option<uuid::Uuid>, org_path: Option<String>, domain_id: Option<uuid::Uuid>,
        domain: Option<String>, domain_path: Option<String>,
    }
}

impl ScopeRow {
    fn scope(&self) -> Option<Scope> {
        token_scope(
            self.org_id.zip(self.org_path.as_deref()),
            self.domain_id,
            self.domain.as_deref(),
            self.domain_path.as_deref(),
        )
    }
}

impl TokenRow {
    fn view(self, scopes: Vec<Scope>) -> Result<TokenView, Error> {
        let reading = Reading {
            table: "tokens",
            id: &self.id,
        };
        let permissions = reading.optional("permissions", self.permissions.clone())?;
        let cidrs = reading.text("cidrs", &self.cidrs)?;
        let row = self;
        Ok(TokenView {
            id: TokenId::from(row.id),
            name: row.name,
            hint: row.hint,
            read_only: row.read_only,
            permissions,
            scopes: row.confined.then_some(scopes),
            cidrs,
            created_at: time(row.created_at),
            expires_at: time(row.expires_at),
            last_used_at: row.last_used_at.map(time),
            last_used_from: row.last_used_from,
            revoked_at: row.revoked_at.map(time),
            successor: row.successor.map(TokenId::from),
        })
    }
}

macro_rules! tokens {
    () => {
        "SELECT id, name, hint, read_only, created_at, expires_at, last_used_at, last_used_from, revoked_at,
           permissions, cidrs, confined, successor
         FROM tokens WHERE account_id = $1 "
    };
}

impl Store {
    /// The tokens of an account, the newest first.
    pub async fn own_tokens(&self, account: AccountId) -> Result<Vec<TokenView>, Error> {
        let rows: Vec<TokenRow> = self
            .db
            .read(concat!(tokens!(), "ORDER BY id DESC LIMIT 200"))
            .bind(account.uuid())
            .fetch_all()
            .await?;
        self.with_scopes(account, rows).await
    }

    /// One token of an account.
    pub async fn token(&self, account: AccountId, id: TokenId) -> Result<Option<TokenView>, Error> {
        let row: Option<TokenRow> = self
            .db
            .read(concat!(tokens!(), "AND id = $2"))
            .bind(account.uuid())
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        let tokens = self.with_scopes(account, row.into_iter().collect()).await?;
        Ok(tokens.into_iter().next())
    }

    /// (No permit.) What orgs are called, to tell somebody on what they hold a role themselves.
    pub async fn names_of_orgs(
        &self,
        orgs: impl IntoIterator<Item = OrgId>,
    ) -> Result<BTreeMap<OrgId, String>, Error> {
        let ids: Vec<uuid::Uuid> = orgs.into_iter().map(OrgId::uuid).collect();
        let sql = concat!("SELECT id, name FROM orgs WHERE id IN (", fifty!(), ")");
        let rows: Vec<(uuid::Uuid, String)> = of_each(&self.db, sql, &ids).await?;
        Ok(rows
            .into_iter()
            .map(|(id, name)| (OrgId::from(id), name))
            .collect())
    }

    async fn with_scopes(&self, account: AccountId, rows: Vec<TokenRow>) -> Result<Vec<TokenView>, Error> {
        if !rows.iter().any(|row| row.confined) {
            return rows.into_iter().map(|row| row.view(Vec::new())).collect();
        }
        let scopes: Vec<ScopeRow> = self
            .db
            .read(
                "SELECT s.token_id, s.org_id, o.path, s.domain_id, d.name, d.org_path
                 FROM tokens t JOIN token_scopes s ON s.token_id = t.id
                   LEFT JOIN orgs o ON o.id = s.org_id LEFT JOIN domains d ON d.id = s.domain_id
                 WHERE t.account_id = $1",
            )
            .bind(account.uuid())
            .fetch_all()
            .await?;
        let mut named: HashMap<uuid::Uuid, Vec<Scope>> = HashMap::new();
        for row in &scopes {
            named.entry(row.token_id).or_default().extend(row.scope());
        }
        let view = |row: TokenRow| {
            let scopes = named.remove(&row.id).unwrap_or_default();
            row.view(scopes)
        };
        rows.into_iter().map(view).collect()
    }
}

/// Permissions whose changes touch tokens.
pub trait WritesTokens: Permission {}
impl WritesTokens for TokenManageOwn {}
impl WritesTokens for TokenManageAny {}

impl Change<TokenManageAny> {
    /// Deletes a service account with its tokens and what is left of its roles; how many tokens those were. A service gave
    /// nobody anything and wrote nothing of its own, so that nothing else hangs on it.
    pub async fn delete_service(&mut self, account: AccountId, org: &OrgPath) -> Result<u64, Error> {
        self.account_leaves(org)?;
        self.tx
            .query("DELETE FROM grants WHERE account_id = $1")
            .bind(account.uuid())
            .later()?;
        let tokens = self
            .tx
            .query("DELETE FROM tokens WHERE account_id = $1")
            .bind(account.uuid())
            .execute()
            .await?;
        self.tx
            .query("DELETE FROM accounts WHERE id = $1 AND kind = 'service'")
            .bind(account.uuid())
            .later()?;
        Ok(tokens)
    }
}

impl<P: WritesTokens> Change<P> {
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
                "INSERT INTO tokens (id, account_id, name, digest, hint, read_only, created_at, expires_at,
                   permissions, cidrs, confined)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .bind(id.uuid())
            .bind(account.uuid())
            .bind(draft.name.as_str().to_owned())
            .bind(digest.to_vec())
            .bind(hint.to_owned())
            .bind(draft.read_only)
            .bind(self.now.as_micros())
            .bind(draft.expires_at.as_micros())
            .bind(draft.permissions.map(|named| named.to_string()))
            .bind(draft.cidrs.to_string())
            .bind(draft.scopes.is_some())
            .later()?;
        let scopes = draft.scopes.iter().flatten();
        for (place, scope) in (0_i64..).zip(scopes) {
            let (org, domain) = match scope {
                // Everything is no narrowing; the service makes no such scope.
                Scope::System => return Err(Error::defect("a token was confined to everything")),
                Scope::Org(id, _) => (Some(id.uuid()), None),
                Scope::Domain(id, ..) => (None, Some(id.uuid())),
            };
            self.tx
                .query(
                    "INSERT INTO token_scopes (token_id, place, org_id, domain_id) VALUES ($1, $2, $3, $4)",
                )
                .bind(id.uuid())
                .bind(place)
                .bind(org)
                .bind(domain)
                .later()?;
        }
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
    /// Holds on to a token of the account: of several who replace it at once, each sees what the one before did.
    pub async fn hold_token(&mut self, id: TokenId, account: AccountId) -> Result<HeldToken, Error> {
        let row: Option<HeldRow> = self
            .tx
            .query(
                "UPDATE tokens SET expires_at = expires_at WHERE id = $1 AND account_id = $2
                 RETURNING expires_at, revoked_at, successor",
            )
            .bind(id.uuid())
            .bind(account.uuid())
            .fetch_optional()
            .await?;
        let row = row.ok_or_else(|| Error::not_found("token", &id.to_string()))?;
        let successor: Option<SuccessorRow> = match row.successor {
            Some(next) => {
                self.tx
                    .query(
                        "SELECT id, expires_at, last_used_at, revoked_at FROM tokens
                         WHERE id = $1 AND account_id = $2",
                    )
                    .bind(next)
                    .bind(account.uuid())
                    .fetch_optional()
                    .await?
            }
            None => None,
        };
        Ok(HeldToken {
            expires_at: time(row.expires_at),
            revoked_at: row.revoked_at.map(time),
            successor: successor.map(|row| Successor {
                id: TokenId::from(row.id),
                expires_at: time(row.expires_at),
                used: row.last_used_at.is_some(),
                revoked: row.revoked_at.is_some(),
            }),
        })
    }

    /// Puts a token in the place of another that is held. What it may do is copied by the database, row by row, so that
    /// it is exactly what the one before may do.
    pub fn replace_token(&mut self, old: TokenId, new: &Replacement<'_>) -> Result<(), Error> {
        self.tx
            .query(
                "INSERT INTO tokens (id, account_id, name, digest, hint, read_only, created_at, expires_at,
                   permissions, cidrs, confined)
                 SELECT $2, account_id, name, $3, $4, read_only, $5, $6, permissions, cidrs, confined
                 FROM tokens WHERE id = $1",
            )
            .bind(old.uuid())
            .bind(new.id.uuid())
            .bind(new.digest.to_vec())
            .bind(new.hint.to_owned())
            .bind(self.now.as_micros())
            .bind(new.expires_at.as_micros())
            .later()?;
        self.tx
            .query(
                "INSERT INTO token_scopes (token_id, place, org_id, domain_id)
                 SELECT $2, place, org_id, domain_id FROM token_scopes WHERE token_id = $1",
            )
            .bind(old.uuid())
            .bind(new.id.uuid())
            .later()?;
        self.tx
            .query("UPDATE tokens SET successor = $2, expires_at = $3 WHERE id = $1")
            .bind(old.uuid())
            .bind(new.id.uuid())
            .bind(new.old_ends_at.as_micros())
            .later()
    }
}

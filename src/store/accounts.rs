//! People who sign in to the portal, and the roles they hold.

use super::Store;
use super::change::Change;
use super::grants::{GrantDraft, GrantRecord};
use super::people::AccountKind;
use super::row::{Reading, time};
use crate::access::{AccountInvite, AccountUpdate, GrantManage, OrgPath, Permission, SystemManage};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountHash, AccountId, DisplayName, GrantId, Language, OrgId, Refusal, Timestamp};

/// A person who signs in to the portal.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id, for ever.
    pub id: AccountId,
    /// The address to sign in with.
    pub email: String,
    /// The name.
    pub name: DisplayName,
    /// Light, dark or as the system is.
    pub theme: String,
    /// Comfortable or compact.
    pub density: String,
    /// Whether single keys are shortcuts.
    pub shortcuts: bool,
    /// What they are spoken to in.
    pub language: Language,
    /// When they last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// An account to be made.
#[derive(Debug)]
pub struct AccountDraft {
    /// The address to sign in with, lower case.
    pub email: String,
    /// The name.
    pub name: DisplayName,
    /// The password, hashed.
    pub hash: Option<AccountHash>,
    /// A person, or a service.
    pub kind: AccountKind,
}

row! {
    struct AccountRow {
        id: uuid::Uuid, email: String, name: String, theme: String, density: String, shortcuts: bool,
        language: String, last_sign_in_at: Option<i64>, created_at: i64,
    }
}

impl Store {
    /// An account, for the person themselves.
    pub async fn own_account(&self, id: AccountId) -> Result<Account, Error> {
        let row: Option<AccountRow> = self
            .db
            .read(
                "SELECT id, email, name, theme, density, shortcuts, language, last_sign_in_at, created_at
                 FROM accounts WHERE id = $1",
            )
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        let row = row.ok_or_else(|| Error::not_found("account", &id.to_string()))?;
        Ok(Account {
            id: AccountId::from(row.id),
            name: Reading {
                table: "accounts",
                id: &row.id,
            }
            .text("name", &row.name)?,
            email: row.email,
            theme: row.theme,
            density: row.density,
            shortcuts: row.shortcuts,
            language: row.language.parse().unwrap_or_default(),
            last_sign_in_at: row.last_sign_in_at.map(time),
            created_at: time(row.created_at),
        })
    }

    /// What a person holds, expired grants included, for the person themselves.
    pub async fn own_grants(&self, id: AccountId) -> Result<Vec<GrantRecord>, Error> {
        self.grants_told(id).await
    }

    /// How a person likes their screens. Nobody else's business, so no event.
    pub async fn set_preferences(
        &self,
        id: AccountId,
        theme: &'static str,
        density: &'static str,
        shortcuts: bool,
        language: Language,
    ) -> Result<(), Error> {
        self.db
            .write(
                "UPDATE accounts SET theme = $2, density = $3, shortcuts = $4, language = $5 WHERE id = $1",
            )
            .bind(id.uuid())
            .bind(theme)
            .bind(density)
            .bind(shortcuts)
            .bind(language.as_str())
            .execute()
            .await?;
        Ok(())
    }

    /// The id of the account with this address, for the command line.
    pub async fn account_named(&self, email: &str) -> Result<Option<AccountId>, Error> {
        let row: Option<(uuid::Uuid,)> = self
            .db
            .read("SELECT id FROM accounts WHERE email = $1")
            .bind(email.to_lowercase())
            .fetch_optional()
            .await?;
        Ok(row.map(|(id,)| AccountId::from(id)))
    }

    /// How many accounts there are.
    pub async fn accounts_count(&self) -> Result<i64, Error> {
        let (count,): (i64,) = self.db.read("SELECT COUNT(*) FROM accounts").fetch_one().await?;
        Ok(count)
    }

    /// Notes a sign-in.
    pub async fn signed_in(&self, id: AccountId) -> Result<(), Error> {
        self.db
            .write("UPDATE accounts SET last_sign_in_at = $2 WHERE id = $1")
            .bind(id.uuid())
            .bind(self.clock.now().as_micros())
            .execute()
            .await?;
        Ok(())
    }
}

/// Somebody signs in with this address already.
pub(super) fn email_taken(email: &str) -> Error {
    let next = "Give that account the role, or use another address.";
    Refusal::taken("An account with the address", email, next)
        .at("/email")
        .into()
}

/// The accounts and grants that a permit is for.
#[derive(Debug)]
pub struct Accounts<'a, P: Permission>(&'a mut Change<P>);

/// Permissions that make accounts and grants.
pub trait WritesAccounts: Permission {}
impl WritesAccounts for AccountInvite {}
impl WritesAccounts for AccountUpdate {}
impl WritesAccounts for GrantManage {}
impl WritesAccounts for SystemManage {}

impl<P: WritesAccounts> Change<P> {
    /// The accounts and grants that the permit is for.
    pub fn accounts(&mut self) -> Accounts<'_, P> {
        Accounts(self)
    }
}

impl<P: WritesAccounts> Accounts<'_, P> {
    /// The provider, made with the first account of an installation.
    pub async fn ensure_provider(&mut self, name: &DisplayName) -> Result<OrgId, Error> {
        let found: Option<(uuid::Uuid,)> = self
            .0
            .tx
            .query("SELECT id FROM orgs WHERE path = '/'")
            .fetch_optional()
            .await?;
        if let Some((id,)) = found {
            return Ok(OrgId::from(id));
        }
        let id: OrgId = self.0.store.ids.next();
        self.0
            .tx
            .query(
                "INSERT INTO orgs (id, path, kind, name, version, created_at, updated_at)
                 VALUES ($1, '/', 'provider', $2, 1, $3, $3)",
            )
            .bind(id.uuid())
            .bind(name.as_str().to_owned())
            .bind(self.0.now.as_micros())
            .later()?;
        Ok(id)
    }

    /// Adds an account that belongs to `org`.
    pub fn insert(
        &mut self,
        id: AccountId,
        draft: &AccountDraft,
        org: OrgId,
        path: &OrgPath,
    ) -> Result<(), Error> {
        let email = draft.email.clone();
        self.0
            .tx
            .query(
                "INSERT INTO accounts (id, org_id, org_path, email, name, password_hash, kind, version, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)",
            )
            .bind(id.uuid())
            .bind(org.uuid())
            .bind(path.as_str().to_owned())
            .bind(draft.email.clone())
            .bind(draft.name.as_str().to_owned())
            .bind(draft.hash.as_ref().map(|hash| hash.expose().to_owned()))
            .bind(draft.kind.as_str())
            .bind(self.0.now.as_micros())
            .or_taken(move || email_taken(&email))
            .later()?;
        self.0.account_joins(id, path)
    }

    /// Gives an account a role.
    pub fn grant(&mut self, id: GrantId, account: AccountId, draft: &GrantDraft) -> Result<(), Error> {
        self.0.insert_grant(id, account, draft)
    }

    /// Sets the sign-in password of an account, and ends its sessions.
    pub fn set_password(&mut self, account: AccountId, hash: &AccountHash) -> Result<(), Error> {
        self.0
            .tx
            .query("UPDATE accounts SET password_hash = $2, updated_at = $3 WHERE id = $1")
            .bind(account.uuid())
            .bind(hash.expose().to_owned())
            .bind(self.0.now.as_micros())
            .later()?;
        self.0
            .tx
            .query("DELETE FROM sessions WHERE account_id = $1")
            .bind(account.uuid())
            .later()?;
        Ok(())
    }
}

impl<P: Permission> Change<P> {
    /// Makes every credential of an account be looked at anew, at its next request, on every node.
    pub(super) fn access_changed(&mut self, account: AccountId) -> Result<(), Error> {
        self.tx
            .query("UPDATE accounts SET access_version = access_version + 1 WHERE id = $1")
            .bind(account.uuid())
            .later()?;
        Ok(())
    }
}

//! People who sign in to the portal, and the roles they hold.

use super::Store;
use super::change::Change;
use super::row::{Reading, time};
use crate::access::{
    AccountInvite, AccountUpdate, GrantManage, OrgPath, Permission, Role, Scope, SystemManage,
};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountHash, AccountId, DisplayName, DomainId, GrantId, OrgId, Refusal, Timestamp};

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
}

/// A grant to be given.
#[derive(Clone, Debug)]
pub struct GrantDraft {
    /// The role.
    pub role: Role,
    /// On what.
    pub scope: Scope,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// Who can manage something, as a list shows it.
#[derive(Clone, Debug)]
pub struct GrantView {
    /// The person's name.
    pub name: String,
    /// The person's sign-in address.
    pub email: String,
    /// The role.
    pub role: Role,
    /// Until when.
    pub expires_at: Option<Timestamp>,
}

row! {
    struct AccountRow {
        id: uuid::Uuid, email: String, name: String, theme: String, density: String, shortcuts: bool,
        last_sign_in_at: Option<i64>, created_at: i64,
    }
}

row! {
    struct GrantViewRow { id: uuid::Uuid, name: String, email: String, role: String, expires_at: Option<i64> }
}

impl Store {
    /// An account, for the person themselves.
    pub async fn own_account(&self, id: AccountId) -> Result<Account, Error> {
        let row: Option<AccountRow> = self
            .db
            .read(
                "SELECT id, email, name, theme, density, shortcuts, last_sign_in_at, created_at
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
            last_sign_in_at: row.last_sign_in_at.map(time),
            created_at: time(row.created_at),
        })
    }

    /// How a person likes their screens. Nobody else's business, so no event.
    pub async fn set_preferences(
        &self,
        id: AccountId,
        theme: &'static str,
        density: &'static str,
        shortcuts: bool,
    ) -> Result<(), Error> {
        self.db
            .write("UPDATE accounts SET theme = $2, density = $3, shortcuts = $4 WHERE id = $1")
            .bind(id.uuid())
            .bind(theme)
            .bind(density)
            .bind(shortcuts)
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

    /// Who holds which role on exactly the domain or org of the permit.
    pub async fn grants_at<P: Permission>(
        &self,
        permit: &crate::access::Permit<P>,
    ) -> Result<Vec<GrantView>, Error> {
        let place = permit.place();
        let rows: Vec<GrantViewRow> = self
            .db
            .read(
                "SELECT g.id, a.name, a.email, g.role, g.expires_at
                 FROM grants g JOIN accounts a ON a.id = g.account_id
                 WHERE g.domain_id = $1 OR g.org_id = (SELECT o.id FROM orgs o WHERE o.path = $2)
                 ORDER BY a.name, g.id LIMIT 200",
            )
            .bind(place.domain.map(DomainId::uuid))
            .bind(place.org.as_str().to_owned())
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(GrantView {
                    role: Reading {
                        table: "grants",
                        id: &row.id,
                    }
                    .text("role", &row.role)?,
                    name: row.name,
                    email: row.email,
                    expires_at: row.expires_at.map(time),
                })
            })
            .collect()
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
                "INSERT INTO accounts (id, org_id, org_path, email, name, password_hash, version, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)",
            )
            .bind(id.uuid())
            .bind(org.uuid())
            .bind(path.as_str().to_owned())
            .bind(draft.email.clone())
            .bind(draft.name.as_str().to_owned())
            .bind(draft.hash.as_ref().map(|hash| hash.expose().to_owned()))
            .bind(self.0.now.as_micros())
            .or_taken(move || {
                let next = "Sign in with it, or use another address.";
                Refusal::taken("An account with the address", &email, next).at("/email").into()
            })
            .later()?;
        self.0.account_joins(id, path)
    }

    /// Gives an account a role.
    pub fn grant(&mut self, id: GrantId, account: AccountId, draft: &GrantDraft) -> Result<(), Error> {
        let (scope, org, domain) = match &draft.scope {
            Scope::System => ("system", None, None),
            Scope::Org(id, _) => ("org", Some(id.uuid()), None),
            Scope::Domain(id, ..) => ("domain", None, Some(id.uuid())),
        };
        self.0
            .tx
            .query(
                "INSERT INTO grants (id, account_id, role, scope, org_id, domain_id, expires_at, granted_by, reason,
                   created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(id.uuid())
            .bind(account.uuid())
            .bind(draft.role.as_str())
            .bind(scope)
            .bind(org)
            .bind(domain)
            .bind(draft.expires_at.map(Timestamp::as_micros))
            .bind(self.0.permit.actor().identity().account.map(AccountId::uuid))
            .bind(draft.reason.clone())
            .bind(self.0.now.as_micros())
            .later()?;
        self.0.access_changed(account)
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

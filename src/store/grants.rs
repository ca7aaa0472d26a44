//! Who holds which role on what, and who gave it.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::change::Change;
use super::row::{Reading, fifty, of_each, time};
use super::{Store, corrupt};
use crate::access::{
    AccountInvite, AccountSuspend, Given, Grant, GrantManage, OrgPath, Permission, Permissions, Permit, Role,
    RoleManage, RoleRef, Scope, SystemManage, TokenManageAny,
};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountId, DomainId, GrantId, OrgId, RoleId, Timestamp};

/// A grant with its story.
#[derive(Clone, Debug)]
pub struct GrantRecord {
    /// The grant, who holds it and who gave it.
    pub given: Given,
    /// The name of whoever holds it.
    pub holder: String,
    /// The sign-in address of whoever holds it.
    pub email: String,
    /// The name of whoever gave it; `None` for what the installation itself gave.
    pub giver: Option<String>,
    /// What its scope is called.
    pub scope_name: String,
    /// Why it was given.
    pub reason: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// A grant to be given.
#[derive(Clone, Debug)]
pub struct GrantDraft {
    /// The role.
    pub role: RoleRef,
    /// On what.
    pub scope: Scope,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

row! {
    pub(super) struct GrantRow {
        id: Uuid, account_id: Uuid, role: String, role_id: Option<Uuid>, role_name: Option<String>,
        permissions: Option<String>, scope: String, org_id: Option<Uuid>, org_path: Option<String>,
        org_name: Option<String>, domain_id: Option<Uuid>, domain: Option<String>, domain_path: Option<String>,
        expires_at: Option<i64>, granted_by: Option<Uuid>, giver: Option<String>, holder: String, email: String,
        reason: String, created_at: i64,
    }
}

/// The head of each statement that reads grants. What lies in the bin gives nobody anything.
macro_rules! grants {
    () => {
        "SELECT g.id, g.account_id, g.role, g.role_id, r.name, r.permissions, g.scope, g.org_id, o.path, o.name,
           g.domain_id, d.name, d.org_path, g.expires_at, g.granted_by, b.name, a.name, a.email, g.reason,
           g.created_at
         FROM grants g JOIN accounts a ON a.id = g.account_id
           LEFT JOIN accounts b ON b.id = g.granted_by LEFT JOIN roles r ON r.id = g.role_id
           LEFT JOIN orgs o ON o.id = g.org_id LEFT JOIN domains d ON d.id = g.domain_id
         WHERE d.deleted_at IS NULL AND o.deleted_at IS NULL AND "
    };
}

impl GrantRow {
    fn grant(&self) -> Result<Grant, Error> {
        let reading = Reading {
            table: "grants",
            id: &self.id,
        };
        let path = |text: Option<&String>| text.and_then(|text| OrgPath::parse(text));
        let scope = match (self.scope.as_str(), self.org_id, self.domain_id) {
            ("system", _, _) => Some(Scope::System),
            ("org", Some(id), _) => {
                path(self.org_path.as_ref()).map(|path| Scope::Org(OrgId::from(id), path))
            }
            ("domain", _, Some(id)) => path(self.domain_path.as_ref())
                .zip(self.domain.clone())
                .map(|(path, name)| Scope::Domain(DomainId::from(id), name, path)),
            _ => None,
        };
        let own = self.role_id.zip(self.role_name.as_deref());
        let (role, holds) = if let (Some((id, name)), Some(permissions)) = (own, &self.permissions) {
            let role = RoleRef::Own(RoleId::from(id), name.into());
            (role, reading.text("permissions", permissions)?)
        } else {
            let role: Role = reading.text("role", &self.role)?;
            (RoleRef::BuiltIn(role), Permissions::of(role))
        };
        Ok(Grant {
            id: GrantId::from(self.id),
            role,
            holds,
            scope: scope.ok_or_else(|| corrupt("grants", "scope", &self.id))?,
            expires_at: self.expires_at.map(time),
        })
    }

    fn record(self) -> Result<GrantRecord, Error> {
        let given = Given {
            grant: self.grant()?,
            to: AccountId::from(self.account_id),
            by: self.granted_by.map(AccountId::from),
        };
        let name = self.domain.or(self.org_name);
        Ok(GrantRecord {
            given,
            holder: self.holder,
            email: self.email,
            giver: self.giver,
            scope_name: name.unwrap_or_else(|| "everything".to_owned()),
            reason: self.reason,
            created_at: time(self.created_at),
        })
    }
}

impl Store {
    /// (No permit.) The grants of an account, expired ones included: what the policy decides by.
    pub async fn grants_of(&self, account: AccountId) -> Result<Vec<Grant>, Error> {
        let rows = self.grant_rows(
            concat!(grants!(), "g.account_id = $1 ORDER BY g.id LIMIT 1000"),
            account.uuid(),
        );
        rows.await?.iter().map(GrantRow::grant).collect()
    }

    /// (No permit.) What whoever signs in with this address holds: what the policy decides by for their mailbox.
    pub async fn grants_behind(&self, email: &str) -> Result<Vec<Grant>, Error> {
        let rows: Vec<GrantRow> = self
            .db
            .read(concat!(
                grants!(),
                "a.email = $1 AND a.suspended_at IS NULL ORDER BY g.id LIMIT 1000"
            ))
            .bind(email.to_owned())
            .fetch_all()
            .await?;
        rows.iter().map(GrantRow::grant).collect()
    }

    /// The same with their stories, for an account that was opened.
    pub(super) async fn grants_told(&self, account: AccountId) -> Result<Vec<GrantRecord>, Error> {
        let rows = self.grant_rows(
            concat!(grants!(), "g.account_id = $1 ORDER BY g.id LIMIT 1000"),
            account.uuid(),
        );
        rows.await?.into_iter().map(GrantRow::record).collect()
    }

    async fn grant_rows(&self, sql: &'static str, by: Uuid) -> Result<Vec<GrantRow>, Error> {
        Ok(self.db.read(sql).bind(by).fetch_all().await?)
    }

    /// Who holds which role on exactly the domain or org of the permit.
    pub async fn grants_at<P: Permission>(&self, permit: &Permit<P>) -> Result<Vec<GrantRecord>, Error> {
        let place = permit.place();
        let rows: Vec<GrantRow> = self
            .db
            .read(concat!(
                grants!(),
                "(g.domain_id = $1 OR g.org_id = (SELECT p.id FROM orgs p WHERE p.path = $2))
                 ORDER BY a.name, g.id LIMIT 200"
            ))
            .bind(place.domain.map(DomainId::uuid))
            .bind(place.org.as_str().to_owned())
            .fetch_all()
            .await?;
        rows.into_iter().map(GrantRow::record).collect()
    }

    /// Everybody's grants that reach the permit's place, from the place itself up to everything.
    pub async fn grants_over<P: Permission>(&self, permit: &Permit<P>) -> Result<Vec<GrantRecord>, Error> {
        let place = permit.place();
        let rows: Vec<GrantRow> = self
            .db
            .read(concat!(grants!(),
                "(g.domain_id = $1 OR substr($2, 1, length(o.path)) = o.path OR g.scope = 'system')
                 AND a.suspended_at IS NULL ORDER BY g.scope = 'system', length(o.path) DESC, a.name, g.id LIMIT 500"
            ))
            .bind(place.domain.map(DomainId::uuid))
            .bind(place.org.as_str().to_owned())
            .fetch_all()
            .await?;
        rows.into_iter().map(GrantRow::record).collect()
    }

    /// Every grant that gives a role, which was opened.
    pub async fn grants_giving(&self, role: &super::OwnRole) -> Result<Vec<GrantRecord>, Error> {
        let rows = self.grant_rows(
            concat!(grants!(), "g.role_id = $1 ORDER BY a.name, g.id LIMIT 500"),
            role.id.uuid(),
        );
        rows.await?.into_iter().map(GrantRow::record).collect()
    }

    /// The grants of each of several accounts.
    pub(super) async fn grants_of_each(
        &self,
        accounts: &[Uuid],
    ) -> Result<HashMap<AccountId, Vec<GrantRecord>>, Error> {
        let sql = concat!(grants!(), "g.account_id IN (", fifty!(), ") ORDER BY g.id");
        let mut found: HashMap<AccountId, Vec<GrantRecord>> = HashMap::new();
        for row in of_each::<GrantRow>(&self.db, sql, accounts).await? {
            let record = row.record()?;
            found.entry(record.given.to).or_default().push(record);
        }
        Ok(found)
    }
}

/// Permissions whose changes touch who holds what.
pub trait WritesGrants: Permission {}
impl WritesGrants for GrantManage {}
impl WritesGrants for AccountInvite {}
impl WritesGrants for AccountSuspend {}
impl WritesGrants for RoleManage {}
impl WritesGrants for SystemManage {}
impl WritesGrants for TokenManageAny {}

/// Who holds what, while nobody else can change it.
#[derive(Debug)]
pub struct Access<'a, P: WritesGrants>(&'a mut Change<P>);

impl<P: WritesGrants> Change<P> {
    /// Holds on to everybody's access: until the change ends, nobody else gives or takes a role. Two operators who
    /// remove each other come one after the other, and the second is no operator any more.
    pub async fn access(&mut self) -> Result<Access<'_, P>, Error> {
        self.tx
            .query("UPDATE orgs SET updated_at = updated_at WHERE path = '/'")
            .execute()
            .await?;
        Ok(Access(self))
    }
}

impl<P: WritesGrants> Access<'_, P> {
    /// The grant with this id.
    pub async fn find(&mut self, id: GrantId) -> Result<GrantRecord, Error> {
        let row: Option<GrantRow> = self
            .0
            .tx
            .query(concat!(grants!(), "g.id = $1"))
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        row.ok_or_else(|| Error::not_found("grant", &id.to_string()))?
            .record()
    }

    /// Every grant of an account.
    pub async fn of(&mut self, account: AccountId) -> Result<Vec<GrantRecord>, Error> {
        self.all(
            concat!(grants!(), "g.account_id = $1 ORDER BY g.id"),
            account.uuid(),
        )
        .await
    }

    /// Every grant that gives a role of an org.
    pub async fn using(&mut self, role: RoleId) -> Result<Vec<GrantRecord>, Error> {
        self.all(concat!(grants!(), "g.role_id = $1 ORDER BY g.id"), role.uuid())
            .await
    }

    async fn all(&mut self, sql: &'static str, by: Uuid) -> Result<Vec<GrantRecord>, Error> {
        let rows: Vec<GrantRow> = self.0.tx.query(sql).bind(by).fetch_all().await?;
        rows.into_iter().map(GrantRow::record).collect()
    }

    /// Everything that may depend on what `accounts` hold: what they hold and gave, and so on to the end of the chain.
    /// With it, the accounts at whose hands something may end.
    pub async fn downstream(
        &mut self,
        accounts: impl IntoIterator<Item = AccountId>,
    ) -> Result<(Vec<GrantRecord>, BTreeSet<AccountId>), Error> {
        let mut open: Vec<AccountId> = accounts.into_iter().collect();
        let mut seen: BTreeSet<AccountId> = open.iter().copied().collect();
        let mut found: HashMap<GrantId, GrantRecord> = HashMap::new();
        while let Some(account) = open.pop() {
            for held in self.of(account).await? {
                found.insert(held.given.grant.id, held);
            }
            let gave = concat!(grants!(), "g.granted_by = $1 ORDER BY g.id");
            for given in self.all(gave, account.uuid()).await? {
                if seen.insert(given.given.to) {
                    open.push(given.given.to);
                }
                found.insert(given.given.grant.id, given);
            }
        }
        Ok((found.into_values().collect(), seen))
    }

    /// How many people who can sign in are operators of everything, for good.
    pub async fn operators(&mut self) -> Result<i64, Error> {
        let (count,): (i64,) = self
            .0
            .tx
            .query(
                "SELECT COUNT(DISTINCT a.id) FROM grants g JOIN accounts a ON a.id = g.account_id
                 WHERE g.role = 'operator' AND g.scope = 'system' AND g.expires_at IS NULL AND a.kind = 'person'
                   AND a.suspended_at IS NULL AND a.password_hash IS NOT NULL",
            )
            .fetch_one()
            .await?;
        Ok(count)
    }

    /// Gives an account a role.
    pub fn give(&mut self, id: GrantId, account: AccountId, draft: &GrantDraft) -> Result<(), Error> {
        self.0.insert_grant(id, account, draft)
    }

    /// Takes a grant away.
    pub fn end(&mut self, grant: &GrantRecord) -> Result<(), Error> {
        self.0
            .tx
            .query("DELETE FROM grants WHERE id = $1")
            .bind(grant.given.grant.id.uuid())
            .later()?;
        self.0.access_changed(grant.given.to)
    }

    /// Makes an account's credentials be looked at anew.
    pub fn touch(&mut self, account: AccountId) -> Result<(), Error> {
        self.0.access_changed(account)
    }
}

impl<P: Permission> Change<P> {
    pub(super) fn insert_grant(
        &mut self,
        id: GrantId,
        account: AccountId,
        draft: &GrantDraft,
    ) -> Result<(), Error> {
        let (scope, org, domain) = match &draft.scope {
            Scope::System => ("system", None, None),
            Scope::Org(id, _) => ("org", Some(id.uuid()), None),
            Scope::Domain(id, ..) => ("domain", None, Some(id.uuid())),
        };
        let (role, own) = match &draft.role {
            RoleRef::BuiltIn(role) => (role.as_str(), None),
            RoleRef::Own(id, _) => ("own", Some(id.uuid())),
        };
        self.tx
            .query(
                "INSERT INTO grants (id, account_id, role, role_id, scope, org_id, domain_id, expires_at, granted_by,
                   reason, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .bind(id.uuid())
            .bind(account.uuid())
            .bind(role)
            .bind(own)
            .bind(scope)
            .bind(org)
            .bind(domain)
            .bind(draft.expires_at.map(Timestamp::as_micros))
            .bind(self.permit.actor().identity().account.map(AccountId::uuid))
            .bind(draft.reason.clone())
            .bind(self.now.as_micros())
            .later()?;
        self.access_changed(account)
    }
}

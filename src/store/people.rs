//! People and service accounts, as those see them who look after who can manage.

use uuid::Uuid;

use super::change::Change;
use super::grants::GrantRecord;
use super::row::{Reading, time};
use super::{Page, PageRequest, Store, corrupt};
use crate::access::{
    AccountInvite, AccountRead, AccountSuspend, AccountUpdate, Among, OrgPath, Permission, Place, Reach,
    Span, TokenManageAny,
};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountHash, AccountId, DisplayName, Language, OrgId, Timestamp};

/// Who stands behind an account.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// Somebody who signs in.
    Person,
    /// A program: it has tokens and never signs in.
    Service,
}

impl AccountKind {
    /// The word in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
        }
    }
}

/// An account with everything it holds.
#[derive(Clone, Debug)]
pub struct Person {
    /// Its id, for ever.
    pub id: AccountId,
    /// A person, or a service.
    pub kind: AccountKind,
    /// The org it belongs to.
    pub org_id: OrgId,
    /// That org's path.
    pub path: OrgPath,
    /// That org's name.
    pub org: String,
    /// The address to sign in with; for a service the name it is known by.
    pub email: String,
    /// The name.
    pub name: DisplayName,
    /// Whether a person has not chosen a password yet.
    pub invited: bool,
    /// What they are spoken to in.
    pub language: Language,
    /// Since when it is switched off.
    pub suspended_at: Option<Timestamp>,
    /// When the person last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// What it holds, expired grants included.
    pub grants: Vec<GrantRecord>,
}

impl Person {
    /// Everywhere the account can be looked after from: its org, and everything it holds a role on.
    fn places(&self) -> Vec<Place> {
        let held = self.grants.iter().map(|held| held.given.grant.scope.place());
        std::iter::once(Place::org(self.path.clone()))
            .chain(held)
            .collect()
    }

    /// In one word.
    pub fn state(&self) -> &'static str {
        match (self.suspended_at, self.invited) {
            (Some(_), _) => "suspended",
            (None, true) => "invited",
            (None, false) => "active",
        }
    }
}

row! {
    struct PersonRow {
        id: Uuid, kind: String, org_id: Uuid, org_path: String, org: String, email: String, name: String,
        has_password: bool, language: String, suspended_at: Option<i64>, last_sign_in_at: Option<i64>, version: i64, created_at: i64,
        updated_at: i64,
    }
}

macro_rules! people {
    () => {
        "SELECT a.id, a.kind, a.org_id, a.org_path, o.name, a.email, a.name, a.password_hash IS NOT NULL,
           a.language, a.suspended_at, a.last_sign_in_at, a.version, a.created_at, a.updated_at
         FROM accounts a JOIN orgs o ON o.id = a.org_id "
    };
}

impl PersonRow {
    fn person(self, grants: Vec<GrantRecord>) -> Result<Person, Error> {
        let reading = Reading {
            table: "accounts",
            id: &self.id,
        };
        let kind = if self.kind == "service" {
            AccountKind::Service
        } else {
            AccountKind::Person
        };
        Ok(Person {
            id: AccountId::from(self.id),
            kind,
            org_id: OrgId::from(self.org_id),
            path: OrgPath::parse(&self.org_path).ok_or_else(|| corrupt("accounts", "org_path", &self.id))?,
            org: self.org,
            name: reading.text("name", &self.name)?,
            email: self.email,
            invited: kind == AccountKind::Person && !self.has_password,
            language: self.language.parse().unwrap_or_default(),
            suspended_at: self.suspended_at.map(time),
            last_sign_in_at: self.last_sign_in_at.map(time),
            version: self.version,
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
            grants,
        })
    }
}

impl Store {
    /// The account with this id. Shut until the policy opens it.
    pub async fn person(&self, id: AccountId) -> Result<Among<Person>, Error> {
        let row: Option<PersonRow> = self
            .db
            .read(concat!(people!(), "WHERE a.id = $1"))
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        let row = row.ok_or_else(|| Error::not_found("account", &id.to_string()))?;
        let person = row.person(self.grants_told(id).await?)?;
        Ok(Among::new(person.places(), person))
    }

    /// A page of the accounts that belong to what is in reach or hold something there, by name.
    pub async fn people(
        &self,
        reach: &Reach<AccountRead>,
        words: &str,
        page: &PageRequest,
    ) -> Result<Page<Person>, Error> {
        let mut rows: Vec<PersonRow> = Vec::new();
        for span in reach.spans() {
            rows.extend(self.people_rows(span, words, page).await?);
        }
        rows.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        rows.dedup_by_key(|row| row.id);
        let rows = Page::of(rows, page.limit, |row| vec![row.name.clone(), row.id.to_string()]);
        let ids: Vec<Uuid> = rows.items.iter().map(|row| row.id).collect();
        let mut grants = self.grants_of_each(&ids).await?;
        let told = |row: PersonRow| {
            let held = grants.remove(&AccountId::from(row.id)).unwrap_or_default();
            row.person(held)
        };
        Ok(Page {
            items: rows.items.into_iter().map(told).collect::<Result<_, _>>()?,
            next: rows.next,
        })
    }

    async fn people_rows(
        &self,
        span: &Span,
        words: &str,
        page: &PageRequest,
    ) -> Result<Vec<PersonRow>, Error> {
        let id = page
            .part(1)
            .and_then(|part| part.parse().ok())
            .unwrap_or(Uuid::nil());
        let sql = match (span.domain.is_some(), span.first.as_str()) {
            (true, _) => concat!(
                people!(),
                "WHERE a.id IN (SELECT g.account_id FROM grants g JOIN domains d ON d.id = g.domain_id
                   WHERE d.org_path = $1 AND d.name = $2)
                 AND (a.name, a.id) > ($3, $4) AND (lower(a.name) LIKE $5 OR a.email LIKE $5)
                 ORDER BY a.name, a.id LIMIT $6 + 0"
            ),
            // Nobody lies outside the whole.
            (false, "/") => concat!(
                people!(),
                "WHERE a.org_path || '' >= $1 AND $2 = $2 AND (a.name, a.id) > ($3, $4)
                   AND (lower(a.name) LIKE $5 OR a.email LIKE $5)
                 ORDER BY a.name, a.id LIMIT $6 + 0"
            ),
            (false, _) => concat!(
                people!(),
                "WHERE ((a.org_path >= $1 AND a.org_path < $2)
                   OR a.id IN (SELECT g.account_id FROM grants g JOIN orgs s ON s.id = g.org_id
                     WHERE s.path >= $1 AND s.path < $2)
                   OR a.id IN (SELECT g.account_id FROM grants g JOIN domains d ON d.id = g.domain_id
                     WHERE d.org_path >= $1 AND d.org_path < $2))
                 AND (a.name, a.id) > ($3, $4) AND (lower(a.name) LIKE $5 OR a.email LIKE $5)
                 ORDER BY a.name, a.id LIMIT $6 + 0"
            ),
        };
        let plain: String = words
            .to_lowercase()
            .chars()
            .filter(|c| !"%_\\".contains(*c))
            .collect();
        let second = span.domain.clone().unwrap_or_else(|| span.end.clone());
        let rows = self
            .db
            .read(sql)
            .bind(span.first.clone())
            .bind(second)
            .bind(page.part(0).unwrap_or_default().to_owned())
            .bind(id)
            .bind(format!("%{plain}%"))
            .bind(page.rows())
            .fetch_page()
            .await?;
        Ok(rows)
    }

    /// (No permit.) The person behind an invitation that was found by its link.
    pub async fn invited(&self, id: AccountId) -> Result<Person, Error> {
        let row: Option<PersonRow> = self
            .db
            .read(concat!(people!(), "WHERE a.id = $1"))
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        let row = row.ok_or_else(|| Error::not_found("account", &id.to_string()))?;
        row.person(self.grants_told(id).await?)
    }
}

/// Permissions that change a person.
pub trait WritesPeople: Permission {}
impl WritesPeople for AccountInvite {}
impl WritesPeople for AccountUpdate {}
impl WritesPeople for AccountSuspend {}
impl WritesPeople for TokenManageAny {}

impl<P: WritesPeople> Change<P> {
    /// Changes a person's name and address.
    pub fn save_person(&mut self, person: &Person) -> Result<(), Error> {
        let email = person.email.clone();
        self.tx
            .query(
                "UPDATE accounts SET name = $2, email = $3, suspended_at = $4, version = version + 1, updated_at = $5
                 WHERE id = $1",
            )
            .bind(person.id.uuid())
            .bind(person.name.as_str().to_owned())
            .bind(person.email.clone())
            .bind(person.suspended_at.map(Timestamp::as_micros))
            .bind(self.now.as_micros())
            .or_taken(move || super::accounts::email_taken(&email))
            .later()?;
        self.access_changed(person.id)
    }

    /// Whether a person still is at `version`, and what the caller expects.
    pub async fn hold_person(&mut self, person: &Person) -> Result<(), Error> {
        let row: Option<(i64,)> = self
            .tx
            .query("UPDATE accounts SET updated_at = updated_at WHERE id = $1 RETURNING version")
            .bind(person.id.uuid())
            .fetch_optional()
            .await?;
        let (version,) = row.ok_or_else(|| Error::not_found("account", &person.id.to_string()))?;
        self.check_version(&person.email, version)?;
        if version == person.version {
            return Ok(());
        }
        Err(Error::Stale {
            what: person.email.clone(),
            current: version,
        })
    }

    /// Ends every browser session of an account.
    pub fn end_sessions(&mut self, account: AccountId) -> Result<(), Error> {
        self.tx
            .query("DELETE FROM sessions WHERE account_id = $1")
            .bind(account.uuid())
            .later()
    }

    /// Sets the password of somebody who was invited.
    pub fn set_first_password(&mut self, account: AccountId, hash: &AccountHash) -> Result<(), Error> {
        self.tx
            .query("UPDATE accounts SET password_hash = $2, version = version + 1, updated_at = $3 WHERE id = $1")
            .bind(account.uuid())
            .bind(hash.expose().to_owned())
            .bind(self.now.as_micros())
            .later()
    }
}

//! Orgs: the provider and the customers under it.

use super::change::Change;
use super::page::{Page, PageRequest};
use super::row::{Reading, StoredLimits, deleted, time};
use super::{MailboxFilter, StateFilter, Store};
use crate::access::{Guarded, OrgPath, OrgRead, Permission, Place, Reach, Span, WritesOrgs};
use crate::db::row;
use crate::error::Error;
use crate::model::{Deleted, Org, OrgId, OrgKind, OrgOff, Refusal, Timestamp, Usage};

macro_rules! columns {
    () => {
        "id, parent_id, path, kind, name, contact, external_id, max_domains, max_mailboxes, max_aliases,
         max_accounts, max_quota_bytes, max_mailbox_bytes, overcommit, used_domains, used_mailboxes, used_aliases,
         used_accounts, used_quota_bytes, used_unlimited, suspended_at, suspended_reason, suspended_keeps, version, created_at, updated_at, deleted_at, purge_at"
    };
}

mod bin;
mod moves;
mod off;

pub use moves::LeftBehind;

row! {
    struct OrgRow {
        id: uuid::Uuid, parent_id: Option<uuid::Uuid>, path: String, kind: String, name: String, contact: String,
        external_id: Option<String>, max_domains: Option<i64>, max_mailboxes: Option<i64>, max_aliases: Option<i64>,
        max_accounts: Option<i64>, max_quota_bytes: Option<i64>, max_mailbox_bytes: Option<i64>,
        overcommit: Option<i64>, used_domains: i64, used_mailboxes: i64, used_aliases: i64, used_accounts: i64,
        used_quota_bytes: i64, used_unlimited: i64, suspended_at: Option<i64>, suspended_reason: Option<String>,
        suspended_keeps: bool, version: i64, created_at: i64, updated_at: i64, deleted_at: Option<i64>,
        purge_at: Option<i64>,
    }
}

impl OrgRow {
    fn path(&self) -> Result<OrgPath, Error> {
        OrgPath::parse(&self.path).ok_or_else(|| super::corrupt("orgs", "path", &self.id))
    }

    fn guarded(self) -> Result<Guarded<Org>, Error> {
        let path = self.path()?;
        Ok(Guarded::new(Place::org(path), self.org()?))
    }

    fn org(self) -> Result<Org, Error> {
        let reading = Reading {
            table: "orgs",
            id: &self.id,
        };
        let limits = StoredLimits {
            domains: self.max_domains,
            mailboxes: self.max_mailboxes,
            aliases: self.max_aliases,
            accounts: self.max_accounts,
            quota: self.max_quota_bytes,
            mailbox_quota: self.max_mailbox_bytes,
            overcommit: self.overcommit,
        };
        Ok(Org {
            id: OrgId::from(self.id),
            parent_id: self.parent_id.map(OrgId::from),
            kind: reading.parsed("kind", OrgKind::parse(&self.kind).ok_or(()))?,
            name: reading.text("name", &self.name)?,
            contact: reading.text("contact", &self.contact)?,
            external_id: reading.optional("external_id", self.external_id)?,
            limits: reading.limits(limits)?,
            usage: Usage {
                domains: self.used_domains,
                mailboxes: self.used_mailboxes,
                aliases: self.used_aliases,
                accounts: self.used_accounts,
                quota_bytes: self.used_quota_bytes,
                unlimited: self.used_unlimited,
            },
            suspension: reading
                .off(self.suspended_at, self.suspended_reason.as_deref())?
                .map(|off| OrgOff {
                    at: off.at,
                    reason: off.reason,
                    keeps_delivery: self.suspended_keeps,
                }),
            version: self.version,
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
            deleted: deleted(self.deleted_at, self.purge_at),
        })
    }
}

impl Store {
    /// The org with this id, in the bin or not. Shut until the policy opens it.
    pub async fn org(&self, id: OrgId) -> Result<Guarded<Org>, Error> {
        let row: Option<OrgRow> = self
            .db
            .read(concat!("SELECT ", columns!(), " FROM orgs WHERE id = $1"))
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        row.ok_or_else(|| Error::not_found("org", &id.to_string()))?
            .guarded()
    }

    /// The provider. Shut until the policy opens it.
    pub async fn provider(&self) -> Result<Guarded<Org>, Error> {
        let row: Option<OrgRow> = self
            .db
            .read(concat!("SELECT ", columns!(), " FROM orgs WHERE path = '/'"))
            .fetch_optional()
            .await?;
        row.ok_or_else(|| Error::not_found("org", "provider"))?.guarded()
    }

    /// A page of the orgs in reach, by name.
    pub async fn orgs(
        &self,
        reach: &Reach<OrgRead>,
        filter: &MailboxFilter,
        page: &PageRequest,
    ) -> Result<Page<Org>, Error> {
        let mut rows: Vec<OrgRow> = Vec::new();
        for span in reach.spans().iter().filter(|span| span.domain.is_none()) {
            rows.extend(self.org_rows(span, filter, page).await?);
        }
        rows.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        let key = |row: &OrgRow| vec![row.name.clone(), row.id.to_string()];
        let rows = Page::of(rows, page.limit, key);
        let items = rows
            .items
            .into_iter()
            .map(OrgRow::org)
            .collect::<Result<_, _>>()?;
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn org_rows(
        &self,
        span: &Span,
        filter: &MailboxFilter,
        page: &PageRequest,
    ) -> Result<Vec<OrgRow>, Error> {
        let id = page
            .part(1)
            .and_then(|part| part.parse().ok())
            .unwrap_or(uuid::Uuid::nil());
        // Everybody's customers are walked by name; a reseller's own are few, and found by their path.
        let sql = match (filter.state == Some(StateFilter::Deleted), span.first.as_str()) {
            (false, "/") => concat!(
                "SELECT ",
                columns!(),
                " FROM orgs WHERE path || '' >= $1 AND path || '' < $2 AND (name, id) > ($3, $4)
                   AND deleted_at IS NULL AND ($5 OR (suspended_at IS NOT NULL) = $6)
                   AND updated_at >= $7 AND ($8 OR id IN (SELECT object_id FROM search_terms
                     WHERE term >= $9 AND term < $10 AND kind = 'org'))
                 ORDER BY name, id LIMIT $11 + 0"
            ),
            (false, _) => concat!(
                "SELECT ",
                columns!(),
                " FROM orgs WHERE path >= $1 AND path < $2 AND (name, id) > ($3, $4)
                   AND deleted_at IS NULL AND ($5 OR (suspended_at IS NOT NULL) = $6)
                   AND updated_at >= $7 AND ($8 OR id IN (SELECT object_id FROM search_terms
                     WHERE term >= $9 AND term < $10 AND kind = 'org'))
                 ORDER BY name, id LIMIT $11 + 0"
            ),
            (true, _) => concat!(
                "SELECT ",
                columns!(),
                " FROM orgs WHERE path >= $1 AND path < $2 AND (name, id) > ($3, $4)
                   AND deleted_at IS NOT NULL AND ($5 OR (suspended_at IS NOT NULL) = $6)
                   AND updated_at >= $7 AND ($8 OR id IN (SELECT object_id FROM search_terms
                     WHERE term >= $9 AND term < $10 AND kind = 'org'))
                 ORDER BY name, id LIMIT $11 + 0"
            ),
        };
        let rows = self
            .db
            .read(sql)
            .bind(span.first.clone())
            .bind(span.end.clone())
            .bind(page.part(0).unwrap_or_default().to_owned())
            .bind(id)
            .bind(!matches!(
                filter.state,
                Some(StateFilter::Active | StateFilter::Suspended)
            ))
            .bind(filter.state == Some(StateFilter::Suspended))
            .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
            .bind(filter.prefix.is_none())
            .bind(filter.prefix.clone().unwrap_or_default())
            .bind(format!("{}\u{10FFFF}", filter.prefix.clone().unwrap_or_default()))
            .bind(page.rows())
            .fetch_page()
            .await?;
        Ok(rows)
    }
}

/// The orgs that a permit is for.
#[derive(Debug)]
pub struct Orgs<'a, P: WritesOrgs>(&'a mut Change<P>);

impl<P: WritesOrgs> Change<P> {
    /// The orgs that the permit is for.
    pub fn orgs(&mut self) -> Orgs<'_, P> {
        Orgs(self)
    }
}

impl<P: WritesOrgs> Orgs<'_, P> {
    /// Adds an org below the one that the permit is for, which stays in use until the change ends.
    pub fn insert(&mut self, org: &Org) -> Result<(), Error> {
        let above = self.0.permit.place().org.clone();
        self.0.hold_org(&above)?;
        let path = above.child(&self.0.store.ids.key(8));
        self.0
            .tx
            .query(
                "INSERT INTO orgs (id, parent_id, path, kind, name, contact, external_id, max_domains, max_mailboxes,
                   max_aliases, max_quota_bytes, max_mailbox_bytes, max_accounts, overcommit, version, created_at,
                   updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)",
            )
            .bind(org.id.uuid())
            .bind(org.parent_id.map(OrgId::uuid))
            .bind(path.as_str().to_owned())
            .bind(org.kind.as_str())
            .bind(org.name.as_str().to_owned())
            .bind(org.contact.as_str().to_owned())
            .bind(org.external_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(org.limits.domains.to_db())
            .bind(org.limits.mailboxes.to_db())
            .bind(org.limits.aliases.to_db())
            .bind(org.limits.quota.to_db())
            .bind(org.limits.mailbox_quota.to_db())
            .bind(org.limits.accounts.to_db())
            .bind(org.limits.sharing.to_db())
            .bind(org.version)
            .bind(org.created_at.as_micros())
            .later()?;
        self.0.index_org(org, &path)
    }

    /// Keeps the org above the one that the permit is for in use until the change ends.
    pub fn hold_above(&mut self) -> Result<(), Error> {
        let above = self.0.permit.place().org.above();
        match above {
            Some(path) => self.0.hold_org(&path),
            None => Ok(()),
        }
    }

    /// Locks the org that the permit is for and reads it as it is now, with the version it will have.
    pub async fn lock(&mut self) -> Result<Org, Error> {
        let path = self.0.permit.place().org.clone();
        let row: Option<OrgRow> = self
            .0
            .tx
            .query(concat!(
                "UPDATE orgs SET version = version + 1 WHERE path = $1 RETURNING ",
                columns!()
            ))
            .bind(path.as_str().to_owned())
            .fetch_optional()
            .await?;
        let mut org = row.ok_or_else(|| Error::not_found("org", path.as_str()))?.org()?;
        self.0.check_version(&org.name, org.version - 1)?;
        org.updated_at = self.0.now;
        Ok(org)
    }

    /// Stores what an org is now.
    pub fn save(&mut self, org: &Org) -> Result<(), Error> {
        self.0
            .tx
            .query(
                "UPDATE orgs SET name = $2, contact = $3, external_id = $4, max_domains = $5, max_mailboxes = $6,
                   max_aliases = $7, max_quota_bytes = $8, max_mailbox_bytes = $9, suspended_at = $10,
                   suspended_reason = $11, updated_at = $12, deleted_at = $13, purge_at = $14, max_accounts = $15,
                   overcommit = $16, suspended_keeps = $17 WHERE id = $1",
            )
            .bind(org.id.uuid())
            .bind(org.name.as_str().to_owned())
            .bind(org.contact.as_str().to_owned())
            .bind(org.external_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(org.limits.domains.to_db())
            .bind(org.limits.mailboxes.to_db())
            .bind(org.limits.aliases.to_db())
            .bind(org.limits.quota.to_db())
            .bind(org.limits.mailbox_quota.to_db())
            .bind(org.suspension.as_ref().map(|off| off.at.as_micros()))
            .bind(org.suspension.as_ref().map(|off| off.reason.as_str().to_owned()))
            .bind(org.updated_at.as_micros())
            .bind(org.deleted.map(|gone: Deleted| gone.at.as_micros()))
            .bind(org.deleted.map(|gone: Deleted| gone.purge_at.as_micros()))
            .bind(org.limits.accounts.to_db())
            .bind(org.limits.sharing.to_db())
            .bind(org.suspension.as_ref().is_some_and(|off| off.keeps_delivery))
            .later()?;
        let path = self.0.permit.place().org.clone();
        self.0.index_org(org, &path)
    }

    /// How many orgs below it are in use.
    pub async fn children(&mut self) -> Result<i64, Error> {
        let path = self.0.permit.place().org.clone();
        let (orgs,): (i64,) = self
            .0
            .tx
            .query("SELECT COUNT(*) FROM orgs WHERE path > $1 AND path < $2 AND deleted_at IS NULL")
            .bind(path.as_str().to_owned())
            .bind(path.end())
            .fetch_one()
            .await?;
        Ok(orgs)
    }
}

impl<P: Permission> Change<P> {
    /// Keeps an org from going into the bin before the change ends; refuses if it is there.
    pub(super) fn hold_org(&mut self, path: &OrgPath) -> Result<(), Error> {
        self.tx
            .query("UPDATE orgs SET version = version WHERE path = $1 AND deleted_at IS NULL")
            .bind(path.as_str().to_owned())
            .later_changing(|held| {
                let next = "Restore the customer from the bin first.";
                let refusal = || Refusal::new("org_deleted", "The customer is in the bin.", next);
                if held == 1 { Ok(()) } else { Err(refusal().into()) }
            })
    }
}

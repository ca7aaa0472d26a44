//! Domains and their other names.

use super::page::{Page, PageRequest};
use super::row::{Reading, StoredLimits, deleted, time};
use super::{MailboxFilter, StateFilter, Store};
use crate::access::{DomainRead, Guarded, OrgPath, Permission, Place, Reach, Span};
use crate::db::row;
use crate::error::Error;
use crate::model::{Domain, DomainAlias, DomainId, DomainName, OrgId, Timestamp, Usage};

macro_rules! columns {
    () => {
        "d.id, d.org_id, d.org_path, d.name, d.note, d.external_id, d.default_quota_bytes, d.max_mailboxes,
         d.max_aliases, d.max_quota_bytes, d.max_mailbox_bytes, d.used_mailboxes, d.used_aliases, d.used_quota_bytes,
         d.used_unlimited, d.suspended_at, d.suspended_reason, d.org_suspended, d.version, d.created_at,
         d.updated_at, d.deleted_at, d.purge_at,
         EXISTS (SELECT 1 FROM projections p WHERE p.object_id = d.id AND p.pending_since IS NOT NULL)"
    };
}

mod bin;
mod transfer;
mod write;

pub use write::Domains;

row! {
    struct DomainRow {
        id: uuid::Uuid, org_id: uuid::Uuid, org_path: String, name: String, note: String,
        external_id: Option<String>, default_quota_bytes: Option<i64>, max_mailboxes: Option<i64>,
        max_aliases: Option<i64>, max_quota_bytes: Option<i64>, max_mailbox_bytes: Option<i64>, used_mailboxes: i64,
        used_aliases: i64, used_quota_bytes: i64, used_unlimited: i64, suspended_at: Option<i64>,
        suspended_reason: Option<String>, org_suspended: bool, version: i64, created_at: i64, updated_at: i64,
        deleted_at: Option<i64>, purge_at: Option<i64>, pending: bool,
    }
}

impl DomainRow {
    fn guarded(self) -> Result<Guarded<Domain>, Error> {
        let path = OrgPath::parse(&self.org_path);
        let path = path.ok_or_else(|| super::corrupt("domains", "org_path", &self.id))?;
        let place = Place::domain(path, DomainId::from(self.id));
        Ok(Guarded::new(place, self.domain()?))
    }

    fn domain(self) -> Result<Domain, Error> {
        let reading = Reading {
            table: "domains",
            id: &self.id,
        };
        let limits = StoredLimits {
            mailboxes: self.max_mailboxes,
            aliases: self.max_aliases,
            quota: self.max_quota_bytes,
            mailbox_quota: self.max_mailbox_bytes,
            ..StoredLimits::default()
        };
        Ok(Domain {
            id: DomainId::from(self.id),
            org_id: OrgId::from(self.org_id),
            name: reading.text("name", &self.name)?,
            note: reading.text("note", &self.note)?,
            external_id: reading.optional("external_id", self.external_id)?,
            default_quota: reading.quota("default_quota_bytes", self.default_quota_bytes)?,
            limits: reading.limits(limits)?,
            usage: Usage {
                mailboxes: self.used_mailboxes,
                aliases: self.used_aliases,
                quota_bytes: self.used_quota_bytes,
                unlimited: self.used_unlimited,
                ..Usage::default()
            },
            suspension: reading.off(self.suspended_at, self.suspended_reason.as_deref())?,
            org_suspended: self.org_suspended,
            version: self.version,
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
            deleted: deleted(self.deleted_at, self.purge_at),
            pending: self.pending,
        })
    }
}

impl Store {
    /// The domain of this name, or of which it is an alias, in the bin or not. Shut until the policy opens it.
    pub async fn domain(&self, name: &DomainName) -> Result<Guarded<Domain>, Error> {
        let row: Option<DomainRow> = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM domain_names n JOIN domains d ON d.id = n.domain_id WHERE n.name = $1"
            ))
            .bind(name.as_str().to_owned())
            .fetch_optional()
            .await?;
        row.ok_or_else(|| Error::not_found("domain", name.as_str()))?
            .guarded()
    }

    /// The domain with this id. Shut until the policy opens it.
    pub async fn domain_by_id(&self, id: DomainId) -> Result<Guarded<Domain>, Error> {
        let row: Option<DomainRow> = self
            .db
            .read(concat!("SELECT ", columns!(), " FROM domains d WHERE d.id = $1"))
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        row.ok_or_else(|| Error::not_found("domain", &id.to_string()))?
            .guarded()
    }

    /// A page of the domains in reach.
    pub async fn domains(
        &self,
        reach: &Reach<DomainRead>,
        filter: &MailboxFilter,
        page: &PageRequest,
    ) -> Result<Page<Domain>, Error> {
        let mut rows: Vec<DomainRow> = Vec::new();
        for span in reach.spans() {
            let Some(wanted) = page.wanted(rows.len()) else {
                break;
            };
            rows.extend(self.domain_rows(span, filter, page, wanted).await?);
        }
        let key = |row: &DomainRow| {
            let name = [row.org_path.clone(), row.name.clone(), String::new()];
            name.into_iter().chain([row.id.to_string()]).collect()
        };
        let rows = Page::of(rows, page.limit, key);
        let items = rows
            .items
            .into_iter()
            .map(DomainRow::domain)
            .collect::<Result<_, _>>()?;
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn domain_rows(
        &self,
        span: &Span,
        filter: &MailboxFilter,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<DomainRow>, Error> {
        let (path, name, _, id) = page.beyond(span);
        let high = span.high();
        let query = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM domains d
                 WHERE (d.org_path, d.name, d.id) > ($1, $2, $3) AND (d.org_path, d.name) < ($4, $5)
                   AND (d.deleted_at IS NOT NULL) = $6
                   AND ($7 OR (d.suspended_at IS NOT NULL OR d.org_suspended) = $8) AND d.updated_at >= $9
                   AND d.name >= $10 AND d.name < $11
                 ORDER BY d.org_path, d.name LIMIT $12 + 0"
            ))
            .bind(path)
            .bind(name)
            .bind(id)
            .bind(high.0)
            .bind(high.1)
            .bind(filter.state == Some(StateFilter::Deleted))
            .bind(!matches!(
                filter.state,
                Some(StateFilter::Active | StateFilter::Suspended)
            ))
            .bind(filter.state == Some(StateFilter::Suspended))
            .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
            .bind(filter.prefix.clone().unwrap_or_default())
            .bind(format!("{}\u{10FFFF}", filter.prefix.clone().unwrap_or_default()))
            .bind(wanted);
        Ok(query.fetch_page().await?)
    }

    /// The other names of a domain.
    pub async fn domain_aliases<P: Permission>(
        &self,
        permit: &crate::access::Permit<P>,
    ) -> Result<Vec<DomainAlias>, Error> {
        let Some(id) = permit.place().domain else {
            return Ok(Vec::new());
        };
        let rows: Vec<(String, i64)> = self
            .db
            .read(
                "SELECT name, created_at FROM domain_names WHERE domain_id = $1 AND alias_id IS NOT NULL
                 ORDER BY name LIMIT 1000",
            )
            .bind(id.uuid())
            .fetch_all()
            .await?;
        let reading = Reading {
            table: "domain_names",
            id: &id,
        };
        rows.into_iter()
            .map(|(name, at)| {
                Ok(DomainAlias {
                    name: reading.text("name", &name)?,
                    created_at: time(at),
                })
            })
            .collect()
    }

    /// Whether a domain of this installation has this name: then addresses in it are our own.
    pub async fn hosts(&self, name: &DomainName) -> Result<bool, Error> {
        let row: Option<(i64,)> = self
            .db
            .read("SELECT CAST(1 AS BIGINT) FROM domain_names WHERE name = $1")
            .bind(name.as_str().to_owned())
            .fetch_optional()
            .await?;
        Ok(row.is_some())
    }

    /// How many bytes the mailboxes of a domain hold together.
    pub async fn bytes_used(&self, permit: &crate::access::Permit<DomainRead>) -> Result<i64, Error> {
        let Some(id) = permit.place().domain else {
            return Ok(0);
        };
        let (sum,): (i64,) = self
            .db
            .read(
                "SELECT CAST(COALESCE(SUM(m.usage_bytes), 0) AS BIGINT)
                 FROM domains d JOIN mailboxes m ON m.org_path = d.org_path AND m.domain = d.name
                 WHERE d.id = $1 AND m.deleted_at IS NULL",
            )
            .bind(id.uuid())
            .fetch_one()
            .await?;
        Ok(sum)
    }
}

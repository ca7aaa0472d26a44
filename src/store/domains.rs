//! Domains and their other names.

use super::change::Change;
use super::page::{Page, PageRequest};
use super::row::{Reading, StoredLimits, deleted, time};
use super::{MailboxFilter, StateFilter, Store};
use crate::access::{DomainRead, Guarded, OrgPath, Permission, Place, Reach, Span, WritesDomains};
use crate::db::row;
use crate::error::Error;
use crate::model::{
    Deleted, Delta, Domain, DomainAlias, DomainId, DomainName, ObjectKind, OrgId, Refusal, Timestamp,
    Touched, Usage,
};

macro_rules! columns {
    () => {
        "d.id, d.org_id, d.org_path, d.name, d.note, d.external_id, d.default_quota_bytes, d.max_mailboxes,
         d.max_aliases, d.max_quota_bytes, d.max_mailbox_bytes, d.used_mailboxes, d.used_aliases, d.used_quota_bytes,
         d.used_unlimited, d.suspended_at, d.suspended_reason, d.org_suspended, d.version, d.created_at,
         d.updated_at, d.deleted_at, d.purge_at,
         EXISTS (SELECT 1 FROM projections p WHERE p.object_id = d.id AND p.pending_since IS NOT NULL)"
    };
}

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
            domains: None,
            mailboxes: self.max_mailboxes,
            aliases: self.max_aliases,
            quota: self.max_quota_bytes,
            mailbox_quota: self.max_mailbox_bytes,
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
                domains: 0,
                mailboxes: self.used_mailboxes,
                aliases: self.used_aliases,
                quota_bytes: self.used_quota_bytes,
                unlimited: self.used_unlimited,
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
            let wanted = page.rows() - i64::try_from(rows.len()).unwrap_or(i64::MAX);
            if wanted <= 0 {
                break;
            }
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
                 ORDER BY d.org_path, d.name LIMIT $12"
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

/// The domains that a permit is for.
#[derive(Debug)]
pub struct Domains<'a, P: WritesDomains>(&'a mut Change<P>);

impl<P: WritesDomains> Change<P> {
    /// The domains that the permit is for.
    pub fn domains(&mut self) -> Domains<'_, P> {
        Domains(self)
    }
}

impl<P: WritesDomains> Domains<'_, P> {
    /// Adds a domain to the org that the permit is for.
    pub async fn insert(&mut self, domain: &Domain) -> Result<(), Error> {
        let org = self.0.permit.place().org.clone();
        self.0.count_at_orgs(&org, Delta::domain(), None)?;
        self.0.hold_org(&org)?;
        let org_suspended = self.0.suspended_above(&org).await?;
        self.0
            .tx
            .query(
                "INSERT INTO domains (id, org_id, org_path, name, note, external_id, default_quota_bytes,
                   max_mailboxes, max_aliases, max_quota_bytes, max_mailbox_bytes, org_suspended, version, created_at,
                   updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
            )
            .bind(domain.id.uuid())
            .bind(domain.org_id.uuid())
            .bind(org.as_str().to_owned())
            .bind(domain.name.as_str().to_owned())
            .bind(domain.note.as_str().to_owned())
            .bind(domain.external_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(domain.default_quota.to_db())
            .bind(domain.limits.mailboxes.to_db())
            .bind(domain.limits.aliases.to_db())
            .bind(domain.limits.quota.to_db())
            .bind(domain.limits.mailbox_quota.to_db())
            .bind(org_suspended)
            .bind(domain.version)
            .bind(domain.created_at.as_micros())
            .later()?;
        self.claim_name(domain.id, &domain.name, None)?;
        self.0.index_domain(domain, &[])
    }

    fn claim_name(
        &mut self,
        id: DomainId,
        name: &DomainName,
        alias: Option<uuid::Uuid>,
    ) -> Result<(), Error> {
        let taken = name.clone();
        self.0
            .tx
            .query("INSERT INTO domain_names (name, domain_id, alias_id, created_at) VALUES ($1, $2, $3, $4)")
            .bind(name.as_str().to_owned())
            .bind(id.uuid())
            .bind(alias)
            .bind(self.0.now.as_micros())
            .or_taken(move || {
                let next = "If it was deleted, restore it from the bin; if it is somebody else's, ask your provider.";
                Refusal::taken("The domain", taken.as_str(), next).at("/name").into()
            })
            .later()
    }

    /// Locks the domain that the permit is for and reads it as it is now, with the version it will have.
    pub async fn lock(&mut self) -> Result<Domain, Error> {
        let id = self.0.domain_id()?;
        let row: Option<DomainRow> = self
            .0
            .tx
            .query(
                "UPDATE domains SET version = version + 1 WHERE id = $1
                 RETURNING id, org_id, org_path, name, note, external_id, default_quota_bytes, max_mailboxes,
                   max_aliases, max_quota_bytes, max_mailbox_bytes, used_mailboxes, used_aliases, used_quota_bytes,
                   used_unlimited, suspended_at, suspended_reason, org_suspended, version, created_at, updated_at,
                   deleted_at, purge_at, TRUE",
            )
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        let mut domain = row
            .ok_or_else(|| Error::not_found("domain", &id.to_string()))?
            .domain()?;
        self.0.check_version(&domain.name, domain.version - 1)?;
        domain.updated_at = self.0.now;
        Ok(domain)
    }

    /// The same for a domain that is in use and stays so until the change ends.
    pub async fn lock_live(&mut self) -> Result<Domain, Error> {
        let domain = self.lock().await?;
        if domain.deleted.is_some() {
            return Err(Error::not_found("domain", domain.name.as_str()));
        }
        Ok(domain)
    }

    /// Stores what a domain is now.
    pub fn save(&mut self, domain: &Domain) -> Result<(), Error> {
        self.0
            .tx
            .query(
                "UPDATE domains SET note = $2, external_id = $3, default_quota_bytes = $4, max_mailboxes = $5,
                   max_aliases = $6, max_quota_bytes = $7, max_mailbox_bytes = $8, suspended_at = $9,
                   suspended_reason = $10, updated_at = $11 WHERE id = $1",
            )
            .bind(domain.id.uuid())
            .bind(domain.note.as_str().to_owned())
            .bind(domain.external_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(domain.default_quota.to_db())
            .bind(domain.limits.mailboxes.to_db())
            .bind(domain.limits.aliases.to_db())
            .bind(domain.limits.quota.to_db())
            .bind(domain.limits.mailbox_quota.to_db())
            .bind(domain.suspension.as_ref().map(|off| off.at.as_micros()))
            .bind(domain.suspension.as_ref().map(|off| off.reason.as_str().to_owned()))
            .bind(domain.updated_at.as_micros())
            .later()?;
        Ok(())
    }

    /// Gives the domain another name.
    pub async fn add_alias(
        &mut self,
        domain: &Domain,
        name: &DomainName,
        id: uuid::Uuid,
    ) -> Result<(), Error> {
        self.claim_name(domain.id, name, Some(id))?;
        self.reindex(domain).await
    }

    /// Takes another name away; its id and version for the targets.
    pub async fn remove_alias(&mut self, domain: &Domain, name: &DomainName) -> Result<Touched, Error> {
        let gone: Option<(Option<uuid::Uuid>, i64)> = self
            .0
            .tx
            .query(
                "DELETE FROM domain_names WHERE domain_id = $1 AND name = $2 AND alias_id IS NOT NULL
                 RETURNING alias_id, version",
            )
            .bind(domain.id.uuid())
            .bind(name.as_str().to_owned())
            .fetch_optional()
            .await?;
        let Some((Some(id), version)) = gone else {
            return Err(Error::not_found("domain alias", name.as_str()));
        };
        self.reindex(domain).await?;
        Ok(Touched {
            kind: ObjectKind::DomainAlias,
            id,
            version: version + 1,
        })
    }

    async fn reindex(&mut self, domain: &Domain) -> Result<(), Error> {
        let names: Vec<(String,)> = self
            .0
            .tx
            .query("SELECT name FROM domain_names WHERE domain_id = $1 AND alias_id IS NOT NULL ORDER BY name LIMIT 6")
            .bind(domain.id.uuid())
            .fetch_all()
            .await?;
        let names: Vec<String> = names.into_iter().map(|(name,)| name).collect();
        self.0.index_domain(domain, &names)
    }

    /// Puts the domain into the bin, with everything in it. What the targets are to look at comes back.
    pub async fn bin(&mut self, domain: &mut Domain) -> Result<Vec<Touched>, Error> {
        let org = self.0.permit.place().org.clone();
        let gone = Deleted {
            at: self.0.now,
            purge_at: self.0.purge_at(),
        };
        self.0.count_at_orgs(&org, held(domain).negated(), None)?;
        domain.deleted = Some(gone);
        self.set_deleted(domain)?;
        let mut touched = self.bin_contents(domain, gone).await?;
        self.0
            .tx
            .query("DELETE FROM addresses WHERE domain = $1")
            .bind(domain.name.as_str().to_owned())
            .later()?;
        self.mark_found(domain, true)?;
        touched.extend(self.touch_aliases(domain).await?);
        Ok(touched)
    }

    async fn bin_contents(&mut self, domain: &Domain, gone: Deleted) -> Result<Vec<Touched>, Error> {
        let mut touched = Vec::new();
        for (kind, sql) in [
            (
                ObjectKind::Mailbox,
                "UPDATE mailboxes SET deleted_at = $2, purge_at = $3, deleted_with = $1, version = version + 1
                 WHERE org_path = $4 AND domain = $5 AND deleted_at IS NULL RETURNING id, version",
            ),
            (
                ObjectKind::Alias,
                "UPDATE aliases SET deleted_at = $2, purge_at = $3, deleted_with = $1, version = version + 1
                 WHERE org_path = $4 AND domain = $5 AND deleted_at IS NULL RETURNING id, version",
            ),
        ] {
            let rows: Vec<(uuid::Uuid, i64)> = self
                .0
                .tx
                .query(sql)
                .bind(domain.id.uuid())
                .bind(gone.at.as_micros())
                .bind(gone.purge_at.as_micros())
                .bind(self.0.permit.place().org.as_str().to_owned())
                .bind(domain.name.as_str().to_owned())
                .fetch_all()
                .await?;
            touched.extend(rows.into_iter().map(|(id, version)| Touched { kind, id, version }));
        }
        Ok(touched)
    }

    /// Takes the domain out of the bin, with everything that went there with it.
    pub async fn restore(&mut self, domain: &mut Domain) -> Result<Vec<Touched>, Error> {
        let org = self.0.permit.place().org.clone();
        self.0.count_at_orgs(&org, held(domain), None)?;
        self.0.hold_org(&org)?;
        domain.deleted = None;
        self.set_deleted(domain)?;
        self.refresh_org_suspension(domain, &org).await?;
        let mut touched = Vec::new();
        for (kind, sql, claim) in [
            (
                ObjectKind::Mailbox,
                "UPDATE mailboxes SET deleted_at = NULL, purge_at = NULL, deleted_with = NULL, version = version + 1
                 WHERE org_path = $1 AND domain = $2 AND deleted_at IS NOT NULL AND deleted_with = $3
                 RETURNING id, version",
                "INSERT INTO addresses (domain, local_part, kind, object_id)
                 SELECT domain, local_part, 'mailbox', id FROM mailboxes
                 WHERE org_path = $1 AND domain = $2 AND deleted_at IS NULL",
            ),
            (
                ObjectKind::Alias,
                "UPDATE aliases SET deleted_at = NULL, purge_at = NULL, deleted_with = NULL, version = version + 1
                 WHERE org_path = $1 AND domain = $2 AND deleted_at IS NOT NULL AND deleted_with = $3
                 RETURNING id, version",
                "INSERT INTO addresses (domain, local_part, kind, object_id)
                 SELECT domain, local_part, 'alias', id FROM aliases
                 WHERE org_path = $1 AND domain = $2 AND deleted_at IS NULL",
            ),
        ] {
            let rows: Vec<(uuid::Uuid, i64)> = self
                .0
                .tx
                .query(sql)
                .bind(org.as_str().to_owned())
                .bind(domain.name.as_str().to_owned())
                .bind(domain.id.uuid())
                .fetch_all()
                .await?;
            self.0
                .tx
                .query(claim)
                .bind(org.as_str().to_owned())
                .bind(domain.name.as_str().to_owned())
                .later()?;
            touched.extend(rows.into_iter().map(|(id, version)| Touched { kind, id, version }));
        }
        self.mark_found(domain, false)?;
        touched.extend(self.touch_aliases(domain).await?);
        Ok(touched)
    }

    async fn refresh_org_suspension(&mut self, domain: &mut Domain, org: &OrgPath) -> Result<(), Error> {
        domain.org_suspended = self.0.suspended_above(org).await?;
        self.0
            .tx
            .query("UPDATE domains SET org_suspended = $2 WHERE id = $1")
            .bind(domain.id.uuid())
            .bind(domain.org_suspended)
            .later()?;
        Ok(())
    }

    async fn touch_aliases(&mut self, domain: &Domain) -> Result<Vec<Touched>, Error> {
        let rows: Vec<(uuid::Uuid, i64)> = self
            .0
            .tx
            .query(
                "UPDATE domain_names SET version = version + 1 WHERE domain_id = $1 AND alias_id IS NOT NULL
                 RETURNING alias_id, version",
            )
            .bind(domain.id.uuid())
            .fetch_all()
            .await?;
        let kind = ObjectKind::DomainAlias;
        Ok(rows
            .into_iter()
            .map(|(id, version)| Touched { kind, id, version })
            .collect())
    }

    fn mark_found(&mut self, domain: &Domain, deleted: bool) -> Result<(), Error> {
        let path = self.0.permit.place().org.as_str().to_owned();
        self.0
            .tx
            .query("UPDATE search_terms SET deleted = $3 WHERE org_path = $1 AND domain = $2")
            .bind(path.clone())
            .bind(domain.name.as_str().to_owned())
            .bind(deleted)
            .later()?;
        if !deleted {
            // What was in the bin on its own account stays there.
            self.0
                .tx
                .query(
                    "UPDATE search_terms SET deleted = TRUE WHERE object_id IN (
                       SELECT id FROM mailboxes WHERE org_path = $1 AND domain = $2 AND deleted_at IS NOT NULL
                       UNION ALL SELECT id FROM aliases
                       WHERE org_path = $1 AND domain = $2 AND deleted_at IS NOT NULL)",
                )
                .bind(path)
                .bind(domain.name.as_str().to_owned())
                .later()?;
        }
        Ok(())
    }

    fn set_deleted(&mut self, domain: &Domain) -> Result<(), Error> {
        // A grant on a domain in the bin gives nothing: those who hold one are looked at anew.
        self.0
            .tx
            .query(
                "UPDATE accounts SET access_version = access_version + 1
                 WHERE id IN (SELECT account_id FROM grants WHERE domain_id = $1) AND id <> $2",
            )
            .bind(domain.id.uuid())
            .bind(
                self.0
                    .permit
                    .actor()
                    .identity()
                    .account
                    .map_or(uuid::Uuid::nil(), crate::model::AccountId::uuid),
            )
            .later()?;
        self.0
            .tx
            .query("UPDATE domains SET deleted_at = $2, purge_at = $3, updated_at = $4 WHERE id = $1")
            .bind(domain.id.uuid())
            .bind(domain.deleted.map(|gone| gone.at.as_micros()))
            .bind(domain.deleted.map(|gone| gone.purge_at.as_micros()))
            .bind(self.0.now.as_micros())
            .later()?;
        Ok(())
    }
}

/// What a domain takes out of the limits of the orgs above it.
fn held(domain: &Domain) -> Delta {
    let usage = domain.usage;
    Delta {
        domains: 1,
        mailboxes: usage.mailboxes,
        aliases: usage.aliases,
        quota_bytes: usage.quota_bytes,
        unlimited: usage.unlimited,
    }
}

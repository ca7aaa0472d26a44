//! Changing domains, under a permit.

use super::DomainRow;
use crate::access::WritesDomains;
use crate::error::Error;
use crate::model::{Delta, Domain, DomainId, DomainName, ObjectKind, Refusal, Taker, Touched};
use crate::store::change::Change;

/// The domains that a permit is for.
#[derive(Debug)]
pub struct Domains<'a, P: WritesDomains>(pub(super) &'a mut Change<P>);

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
        let taker = (Taker::Domain, domain.id.uuid());
        self.0.promise(&org, taker, None, &domain.limits).await?;
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
        let path = self.0.permit.place().org.as_str().to_owned();
        let row: Option<DomainRow> = self
            .0
            .tx
            .query(
                "UPDATE domains SET version = version + 1 WHERE id = $1 AND org_path = $2
                 RETURNING id, org_id, org_path, name, note, external_id, default_quota_bytes, max_mailboxes,
                   max_aliases, max_quota_bytes, max_mailbox_bytes, used_mailboxes, used_aliases, used_quota_bytes,
                   used_unlimited, suspended_at, suspended_reason, org_suspended, version, created_at, updated_at,
                   deleted_at, purge_at, TRUE",
            )
            .bind(id.uuid())
            .bind(path)
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
}

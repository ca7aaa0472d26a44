//! A domain goes into the bin, and comes out of it, with everything in it.

use super::Domains;
use crate::access::{OrgPath, WritesDomains};
use crate::error::Error;
use crate::model::{Deleted, Delta, Domain, ObjectKind, Taker, Touched};

impl<P: WritesDomains> Domains<'_, P> {
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
        let taker = (Taker::Domain, domain.id.uuid());
        self.0.promise(&org, taker, None, &domain.limits).await?;
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
pub(in crate::store) fn held(domain: &Domain) -> Delta {
    Delta::domain().plus(Delta::all(domain.usage))
}

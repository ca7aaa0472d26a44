//! Changing aliases, under a permit.

use super::{AliasRow, destinations};
use crate::access::WritesAliases;
use crate::error::Error;
use crate::model::{Alias, AliasAddress, AliasId, Deleted, Delta, EmailAddress, Refusal};
use crate::store::change::Change;

/// The aliases of the domain that a permit is for.
#[derive(Debug)]
pub struct Aliases<'a, P: WritesAliases>(&'a mut Change<P>);

impl<P: WritesAliases> Change<P> {
    /// The aliases of the domain that the permit is for.
    pub fn aliases(&mut self) -> Aliases<'_, P> {
        Aliases(self)
    }
}

impl<P: WritesAliases> Aliases<'_, P> {
    /// Puts a new alias into the domain.
    pub fn insert(&mut self, alias: &Alias) -> Result<(), Error> {
        let (domain, org) = (self.0.domain_id()?, self.0.permit.place().org.clone());
        self.0.count(domain, &org, Delta::alias(), None)?;
        self.claim(alias)?;
        self.0
            .tx
            .query(
                "INSERT INTO aliases (id, domain_id, org_id, org_path, domain, local_part, description, enabled, external_id,
                   version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
            )
            .bind(alias.id.uuid())
            .bind(domain.uuid())
            .bind(alias.org_id.uuid())
            .bind(org.as_str().to_owned())
            .bind(alias.address.domain().as_str().to_owned())
            .bind(alias.address.local().to_owned())
            .bind(alias.description.as_str().to_owned())
            .bind(alias.enabled)
            .bind(alias.external_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(alias.version)
            .bind(alias.created_at.as_micros())
            .later()?;
        self.put_destinations(alias)?;
        self.0.index_alias(alias, false)
    }

    /// Locks an alias of the domain and reads it as it is now, with the version it will have after the change.
    pub async fn lock(&mut self, id: AliasId) -> Result<Alias, Error> {
        let domain = self.0.domain_id()?;
        let path = self.0.permit.place().org.as_str().to_owned();
        let row: Option<AliasRow> = self
            .0
            .tx
            .query(concat!(
                "UPDATE aliases SET version = version + 1 WHERE id = $1 AND domain_id = $2 AND org_path = $3",
                returned!()
            ))
            .bind(id.uuid())
            .bind(domain.uuid())
            .bind(path)
            .fetch_optional()
            .await?;
        let row = row.ok_or_else(|| Error::not_found("alias", &id.to_string()))?;
        let rows = self
            .0
            .tx
            .query("SELECT destination FROM alias_destinations WHERE alias_id = $1 ORDER BY destination")
            .bind(id.uuid())
            .fetch_all()
            .await?;
        let destinations = destinations(row.id, &rows)?;
        let mut alias = row.alias(destinations)?;
        self.0.check_version(&alias.address, alias.version - 1)?;
        alias.updated_at = self.0.now;
        Ok(alias)
    }

    /// The same for an alias that is in use and stays so until the change ends.
    pub async fn lock_live(&mut self, id: AliasId) -> Result<Alias, Error> {
        let alias = self.lock(id).await?;
        if alias.deleted.is_some() {
            let next = "Restore it from the bin first.";
            return Err(Refusal::new("deleted", format!("{} is in the bin.", alias.address), next).into());
        }
        Ok(alias)
    }

    /// Stores what an alias is now, its destinations included.
    pub fn save(&mut self, alias: &Alias) -> Result<(), Error> {
        let domain = self.0.domain_id()?;
        self.0
            .tx
            .query(
                "UPDATE aliases SET description = $3, enabled = $4, external_id = $5, updated_at = $6, local_part = $7
                 WHERE id = $1 AND domain_id = $2",
            )
            .bind(alias.id.uuid())
            .bind(domain.uuid())
            .bind(alias.description.as_str().to_owned())
            .bind(alias.enabled)
            .bind(alias.external_id.as_ref().map(|id| id.as_str().to_owned()))
            .bind(alias.updated_at.as_micros())
            .bind(alias.address.local().to_owned())
            .later()?;
        self.0
            .tx
            .query("DELETE FROM alias_destinations WHERE alias_id = $1")
            .bind(alias.id.uuid())
            .later()?;
        self.put_destinations(alias)?;
        self.0.index_alias(alias, alias.deleted.is_some())
    }

    /// Moves the claim of an alias to its new address.
    pub fn readdress(&mut self, before: &AliasAddress, alias: &Alias) -> Result<(), Error> {
        self.0.release_parts(before.domain(), before.local())?;
        self.claim(alias)
    }

    fn claim(&mut self, alias: &Alias) -> Result<(), Error> {
        let address = &alias.address;
        self.0
            .claim_parts(address.domain(), address.local(), "alias", alias.id.uuid())
    }

    fn put_destinations(&mut self, alias: &Alias) -> Result<(), Error> {
        for destination in &alias.destinations {
            self.0
                .tx
                .query("INSERT INTO alias_destinations (alias_id, destination) VALUES ($1, $2)")
                .bind(alias.id.uuid())
                .bind(destination.to_string())
                .later()?;
        }
        Ok(())
    }

    /// Puts an alias into the bin.
    pub fn bin(&mut self, alias: &mut Alias) -> Result<(), Error> {
        let (domain, org) = (self.0.domain_id()?, self.0.permit.place().org.clone());
        let gone = Deleted {
            at: self.0.now,
            purge_at: self.0.purge_at(),
        };
        self.0.count(domain, &org, Delta::alias().negated(), None)?;
        self.0
            .release_parts(alias.address.domain(), alias.address.local())?;
        alias.deleted = Some(gone);
        self.set_deleted(alias)
    }

    /// Takes an alias out of the bin, if its address and a place in the limits are still free.
    pub fn restore(&mut self, alias: &mut Alias) -> Result<(), Error> {
        let (domain, org) = (self.0.domain_id()?, self.0.permit.place().org.clone());
        self.0.count(domain, &org, Delta::alias(), None)?;
        self.claim(alias)?;
        alias.deleted = None;
        self.set_deleted(alias)
    }

    fn set_deleted(&mut self, alias: &Alias) -> Result<(), Error> {
        let domain = self.0.domain_id()?;
        self.0
            .tx
            .query(
                "UPDATE aliases SET deleted_at = $3, purge_at = $4, deleted_with = NULL, updated_at = $5
                 WHERE id = $1 AND domain_id = $2",
            )
            .bind(alias.id.uuid())
            .bind(domain.uuid())
            .bind(alias.deleted.map(|gone| gone.at.as_micros()))
            .bind(alias.deleted.map(|gone| gone.purge_at.as_micros()))
            .bind(self.0.now.as_micros())
            .later()?;
        self.0.index_alias(alias, alias.deleted.is_some())
    }
}

impl<P: crate::access::WritesMailboxes> Change<P> {
    /// Points the aliases of this domain that deliver to `old` at `new`; those that changed, with their versions.
    pub async fn repoint_aliases(
        &mut self,
        old: &EmailAddress,
        new: &EmailAddress,
    ) -> Result<Vec<(AliasId, i64)>, Error> {
        let domain = self.domain_id()?;
        let rows: Vec<AliasRow> = self
            .tx
            .query(
                concat!(
 "UPDATE aliases SET version = version + 1, updated_at = $3
                 WHERE domain_id = $1 AND id IN (SELECT alias_id FROM alias_destinations WHERE destination = $2)",
 returned!()
 ),
            )
            .bind(domain.uuid())
            .bind(old.to_string())
            .bind(self.now.as_micros())
            .fetch_all()
            .await?;
        let mut repointed = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id;
            self.tx
                .query("DELETE FROM alias_destinations WHERE alias_id = $1 AND destination IN ($2, $3)")
                .bind(id)
                .bind(old.to_string())
                .bind(new.to_string())
                .later()?;
            self.tx
                .query("INSERT INTO alias_destinations (alias_id, destination) VALUES ($1, $2)")
                .bind(id)
                .bind(new.to_string())
                .later()?;
            let found = self
                .tx
                .query("SELECT destination FROM alias_destinations WHERE alias_id = $1 ORDER BY destination")
                .bind(id)
                .fetch_all()
                .await?;
            let alias = row.alias(destinations(id, &found)?)?;
            self.index_alias(&alias, alias.deleted.is_some())?;
            repointed.push((alias.id, alias.version));
        }
        Ok(repointed)
    }
}

//! Aliases and catch-alls, with one row per destination.

use std::collections::HashMap;

use super::change::Change;
use super::page::{Page, PageRequest};
use super::row::{Reading, deleted, fifty, of_each, time};
use super::{MailboxFilter, StateFilter, Store};
use crate::access::{AliasRead, Guarded, OrgPath, Place, Reach, Span, WritesAliases};
use crate::db::row;
use crate::error::Error;
use crate::model::{
    Alias, AliasAddress, AliasId, Deleted, Delta, Destination, DomainId, DomainName, EmailAddress, OrgId,
    Refusal, Timestamp,
};

macro_rules! columns {
    () => {
        "a.id, a.domain_id, a.org_id, a.org_path, a.domain,
         a.local_part, a.description, a.enabled, a.external_id, a.version, a.created_at, a.updated_at, a.deleted_at,
         a.purge_at, EXISTS (SELECT 1 FROM projections p WHERE p.object_id = a.id AND p.pending_since IS NOT NULL)"
    };
}

/// The same columns, as an `UPDATE aliases` returns them. What has just been changed is pending.
macro_rules! returned {
    () => {
        " RETURNING id, domain_id, org_id, org_path, domain,
           local_part, description, enabled, external_id, version, created_at, updated_at, deleted_at, purge_at, TRUE"
    };
}

row! {
    struct AliasRow {
        id: uuid::Uuid, domain_id: uuid::Uuid, org_id: uuid::Uuid, org_path: String, domain: String, local_part: String,
        description: String, enabled: bool, external_id: Option<String>, version: i64, created_at: i64,
        updated_at: i64, deleted_at: Option<i64>, purge_at: Option<i64>, pending: bool,
    }
}

impl AliasRow {
    fn place(&self) -> Result<Place, Error> {
        let path = OrgPath::parse(&self.org_path);
        let path = path.ok_or_else(|| super::corrupt("aliases", "org_path", &self.id))?;
        Ok(Place::domain(path, DomainId::from(self.domain_id)))
    }

    fn alias(self, destinations: Vec<Destination>) -> Result<Alias, Error> {
        let reading = Reading {
            table: "aliases",
            id: &self.id,
        };
        let domain: DomainName = reading.text("domain", &self.domain)?;
        let address = if self.local_part.is_empty() {
            AliasAddress::CatchAll(domain)
        } else {
            let local = reading.text("local_part", &self.local_part)?;
            AliasAddress::Of(reading.parsed("local_part", EmailAddress::new(local, domain))?)
        };
        Ok(Alias {
            id: AliasId::from(self.id),
            domain_id: DomainId::from(self.domain_id),
            org_id: OrgId::from(self.org_id),
            address,
            destinations,
            description: reading.text("description", &self.description)?,
            enabled: self.enabled,
            external_id: reading.optional("external_id", self.external_id)?,
            version: self.version,
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
            deleted: deleted(self.deleted_at, self.purge_at),
            pending: self.pending,
        })
    }
}

fn destinations(id: uuid::Uuid, rows: &[(String,)]) -> Result<Vec<Destination>, Error> {
    let reading = Reading {
        table: "alias_destinations",
        id: &id,
    };
    rows.iter()
        .map(|(text,)| reading.text("destination", text))
        .collect()
}

impl Store {
    async fn guarded_alias(&self, row: Option<AliasRow>, name: &str) -> Result<Guarded<Alias>, Error> {
        let row = row.ok_or_else(|| Error::not_found("alias", name))?;
        let rows = self
            .db
            .read("SELECT destination FROM alias_destinations WHERE alias_id = $1 ORDER BY destination")
            .bind(row.id)
            .fetch_all()
            .await?;
        let (place, destinations) = (row.place()?, destinations(row.id, &rows)?);
        Ok(Guarded::new(place, row.alias(destinations)?))
    }

    /// The alias of this address, or the catch-all when `local` is empty, shut until the policy opens it.
    pub async fn alias(&self, domain: &DomainName, local: &str) -> Result<Guarded<Alias>, Error> {
        let row = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM addresses d JOIN aliases a ON a.id = d.object_id
                 WHERE d.domain = $1 AND d.local_part = $2 AND d.kind = 'alias'"
            ))
            .bind(domain.as_str().to_owned())
            .bind(local.to_owned())
            .fetch_optional()
            .await?;
        self.guarded_alias(row, &format!("{local}@{domain}")).await
    }

    /// The newest alias of this address in the bin.
    pub async fn deleted_alias(&self, domain: &DomainName, local: &str) -> Result<Guarded<Alias>, Error> {
        let row = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM domain_names n JOIN domains d ON d.id = n.domain_id
                   JOIN aliases a ON a.org_path = d.org_path AND a.domain = d.name
                 WHERE n.name = $1 AND a.local_part = $2 AND a.deleted_at IS NOT NULL
                 ORDER BY a.deleted_at DESC, a.id DESC LIMIT 1"
            ))
            .bind(domain.as_str().to_owned())
            .bind(local.to_owned())
            .fetch_optional()
            .await?;
        self.guarded_alias(row, &format!("{local}@{domain}")).await
    }

    /// The alias with this id, in the bin or not.
    pub async fn alias_by_id(&self, id: AliasId) -> Result<Guarded<Alias>, Error> {
        let row = self
            .db
            .read(concat!("SELECT ", columns!(), " FROM aliases a WHERE a.id = $1"))
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        self.guarded_alias(row, &id.to_string()).await
    }

    /// A page of the aliases in reach.
    pub async fn aliases(
        &self,
        reach: &Reach<AliasRead>,
        filter: &MailboxFilter,
        page: &PageRequest,
    ) -> Result<Page<Alias>, Error> {
        let mut rows: Vec<AliasRow> = Vec::new();
        for span in reach.spans() {
            let wanted = page.rows() - i64::try_from(rows.len()).unwrap_or(i64::MAX);
            if wanted <= 0 {
                break;
            }
            rows.extend(self.alias_rows(span, filter, page, wanted).await?);
        }
        let key = |row: &AliasRow| {
            let address = [row.org_path.clone(), row.domain.clone(), row.local_part.clone()];
            address.into_iter().chain([row.id.to_string()]).collect()
        };
        let rows = Page::of(rows, page.limit, key);
        let ids: Vec<uuid::Uuid> = rows.items.iter().map(|row| row.id).collect();
        let found: Vec<(uuid::Uuid, String)> = of_each(
            &self.db,
            concat!(
                "SELECT alias_id, destination FROM alias_destinations WHERE alias_id IN (",
                fifty!(),
                ") ORDER BY alias_id, destination"
            ),
            &ids,
        )
        .await?;
        let mut of: HashMap<uuid::Uuid, Vec<(String,)>> = HashMap::new();
        for (id, destination) in found {
            of.entry(id).or_default().push((destination,));
        }
        let whole = |row: AliasRow| {
            let destinations = destinations(row.id, &of.remove(&row.id).unwrap_or_default())?;
            row.alias(destinations)
        };
        let items = rows.items.into_iter().map(whole).collect::<Result<_, Error>>()?;
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn alias_rows(
        &self,
        span: &Span,
        filter: &MailboxFilter,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<AliasRow>, Error> {
        if let Some(prefix) = &filter.prefix {
            return self.alias_rows_found(span, prefix, filter, page, wanted).await;
        }
        let sql = match filter.state {
            // An address may be in the bin several times, so there its id belongs to the order.
            Some(StateFilter::Deleted) => concat!(
                "SELECT ",
                columns!(),
                " FROM aliases a
                 WHERE (a.org_path, a.domain, a.local_part, a.id) > ($1, $2, $3, $4)
                   AND (a.org_path, a.domain) < ($5, $6) AND a.deleted_at IS NOT NULL AND a.updated_at >= $7
                 ORDER BY a.org_path, a.domain, a.local_part, a.id LIMIT $8"
            ),
            None | Some(StateFilter::Active | StateFilter::Suspended) => concat!(
                "SELECT ",
                columns!(),
                " FROM aliases a
                 WHERE (a.org_path, a.domain, a.local_part, a.id) > ($1, $2, $3, $4)
                   AND (a.org_path, a.domain) < ($5, $6) AND a.deleted_at IS NULL AND a.updated_at >= $7
                   AND ($9 OR a.enabled = $10)
                 ORDER BY a.org_path, a.domain, a.local_part LIMIT $8"
            ),
        };
        let (after, high) = (page.beyond(span), span.high());
        let query = self
            .db
            .read(sql)
            .bind(after.0)
            .bind(after.1)
            .bind(after.2)
            .bind(after.3);
        let query = query
            .bind(high.0)
            .bind(high.1)
            .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
            .bind(wanted);
        let query = match filter.state {
            Some(StateFilter::Deleted) => query,
            state => query
                .bind(state.is_none())
                .bind(state == Some(StateFilter::Active)),
        };
        Ok(query.fetch_page().await?)
    }

    async fn alias_rows_found(
        &self,
        span: &Span,
        prefix: &str,
        filter: &MailboxFilter,
        page: &PageRequest,
        wanted: i64,
    ) -> Result<Vec<AliasRow>, Error> {
        let (after, low, high) = (page.beyond(span), span.low(), span.high());
        let states = [Some(StateFilter::Active), Some(StateFilter::Suspended)];
        let query = self
            .db
            .read(concat!(
                "SELECT ",
                columns!(),
                " FROM aliases a WHERE a.id IN (
                   SELECT s.object_id FROM search_terms s
                   WHERE (s.org_path, s.domain) >= ($5, $6) AND (s.org_path, s.domain) < ($7, $8)
                     AND s.term >= $9 AND s.term < $10 AND s.kind = 'alias')
                   AND (a.org_path, a.domain, a.local_part, a.id) > ($1, $2, $3, $4)
                   AND (a.deleted_at IS NOT NULL) = $11 AND ($12 OR a.enabled = $13) AND a.updated_at >= $14
                 ORDER BY a.org_path, a.domain, a.local_part, a.id LIMIT $15"
            ))
            .bind(after.0)
            .bind(after.1)
            .bind(after.2)
            .bind(after.3);
        let rows = query
            .bind(low.0)
            .bind(low.1)
            .bind(high.0)
            .bind(high.1)
            .bind(prefix.to_owned())
            .bind(format!("{prefix}\u{10FFFF}"))
            .bind(filter.state == Some(StateFilter::Deleted))
            .bind(!states.contains(&filter.state))
            .bind(filter.state == Some(StateFilter::Active))
            .bind(filter.updated_since.map_or(i64::MIN, Timestamp::as_micros))
            .bind(wanted)
            .fetch_page()
            .await?;
        Ok(rows)
    }

    /// The addresses of live aliases that deliver to `destination`.
    pub async fn aliases_to(&self, reach: &Reach<AliasRead>, to: &Destination) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        for span in reach.spans() {
            let (low, high) = (span.low(), span.high());
            let rows: Vec<(String, String)> = self
                .db
                .read(
                    "SELECT a.local_part, a.domain FROM alias_destinations t JOIN aliases a ON a.id = t.alias_id
                     WHERE t.destination = $1 AND a.deleted_at IS NULL
                       AND (a.org_path, a.domain) >= ($2, $3) AND (a.org_path, a.domain) < ($4, $5)
                     ORDER BY a.domain, a.local_part LIMIT 100",
                )
                .bind(to.to_string())
                .bind(low.0)
                .bind(low.1)
                .bind(high.0)
                .bind(high.1)
                .fetch_all()
                .await?;
            found.extend(
                rows.into_iter()
                    .map(|(local, domain)| format!("{local}@{domain}")),
            );
        }
        Ok(found)
    }
}

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
        self.0.claim_parts(
            alias.address.domain(),
            alias.address.local(),
            "alias",
            alias.id.uuid(),
        )?;
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
        let row: Option<AliasRow> = self
            .0
            .tx
            .query(concat!(
                "UPDATE aliases SET version = version + 1 WHERE id = $1 AND domain_id = $2",
                returned!()
            ))
            .bind(id.uuid())
            .bind(domain.uuid())
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
        self.0.claim_parts(
            alias.address.domain(),
            alias.address.local(),
            "alias",
            alias.id.uuid(),
        )
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
        self.0.claim_parts(
            alias.address.domain(),
            alias.address.local(),
            "alias",
            alias.id.uuid(),
        )?;
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

//! Aliases and catch-alls, with one row per destination.

use super::Store;
use super::row::{Reading, deleted, time};
use crate::access::{AliasRead, Guarded, OrgPath, Place, Reach};
use crate::db::row;
use crate::error::Error;
use crate::model::{Alias, AliasAddress, AliasId, Destination, DomainId, DomainName, EmailAddress, OrgId};

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

mod list;
mod write;

pub use write::Aliases;

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

//! What orgs and domains hold, counted anew: what the counters of the limits must say.

use std::collections::HashMap;

use uuid::Uuid;

use super::Store;
use super::change::Change;
use crate::access::{OrgPath, Permit, SystemManage};
use crate::db::row;
use crate::error::Error;
use crate::model::{Delta, Usage};

row! {
    struct OrgRow {
        id: Uuid, path: String, name: String, used_domains: i64, used_mailboxes: i64, used_aliases: i64,
        used_accounts: i64, used_quota_bytes: i64, used_unlimited: i64,
    }
}

row! {
    struct DomainRow {
        id: Uuid, org_path: String, name: String, used_mailboxes: i64, used_aliases: i64, used_quota_bytes: i64,
        used_unlimited: i64,
    }
}

/// What is counted in the domain `id`: mailboxes, their quotas, and those without one; or aliases.
type Held = (Uuid, i64, i64, i64);

/// What has counters.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CounterOf {
    /// An org.
    Org,
    /// A domain.
    Domain,
}

/// The counters of one org or domain, as they are stored and as they were counted.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Which of the two.
    pub of: CounterOf,
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What is stored.
    pub stored: Usage,
    /// What is there.
    pub held: Usage,
}

impl Store {
    /// The orgs right below the provider, and the provider first. No two of them have a counter in common.
    pub async fn parts(&self, _permit: &Permit<SystemManage>) -> Result<Vec<OrgPath>, Error> {
        let rows: Vec<(String,)> = self
            .db
            .read(
                "SELECT path FROM orgs WHERE parent_id = (SELECT id FROM orgs WHERE path = '/') LIMIT 1000000",
            )
            .fetch_all()
            .await?;
        let below = rows.iter().filter_map(|(path,)| OrgPath::parse(path));
        Ok(std::iter::once(OrgPath::root()).chain(below).collect())
    }
}

impl Change<SystemManage> {
    /// Counts what is in one of the [`parts`](Store::parts). Whoever counts there waits until this change ends.
    pub async fn counted(&mut self, part: &OrgPath) -> Result<Vec<Counted>, Error> {
        let (low, high) = bounds(part);
        self.hold_part(part)?;
        let orgs: Vec<OrgRow> = self
            .tx
            .query(
                "SELECT id, path, name, used_domains, used_mailboxes, used_aliases, used_accounts, used_quota_bytes,
                   used_unlimited
                 FROM orgs WHERE path >= $1 AND path < $2 AND path <> '/' ORDER BY path",
            )
            .bind(low.clone())
            .bind(high.clone())
            .fetch_all()
            .await?;
        let domains: Vec<DomainRow> = self
            .tx
            .query(
                "SELECT id, org_path, name, used_mailboxes, used_aliases, used_quota_bytes, used_unlimited
                 FROM domains WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL ORDER BY org_path, name",
            )
            .bind(low.clone())
            .bind(high.clone())
            .fetch_all()
            .await?;
        let accounts: Vec<(String, i64)> = self
            .tx
            .query(
                "SELECT org_path, COUNT(*) FROM accounts WHERE org_path >= $1 AND org_path < $2 GROUP BY org_path",
            )
            .bind(low.clone())
            .bind(high.clone())
            .fetch_all()
            .await?;
        let mut held = self.held(low, high).await?;
        let mut below: HashMap<String, Usage> = HashMap::new();
        let mut counted = Vec::with_capacity(orgs.len() + domains.len());
        for row in domains {
            let inside = held.remove(&row.id).unwrap_or_default();
            add(
                &mut below,
                &row.org_path,
                Delta::all(inside).plus(Delta::domain()),
            );
            counted.push(row.counted(inside));
        }
        for (path, number) in accounts {
            let accounts = Delta {
                accounts: number,
                ..Delta::default()
            };
            add(&mut below, &path, accounts);
        }
        let of_orgs = orgs.into_iter().map(|row| {
            let inside = below.remove(&row.path).unwrap_or_default();
            row.counted(inside)
        });
        Ok(of_orgs.chain(counted).collect())
    }

    /// Whoever counts locks the org right below the provider first, or the domain where there is none.
    fn hold_part(&mut self, part: &OrgPath) -> Result<(), Error> {
        let sql = if *part == OrgPath::root() {
            "UPDATE domains SET version = version WHERE org_path = $1 AND deleted_at IS NULL"
        } else {
            "UPDATE orgs SET version = version WHERE path = $1"
        };
        self.tx.query(sql).bind(part.as_str().to_owned()).later()
    }

    /// What each domain holds.
    async fn held(&mut self, low: String, high: String) -> Result<HashMap<Uuid, Usage>, Error> {
        let mailboxes: Vec<Held> = self
            .tx
            .query(
                "SELECT domain_id, COUNT(*), CAST(COALESCE(SUM(quota_bytes), 0) AS BIGINT), COUNT(*) - COUNT(quota_bytes)
                 FROM mailboxes WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL GROUP BY domain_id",
            )
            .bind(low.clone())
            .bind(high.clone())
            .fetch_all()
            .await?;
        let aliases: Vec<(Uuid, i64)> = self
            .tx
            .query(
                "SELECT domain_id, COUNT(*) FROM aliases
                 WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL GROUP BY domain_id",
            )
            .bind(low)
            .bind(high)
            .fetch_all()
            .await?;
        let mut held: HashMap<Uuid, Usage> = HashMap::new();
        for (domain, mailboxes, quota_bytes, unlimited) in mailboxes {
            let usage = held.entry(domain).or_default();
            (usage.mailboxes, usage.quota_bytes, usage.unlimited) = (mailboxes, quota_bytes, unlimited);
        }
        for (domain, aliases) in aliases {
            held.entry(domain).or_default().aliases = aliases;
        }
        Ok(held)
    }

    /// Makes the counters say what was counted.
    pub fn set_counters(&mut self, counted: &Counted) -> Result<(), Error> {
        let held = counted.held;
        let step = match counted.of {
            CounterOf::Domain => self.tx.query(
                "UPDATE domains SET used_mailboxes = $2, used_aliases = $3, used_quota_bytes = $4, used_unlimited = $5
                 WHERE id = $1",
            ),
            CounterOf::Org => self.tx.query(
                "UPDATE orgs SET used_mailboxes = $2, used_aliases = $3, used_quota_bytes = $4, used_unlimited = $5,
                   used_domains = $6, used_accounts = $7
                 WHERE id = $1",
            ),
        };
        let step = step
            .bind(counted.id)
            .bind(held.mailboxes)
            .bind(held.aliases)
            .bind(held.quota_bytes)
            .bind(held.unlimited);
        match counted.of {
            CounterOf::Domain => step.later(),
            CounterOf::Org => step.bind(held.domains).bind(held.accounts).later(),
        }
    }
}

/// The provider's part is what belongs to itself; every other one is an org with all below it.
fn bounds(part: &OrgPath) -> (String, String) {
    if *part == OrgPath::root() {
        return ("/".to_owned(), "/\u{1}".to_owned());
    }
    (part.as_str().to_owned(), part.end())
}

/// Adds to an org and every one above it.
fn add(below: &mut HashMap<String, Usage>, path: &str, more: Delta) {
    for org in OrgPath::parse(path).iter().flat_map(OrgPath::chain) {
        let usage = below.entry(org.as_str().to_owned()).or_default();
        *usage = usage.with(more);
    }
}

impl OrgRow {
    fn counted(self, held: Usage) -> Counted {
        Counted {
            of: CounterOf::Org,
            id: self.id,
            name: self.name,
            stored: Usage {
                domains: self.used_domains,
                mailboxes: self.used_mailboxes,
                aliases: self.used_aliases,
                accounts: self.used_accounts,
                quota_bytes: self.used_quota_bytes,
                unlimited: self.used_unlimited,
            },
            held,
        }
    }
}

impl DomainRow {
    fn counted(self, held: Usage) -> Counted {
        Counted {
            of: CounterOf::Domain,
            id: self.id,
            name: self.name,
            stored: Usage {
                mailboxes: self.used_mailboxes,
                aliases: self.used_aliases,
                quota_bytes: self.used_quota_bytes,
                unlimited: self.used_unlimited,
                ..Usage::default()
            },
            held,
        }
    }
}

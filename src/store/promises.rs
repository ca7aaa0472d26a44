//! What orgs promised of their limits to those right below them, added up when it is asked for.

use super::Store;
use super::change::Change;
use super::row::{Reading, StoredLimits};
use crate::access::{OrgPath, OrgRead, Permission, Permit};
use crate::db::row;
use crate::error::Error;
use crate::model::{Giver, Limits, Promise, Promised, Taker};

/// Limits may be near the largest number there is, so they are added up in two halves.
const HALF: i128 = 1_048_576;

macro_rules! of_orgs {
    () => {
        "SELECT COUNT(*) - COUNT(max_domains), CAST(COALESCE(SUM(max_domains / 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_domains % 1048576), 0) AS BIGINT),
           COUNT(*) - COUNT(max_mailboxes), CAST(COALESCE(SUM(max_mailboxes / 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_mailboxes % 1048576), 0) AS BIGINT),
           COUNT(*) - COUNT(max_aliases), CAST(COALESCE(SUM(max_aliases / 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_aliases % 1048576), 0) AS BIGINT),
           COUNT(*) - COUNT(max_accounts), CAST(COALESCE(SUM(max_accounts / 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_accounts % 1048576), 0) AS BIGINT),
           COUNT(*) - COUNT(max_quota_bytes), CAST(COALESCE(SUM(max_quota_bytes / 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_quota_bytes % 1048576), 0) AS BIGINT)
         FROM orgs WHERE parent_id = (SELECT o.id FROM orgs o WHERE o.path = $1) AND deleted_at IS NULL AND id <> $2"
    };
}

macro_rules! of_domains {
    () => {
        "SELECT CAST(COALESCE(SUM(max_mailboxes / 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_mailboxes % 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_aliases / 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_aliases % 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_quota_bytes / 1048576), 0) AS BIGINT),
           CAST(COALESCE(SUM(max_quota_bytes % 1048576), 0) AS BIGINT)
         FROM domains WHERE org_id = (SELECT o.id FROM orgs o WHERE o.path = $1) AND deleted_at IS NULL AND id <> $2"
    };
}

row! {
    struct OfOrgs {
        domains_open: i64, domains_high: i64, domains_low: i64, mailboxes_open: i64, mailboxes_high: i64,
        mailboxes_low: i64, aliases_open: i64, aliases_high: i64, aliases_low: i64, accounts_open: i64,
        accounts_high: i64, accounts_low: i64, quota_open: i64, quota_high: i64, quota_low: i64,
    }
}

row! {
    struct OfDomains {
        mailboxes_high: i64, mailboxes_low: i64, aliases_high: i64, aliases_low: i64, quota_high: i64, quota_low: i64,
    }
}

row! {
    struct GiverRow {
        id: uuid::Uuid, name: String, max_domains: Option<i64>, max_mailboxes: Option<i64>, max_aliases: Option<i64>,
        max_accounts: Option<i64>, max_quota_bytes: Option<i64>, max_mailbox_bytes: Option<i64>,
        overcommit: Option<i64>,
    }
}

impl GiverRow {
    fn limits(&self) -> Result<Limits, Error> {
        let reading = Reading {
            table: "orgs",
            id: &self.id,
        };
        reading.limits(StoredLimits {
            domains: self.max_domains,
            mailboxes: self.max_mailboxes,
            aliases: self.max_aliases,
            accounts: self.max_accounts,
            quota: self.max_quota_bytes,
            mailbox_quota: self.max_mailbox_bytes,
            overcommit: self.overcommit,
        })
    }
}

fn together(orgs: &OfOrgs, domains: &OfDomains) -> Promised {
    let promise = |unlimited: i64, halves: &[(i64, i64)]| {
        let each = |(high, low): &(i64, i64)| i128::from(*high) * HALF + i128::from(*low);
        let sum: i128 = halves.iter().map(each).sum();
        Promise {
            sum: i64::try_from(sum).unwrap_or(i64::MAX),
            unlimited,
        }
    };
    Promised {
        domains: promise(orgs.domains_open, &[(orgs.domains_high, orgs.domains_low)]),
        mailboxes: promise(
            orgs.mailboxes_open,
            &[
                (orgs.mailboxes_high, orgs.mailboxes_low),
                (domains.mailboxes_high, domains.mailboxes_low),
            ],
        ),
        aliases: promise(
            orgs.aliases_open,
            &[
                (orgs.aliases_high, orgs.aliases_low),
                (domains.aliases_high, domains.aliases_low),
            ],
        ),
        accounts: promise(orgs.accounts_open, &[(orgs.accounts_high, orgs.accounts_low)]),
        quota: promise(
            orgs.quota_open,
            &[
                (orgs.quota_high, orgs.quota_low),
                (domains.quota_high, domains.quota_low),
            ],
        ),
    }
}

impl Store {
    /// What the org of the permit promised to those right below it.
    pub async fn promised(&self, permit: &Permit<OrgRead>) -> Result<Promised, Error> {
        let path = permit.place().org.as_str();
        let nobody = uuid::Uuid::nil();
        let orgs = self.db.read(of_orgs!()).bind(path.to_owned()).bind(nobody);
        let orgs: OfOrgs = orgs.fetch_one().await?;
        let domains = self.db.read(of_domains!()).bind(path.to_owned()).bind(nobody);
        let domains: OfDomains = domains.fetch_one().await?;
        Ok(together(&orgs, &domains))
    }
}

impl<P: Permission> Change<P> {
    /// Locks the org at `path` and refuses limits that promise more of its own than it has; `before` is nothing for
    /// one that is new there. Rows are locked from the top of the tree down, so whoever counts at the orgs above has
    /// done so already.
    pub async fn promise(
        &mut self,
        path: &OrgPath,
        (taker, id): (Taker, uuid::Uuid),
        before: Option<&Limits>,
        after: &Limits,
    ) -> Result<(), Error> {
        let row: Option<GiverRow> = self
            .tx
            .query(
                "UPDATE orgs SET version = version WHERE path = $1
                 RETURNING id, name, max_domains, max_mailboxes, max_aliases, max_accounts, max_quota_bytes,
                   max_mailbox_bytes, overcommit",
            )
            .bind(path.as_str().to_owned())
            .fetch_optional()
            .await?;
        let row = row.ok_or_else(super::counters::moved)?;
        let limits = row.limits()?;
        if limits == Limits::UNLIMITED {
            return Ok(());
        }
        let others = self.promised(path, id).await?;
        let giver = Giver {
            name: row.name,
            limits,
            others,
        };
        Ok(giver.admit(taker, before, after)?)
    }

    /// Refuses new limits of the org of the permit that are below what it promised already.
    pub async fn keep_promises(&mut self, name: &str, before: &Limits, after: &Limits) -> Result<(), Error> {
        let path = self.permit.place().org.clone();
        let giver = Giver {
            name: name.to_owned(),
            limits: after.clone(),
            others: self.promised(&path, uuid::Uuid::nil()).await?,
        };
        Ok(giver.keeps(before)?)
    }

    async fn promised(&mut self, path: &OrgPath, without: uuid::Uuid) -> Result<Promised, Error> {
        let orgs = self.tx.query(of_orgs!()).bind(path.as_str().to_owned());
        let orgs: OfOrgs = orgs.bind(without).fetch_one().await?;
        let domains = self.tx.query(of_domains!()).bind(path.as_str().to_owned());
        let domains: OfDomains = domains.bind(without).fetch_one().await?;
        Ok(together(&orgs, &domains))
    }
}

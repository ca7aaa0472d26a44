//! What orgs and domains hold: counted under the lock of their own row, in the statement that takes it.

use super::change::Change;
use super::row::{Reading, StoredLimits};
use crate::access::{OrgPath, Permission};
use crate::db::row;
use crate::error::Error;
use crate::model::{AccountId, Delta, DomainId, Limits, Pool, Quota, Refusal, Usage};

row! {
    struct PoolRow {
        name: String, max_domains: Option<i64>, max_mailboxes: Option<i64>, max_aliases: Option<i64>,
        max_accounts: Option<i64>, max_quota_bytes: Option<i64>, max_mailbox_bytes: Option<i64>, used_domains: i64,
        used_mailboxes: i64, used_aliases: i64, used_accounts: i64, used_quota_bytes: i64, used_unlimited: i64,
        deleted: bool, moved: bool,
    }
}

impl PoolRow {
    fn pool(self, table: &'static str) -> Result<Pool, Error> {
        let limits: Limits = Reading {
            table,
            id: &self.name,
        }
        .limits(StoredLimits {
            domains: self.max_domains,
            mailboxes: self.max_mailboxes,
            aliases: self.max_aliases,
            accounts: self.max_accounts,
            quota: self.max_quota_bytes,
            mailbox_quota: self.max_mailbox_bytes,
            overcommit: None,
        })?;
        let after = Usage {
            domains: self.used_domains,
            mailboxes: self.used_mailboxes,
            aliases: self.used_aliases,
            accounts: self.used_accounts,
            quota_bytes: self.used_quota_bytes,
            unlimited: self.used_unlimited,
        };
        Ok(Pool {
            name: self.name,
            limits,
            after,
        })
    }
}

impl<P: Permission> Change<P> {
    /// Locks the orgs above the domain that the permit is for, and the domain. A change that counts only after it has
    /// locked something inside the domain begins with this: rows are locked from the top of the tree down, so that no
    /// two changes wait for each other.
    pub fn hold_pool(&mut self) -> Result<(), Error> {
        let domain = self.domain_id()?;
        for path in self.permit.place().org.chain() {
            self.tx
                .query("UPDATE orgs SET version = version WHERE path = $1")
                .bind(path.as_str().to_owned())
                .later()?;
        }
        self.tx
            .query("UPDATE domains SET version = version WHERE id = $1")
            .bind(domain.uuid())
            .later()?;
        Ok(())
    }

    /// Counts `delta` at the domain and at every org above it, and refuses what passes a limit.
    ///
    /// The rows stay locked until the change ends, so nobody else takes the last place meanwhile.
    /// `quota` is the quota of the mailbox that is added or changed, if it has to be looked at.
    pub(super) fn count(
        &mut self,
        domain: DomainId,
        org: &OrgPath,
        delta: Delta,
        quota: Option<Quota>,
    ) -> Result<(), Error> {
        self.count_at_orgs(org, delta, quota)?;
        self.tx
            .query(
                "UPDATE domains SET used_mailboxes = used_mailboxes + $2, used_aliases = used_aliases + $3,
                   used_quota_bytes = used_quota_bytes + $4, used_unlimited = used_unlimited + $5
                 WHERE id = $1 AND used_quota_bytes <= $6
                 RETURNING name, NULL, max_mailboxes, max_aliases, NULL, max_quota_bytes, max_mailbox_bytes,
                   CAST(0 AS BIGINT), used_mailboxes, used_aliases, CAST(0 AS BIGINT), used_quota_bytes,
                   used_unlimited, deleted_at IS NOT NULL, org_path <> $7",
            )
            .bind(domain.uuid())
            .bind(delta.mailboxes)
            .bind(delta.aliases)
            .bind(delta.quota_bytes)
            .bind(delta.unlimited)
            .bind(room(delta))
            .bind(org.as_str().to_owned())
            .later_row(move |row| admit("domains", row, delta, quota))
    }

    /// Counts `delta` at an org and every one above it, the provider left out: it has no limits.
    pub(super) fn count_at_orgs(
        &mut self,
        org: &OrgPath,
        delta: Delta,
        quota: Option<Quota>,
    ) -> Result<(), Error> {
        for path in org.chain() {
            self.count_at_org(&path, delta, quota)?;
        }
        Ok(())
    }

    /// Counts `delta` at one org, without those above it.
    pub(super) fn count_at_org(
        &mut self,
        path: &OrgPath,
        delta: Delta,
        quota: Option<Quota>,
    ) -> Result<(), Error> {
        self.tx
            .query(
                "UPDATE orgs SET used_domains = used_domains + $2, used_mailboxes = used_mailboxes + $3,
                       used_aliases = used_aliases + $4, used_quota_bytes = used_quota_bytes + $5,
                       used_unlimited = used_unlimited + $6, used_accounts = used_accounts + $8
                     WHERE path = $1 AND used_quota_bytes <= $7
                     RETURNING name, max_domains, max_mailboxes, max_aliases, max_accounts, max_quota_bytes,
                       max_mailbox_bytes, used_domains, used_mailboxes, used_aliases, used_accounts,
                       used_quota_bytes, used_unlimited, FALSE, FALSE",
            )
            .bind(path.as_str().to_owned())
            .bind(delta.domains)
            .bind(delta.mailboxes)
            .bind(delta.aliases)
            .bind(delta.quota_bytes)
            .bind(delta.unlimited)
            .bind(room(delta))
            .bind(delta.accounts)
            .later_row(move |row| admit("orgs", row, delta, quota))
    }

    /// Counts an account that is gone from an org.
    pub(super) fn account_leaves(&mut self, org: &OrgPath) -> Result<(), Error> {
        let one_less = Delta {
            accounts: -1,
            ..Delta::default()
        };
        self.count_at_orgs(org, one_less, None)
    }

    /// Counts an account that was added to an org, and lets it sign in only if no org above it is switched off.
    pub(super) fn account_joins(&mut self, account: AccountId, org: &OrgPath) -> Result<(), Error> {
        self.count_at_orgs(org, Delta::account(), None)?;
        for path in std::iter::once(OrgPath::root()).chain(org.chain()) {
            self.tx
                .query(
                    "UPDATE accounts SET org_suspended = TRUE WHERE id = $1 AND EXISTS (SELECT 1 FROM orgs
                       WHERE path = $2 AND (suspended_at IS NOT NULL OR deleted_at IS NOT NULL))",
                )
                .bind(account.uuid())
                .bind(path.as_str().to_owned())
                .later()?;
        }
        Ok(())
    }
}

/// Judges what was counted.
fn admit(table: &'static str, row: Option<PoolRow>, delta: Delta, quota: Option<Quota>) -> Result<(), Error> {
    let Some(row) = row else {
        let refusal = if delta.quota_bytes > 0 {
            too_much()
        } else {
            moved()
        };
        return Err(refusal.into());
    };
    if row.moved {
        return Err(moved().into());
    }
    if row.deleted {
        let next = "Restore the domain from the bin first.";
        return Err(Refusal::new("domain_deleted", "The domain is in the bin.", next).into());
    }
    let pool = row.pool(table)?;
    pool.admit(delta)?;
    pool.admit_mailbox_quota(quota)?;
    Ok(())
}

/// The largest sum of quotas to which `delta` can be added.
fn room(delta: Delta) -> i64 {
    i64::MAX - delta.quota_bytes.max(0)
}

/// The tree changed between the permit and the count.
pub(super) fn moved() -> Refusal {
    let detail = "It was moved to another place in the tree at this very moment.";
    Refusal::new("moved", detail, "Look again, and try again.")
}

fn too_much() -> Refusal {
    let next = "Choose a smaller quota, or an unlimited one.";
    Refusal::new(
        "limit_reached",
        "All quotas together are more than can be counted.",
        next,
    )
    .at("/quota_bytes")
}

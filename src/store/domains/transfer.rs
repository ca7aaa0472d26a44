//! A domain goes to another org, with everything in it.

use super::Domains;
use super::bin::held;
use crate::access::{DomainTransfer, OrgPath};
use crate::error::Error;
use crate::model::{AccountId, Domain, Quota, Taker};

impl Domains<'_, DomainTransfer> {
    /// Locks the orgs on both sides, from the top of the tree down.
    pub fn hold_both(&mut self, to: &OrgPath) -> Result<(), Error> {
        let mut paths = self.0.permit.place().org.chain();
        paths.extend(to.chain());
        paths.sort();
        paths.dedup();
        for path in paths {
            self.0
                .tx
                .query("UPDATE orgs SET version = version WHERE path = $1")
                .bind(path.as_str().to_owned())
                .later()?;
        }
        self.0.hold_org(to)
    }

    /// Hands the domain to the org at `to`, whose id it carries already. How many grants on it stay comes back.
    pub async fn transfer(&mut self, domain: &mut Domain, to: &OrgPath) -> Result<i64, Error> {
        let from = self.0.permit.place().org.clone();
        let (left, entered) = (from.chain(), to.chain());
        let largest = self.largest_quota(domain, &from).await?;
        for path in left.iter().filter(|path| !entered.contains(path)) {
            self.0.count_at_org(path, held(domain).negated(), None)?;
        }
        for path in entered.iter().filter(|path| !left.contains(path)) {
            self.0.count_at_org(path, held(domain), largest)?;
        }
        let taker = (Taker::Domain, domain.id.uuid());
        self.0.promise(to, taker, None, &domain.limits).await?;
        domain.org_suspended = self.0.suspended_above(to).await?;
        self.0
            .tx
            .query("UPDATE domains SET org_id = $2, org_path = $3, org_suspended = $4, updated_at = $5 WHERE id = $1")
            .bind(domain.id.uuid())
            .bind(domain.org_id.uuid())
            .bind(to.as_str().to_owned())
            .bind(domain.org_suspended)
            .bind(domain.updated_at.as_micros())
            .later()?;
        self.rewrite_places(domain, &from, to)?;
        self.look_anew_at_grants(domain).await
    }

    async fn largest_quota(&mut self, domain: &Domain, from: &OrgPath) -> Result<Option<Quota>, Error> {
        if domain.usage.unlimited > 0 {
            return Ok(Some(Quota::Unlimited));
        }
        let (largest,): (Option<i64>,) = self
            .0
            .tx
            .query("SELECT MAX(quota_bytes) FROM mailboxes WHERE org_path = $1 AND domain = $2 AND deleted_at IS NULL")
            .bind(from.as_str().to_owned())
            .bind(domain.name.as_str().to_owned())
            .fetch_one()
            .await?;
        let quota = largest.map(|bytes| Quota::from_db(Some(bytes))).transpose();
        quota.map_err(|_| crate::store::corrupt("mailboxes", "quota_bytes", domain.name.as_str()))
    }

    /// Everything that is in the domain, in use or in the bin, carries its org.
    fn rewrite_places(&mut self, domain: &Domain, from: &OrgPath, to: &OrgPath) -> Result<(), Error> {
        for sql in [
            "UPDATE mailboxes SET org_id = $4, org_path = $3
             WHERE org_path = $1 AND domain = $2 AND deleted_at IS NULL",
            "UPDATE mailboxes SET org_id = $4, org_path = $3
             WHERE org_path = $1 AND domain = $2 AND deleted_at IS NOT NULL",
            "UPDATE aliases SET org_id = $4, org_path = $3
             WHERE org_path = $1 AND domain = $2 AND deleted_at IS NULL",
            "UPDATE aliases SET org_id = $4, org_path = $3
             WHERE org_path = $1 AND domain = $2 AND deleted_at IS NOT NULL",
        ] {
            self.0
                .tx
                .query(sql)
                .bind(from.as_str().to_owned())
                .bind(domain.name.as_str().to_owned())
                .bind(to.as_str().to_owned())
                .bind(domain.org_id.uuid())
                .later()?;
        }
        self.0
            .tx
            .query("UPDATE search_terms SET org_path = $3 WHERE org_path = $1 AND domain = $2")
            .bind(from.as_str().to_owned())
            .bind(domain.name.as_str().to_owned())
            .bind(to.as_str().to_owned())
            .later()
    }

    /// A grant on the domain says where the domain is: those who hold one are looked at anew. Whoever asks is so once
    /// the change is made, see [`Store::look_anew`](crate::store::Store::look_anew).
    async fn look_anew_at_grants(&mut self, domain: &Domain) -> Result<i64, Error> {
        let account = self.0.permit.actor().identity().account;
        self.0
            .tx
            .query(
                "UPDATE accounts SET access_version = access_version + 1
                 WHERE id IN (SELECT account_id FROM grants WHERE domain_id = $1) AND id <> $2",
            )
            .bind(domain.id.uuid())
            .bind(account.map_or(uuid::Uuid::nil(), AccountId::uuid))
            .later()?;
        let (grants,): (i64,) = self
            .0
            .tx
            .query("SELECT COUNT(*) FROM grants WHERE domain_id = $1")
            .bind(domain.id.uuid())
            .fetch_one()
            .await?;
        Ok(grants)
    }
}

impl crate::store::Store {
    /// Lets the grants of an account be read again at its next request.
    pub async fn look_anew(&self, account: AccountId) -> Result<(), Error> {
        self.db
            .write("UPDATE accounts SET access_version = access_version + 1 WHERE id = $1")
            .bind(account.uuid())
            .execute()
            .await?;
        Ok(())
    }
}

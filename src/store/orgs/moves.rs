//! An org goes to another place in the tree, with everything below it.

use super::Orgs;
use crate::access::{OrgDelete, OrgPath};
use crate::error::Error;
use crate::model::{AccountId, Delta, Org, Quota, Taker, Touched};
use crate::store::corrupt;

/// A role of an org that stays behind, and how many hold it in what goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// What the role is called.
    pub role: String,
    /// The org that defines it.
    pub org: String,
    /// How many grants give it.
    pub grants: i64,
}

impl Orgs<'_, OrgDelete> {
    /// Holds on to the tree, to who holds what in it, and to the orgs on both sides, from the top of it down.
    pub fn hold_both(&mut self, to: &OrgPath) -> Result<(), Error> {
        let mut paths = vec![OrgPath::root()];
        paths.extend(self.0.permit.place().org.chain());
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

    /// How many levels there are below the org.
    pub async fn levels(&mut self) -> Result<usize, Error> {
        let path = self.0.permit.place().org.clone();
        let (deepest,): (i64,) = self
            .0
            .tx
            .query(
                "SELECT CAST(MAX(length(path) - length(replace(path, '/', ''))) AS BIGINT) FROM orgs
                 WHERE path >= $1 AND path < $2 AND deleted_at IS NULL",
            )
            .bind(path.as_str().to_owned())
            .bind(path.end())
            .fetch_one()
            .await?;
        let deepest = usize::try_from(deepest).unwrap_or(usize::MAX).saturating_sub(1);
        Ok(deepest.saturating_sub(path.depth()))
    }

    /// The roles of orgs that are no longer above, which somebody holds inside.
    pub async fn left_behind(&mut self, to: &OrgPath) -> Result<Vec<LeftBehind>, Error> {
        let from = self.0.permit.place().org.clone();
        let mut found = Vec::new();
        for above in from.chain() {
            if above == from || above.contains(to) {
                continue;
            }
            let rows: Vec<(String, String, i64)> = self
                .0
                .tx
                .query(
                    "SELECT r.name, p.name, COUNT(*) FROM roles r JOIN orgs p ON p.id = r.org_id
                       JOIN grants g ON g.role_id = r.id
                       LEFT JOIN orgs o ON o.id = g.org_id LEFT JOIN domains d ON d.id = g.domain_id
                     WHERE r.org_path = $1 AND (g.expires_at IS NULL OR g.expires_at > $2)
                       AND COALESCE(o.path, d.org_path) >= $3 AND COALESCE(o.path, d.org_path) < $4
                     GROUP BY r.id, r.name, p.name ORDER BY r.name",
                )
                .bind(above.as_str().to_owned())
                .bind(self.0.now.as_micros())
                .bind(from.as_str().to_owned())
                .bind(from.end())
                .fetch_all()
                .await?;
            found.extend(
                rows.into_iter()
                    .map(|(role, org, grants)| LeftBehind { role, org, grants }),
            );
        }
        Ok(found)
    }

    /// Puts the org, whose new parent it carries already, below the one at `to`. What the targets are to look at comes
    /// back.
    pub async fn relocate(&mut self, org: &Org, to: &OrgPath) -> Result<Vec<Touched>, Error> {
        let from = self.0.permit.place().org.clone();
        let above = from
            .above()
            .ok_or_else(|| corrupt("orgs", "path", from.as_str()))?;
        let key = &from.as_str()[above.as_str().len()..from.as_str().len() - 1];
        let there = to.child(key);
        let largest = self.largest_quota(org, &from).await?;
        let (left, entered) = (above.chain(), to.chain());
        for path in left.iter().filter(|path| !entered.contains(path)) {
            self.0.count_at_org(path, Delta::all(org.usage).negated(), None)?;
        }
        for path in entered.iter().filter(|path| !left.contains(path)) {
            self.0.count_at_org(path, Delta::all(org.usage), largest)?;
        }
        self.0
            .promise(to, (Taker::Org, org.id.uuid()), None, &org.limits)
            .await?;
        self.remember_former(&from)?;
        self.look_anew_inside(&from)?;
        self.0
            .tx
            .query("UPDATE orgs SET parent_id = $2, updated_at = $3 WHERE id = $1")
            .bind(org.id.uuid())
            .bind(org.parent_id.map(crate::model::OrgId::uuid))
            .bind(self.0.now.as_micros())
            .later()?;
        self.rewrite_paths(&from, &there)?;
        self.0.spread_off(&there).await
    }

    async fn largest_quota(&mut self, org: &Org, from: &OrgPath) -> Result<Option<Quota>, Error> {
        if org.usage.unlimited > 0 {
            return Ok(Some(Quota::Unlimited));
        }
        let (largest,): (Option<i64>,) = self
            .0
            .tx
            .query(
                "SELECT MAX(quota_bytes) FROM mailboxes
                 WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL",
            )
            .bind(from.as_str().to_owned())
            .bind(from.end())
            .fetch_one()
            .await?;
        let quota = largest.map(|bytes| Quota::from_db(Some(bytes))).transpose();
        quota.map_err(|_| corrupt("mailboxes", "quota_bytes", from.as_str()))
    }

    /// What happened where each org was is still told of it.
    fn remember_former(&mut self, from: &OrgPath) -> Result<(), Error> {
        self.0
            .tx
            .query(
                "INSERT INTO former_paths (org_id, path, left_at)
                 SELECT id, path, $3 FROM orgs WHERE path >= $1 AND path < $2
                 ON CONFLICT (org_id, path) DO UPDATE SET left_at = excluded.left_at",
            )
            .bind(from.as_str().to_owned())
            .bind(from.end())
            .bind(self.0.now.as_micros())
            .later()
    }

    /// A grant says where its scope is: everybody who holds one inside is looked at anew. Whoever asks is so once the
    /// change is made, see [`Store::look_anew`](crate::store::Store::look_anew).
    pub(super) fn look_anew_inside(&mut self, from: &OrgPath) -> Result<(), Error> {
        let account = self.0.permit.actor().identity().account;
        self.0
            .tx
            .query(
                "UPDATE accounts SET access_version = access_version + 1 WHERE id <> $3 AND id IN (
                   SELECT g.account_id FROM grants g JOIN orgs o ON o.id = g.org_id
                     WHERE o.path >= $1 AND o.path < $2
                   UNION ALL SELECT g.account_id FROM grants g JOIN domains d ON d.id = g.domain_id
                     WHERE d.org_path >= $1 AND d.org_path < $2)",
            )
            .bind(from.as_str().to_owned())
            .bind(from.end())
            .bind(account.map_or(uuid::Uuid::nil(), AccountId::uuid))
            .later()
    }

    /// Everything below carries where it is, in use or in the bin; only the audit keeps where it was.
    fn rewrite_paths(&mut self, from: &OrgPath, to: &OrgPath) -> Result<(), Error> {
        for sql in [
            "UPDATE orgs SET path = $3 || substr(path, length(CAST($1 AS TEXT)) + 1)
             WHERE path >= $1 AND path < $2",
            "UPDATE domains SET org_path = $3 || substr(org_path, length(CAST($1 AS TEXT)) + 1)
             WHERE org_path >= $1 AND org_path < $2",
            "UPDATE mailboxes SET org_path = $3 || substr(org_path, length(CAST($1 AS TEXT)) + 1)
             WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL",
            "UPDATE mailboxes SET org_path = $3 || substr(org_path, length(CAST($1 AS TEXT)) + 1)
             WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NOT NULL",
            "UPDATE aliases SET org_path = $3 || substr(org_path, length(CAST($1 AS TEXT)) + 1)
             WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL",
            "UPDATE aliases SET org_path = $3 || substr(org_path, length(CAST($1 AS TEXT)) + 1)
             WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NOT NULL",
            "UPDATE accounts SET org_path = $3 || substr(org_path, length(CAST($1 AS TEXT)) + 1)
             WHERE org_path >= $1 AND org_path < $2",
            "UPDATE roles SET org_path = $3 || substr(org_path, length(CAST($1 AS TEXT)) + 1)
             WHERE org_path >= $1 AND org_path < $2",
            "UPDATE search_terms SET org_path = $3 || substr(org_path, length(CAST($1 AS TEXT)) + 1)
             WHERE org_path >= $1 AND org_path < $2",
        ] {
            self.0
                .tx
                .query(sql)
                .bind(from.as_str().to_owned())
                .bind(from.end())
                .bind(to.as_str().to_owned())
                .later()?;
        }
        Ok(())
    }
}

//! An org goes into the bin, and comes out of it, with everything below it.

use super::Orgs;
use crate::access::{OrgDelete, OrgPath};
use crate::error::Error;
use crate::model::{Delta, ObjectKind, Org, Touched, Usage};

/// What of the things below goes and comes with an org: the domains remember the org, what is in them the domain.
struct Step {
    kind: ObjectKind,
    sql: &'static str,
}

const INTO: [Step; 4] = [
    Step {
        kind: ObjectKind::Mailbox,
        sql: "UPDATE mailboxes SET deleted_at = $3, purge_at = $4, deleted_with = domain_id, version = version + 1
              WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL AND $5 = $5 RETURNING id, version",
    },
    Step {
        kind: ObjectKind::Alias,
        sql: "UPDATE aliases SET deleted_at = $3, purge_at = $4, deleted_with = domain_id, version = version + 1
              WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL AND $5 = $5 RETURNING id, version",
    },
    Step {
        kind: ObjectKind::Domain,
        sql: "UPDATE domains SET deleted_at = $3, purge_at = $4, updated_at = $3, deleted_with = $5,
                version = version + 1
              WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL RETURNING id, version",
    },
    Step {
        kind: ObjectKind::DomainAlias,
        sql: "UPDATE domain_names SET version = version + 1 WHERE alias_id IS NOT NULL AND $3 <= $4 AND domain_id IN (
                SELECT id FROM domains WHERE org_path >= $1 AND org_path < $2 AND deleted_with = $5)
              RETURNING alias_id, version",
    },
];

const OUT: [Step; 4] = [
    Step {
        kind: ObjectKind::Mailbox,
        sql: "UPDATE mailboxes SET deleted_at = NULL, purge_at = NULL, deleted_with = NULL, version = version + 1
              WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NOT NULL AND deleted_with IN (
                SELECT id FROM domains WHERE org_path >= $1 AND org_path < $2 AND deleted_with = $3)
              RETURNING id, version",
    },
    Step {
        kind: ObjectKind::Alias,
        sql: "UPDATE aliases SET deleted_at = NULL, purge_at = NULL, deleted_with = NULL, version = version + 1
              WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NOT NULL AND deleted_with IN (
                SELECT id FROM domains WHERE org_path >= $1 AND org_path < $2 AND deleted_with = $3)
              RETURNING id, version",
    },
    Step {
        kind: ObjectKind::DomainAlias,
        sql: "UPDATE domain_names SET version = version + 1 WHERE alias_id IS NOT NULL AND domain_id IN (
                SELECT id FROM domains WHERE org_path >= $1 AND org_path < $2 AND deleted_with = $3)
              RETURNING alias_id, version",
    },
    Step {
        kind: ObjectKind::Domain,
        sql: "UPDATE domains SET deleted_at = NULL, purge_at = NULL, deleted_with = NULL, version = version + 1
              WHERE org_path >= $1 AND org_path < $2 AND deleted_with = $3 RETURNING id, version",
    },
];

/// What is worked out anew once things are back.
const BACK: [&str; 6] = [
            "UPDATE orgs SET deleted_at = NULL, purge_at = NULL, deleted_with = NULL, version = version + 1
             WHERE path > $1 AND path < $2 AND deleted_with = $3",
            "INSERT INTO addresses (domain, local_part, kind, object_id)
             SELECT domain, local_part, 'mailbox', id FROM mailboxes
             WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL AND $3 = $3",
            "INSERT INTO addresses (domain, local_part, kind, object_id)
             SELECT domain, local_part, 'alias', id FROM aliases
             WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NULL AND $3 = $3",
            "UPDATE orgs SET (used_domains, used_mailboxes, used_aliases, used_quota_bytes, used_unlimited) = (
               SELECT COUNT(*), COALESCE(SUM(d.used_mailboxes), 0), COALESCE(SUM(d.used_aliases), 0),
                 COALESCE(SUM(d.used_quota_bytes), 0), COALESCE(SUM(d.used_unlimited), 0) FROM domains d
               WHERE d.org_path >= orgs.path AND d.org_path < substr(orgs.path, 1, length(orgs.path) - 1) || '0'
                 AND d.deleted_at IS NULL)
             WHERE path >= $1 AND path < $2 AND $3 = $3",
            "UPDATE search_terms SET deleted = FALSE WHERE org_path >= $1 AND org_path < $2 AND $3 = $3",
            // What was in the bin on its own account stays there.
            "UPDATE search_terms SET deleted = TRUE WHERE org_path >= $1 AND org_path < $2 AND object_id IN (
               SELECT id FROM mailboxes WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NOT NULL
               UNION ALL SELECT id FROM aliases WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NOT NULL
               UNION ALL SELECT id FROM domains WHERE org_path >= $1 AND org_path < $2 AND deleted_at IS NOT NULL
               UNION ALL SELECT id FROM orgs WHERE path >= $1 AND path < $2 AND deleted_at IS NOT NULL AND id <> $3)",
];

impl Orgs<'_, OrgDelete> {
    /// Holds on to the orgs above, the org and those below it, from the top of the tree down.
    pub fn hold_subtree(&mut self) -> Result<(), Error> {
        let path = self.0.permit.place().org.clone();
        for above in path.chain() {
            self.0
                .tx
                .query("UPDATE orgs SET version = version WHERE path = $1")
                .bind(above.as_str().to_owned())
                .later()?;
        }
        self.0
            .tx
            .query("UPDATE orgs SET version = version WHERE path >= $1 AND path < $2")
            .bind(path.as_str().to_owned())
            .bind(path.end())
            .later()
    }

    /// Puts everything below the org into the bin, and the org itself. What the targets are to look at comes back.
    pub async fn bin(&mut self, org: &Org) -> Result<Vec<Touched>, Error> {
        let path = self.0.permit.place().org.clone();
        let (now, purge_at) = (self.0.now.as_micros(), self.0.purge_at().as_micros());
        let held = without_accounts(org.usage);
        for above in path.above().iter().flat_map(OrgPath::chain) {
            self.0.count_at_org(&above, held.negated(), None)?;
        }
        let mut touched = Vec::new();
        for Step { kind, sql } in &INTO {
            let query = self
                .0
                .tx
                .query(sql)
                .bind(path.as_str().to_owned())
                .bind(path.end());
            let query = query.bind(now).bind(purge_at).bind(org.id.uuid());
            let rows: Vec<(uuid::Uuid, i64)> = query.fetch_all().await?;
            let kind = *kind;
            touched.extend(
                rows.into_iter()
                    .map(|(id, version)| Touched { kind, id, version }),
            );
        }
        for sql in [
            "DELETE FROM addresses WHERE domain IN (
               SELECT name FROM domains WHERE org_path >= $1 AND org_path < $2 AND deleted_with = $3)",
            "UPDATE search_terms SET deleted = TRUE WHERE org_path >= $1 AND org_path < $2 AND $3 = $3",
            "UPDATE orgs SET used_domains = 0, used_mailboxes = 0, used_aliases = 0, used_quota_bytes = 0,
               used_unlimited = 0 WHERE path >= $1 AND path < $2 AND $3 = $3",
        ] {
            self.inside(sql, &path, org)?;
        }
        self.0
            .tx
            .query(
                "UPDATE orgs SET deleted_at = $3, purge_at = $4, updated_at = $3, deleted_with = $5,
                   version = version + 1 WHERE path > $1 AND path < $2 AND deleted_at IS NULL",
            )
            .bind(path.as_str().to_owned())
            .bind(path.end())
            .bind(now)
            .bind(purge_at)
            .bind(org.id.uuid())
            .later()?;
        self.look_anew_inside(&path)?;
        Ok(touched)
    }

    /// Takes everything out of the bin that went there with the org. What the targets are to look at comes back.
    pub async fn unbin(&mut self, org: &Org) -> Result<Vec<Touched>, Error> {
        let path = self.0.permit.place().org.clone();
        let (domains, mailboxes, aliases, quota_bytes, unlimited): (i64, i64, i64, i64, i64) = self
            .0
            .tx
            .query(
                "SELECT COUNT(*), CAST(COALESCE(SUM(used_mailboxes), 0) AS BIGINT),
                   CAST(COALESCE(SUM(used_aliases), 0) AS BIGINT), CAST(COALESCE(SUM(used_quota_bytes), 0) AS BIGINT),
                   CAST(COALESCE(SUM(used_unlimited), 0) AS BIGINT) FROM domains
                 WHERE org_path >= $1 AND org_path < $2 AND deleted_with = $3",
            )
            .bind(path.as_str().to_owned())
            .bind(path.end())
            .bind(org.id.uuid())
            .fetch_one()
            .await?;
        let back = Delta {
            domains,
            mailboxes,
            aliases,
            accounts: 0,
            quota_bytes,
            unlimited,
        };
        for above in path.above().iter().flat_map(OrgPath::chain) {
            self.0.count_at_org(&above, back, None)?;
        }
        let mut touched = Vec::new();
        for Step { kind, sql } in &OUT {
            let query = self
                .0
                .tx
                .query(sql)
                .bind(path.as_str().to_owned())
                .bind(path.end());
            let rows: Vec<(uuid::Uuid, i64)> = query.bind(org.id.uuid()).fetch_all().await?;
            let kind = *kind;
            touched.extend(
                rows.into_iter()
                    .map(|(id, version)| Touched { kind, id, version }),
            );
        }
        for sql in BACK {
            self.inside(sql, &path, org)?;
        }
        self.look_anew_inside(&path)?;
        Ok(touched)
    }

    fn inside(&mut self, sql: &'static str, path: &OrgPath, org: &Org) -> Result<(), Error> {
        let query = self.0.tx.query(sql).bind(path.as_str().to_owned());
        query.bind(path.end()).bind(org.id.uuid()).later()
    }
}

/// Accounts stay where they are and sign in no more; everything else is out of the limits above.
fn without_accounts(usage: Usage) -> Delta {
    Delta {
        accounts: 0,
        ..Delta::all(usage)
    }
}

//! What always holds in a store, whatever was done to it.

use postdesk::service::audit;

use super::app::TestApp;
use super::backend::sql;

/// Each of these finds rows that must not be there; the text of a row says which.
const BROKEN: &[(&str, &str)] = &[
    (
        "a domain's counters are what it holds",
        "SELECT d.name FROM domains d WHERE d.deleted_at IS NULL AND (
           d.used_mailboxes <> (SELECT COUNT(*) FROM mailboxes m WHERE m.domain_id = d.id AND m.deleted_at IS NULL)
           OR d.used_aliases <> (SELECT COUNT(*) FROM aliases a WHERE a.domain_id = d.id AND a.deleted_at IS NULL)
           OR d.used_quota_bytes <> (SELECT COALESCE(SUM(m.quota_bytes), 0) FROM mailboxes m
             WHERE m.domain_id = d.id AND m.deleted_at IS NULL)
           OR d.used_unlimited <> (SELECT COUNT(*) FROM mailboxes m
             WHERE m.domain_id = d.id AND m.deleted_at IS NULL AND m.quota_bytes IS NULL))",
    ),
    (
        "an org's counters are what is below it",
        "SELECT o.name FROM orgs o WHERE o.path <> '/' AND (
           o.used_domains <> (SELECT COUNT(*) FROM domains d
             WHERE substr(d.org_path, 1, length(o.path)) = o.path AND d.deleted_at IS NULL)
           OR o.used_mailboxes <> (SELECT COUNT(*) FROM mailboxes m
             WHERE substr(m.org_path, 1, length(o.path)) = o.path AND m.deleted_at IS NULL)
           OR o.used_aliases <> (SELECT COUNT(*) FROM aliases a
             WHERE substr(a.org_path, 1, length(o.path)) = o.path AND a.deleted_at IS NULL)
           OR o.used_quota_bytes <> (SELECT COALESCE(SUM(m.quota_bytes), 0) FROM mailboxes m
             WHERE substr(m.org_path, 1, length(o.path)) = o.path AND m.deleted_at IS NULL)
           OR o.used_accounts <> (SELECT COUNT(*) FROM accounts a
             WHERE substr(a.org_path, 1, length(o.path)) = o.path)
           OR o.used_unlimited <> (SELECT COUNT(*) FROM mailboxes m
             WHERE substr(m.org_path, 1, length(o.path)) = o.path AND m.deleted_at IS NULL
               AND m.quota_bytes IS NULL))",
    ),
    (
        "a mailbox in use has its address",
        "SELECT m.local_part FROM mailboxes m WHERE m.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM addresses a
           WHERE a.domain = m.domain AND a.local_part = m.local_part AND a.kind = 'mailbox' AND a.object_id = m.id)",
    ),
    (
        "an alias in use has its address",
        "SELECT l.local_part FROM aliases l WHERE l.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM addresses a
           WHERE a.domain = l.domain AND a.local_part = l.local_part AND a.kind = 'alias' AND a.object_id = l.id)",
    ),
    (
        "an address is somebody's who is in use",
        "SELECT a.local_part FROM addresses a WHERE
           NOT EXISTS (SELECT 1 FROM mailboxes m WHERE m.id = a.object_id AND m.deleted_at IS NULL
             AND m.local_part = a.local_part AND m.domain = a.domain)
           AND NOT EXISTS (SELECT 1 FROM aliases l WHERE l.id = a.object_id AND l.deleted_at IS NULL
             AND l.local_part = a.local_part AND l.domain = a.domain)",
    ),
    (
        "what is in a domain carries its name and path",
        "SELECT m.local_part FROM mailboxes m JOIN domains d ON d.id = m.domain_id
           WHERE m.org_path <> d.org_path OR m.org_id <> d.org_id OR m.domain <> d.name
         UNION ALL SELECT a.local_part FROM aliases a JOIN domains d ON d.id = a.domain_id
           WHERE a.org_path <> d.org_path OR a.org_id <> d.org_id OR a.domain <> d.name
         UNION ALL SELECT d.name FROM domains d JOIN orgs o ON o.id = d.org_id WHERE d.org_path <> o.path",
    ),
    (
        "nothing is in use below what is in the bin",
        "SELECT m.local_part FROM mailboxes m JOIN domains d ON d.id = m.domain_id
           WHERE m.deleted_at IS NULL AND d.deleted_at IS NOT NULL
         UNION ALL SELECT a.local_part FROM aliases a JOIN domains d ON d.id = a.domain_id
           WHERE a.deleted_at IS NULL AND d.deleted_at IS NOT NULL
         UNION ALL SELECT d.name FROM domains d JOIN orgs o ON o.id = d.org_id
           WHERE d.deleted_at IS NULL AND o.deleted_at IS NOT NULL
         UNION ALL SELECT c.name FROM orgs c JOIN orgs o ON o.id = c.parent_id
           WHERE c.deleted_at IS NULL AND o.deleted_at IS NOT NULL",
    ),
    (
        "an alias has a destination",
        "SELECT a.local_part FROM aliases a
           WHERE NOT EXISTS (SELECT 1 FROM alias_destinations t WHERE t.alias_id = a.id)",
    ),
    (
        "a domain knows whether an org above it is suspended",
        "SELECT d.name FROM domains d WHERE d.deleted_at IS NULL AND d.org_suspended <> EXISTS (SELECT 1 FROM orgs o
           WHERE o.suspended_at IS NOT NULL AND NOT o.suspended_keeps
             AND substr(d.org_path, 1, length(o.path)) = o.path)",
    ),
    (
        "an account knows whether an org above it is suspended or in the bin",
        "SELECT a.email FROM accounts a WHERE a.org_suspended <> EXISTS (SELECT 1 FROM orgs o
           WHERE (o.suspended_at IS NOT NULL OR o.deleted_at IS NOT NULL)
             AND substr(a.org_path, 1, length(o.path)) = o.path)",
    ),
    (
        "what is found is there, and is said to be in the bin when it is",
        "SELECT s.title FROM search_terms s WHERE NOT EXISTS (
           SELECT 1 FROM mailboxes m WHERE m.id = s.object_id AND (m.deleted_at IS NOT NULL) = s.deleted
             AND m.org_path = s.org_path AND m.domain = s.domain
           UNION ALL SELECT 1 FROM aliases a WHERE a.id = s.object_id AND (a.deleted_at IS NOT NULL) = s.deleted
             AND a.org_path = s.org_path AND a.domain = s.domain
           UNION ALL SELECT 1 FROM domains d WHERE d.id = s.object_id AND (d.deleted_at IS NOT NULL) = s.deleted
             AND d.org_path = s.org_path AND d.name = s.domain
           UNION ALL SELECT 1 FROM orgs o WHERE o.id = s.object_id AND (o.deleted_at IS NOT NULL) = s.deleted
             AND o.path = s.org_path)",
    ),
    (
        "everything can be found",
        "SELECT m.local_part FROM mailboxes m
           WHERE NOT EXISTS (SELECT 1 FROM search_terms s WHERE s.object_id = m.id)
         UNION ALL SELECT a.local_part FROM aliases a
           WHERE NOT EXISTS (SELECT 1 FROM search_terms s WHERE s.object_id = a.id)
         UNION ALL SELECT d.name FROM domains d
           WHERE NOT EXISTS (SELECT 1 FROM search_terms s WHERE s.object_id = d.id)
         UNION ALL SELECT o.name FROM orgs o
           WHERE o.path <> '/' AND (o.deleted_at IS NULL OR o.purge_at IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM search_terms s WHERE s.object_id = o.id)",
    ),
    (
        "every change of a thing has its entry in the audit",
        "SELECT m.local_part FROM mailboxes m
           WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = m.id)
         UNION ALL SELECT a.local_part FROM aliases a
           WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = a.id)
         UNION ALL SELECT d.name FROM domains d
           WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = d.id)
         UNION ALL SELECT o.name FROM orgs o
           WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = o.id)",
    ),
    (
        "every target was told of the newest version",
        "SELECT m.local_part FROM mailboxes m CROSS JOIN targets t WHERE t.enabled AND NOT EXISTS (
           SELECT 1 FROM projections p WHERE p.object_id = m.id AND p.target_id = t.id AND p.wanted = m.version)
         UNION ALL SELECT a.local_part FROM aliases a CROSS JOIN targets t WHERE t.enabled AND NOT EXISTS (
           SELECT 1 FROM projections p WHERE p.object_id = a.id AND p.target_id = t.id AND p.wanted = a.version)
         UNION ALL SELECT d.name FROM domains d CROSS JOIN targets t WHERE t.enabled AND NOT EXISTS (
           SELECT 1 FROM projections p WHERE p.object_id = d.id AND p.target_id = t.id AND p.wanted = d.version)",
    ),
];

impl TestApp {
    /// Checks what always holds. It is done after every story.
    pub(crate) async fn verify(&self) {
        for (rule, statement) in BROKEN {
            let rows: Vec<(String,)> = self.db().read(statement).fetch_all().await.unwrap();
            assert!(rows.is_empty(), "broken: {rule}\n{rows:?}");
        }
        let audit = audit::verify(self, &self.root(), None, &mut |_, _| ())
            .await
            .unwrap();
        assert!(audit.is_sound(), "broken: the chain of the audit\n{audit:?}");
    }

    /// Every row of every table, as text, in order.
    pub(crate) async fn dump(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for table in self.tables().await {
            let row = match self.backend {
                super::backend::Backend::Sqlite => self.sqlite_row(&table).await,
                super::backend::Backend::Postgres => "CAST(t.* AS TEXT)".to_owned(),
            };
            let statement = sql(format!("SELECT {row} FROM {table} AS t ORDER BY 1"));
            let rows: Vec<(String,)> = self.db().read(statement).fetch_all().await.unwrap();
            lines.extend(rows.into_iter().map(|(row,)| format!("{table}: {row}")));
        }
        lines
    }

    /// The names of all tables of ours.
    pub(crate) async fn tables(&self) -> Vec<String> {
        let statement = match self.backend {
            super::backend::Backend::Sqlite => {
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                   AND name <> '_sqlx_migrations' ORDER BY name"
            }
            super::backend::Backend::Postgres => {
                "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
                 WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY 1"
            }
        };
        let rows: Vec<(String,)> = self.db().read(statement).fetch_all().await.unwrap();
        rows.into_iter().map(|(name,)| name).collect()
    }

    async fn sqlite_row(&self, table: &str) -> String {
        let statement = sql(format!(
            "SELECT name FROM pragma_table_info('{table}') ORDER BY cid"
        ));
        let columns: Vec<(String,)> = self.db().read(statement).fetch_all().await.unwrap();
        let quoted: Vec<String> = columns
            .iter()
            .map(|(name,)| format!("'{name}=' || quote({name})"))
            .collect();
        quoted.join(" || ', ' || ")
    }
}

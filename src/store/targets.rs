//! What each target holds of each object, as people see it.

use std::collections::HashMap;

use uuid::Uuid;

use super::Store;
use super::change::Change;
use super::page::{Page, PageRequest};
use super::row::{fifty, of_each, time};
use crate::access::{Permit, ProvisioningRead, ProvisioningRepair};
use crate::db::{Tx, row};
use crate::error::Error;
use crate::model::{ObjectKind, TargetId, Timestamp};

/// Whether a target holds what Postdesk wants it to hold of one object.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectState {
    /// It does.
    InSync,
    /// Not yet.
    Pending,
    /// It was given up until somebody tries again.
    Failed,
}

impl ObjectState {
    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::Pending => "pending",
            Self::Failed => "failed",
        }
    }
}

/// The state of one object in one target.
#[derive(Clone, Debug)]
pub struct TargetState {
    /// The target's name.
    pub target: String,
    /// In one word.
    pub state: ObjectState,
    /// Since when it is pending.
    pub pending_since: Option<Timestamp>,
    /// When it was last written.
    pub synced_at: Option<Timestamp>,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub next_try_at: Option<Timestamp>,
    /// Why it failed, in one sentence.
    pub error: Option<String>,
}

/// A target as the operator sees it.
#[derive(Clone, Debug)]
pub struct TargetStatus {
    /// Its id.
    pub id: TargetId,
    /// Its name.
    pub name: String,
    /// `sqlite`, `postgres` or `mysql`.
    pub engine: String,
    /// Whether the configuration still names it.
    pub enabled: bool,
    /// How many objects are pending.
    pub pending: i64,
    /// How many were given up.
    pub parked: i64,
    /// Since when the oldest is pending.
    pub oldest_pending: Option<Timestamp>,
    /// Since when the target cannot be written.
    pub failing_since: Option<Timestamp>,
    /// Why, in one sentence.
    pub error: Option<String>,
    /// When something was last written.
    pub last_ok_at: Option<Timestamp>,
}

/// An object that a target does not hold as it should.
#[derive(Clone, Debug)]
pub struct OpenObject {
    /// What it is.
    pub kind: ObjectKind,
    /// Its id.
    pub id: Uuid,
    /// Its name, as far as it is known.
    pub name: String,
    /// Its state.
    pub state: TargetState,
}

row! {
    struct StateRow {
        object_id: Uuid, name: String, pending_since: Option<i64>, synced_at: Option<i64>, tries: i64, due_at: i64,
        parked: bool, error: Option<String>,
    }
}

row! {
    struct StatusRow {
        id: Uuid, name: String, engine: String, enabled: bool, pending: i64, parked: i64, oldest: Option<i64>,
        failing_since: Option<i64>, error: Option<String>, last_ok_at: Option<i64>,
    }
}

row! {
    struct OpenRow {
        kind: String, found: String, object_id: Uuid, name: String, pending_since: Option<i64>,
        synced_at: Option<i64>, tries: i64, due_at: i64, parked: bool, error: Option<String>,
    }
}

impl From<StateRow> for TargetState {
    fn from(row: StateRow) -> Self {
        let state = match (row.parked, row.pending_since) {
            (true, _) => ObjectState::Failed,
            (false, Some(_)) => ObjectState::Pending,
            (false, None) => ObjectState::InSync,
        };
        Self {
            target: row.name,
            state,
            pending_since: row.pending_since.map(time),
            synced_at: row.synced_at.map(time),
            tries: row.tries,
            next_try_at: (state == ObjectState::Pending).then(|| time(row.due_at)),
            error: row.error,
        }
    }
}

impl Store {
    /// The state of an object in every target. The object was opened by its own permit before.
    pub async fn object_states(&self, object: Uuid) -> Result<Vec<TargetState>, Error> {
        let rows: Vec<StateRow> = self
            .db
            .read(
                "SELECT p.object_id, t.name, p.pending_since, p.synced_at, p.tries, p.due_at, p.parked, p.error
                 FROM projections p JOIN targets t ON t.id = p.target_id
                 WHERE p.object_id = $1 AND t.enabled ORDER BY t.name",
            )
            .bind(object)
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(TargetState::from).collect())
    }

    /// Of these objects, those that some target does not hold as it should, with the worst state.
    pub async fn open_states(&self, objects: &[Uuid]) -> Result<HashMap<Uuid, ObjectState>, Error> {
        let rows: Vec<StateRow> = of_each(
            &self.db,
            concat!(
                "SELECT p.object_id, t.name, p.pending_since, p.synced_at, p.tries, p.due_at, p.parked, p.error
                 FROM projections p JOIN targets t ON t.id = p.target_id
                 WHERE p.pending_since IS NOT NULL AND t.enabled AND p.object_id IN (",
                fifty!(),
                ")"
            ),
            objects,
        )
        .await?;
        let mut open = HashMap::new();
        for row in rows {
            let worst = open.entry(row.object_id).or_insert(ObjectState::InSync);
            *worst = TargetState::from(row).state.max(*worst);
        }
        Ok(open)
    }

    /// Every target, for those who look after them.
    pub async fn targets(&self, _permit: &Permit<ProvisioningRead>) -> Result<Vec<TargetStatus>, Error> {
        let rows: Vec<StatusRow> = self
            .db
            .read(
                "SELECT t.id, t.name, t.engine, t.enabled,
                   (SELECT COUNT(*) FROM projections p WHERE p.target_id = t.id AND p.pending_since IS NOT NULL
                      AND NOT p.parked),
                   (SELECT COUNT(*) FROM projections p WHERE p.target_id = t.id AND p.parked),
                   (SELECT MIN(p.pending_since) FROM projections p WHERE p.target_id = t.id
                      AND p.pending_since IS NOT NULL AND NOT p.parked),
                   t.failing_since, t.error, t.last_ok_at
                 FROM targets t ORDER BY t.name LIMIT 100",
            )
            .fetch_all()
            .await?;
        let status = |row: StatusRow| TargetStatus {
            id: TargetId::from(row.id),
            name: row.name,
            engine: row.engine,
            enabled: row.enabled,
            pending: row.pending,
            parked: row.parked,
            oldest_pending: row.oldest.map(time),
            failing_since: row.failing_since.map(time),
            error: row.error,
            last_ok_at: row.last_ok_at.map(time),
        };
        Ok(rows.into_iter().map(status).collect())
    }

    /// How many objects each target holds as it should.
    pub async fn in_sync(&self, _permit: &Permit<ProvisioningRead>) -> Result<HashMap<TargetId, i64>, Error> {
        let rows: Vec<(Uuid, i64)> = self
            .db
            .read("SELECT target_id, COUNT(*) FROM projections WHERE pending_since IS NULL AND NOT parked GROUP BY target_id")
            .fetch_all()
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, count)| (TargetId::from(id), count))
            .collect())
    }

    /// A page of what some target does not hold as it should, perhaps only what is in this state there.
    pub async fn open_objects(
        &self,
        _permit: &Permit<ProvisioningRead>,
        state: Option<ObjectState>,
        page: &PageRequest,
    ) -> Result<Page<OpenObject>, Error> {
        let after = page
            .part(0)
            .and_then(|part| part.parse().ok())
            .unwrap_or(Uuid::nil());
        let rows: Vec<OpenRow> = self
            .db
            .read(
                "SELECT p.kind, COALESCE((SELECT MIN(s.title) FROM search_terms s WHERE s.object_id = p.object_id), ''),
                   p.object_id, t.name, p.pending_since, p.synced_at, p.tries, p.due_at, p.parked, p.error
                 FROM projections p JOIN targets t ON t.id = p.target_id
                 WHERE p.pending_since IS NOT NULL AND (p.object_id, t.name) > ($1, $2) AND p.object_id >= $1
                   AND ($3 OR p.parked = $4)
                 ORDER BY p.object_id, t.name LIMIT $5 + 0",
            )
            .bind(after)
            .bind(page.part(1).unwrap_or_default().to_owned())
            .bind(state.is_none())
            .bind(state == Some(ObjectState::Failed))
            .bind(page.rows())
            .fetch_all()
            .await?;
        let key = |row: &OpenRow| vec![row.object_id.to_string(), row.name.clone()];
        let rows = Page::of(rows, page.limit, key);
        let mut items = Vec::with_capacity(rows.items.len());
        for row in rows.items {
            let kind = ObjectKind::parse(&row.kind);
            let kind = kind.ok_or_else(|| super::corrupt("projections", "kind", &row.object_id))?;
            let state = StateRow {
                object_id: row.object_id,
                name: row.name,
                pending_since: row.pending_since,
                synced_at: row.synced_at,
                tries: row.tries,
                due_at: row.due_at,
                parked: row.parked,
                error: row.error,
            };
            items.push(OpenObject {
                kind,
                id: state.object_id,
                name: row.found,
                state: state.into(),
            });
        }
        Ok(Page {
            items,
            next: rows.next,
        })
    }
}

impl Change<ProvisioningRepair> {
    /// Tries everything again that was given up; how much that is.
    pub async fn unpark(&mut self) -> Result<u64, Error> {
        self.tx
            .query("UPDATE projections SET parked = FALSE, tries = 0, due_at = $1 WHERE parked")
            .bind(self.now.as_micros())
            .execute()
            .await
    }
}

impl Store {
    /// Makes the stored targets those of the configuration. A new one is to be told everything; one that is no longer
    /// named rests.
    pub async fn sync_targets(&self, wanted: &[crate::config::TargetSettings]) -> Result<(), Error> {
        let mut tx: Tx<Error> = self.db.begin().await?;
        tx.query("UPDATE targets SET enabled = FALSE WHERE enabled")
            .execute()
            .await?;
        for target in wanted {
            let id: TargetId = self.ids.next();
            tx.query(
                "INSERT INTO targets (id, name, engine, enabled) VALUES ($1, $2, $3, TRUE)
                 ON CONFLICT (name) DO UPDATE SET enabled = TRUE, engine = excluded.engine",
            )
            .bind(id.uuid())
            .bind(target.name.clone())
            .bind(target.url.engine().to_string())
            .execute()
            .await?;
        }
        Self::note_everything(&mut tx, self.clock.now(), true).await?;
        tx.commit().await?;
        self.pending.ring();
        Ok(())
    }

    /// Notes every object for every enabled target, in the order in which they depend on each other; with `only_unknown` just those that a target was never told of.
    pub(super) async fn note_everything(
        tx: &mut Tx<Error>,
        now: Timestamp,
        only_unknown: bool,
    ) -> Result<(), Error> {
        for sql in [
            "INSERT INTO projections (object_id, target_id, kind, wanted, pending_since, due_at)
             SELECT o.id, t.id, 'node', o.version, $1, $1 FROM nodes o CROSS JOIN targets t WHERE t.enabled
             ON CONFLICT (object_id, target_id) DO UPDATE SET pending_since = excluded.pending_since,
               due_at = excluded.due_at, tries = 0, parked = FALSE WHERE NOT $2",
            "INSERT INTO projections (object_id, target_id, kind, wanted, pending_since, due_at)
             SELECT o.id, t.id, 'domain', o.version, $1, $1 + 1 FROM domains o CROSS JOIN targets t WHERE t.enabled
             ON CONFLICT (object_id, target_id) DO UPDATE SET pending_since = excluded.pending_since,
               due_at = excluded.due_at, tries = 0, parked = FALSE WHERE NOT $2",
            "INSERT INTO projections (object_id, target_id, kind, wanted, pending_since, due_at)
             SELECT o.alias_id, t.id, 'domain_alias', o.version, $1, $1 + 2 FROM domain_names o CROSS JOIN targets t
             WHERE t.enabled AND o.alias_id IS NOT NULL
             ON CONFLICT (object_id, target_id) DO UPDATE SET pending_since = excluded.pending_since,
               due_at = excluded.due_at, tries = 0, parked = FALSE WHERE NOT $2",
            "INSERT INTO projections (object_id, target_id, kind, wanted, pending_since, due_at)
             SELECT o.id, t.id, 'mailbox', o.version, $1, $1 + 3 FROM mailboxes o CROSS JOIN targets t WHERE t.enabled
             ON CONFLICT (object_id, target_id) DO UPDATE SET pending_since = excluded.pending_since,
               due_at = excluded.due_at, tries = 0, parked = FALSE WHERE NOT $2",
            "INSERT INTO projections (object_id, target_id, kind, wanted, pending_since, due_at)
             SELECT o.id, t.id, 'alias', o.version, $1, $1 + 4 FROM aliases o CROSS JOIN targets t WHERE t.enabled
             ON CONFLICT (object_id, target_id) DO UPDATE SET pending_since = excluded.pending_since,
               due_at = excluded.due_at, tries = 0, parked = FALSE WHERE NOT $2",
        ] {
            tx.query(sql).bind(now.as_micros()).bind(only_unknown).execute().await?;
        }
        Ok(())
    }

    /// Makes the stored nodes those of the configuration. One that is no longer named is down.
    pub async fn sync_nodes(&self, wanted: &[crate::config::NodeSettings]) -> Result<(), Error> {
        let mut tx: Tx<Error> = self.db.begin().await?;
        for node in wanted {
            let id = self.ids.next::<Uuid>();
            tx.query(
                "INSERT INTO nodes (id, name, host, imap_port, pop3_port, sieve_port, lmtp_port, state, version)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)
                 ON CONFLICT (name) DO UPDATE SET host = excluded.host, imap_port = excluded.imap_port,
                   pop3_port = excluded.pop3_port, sieve_port = excluded.sieve_port, lmtp_port = excluded.lmtp_port,
                   state = excluded.state, version = nodes.version + 1
                 WHERE nodes.host <> excluded.host OR nodes.imap_port <> excluded.imap_port
                   OR nodes.pop3_port <> excluded.pop3_port OR nodes.sieve_port <> excluded.sieve_port
                   OR nodes.lmtp_port <> excluded.lmtp_port OR nodes.state <> excluded.state",
            )
            .bind(id)
            .bind(node.name.clone())
            .bind(node.host.clone())
            .bind(i64::from(node.imap_port))
            .bind(i64::from(node.pop3_port))
            .bind(i64::from(node.sieve_port))
            .bind(i64::from(node.lmtp_port))
            .bind(node.state.to_string())
            .execute()
            .await?;
        }
        // Whatever is newer than what a target was told is to be told again.
        tx.query(
            "UPDATE projections SET wanted = (SELECT n.version FROM nodes n WHERE n.id = projections.object_id),
               pending_since = COALESCE(pending_since, $1), due_at = $1
             WHERE kind = 'node' AND EXISTS
               (SELECT 1 FROM nodes n WHERE n.id = projections.object_id AND n.version > projections.wanted)",
        )
        .bind(self.clock.now().as_micros())
        .execute()
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

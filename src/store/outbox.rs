//! (No permit.) The notes to the targets: who delivers, what is due, what came of it.
//!
//! Which rows are due is told by their state, never by a high-water mark: rows commit in another order than they begin.

use uuid::Uuid;

use super::Store;
use super::change::Change;
use super::row::time;
use crate::access::ProvisioningRepair;
use crate::db::{Tx, row};
use crate::error::Error;
use crate::model::{ObjectKind, TargetId, Timestamp};

/// A target as its deliverer knows it.
#[derive(Clone, Debug)]
pub struct TargetRow {
    /// Its id.
    pub id: TargetId,
    /// Its name in the configuration.
    pub name: String,
}

/// A note: look at this object again.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is.
    pub kind: ObjectKind,
    /// Its id.
    pub object: Uuid,
    /// The version that the target should hold.
    pub wanted: i64,
    /// How often it was tried.
    pub tries: i64,
}

/// Why something could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// A stable class, such as `conflict` or `unreachable`.
    pub class: &'static str,
    /// One sentence for people.
    pub text: String,
}

row! {
    struct NoteRow { kind: String, object_id: Uuid, wanted: i64, tries: i64 }
}

impl Store {
    /// The targets of the configuration.
    pub async fn enabled_targets(&self) -> Result<Vec<TargetRow>, Error> {
        let rows: Vec<(Uuid, String)> = self
            .db
            .read("SELECT id, name FROM targets WHERE enabled ORDER BY name LIMIT 100")
            .fetch_all()
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, name)| TargetRow {
                id: TargetId::from(id),
                name,
            })
            .collect())
    }

    /// Becomes, or stays, the one deliverer of a target until `until`. The epoch grows with each new holder.
    pub async fn lease(
        &self,
        target: TargetId,
        holder: Uuid,
        until: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let row: Option<(i64,)> = self
            .db
            .write(
                "UPDATE targets SET epoch = CASE WHEN holder = $2 THEN epoch ELSE epoch + 1 END, holder = $2,
                   leased_until = $3
                 WHERE id = $1 AND enabled AND (holder = $2 OR leased_until < $4) RETURNING epoch",
            )
            .bind(target.uuid())
            .bind(holder)
            .bind(until.as_micros())
            .bind(self.clock.now().as_micros())
            .fetch_optional()
            .await?;
        Ok(row.map(|(epoch,)| epoch))
    }

    /// Gives a target back, so that another deliverer need not wait.
    pub async fn end_lease(&self, target: TargetId, holder: Uuid) -> Result<(), Error> {
        self.db
            .write("UPDATE targets SET leased_until = 0 WHERE id = $1 AND holder = $2")
            .bind(target.uuid())
            .bind(holder)
            .execute()
            .await?;
        Ok(())
    }

    /// What is due for a target, the longest waiting first.
    pub async fn due(&self, target: TargetId, limit: u32) -> Result<Vec<Note>, Error> {
        let rows: Vec<NoteRow> = self
            .db
            .read(
                "SELECT kind, object_id, wanted, tries FROM projections
                 WHERE target_id = $1 AND pending_since IS NOT NULL AND NOT parked AND due_at <= $2
                 ORDER BY due_at LIMIT $3 + 0",
            )
            .bind(target.uuid())
            .bind(self.clock.now().as_micros())
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|row| {
                let kind = ObjectKind::parse(&row.kind);
                let kind = kind.ok_or_else(|| super::corrupt("projections", "kind", &row.object_id))?;
                Ok(Note {
                    kind,
                    object: row.object_id,
                    wanted: row.wanted,
                    tries: row.tries,
                })
            })
            .collect()
    }

    /// When the next note of a target is due, if there is one.
    pub async fn next_due(&self, target: TargetId) -> Result<Option<Timestamp>, Error> {
        let row: Option<(i64,)> = self
            .db
            .read(
                "SELECT due_at FROM projections
                 WHERE target_id = $1 AND pending_since IS NOT NULL AND NOT parked ORDER BY due_at LIMIT 1",
            )
            .bind(target.uuid())
            .fetch_optional()
            .await?;
        Ok(row.map(|(due,)| time(due)))
    }

    /// Notes that the target holds these objects at these versions. One that changed meanwhile stays pending.
    pub async fn settle(&self, target: TargetId, written: &[(Uuid, i64)]) -> Result<(), Error> {
        let now = self.clock.now().as_micros();
        let mut tx: Tx<Error> = self.db.begin().await?;
        for (object, version) in written {
            tx.query(
                "UPDATE projections SET applied = $3, synced_at = $4, tries = 0, error_class = NULL, error = NULL,
                   pending_since = CASE WHEN wanted > $3 THEN pending_since END
                 WHERE object_id = $1 AND target_id = $2",
            )
            .bind(*object)
            .bind(target.uuid())
            .bind(*version)
            .bind(now)
            .execute()
            .await?;
        }
        tx.query(
            "UPDATE targets SET failing_since = NULL, failures = 0, error_class = NULL, error = NULL, last_ok_at = $2
             WHERE id = $1",
        )
        .bind(target.uuid())
        .bind(now)
        .execute()
        .await?;
        tx.commit().await?;
        self.settled.ring();
        Ok(())
    }

    /// Forgets that a target was told of objects that are gone for good, now that it holds nothing of them.
    pub async fn forget_purged(&self, target: TargetId, objects: &[Uuid]) -> Result<(), Error> {
        if objects.is_empty() {
            return Ok(());
        }
        let mut tx: Tx<Error> = self.db.begin().await?;
        for object in objects {
            tx.query(
                "DELETE FROM projections WHERE object_id = $1 AND target_id = $2 AND pending_since IS NULL
                   AND kind IN ('mailbox', 'alias', 'domain', 'domain_alias')
                   AND NOT EXISTS (SELECT 1 FROM mailboxes m WHERE m.id = $1)
                   AND NOT EXISTS (SELECT 1 FROM aliases a WHERE a.id = $1)
                   AND NOT EXISTS (SELECT 1 FROM domains d WHERE d.id = $1)
                   AND NOT EXISTS (SELECT 1 FROM domain_names n WHERE n.alias_id = $1)",
            )
            .bind(*object)
            .bind(target.uuid())
            .execute()
            .await?;
        }
        tx.commit().await
    }

    /// Notes that a target may have forgotten these objects: they are written again, which is harmless if it has not.
    pub async fn doubt(&self, target: TargetId, objects: &[Uuid]) -> Result<(), Error> {
        if objects.is_empty() {
            return Ok(());
        }
        let now = self.clock.now().as_micros();
        let mut tx: Tx<Error> = self.db.begin().await?;
        for object in objects {
            tx.query(
                "UPDATE projections SET pending_since = $3, due_at = $3
                 WHERE object_id = $1 AND target_id = $2 AND pending_since IS NULL",
            )
            .bind(*object)
            .bind(target.uuid())
            .bind(now)
            .execute()
            .await?;
        }
        tx.commit().await
    }

    /// Notes that one object could not be written; it is tried again at `due_at`, or parked until somebody asks.
    pub async fn postpone(
        &self,
        target: TargetId,
        note: &Note,
        trouble: &Trouble,
        due_at: Timestamp,
        park: bool,
    ) -> Result<(), Error> {
        // A change that came meanwhile has its own note, which is due at once: the guard leaves it alone.
        self.db
            .write(
                "UPDATE projections SET tries = tries + 1, due_at = $4, parked = $5, error_class = $6, error = $7
                 WHERE object_id = $1 AND target_id = $2 AND wanted = $3",
            )
            .bind(note.object)
            .bind(target.uuid())
            .bind(note.wanted)
            .bind(due_at.as_micros())
            .bind(park)
            .bind(trouble.class)
            .bind(trouble.text.clone())
            .execute()
            .await?;
        self.settled.ring();
        Ok(())
    }

    /// Notes that a target as a whole cannot be written; how often that was in a row.
    pub async fn target_failed(&self, target: TargetId, trouble: &Trouble) -> Result<i64, Error> {
        let row: Option<(i64,)> = self
            .db
            .write(
                "UPDATE targets SET failures = failures + 1, failing_since = COALESCE(failing_since, $2),
                   error_class = $3, error = $4 WHERE id = $1 RETURNING failures",
            )
            .bind(target.uuid())
            .bind(self.clock.now().as_micros())
            .bind(trouble.class)
            .bind(trouble.text.clone())
            .fetch_optional()
            .await?;
        Ok(row.map_or(1, |(failures,)| failures))
    }
}

/// What the cluster counted for one mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxCounted {
    /// The mailbox's address.
    pub address: String,
    /// Bytes of mail.
    pub bytes: i64,
    /// Messages.
    pub messages: i64,
    /// The last sign-in in seconds since the epoch; 0 when there was none.
    pub last_login_s: i64,
}

impl Store {
    /// Keeps what the cluster counted. It is no change of the mailbox: no version, no event, no note.
    pub async fn counted(&self, counts: &[MailboxCounted]) -> Result<(), Error> {
        let now = self.clock.now().as_micros();
        let mut tx: Tx<Error> = self.db.begin().await?;
        for count in counts {
            let Some((local, domain)) = count.address.rsplit_once('@') else {
                continue;
            };
            tx.query(
                "UPDATE mailboxes SET usage_bytes = $3, usage_messages = $4, usage_as_of = $5,
                   last_login_at = COALESCE($6, last_login_at),
                   fullness = CASE WHEN quota_bytes IS NULL THEN 0 WHEN quota_bytes = 0 THEN
                     CASE WHEN $3 > 0 THEN 1000 ELSE 0 END
                     WHEN $3 / quota_bytes >= 10 THEN 9999
                     WHEN $3 < 9000000000000000 THEN $3 * 1000 / quota_bytes
                     ELSE $3 / (quota_bytes / 1000) END
                 WHERE id = (SELECT object_id FROM addresses
                   WHERE domain = $1 AND local_part = $2 AND kind = 'mailbox')",
            )
            .bind(domain.to_owned())
            .bind(local.to_owned())
            .bind(count.bytes)
            .bind(count.messages)
            .bind(now)
            .bind((count.last_login_s > 0).then_some(count.last_login_s.saturating_mul(1_000_000)))
            .execute()
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

impl Store {
    /// Waits until another node has committed something for the workers, and rings the bell. `false` where there are
    /// no other nodes to be heard.
    pub async fn hear_others(&self) -> Result<bool, Error> {
        let Some(mut ear) = self.db.listen("postdesk_pending").await? else {
            return Ok(false);
        };
        loop {
            ear.heard().await?;
            self.pending.ring();
        }
    }
}

impl Change<ProvisioningRepair> {
    /// Notes every object for one target anew; how many that is.
    pub async fn resync(&mut self, target: &str) -> Result<u64, Error> {
        let now = self.now;
        Store::note_everything(&mut self.tx, now, true).await?;
        let count = self
            .tx
            .query(
                "UPDATE projections SET pending_since = COALESCE(pending_since, $2), tries = 0, parked = FALSE,
                   due_at = $2 + CASE kind WHEN 'node' THEN 0 WHEN 'domain' THEN 1 WHEN 'domain_alias' THEN 2
                     WHEN 'mailbox' THEN 3 ELSE 4 END
                 WHERE target_id = (SELECT id FROM targets WHERE name = $1)",
            )
            .bind(target.to_owned())
            .bind(now.as_micros())
            .execute()
            .await?;
        Ok(count)
    }
}

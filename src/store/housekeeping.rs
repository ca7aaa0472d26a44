//! (No permit.) What the clock does: promises that come due, and rows that have served their time.

use super::Store;
use crate::access::{Guarded, OrgPath, Place};
use crate::error::Error;
use crate::model::{DomainId, MailboxId};

/// Most things looked after in one round.
const ROUND: i64 = 200;
/// How long the answer to an Idempotency-Key is kept.
const ANSWERS_KEPT_US: i64 = 24 * 3600 * 1_000_000;

type Due = (uuid::Uuid, String, uuid::Uuid);

impl Store {
    /// Mailboxes whose forwarding has an end that is over.
    pub async fn forwardings_over(&self) -> Result<Vec<Guarded<MailboxId>>, Error> {
        let rows: Vec<Due> = self
            .db
            .read(
                "SELECT id, org_path, domain_id FROM mailboxes
                 WHERE forward_until <= $1 AND deleted_at IS NULL ORDER BY forward_until LIMIT $2",
            )
            .bind(self.clock.now().as_micros())
            .bind(ROUND)
            .fetch_all()
            .await?;
        guarded(rows)
    }

    /// Mailboxes whose suspension has an end that is over.
    pub async fn suspensions_over(&self) -> Result<Vec<Guarded<MailboxId>>, Error> {
        let rows: Vec<Due> = self
            .db
            .read(
                "SELECT id, org_path, domain_id FROM mailboxes
                 WHERE suspended_until <= $1 AND deleted_at IS NULL ORDER BY suspended_until LIMIT $2",
            )
            .bind(self.clock.now().as_micros())
            .bind(ROUND)
            .fetch_all()
            .await?;
        guarded(rows)
    }

    /// Takes out of the bin, for good, what has been there long enough and what no target holds any more.
    ///
    /// The audit keeps that it existed. How many things went.
    pub async fn purge(&self) -> Result<u64, Error> {
        let now = self.clock.now().as_micros();
        let mut tx = self.db.begin().await?;
        let mut gone = 0;
        for sql in [
            "DELETE FROM search_terms WHERE object_id IN (
               SELECT id FROM mailboxes WHERE purge_at <= $1 UNION ALL SELECT id FROM aliases WHERE purge_at <= $1
               UNION ALL SELECT id FROM domains WHERE purge_at <= $1
               UNION ALL SELECT id FROM orgs WHERE purge_at <= $1)",
            "DELETE FROM aliases WHERE purge_at <= $1",
            "DELETE FROM mailboxes WHERE purge_at <= $1",
            "DELETE FROM grants WHERE domain_id IN (SELECT id FROM domains WHERE purge_at <= $1)",
            "DELETE FROM domain_names WHERE domain_id IN (SELECT id FROM domains WHERE purge_at <= $1)",
            "DELETE FROM domains WHERE purge_at <= $1 AND NOT EXISTS
               (SELECT 1 FROM mailboxes m WHERE m.domain_id = domains.id)",
        ] {
            gone += tx.query(sql).bind(now).execute().await?;
        }
        if gone > 0 {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(gone)
    }

    /// Removes sessions, links and answers that have served their time.
    pub async fn sweep(&self) -> Result<(), Error> {
        let now = self.clock.now().as_micros();
        self.db
            .write("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(now)
            .execute()
            .await?;
        self.db
            .write("DELETE FROM setup_links WHERE expires_at <= $1")
            .bind(now)
            .execute()
            .await?;
        self.db
            .write("DELETE FROM idempotency WHERE created_at <= $1")
            .bind(now - ANSWERS_KEPT_US)
            .execute()
            .await?;
        Ok(())
    }
}

fn guarded(rows: Vec<Due>) -> Result<Vec<Guarded<MailboxId>>, Error> {
    rows.into_iter()
        .map(|(id, path, domain)| {
            let path = OrgPath::parse(&path).ok_or_else(|| super::corrupt("mailboxes", "org_path", &id))?;
            Ok(Guarded::new(
                Place::domain(path, DomainId::from(domain)),
                MailboxId::from(id),
            ))
        })
        .collect()
}

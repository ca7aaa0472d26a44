//! (No permit.) What the clock does: promises that come due, and rows that have served their time.

use uuid::Uuid;

use super::Store;
use super::change::Change;
use crate::access::{Guarded, OrgPath, Place, SystemManage};
use crate::error::Error;
use crate::model::{DomainId, EventKind, MailboxId, Subject};

/// Most things looked after in one round.
const ROUND: i64 = 200;
/// How long the answer to an Idempotency-Key is kept.
const ANSWERS_KEPT_US: i64 = 24 * 3600 * 1_000_000;

type Due = (Uuid, String, Uuid);

/// Something that has been in the bin for long enough.
#[derive(Clone, Debug)]
pub struct Purge {
    /// What its end is called.
    pub event: EventKind,
    /// What it is.
    pub subject: Subject,
}

impl Store {
    /// Mailboxes whose forwarding has an end that is over.
    pub async fn forwardings_over(&self) -> Result<Vec<Guarded<MailboxId>>, Error> {
        let rows: Vec<Due> = self
            .db
            .read(
                "SELECT id, org_path, domain_id FROM mailboxes
                 WHERE forward_until <= $1 AND deleted_at IS NULL ORDER BY forward_until LIMIT $2 + 0",
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
                 WHERE suspended_until <= $1 AND deleted_at IS NULL ORDER BY suspended_until LIMIT $2 + 0",
            )
            .bind(self.clock.now().as_micros())
            .bind(ROUND)
            .fetch_all()
            .await?;
        guarded(rows)
    }

    /// What has been in the bin for long enough: what is in a domain before the domain.
    pub async fn purges_due(&self) -> Result<Vec<Guarded<Purge>>, Error> {
        let mut due = Vec::new();
        for (kind, event, sql) in [
            (
                "mailbox",
                EventKind::MailboxPurged,
                "SELECT id, org_path, domain_id, local_part || '@' || domain FROM mailboxes
                 WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2 + 0",
            ),
            (
                "alias",
                EventKind::AliasPurged,
                "SELECT id, org_path, domain_id, local_part || '@' || domain FROM aliases
                 WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2 + 0",
            ),
            (
                "domain",
                EventKind::DomainPurged,
                "SELECT id, org_path, id, name FROM domains WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2 + 0",
            ),
            (
                "org",
                EventKind::OrgPurged,
                "SELECT id, path, NULL, name FROM orgs WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2 + 0",
            ),
        ] {
            let rows: Vec<(Uuid, String, Option<Uuid>, String)> = self
                .db
                .read(sql)
                .bind(self.clock.now().as_micros())
                .bind(ROUND)
                .fetch_all()
                .await?;
            for (id, path, domain, name) in rows {
                let org = OrgPath::parse(&path).ok_or_else(|| super::corrupt(kind, "org_path", &id))?;
                let place = Place {
                    org,
                    domain: domain.map(DomainId::from),
                };
                due.push(Guarded::new(
                    place,
                    Purge {
                        event,
                        subject: Subject { kind, id, name },
                    },
                ));
            }
        }
        Ok(due)
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
        self.sweep_letters().await?;
        self.db
            .write("DELETE FROM idempotency WHERE created_at <= $1")
            .bind(now - ANSWERS_KEPT_US)
            .execute()
            .await?;
        Ok(())
    }
}

impl Change<SystemManage> {
    /// Takes something out of the bin for good. `false` when it is not there any more, or not due.
    pub async fn purge(&mut self, purge: &Purge) -> Result<bool, Error> {
        let (before, sql): (&[&'static str], &'static str) = match purge.event {
            EventKind::MailboxPurged => (&[], "DELETE FROM mailboxes WHERE id = $1 AND purge_at <= $2"),
            EventKind::AliasPurged => (&[], "DELETE FROM aliases WHERE id = $1 AND purge_at <= $2"),
            EventKind::DomainPurged => (
                &[
                    "UPDATE accounts SET access_version = access_version + 1
                     WHERE id IN (SELECT account_id FROM grants WHERE domain_id = $1)",
                    "DELETE FROM grants WHERE domain_id = $1",
                    "DELETE FROM projections WHERE pending_since IS NULL
                     AND object_id IN (SELECT alias_id FROM domain_names WHERE domain_id = $1)",
                    "DELETE FROM domain_names WHERE domain_id = $1",
                ],
                "DELETE FROM domains WHERE id = $1 AND purge_at <= $2
                 AND NOT EXISTS (SELECT 1 FROM mailboxes m WHERE m.domain_id = domains.id)
                 AND NOT EXISTS (SELECT 1 FROM aliases a WHERE a.domain_id = domains.id)",
            ),
            // The row of an org stays: its accounts and the audit speak of it. It is out of every list for good.
            _ => (
                &[],
                "UPDATE orgs SET purge_at = NULL WHERE id = $1 AND purge_at <= $2",
            ),
        };
        for sql in before {
            self.tx.query(sql).bind(purge.subject.id).execute().await?;
        }
        let gone = self
            .tx
            .query(sql)
            .bind(purge.subject.id)
            .bind(self.now.as_micros())
            .execute()
            .await?;
        if gone == 0 {
            return Ok(false);
        }
        for sql in [
            "DELETE FROM search_terms WHERE object_id = $1",
            "DELETE FROM projections WHERE object_id = $1 AND pending_since IS NULL",
        ] {
            self.tx.query(sql).bind(purge.subject.id).execute().await?;
        }
        Ok(true)
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

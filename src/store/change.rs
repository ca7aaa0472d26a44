//! The one door through which everything is changed.

use serde_json::value::to_raw_value;

use super::chain::{self, Head};
use super::{Store, corrupt};
use crate::access::{Call, Permission, Permit};
use crate::db::Tx;
use crate::error::{Error, IdempotencyProblem};
use crate::model::chain::detail_hash;
use crate::model::{ActedFor, Detail, Event, EventId, Link, Sealed, Timestamp};

/// A change in progress: one transaction, one permit, one moment in time.
///
/// It ends in [`commit`](Change::commit), which takes the events; there is no other way to make anything last:
///
/// ```compile_fail
/// # async fn f(change: postdesk::store::Change<postdesk::access::MailboxCreate>) {
/// change.commit().await; // an event is missing
/// # }
/// ```
///
/// A change of one kind of thing has no doors to another:
///
/// ```compile_fail
/// # async fn f(mut change: postdesk::store::Change<postdesk::access::AliasWrite>) {
/// change.mailboxes();
/// # }
/// ```
#[must_use = "a change that is not committed is rolled back"]
pub struct Change<P: Permission> {
    pub(super) tx: Tx<Error>,
    pub(super) permit: Permit<P>,
    pub(super) now: Timestamp,
    pub(super) store: Store,
    head: Head,
    call: Call,
}

impl Store {
    /// Begins a change. Nothing but the database may be awaited until it is committed.
    pub async fn change<P: Permission>(&self, call: &Call, permit: Permit<P>) -> Result<Change<P>, Error> {
        let mut tx = self.db.begin().await?;
        let head = Head::early(&self.db, &mut tx, permit.actor().identity())?;
        Ok(Change {
            tx,
            head,
            permit,
            now: self.clock.now(),
            store: self.clone(),
            call: call.clone(),
        })
    }
}

impl<P: Permission> Change<P> {
    /// The moment of the change.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When something deleted now is gone for good.
    pub fn purge_at(&self) -> Timestamp {
        self.now.plus(self.store.bin_keeps)
    }

    /// The version that the caller expects the object to have, if they said so.
    pub(super) fn check_version(&self, what: &impl ToString, current: i64) -> Result<(), Error> {
        if self.call.expects(current) {
            return Ok(());
        }
        Err(Error::Stale {
            what: what.to_string(),
            current,
        })
    }

    /// Makes the change last, with its audit entries, its notes to the targets and the answer's record, or not at all.
    ///
    /// In a dry run everything is taken back instead. Either way the events say what the change does.
    pub async fn commit(mut self, events: Vec<Event>) -> Result<Vec<Event>, Error> {
        if events.is_empty() {
            return Err(Error::defect("a change was committed without an event"));
        }
        for event in &events {
            self.note(event)?;
        }
        if !self.call.dry_run {
            self.remember_request()?;
        }
        // The head of the audit is what all changes have in common, so it is taken last, and let go of at the end.
        let mut newest = self.head.take(&mut self.tx).await?;
        for event in &events {
            newest = self.record(event, &newest)?;
        }
        if self.call.dry_run {
            self.tx.rollback().await?;
            return Ok(events);
        }
        self.tx.commit().await?;
        if events.iter().any(|event| !event.touched.is_empty()) {
            self.store.pending.ring();
        }
        Ok(events)
    }

    /// Appends the audit entry behind the newest one, if the actor's access still is what the permit was made from.
    fn record(&mut self, event: &Event, newest: &Link) -> Result<Link, Error> {
        let actor = self.permit.actor();
        let identity = actor.identity();
        // Both identities: who it was, and in whose place.
        let acting = actor.acting().map(|acting| ActedFor {
            id: acting.id.to_string(),
            org: acting.name.clone(),
            ticket: acting.ticket.clone(),
        });
        let told = Detail {
            acting,
            undoes: self.call.undoes.map(|undone| undone.to_string()),
            ..event.detail.clone()
        };
        let detail = to_raw_value(&told).map_err(|error| Error::defect(error.to_string()))?;
        let id: EventId = self.store.ids.next();
        let place = self.permit.place();
        // A domain that is only being added is not yet a place, and its history begins with that.
        let itself = (event.subject.kind == "domain").then_some(event.subject.id);
        let sealed = Sealed {
            id: id.uuid(),
            at: self.now.as_micros(),
            kind: event.kind.as_str(),
            org_path: place.org.as_str(),
            domain_id: place.domain.map(crate::model::DomainId::uuid).or(itself),
            subject_kind: event.subject.kind,
            subject_id: event.subject.id,
            subject: &event.subject.name,
            actor_id: identity.account.map(crate::model::AccountId::uuid),
            actor: &identity.name,
            credential: actor.credential().as_str(),
            request_id: &self.call.request_id,
            detail_hash: detail_hash(detail.get()),
        };
        let link = sealed.after(newest);
        let is_known = self.head.knows_access();
        let entry = chain::append(&mut self.tx, &sealed, detail.get(), &link)
            .bind(is_known || identity.account.is_none())
            .bind(identity.account.map(crate::model::AccountId::uuid))
            .bind(identity.access_version);
        if is_known {
            entry.later()?;
        } else {
            // The account's grants, tokens or state changed between the permit and now.
            entry.later_changing(|written| if written == 1 { Ok(()) } else { Err(Error::Unknown) })?;
        }
        Ok(link)
    }

    /// Tells every target to look at what the event touched. What is waiting already keeps its place, so that a domain
    /// that is touched again does not fall behind its own mailboxes.
    fn note(&mut self, event: &Event) -> Result<(), Error> {
        for touched in &event.touched {
            self.tx
                .query(
                    "INSERT INTO projections (object_id, target_id, kind, wanted, pending_since, due_at)
                     SELECT $1, id, $2, $3, $4, $4 FROM targets WHERE enabled
                     ON CONFLICT (object_id, target_id) DO UPDATE SET wanted = excluded.wanted,
                       pending_since = COALESCE(projections.pending_since, excluded.pending_since),
                       due_at = CASE WHEN projections.pending_since IS NULL OR projections.due_at > excluded.due_at
                         THEN excluded.due_at ELSE projections.due_at END,
                       tries = 0, parked = FALSE",
                )
                .bind(touched.id)
                .bind(touched.kind.as_str())
                .bind(touched.version)
                .bind(self.now.as_micros())
                .later()?;
        }
        Ok(())
    }

    /// Notes that the request with this Idempotency-Key has been carried out.
    fn remember_request(&mut self) -> Result<(), Error> {
        let Some(key) = &self.call.idempotency else {
            return Ok(());
        };
        self.tx
            .query(
                "INSERT INTO idempotency (owner, route, key, request_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(key.owner)
            .bind(key.route.clone())
            .bind(key.key.clone())
            .bind(key.request_hash.clone())
            .bind(self.now.as_micros())
            .or_taken(|| Error::Idempotency(IdempotencyProblem::Running))
            .later()
    }

    /// The domain that the permit is for.
    pub(super) fn domain_id(&self) -> Result<crate::model::DomainId, Error> {
        self.permit
            .place()
            .domain
            .ok_or_else(|| corrupt("permits", "domain", self.permit.place().org.as_str()))
    }
}

impl<P: Permission> std::fmt::Debug for Change<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change")
            .field("place", self.permit.place())
            .finish_non_exhaustive()
    }
}

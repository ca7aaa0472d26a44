//! What happened.

mod checkpoints;
mod verification;

use std::time::Duration;

use uuid::Uuid;

use super::App;
use super::mailboxes::Inside;
use crate::access::{AuditRead, Call, DomainRead, Permit, Place, Scope};
use crate::error::Error;
use crate::store::{Cursor, EventFilter, EventOrder, EventRecord, Page, PageRequest};

pub use checkpoints::{Checkpoint, CheckpointTrouble, Checkpoints};
pub use verification::{Finding, Named, Verification, verify};

/// How old a checkpoint is when the next one is written.
const CHECKPOINT_EVERY: Duration = Duration::from_mins(5);
/// How many entries of the audit are without a checkpoint at most.
const CHECKPOINT_AFTER: i64 = 1000;

/// Writes a checkpoint if the newest one is old enough, or if `now` is all the time there is. Whether one was written.
pub async fn write_checkpoint(app: &App, now: bool) -> Result<bool, Error> {
    let Some(checkpoints) = app.checkpoints.get().cloned() else {
        return Ok(false);
    };
    let (head, at) = (app.store.chain_head().await?, app.clock.now());
    let written = tokio::task::spawn_blocking(move || {
        let Some(newest) = checkpoints.newest()? else {
            return if head.seq > 0 {
                checkpoints.write(&head, at)
            } else {
                Ok(false)
            };
        };
        if newest.link.seq > head.seq {
            tracing::error!(
                checkpoint = newest.link.seq,
                newest = head.seq,
                "entries of the audit are missing; run `postdesk audit verify`"
            );
            return Ok(false);
        }
        // A clock that went back makes no checkpoint wait.
        let is_old = at < newest.at || at.since(newest.at) >= CHECKPOINT_EVERY;
        let is_due = now || is_old || head.seq - newest.link.seq >= CHECKPOINT_AFTER;
        if is_due {
            checkpoints.write(&head, at)
        } else {
            Ok(false)
        }
    });
    let failed = |error: String| Error::defect(format!("no checkpoint of the audit can be written: {error}"));
    let written = written.await.map_err(|error| failed(error.to_string()))?;
    written.map_err(|error: std::io::Error| failed(error.to_string()))
}

/// What happened to one thing, the newest first. `place` is where the thing is.
pub async fn of_subject(
    app: &App,
    call: &Call,
    place: Place,
    subject: Uuid,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    let permit = call.actor.permit::<AuditRead>(place);
    let permit = permit.map_err(|denied| Error::denied(denied, "activity", &subject.to_string()))?;
    let filter = EventFilter {
        subject: Some(subject),
        ..EventFilter::default()
    };
    app.store.events(&permit, &filter, page).await
}

/// The name of what was purged under this id, for those who would have seen it.
pub async fn purged(app: &App, call: &Call, id: Uuid) -> Result<Option<String>, Error> {
    let Some(found) = app.store.purged(id).await? else {
        return Ok(None);
    };
    let opened = found.open::<DomainRead>(&call.actor);
    Ok(opened.ok().map(|((kind, name), _)| format!("the {kind} {name}")))
}

/// What happened in a domain, an org or everywhere the asker looks after, the newest first.
pub async fn list(
    app: &App,
    call: &Call,
    inside: &Inside,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    search(app, call, inside, None, page).await
}

/// The same, perhaps only what happened to one thing.
pub async fn search(
    app: &App,
    call: &Call,
    inside: &Inside,
    subject: Option<Uuid>,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    let filter = EventFilter {
        subject,
        order: EventOrder::NewestFirst,
    };
    gather(app, call, inside, &filter, page).await
}

/// The same, the oldest first, for those who follow.
pub async fn feed(
    app: &App,
    call: &Call,
    inside: &Inside,
    subject: Option<Uuid>,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    let filter = EventFilter {
        subject,
        order: EventOrder::OldestFirst,
    };
    gather(app, call, inside, &filter, page).await
}

/// Where whoever has seen this event goes on.
pub fn cursor_after(event: &EventRecord) -> Cursor {
    Cursor {
        key: vec![event.id.uuid().to_string()],
    }
}

async fn gather(
    app: &App,
    call: &Call,
    inside: &Inside,
    filter: &EventFilter,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    let mut events: Vec<EventRecord> = Vec::new();
    let mut is_more = false;
    for permit in permits(app, call, inside).await? {
        let found = app.store.events(&permit, filter, page).await?;
        is_more |= found.next.is_some();
        events.extend(found.items);
    }
    events.sort_by_key(|event| event.id);
    events.dedup_by_key(|event| event.id);
    if filter.order == EventOrder::NewestFirst {
        events.reverse();
    }
    is_more |= events.len() > page.limit;
    events.truncate(page.limit);
    let next = events.last().filter(|_| is_more).map(cursor_after);
    Ok(Page { items: events, next })
}

/// A permit for each part of the tree that is to be looked through.
async fn permits(app: &App, call: &Call, inside: &Inside) -> Result<Vec<Permit<AuditRead>>, Error> {
    match inside {
        Inside::Domain(name) => Ok(vec![app.domain::<AuditRead>(call, name).await?.1]),
        Inside::Org(id) => {
            let opened = app.store.org(*id).await?.open::<AuditRead>(&call.actor);
            let opened = opened.map_err(|denied| Error::denied(denied, "org", &id.to_string()))?;
            Ok(vec![opened.1])
        }
        Inside::Everything => everywhere(call),
    }
}

/// Everything that the asker looks after, scope by scope.
fn everywhere(call: &Call) -> Result<Vec<Permit<AuditRead>>, Error> {
    let place = |scope: &Scope| match scope {
        Scope::System => Place::system(),
        Scope::Org(_, path) => Place::org(path.clone()),
        Scope::Domain(id, _, path) => Place::domain(path.clone(), *id),
    };
    let places = call.actor.grants().iter().map(|grant| place(&grant.scope));
    let permits: Vec<_> = places.filter_map(|place| call.actor.permit(place).ok()).collect();
    if permits.is_empty() {
        return Err(Error::Refused(<AuditRead as crate::access::Permission>::ACTION));
    }
    Ok(permits)
}

//! The entries of the audit, wherever the asker looks after something, narrowed to what is looked for.

use crate::access::{AuditRead, Call, Permission, Permit, Place, ReadsAudit, Scope};
use crate::error::Error;
use crate::service::App;
use crate::service::mailboxes::Inside;
use crate::store::{Cursor, EventFilter, EventOrder, EventRecord, Page, PageRequest};

/// How many events are looked at together where not all are wanted.
pub(super) const TOGETHER: usize = 500;
/// How often so many are looked at before the asker is told how far that went.
const MOST_LOOKS: usize = 10;

/// What happened in a domain, an org or everywhere the asker looks after, the newest first.
pub async fn list(
    app: &App,
    call: &Call,
    inside: &Inside,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    search(app, call, inside, &EventFilter::default(), page).await
}

/// The same, as far as it is wanted. Where that is rare the page may be short, or empty, and still have a next: nothing
/// walks to the end of a long audit in one request.
pub async fn search(
    app: &App,
    call: &Call,
    inside: &Inside,
    filter: &EventFilter,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    let permits = permits::<AuditRead>(app, call, inside).await?;
    let mut request = page.clone();
    if filter.is_narrow() {
        request.limit = TOGETHER;
    }
    let mut events = Vec::new();
    for _ in 0..MOST_LOOKS {
        let found = look(app, &permits, filter, &request).await?;
        events.extend(found.items);
        request.after = found.next;
        if request.after.is_none() || events.len() >= page.limit {
            break;
        }
    }
    if events.len() > page.limit {
        events.truncate(page.limit);
        request.after = events.last().map(cursor_after);
    }
    Ok(Page {
        items: events,
        next: request.after,
    })
}

/// Where whoever has seen this event goes on.
pub fn cursor_after(event: &EventRecord) -> Cursor {
    Cursor {
        key: vec![event.id.uuid().to_string()],
    }
}

/// Looks once at each part of the tree, and puts together what is complete.
pub(super) async fn look<P: ReadsAudit>(
    app: &App,
    permits: &[Permit<P>],
    filter: &EventFilter,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    let is_newest_first = filter.order == EventOrder::NewestFirst;
    let mut events: Vec<EventRecord> = Vec::new();
    let mut ends: Vec<Cursor> = Vec::new();
    for permit in permits {
        let found = app.store.events(permit, filter, page).await?;
        ends.extend(found.next);
        events.extend(found.items);
    }
    events.sort_by_key(|event| event.id);
    events.dedup_by_key(|event| event.id);
    if is_newest_first {
        events.reverse();
    }
    // Behind the nearest end of a part, not everything was looked at.
    let key = |cursor: &Cursor| cursor.key.clone();
    let end = if is_newest_first {
        ends.into_iter().max_by_key(key)
    } else {
        ends.into_iter().min_by_key(key)
    };
    if let Some(end) = &end {
        let at = |event: &EventRecord| cursor_after(event).key;
        events.retain(|event| {
            if is_newest_first {
                at(event) >= end.key
            } else {
                at(event) <= end.key
            }
        });
    }
    if events.len() > page.limit {
        events.truncate(page.limit);
        let next = events.last().map(cursor_after);
        return Ok(Page { items: events, next });
    }
    Ok(Page {
        items: events,
        next: end,
    })
}

/// A permit for each part of the tree that is to be looked through.
pub(super) async fn permits<P: Permission>(
    app: &App,
    call: &Call,
    inside: &Inside,
) -> Result<Vec<Permit<P>>, Error> {
    match inside {
        Inside::Domain(name) => Ok(vec![app.domain::<P>(call, name).await?.1]),
        Inside::Org(id) => {
            let opened = app.store.org(*id).await?.open::<P>(&call.actor);
            let opened = opened.map_err(|denied| Error::denied(denied, "org", &id.to_string()))?;
            Ok(vec![opened.1])
        }
        Inside::Everything => everywhere(call),
    }
}

/// Everything that the asker looks after, scope by scope.
fn everywhere<P: Permission>(call: &Call) -> Result<Vec<Permit<P>>, Error> {
    let place = |scope: &Scope| match scope {
        Scope::System => Place::system(),
        Scope::Org(_, path) => Place::org(path.clone()),
        Scope::Domain(id, _, path) => Place::domain(path.clone(), *id),
    };
    let mut places: Vec<Place> = Vec::new();
    for grant in call.actor.grants() {
        let place = place(&grant.scope);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let permits = places
        .into_iter()
        .filter_map(|place| call.actor.permit(place).ok());
    let permits: Vec<_> = permits.collect();
    if permits.is_empty() {
        return Err(Error::Refused(P::ACTION));
    }
    Ok(permits)
}

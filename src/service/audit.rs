//! What happened.

use super::App;
use super::mailboxes::Inside;
use crate::access::{AuditRead, Call, Place};
use crate::error::Error;
use crate::store::{EventFilter, EventRecord, Page, PageRequest};

/// What happened to one thing, the newest first. `place` is where the thing is.
pub async fn of_subject(
    app: &App,
    call: &Call,
    place: Place,
    subject: uuid::Uuid,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    let permit = call.actor.permit::<AuditRead>(place);
    let permit = permit.map_err(|denied| Error::denied(denied, "activity", &subject.to_string()))?;
    let filter = EventFilter {
        subject: Some(subject),
        domain: None,
    };
    app.store.events(&permit, &filter, page).await
}

/// What happened in a domain, an org or everywhere, the newest first.
pub async fn list(
    app: &App,
    call: &Call,
    inside: &Inside,
    page: &PageRequest,
) -> Result<Page<EventRecord>, Error> {
    let permit = match inside {
        Inside::Domain(name) => app.domain::<AuditRead>(call, name).await?.1,
        Inside::Org(id) => {
            let opened = app.store.org(*id).await?.open::<AuditRead>(&call.actor);
            opened
                .map_err(|denied| Error::denied(denied, "org", &id.to_string()))?
                .1
        }
        Inside::Everything => {
            let permit = call.actor.permit::<AuditRead>(Place::system());
            permit.map_err(|denied| Error::denied(denied, "activity", "of everything"))?
        }
    };
    app.store.events(&permit, &EventFilter::default(), page).await
}

//! The audit to take away: all of it that is wanted, page by page, and a note in the audit that it was taken.

use tokio::sync::OwnedSemaphorePermit;

use super::entries::{TOGETHER, look, permits};
use crate::access::{AuditExport, Call, Permit, Place};
use crate::error::Error;
use crate::model::{Event, EventKind, Subject};
use crate::service::App;
use crate::service::mailboxes::Inside;
use crate::store::{EventFilter, EventOrder, EventRecord, PageRequest};

/// How many exports one process makes at a time.
pub const AT_A_TIME: usize = 4;

/// What is being taken away. It holds one page at a time.
#[derive(Debug)]
pub struct Export {
    app: App,
    permits: Vec<Permit<AuditExport>>,
    filter: EventFilter,
    next: Option<PageRequest>,
    _turn: OwnedSemaphorePermit,
}

/// Begins to export what is wanted of what happened `inside`, the newest first. The audit says so before the first
/// entry leaves.
pub async fn export(
    app: &App,
    call: &Call,
    inside: &Inside,
    filter: EventFilter,
    format: &str,
) -> Result<Export, Error> {
    let permits = permits::<AuditExport>(app, call, inside).await?;
    let busy = |_| Error::Overloaded { retry_after_s: 30 };
    let turn = app.exports.clone().try_acquire_owned().map_err(busy)?;

    for permit in &permits {
        let subject = subject(app, permit.place()).await?;
        let text = format!("as {format}{}", narrowing(&filter));
        let event = Event::new(EventKind::AuditExported, subject).saying(text);
        let change = app.store.change(call, permit.clone()).await?;
        change.commit(vec![event]).await?;
    }

    Ok(Export {
        app: app.clone(),
        permits,
        filter: EventFilter {
            order: EventOrder::NewestFirst,
            ..filter
        },
        next: Some(PageRequest::first(TOGETHER)),
        _turn: turn,
    })
}

impl Export {
    /// The next entries; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<EventRecord>>, Error> {
        while let Some(request) = self.next.take() {
            let found = look(&self.app, &self.permits, &self.filter, &request).await?;
            self.next = found.next.map(|after| PageRequest {
                after: Some(after),
                ..request
            });
            if !found.items.is_empty() {
                return Ok(Some(found.items));
            }
        }
        Ok(None)
    }
}

/// Whose activity it is.
async fn subject(app: &App, place: &Place) -> Result<Subject, Error> {
    if *place == Place::system() {
        return Ok(Subject::new("system", uuid::Uuid::nil(), &"everything"));
    }
    let (kind, id, name) = app.store.named(place).await?;
    Ok(Subject { kind, id, name })
}

/// What it was narrowed to, in words.
fn narrowing(filter: &EventFilter) -> String {
    let day = |at: crate::model::Timestamp| at.rfc3339()[..10].to_owned();
    let parts = [
        filter.topic.map(|topic| format!("only {topic}")),
        filter.who.as_ref().map(|who| format!("by {who}")),
        filter.subject.map(|_| "about one thing".to_owned()),
        filter.about.as_ref().map(|about| format!("about {about}")),
        filter.from.map(|from| format!("from {}", day(from))),
        filter.until.map(|until| format!("until {}", day(until))),
    ];
    let given: Vec<String> = parts.into_iter().flatten().collect();
    if given.is_empty() {
        return ", all of it".to_owned();
    }
    format!(", {}", given.join(", "))
}

//! What happened.

mod checkpoints;
mod checks;
mod entries;
mod export;
mod verification;

use std::time::Duration;

use uuid::Uuid;

use super::App;
use crate::access::{AuditRead, Call, DomainRead, Place};
use crate::error::Error;
use crate::store::{EventFilter, EventRecord, Page, PageRequest};

pub use checkpoints::{Checkpoint, CheckpointTrouble, Checkpoints};
pub use checks::{Checked, Checks, Standing, check, standing};
pub use entries::{cursor_after, list, search};
pub use export::{AT_A_TIME as EXPORTS_AT_A_TIME, Export, export};
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

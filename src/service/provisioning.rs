//! The targets and their backlog, as those who look after them see it.

use std::collections::HashMap;

use super::{App, Done};
use crate::access::{Call, Place, ProvisioningRead, ProvisioningRepair};
use crate::error::Error;
use crate::model::{self, Event, EventKind, Subject, TargetId};
use crate::store::{ObjectState, OpenObject, Page, PageRequest, TargetState, TargetStatus};

/// Every target.
pub async fn targets(app: &App, call: &Call) -> Result<Vec<TargetStatus>, Error> {
    let permit = call.actor.permit::<ProvisioningRead>(Place::system());
    app.store
        .targets(&permit.map_err(|denied| Error::denied(denied, "targets", "of the cluster"))?)
        .await
}

/// How many objects each target holds as it should.
pub async fn in_sync(app: &App, call: &Call) -> Result<HashMap<TargetId, i64>, Error> {
    let permit = call.actor.permit::<ProvisioningRead>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "targets", "of the cluster"))?;
    app.store.in_sync(&permit).await
}

/// The objects that some target does not hold as it should, perhaps only those in this state.
pub async fn open_objects(
    app: &App,
    call: &Call,
    state: Option<ObjectState>,
    page: &PageRequest,
) -> Result<Page<OpenObject>, Error> {
    let permit = call.actor.permit::<ProvisioningRead>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "targets", "of the cluster"))?;
    app.store.open_objects(&permit, state, page).await
}

/// The state of one object in every target; the object was seen by its own permit before.
pub async fn states_of(app: &App, object: uuid::Uuid) -> Result<Vec<TargetState>, Error> {
    app.store.object_states(object).await
}

/// Of these objects, those that some target does not hold as it should, with the worst state.
pub async fn open_states(
    app: &App,
    objects: &[uuid::Uuid],
) -> Result<HashMap<uuid::Uuid, ObjectState>, Error> {
    app.store.open_states(objects).await
}

/// Tries everything again that was given up.
pub async fn retry_failed(app: &App, call: &Call) -> Result<Done<u64>, Error> {
    let permit = call.actor.permit::<ProvisioningRepair>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "targets", "of the cluster"))?;

    let mut change = app.store.change(call, permit).await?;
    let count = change.unpark().await?;
    if count == 0 {
        return Ok(Done::nothing(0));
    }
    let subject = Subject::new("system", uuid::Uuid::nil(), &"targets");
    let event = Event::new(EventKind::ProvisioningRetried, subject).saying(format!(
        "{} tried again",
        model::count(count, "object is", "objects are")
    ));
    let events = change.commit(vec![event]).await?;
    app.store.pending.ring();
    Ok(Done { value: count, events })
}

/// Has everything written to a target anew.
pub async fn resync(app: &App, call: &Call, target: &str) -> Result<Done<u64>, Error> {
    let permit = call.actor.permit::<ProvisioningRepair>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "target", target))?;

    let mut change = app.store.change(call, permit).await?;
    let count = change.resync(target).await?;
    let subject = Subject::new("target", uuid::Uuid::nil(), &target);
    let event = Event::new(EventKind::ProvisioningResynced, subject);
    let events = change
        .commit(vec![event.saying(format!(
            "{} written to {target} anew",
            model::count(count, "object is", "objects are")
        ))])
        .await?;
    app.store.pending.ring();
    Ok(Done { value: count, events })
}

//! Somebody left: what has to be done to their mailbox, at once.

use super::forwarding::{allowed, forwarding_set};
use super::{MailboxRef, event, in_future, open_live_lower};
use crate::access::{Call, MailboxSuspend, MailboxUpdate, Permission, Place};
use crate::error::Error;
use crate::model::{EventKind, Forwarding, Mailbox, Reason, Suspension};
use crate::service::{App, Done};

/// Nobody signs in to the mailbox any more; its mail goes on arriving, and to whoever takes over.
pub async fn someone_left(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    reason: Reason,
    forwarding: Option<Forwarding>,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live_lower::<MailboxSuspend>(app, call, at).await?;
    let forwarding = match forwarding {
        Some(wanted) => Some(settled(app, call, permit.place(), &seen, wanted).await?),
        None => None,
    };

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock_live(seen.id).await?;
    let mut after = before.clone();
    let since = before.suspension.as_ref().map_or(change.now(), |off| off.at);
    after.suspension = Some(Suspension {
        at: since,
        reason: reason.clone(),
        receive: true,
        until: None,
    });
    let text = format!("Nobody can sign in to {}; it still receives mail", after.address);
    let suspended = event(EventKind::MailboxSuspended, &after).saying(text);
    let mut events = vec![suspended.because(reason.as_str())];
    if let Some(forwarding) = forwarding {
        let own = before.address.to_string();
        change.refuse_loop(&own, &forwarding.destinations).await?;
        after.forwarding = Some(forwarding.clone());
        events.push(forwarding_set(&before, &after, &forwarding));
    }
    change.mailboxes().save(&after)?;
    let events = change.commit(events).await?;
    Ok(Done { value: after, events })
}

async fn settled(
    app: &App,
    call: &Call,
    place: &Place,
    seen: &Mailbox,
    wanted: Forwarding,
) -> Result<Forwarding, Error> {
    if !call.actor.may::<MailboxUpdate>(place) {
        return Err(Error::Refused(MailboxUpdate::ACTION));
    }
    in_future("/until", wanted.until, call)?;
    let destinations = allowed(app, call, place, seen, wanted.destinations).await?;
    Ok(Forwarding {
        destinations,
        ..wanted
    })
}

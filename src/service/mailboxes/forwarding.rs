//! Sending a mailbox's mail on.

use super::{MailboxRef, event, in_future, open_live, open_live_lower, unlocked};
use crate::access::{AliasExternal, Call, MailboxUpdate, Permission, Place};
use crate::error::Error;
use crate::model::{Destination, Event, EventKind, Forwarding, Mailbox};
use crate::service::{App, Done, aliases};

/// Sends the mail of a mailbox on, perhaps until a date.
pub async fn set_forwarding(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    forwarding: Forwarding,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live_lower::<MailboxUpdate>(app, call, at).await?;
    in_future("/until", forwarding.until, call)?;
    let place = permit.place().clone();
    let destinations = allowed(app, call, &place, &seen, forwarding.destinations).await?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock_live(seen.id).await?;
    change
        .refuse_loop(&before.address.to_string(), &destinations)
        .await?;
    let forwarding = Forwarding {
        destinations,
        ..forwarding
    };
    if before.forwarding.as_ref() == Some(&forwarding) {
        return Ok(unlocked(before));
    }
    let after = Mailbox {
        forwarding: Some(forwarding.clone()),
        ..before.clone()
    };
    change.mailboxes().save(&after)?;
    let event = forwarding_set(&before, &after, &forwarding);
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// Destinations in canonical form, if the actor may send mail there.
pub(super) async fn allowed(
    app: &App,
    call: &Call,
    place: &Place,
    seen: &Mailbox,
    destinations: Vec<Destination>,
) -> Result<Vec<Destination>, Error> {
    let settled = aliases::settle_destinations(app, call, seen.address.domain(), destinations).await?;
    if settled.iter().any(|to| to.external) && !call.actor.may::<AliasExternal>(place) {
        return Err(Error::Refused(AliasExternal::ACTION));
    }
    Ok(settled.into_iter().map(|to| to.destination).collect())
}

/// Ends the forwarding of a mailbox.
pub async fn end_forwarding(app: &App, call: &Call, at: &MailboxRef) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live::<MailboxUpdate>(app, call, at).await?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock_live(seen.id).await?;
    let Some(was) = before.forwarding.clone() else {
        return Ok(unlocked(before));
    };
    let after = Mailbox {
        forwarding: None,
        ..before
    };
    change.mailboxes().save(&after)?;
    let event = event(EventKind::MailboxForwardingEnded, &after)
        .saying(format!("Mail for {} stays in the mailbox", after.address))
        .changing("forwarding.destinations", &Some(to(&was)), &None)
        .changing("forwarding.keep_copy", &Some(was.keep_copy), &None)
        .changing("forwarding.until", &was.until, &None);
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

fn to(forwarding: &Forwarding) -> Vec<String> {
    forwarding.destinations.iter().map(ToString::to_string).collect()
}

pub(super) fn forwarding_set(before: &Mailbox, after: &Mailbox, forwarding: &Forwarding) -> Event {
    let copy = if forwarding.keep_copy {
        "keeps a copy"
    } else {
        "keeps no copy"
    };
    let was = before.forwarding.as_ref();
    event(EventKind::MailboxForwardingSet, after)
        .saying(format!(
            "Mail for {} goes to {}; it {copy}",
            after.address,
            to(forwarding).join(", ")
        ))
        .changing("forwarding.destinations", &was.map(to), &Some(to(forwarding)))
        .changing(
            "forwarding.keep_copy",
            &was.map(|was| was.keep_copy),
            &Some(forwarding.keep_copy),
        )
        .changing(
            "forwarding.until",
            &was.and_then(|was| was.until),
            &forwarding.until,
        )
}

//! Changing a mailbox, its address and its state.

use super::{MailboxRef, event, in_future, open_live, open_live_lower, open_lower, own_address, unlocked};
use crate::access::{Call, Denied, MailboxDelete, MailboxRename, MailboxSuspend, Permission};
use crate::error::Error;
use crate::model::{
    Event, EventKind, LocalPart, Mailbox, ObjectKind, Reason, Subject, Suspension, Timestamp,
};
use crate::service::{App, Done};

/// Gives a mailbox another local part. Aliases of the domain that deliver to it follow; with `leave_alias` the old
/// address becomes an alias of the new one.
pub async fn rename(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    to: LocalPart,
    leave_alias: bool,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live_lower::<MailboxRename>(app, call, at).await?;
    let place = permit.place().clone();
    if leave_alias && !call.actor.may::<crate::access::AliasWrite>(&place) {
        return Err(Error::Refused(crate::access::AliasWrite::ACTION));
    }
    let to = own_address(to, seen.address.domain())?;
    app.outranks_who_signs_in_with(call, &to, &permit).await?;

    let mut change = app.store.change(call, permit).await?;
    if leave_alias {
        change.hold_pool()?;
    }
    let before = change.mailboxes().lock_live(seen.id).await?;
    if before.address == to {
        return Ok(unlocked(before));
    }
    let mut after = before.clone();
    change.mailboxes().rename(&mut after, to)?;
    let repointed = change.repoint_aliases(&before.address, &after.address).await?;
    let mut event = event(EventKind::MailboxRenamed, &after)
        .saying(format!("{} is now {}", before.address, after.address))
        .changing("address", &before.address, &after.address);
    for (alias, version) in repointed {
        event = event.touching(ObjectKind::Alias, alias.uuid(), version);
    }
    let mut events = vec![event];
    if leave_alias {
        let alias = change.leave_alias(&before.address, &after)?;
        let subject = Subject::new("alias", alias.id.uuid(), &alias.address);
        let text = format!("{} delivers to {}", alias.address, after.address);
        let event = Event::new(EventKind::AliasCreated, subject).saying(text);
        events.push(event.touching(ObjectKind::Alias, alias.id.uuid(), alias.version));
    }
    let events = change.commit(events).await?;
    Ok(Done { value: after, events })
}

/// Switches a mailbox off: nobody signs in to it; mail is kept or refused.
pub async fn suspend(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    reason: Reason,
    receive: bool,
    until: Option<Timestamp>,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live_lower::<MailboxSuspend>(app, call, at).await?;
    in_future("/until", until, call)?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock_live(seen.id).await?;
    let mut after = before.clone();
    let since = before.suspension.as_ref().map_or(change.now(), |off| off.at);
    after.suspension = Some(Suspension {
        at: since,
        reason: reason.clone(),
        receive,
        until,
    });
    if after.suspension == before.suspension {
        return Ok(unlocked(before));
    }
    change.mailboxes().save(&after)?;
    let mail = if receive {
        "still receives mail"
    } else {
        "refuses mail"
    };
    let event = event(EventKind::MailboxSuspended, &after)
        .saying(format!("Nobody can sign in to {}; it {mail}", after.address))
        .because(reason.as_str())
        .changing(
            "suspension.receive",
            &before.suspension.as_ref().map(|off| off.receive),
            &Some(receive),
        )
        .changing(
            "suspension.until",
            &before.suspension.as_ref().and_then(|off| off.until),
            &until,
        );
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// Switches a mailbox on again.
pub async fn resume(app: &App, call: &Call, at: &MailboxRef) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live::<MailboxSuspend>(app, call, at).await?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock_live(seen.id).await?;
    if before.suspension.is_none() {
        return Ok(unlocked(before));
    }
    let after = Mailbox {
        suspension: None,
        ..before
    };
    change.mailboxes().save(&after)?;
    let event =
        event(EventKind::MailboxResumed, &after).saying(format!("{} can be used again", after.address));
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// Puts a mailbox into the bin.
pub async fn delete(app: &App, call: &Call, at: &MailboxRef) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_lower::<MailboxDelete>(app, call, at).await?;

    let mut change = app.store.change(call, permit).await?;
    change.hold_pool()?;
    let mut mailbox = change.mailboxes().lock(seen.id).await?;
    if mailbox.deleted.is_some() {
        // Somebody was faster, or it is asked for twice: it is in the bin, as wished.
        return Ok(unlocked(mailbox));
    }
    change.mailboxes().bin(&mut mailbox)?;
    let purge = change.purge_at();
    let text = format!(
        "{} is in the bin until {}",
        mailbox.address,
        &purge.rfc3339()[..10]
    );
    let event = event(EventKind::MailboxDeleted, &mailbox).saying(text);
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: mailbox,
        events,
    })
}

/// Takes a mailbox out of the bin, as it was.
pub async fn restore(app: &App, call: &Call, at: &MailboxRef) -> Result<Done<Mailbox>, Error> {
    let denied = |denied: Denied| Error::denied(denied, "mailbox", &at.to_string());
    let guarded = match at {
        MailboxRef::Id(id) => app.store.mailbox_by_id(*id).await?,
        MailboxRef::Address(address) => match app.store.deleted_mailbox(address).await {
            // Nothing of that name in the bin: if it is in use, then it is as wished already.
            Err(Error::NotFound(_)) => app.store.mailbox(address).await?,
            found => found?,
        },
    };
    let (seen, permit) = guarded.open::<MailboxDelete>(&call.actor).map_err(denied)?;

    let mut change = app.store.change(call, permit).await?;
    change.hold_pool()?;
    let mut mailbox = change.mailboxes().lock(seen.id).await?;
    if mailbox.deleted.is_none() {
        return Ok(unlocked(mailbox));
    }
    change.mailboxes().restore(&mut mailbox)?;
    let text = format!("{} is back, with its mail", mailbox.address);
    let event = event(EventKind::MailboxRestored, &mailbox).saying(text);
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: mailbox,
        events,
    })
}

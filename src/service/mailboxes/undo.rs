//! The way back: what happened to a mailbox can be taken back until something newer touched the same.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{MailboxRef, end_forwarding, rename, restore, resume, set_forwarding, update};
use crate::access::Call;
use crate::error::Error;
use crate::model::{
    EmailAddress, EventKind, FieldChange, Forwarding, LocalPart, Mailbox, MailboxPatch, Quota,
};
use crate::service::{App, Done};
use crate::store::EventRecord;

/// What takes an event back.
#[derive(Clone, Debug)]
pub enum Inverse {
    /// The facts as they were.
    Update(MailboxPatch),
    /// The address as it was.
    Rename(LocalPart),
    /// Switching it on again.
    Resume,
    /// Out of the bin.
    Restore,
    /// Mail goes where it went.
    Forward(Forwarding),
    /// Mail stays where it stayed.
    EndForwarding,
}

/// What takes each of these events back, where that is still possible. They are the newest of one mailbox, newest first.
pub fn inverses(events: &[EventRecord], now: &Mailbox) -> Vec<Option<Inverse>> {
    let mut touched: Vec<String> = Vec::new();
    let of_event = |event: &EventRecord| {
        let own = fields(event);
        let is_newest = !own.iter().any(|field| touched.contains(field));
        touched.extend(own);
        inverse(event, now).filter(|_| is_newest)
    };
    events.iter().map(of_event).collect()
}

/// Takes something back by what was judged to do so.
pub(in crate::service) async fn take_back(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    inverse: Inverse,
) -> Result<Done<Mailbox>, Error> {
    match inverse {
        Inverse::Update(patch) => update(app, call, at, patch).await,
        Inverse::Rename(to) => rename(app, call, at, to, false).await,
        Inverse::Resume => resume(app, call, at).await,
        Inverse::Restore => restore(app, call, at).await,
        Inverse::Forward(forwarding) => set_forwarding(app, call, at, forwarding).await,
        Inverse::EndForwarding => end_forwarding(app, call, at).await,
    }
}

/// What an event touched: two that touched the same cannot be taken back out of turn.
fn fields(event: &EventRecord) -> Vec<String> {
    let one = |name: &str| vec![name.to_owned()];
    match event.kind {
        EventKind::MailboxUpdated => event
            .detail
            .changes
            .iter()
            .map(|change| change.field.clone())
            .collect(),
        EventKind::MailboxRenamed => one("address"),
        EventKind::MailboxSuspended | EventKind::MailboxResumed => one("suspension"),
        EventKind::MailboxForwardingSet | EventKind::MailboxForwardingEnded => one("forwarding"),
        EventKind::MailboxDeleted | EventKind::MailboxRestored => one("bin"),
        _ => Vec::new(),
    }
}

/// What takes an event back, if it is the last that touched what it touched.
pub(in crate::service) fn inverse(event: &EventRecord, now: &Mailbox) -> Option<Inverse> {
    let changes = &event.detail.changes;
    if event.kind == EventKind::MailboxDeleted {
        return now.deleted.is_some().then_some(Inverse::Restore);
    }
    if now.deleted.is_some() {
        return None;
    }
    match event.kind {
        EventKind::MailboxUpdated if !changes.is_empty() => patch(changes).map(Inverse::Update),
        EventKind::MailboxRenamed => {
            let was: EmailAddress = before(changes, "address")?;
            (was.domain() == now.address.domain()).then(|| Inverse::Rename(was.local().clone()))
        }
        EventKind::MailboxSuspended => now.suspension.is_some().then_some(Inverse::Resume),
        EventKind::MailboxForwardingSet => match &now.forwarding {
            Some(is) => forwarding(changes, Some(is)),
            None => None,
        },
        EventKind::MailboxForwardingEnded if now.forwarding.is_none() => forwarding(changes, None),
        _ => None,
    }
}

/// The facts before these changes.
fn patch(changes: &[FieldChange]) -> Option<MailboxPatch> {
    let mut patch = MailboxPatch::default();
    for FieldChange { field, before, .. } in changes {
        let switch = || before.as_bool();
        match field.as_str() {
            "display_name" => patch.display_name = Some(value(before)?),
            "quota_bytes" => patch.quota = Some(Quota::from_json(before).ok()?),
            "external_id" => patch.external_id = Some(value(before)?),
            "labels" => patch.labels = Some(value(before)?),
            "protocols.imap" => patch.protocols.imap = Some(switch()?),
            "protocols.pop3" => patch.protocols.pop3 = Some(switch()?),
            "protocols.smtp" => patch.protocols.smtp = Some(switch()?),
            "protocols.sieve" => patch.protocols.sieve = Some(switch()?),
            "protocols.webmail" => patch.protocols.webmail = Some(switch()?),
            _ => return None,
        }
    }
    Some(patch)
}

/// Where mail went before these changes; what they do not name is as it is.
fn forwarding(changes: &[FieldChange], is: Option<&Forwarding>) -> Option<Inverse> {
    let find = |name: &str| changes.iter().find(|change| change.field == name);
    let destinations = match find("forwarding.destinations") {
        Some(change) if change.before.is_null() => return Some(Inverse::EndForwarding),
        Some(change) => value(&change.before)?,
        None => is?.destinations.clone(),
    };
    let keep_copy = match find("forwarding.keep_copy") {
        Some(change) => change.before.as_bool()?,
        None => is?.keep_copy,
    };
    let until = match find("forwarding.until") {
        Some(change) => value(&change.before)?,
        None => is.and_then(|is| is.until),
    };
    Some(Inverse::Forward(Forwarding {
        destinations,
        keep_copy,
        until,
    }))
}

fn before<T: DeserializeOwned>(changes: &[FieldChange], field: &str) -> Option<T> {
    let change = changes.iter().find(|change| change.field == field)?;
    value(&change.before)
}

fn value<T: DeserializeOwned>(json: &Value) -> Option<T> {
    serde_json::from_value(json.clone()).ok()
}

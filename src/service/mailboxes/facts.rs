//! What is known of a mailbox: changed field by field, or all of it at once.

use super::{MailboxRef, event, open_live, open_live_lower, spoken, unlocked};
use crate::access::{
    Call, HashImport, MailboxResetPassword, MailboxSetQuota, MailboxUpdate, Permission, Permit,
    WritesMailboxes,
};
use crate::error::Error;
use crate::model::{Event, EventKind, Mailbox, MailboxDraft, MailboxHash, MailboxPatch, Secret};
use crate::service::{App, Done};

/// Changes a mailbox. Its quota takes `mailbox.set_quota`, the rest `mailbox.update`.
pub async fn update(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    patch: MailboxPatch,
) -> Result<Done<Mailbox>, Error> {
    let only_quota = patch.quota.is_some()
        && patch.display_name.is_none()
        && patch.external_id.is_none()
        && patch.labels.is_none()
        && patch.protocols == crate::model::ProtocolsPatch::default();
    if only_quota {
        let (mailbox, permit) = open_live::<MailboxSetQuota>(app, call, at).await?;
        return change_facts(app, call, &mailbox, permit, patch, None).await;
    }
    let (mailbox, permit) = open_live::<MailboxUpdate>(app, call, at).await?;
    let requota = patch.quota.is_some_and(|quota| quota != mailbox.quota);
    if requota && !call.actor.may::<MailboxSetQuota>(permit.place()) {
        return Err(Error::Refused(MailboxSetQuota::ACTION));
    }
    change_facts(app, call, &mailbox, permit, patch, None).await
}

/// Makes a mailbox what `wanted` says; what that leaves open takes its default, and only the password stays.
pub async fn replace(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    wanted: MailboxDraft,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live_lower::<MailboxUpdate>(app, call, at).await?;
    let quota = if let Some(quota) = wanted.quota {
        quota
    } else {
        let (domain, _) = app.domain::<MailboxUpdate>(call, seen.address.domain()).await?;
        domain.default_quota
    };
    let mut needed = Vec::new();
    if quota != seen.quota {
        needed.push((
            MailboxSetQuota::ACTION,
            call.actor.may::<MailboxSetQuota>(permit.place()),
        ));
    }
    if !matches!(wanted.secret, Secret::Nothing) {
        let may = call.actor.may::<MailboxResetPassword>(permit.place());
        needed.push((MailboxResetPassword::ACTION, may));
    }
    if matches!(wanted.secret, Secret::Hash(_)) {
        needed.push((HashImport::ACTION, call.actor.may::<HashImport>(permit.place())));
    }
    if let Some((missing, _)) = needed.into_iter().find(|(_, may)| !may) {
        return Err(Error::Refused(missing));
    }

    let hash = match wanted.secret {
        Secret::Nothing => None,
        Secret::Hash(hash) => Some(hash),
        Secret::Password(password) => Some(app.hasher.mailbox_hash(&password).await?),
    };
    let patch = MailboxPatch {
        display_name: Some(wanted.display_name),
        quota: Some(quota),
        protocols: wanted.protocols.into(),
        external_id: Some(wanted.external_id),
        labels: Some(wanted.labels),
    };
    change_facts(app, call, &seen, permit, patch, hash).await
}

async fn change_facts<P: WritesMailboxes>(
    app: &App,
    call: &Call,
    seen: &Mailbox,
    permit: Permit<P>,
    patch: MailboxPatch,
    hash: Option<MailboxHash>,
) -> Result<Done<Mailbox>, Error> {
    let mut change = app.store.change(call, permit).await?;
    if patch.quota.is_some() {
        change.hold_pool()?;
    }
    let before = change.mailboxes().lock_live(seen.id).await?;
    let mut after = before.clone();
    after.display_name = patch.display_name.unwrap_or(after.display_name);
    after.quota = patch.quota.unwrap_or(after.quota);
    after.protocols = patch.protocols.applied_to(after.protocols);
    after.external_id = patch.external_id.unwrap_or(after.external_id);
    after.labels = patch.labels.unwrap_or(after.labels);
    after.has_password = after.has_password || hash.is_some();

    let updated = updated(&before, &after);
    let mut events = Vec::new();
    if !updated.detail.changes.is_empty() {
        if before.quota != after.quota {
            change.mailboxes().requota(before.quota, after.quota)?;
        }
        change.mailboxes().save(&after)?;
        if before.display_name != after.display_name {
            change.mailboxes().reindex(&after)?;
        }
        events.push(updated);
    }
    if let Some(hash) = hash {
        change.mailboxes().set_password(after.id, &hash)?;
        let text = format!("A new password was set for {}", after.address);
        events.push(event(EventKind::MailboxPasswordSet, &after).saying(text));
    }
    if events.is_empty() {
        return Ok(unlocked(before));
    }
    let events = change.commit(events).await?;
    Ok(Done { value: after, events })
}

/// What changed, field by field.
fn updated(before: &Mailbox, after: &Mailbox) -> Event {
    let mut event = event(EventKind::MailboxUpdated, after)
        .changing("display_name", &before.display_name, &after.display_name)
        .changing("quota_bytes", &before.quota, &after.quota)
        .changing("external_id", &before.external_id, &after.external_id)
        .changing("labels", &before.labels, &after.labels);
    for (name, was, is) in switches(before, after) {
        event = event.changing(name, &was, &is);
    }
    if before.quota == after.quota {
        return event;
    }
    let (is, was) = (spoken(after.quota), spoken(before.quota));
    event.saying(format!("Space of {} is {is}, was {was}", after.address))
}

fn switches(before: &Mailbox, after: &Mailbox) -> [(&'static str, bool, bool); 5] {
    let (was, is) = (before.protocols, after.protocols);
    [
        ("protocols.imap", was.imap, is.imap),
        ("protocols.pop3", was.pop3, is.pop3),
        ("protocols.smtp", was.smtp, is.smtp),
        ("protocols.sieve", was.sieve, is.sieve),
        ("protocols.webmail", was.webmail, is.webmail),
    ]
}

//! Orgs: the provider and the customers under it.

use super::domains::limits_changed;
use super::{App, Done};
use crate::access::{
    Call, DomainDelete, LimitsAssign, OrgCreate, OrgDelete, OrgRead, OrgSuspend, OrgUpdate, Permission,
    Permit, WritesOrgs,
};
use crate::error::Error;
use crate::model::{
    Deleted, Event, EventKind, Limits, Org, OrgDraft, OrgId, OrgKind, OrgOff, OrgPatch, Reason, Refusal,
    Subject, Taker, Usage, count,
};
use crate::store::{MailboxFilter, Page, PageRequest};

mod moves;

pub use moves::relocate;

/// Deepest an org may lie below the provider.
pub const DEEPEST: usize = 8;

async fn open<P: Permission>(app: &App, call: &Call, id: OrgId) -> Result<(Org, Permit<P>), Error> {
    let opened = app.store.org(id).await?.open(&call.actor);
    opened.map_err(|denied| Error::denied(denied, "org", &id.to_string()))
}

/// One org.
pub async fn get(app: &App, call: &Call, id: OrgId) -> Result<(Org, Permit<OrgRead>), Error> {
    open(app, call, id).await
}

/// The provider, for those who may see it.
pub async fn provider(app: &App, call: &Call) -> Result<Org, Error> {
    let opened = app.store.provider().await?.open::<OrgRead>(&call.actor);
    Ok(opened
        .map_err(|denied| Error::denied(denied, "org", "provider"))?
        .0)
}

/// A page of orgs.
pub async fn list(
    app: &App,
    call: &Call,
    filter: &MailboxFilter,
    page: &PageRequest,
) -> Result<Page<Org>, Error> {
    app.store.orgs(&call.actor.reach::<OrgRead>(), filter, page).await
}

/// A page of the orgs below this one, at any depth.
pub async fn below(app: &App, call: &Call, id: OrgId, page: &PageRequest) -> Result<Page<Org>, Error> {
    let (_, permit) = open::<OrgRead>(app, call, id).await?;
    let reach = call.actor.reach::<OrgRead>().within(&permit.place().org);
    let mut found = app.store.orgs(&reach, &MailboxFilter::default(), page).await?;
    found.items.retain(|org| org.id != id);
    Ok(found)
}

/// Adds an org below `parent`.
pub async fn create(app: &App, call: &Call, parent: OrgId, draft: OrgDraft) -> Result<Done<Org>, Error> {
    let (above, permit) = open::<OrgCreate>(app, call, parent).await?;
    if draft.limits != Limits::UNLIMITED && !call.actor.may::<LimitsAssign>(permit.place()) {
        return Err(Error::Refused(LimitsAssign::ACTION));
    }
    if above.deleted.is_some() || draft.kind == OrgKind::Provider || permit.place().org.depth() >= DEEPEST {
        let next = format!("Add it below the provider or a reseller, at most {DEEPEST} levels deep.");
        let detail = format!("{} cannot have a {} below it.", above.name, draft.kind.as_str());
        return Err(Refusal::new("org_misplaced", detail, next).at("/kind").into());
    }
    if above.kind == OrgKind::Customer && draft.kind == OrgKind::Reseller {
        let detail = format!("{} is a customer and cannot have resellers below it.", above.name);
        return Err(Refusal::new("org_misplaced", detail, "Add a customer instead.")
            .at("/kind")
            .into());
    }

    let path = permit.place().org.clone();
    let mut change = app.store.change(call, permit).await?;
    let now = change.now();
    let org = Org {
        id: app.ids.next(),
        parent_id: Some(above.id),
        kind: draft.kind,
        name: draft.name,
        contact: draft.contact,
        external_id: draft.external_id,
        limits: draft.limits,
        usage: Usage::default(),
        suspension: None,
        version: 1,
        created_at: now,
        updated_at: now,
        deleted: None,
    };
    let taker = (Taker::Org, org.id.uuid());
    change.promise(&path, taker, None, &org.limits).await?;
    change.orgs().insert(&org)?;
    let event = event(EventKind::OrgCreated, &org).saying(format!("{} is a {}", org.name, org.kind.as_str()));
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: org, events })
}

fn event(kind: EventKind, org: &Org) -> Event {
    Event::new(kind, Subject::new("org", org.id.uuid(), &org.name))
}

fn unlocked(mut org: Org) -> Done<Org> {
    org.version -= 1;
    Done::nothing(org)
}

/// Changes an org.
pub async fn update(app: &App, call: &Call, id: OrgId, patch: OrgPatch) -> Result<Done<Org>, Error> {
    let (_, permit) = open::<OrgUpdate>(app, call, id).await?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.orgs().lock().await?;
    let mut after = before.clone();
    after.name = patch.name.unwrap_or(after.name);
    after.contact = patch.contact.unwrap_or(after.contact);
    after.external_id = patch.external_id.unwrap_or(after.external_id);
    let event = event(EventKind::OrgUpdated, &after)
        .changing("name", &before.name, &after.name)
        .changing("contact", &before.contact, &after.contact)
        .changing("external_id", &before.external_id, &after.external_id);
    if event.detail.changes.is_empty() {
        return Ok(unlocked(before));
    }
    change.orgs().save(&after)?;
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// Sets how much an org may hold. Nobody sets the limits of an org that holds their own grants only.
pub async fn set_limits(app: &App, call: &Call, id: OrgId, limits: Limits) -> Result<Done<Org>, Error> {
    let (seen, permit) = open::<LimitsAssign>(app, call, id).await?;
    not_the_provider(&seen, "limits")?;
    // Limits are given from above: who may assign them only inside the org itself may not lift its own.
    let above = seen
        .parent_id
        .ok_or_else(|| Error::defect("an org without a parent"))?;
    let (_, above) = open::<LimitsAssign>(app, call, above)
        .await
        .map_err(|_| Error::Refused(LimitsAssign::ACTION))?;
    let above = above.place().org.clone();

    let mut change = app.store.change(call, permit).await?;
    change.orgs().hold_above()?;
    let before = change.orgs().lock().await?;
    let taker = (Taker::Org, before.id.uuid());
    change
        .promise(&above, taker, Some(&before.limits), &limits)
        .await?;
    let after = Org {
        limits,
        ..before.clone()
    };
    let event = limits_changed(
        event(EventKind::OrgLimitsChanged, &after),
        &before.limits,
        &after.limits,
    );
    if event.detail.changes.is_empty() {
        return Ok(unlocked(before));
    }
    change
        .keep_promises(after.name.as_str(), &before.limits, &after.limits)
        .await?;
    change.orgs().save(&after)?;
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

fn not_the_provider(org: &Org, what: &str) -> Result<(), Error> {
    if org.kind != OrgKind::Provider {
        return Ok(());
    }
    let detail = format!("{} is the provider; {what} is not for it.", org.name);
    Err(Refusal::new("provider", detail, "Choose a reseller or a customer.").into())
}

/// Switches an org off with everything below it: nobody signs in, and no mail is delivered.
pub async fn suspend(app: &App, call: &Call, id: OrgId, reason: Reason) -> Result<Done<Org>, Error> {
    switch_off(app, call, id, (reason, false)).await
}

/// Stops the sign-in of every account of an org and below; mail goes on.
pub async fn suspend_sign_in(app: &App, call: &Call, id: OrgId, reason: Reason) -> Result<Done<Org>, Error> {
    switch_off(app, call, id, (reason, true)).await
}

async fn switch_off(app: &App, call: &Call, id: OrgId, how: (Reason, bool)) -> Result<Done<Org>, Error> {
    let (seen, permit) = open::<OrgSuspend>(app, call, id).await?;
    not_the_provider(&seen, "suspension")?;
    switch(app, call, permit, Some(how), EventKind::OrgSuspended).await
}

/// Switches an org on again; what was switched off on its own account stays so.
pub async fn resume(app: &App, call: &Call, id: OrgId) -> Result<Done<Org>, Error> {
    let (_, permit) = open::<OrgSuspend>(app, call, id).await?;
    switch(app, call, permit, None, EventKind::OrgResumed).await
}

async fn switch<P: WritesOrgs>(
    app: &App,
    call: &Call,
    permit: Permit<P>,
    how: Option<(Reason, bool)>,
    kind: EventKind,
) -> Result<Done<Org>, Error> {
    let mut change = app.store.change(call, permit).await?;
    let before = change.orgs().lock().await?;
    let since = before.suspension.as_ref().map_or(change.now(), |off| off.at);
    let suspension = how.map(|(reason, keeps_delivery)| OrgOff {
        at: since,
        reason,
        keeps_delivery,
    });
    if suspension == before.suspension {
        return Ok(unlocked(before));
    }
    let after = Org { suspension, ..before };
    if after.suspension.is_some() {
        change.orgs().spares(call.actor.identity().account).await?;
    }
    change.orgs().save(&after)?;
    let touched = change.orgs().spread_suspension().await?;
    let mut event = event(kind, &after).saying(switched(&after, touched.len()));
    if let Some(off) = &after.suspension {
        event = event.because(off.reason.as_str());
    }
    event.touched.extend(touched);
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

fn switched(org: &Org, domains: usize) -> String {
    match &org.suspension {
        Some(off) if off.keeps_delivery => {
            format!("Nobody of {} and below it can sign in; mail goes on", org.name)
        }
        Some(_) => format!(
            "Nobody of {} and below it can sign in, and {} off",
            org.name,
            count(domains, "domain is", "domains are")
        ),
        None => format!(
            "{} can be used again, and {} on again",
            org.name,
            count(domains, "domain is", "domains are")
        ),
    }
}

/// Puts an org into the bin, with everything below it. Whoever deletes domains that way must be allowed to.
pub async fn delete(app: &App, call: &Call, id: OrgId) -> Result<Done<Org>, Error> {
    let (seen, permit) = open::<OrgDelete>(app, call, id).await?;
    not_the_provider(&seen, "deletion")?;
    let deletes_domains = call.actor.may::<DomainDelete>(permit.place());

    let mut change = app.store.change(call, permit).await?;
    change.orgs().hold_subtree()?;
    let mut org = change.orgs().lock().await?;
    if org.deleted.is_some() {
        return Ok(unlocked(org));
    }
    if org.usage.domains > 0 && !deletes_domains {
        return Err(Error::Refused(DomainDelete::ACTION));
    }
    let below = change.orgs().children().await?;
    let purge_at = change.purge_at();
    org.deleted = Some(Deleted {
        at: change.now(),
        purge_at,
    });
    change.orgs().spares(call.actor.identity().account).await?;
    let text = gone(&org, below);
    change.orgs().save(&org)?;
    let touched = change.orgs().bin(&org).await?;
    org.usage = Usage {
        accounts: org.usage.accounts,
        ..Usage::default()
    };
    change.orgs().spread_suspension().await?;
    let mut event = event(EventKind::OrgDeleted, &org).saying(text);
    event.touched.extend(touched);
    let events = change.commit(vec![event]).await?;
    look_anew(app, call).await?;
    Ok(Done { value: org, events })
}

/// What goes into the bin, and until when it is there.
fn gone(org: &Org, below: i64) -> String {
    let until = org.deleted.map(|gone| gone.purge_at.rfc3339()[..10].to_owned());
    format!(
        "{} with {}, {}, {} and {} is in the bin until {}; {} in it cannot sign in",
        org.name,
        count(below, "customer below it", "customers below it"),
        count(org.usage.domains, "domain", "domains"),
        count(org.usage.mailboxes, "mailbox", "mailboxes"),
        count(org.usage.aliases, "alias", "aliases"),
        until.unwrap_or_default(),
        count(org.usage.accounts, "account", "accounts"),
    )
}

/// Grants of whoever asks may reach what has changed.
async fn look_anew(app: &App, call: &Call) -> Result<(), Error> {
    match (call.actor.identity().account, call.dry_run) {
        (Some(account), false) => app.store.look_anew(account).await,
        _ => Ok(()),
    }
}

/// Takes an org out of the bin, with everything that went there with it, and nothing that was there before.
pub async fn restore(app: &App, call: &Call, id: OrgId) -> Result<Done<Org>, Error> {
    let (_, permit) = open::<OrgDelete>(app, call, id).await?;
    let above = permit.place().org.above();

    let mut change = app.store.change(call, permit).await?;
    change.orgs().hold_subtree()?;
    change.orgs().hold_above()?;
    let mut org = change.orgs().lock().await?;
    if org.deleted.is_none() {
        return Ok(unlocked(org));
    }
    org.deleted = None;
    if let Some(above) = &above {
        let taker = (Taker::Org, org.id.uuid());
        change.promise(above, taker, None, &org.limits).await?;
    }
    change.orgs().save(&org)?;
    let mut touched = change.orgs().unbin(&org).await?;
    touched.extend(change.orgs().spread_suspension().await?);
    let text = format!("{} is back, with everything that was deleted with it", org.name);
    let mut event = event(EventKind::OrgRestored, &org).saying(text);
    event.touched.extend(touched);
    let events = change.commit(vec![event]).await?;
    look_anew(app, call).await?;
    let now = app.store.org(id).await?.open::<OrgDelete>(&call.actor);
    let value = match (call.dry_run, now) {
        (false, Ok((now, _))) => now,
        _ => org,
    };
    Ok(Done { value, events })
}

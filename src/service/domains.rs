//! Domains: add, see, change, limit, suspend, delete, restore, and their other names.

use super::mailboxes::Inside;
use super::{App, Done};
use crate::access::{
    Call, DomainCreate, DomainDelete, DomainRead, DomainSuspend, DomainTransfer, DomainUpdate, LimitsAssign,
    Permission, Permit, WritesDomains,
};
use crate::error::Error;
use crate::model::{
    Domain, DomainAlias, DomainDraft, DomainId, DomainName, DomainPatch, Event, EventKind, Limits,
    ObjectKind, Off, OrgId, Quota, QuotaBytes, Reason, Refusal, Subject, Taker, count,
};
use crate::store::{MailboxFilter, Page, PageRequest};

/// How a domain is named by whoever asks: by its name or one of its aliases, or by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainRef {
    /// By name.
    Name(DomainName),
    /// By id.
    Id(DomainId),
}

impl std::str::FromStr for DomainRef {
    type Err = crate::model::BadDomainName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Name),
        }
    }
}

/// The name of a domain, for those who may see it if it is named by its id.
pub async fn name_of(app: &App, call: &Call, at: DomainRef) -> Result<DomainName, Error> {
    match at {
        DomainRef::Name(name) => Ok(name),
        DomainRef::Id(id) => Ok(by_id(app, call, id).await?.0.name),
    }
}

/// What a new mailbox of a new domain gets when nobody says anything.
pub fn usual_quota() -> Quota {
    Quota::Bytes(QuotaBytes::GIBIBYTE)
}

/// One domain.
pub async fn get(app: &App, call: &Call, name: &DomainName) -> Result<(Domain, Permit<DomainRead>), Error> {
    app.domain(call, name).await
}

/// The same by its id.
pub async fn by_id(app: &App, call: &Call, id: DomainId) -> Result<(Domain, Permit<DomainRead>), Error> {
    let opened = app.store.domain_by_id(id).await?.open::<DomainRead>(&call.actor);
    opened.map_err(|denied| Error::denied(denied, "domain", &id.to_string()))
}

/// A page of domains.
pub async fn list(
    app: &App,
    call: &Call,
    inside: &Inside,
    filter: &MailboxFilter,
    page: &PageRequest,
) -> Result<Page<Domain>, Error> {
    let reach = call.actor.reach::<DomainRead>();
    let reach = match inside {
        Inside::Everything => reach,
        Inside::Domain(name) => {
            let (domain, permit) = app.domain::<DomainRead>(call, name).await?;
            reach.within_domain(&permit.place().org, domain.name.as_str())
        }
        Inside::Org(id) => {
            let opened = app.store.org(*id).await?.open::<DomainRead>(&call.actor);
            let (_, permit) = opened.map_err(|denied| Error::denied(denied, "org", &id.to_string()))?;
            reach.within(&permit.place().org)
        }
    };
    app.store.domains(&reach, filter, page).await
}

/// Adds a domain to an org.
pub async fn create(app: &App, call: &Call, org: OrgId, draft: DomainDraft) -> Result<Done<Domain>, Error> {
    let opened = app.store.org(org).await?.open::<DomainCreate>(&call.actor);
    let (owner, permit) = opened.map_err(|denied| Error::denied(denied, "org", &org.to_string()))?;
    if owner.deleted.is_some() {
        return Err(Error::not_found("org", &org.to_string()));
    }
    if draft.limits != Limits::UNLIMITED && !call.actor.may::<LimitsAssign>(permit.place()) {
        return Err(Error::Refused(LimitsAssign::ACTION));
    }

    let mut change = app.store.change(call, permit).await?;
    let now = change.now();
    let domain = Domain {
        id: app.ids.next(),
        org_id: owner.id,
        name: draft.name,
        note: draft.note,
        external_id: draft.external_id,
        default_quota: draft.default_quota,
        limits: draft.limits,
        usage: crate::model::Usage::default(),
        suspension: None,
        org_suspended: false,
        version: 1,
        created_at: now,
        updated_at: now,
        deleted: None,
        pending: true,
    };
    change.domains().insert(&domain).await?;
    let event =
        event(EventKind::DomainCreated, &domain).saying(format!("{} belongs to {}", domain.name, owner.name));
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: domain,
        events,
    })
}

fn event(kind: EventKind, domain: &Domain) -> Event {
    let subject = Subject::new("domain", domain.id.uuid(), &domain.name);
    Event::new(kind, subject).touching(ObjectKind::Domain, domain.id.uuid(), domain.version)
}

fn unlocked(mut domain: Domain) -> Done<Domain> {
    domain.version -= 1;
    Done::nothing(domain)
}

/// Changes the settings of a domain.
pub async fn update(
    app: &App,
    call: &Call,
    name: &DomainName,
    patch: DomainPatch,
) -> Result<Done<Domain>, Error> {
    let (_, permit) = app.live_domain::<DomainUpdate>(call, name).await?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.domains().lock_live().await?;
    let mut after = before.clone();
    after.note = patch.note.unwrap_or(after.note);
    after.external_id = patch.external_id.unwrap_or(after.external_id);
    after.default_quota = patch.default_quota.unwrap_or(after.default_quota);
    let event = event(EventKind::DomainUpdated, &after)
        .changing("note", &before.note, &after.note)
        .changing("external_id", &before.external_id, &after.external_id)
        .changing("default_quota_bytes", &before.default_quota, &after.default_quota);
    if event.detail.changes.is_empty() {
        return Ok(unlocked(before));
    }
    change.domains().save(&after)?;
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// Sets how much a domain may hold. What it holds already stays, even above the limit.
pub async fn set_limits(
    app: &App,
    call: &Call,
    name: &DomainName,
    limits: Limits,
) -> Result<Done<Domain>, Error> {
    let (_, permit) = app.live_domain::<LimitsAssign>(call, name).await?;
    let org = permit.place().org.clone();

    let mut change = app.store.change(call, permit).await?;
    change.hold_pool()?;
    let before = change.domains().lock_live().await?;
    let after = Domain {
        limits,
        ..before.clone()
    };
    let event = limits_changed(
        event(EventKind::DomainLimitsChanged, &after),
        &before.limits,
        &after.limits,
    );
    if event.detail.changes.is_empty() {
        return Ok(unlocked(before));
    }
    let taker = (Taker::Domain, after.id.uuid());
    change
        .promise(&org, taker, Some(&before.limits), &after.limits)
        .await?;
    change.domains().save(&after)?;
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// The event with every limit that changed.
pub(super) fn limits_changed(event: Event, before: &Limits, after: &Limits) -> Event {
    event
        .changing("domains", &before.domains, &after.domains)
        .changing("mailboxes", &before.mailboxes, &after.mailboxes)
        .changing("aliases", &before.aliases, &after.aliases)
        .changing("accounts", &before.accounts, &after.accounts)
        .changing("quota_bytes", &before.quota, &after.quota)
        .changing("mailbox_quota_bytes", &before.mailbox_quota, &after.mailbox_quota)
        .changing("sharing", &before.sharing, &after.sharing)
}

/// Switches a domain off: no mail, no sign-in, no sending.
pub async fn suspend(
    app: &App,
    call: &Call,
    name: &DomainName,
    reason: Reason,
) -> Result<Done<Domain>, Error> {
    let (_, permit) = app.live_domain::<DomainSuspend>(call, name).await?;
    let text = format!("{name} receives no mail, and nobody can sign in or send");
    switch(app, call, permit, Some(reason), EventKind::DomainSuspended, &text).await
}

/// Switches a domain on again.
pub async fn resume(app: &App, call: &Call, name: &DomainName) -> Result<Done<Domain>, Error> {
    let (_, permit) = app.live_domain::<DomainSuspend>(call, name).await?;
    let text = format!("{name} receives mail again, and everybody can sign in");
    switch(app, call, permit, None, EventKind::DomainResumed, &text).await
}

async fn switch<P: WritesDomains>(
    app: &App,
    call: &Call,
    permit: Permit<P>,
    reason: Option<Reason>,
    kind: EventKind,
    text: &str,
) -> Result<Done<Domain>, Error> {
    let mut change = app.store.change(call, permit).await?;
    let before = change.domains().lock_live().await?;
    let suspension = Off::for_reason(reason.clone(), before.suspension.as_ref(), change.now());
    if suspension == before.suspension {
        return Ok(unlocked(before));
    }
    let after = Domain { suspension, ..before };
    change.domains().save(&after)?;
    let mut event = event(kind, &after).saying(text);
    if let Some(reason) = reason {
        event = event.because(reason.as_str());
    }
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// Puts a domain into the bin, with everything in it.
pub async fn delete(app: &App, call: &Call, name: &DomainName) -> Result<Done<Domain>, Error> {
    let (seen, permit) = app.domain::<DomainDelete>(call, name).await?;
    main_name(&seen, name)?;

    let mut change = app.store.change(call, permit).await?;
    change.hold_pool()?;
    let mut domain = change.domains().lock().await?;
    if domain.deleted.is_some() {
        return Ok(unlocked(domain));
    }
    let touched = change.domains().bin(&mut domain).await?;
    let purge = change.purge_at();
    let held = domain.usage;
    let text = format!(
        "{} with {} and {} is in the bin until {}",
        domain.name,
        count(held.mailboxes, "mailbox", "mailboxes"),
        count(held.aliases, "alias", "aliases"),
        &purge.rfc3339()[..10]
    );
    let mut event = event(EventKind::DomainDeleted, &domain).saying(text);
    event.touched.extend(touched);
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: domain,
        events,
    })
}

/// Hands a domain to another org, with everything in it. Both sides go on seeing what happened to it until then.
pub async fn transfer(app: &App, call: &Call, name: &DomainName, to: OrgId) -> Result<Done<Domain>, Error> {
    let (seen, permit) = app.live_domain::<DomainTransfer>(call, name).await?;
    main_name(&seen, name)?;
    let opened = app.store.org(to).await?.open::<DomainCreate>(&call.actor);
    let (owner, there) = opened.map_err(|denied| Error::denied(denied, "org", &to.to_string()))?;
    if owner.id == seen.org_id {
        return Ok(Done {
            value: seen,
            events: Vec::new(),
        });
    }
    let path = there.place().org.clone();

    let mut change = app.store.change(call, permit).await?;
    change.domains().hold_both(&path)?;
    let mut domain = change.domains().lock_live().await?;
    let before = domain.org_id;
    domain.org_id = owner.id;
    let grants = change.domains().transfer(&mut domain, &path).await?;
    let text = format!(
        "{} belongs to {} now, with {} and {}; {} on it",
        domain.name,
        owner.name,
        count(domain.usage.mailboxes, "mailbox", "mailboxes"),
        count(domain.usage.aliases, "alias", "aliases"),
        count(grants, "person keeps a role", "people keep a role")
    );
    let event = event(EventKind::DomainTransferred, &domain)
        .saying(text)
        .changing("org", &before.to_string(), &domain.org_id.to_string());
    let events = change.commit(vec![event]).await?;
    if let (Some(account), false) = (call.actor.identity().account, call.dry_run) {
        app.store.look_anew(account).await?;
    }
    Ok(Done {
        value: domain,
        events,
    })
}

/// What is deleted or limited is named by its own name, so that nobody deletes a domain by one of its aliases.
fn main_name(domain: &Domain, asked: &DomainName) -> Result<(), Error> {
    if domain.name == *asked {
        return Ok(());
    }
    let detail = format!("{asked} is another name of {}.", domain.name);
    let next = format!("Ask for {}, or remove the domain alias.", domain.name);
    Err(Refusal::new("domain_alias", detail, next).into())
}

/// Takes a domain out of the bin, with everything that went there with it.
pub async fn restore(app: &App, call: &Call, name: &DomainName) -> Result<Done<Domain>, Error> {
    let (_, permit) = app.domain::<DomainDelete>(call, name).await?;

    let mut change = app.store.change(call, permit).await?;
    change.hold_pool()?;
    let mut domain = change.domains().lock().await?;
    if domain.deleted.is_none() {
        return Ok(unlocked(domain));
    }
    let touched = change.domains().restore(&mut domain).await?;
    let text = format!("{} is back, with everything in it", domain.name);
    let mut event = event(EventKind::DomainRestored, &domain).saying(text);
    event.touched.extend(touched);
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: domain,
        events,
    })
}

/// The other names of a domain.
pub async fn aliases(app: &App, call: &Call, name: &DomainName) -> Result<(Domain, Vec<DomainAlias>), Error> {
    let (domain, permit) = app.domain::<DomainRead>(call, name).await?;
    let aliases = app.store.domain_aliases(&permit).await?;
    Ok((domain, aliases))
}

/// Gives a domain another name, under which all of its addresses are reached too.
pub async fn add_alias(
    app: &App,
    call: &Call,
    name: &DomainName,
    alias: DomainName,
) -> Result<Done<Domain>, Error> {
    let (_, permit) = app.live_domain::<DomainUpdate>(call, name).await?;
    // Another name is a name of its own: whoever may not add domains may not add it this way either.
    if !call.actor.may::<DomainCreate>(permit.place()) {
        return Err(Error::Refused(DomainCreate::ACTION));
    }

    let mut change = app.store.change(call, permit).await?;
    let domain = change.domains().lock_live().await?;
    let id = app.ids.next();
    change.domains().add_alias(&domain, &alias, id).await?;
    let event = event(EventKind::DomainAliasAdded, &domain)
        .saying(format!(
            "Every address of {} is reached under {alias} too",
            domain.name
        ))
        .changing("alias", &None, &Some(&alias))
        .touching(ObjectKind::DomainAlias, id, 1);
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: domain,
        events,
    })
}

/// Takes another name away from a domain.
pub async fn remove_alias(
    app: &App,
    call: &Call,
    name: &DomainName,
    alias: &DomainName,
) -> Result<Done<Domain>, Error> {
    let (_, permit) = app.live_domain::<DomainUpdate>(call, name).await?;
    if !call.actor.may::<DomainCreate>(permit.place()) {
        return Err(Error::Refused(DomainCreate::ACTION));
    }

    let mut change = app.store.change(call, permit).await?;
    let domain = change.domains().lock_live().await?;
    let touched = change.domains().remove_alias(&domain, alias).await?;
    let event = event(EventKind::DomainAliasRemoved, &domain)
        .saying(format!("{alias} receives no mail any more"))
        .changing("alias", &Some(alias), &None)
        .touching(touched.kind, touched.id, touched.version);
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: domain,
        events,
    })
}

/// How many bytes the mailboxes of a domain hold together.
pub async fn bytes_used(app: &App, permit: &Permit<DomainRead>) -> Result<i64, Error> {
    app.store.bytes_used(permit).await
}

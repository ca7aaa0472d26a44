//! The ordinary change that takes an event back.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::facts::{LIMITS, facts, nothing_newer, superseded};
use super::{App, Thing, aliases, before, domains, grants, mailboxes, orgs, people};
use crate::access::Call;
use crate::error::Error;
use crate::model::{
    AliasPatch, DisplayName, DomainName, DomainPatch, EmailAddress, Event, EventKind, FieldChange, GrantId,
    Limit, Limits, OrgId, OrgPatch, Quota, Refusal, Sharing,
};
use crate::service::aliases::AliasRef;
use crate::service::mailboxes::{Inverse, MailboxRef};
use crate::store::EventRecord;

/// What takes an event back.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Mailbox(Inverse),
    Alias(AliasPatch),
    Domain(DomainPatch),
    Org(OrgPatch),
    Limits(Box<Limits>),
    Name(DisplayName),
    Resume,
    Restore,
    Delete,
    AddName(DomainName),
    RemoveName(DomainName),
    GoTo(OrgId),
    Revoke(GrantId),
}

/// What takes the last of these events back, if nothing newer among them touched the same. They are all that happened to
/// the thing since, newest first.
pub(super) fn judge(events: &[EventRecord], thing: &Thing) -> Result<Deed, Refusal> {
    let Some(event) = events.last() else {
        return Err(super::facts::nothing_left());
    };
    has_way_back(event)?;
    nothing_newer(events, thing)?;
    if thing.is_in_bin() && !matches!(kind_of(event.kind), Some(Step::Delete)) {
        let next = "Restore it from the bin first.";
        return Err(Refusal::new(
            "deleted",
            format!("{} is in the bin.", event.subject),
            next,
        ));
    }
    inverse(event, thing).ok_or_else(|| superseded(events, thing))
}

enum Step {
    Delete,
    Restore,
    Suspend,
}

fn kind_of(kind: EventKind) -> Option<Step> {
    match kind {
        EventKind::MailboxDeleted
        | EventKind::AliasDeleted
        | EventKind::DomainDeleted
        | EventKind::OrgDeleted => Some(Step::Delete),
        EventKind::MailboxRestored
        | EventKind::AliasRestored
        | EventKind::DomainRestored
        | EventKind::OrgRestored => Some(Step::Restore),
        EventKind::MailboxSuspended
        | EventKind::DomainSuspended
        | EventKind::OrgSuspended
        | EventKind::AccountSuspended => Some(Step::Suspend),
        _ => None,
    }
}

/// Refuses what has no way back, and says why.
fn has_way_back(event: &EventRecord) -> Result<(), Refusal> {
    let (why, next) = match event.kind {
        EventKind::OrgCreated
        | EventKind::DomainCreated
        | EventKind::MailboxCreated
        | EventKind::AliasCreated => (
            "Something new is not taken back.",
            "Delete it: it goes into the bin.",
        ),
        EventKind::OrgPurged
        | EventKind::DomainPurged
        | EventKind::MailboxPurged
        | EventKind::AliasPurged => ("What is gone for good does not come back.", "Make it anew."),
        EventKind::MailboxPasswordSet | EventKind::AccountPasswordSet => {
            ("The password of before is not kept.", "Set a new one.")
        }
        EventKind::OrgResumed
        | EventKind::DomainResumed
        | EventKind::MailboxResumed
        | EventKind::AccountResumed => ("Suspending takes a reason.", "Suspend it and say why."),
        EventKind::GrantRevoked => (
            "A role is given anew, by somebody who holds as much.",
            "Give the role again.",
        ),
        EventKind::GrantGiven if before(&event.detail.changes, "grant").is_none() => (
            "It was given before it was written down which grant that was.",
            "Take the role away by hand.",
        ),
        EventKind::RoleCreated | EventKind::RoleUpdated | EventKind::RoleDeleted => {
            ("What roles hold is not taken back by itself.", "Change the role.")
        }
        EventKind::AccountCreated | EventKind::AccountInvited => (
            "Somebody who was invited is not taken back.",
            "Suspend them, or take their roles away.",
        ),
        EventKind::AccountDeleted => (
            "A service account is deleted for good.",
            "Make a new one, and new tokens.",
        ),
        EventKind::MailboxSetupLinkMade
        | EventKind::AccountSignedIn
        | EventKind::AccountInvitationSent
        | EventKind::AccountInvitationFailed
        | EventKind::TokenCreated
        | EventKind::TokenRotated
        | EventKind::TokenRevoked
        | EventKind::SupportBegan
        | EventKind::SupportEnded
        | EventKind::SupportCallerChecked
        | EventKind::ProvisioningRetried
        | EventKind::ProvisioningResynced
        | EventKind::AuditExported => (
            "It happened, and nothing would make it not have happened.",
            "There is nothing to do.",
        ),
        _ => return Ok(()),
    };
    Err(Refusal::new("no_way_back", why, next))
}

fn inverse(event: &EventRecord, thing: &Thing) -> Option<Deed> {
    let changes = &facts(event);
    match thing {
        Thing::Mailbox(mailbox) if event.kind != EventKind::MailboxRestored => {
            mailboxes::inverse(event, mailbox).map(Deed::Mailbox)
        }
        _ => match kind_of(event.kind) {
            Some(Step::Delete) => thing.is_in_bin().then_some(Deed::Restore),
            Some(Step::Restore) => Some(Deed::Delete),
            Some(Step::Suspend) => Some(Deed::Resume),
            None => of_fields(event, thing, changes),
        },
    }
}

fn of_fields(event: &EventRecord, thing: &Thing, changes: &[FieldChange]) -> Option<Deed> {
    match (event.kind, thing) {
        (EventKind::AliasUpdated, _) => alias_patch(changes).map(Deed::Alias),
        (EventKind::DomainUpdated, _) => domain_patch(changes).map(Deed::Domain),
        (EventKind::OrgUpdated, _) => org_patch(changes).map(Deed::Org),
        (EventKind::DomainLimitsChanged, Thing::Domain(domain)) => limits(&domain.limits, changes),
        (EventKind::OrgLimitsChanged, Thing::Org(org)) => limits(&org.limits, changes),
        (EventKind::DomainAliasAdded, _) => value(&event.detail.changes.first()?.after).map(Deed::RemoveName),
        (EventKind::DomainAliasRemoved, _) => value(&event.detail.changes.first()?.before).map(Deed::AddName),
        (EventKind::DomainTransferred, _) => text(changes, "org").map(Deed::GoTo),
        (EventKind::OrgMoved, _) => text(changes, "parent").map(Deed::GoTo),
        (EventKind::AccountUpdated, _) => value(before(changes, "name")?).map(Deed::Name),
        (EventKind::GrantGiven, _) => {
            let after = changes.iter().find(|change| change.field == "grant")?;
            after.after.as_str()?.parse().ok().map(Deed::Revoke)
        }
        _ => None,
    }
}

fn alias_patch(changes: &[FieldChange]) -> Option<AliasPatch> {
    let mut patch = AliasPatch::default();
    for FieldChange { field, before, .. } in changes {
        match field.as_str() {
            "address" => {
                let was: EmailAddress = value(before)?;
                patch.local_part = Some(was.local().clone());
            }
            "destinations" => patch.destinations = Some(value(before)?),
            "description" => patch.description = Some(value(before)?),
            "enabled" => patch.enabled = Some(before.as_bool()?),
            "external_id" => patch.external_id = Some(value(before)?),
            _ => return None,
        }
    }
    Some(patch)
}

fn domain_patch(changes: &[FieldChange]) -> Option<DomainPatch> {
    let mut patch = DomainPatch::default();
    for FieldChange { field, before, .. } in changes {
        match field.as_str() {
            "note" => patch.note = Some(value(before)?),
            "external_id" => patch.external_id = Some(value(before)?),
            "default_quota_bytes" => patch.default_quota = Some(Quota::from_json(before).ok()?),
            _ => return None,
        }
    }
    Some(patch)
}

fn org_patch(changes: &[FieldChange]) -> Option<OrgPatch> {
    let mut patch = OrgPatch::default();
    for FieldChange { field, before, .. } in changes {
        match field.as_str() {
            "name" => patch.name = Some(value(before)?),
            "contact" => patch.contact = Some(value(before)?),
            "external_id" => patch.external_id = Some(value(before)?),
            _ => return None,
        }
    }
    Some(patch)
}

/// The limits of now with those as they were that were changed.
fn limits(now: &Limits, changes: &[FieldChange]) -> Option<Deed> {
    let mut limits = now.clone();
    for FieldChange { field, before, .. } in changes {
        let number = || Limit::from_json(before).ok();
        let bytes = || Quota::from_json(before).ok();
        match field.strip_prefix(LIMITS)? {
            "domains" => limits.domains = number()?,
            "mailboxes" => limits.mailboxes = number()?,
            "aliases" => limits.aliases = number()?,
            "accounts" => limits.accounts = number()?,
            "quota_bytes" => limits.quota = bytes()?,
            "mailbox_quota_bytes" => limits.mailbox_quota = bytes()?,
            "sharing" => limits.sharing = sharing(before)?,
            _ => return None,
        }
    }
    Some(Deed::Limits(Box::new(limits)))
}

fn sharing(before: &Value) -> Option<Sharing> {
    match before.as_str()? {
        "strict" => Some(Sharing::Strict),
        factor => {
            let factor = factor.strip_prefix("overcommit by ")?.parse().ok()?;
            Some(Sharing::Overcommit(factor))
        }
    }
}

fn text<T: std::str::FromStr>(changes: &[FieldChange], field: &str) -> Option<T> {
    before(changes, field)?.as_str()?.parse().ok()
}

fn value<T: DeserializeOwned>(json: &Value) -> Option<T> {
    serde_json::from_value(json.clone()).ok()
}

/// Does it, by the same functions as by hand, onto what was judged: whoever is faster makes that stale.
pub(super) async fn carry_out(
    app: &App,
    call: &Call,
    thing: &Thing,
    deed: Deed,
) -> Result<Vec<Event>, Error> {
    // The bin has no version of its own.
    let call = &Call {
        expected_version: (!thing.is_in_bin()).then(|| thing.version()),
        ..call.clone()
    };
    match thing {
        Thing::Mailbox(mailbox) => {
            let at = MailboxRef::Id(mailbox.id);
            let done = match deed {
                Deed::Mailbox(inverse) => mailboxes::take_back(app, call, &at, inverse).await?,
                _ => mailboxes::delete(app, call, &at).await?,
            };
            Ok(done.events)
        }
        Thing::Alias(alias) => {
            let at = AliasRef::Id(alias.id);
            let done = match deed {
                Deed::Alias(patch) => aliases::update(app, call, &at, patch).await?,
                Deed::Restore => aliases::restore(app, call, &at).await?,
                Deed::Delete => aliases::delete(app, call, &at).await?,
                other => return Err(stray(&other)),
            };
            Ok(done.events)
        }
        Thing::Domain(domain) => of_domain(app, call, &domain.name, deed).await,
        Thing::Org(org) => of_org(app, call, org.id, deed).await,
        Thing::Person(person) => match deed {
            Deed::Name(name) => Ok(people::rename(app, call, person.id, name).await?.events),
            Deed::Resume => Ok(people::resume(app, call, person.id).await?.events),
            Deed::Revoke(grant) => Ok(grants::revoke(app, call, person.id, grant).await?.events),
            other => Err(stray(&other)),
        },
    }
}

async fn of_domain(app: &App, call: &Call, name: &DomainName, deed: Deed) -> Result<Vec<Event>, Error> {
    let done = match deed {
        Deed::Domain(patch) => domains::update(app, call, name, patch).await?,
        Deed::Limits(limits) => domains::set_limits(app, call, name, *limits).await?,
        Deed::Resume => domains::resume(app, call, name).await?,
        Deed::Restore => domains::restore(app, call, name).await?,
        Deed::Delete => domains::delete(app, call, name).await?,
        Deed::AddName(alias) => domains::add_alias(app, call, name, alias).await?,
        Deed::RemoveName(alias) => domains::remove_alias(app, call, name, &alias).await?,
        Deed::GoTo(org) => domains::transfer(app, call, name, org).await?,
        other => return Err(stray(&other)),
    };
    Ok(done.events)
}

async fn of_org(app: &App, call: &Call, id: OrgId, deed: Deed) -> Result<Vec<Event>, Error> {
    let done = match deed {
        Deed::Org(patch) => orgs::update(app, call, id, patch).await?,
        Deed::Limits(limits) => orgs::set_limits(app, call, id, *limits).await?,
        Deed::Resume => orgs::resume(app, call, id).await?,
        Deed::Restore => orgs::restore(app, call, id).await?,
        Deed::Delete => orgs::delete(app, call, id).await?,
        Deed::GoTo(parent) => orgs::relocate(app, call, id, parent).await?,
        other => return Err(stray(&other)),
    };
    Ok(done.events)
}

fn stray(deed: &Deed) -> Error {
    Error::defect(format!("{deed:?} takes nothing back here"))
}

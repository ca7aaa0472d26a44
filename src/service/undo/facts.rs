//! What events touched, and what newer ones made of it.

use serde_json::{Value, json};

use super::Thing;
use crate::model::refusal::{Conflict, Conflicts};
use crate::model::{EventKind, FieldChange, Limits, Mailbox, Refusal};
use crate::store::EventRecord;

/// What an event made of what, field by field: what it says, and what its kind means.
pub(super) fn facts(event: &EventRecord) -> Vec<FieldChange> {
    let one = |field: &str, before: Value, after: Value| {
        vec![FieldChange {
            field: field.to_owned(),
            before,
            after,
        }]
    };
    match event.kind {
        EventKind::MailboxSuspended
        | EventKind::DomainSuspended
        | EventKind::OrgSuspended
        | EventKind::AccountSuspended => one("suspended", json!(false), json!(true)),
        EventKind::MailboxResumed
        | EventKind::DomainResumed
        | EventKind::OrgResumed
        | EventKind::AccountResumed => one("suspended", json!(true), json!(false)),
        EventKind::MailboxDeleted
        | EventKind::AliasDeleted
        | EventKind::DomainDeleted
        | EventKind::OrgDeleted => one("deleted", json!(false), json!(true)),
        EventKind::MailboxRestored
        | EventKind::AliasRestored
        | EventKind::DomainRestored
        | EventKind::OrgRestored => one("deleted", json!(true), json!(false)),
        EventKind::DomainAliasAdded | EventKind::DomainAliasRemoved => event
            .detail
            .changes
            .iter()
            .flat_map(|change| {
                let name = change
                    .after
                    .as_str()
                    .or(change.before.as_str())
                    .unwrap_or_default();
                let (before, after) = (json!(!change.before.is_null()), json!(!change.after.is_null()));
                one(&format!("alias {name}"), before, after)
            })
            .collect(),
        EventKind::OrgLimitsChanged | EventKind::DomainLimitsChanged => {
            let mut changes = event.detail.changes.clone();
            for change in &mut changes {
                change.field.insert_str(0, LIMITS);
            }
            changes
        }
        _ => event.detail.changes.clone(),
    }
}

/// Before the names of limits, which other fields of the same thing have too.
pub(super) const LIMITS: &str = "limits.";

/// What is changed together is taken back together.
fn group(field: &str) -> &str {
    if field.starts_with("forwarding.") {
        "forwarding"
    } else {
        field
    }
}

/// Whether these two touched the same.
fn touch_the_same(one: &EventRecord, other: &[FieldChange]) -> bool {
    let touched = facts(one);
    touched
        .iter()
        .any(|fact| other.iter().any(|own| group(&own.field) == group(&fact.field)))
}

/// Refuses when a newer one of these events touched what the last of them touched.
pub(super) fn nothing_newer(events: &[EventRecord], thing: &Thing) -> Result<(), Refusal> {
    let Some((last, newer)) = events.split_last() else {
        return Err(nothing_left());
    };
    let own = facts(last);
    match newer.iter().find(|event| touch_the_same(event, &own)) {
        Some(_) => Err(superseded(events, thing)),
        None => Ok(()),
    }
}

/// Why the last of these events cannot be taken back: what touched the same after it, and what became of each field.
pub(super) fn superseded(events: &[EventRecord], thing: &Thing) -> Refusal {
    let Some((last, newer)) = events.split_last() else {
        return nothing_left();
    };
    let own = facts(last);
    let mut refusal = match newer.iter().find(|event| touch_the_same(event, &own)) {
        Some(newer) => Refusal::new(
            "superseded",
            format!(
                "\u{201c}{}\u{201d} by {} came after it and touched the same.",
                newer.kind.sentence(),
                newer.actor
            ),
            "Take the newer change back first, or make the change anew.",
        ),
        None => nothing_left(),
    };
    let conflicts = own
        .into_iter()
        .map(|fact| Conflict {
            now: now(thing, &fact.field).unwrap_or(Value::Null),
            field: fact.field,
            then: fact.after,
            undo: fact.before,
        })
        .collect();
    refusal.conflicts = Some(Box::new(Conflicts(conflicts)));
    refusal
}

/// Nothing is left of it that could be taken back.
pub(super) fn nothing_left() -> Refusal {
    Refusal::new(
        "superseded",
        "This cannot be taken back any more.",
        "Make the change anew.",
    )
}

/// What a field is now.
fn now(thing: &Thing, field: &str) -> Option<Value> {
    if field == "deleted" {
        return Some(json!(thing.is_in_bin()));
    }
    match thing {
        Thing::Mailbox(mailbox) => mailbox_now(mailbox, field),
        Thing::Alias(alias) => match field {
            "address" => Some(json!(alias.address.to_string())),
            "destinations" => {
                let to: Vec<String> = alias.destinations.iter().map(ToString::to_string).collect();
                Some(json!(to))
            }
            "description" => Some(json!(alias.description)),
            "enabled" => Some(json!(alias.enabled)),
            "external_id" => Some(json!(alias.external_id)),
            _ => None,
        },
        Thing::Domain(domain) => match field {
            "note" => Some(json!(domain.note)),
            "external_id" => Some(json!(domain.external_id)),
            "default_quota_bytes" => Some(json!(domain.default_quota)),
            "suspended" => Some(json!(domain.suspension.is_some())),
            "org" => Some(json!(domain.org_id.to_string())),
            _ => limit_now(&domain.limits, field),
        },
        Thing::Org(org) => match field {
            "name" => Some(json!(org.name)),
            "contact" => Some(json!(org.contact)),
            "external_id" => Some(json!(org.external_id)),
            "suspended" => Some(json!(org.suspension.is_some())),
            "parent" => Some(json!(org.parent_id.map(|id| id.to_string()))),
            _ => limit_now(&org.limits, field),
        },
        Thing::Person(person) => match field {
            "name" => Some(json!(person.name)),
            "suspended" => Some(json!(person.suspended_at.is_some())),
            _ => None,
        },
    }
}

fn limit_now(limits: &Limits, field: &str) -> Option<Value> {
    match field.strip_prefix(LIMITS)? {
        "domains" => Some(json!(limits.domains)),
        "mailboxes" => Some(json!(limits.mailboxes)),
        "aliases" => Some(json!(limits.aliases)),
        "accounts" => Some(json!(limits.accounts)),
        "quota_bytes" => Some(json!(limits.quota)),
        "mailbox_quota_bytes" => Some(json!(limits.mailbox_quota)),
        "sharing" => Some(json!(limits.sharing)),
        _ => None,
    }
}

fn mailbox_now(mailbox: &Mailbox, field: &str) -> Option<Value> {
    let forwarding = mailbox.forwarding.as_ref();
    match field {
        "display_name" => Some(json!(mailbox.display_name)),
        "quota_bytes" => Some(json!(mailbox.quota)),
        "external_id" => Some(json!(mailbox.external_id)),
        "labels" => Some(json!(mailbox.labels)),
        "address" => Some(json!(mailbox.address.to_string())),
        "suspended" => Some(json!(mailbox.suspension.is_some())),
        "protocols.imap" => Some(json!(mailbox.protocols.imap)),
        "protocols.pop3" => Some(json!(mailbox.protocols.pop3)),
        "protocols.smtp" => Some(json!(mailbox.protocols.smtp)),
        "protocols.sieve" => Some(json!(mailbox.protocols.sieve)),
        "protocols.webmail" => Some(json!(mailbox.protocols.webmail)),
        "forwarding.destinations" => Some(json!(forwarding.map(|is| &is.destinations))),
        "forwarding.keep_copy" => Some(json!(forwarding.map(|is| is.keep_copy))),
        "forwarding.until" => Some(json!(forwarding.map(|is| is.until))),
        _ => None,
    }
}

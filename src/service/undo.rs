//! The way back: what happened can be taken back until something newer touched the same. The way back is the ordinary
//! change that anybody would make by hand, with its own permit and its own entry, which names what it took back.

mod deeds;
mod facts;

use serde_json::Value;

use super::{App, Done, aliases, audit, domains, grants, mailboxes, orgs, people};
use crate::access::{AuditRead, Call, Permission, Place};
use crate::error::Error;
use crate::model::{
    Alias, AliasId, Domain, DomainId, EventId, EventKind, FieldChange, Mailbox, MailboxId, Org, OrgId,
    Refusal,
};
use crate::store::{EventRecord, PageRequest, Person};

/// Entries of the audit that are looked through for the one that is to be taken back.
const FURTHEST: usize = 500;
/// How often it is judged anew when somebody was faster.
const TRIES: usize = 2;

/// Something that events are about, as it is now.
#[derive(Clone, Debug)]
pub enum Thing {
    /// A mailbox.
    Mailbox(Box<Mailbox>),
    /// An alias.
    Alias(Box<Alias>),
    /// A domain.
    Domain(Box<Domain>),
    /// An org.
    Org(Box<Org>),
    /// Somebody who can manage.
    Person(Box<Person>),
}

/// What was taken back, or would be.
#[derive(Clone, Debug)]
pub struct Undone {
    /// What happened then.
    pub kind: EventKind,
    /// What it was about, as it was before it was taken back.
    pub thing: Thing,
}

/// Takes one event back, unless something newer touched the same.
pub async fn undo(app: &App, call: &Call, event: EventId) -> Result<Done<Undone>, Error> {
    if !call.actor.may_anywhere::<AuditRead>() {
        return Err(Error::Refused(AuditRead::ACTION));
    }
    let mut tries = 1;
    loop {
        let done = once(app, call, event).await;
        // Whoever was faster is seen at the second look, which says what they did.
        let lost = match &done {
            Ok(done) => done.events.is_empty(),
            Err(Error::Stale { .. } | Error::NotFound(_) | Error::Against(_)) => true,
            Err(_) => false,
        };
        if !lost {
            return done;
        }
        if tries == TRIES {
            return match done {
                Ok(_) => Err(facts::nothing_left().into()),
                done => done,
            };
        }
        tries += 1;
    }
}

async fn once(app: &App, call: &Call, event: EventId) -> Result<Done<Undone>, Error> {
    let (thing, events) = find(app, call, event).await?;
    let Some(kind) = events.last().map(|event| event.kind) else {
        return Err(unknown(event));
    };
    let deed = deeds::judge(&events, &thing)?;
    let call = Call {
        undoes: Some(event),
        ..call.clone()
    };
    let events = deeds::carry_out(app, &call, &thing, deed).await?;
    Ok(Done {
        value: Undone { kind, thing },
        events,
    })
}

fn unknown(event: EventId) -> Error {
    Error::not_found("event", &event.to_string())
}

/// What the event is about as it is now, and its events from the newest down to this one. Whoever does not see the
/// thing, or not what happened to it, learns nothing of the event.
async fn find(app: &App, call: &Call, event: EventId) -> Result<(Thing, Vec<EventRecord>), Error> {
    let hidden = |error| match error {
        Error::NotFound(_) | Error::Moved(_) | Error::Refused(_) => unknown(event),
        error => error,
    };
    let (kind, id) = app
        .store
        .event_about(event)
        .await?
        .ok_or_else(|| unknown(event))?;
    let (thing, place) = thing(app, call, &kind, id).await.map_err(hidden)?;
    let events = newest_down_to(app, call, &place, id, event)
        .await
        .map_err(hidden)?;
    Ok((thing, events))
}

async fn thing(app: &App, call: &Call, kind: &str, id: uuid::Uuid) -> Result<(Thing, Place), Error> {
    match kind {
        "mailbox" => {
            let at = mailboxes::MailboxRef::Id(MailboxId::from(id));
            let (mailbox, permit) = mailboxes::get(app, call, &at).await?;
            Ok((Thing::Mailbox(Box::new(mailbox)), permit.place().clone()))
        }
        "alias" => {
            let at = aliases::AliasRef::Id(AliasId::from(id));
            let (alias, permit) = aliases::get(app, call, &at).await?;
            Ok((Thing::Alias(Box::new(alias)), permit.place().clone()))
        }
        "domain" => {
            let (domain, permit) = domains::by_id(app, call, DomainId::from(id)).await?;
            Ok((Thing::Domain(Box::new(domain)), permit.place().clone()))
        }
        "org" => {
            let (org, permit) = orgs::get(app, call, OrgId::from(id)).await?;
            Ok((Thing::Org(Box::new(org)), permit.place().clone()))
        }
        "account" => {
            let (person, permit) = people::get(app, call, id.into()).await?;
            Ok((Thing::Person(Box::new(person)), permit.place().clone()))
        }
        _ => Err(Refusal::new(
            "no_way_back",
            format!("What happened to a {kind} is not taken back."),
            "Make the change anew where it was made.",
        )
        .into()),
    }
}

/// The events of a thing from the newest down to this one.
pub(super) async fn newest_down_to(
    app: &App,
    call: &Call,
    place: &Place,
    subject: uuid::Uuid,
    wanted: EventId,
) -> Result<Vec<EventRecord>, Error> {
    let mut request = PageRequest::first(50);
    let mut events = Vec::new();
    while events.len() < FURTHEST {
        let found = audit::of_subject(app, call, place.clone(), subject, &request).await?;
        for event in found.items {
            let is_it = event.id == wanted;
            events.push(event);
            if is_it {
                return Ok(events);
            }
        }
        request.after = found.next;
        if request.after.is_none() {
            break;
        }
    }
    Err(unknown(wanted))
}

/// Which of these events of one thing can be taken back, by what is known of it. They are its newest, newest first;
/// events of other things among them are none of its own.
pub fn possible(events: &[EventRecord], thing: &Thing) -> Vec<bool> {
    let own = |event: &&EventRecord| event.subject_id == thing.id();
    let judged = |at: usize| {
        let event = events.get(at)?;
        let down_to: Vec<EventRecord> = events.get(..=at)?.iter().filter(own).cloned().collect();
        Some(own(&event) && deeds::judge(&down_to, thing).is_ok())
    };
    (0..events.len()).map(|at| judged(at).unwrap_or(false)).collect()
}

impl Thing {
    /// Its id.
    pub fn id(&self) -> uuid::Uuid {
        match self {
            Self::Mailbox(mailbox) => mailbox.id.uuid(),
            Self::Alias(alias) => alias.id.uuid(),
            Self::Domain(domain) => domain.id.uuid(),
            Self::Org(org) => org.id.uuid(),
            Self::Person(person) => person.id.uuid(),
        }
    }

    fn is_in_bin(&self) -> bool {
        match self {
            Self::Mailbox(mailbox) => mailbox.deleted.is_some(),
            Self::Alias(alias) => alias.deleted.is_some(),
            Self::Domain(domain) => domain.deleted.is_some(),
            Self::Org(org) => org.deleted.is_some(),
            Self::Person(_) => false,
        }
    }

    fn version(&self) -> i64 {
        match self {
            Self::Mailbox(mailbox) => mailbox.version,
            Self::Alias(alias) => alias.version,
            Self::Domain(domain) => domain.version,
            Self::Org(org) => org.version,
            Self::Person(person) => person.version,
        }
    }
}

fn before<'a>(changes: &'a [FieldChange], field: &str) -> Option<&'a Value> {
    changes
        .iter()
        .find(|change| change.field == field)
        .map(|change| &change.before)
}

//! Looking after a customer as their support: with a reason and a ticket, for half an hour, seen by the customer.

use std::time::Duration;

use rand::RngExt as _;
use subtle::ConstantTimeEq as _;

use super::{App, Done};
use crate::access::{Acting, Actor, AuditRead, Call, Credential, Permit, SupportAssist};
use crate::error::Error;
use crate::model::{
    AccountId, ActingId, Event, EventKind, LetterKind, Org, OrgId, Reason, Refusal, Subject, Timestamp,
};
use crate::store::{ActingRecord, Person};

/// How long it goes on at most.
pub const MINUTES: u64 = 30;
/// How long a caller's code is good.
pub const CODE_MINUTES: u64 = 10;
/// How often a caller's code is tried before it is worth nothing.
const MOST_TRIES: i64 = 5;
/// Letters with a code that an account is sent in an hour.
const MOST_LETTERS_AN_HOUR: i64 = 5;

async fn open(app: &App, call: &Call, org: OrgId) -> Result<(Org, Permit<SupportAssist>), Error> {
    let opened = app.store.org(org).await?.open(&call.actor);
    opened.map_err(|denied| Error::denied(denied, "org", &org.to_string()))
}

/// The org, for those who may look after it.
pub async fn may_begin(app: &App, call: &Call, org: OrgId) -> Result<Org, Error> {
    Ok(open(app, call, org).await?.0)
}

/// Begins to look after a customer.
pub async fn begin(
    app: &App,
    call: &Call,
    org: OrgId,
    reason: Reason,
    ticket: Reason,
) -> Result<Done<ActingRecord>, Error> {
    let (found, permit) = open(app, call, org).await?;
    if *call.actor.credential() != Credential::Session {
        let detail = "A token cannot look after a customer in their place.";
        let next = "Sign in to the portal and do it there.";
        return Err(Error::Forbidden(Refusal::new("not_by_token", detail, next)));
    }
    let account = call.actor.identity().account.ok_or(Error::Unknown)?;

    let mut change = app.store.change(call, permit).await?;
    let now = change.now();
    let acting = ActingRecord {
        id: app.ids.next(),
        account,
        name: call.actor.identity().name.clone(),
        org,
        reason: reason.as_str().to_owned(),
        ticket: ticket.as_str().to_owned(),
        started_at: now,
        ends_at: now.plus(Duration::from_mins(MINUTES)),
        ended_at: None,
    };
    change.begin_acting(&acting)?;
    let text = format!(
        "{} looks after {} on ticket {}",
        acting.name, found.name, acting.ticket
    );
    let event = Event::new(
        EventKind::SupportBegan,
        Subject::new("org", org.uuid(), &found.name),
    );
    let events = change
        .commit(vec![event.saying(text).because(reason.as_str())])
        .await?;
    Ok(Done {
        value: acting,
        events,
    })
}

/// The actor as the support that their session says they are: asked anew at each request, on every node. Nothing when
/// that is over, or they may not any more.
pub async fn resume(app: &App, actor: &Actor, id: ActingId) -> Result<Option<Actor>, Error> {
    let Some(account) = actor.identity().account else {
        return Ok(None);
    };
    let Some(found) = app.store.acting(id, account).await? else {
        return Ok(None);
    };
    let Ok((org, permit)) = app.store.org(found.org).await?.open::<SupportAssist>(actor) else {
        return Ok(None);
    };
    let acting = Acting {
        id,
        org: found.org,
        path: permit.place().org.clone(),
        name: org.name.to_string(),
        reason: found.reason,
        ticket: found.ticket,
        ends_at: found.ends_at,
    };
    Ok(actor.acting_for(acting).ok())
}

/// Stops looking after a customer. `call` is that of the person themselves.
pub async fn stop(app: &App, call: &Call, acting: &Acting) -> Result<Done<()>, Error> {
    let (found, permit) = open(app, call, acting.org).await?;
    let mut change = app.store.change(call, permit).await?;
    if !change.end_acting(acting.id).await? {
        return Ok(Done::nothing(()));
    }
    let name = &call.actor.identity().name;
    let text = format!(
        "{name} stopped looking after {} on ticket {}",
        found.name, acting.ticket
    );
    let subject = Subject::new("org", acting.org.uuid(), &found.name);
    let event = Event::new(EventKind::SupportEnded, subject).saying(text);
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: (), events })
}

/// Who looked after an org, the newest first, for those who may see what happened there.
pub async fn looked_after(app: &App, call: &Call, org: OrgId) -> Result<(Org, Vec<ActingRecord>), Error> {
    let opened = app.store.org(org).await?.open::<AuditRead>(&call.actor);
    let (found, permit) = opened.map_err(|denied| Error::denied(denied, "org", &org.to_string()))?;
    Ok((found, app.store.looked_after(&permit).await?))
}

/// A code of six digits that one reads out to the desk, and until when it is good. Whoever acts in another's place
/// gets none, and a token neither.
pub async fn caller_code(app: &App, call: &Call) -> Result<(String, Timestamp), Error> {
    let account = call.actor.identity().account.ok_or(Error::Unknown)?;
    if call.actor.acting().is_some() || *call.actor.credential() != Credential::Session {
        let detail = "Only whoever has signed in themselves gets a code.";
        return Err(Error::Forbidden(Refusal::new(
            "not_in_person",
            detail,
            "Stop acting first.",
        )));
    }
    new_code(app, account).await
}

/// A new code of an account; the one before ends.
pub(super) async fn new_code(app: &App, account: AccountId) -> Result<(String, Timestamp), Error> {
    let code = app
        .ids
        .with_random(|random| format!("{:06}", random.random_range(0..1_000_000)));
    let until = app.clock.now().plus(Duration::from_mins(CODE_MINUTES));
    app.store
        .put_caller_code(account, &digest(account, &code), until)
        .await?;
    Ok((code, until))
}

/// Sends a code to the address of whoever says to be this account, who reads it out. Whoever orders it does not see it.
pub async fn order_code(app: &App, call: &Call, account: AccountId) -> Result<Done<Person>, Error> {
    let opened = app
        .store
        .person(account)
        .await?
        .open::<SupportAssist>(&call.actor);
    let (person, permit): (Person, _) =
        opened.map_err(|denied| Error::denied(denied, "account", &account.to_string()))?;
    if !app.sends_letters || person.invited || person.suspended_at.is_some() {
        let detail = format!("{} cannot be sent a code.", person.name);
        let next = "Somebody who can sign in makes one on the page of their account.";
        return Err(Refusal::new("no_letters", detail, next).into());
    }

    let mut change = app.store.change(call, permit).await?;
    let now = change.now();
    let kind = LetterKind::CallerCode;
    let lately = now.minus(Duration::from_hours(1));
    if change.letters_since(account, kind, lately).await? >= MOST_LETTERS_AN_HOUR {
        let detail = format!("{} was sent enough codes for this hour.", person.name);
        return Err(Refusal::new(
            "too_many_letters",
            detail,
            "Use the last one, or come back later.",
        )
        .into());
    }
    let until = now.plus(Duration::from_mins(CODE_MINUTES));
    change.put_letter(app.ids.next(), kind, account, &person.email, until)?;
    let subject = Subject::new("account", account.uuid(), &person.email);
    let text = format!("A letter to {} brings a code to read out", person.email);
    let event = Event::new(EventKind::SupportCodeOrdered, subject).saying(text);
    let events = change.commit(vec![event]).await?;
    app.store.letters.ring();
    Ok(Done {
        value: person,
        events,
    })
}

fn digest(account: AccountId, code: &str) -> Vec<u8> {
    super::tokens::digest(&format!("{account} {code}"))
}

/// Whether a caller who says to be this account read out its code. Each code is good once, and for a few tries; what came
/// of it is written down.
pub async fn check_caller(
    app: &App,
    call: &Call,
    account: AccountId,
    code: &str,
) -> Result<Done<bool>, Error> {
    let opened = app
        .store
        .person(account)
        .await?
        .open::<SupportAssist>(&call.actor);
    let (person, permit): (Person, _) =
        opened.map_err(|denied| Error::denied(denied, "account", &account.to_string()))?;
    let wanted = digest(account, code.trim());

    let mut change = app.store.change(call, permit).await?;
    let kept = change.try_caller_code(account, MOST_TRIES).await?;
    let is_right = kept.is_some_and(|kept| bool::from(kept.as_slice().ct_eq(wanted.as_slice())));
    if is_right {
        change.use_caller_code(account)?;
    }
    let subject = Subject::new("account", account.uuid(), &person.email);
    let text = if is_right {
        format!("The caller read out the code of {}", person.name)
    } else {
        format!("The caller did not read out the code of {}", person.name)
    };
    let event = Event::new(EventKind::SupportCallerChecked, subject).saying(text);
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: is_right,
        events,
    })
}

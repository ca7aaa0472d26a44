//! Who can manage: people and services are invited, changed and switched off by those who hold at least as much.

use super::grants::{self, GrantWish, in_person, outranked, own_access};
use super::ways_in::{OneTimeLink, Way};
use super::{App, Done, accounts};
use crate::access::{
    AccountInvite, AccountRead, AccountSuspend, AccountUpdate, Against, Call, Grant, Object, OrgPath,
    Permission, Permit, Scope, TokenManageAny,
};
use crate::error::Error;
use crate::model::{
    AccountId, DisplayName, Event, EventKind, Language, OrgId, Reason, Refusal, Subject, Timestamp,
};
use crate::store::{AccountDraft, AccountKind, Change, LinkPurpose, Page, PageRequest, Person, WritesGrants};

/// Days that an invitation is good.
pub const INVITATION_DAYS: u64 = 7;

/// Somebody to be invited, with the role they are invited to.
#[derive(Debug)]
pub struct Invitation {
    /// A person, or a service.
    pub kind: AccountKind,
    /// The address to sign in with; for a service a name it is known by.
    pub email: String,
    /// The name.
    pub name: DisplayName,
    /// The role.
    pub grant: GrantWish,
    /// How the link gets to them.
    pub by: HandOver,
}

/// How an invitation's link gets to whom it is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum HandOver {
    /// In a letter to their address; shown instead, where no letters are sent.
    Letter,
    /// Shown to whoever invites.
    Shown,
}

/// Somebody who was invited.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The account.
    pub person: Person,
    /// How they come in, if it is to be handed over; a service does not, and nobody does after a dry run.
    pub link: Option<OneTimeLink>,
}

async fn open<P: Permission>(app: &App, call: &Call, id: AccountId) -> Result<(Person, Permit<P>), Error> {
    let opened = app.store.person(id).await?.open(&call.actor);
    opened.map_err(|denied| Error::denied(denied, "account", &id.to_string()))
}

/// One account, with everything it holds that the caller may see.
pub async fn get(app: &App, call: &Call, id: AccountId) -> Result<(Person, Permit<AccountRead>), Error> {
    let (mut person, permit) = open::<AccountRead>(app, call, id).await?;
    show_only_what_is_seen(call, &mut person);
    Ok((person, permit))
}

/// What the caller may do with an account.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Verbs {
    /// Switch it off.
    pub suspend: bool,
    /// Switch it on again.
    pub resume: bool,
    /// What a link that they hand over is for.
    pub hand_over: Option<LinkPurpose>,
}

impl Verbs {
    /// Make a new invitation.
    pub fn invite_again(&self) -> bool {
        self.hand_over == Some(LinkPurpose::Invitation)
    }

    /// Let them choose a new password.
    pub fn choose_anew(&self) -> bool {
        self.hand_over == Some(LinkPurpose::Reset)
    }
}

/// What the caller may do with an account: nothing with their own, nor with one that holds more than they do.
pub async fn verbs(app: &App, call: &Call, id: AccountId) -> Result<Verbs, Error> {
    let (person, _) = open::<AccountRead>(app, call, id).await?;
    let is_off = person.suspended_at.is_some();
    let switches = yes(below::<AccountSuspend>(app, call, id).await)?;
    let lets_in = call.actor.acting().is_none() && yes(below::<AccountInvite>(app, call, id).await)?;
    Ok(Verbs {
        suspend: switches && !is_off,
        resume: switches && is_off,
        hand_over: (lets_in && !is_off && person.kind == AccountKind::Person).then_some(if person.invited {
            LinkPurpose::Invitation
        } else {
            LinkPurpose::Reset
        }),
    })
}

/// Whether something may be done, by how trying it was answered.
pub(super) fn yes<T>(answer: Result<T, Error>) -> Result<bool, Error> {
    match answer {
        Ok(_) => Ok(true),
        Err(Error::NotFound(_) | Error::Refused(_) | Error::Forbidden(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What somebody holds elsewhere is not shown to those who may not see who can manage there.
fn show_only_what_is_seen(call: &Call, person: &mut Person) {
    let seen = |grant: &Grant| call.actor.may::<AccountRead>(&grant.scope.place());
    person.grants.retain(|held| seen(&held.given.grant));
}

/// A page of the accounts that the caller may see, by name, whose name or address has `words` in it.
pub async fn list(app: &App, call: &Call, words: &str, page: &PageRequest) -> Result<Page<Person>, Error> {
    let reach = call.actor.reach::<AccountRead>();
    let found = app.store.people(&reach, words, page).await?;
    Ok(found.map(|mut person| {
        show_only_what_is_seen(call, &mut person);
        person
    }))
}

/// Invites somebody to a role.
pub async fn invite(app: &App, call: &Call, new: Invitation) -> Result<Done<Invited>, Error> {
    let email = match new.kind {
        AccountKind::Person => accounts::parse_email(&new.email)?,
        AccountKind::Service => service_name(app),
    };
    let (offered, permit) = grants::offer::<AccountInvite>(app, call, &new.grant).await?;
    if new.kind == AccountKind::Service {
        let may = call.actor.permit::<TokenManageAny>(offered.grant.scope.place());
        let _permit = may.map_err(|denied| Error::denied(denied, "scope", &offered.scope_name))?;
    }
    let (org, path) = home(app, call, &offered.grant.scope).await?;
    let id: AccountId = app.ids.next();
    let way = Way::of(app, new.by, LinkPurpose::Invitation);
    let expires_at = expiry(app);

    let mut change = app.store.change(call, permit).await?;
    let now = change.now();
    let draft = AccountDraft {
        email: email.clone(),
        name: new.name.clone(),
        hash: None,
        kind: new.kind,
    };
    let mut access = change.access().await?;
    access.touch(id)?;
    change.accounts().insert(id, &draft, org, &path)?;
    change.accounts().grant(offered.grant.id, id, &offered.draft())?;
    let subject = Subject::new("account", id.uuid(), &email);
    let event = added(new.kind, subject.clone(), &new.name, &way, expires_at);
    let events = vec![event, offered.event(subject, new.name.as_str())];
    if new.kind == AccountKind::Person {
        way.open(&mut change, id, &email, expires_at)?;
    }
    let events = change.commit(events).await?;
    app.store.letters.ring();
    let person = if call.dry_run {
        preview(id, new.kind, email, new.name, (org, path), now)
    } else {
        open::<AccountRead>(app, call, id).await?.0
    };
    let link = way
        .link(app, expires_at)
        .filter(|_| new.kind == AccountKind::Person && !call.dry_run);
    Ok(Done {
        value: Invited { person, link },
        events,
    })
}

/// The event that somebody can come in, or some program.
fn added(kind: AccountKind, subject: Subject, name: &DisplayName, way: &Way, until: Timestamp) -> Event {
    match kind {
        AccountKind::Person => {
            let until = &until.rfc3339()[..10];
            let text = format!(
                "{name} can choose a password until {until}{}",
                way.spoken(&subject.name)
            );
            Event::new(EventKind::AccountInvited, subject).saying(text)
        }
        AccountKind::Service => {
            let text = format!("{name} is a service and acts by tokens");
            Event::new(EventKind::AccountCreated, subject).saying(text)
        }
    }
}

fn preview(
    id: AccountId,
    kind: AccountKind,
    email: String,
    name: DisplayName,
    (org_id, path): (OrgId, OrgPath),
    now: Timestamp,
) -> Person {
    Person {
        id,
        kind,
        org_id,
        path,
        org: String::new(),
        email,
        name,
        invited: kind == AccountKind::Person,
        language: Language::default(),
        suspended_at: None,
        last_sign_in_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
        grants: Vec::new(),
    }
}

/// A service has no address; what stands in its place can be no address of a person.
fn service_name(app: &App) -> String {
    format!("service-{}", app.ids.key(12))
}

fn expiry(app: &App) -> Timestamp {
    app.clock
        .now()
        .plus(std::time::Duration::from_hours(INVITATION_DAYS * 24))
}

/// The org that somebody belongs to who is invited to `scope`.
async fn home(app: &App, call: &Call, scope: &Scope) -> Result<(OrgId, OrgPath), Error> {
    match scope {
        Scope::Org(id, path) => Ok((*id, path.clone())),
        Scope::Domain(_, name, path) => {
            let name = name
                .parse()
                .map_err(|_| Error::defect("a scope's domain does not parse"))?;
            let (domain, _) = super::domains::get(app, call, &name).await?;
            Ok((domain.org_id, path.clone()))
        }
        Scope::System => Ok((super::orgs::provider(app, call).await?.id, OrgPath::root())),
    }
}

/// Only who holds at least as much as somebody changes them, and nobody changes themselves here.
pub(super) async fn below<P: Permission>(
    app: &App,
    call: &Call,
    id: AccountId,
) -> Result<(Person, Permit<P>), Error> {
    let (person, permit) = open::<P>(app, call, id).await?;
    let held: Vec<Grant> = person
        .grants
        .iter()
        .map(|held| held.given.grant.clone())
        .collect();
    let object = Object {
        account: Some(id),
        behind: &held,
        ..Object::at(permit.place())
    };
    match call.actor.judge(P::ACTION, &object) {
        Ok(()) => Ok((person, permit)),
        Err(Against::Oneself) => Err(own_access()),
        Err(_) => Err(outranked(person.name.as_str())),
    }
}

/// Nobody got more in the meantime than the caller was seen to outrank.
pub(super) async fn still_below<P: WritesGrants>(
    change: &mut Change<P>,
    call: &Call,
    person: &Person,
) -> Result<(), Error> {
    let held = change.access().await?.of(person.id).await?;
    let held: Vec<Grant> = held.into_iter().map(|held| held.given.grant).collect();
    if call.actor.outranks(&held) {
        return Ok(());
    }
    Err(outranked(person.name.as_str()))
}

/// Makes a new link for somebody who has not chosen a password yet. The one before ends.
pub async fn invite_again(
    app: &App,
    call: &Call,
    id: AccountId,
    by: HandOver,
) -> Result<Done<Invited>, Error> {
    in_person(call)?;
    let (person, permit) = below::<AccountInvite>(app, call, id).await?;
    if !person.invited {
        let detail = format!("{} can sign in already, or never will.", person.name);
        return Err(Refusal::new("not_invited", detail, "There is nothing to send.").into());
    }
    let way = Way::of(app, by, LinkPurpose::Invitation);
    let expires_at = expiry(app);

    let mut change = app.store.change(call, permit).await?;
    still_below(&mut change, call, &person).await?;
    way.open(&mut change, id, &person.email, expires_at)?;
    let subject = Subject::new("account", id.uuid(), &person.email);
    let text = format!(
        "{} can choose a password until {}{}",
        person.name,
        &expires_at.rfc3339()[..10],
        way.spoken(&person.email)
    );
    let event = Event::new(EventKind::AccountInvited, subject).saying(text);
    let events = change.commit(vec![event]).await?;
    app.store.letters.ring();
    let link = way.link(app, expires_at).filter(|_| !call.dry_run);
    Ok(Done {
        value: Invited { person, link },
        events,
    })
}

/// Changes somebody's name.
pub async fn rename(app: &App, call: &Call, id: AccountId, name: DisplayName) -> Result<Done<Person>, Error> {
    let (before, permit) = below::<AccountUpdate>(app, call, id).await?;
    let mut change = app.store.change(call, permit).await?;
    change.hold_person(&before).await?;
    let mut after = before.clone();
    after.name = name;
    let subject = Subject::new("account", id.uuid(), &after.email);
    let event = Event::new(EventKind::AccountUpdated, subject).changing("name", &before.name, &after.name);
    if event.detail.changes.is_empty() {
        return Ok(Done {
            value: before,
            events: Vec::new(),
        });
    }
    change.save_person(&after)?;
    let events = change.commit(vec![event]).await?;
    after.version += 1;
    Ok(Done { value: after, events })
}

/// Switches somebody off: no sign-in, no session, no token, at their next request, on every node.
pub async fn suspend(app: &App, call: &Call, id: AccountId, reason: Reason) -> Result<Done<Person>, Error> {
    switch(app, call, id, Some(reason)).await
}

/// Switches somebody on again, with what they held.
pub async fn resume(app: &App, call: &Call, id: AccountId) -> Result<Done<Person>, Error> {
    switch(app, call, id, None).await
}

async fn switch(
    app: &App,
    call: &Call,
    id: AccountId,
    reason: Option<Reason>,
) -> Result<Done<Person>, Error> {
    let (before, permit) = below::<AccountSuspend>(app, call, id).await?;
    let mut change = app.store.change(call, permit).await?;
    still_below(&mut change, call, &before).await?;
    change.hold_person(&before).await?;
    if before.suspended_at.is_some() == reason.is_some() {
        return Ok(Done {
            value: before,
            events: Vec::new(),
        });
    }
    let mut after = before.clone();
    after.suspended_at = reason.as_ref().map(|_| change.now());
    change.save_person(&after)?;
    if reason.is_some() {
        change.end_sessions(id)?;
        let held = change.access().await?.of(id).await?;
        grants::keeps_an_operator(&mut change.access().await?, &held).await?;
    }
    let subject = Subject::new("account", id.uuid(), &after.email);
    let event = match reason {
        Some(reason) => Event::new(EventKind::AccountSuspended, subject)
            .saying(format!("{} has no way in any more", after.name))
            .because(reason.as_str()),
        None => {
            Event::new(EventKind::AccountResumed, subject).saying(format!("{} can sign in again", after.name))
        }
    };
    let events = change.commit(vec![event]).await?;
    after.version += 1;
    Ok(Done { value: after, events })
}

//! Roles are given and taken: nobody hands on more than they hold, and what was handed on ends with what it came from.

use std::collections::BTreeSet;

use super::{App, Done, roles};
use crate::access::{
    Action, Beyond, Call, Credential, Given, Grant, GrantManage, Offer, Permission, Permit, Role, RoleRef,
    Scope, ends_with,
};
use crate::error::Error;
use crate::model::{
    AccountId, DomainName, Event, EventKind, GrantId, Invalid, OrgId, Reason, Refusal, RoleId, Subject,
    Timestamp,
};
use crate::store::{Access, Change, GrantDraft, GrantRecord, WritesGrants};

/// A role as somebody names it: a built-in one, or an org's own.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum RoleName {
    /// A built-in one.
    BuiltIn(Role),
    /// An org's own.
    Own(RoleId),
}

impl std::str::FromStr for RoleName {
    type Err = crate::access::UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(id) => Ok(Self::Own(id)),
            Err(_) => text.parse().map(Self::BuiltIn),
        }
    }
}

/// A scope as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeName {
    /// Everything.
    System,
    /// An org and all below it.
    Org(OrgId),
    /// One domain.
    Domain(DomainName),
}

/// The text names no scope.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give system, the id of an org, or the name of a domain")]
pub struct NoScope;

impl std::str::FromStr for ScopeName {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Self, NoScope> {
        if text == "system" {
            return Ok(Self::System);
        }
        let org = text.parse().map(Self::Org);
        org.or_else(|_| text.parse().map(Self::Domain))
            .map_err(|_| NoScope)
    }
}

/// A role to be given.
#[derive(Clone, Debug)]
pub struct GrantWish {
    /// The role.
    pub role: RoleName,
    /// On what.
    pub scope: ScopeName,
    /// Until when; `None` is without end.
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<Reason>,
}

/// A role that may be given: the grant it would become, and what its scope is called.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) grant: Grant,
    pub(super) scope_name: String,
    pub(super) reason: String,
}

impl Offered {
    pub(super) fn draft(&self) -> GrantDraft {
        GrantDraft {
            role: self.grant.role.clone(),
            scope: self.grant.scope.clone(),
            expires_at: self.grant.expires_at,
            reason: self.reason.clone(),
        }
    }

    /// The event that `holder` was given it.
    pub(super) fn event(&self, subject: Subject, holder: &str) -> Event {
        let until = self
            .grant
            .expires_at
            .map(|end| format!(" until {}", &end.rfc3339()[..10]));
        let text = format!(
            "{holder} is {} on {}{}",
            self.grant.role.title(),
            self.scope_name,
            until.unwrap_or_default()
        );
        let grant = Some(self.grant.id.to_string());
        let event = Event::new(EventKind::GrantGiven, subject)
            .saying(text)
            .changing("grant", &None, &grant);
        if self.reason.is_empty() {
            return event;
        }
        event.because(self.reason.clone())
    }
}

/// A token is nobody's way to more power, and a link is not either.
pub(super) fn in_person(call: &Call) -> Result<(), Error> {
    if !matches!(call.actor.credential(), Credential::Token(_)) {
        return Ok(());
    }
    let detail = "A token cannot change who may do what.";
    let next = "Sign in to the portal and do it there.";
    Err(Error::Forbidden(Refusal::new("not_by_token", detail, next)))
}

/// Finds what the wish names and asks whether the caller may hand it on. `P` is what the permit is for.
pub(super) async fn offer<P: Permission>(
    app: &App,
    call: &Call,
    wish: &GrantWish,
) -> Result<(Offered, Permit<P>), Error> {
    in_person(call)?;
    let (scope, scope_name) = find_scope(app, call, &wish.scope).await?;
    let denied = |denied| Error::denied(denied, "scope", &scope_name);
    let permit = call.actor.permit::<P>(scope.place()).map_err(denied)?;
    let (role, holds) = roles::find(app, call, wish.role, &scope).await?;
    let grant = Grant {
        id: app.ids.next(),
        role,
        holds,
        scope,
        expires_at: wish.expires_at,
    };
    if wish.expires_at.is_some_and(|end| end <= call.actor.now()) {
        let mut invalid = Invalid::default();
        invalid.push("/expires_at", "in_the_past", "choose a moment in the future");
        return Err(invalid.into());
    }
    call.actor
        .may_hand_on(Offer::of(&grant))
        .map_err(|beyond| too_much(beyond, &grant))?;
    let reason = wish.reason.as_ref().map(|reason| reason.as_str().to_owned());
    let offered = Offered {
        grant,
        scope_name,
        reason: reason.unwrap_or_default(),
    };
    Ok((offered, permit))
}

fn too_much(beyond: Beyond, grant: &Grant) -> Error {
    match beyond {
        Beyond::Scope => Error::not_found("scope", "this"),
        Beyond::Manage => Error::Refused(Action::GrantManage),
        Beyond::Permissions(missing) => {
            let detail = format!(
                "{} may {}, and you may not yourself.",
                grant.role.title(),
                missing.spoken()
            );
            let next = "Give a role that holds no more than you do, or ask somebody who holds more.";
            Error::Forbidden(Refusal::new("beyond_own_access", detail, next).at("/role"))
        }
        Beyond::End(end) => {
            let detail = format!("Your own access there ends at {}.", end.rfc3339());
            let next = "Choose an end that is not later than that.";
            Error::Forbidden(Refusal::new("beyond_own_access", detail, next).at("/expires_at"))
        }
    }
}

/// The scope that is meant and what it is called, for those who may give roles on it.
pub async fn scope(app: &App, call: &Call, name: &ScopeName) -> Result<(Scope, String), Error> {
    let found = find_scope(app, call, name).await?;
    let permit = call.actor.permit::<GrantManage>(found.0.place());
    match permit {
        Ok(_) => Ok(found),
        Err(denied) => Err(Error::denied(denied, "scope", &found.1)),
    }
}

async fn find_scope(app: &App, call: &Call, name: &ScopeName) -> Result<(Scope, String), Error> {
    match name {
        ScopeName::System => Ok((Scope::System, "everything".to_owned())),
        ScopeName::Org(id) => {
            let guarded = app.store.org(*id).await?;
            let opened = guarded.open::<GrantManage>(&call.actor);
            let (org, permit) = opened.map_err(|denied| Error::denied(denied, "org", &id.to_string()))?;
            if org.deleted.is_some() {
                return Err(in_the_bin(&org.name.to_string()));
            }
            let scope = Scope::Org(*id, permit.place().org.clone());
            Ok((scope, format!("{} and all below it", org.name)))
        }
        ScopeName::Domain(name) => {
            let (domain, permit) = app.live_domain::<GrantManage>(call, name).await?;
            let scope = Scope::Domain(domain.id, domain.name.to_string(), permit.place().org.clone());
            Ok((scope, domain.name.to_string()))
        }
    }
}

fn in_the_bin(name: &str) -> Error {
    Refusal::new("deleted", format!("{name} is in the bin."), "Restore it first.").into()
}

/// Nobody changes their own access.
pub(super) fn not_oneself(call: &Call, account: AccountId) -> Result<(), Error> {
    if call.actor.identity().account != Some(account) {
        return Ok(());
    }
    Err(own_access())
}

pub(super) fn own_access() -> Error {
    let detail = "Nobody changes their own access.";
    let next = "Ask somebody else who manages access.";
    Error::Forbidden(Refusal::new("own_access", detail, next))
}

/// Gives an account one more role.
pub async fn give(
    app: &App,
    call: &Call,
    account: AccountId,
    wish: GrantWish,
) -> Result<Done<GrantRecord>, Error> {
    let (offered, permit) = offer::<GrantManage>(app, call, &wish).await?;
    let (person, _) = super::people::get(app, call, account).await?;
    not_oneself(call, account)?;

    let mut change = app.store.change(call, permit).await?;
    let created_at = change.now();
    let mut access = change.access().await?;
    let held = access.of(account).await?;
    let same = |held: &&GrantRecord| {
        let grant = &held.given.grant;
        grant.role == offered.grant.role && grant.scope == offered.grant.scope && grant.is_live(created_at)
    };
    if let Some(held) = held.iter().find(same) {
        let detail = format!(
            "{} is {} there already.",
            person.name,
            held.given.grant.role.title()
        );
        return Err(Refusal::new(
            "already_given",
            detail,
            "Take that role away first to change its end.",
        )
        .into());
    }
    access.give(offered.grant.id, account, &offered.draft())?;
    let subject = Subject::new("account", account.uuid(), &person.email);
    let event = offered.event(subject, person.name.as_str());
    let events = change.commit(vec![event]).await?;
    let record = GrantRecord {
        given: Given {
            grant: offered.grant,
            to: account,
            by: call.actor.identity().account,
        },
        holder: person.name.to_string(),
        email: person.email,
        giver: Some(call.actor.identity().name.clone()),
        scope_name: offered.scope_name,
        reason: offered.reason,
        created_at,
    };
    Ok(Done {
        value: record,
        events,
    })
}

/// Takes a role away, and every role that was handed on through it. A dry run says which.
pub async fn revoke(
    app: &App,
    call: &Call,
    account: AccountId,
    id: GrantId,
) -> Result<Done<Vec<GrantRecord>>, Error> {
    in_person(call)?;
    let (person, _) = super::people::get(app, call, account).await?;
    let missing = || Error::not_found("grant", &id.to_string());
    let held = person.grants.iter().find(|held| held.given.grant.id == id);
    let grant = held.ok_or_else(missing)?.given.grant.clone();
    let permit = call.actor.permit::<GrantManage>(grant.scope.place());
    let permit = permit.map_err(|denied| Error::denied(denied, "grant", &id.to_string()))?;
    not_oneself(call, account)?;
    if !call.actor.outranks(std::slice::from_ref(&grant)) {
        return Err(outranked(person.name.as_str()));
    }

    let mut change = app.store.change(call, permit).await?;
    let gone = change.access().await?.find(id).await?;
    let ended = end(&mut change, vec![gone]).await?;
    let events = events_of(&ended, &person.email);
    let events = change.commit(events).await?;
    Ok(Done { value: ended, events })
}

/// Who holds more than the caller is out of the caller's hands.
pub(super) fn outranked(name: &str) -> Error {
    let detail = format!("{name} may do more than you, somewhere.");
    let next = "Ask somebody who holds at least as much.";
    Error::Forbidden(Refusal::new("outranked", detail, next))
}

/// Ends the grants `gone` and everything that was handed on through them.
pub(super) async fn end<P: WritesGrants>(
    change: &mut Change<P>,
    gone: Vec<GrantRecord>,
) -> Result<Vec<GrantRecord>, Error> {
    let now = change.now();
    let mut access = change.access().await?;
    let lost: BTreeSet<GrantId> = gone.iter().map(|held| held.given.grant.id).collect();
    let mut ended = gone;
    let holders: Vec<AccountId> = ended.iter().map(|held| held.given.to).collect();
    let followers = follow(&mut access, holders, &[], &lost, now).await?;
    ended.extend(followers);
    for held in &ended {
        access.end(held)?;
    }
    keeps_an_operator(&mut access, &ended).await?;
    Ok(ended)
}

/// What ends because nobody who gave it may hand it on any more, when `lost` is gone and `changed` holds something else.
/// Looked through is what `concerned` hold and gave, and so on.
pub(super) async fn follow<P: WritesGrants>(
    access: &mut Access<'_, P>,
    concerned: Vec<AccountId>,
    changed: &[GrantRecord],
    lost: &BTreeSet<GrantId>,
    now: Timestamp,
) -> Result<Vec<GrantRecord>, Error> {
    let (mut all, shaken) = access.downstream(concerned).await?;
    // What holds something else from now on is judged by that.
    for record in &mut all {
        if let Some(after) = changed
            .iter()
            .find(|after| after.given.grant.id == record.given.grant.id)
        {
            record.given.grant.holds = after.given.grant.holds;
        }
    }
    let given: Vec<Given> = all.iter().map(|record| record.given.clone()).collect();
    let ends: BTreeSet<GrantId> = ends_with(&given, &shaken, lost, now).into_iter().collect();
    all.retain(|record| ends.contains(&record.given.grant.id));
    all.sort_by_key(|record| record.given.grant.id.uuid());
    Ok(all)
}

/// The installation always keeps somebody who can do everything.
pub(super) async fn keeps_an_operator<P: WritesGrants>(
    access: &mut Access<'_, P>,
    ended: &[GrantRecord],
) -> Result<(), Error> {
    let operates = |held: &GrantRecord| {
        held.given.grant.role == RoleRef::BuiltIn(Role::Operator) && held.given.grant.scope == Scope::System
    };
    if !ended.iter().any(operates) || access.operators().await? > 0 {
        return Ok(());
    }
    let detail = "This is the last operator, and somebody has to be.";
    Err(Refusal::new("last_operator", detail, "Make somebody else an operator first.").into())
}

pub(super) fn events_of(ended: &[GrantRecord], first: &str) -> Vec<Event> {
    let told = ended.iter().map(|held| {
        let subject = Subject::new("account", held.given.to.uuid(), &held.email);
        let (role, scope) = (held.given.grant.role.title(), &held.scope_name);
        let text = format!("{} is no longer {role} on {scope}", held.holder);
        let event = Event::new(EventKind::GrantRevoked, subject).saying(text);
        if held.email == first {
            return event;
        }
        event.because(format!("It was handed on through what {first} held"))
    });
    told.collect()
}

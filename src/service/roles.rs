//! The roles there are: built-in ones, and those that orgs define themselves.

use std::collections::BTreeSet;

use super::grants::{self, RoleName};
use super::{App, Done};
use crate::access::{
    AccountRead, Action, Beyond, Call, Grant, Offer, Permissions, Role, RoleManage, RoleRef, Scope,
};
use crate::error::Error;
use crate::model::{DisplayName, Event, EventKind, Invalid, Note, OrgId, Refusal, RoleId, Subject};
use crate::store::{Change, GrantRecord, OwnRole};

/// A role to be defined.
#[derive(Clone, Debug)]
pub struct RoleDraft {
    /// Its name.
    pub name: DisplayName,
    /// What it is for.
    pub description: Note,
    /// What it holds.
    pub holds: Permissions,
}

/// What is to be changed of a role; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct RolePatch {
    /// A new name.
    pub name: Option<DisplayName>,
    /// What it is for.
    pub description: Option<Note>,
    /// What it holds from now on.
    pub holds: Option<Permissions>,
}

/// A role that was changed, and the grants that ended by it.
#[derive(Clone, Debug)]
pub struct RoleChanged {
    /// The role as it is now.
    pub role: OwnRole,
    /// The grants that ended: those that gave more than their giver holds.
    pub ended: Vec<GrantRecord>,
}

/// The role that is meant, for a grant on `scope`: an org's own is given inside that org only.
pub(super) async fn find(
    app: &App,
    call: &Call,
    name: RoleName,
    scope: &Scope,
) -> Result<(RoleRef, Permissions), Error> {
    let id = match name {
        RoleName::BuiltIn(role) => {
            // Everything is held on everything, or it would not be everything.
            if role == Role::Operator && *scope != Scope::System {
                let mut invalid = Invalid::default();
                let text = "an operator looks after everything: choose the scope system, or another role";
                invalid.push("/role", "scope", text);
                return Err(invalid.into());
            }
            return Ok((RoleRef::BuiltIn(role), Permissions::of(role)));
        }
        RoleName::Own(id) => id,
    };
    let known = visible(app, call).await?;
    let role = known.into_iter().find(|role| role.id == id);
    let role = role.ok_or_else(|| Error::not_found("role", &id.to_string()))?;
    if !role.path.contains(&scope.place().org) {
        let mut invalid = Invalid::default();
        let text = "this role belongs to another org: choose a scope inside that org, or another role";
        invalid.push("/role", "scope", text);
        return Err(invalid.into());
    }
    Ok((RoleRef::Own(role.id, role.name.as_str().into()), role.holds))
}

/// A role as it is offered to whoever gives roles.
#[derive(Clone, Debug)]
pub struct Offerable {
    /// What a grant calls it: the name of a built-in role, or the id of an org's own.
    pub key: String,
    /// Its name.
    pub title: String,
    /// What it holds.
    pub holds: Permissions,
}

/// Every role that the caller may hand on, on `scope`, perhaps until a date only.
pub async fn to_hand_on(app: &App, call: &Call, scope: &Scope) -> Result<Vec<Offerable>, Error> {
    let built_in = Role::ALL.iter().copied();
    let given = built_in.filter(|role| *role != Role::Operator || *scope == Scope::System);
    let mut all: Vec<Offerable> = given
        .map(|role| Offerable {
            key: role.as_str().to_owned(),
            title: role.title().to_owned(),
            holds: Permissions::of(role),
        })
        .collect();
    let own = visible(app, call).await?.into_iter();
    let inside = own.filter(|role| role.path.contains(&scope.place().org));
    all.extend(inside.map(|role| Offerable {
        key: role.id.to_string(),
        title: role.name.to_string(),
        holds: role.holds,
    }));
    all.retain(|role| {
        let offer = Offer {
            holds: role.holds,
            scope,
            expires_at: None,
        };
        matches!(call.actor.may_hand_on(offer), Ok(()) | Err(Beyond::End(_)))
    });
    Ok(all)
}

/// Every org's own role that the caller looks after or could hand on.
pub async fn visible(app: &App, call: &Call) -> Result<Vec<OwnRole>, Error> {
    let actor = &call.actor;
    let all = app.store.roles(&actor.reach::<AccountRead>()).await?;
    let own = |role: &OwnRole| actor.may::<AccountRead>(&crate::access::Place::org(role.path.clone()));
    let handed = |role: &OwnRole| {
        let held = actor
            .grants()
            .iter()
            .filter(|grant| role.path.contains(&grant.scope.place().org));
        let mut held = held.filter(|grant| grant.holds.has(Action::GrantManage));
        held.any(|grant| role.holds.within(grant.holds))
    };
    Ok(all.into_iter().filter(|role| own(role) || handed(role)).collect())
}

/// One of an org's own roles.
pub async fn get(app: &App, call: &Call, id: RoleId) -> Result<OwnRole, Error> {
    let known = visible(app, call).await?;
    let role = known.into_iter().find(|role| role.id == id);
    role.ok_or_else(|| Error::not_found("role", &id.to_string()))
}

/// Whoever holds a role does not define it, and nobody defines one that holds more than they do.
fn may_define(call: &Call, scope: &Scope, holds: Permissions) -> Result<(), Error> {
    let mut invalid = Invalid::default();
    if holds
        .without([Action::TokenManageOwn].into_iter().collect())
        .is_empty()
    {
        invalid.push("/permissions", "required", "choose at least one permission");
    }
    invalid.into_result()?;
    let there = call
        .actor
        .grants()
        .iter()
        .filter(|grant| grant.scope.covers(scope));
    let held = there
        .map(|grant| grant.holds)
        .fold(Permissions::NONE, Permissions::and);
    let missing = holds.without(held);
    if missing.is_empty() {
        return Ok(());
    }
    let detail = format!("You may not {} yourself.", missing.spoken());
    let next = "Leave it out, or ask somebody who holds it.";
    let refusal = Refusal::new("beyond_own_access", detail, next).at("/permissions");
    Err(Error::Forbidden(refusal))
}

/// What everybody holds who holds anything: their own tokens.
fn with_own_tokens(holds: Permissions) -> Permissions {
    holds.and([Action::TokenManageOwn].into_iter().collect())
}

/// Defines a role of an org.
pub async fn create(app: &App, call: &Call, org: OrgId, draft: RoleDraft) -> Result<Done<OwnRole>, Error> {
    grants::in_person(call)?;
    let opened = app.store.org(org).await?.open::<RoleManage>(&call.actor);
    let (found, permit) = opened.map_err(|denied| Error::denied(denied, "org", &org.to_string()))?;
    let path = permit.place().org.clone();
    let holds = with_own_tokens(draft.holds);
    may_define(call, &Scope::Org(org, path.clone()), holds)?;

    let mut change = app.store.change(call, permit).await?;
    let now = change.now();
    let role = OwnRole {
        id: app.ids.next(),
        org_id: org,
        path,
        name: draft.name,
        description: draft.description,
        holds,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    change.insert_role(&role)?;
    let text = format!("{} of {} may {}", role.name, found.name, role.holds.spoken());
    let event = Event::new(
        EventKind::RoleCreated,
        Subject::new("role", role.id.uuid(), &role.name),
    );
    let events = change.commit(vec![event.saying(text)]).await?;
    Ok(Done { value: role, events })
}

/// Changes a role. Every grant that gives it is looked at again: one that would give more than its giver holds ends, and
/// what was handed on through it. A dry run says which.
pub async fn update(
    app: &App,
    call: &Call,
    id: RoleId,
    patch: RolePatch,
) -> Result<Done<RoleChanged>, Error> {
    grants::in_person(call)?;
    let seen = get(app, call, id).await?;
    let permit = call
        .actor
        .permit::<RoleManage>(crate::access::Place::org(seen.path.clone()));
    let permit = permit.map_err(|denied| Error::denied(denied, "role", &id.to_string()))?;
    not_held(call, id)?;

    let mut change = app.store.change(call, permit).await?;
    let now = change.now();
    let _held = change.access().await?;
    let before = change.role(id).await?;
    let after = OwnRole {
        name: patch.name.unwrap_or_else(|| before.name.clone()),
        description: patch.description.unwrap_or_else(|| before.description.clone()),
        holds: patch.holds.map_or(before.holds, with_own_tokens),
        version: before.version + 1,
        updated_at: now,
        ..before.clone()
    };
    let scope = Scope::Org(before.org_id, before.path.clone());
    if after.holds != before.holds {
        // Who takes a permission out of a role decides about it as much as who puts one in.
        may_define(call, &scope, after.holds.and(before.holds))?;
    }
    let event = Event::new(
        EventKind::RoleUpdated,
        Subject::new("role", id.uuid(), &after.name),
    )
    .changing("name", &before.name, &after.name)
    .changing("description", &before.description, &after.description)
    .changing("permissions", &before.holds.to_string(), &after.holds.to_string());
    if event.detail.changes.is_empty() {
        let value = RoleChanged {
            role: before,
            ended: Vec::new(),
        };
        return Ok(Done {
            value,
            events: Vec::new(),
        });
    }
    change.save_role(&after)?;
    let ended = if after.holds == before.holds {
        Vec::new()
    } else {
        judge_anew(&mut change, &after).await?
    };
    let mut events = vec![event];
    events.extend(grants::events_of(&ended, ""));
    let events = change.commit(events).await?;
    Ok(Done {
        value: RoleChanged { role: after, ended },
        events,
    })
}

/// Ends the grants of a role that would give more than their givers hold, and what was handed on through them.
async fn judge_anew(change: &mut Change<RoleManage>, after: &OwnRole) -> Result<Vec<GrantRecord>, Error> {
    let now = change.now();
    let mut access = change.access().await?;
    let mut using = access.using(after.id).await?;
    for held in &mut using {
        held.given.grant.holds = after.holds;
        access.touch(held.given.to)?;
    }
    let givers = using.iter().filter_map(|held| held.given.by);
    let concerned: Vec<_> = using.iter().map(|held| held.given.to).chain(givers).collect();
    let ended = grants::follow(&mut access, concerned, &using, &BTreeSet::new(), now).await?;
    for held in &ended {
        access.end(held)?;
    }
    grants::keeps_an_operator(&mut access, &ended).await?;
    Ok(ended)
}

/// Nobody edits the roles they hold.
fn not_held(call: &Call, id: RoleId) -> Result<(), Error> {
    let holds = |grant: &Grant| matches!(grant.role, RoleRef::Own(own, _) if own == id);
    if !call.actor.grants().iter().any(holds) {
        return Ok(());
    }
    let detail = "You hold this role yourself, and nobody changes their own access.";
    Err(Error::Forbidden(Refusal::new(
        "own_access",
        detail,
        "Ask somebody else who manages roles.",
    )))
}

/// Takes a role away that nobody holds any more.
pub async fn delete(app: &App, call: &Call, id: RoleId) -> Result<Done<()>, Error> {
    grants::in_person(call)?;
    let seen = get(app, call, id).await?;
    let permit = call
        .actor
        .permit::<RoleManage>(crate::access::Place::org(seen.path.clone()));
    let permit = permit.map_err(|denied| Error::denied(denied, "role", &id.to_string()))?;
    not_held(call, id)?;

    let mut change = app.store.change(call, permit).await?;
    let held = change.access().await?.using(id).await?;
    let role = change.role(id).await?;
    if let Some(first) = held.first() {
        let detail = match held.len() {
            1 => format!("{} holds it.", first.holder),
            many => format!("{} and {} more hold it.", first.holder, many - 1),
        };
        return Err(Refusal::new("in_use", detail, "Give them another role first.").into());
    }
    change.delete_role(id)?;
    let event = Event::new(
        EventKind::RoleDeleted,
        Subject::new("role", id.uuid(), &role.name),
    );
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: (), events })
}

/// What the caller could put into a role of this org.
pub async fn definable(app: &App, call: &Call, org: OrgId) -> Result<Permissions, Error> {
    let opened = app.store.org(org).await?.open::<RoleManage>(&call.actor);
    let (_, permit) = opened.map_err(|denied| Error::denied(denied, "org", &org.to_string()))?;
    let there = call
        .actor
        .grants()
        .iter()
        .filter(|grant| grant.scope.contains(permit.place()));
    Ok(there
        .map(|grant| grant.holds)
        .fold(Permissions::NONE, Permissions::and))
}

/// What the caller could put into a role of some org.
pub fn definable_anywhere(call: &Call) -> Permissions {
    let defining = call
        .actor
        .grants()
        .iter()
        .filter(|grant| grant.holds.has(Action::RoleManage) && !matches!(grant.scope, Scope::Domain(..)));
    defining
        .map(|grant| grant.holds)
        .fold(Permissions::NONE, Permissions::and)
}

/// Who holds one of an org's own roles, as far as the caller may see who manages there.
pub async fn holders(app: &App, call: &Call, id: RoleId) -> Result<Vec<GrantRecord>, Error> {
    let role = get(app, call, id).await?;
    let mut held = app.store.grants_giving(&role).await?;
    held.retain(|held| call.actor.may::<AccountRead>(&held.given.grant.scope.place()));
    Ok(held)
}

//! What may be handed on, whom one outranks, and what ends with what. Pure, like the rest of the policy.

use std::collections::BTreeSet;

use super::{Action, Actor, Ceiling, Grant, Permissions, Role, Scope};
use crate::model::{AccountId, GrantId, Timestamp};

/// Something to be handed on: permissions on a scope, perhaps until a date.
#[derive(Copy, Clone, Debug)]
pub struct Offer<'a> {
    /// What is given.
    pub holds: Permissions,
    /// On what.
    pub scope: &'a Scope,
    /// Until when; `None` is without end.
    pub expires_at: Option<Timestamp>,
}

impl<'a> Offer<'a> {
    /// What `grant` gives.
    pub fn of(grant: &'a Grant) -> Self {
        Self {
            holds: grant.holds,
            scope: &grant.scope,
            expires_at: grant.expires_at,
        }
    }
}

/// Why something may not be handed on.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// No own grant reaches the whole scope.
    Scope,
    /// `grant.manage` is not held there.
    Manage,
    /// These permissions are not held there.
    Permissions(Permissions),
    /// What is held there ends at this moment, and nothing handed on outlasts it.
    End(Timestamp),
}

/// Whether whoever holds `own` at `now` may hand `offer` on: `grant.manage` and every permission of it, on all of its
/// scope, for at least as long.
pub fn may_hand_on(own: &[Grant], offer: Offer<'_>, now: Timestamp) -> Result<(), Beyond> {
    let there = held_on(own, offer.scope, now);
    if there.is_empty() {
        return Err(Beyond::Scope);
    }
    let held = union(&there);
    if !held.has(Action::GrantManage) {
        return Err(Beyond::Manage);
    }
    let missing = offer.holds.without(held);
    if !missing.is_empty() {
        return Err(Beyond::Permissions(missing));
    }
    let manage = std::iter::once(Action::GrantManage);
    let end = offer
        .holds
        .iter()
        .chain(manage)
        .filter_map(|action| last(&there, action))
        .min();
    match end {
        Some(end) if offer.expires_at.is_none_or(|wanted| end < wanted) => Err(Beyond::End(end)),
        _ => Ok(()),
    }
}

/// Whether whoever holds `own` holds at least what each of `theirs` gives, on all of its scope.
pub fn outranks(own: &[Grant], theirs: &[Grant], now: Timestamp) -> bool {
    theirs
        .iter()
        .filter(|grant| grant.is_live(now))
        .all(|grant| grant.holds.within(union(&held_on(own, &grant.scope, now))))
}

fn held_on<'a>(own: &'a [Grant], scope: &Scope, now: Timestamp) -> Vec<&'a Grant> {
    own.iter()
        .filter(|grant| grant.is_live(now) && grant.scope.covers(scope))
        .collect()
}

fn union(grants: &[&Grant]) -> Permissions {
    grants
        .iter()
        .fold(Permissions::NONE, |held, grant| held.and(grant.holds))
}

/// When the longest of the grants that hold `action` ends; `None` when one never does.
fn last(grants: &[&Grant], action: Action) -> Option<Timestamp> {
    let mut ends = grants
        .iter()
        .filter(|grant| grant.holds.has(action))
        .map(|grant| grant.expires_at);
    ends.try_fold(None, |last, end| Some(last.max(Some(end?))))
        .flatten()
}

impl Actor {
    /// Whether the actor may hand `offer` on.
    pub fn may_hand_on(&self, offer: Offer<'_>) -> Result<(), Beyond> {
        may_hand_on(self.grants(), offer, self.now())
    }

    /// Whether the actor outranks whoever holds `theirs`. A token that was made for some permissions outranks nobody by
    /// what its owner holds beyond them.
    pub fn outranks(&self, theirs: &[Grant]) -> bool {
        let Ceiling::Only(named, _) = self.ceiling() else {
            return outranks(self.grants(), theirs, self.now());
        };
        let cut = |grant: &Grant| Grant {
            holds: grant.holds.without(grant.holds.without(*named)),
            ..grant.clone()
        };
        let own: Vec<Grant> = self.grants().iter().map(cut).collect();
        outranks(&own, theirs, self.now())
    }

    /// Whether there is nobody whom the actor does not outrank, so that nobody need be looked for.
    pub fn outranks_everybody(&self) -> bool {
        let most = Grant::of(
            GrantId::from(uuid::Uuid::nil()),
            Role::Operator,
            Scope::System,
            None,
        );
        self.outranks(&[most])
    }
}

/// A grant with who holds it and who gave it.
#[derive(Clone, Debug)]
pub struct Given {
    /// The grant.
    pub grant: Grant,
    /// Who holds it.
    pub to: AccountId,
    /// Who gave it; `None` for what the installation itself gave.
    pub by: Option<AccountId>,
}

/// The grants of `all` that end when `gone` ends, because whoever gave them may no longer hand them on.
///
/// What was given by somebody in `shaken` stays only while it can be traced, grant by grant, to something that does not
/// depend on what is lost: two people who gave each other the same thing do not hold each other up. `all` has every grant
/// that the shaken hold or gave.
pub fn ends_with(
    all: &[Given],
    shaken: &BTreeSet<AccountId>,
    gone: &BTreeSet<GrantId>,
    now: Timestamp,
) -> Vec<GrantId> {
    let depends = |given: &&Given| given.by.is_some_and(|by| shaken.contains(&by));
    let left = || all.iter().filter(|given| !gone.contains(&given.grant.id));
    let mut stands: Vec<&Given> = left().filter(|given| !depends(given)).collect();
    let mut open: Vec<&Given> = left().filter(depends).collect();
    loop {
        let (found, still): (Vec<&Given>, Vec<&Given>) = open.into_iter().partition(|given| {
            let giver: Vec<Grant> = stands
                .iter()
                .filter(|other| Some(other.to) == given.by)
                .map(|other| other.grant.clone())
                .collect();
            may_hand_on(&giver, Offer::of(&given.grant), now).is_ok()
        });
        open = still;
        if found.is_empty() {
            return open.into_iter().map(|given| given.grant.id).collect();
        }
        stands.extend(found);
    }
}

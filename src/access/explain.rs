//! The decision about one thing, with what it was made by: what a handler refuses by is what a page explains.

use super::policy::{self, Against};
use super::{Action, Actor, Grant, Place};
use crate::model::AccountId;

/// One thing that somebody wants to do something with.
#[derive(Copy, Clone, Debug)]
pub struct Object<'a> {
    /// Where it is. An account can be looked after from several places.
    pub places: &'a [Place],
    /// The account that it is, if it is one.
    pub account: Option<AccountId>,
    /// What whoever stands behind it holds: the account itself, or the one that signs in with the mailbox's address.
    pub behind: &'a [Grant],
    /// Whether it is in the bin.
    pub in_the_bin: bool,
}

impl<'a> Object<'a> {
    /// What is at one place, with nobody behind it.
    pub fn at(place: &'a Place) -> Self {
        Self {
            places: std::slice::from_ref(place),
            account: None,
            behind: &[],
            in_the_bin: false,
        }
    }
}

/// What the policy says of one permission, and by what.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// The permission.
    pub action: Action,
    /// What stands against it; nothing when it may be done.
    pub against: Option<Against>,
    /// The live grants that reach the object and hold the permission.
    pub by: Vec<&'a Grant>,
    /// Those that did, and have ended.
    pub ended: Vec<&'a Grant>,
}

impl Actor {
    /// The place from which the actor may do `action`, or else one from which they see the object.
    pub(super) fn best_place<'p>(&self, action: Action, places: &'p [Place]) -> Option<&'p Place> {
        let may = |place: &&Place| self.decide(action, place).is_ok();
        let sees = |place: &&Place| self.decide(action, place) != Err(Against::OutOfReach);
        places.iter().find(may).or_else(|| places.iter().find(sees))
    }

    /// Whether `action` may be done with this very object: the whole decision, rank and the object's state included.
    pub fn judge(&self, action: Action, object: &Object<'_>) -> Result<(), Against> {
        let place = self.best_place(action, object.places);
        self.decide(action, place.ok_or(Against::OutOfReach)?)?;
        let own = self.identity().account.filter(|own| object.account == Some(*own));
        if policy::asks_for_rank(action) && own.is_some() {
            return Err(Against::Oneself);
        }
        if policy::asks_for_rank(action) && !self.outranks(object.behind) {
            return Err(Against::Rank);
        }
        if object.in_the_bin && !policy::works_in_the_bin(action) {
            return Err(Against::InTheBin);
        }
        Ok(())
    }

    /// The same decision with what it was made by. `ended` are grants of the same account that hold no longer, and
    /// `suspended` says that the account is switched off.
    pub fn explain<'a>(
        &'a self,
        ended: &'a [Grant],
        suspended: bool,
        action: Action,
        object: &Object<'_>,
    ) -> Verdict<'a> {
        let reaches = |grant: &&Grant| {
            let mut places = object.places.iter();
            grant.holds.has(action) && places.any(|place| grant.scope.contains(place))
        };
        let judged = if suspended {
            Err(Against::Suspended)
        } else {
            self.judge(action, object)
        };
        Verdict {
            action,
            against: judged.err(),
            by: self.grants().iter().filter(reaches).collect(),
            ended: ended
                .iter()
                .filter(|grant| !grant.is_live(self.now()))
                .filter(reaches)
                .collect(),
        }
    }
}

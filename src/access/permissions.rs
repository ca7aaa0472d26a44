//! Sets of permissions.

use std::fmt;
use std::str::FromStr;

use super::{Action, Role, policy};

/// A set of permissions: what a role holds, or what somebody holds somewhere.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u64);

// A set is one machine word; permissions.md wants 40 at most.
const _: () = assert!(Action::ALL.len() <= 64);

impl Permissions {
    /// No permission at all.
    pub const NONE: Self = Self(0);

    /// What a built-in role holds.
    pub fn of(role: Role) -> Self {
        Action::ALL
            .iter()
            .copied()
            .filter(|action| policy::holds(role, *action))
            .collect()
    }

    const fn bit(action: Action) -> u64 {
        1 << action as u64
    }

    /// Whether `action` is in it.
    pub fn has(self, action: Action) -> bool {
        self.0 & Self::bit(action) != 0
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub fn within_both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one and not in `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of it is in `other`.
    pub fn within(self, other: Self) -> bool {
        self.without(other).is_empty()
    }

    /// Its permissions, in their order.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL
            .iter()
            .copied()
            .filter(move |action| self.has(*action))
    }

    /// What it allows in plain words, to be read after "may": `see mailboxes and reset the passwords of mailboxes`.
    pub fn spoken(self) -> String {
        // Everybody may look after their own tokens; it says nothing about anybody.
        let said = self.without([Action::TokenManageOwn].into_iter().collect());
        let mut words: Vec<&str> = said.iter().map(Action::meaning).collect();
        match (words.pop(), words.is_empty()) {
            (None, _) => "do nothing".to_owned(),
            (Some(last), true) => last.to_owned(),
            (Some(last), false) => format!("{} and {last}", words.join(", ")),
        }
    }
}

impl FromIterator<Action> for Permissions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        Self(actions.into_iter().fold(0, |set, action| set | Self::bit(action)))
    }
}

impl fmt::Display for Permissions {
    /// The names with spaces between them, as they are stored.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, action) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(action.as_str())?;
        }
        Ok(())
    }
}

/// The text names something that is no permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no permission; GET /api/v1/roles lists them all")]
pub struct UnknownPermission(pub String);

impl FromStr for Permissions {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        text.split_whitespace()
            .map(|name| Action::named(name).ok_or_else(|| UnknownPermission(name.to_owned())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_read_back_as_it_was_written() {
        for role in Role::ALL {
            let set = Permissions::of(*role);
            assert_eq!(set.to_string().parse(), Ok(set), "{role}");
        }
        assert_eq!("".parse(), Ok(Permissions::NONE));
        assert!("mailbox.read mailbox.reed".parse::<Permissions>().is_err());
    }

    #[test]
    fn a_set_is_told_in_plain_words() {
        let desk: Permissions = "mailbox.read mailbox.reset_password token.manage_own"
            .parse()
            .unwrap();
        assert_eq!(
            desk.spoken(),
            "see mailboxes and reset the passwords of mailboxes"
        );
        assert_eq!(Permissions::NONE.spoken(), "do nothing");
    }

    #[test]
    fn sets_are_compared_member_by_member() {
        let (few, more): (Permissions, Permissions) = (
            "mailbox.read".parse().unwrap(),
            "mailbox.read alias.read".parse().unwrap(),
        );
        assert!(few.within(more) && !more.within(few) && Permissions::NONE.within(few));
        assert_eq!(more.without(few).iter().collect::<Vec<_>>(), [Action::AliasRead]);
        assert_eq!(few.and(more), more);
    }
}

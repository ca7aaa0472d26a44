//! What people look for among events: one kind, or all that they take for one thing.

use std::fmt;
use std::str::FromStr;

use super::{EventKind, Problem};

/// What is looked for among events.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// One kind of event.
    Only(EventKind),
    /// One of [`Topic::WORDS`].
    About(&'static str),
}

/// The text names no kind of event and no topic.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such kind of event; give one such as mailbox.created, or mailbox, alias, domain, org, password, bin, \
     access, provisioning or audit"
)]
pub struct UnknownTopic;

impl Problem for UnknownTopic {
    fn code(&self) -> &'static str {
        "unknown_value"
    }
}

impl Topic {
    /// The topics: how they are called in an address, and on a page.
    pub const WORDS: &[(&'static str, &'static str)] = &[
        ("mailbox", "Mailboxes"),
        ("alias", "Addresses"),
        ("domain", "Domains"),
        ("org", "Customers"),
        ("password", "Passwords"),
        ("bin", "Deleted and restored"),
        ("access", "People, roles and tokens"),
        ("provisioning", "Targets"),
        ("audit", "Exports of the activity"),
    ];

    /// Whether an event of this kind is looked for.
    pub fn includes(self, kind: EventKind) -> bool {
        let (thing, what) = kind.as_str().split_once('.').unwrap_or_default();
        match self {
            Self::Only(wanted) => kind == wanted,
            Self::About("password") => matches!(what, "password_set" | "setup_link_made"),
            Self::About("bin") => matches!(what, "deleted" | "restored" | "purged"),
            Self::About("access") => matches!(thing, "account" | "grant" | "role" | "token" | "support"),
            Self::About(wanted) => thing == wanted,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Only(kind) => kind.as_str(),
            Self::About(word) => word,
        })
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        if let Some(kind) = EventKind::parse(text) {
            return Ok(Self::Only(kind));
        }
        let word = Self::WORDS.iter().find(|(word, _)| *word == text);
        word.map(|(word, _)| Self::About(word)).ok_or(UnknownTopic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_happens_is_of_some_topic() {
        for kind in EventKind::ALL {
            let mut words = Topic::WORDS.iter();
            assert!(
                words.any(|(word, _)| Topic::About(word).includes(*kind)),
                "{kind:?}"
            );
        }
        for (word, _) in Topic::WORDS {
            let topic: Topic = word.parse().unwrap();
            assert!(EventKind::ALL.iter().any(|kind| topic.includes(*kind)), "{word}");
        }
    }

    #[test]
    fn a_kind_is_looked_for_alone_or_with_others() {
        let topic = |text: &str| text.parse::<Topic>().unwrap();
        assert!(topic("password").includes(EventKind::MailboxPasswordSet));
        assert!(!topic("bin").includes(EventKind::MailboxPasswordSet));
        assert!(topic("mailbox.created").includes(EventKind::MailboxCreated));
        assert!(!topic("mailbox.created").includes(EventKind::MailboxDeleted));
        assert_eq!("mailbox.".parse::<Topic>(), Err(UnknownTopic));
        assert_eq!("".parse::<Topic>(), Err(UnknownTopic));
    }
}

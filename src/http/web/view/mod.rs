//! The values that templates are made of: words and links, already decided, nothing to compute.

use super::nav::NavGroup;
pub(super) use crate::http::session::{Flash, Undo};

pub(super) mod cluster;
pub(super) mod form;
pub(super) mod history;
pub(super) mod mail;
pub(super) mod qr;
pub(super) mod words;

pub(super) use form::Form;
pub(super) use qr::Qr;

/// What every page of a signed-in person has around its content.
#[derive(Clone, Debug, Default)]
pub(super) struct Chrome {
    /// Proof of origin for every form on the page.
    pub(super) csrf: String,
    pub(super) account_name: String,
    pub(super) account_email: String,
    pub(super) nav: Vec<NavGroup>,
    /// What stands in the search box.
    pub(super) query: String,
    pub(super) flash: Option<Flash>,
    /// Whom the visitor looks after as their support.
    pub(super) acting: Option<ActingBanner>,
    /// `light`, `dark`, or empty: as the system likes it.
    pub(super) theme: &'static str,
    pub(super) compact: bool,
    pub(super) shortcuts: bool,
    pub(super) version: &'static str,
}

/// Whom somebody looks after, as it stands above every page.
#[derive(Clone, Debug, Default)]
pub(super) struct ActingBanner {
    pub(super) name: String,
    pub(super) ticket: String,
    pub(super) until: Moment,
}

impl Flash {
    pub(super) fn icon(&self) -> &'static str {
        match self.tone.as_str() {
            "ok" => "circle-check",
            "bad" => "circle-x",
            _ => "triangle-alert",
        }
    }
}

/// A state: its colour, its icon and its word, which are never apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Badge {
    /// `ok`, `warn`, `bad`, or empty for neutral.
    pub(super) kind: &'static str,
    pub(super) icon: &'static str,
    pub(super) text: String,
}

impl Badge {
    pub(super) fn ok(text: &str) -> Self {
        Self::new("ok", "circle-check", text)
    }

    pub(super) fn warn(icon: &'static str, text: &str) -> Self {
        Self::new("warn", icon, text)
    }

    pub(super) fn bad(icon: &'static str, text: &str) -> Self {
        Self::new("bad", icon, text)
    }

    pub(super) fn neutral(icon: &'static str, text: &str) -> Self {
        Self::new("", icon, text)
    }

    fn new(kind: &'static str, icon: &'static str, text: &str) -> Self {
        Self {
            kind,
            icon,
            text: text.to_owned(),
        }
    }
}

/// How full something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Space {
    /// `4.4 of 5 GB`, `1.2 GB, no limit`, `not known yet`.
    pub(super) text: String,
    pub(super) percent: Option<u64>,
    /// `warn` from 80 %, `bad` from 95 %.
    pub(super) kind: &'static str,
}

impl Space {
    /// Percent of the bar that is filled: an overfull mailbox fills it.
    pub(super) fn width(&self) -> u64 {
        self.percent.unwrap_or(0).min(100)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    /// RFC 3339.
    pub(super) exact: String,
    /// `today 09:12`.
    pub(super) words: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) text: String,
}

impl Link {
    pub(super) fn new(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            text: text.into(),
        }
    }
}

/// One sentence that says what is the matter, one that explains it, and ways on.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    pub(super) kind: &'static str,
    pub(super) icon: &'static str,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) links: Vec<Link>,
}

/// One line of a timeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Happening {
    pub(super) at: Moment,
    pub(super) icon: &'static str,
    /// Something went wrong: drawn in red.
    pub(super) fault: bool,
    pub(super) text: String,
    /// The page of what it happened to, or empty.
    pub(super) href: String,
    pub(super) detail: String,
    pub(super) undo: Option<Undo>,
}

/// What one provisioning target holds of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct TargetState {
    pub(super) name: String,
    pub(super) badge: Badge,
    /// `since 09:12`, `because …`.
    pub(super) detail: String,
    /// Where "Try again" posts to.
    pub(super) retry: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Pager {
    /// Back to the beginning of the list.
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
}

/// What a mail program asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct MailSettings {
    pub(super) user: String,
    pub(super) servers: Vec<MailServer>,
    pub(super) webmail: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct MailServer {
    /// `Incoming (IMAP)`.
    pub(super) purpose: &'static str,
    pub(super) host: String,
    pub(super) port: u16,
    /// `SSL/TLS`.
    pub(super) security: &'static str,
}

#[derive(Clone, Debug, Default)]
pub(super) struct SetUpLink {
    pub(super) url: String,
    pub(super) until: Moment,
    pub(super) qr: Qr,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) href: String,
}

impl Fact {
    pub(super) fn new(label: &str, value: impl Into<String>) -> Self {
        Self {
            label: label.to_owned(),
            value: value.into(),
            href: String::new(),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) icon: &'static str,
    pub(super) chosen: bool,
}

impl Choice {
    /// A choice without an icon.
    pub(super) fn of(value: &str, label: &str, chosen: &str) -> Self {
        Self {
            value: value.to_owned(),
            label: label.to_owned(),
            icon: "",
            chosen: value == chosen,
        }
    }
}

/// A domain as pages name it.
#[derive(Clone, Debug, Default)]
pub(super) struct DomainRef {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) version: String,
}

/// A mailbox as its own pages name it.
#[derive(Clone, Debug, Default)]
pub(super) struct MailboxRef {
    pub(super) address: String,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) version: String,
}

impl MailboxRef {
    pub(super) fn name_or_address(&self) -> &str {
        if self.name.is_empty() {
            &self.address
        } else {
            &self.name
        }
    }
}

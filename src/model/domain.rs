//! A mail domain, and the orgs that domains belong to.

use super::{
    Deleted, DisplayName, DomainId, DomainName, ExternalId, Limits, Note, OrgId, Quota, Reason, Timestamp,
    Usage,
};

/// A mail domain.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Its id, for ever.
    pub id: DomainId,
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its name.
    pub name: DomainName,
    /// A note for the people who look after it.
    pub note: Note,
    /// The name that another system has for it.
    pub external_id: Option<ExternalId>,
    /// What a new mailbox gets when nothing else is said.
    pub default_quota: Quota,
    /// How much it may hold.
    pub limits: Limits,
    /// How much it holds.
    pub usage: Usage,
    /// Since when and why it is switched off, if it is.
    pub suspension: Option<Off>,
    /// Whether the org above it is switched off.
    pub org_suspended: bool,
    /// Counts its changes; its `ETag`.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it went into the bin, if it is there.
    pub deleted: Option<Deleted>,
    /// Whether some target does not hold it as it should yet.
    pub pending: bool,
}

/// Something is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Off {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// An org is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgOff {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// Whether the mail of everything below goes on: then only the sign-in to the portal is stopped.
    pub keeps_delivery: bool,
}

impl Off {
    /// Switched off for this reason, or on without one. What is off already has been so since then.
    pub fn for_reason(reason: Option<Reason>, before: Option<&Self>, now: Timestamp) -> Option<Self> {
        let at = before.map_or(now, |off| off.at);
        reason.map(|reason| Self { at, reason })
    }
}

impl Domain {
    /// The state in one word: `active`, `suspended` or `deleted`.
    pub fn state(&self) -> &'static str {
        if self.deleted.is_some() {
            "deleted"
        } else if self.suspension.is_some() || self.org_suspended {
            "suspended"
        } else {
            "active"
        }
    }
}

/// A domain to be added.
#[derive(Clone, Debug)]
pub struct DomainDraft {
    /// Its name.
    pub name: DomainName,
    /// A note for the people who look after it.
    pub note: Note,
    /// The name that another system has for it.
    pub external_id: Option<ExternalId>,
    /// What a new mailbox gets when nothing else is said.
    pub default_quota: Quota,
    /// How much it may hold.
    pub limits: Limits,
}

/// What is to be changed of a domain; `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct DomainPatch {
    /// A new note.
    pub note: Option<Note>,
    /// `Some(None)` takes it away.
    pub external_id: Option<Option<ExternalId>>,
    /// A new default quota.
    pub default_quota: Option<Quota>,
}

/// Another name for all of a domain's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainAlias {
    /// The other name.
    pub name: DomainName,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A tenant: the provider, a reseller or a customer.
#[derive(Clone, Debug)]
pub struct Org {
    /// Its id, for ever.
    pub id: OrgId,
    /// The org above it; the provider has none.
    pub parent_id: Option<OrgId>,
    /// What it is.
    pub kind: OrgKind,
    /// Its name.
    pub name: DisplayName,
    /// Whom to reach, as free text.
    pub contact: Note,
    /// The customer number of another system.
    pub external_id: Option<ExternalId>,
    /// How much it may hold.
    pub limits: Limits,
    /// How much it holds, with everything below it.
    pub usage: Usage,
    /// Since when and why it is switched off, if it is.
    pub suspension: Option<OrgOff>,
    /// Counts its changes; its `ETag`.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it went into the bin, if it is there.
    pub deleted: Option<Deleted>,
}

impl Org {
    /// The state in one word: `active`, `suspended` or `deleted`.
    pub fn state(&self) -> &'static str {
        if self.deleted.is_some() {
            "deleted"
        } else if self.suspension.is_some() {
            "suspended"
        } else {
            "active"
        }
    }
}

/// What an org is in the tree.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum OrgKind {
    /// The root.
    Provider,
    /// Has customers of its own.
    Reseller,
    /// Has domains.
    Customer,
}

impl OrgKind {
    /// The word in the API and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Reseller => "reseller",
            Self::Customer => "customer",
        }
    }

    /// The kind that the word names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Provider, Self::Reseller, Self::Customer]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// An org to be added.
#[derive(Clone, Debug)]
pub struct OrgDraft {
    /// What it is.
    pub kind: OrgKind,
    /// Its name.
    pub name: DisplayName,
    /// Whom to reach.
    pub contact: Note,
    /// The customer number of another system.
    pub external_id: Option<ExternalId>,
    /// How much it may hold.
    pub limits: Limits,
}

/// What is to be changed of an org; `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct OrgPatch {
    /// A new name.
    pub name: Option<DisplayName>,
    /// Whom to reach.
    pub contact: Option<Note>,
    /// `Some(None)` takes it away.
    pub external_id: Option<Option<ExternalId>>,
}

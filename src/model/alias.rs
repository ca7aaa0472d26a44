//! An alias: an address with one or more destinations. A group is an alias with members; a catch-all has no local part.

use super::{
    AliasId, Deleted, Destination, DomainId, DomainName, EmailAddress, ExternalId, LocalPart, Note, OrgId,
    Timestamp,
};

/// Most destinations that one alias may have.
pub const MOST_DESTINATIONS: usize = 1000;

/// An alias as the portal knows it.
#[derive(Clone, Debug)]
pub struct Alias {
    /// Its id, for ever.
    pub id: AliasId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// The org that the domain belongs to.
    pub org_id: OrgId,
    /// The address it answers for.
    pub address: AliasAddress,
    /// Where its mail goes; never empty, in order, each once.
    pub destinations: Vec<Destination>,
    /// What it is for.
    pub description: Note,
    /// Whether it is in force.
    pub enabled: bool,
    /// The name that another system has for it.
    pub external_id: Option<ExternalId>,
    /// Counts its changes; its `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it went into the bin, if it is there.
    pub deleted: Option<Deleted>,
    /// Whether some target does not hold it as it should yet.
    pub pending: bool,
}

/// What an alias answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasAddress {
    /// One address.
    Of(EmailAddress),
    /// Every unknown address of a domain.
    CatchAll(DomainName),
}

impl AliasAddress {
    /// The domain.
    pub fn domain(&self) -> &DomainName {
        match self {
            Self::Of(address) => address.domain(),
            Self::CatchAll(domain) => domain,
        }
    }

    /// What stands before the `@`; empty for a catch-all.
    pub fn local(&self) -> &str {
        match self {
            Self::Of(address) => address.local().as_str(),
            Self::CatchAll(_) => "",
        }
    }

    /// Whether it is a catch-all.
    pub fn is_catch_all(&self) -> bool {
        matches!(self, Self::CatchAll(_))
    }
}

impl std::fmt::Display for AliasAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Of(address) => address.fmt(f),
            Self::CatchAll(domain) => write!(f, "@{domain}"),
        }
    }
}

/// An alias to be made.
#[derive(Clone, Debug)]
pub struct AliasDraft {
    /// What stands before the `@`; `None` makes the catch-all.
    pub local_part: Option<LocalPart>,
    /// Where its mail goes.
    pub destinations: Vec<Destination>,
    /// What it is for.
    pub description: Note,
    /// Whether it is in force from the start.
    pub enabled: bool,
    /// The name that another system has for it.
    pub external_id: Option<ExternalId>,
}

/// What is to be changed of an alias; `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct AliasPatch {
    /// A new local part.
    pub local_part: Option<LocalPart>,
    /// All destinations anew.
    pub destinations: Option<Vec<Destination>>,
    /// What it is for.
    pub description: Option<Note>,
    /// Whether it is in force.
    pub enabled: Option<bool>,
    /// `Some(None)` takes it away.
    pub external_id: Option<Option<ExternalId>>,
}

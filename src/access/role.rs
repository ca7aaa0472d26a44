//! The built-in roles.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::model::RoleId;

/// A named set of permissions, given to an account by a grant. What each one holds stands in [`policy`](super::holds).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything, everywhere.
    Operator,
    /// The hoster's desk: sees all, fixes the everyday.
    Support,
    /// Sees all and the audit, changes nothing.
    Auditor,
    /// Runs an org and the orgs below it.
    ResellerAdmin,
    /// Runs domains.
    DomainAdmin,
    /// Adds mailboxes and nothing else.
    MailboxCreator,
    /// Resets passwords and nothing else.
    HelpDesk,
    /// Looks after aliases and nothing else.
    AliasManager,
}

impl Role {
    /// Every built-in role.
    pub const ALL: &[Self] = &[
        Self::Operator,
        Self::Support,
        Self::Auditor,
        Self::ResellerAdmin,
        Self::DomainAdmin,
        Self::MailboxCreator,
        Self::HelpDesk,
        Self::AliasManager,
    ];

    /// The name in the API, the command line and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Support => "support",
            Self::Auditor => "auditor",
            Self::ResellerAdmin => "reseller_admin",
            Self::DomainAdmin => "domain_admin",
            Self::MailboxCreator => "mailbox_creator",
            Self::HelpDesk => "help_desk",
            Self::AliasManager => "alias_manager",
        }
    }

    /// The name on screens.
    pub fn title(self) -> &'static str {
        match self {
            Self::Operator => "Operator",
            Self::Support => "Support",
            Self::Auditor => "Auditor",
            Self::ResellerAdmin => "Reseller admin",
            Self::DomainAdmin => "Domain admin",
            Self::MailboxCreator => "Mailbox creator",
            Self::HelpDesk => "Help desk",
            Self::AliasManager => "Alias manager",
        }
    }
}

/// A role that a grant gives: a built-in one, or one that an org defines itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleRef {
    /// A built-in one.
    BuiltIn(Role),
    /// An org's own, with its name.
    Own(RoleId, Arc<str>),
}

impl RoleRef {
    /// The name of a built-in role, or the id of an org's own.
    pub fn key(&self) -> String {
        match self {
            Self::BuiltIn(role) => role.as_str().to_owned(),
            Self::Own(id, _) => id.to_string(),
        }
    }

    /// The name on screens.
    pub fn title(&self) -> &str {
        match self {
            Self::BuiltIn(role) => role.title(),
            Self::Own(_, name) => name,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no built-in role.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such role; the roles are operator, support, auditor, reseller_admin, domain_admin, mailbox_creator, help_desk and alias_manager"
)]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .iter()
            .copied()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

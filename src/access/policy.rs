//! The whole policy, on one page.

use super::{Action, Permissions, Role};

/// What a role holds. A new permission is refused to every role but the operator until somebody writes it here.
pub fn holds(role: Role, action: Action) -> bool {
    // Whatever somebody may do, a token may do for them: it is never stronger than they are.
    if action == Action::TokenManageOwn {
        return true;
    }
    match role {
        Role::Operator => true,
        Role::Support => reads(action) || desk(action),
        Role::Auditor => reads(action) || action == Action::AuditExport,
        Role::ResellerAdmin => {
            reads(action) && action != Action::ProvisioningRead || manages(action) || resells(action)
        }
        Role::DomainAdmin => manages(action) || manages_reads(action),
        Role::MailboxCreator => {
            matches!(
                action,
                Action::DomainRead | Action::MailboxRead | Action::MailboxCreate | Action::AliasRead
            )
        }
        Role::HelpDesk => {
            matches!(
                action,
                Action::DomainRead | Action::MailboxRead | Action::MailboxResetPassword
            )
        }
        Role::AliasManager => {
            matches!(
                action,
                Action::DomainRead | Action::AliasRead | Action::AliasWrite | Action::AliasDelete
            )
        }
    }
}

fn reads(action: Action) -> bool {
    matches!(
        action,
        Action::OrgRead
            | Action::DomainRead
            | Action::MailboxRead
            | Action::AliasRead
            | Action::AccountRead
            | Action::AuditRead
            | Action::ProvisioningRead
    )
}

fn manages_reads(action: Action) -> bool {
    matches!(
        action,
        Action::DomainRead
            | Action::MailboxRead
            | Action::AliasRead
            | Action::AccountRead
            | Action::AuditRead
    )
}

/// The everyday of the hoster's desk.
fn desk(action: Action) -> bool {
    matches!(
        action,
        Action::MailboxResetPassword
            | Action::MailboxSuspend
            | Action::MailboxSetQuota
            | Action::MailboxUpdate
            | Action::AliasWrite
            | Action::SupportAssist
    )
}

/// What nobody does in another's place, whatever they hold themselves: nothing that makes, changes or shows a credential,
/// nothing that changes who may do what, and nothing of the installation.
pub(super) fn never_while_acting(action: Action) -> bool {
    matches!(
        action,
        Action::MailboxCreate
            | Action::MailboxResetPassword
            | Action::HashImport
            | Action::AccountInvite
            | Action::AccountUpdate
            | Action::AccountSuspend
            | Action::GrantManage
            | Action::RoleManage
            | Action::TokenManageOwn
            | Action::TokenManageAny
            | Action::SupportAssist
            | Action::ProvisioningRepair
            | Action::SystemManage
    )
}

/// What looking after a domain takes.
fn manages(action: Action) -> bool {
    matches!(
        action,
        Action::DomainUpdate
            | Action::MailboxCreate
            | Action::MailboxUpdate
            | Action::MailboxSuspend
            | Action::MailboxDelete
            | Action::MailboxRename
            | Action::MailboxResetPassword
            | Action::MailboxSetQuota
            | Action::AliasWrite
            | Action::AliasDelete
            | Action::AliasExternal
            | Action::AliasCatchAll
            | Action::AccountInvite
            | Action::GrantManage
    )
}

/// What looking after the orgs below one's own takes.
fn resells(action: Action) -> bool {
    matches!(
        action,
        Action::OrgCreate
            | Action::OrgUpdate
            | Action::OrgSuspend
            | Action::OrgDelete
            | Action::LimitsAssign
            | Action::DomainCreate
            | Action::DomainSuspend
            | Action::DomainDelete
            | Action::DomainTransfer
            | Action::AccountUpdate
            | Action::AccountSuspend
            | Action::TokenManageAny
            | Action::AuditExport
            | Action::RoleManage
    )
}

/// Whether a permission gives a hand in what whoever stands behind the object may do: who reads their mail, or keeps them
/// from it, or changes their account, has to hold at least as much as they do.
pub(super) fn asks_for_rank(action: Action) -> bool {
    matches!(
        action,
        Action::MailboxCreate
            | Action::MailboxUpdate
            | Action::MailboxSuspend
            | Action::MailboxDelete
            | Action::MailboxRename
            | Action::MailboxResetPassword
            | Action::AliasWrite
            | Action::AliasDelete
            | Action::AccountInvite
            | Action::AccountUpdate
            | Action::AccountSuspend
            | Action::GrantManage
            | Action::TokenManageAny
    )
}

/// Whether a permission is of use for what is in the bin: it is looked at, and it is restored.
pub(super) fn works_in_the_bin(action: Action) -> bool {
    action.reads()
        || matches!(
            action,
            Action::OrgDelete | Action::DomainDelete | Action::MailboxDelete | Action::AliasDelete
        )
}

/// What stands against something that somebody wants to do. The first that does is named.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// Nothing that is held reaches the object: it might as well not exist.
    OutOfReach,
    /// What reaches the object does not hold the permission.
    Missing,
    /// The credential does not let the permission through.
    Credential,
    /// The account is switched off.
    Suspended,
    /// It is one's own account, and nobody changes their own access.
    Oneself,
    /// Whoever stands behind the object holds more.
    Rank,
    /// The object is in the bin.
    InTheBin,
}

/// The decision: `held` is what the actor's live grants give on the object, nothing when none reaches it; `lets` is the
/// credential's ceiling.
pub(super) fn decide(held: Option<Permissions>, lets: bool, action: Action) -> Result<(), Against> {
    match held {
        None => Err(Against::OutOfReach),
        Some(held) if !held.has(action) => Err(Against::Missing),
        Some(_) if !lets => Err(Against::Credential),
        Some(_) => Ok(()),
    }
}

impl Against {
    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfReach => "out_of_reach",
            Self::Missing => "missing",
            Self::Credential => "credential",
            Self::Suspended => "suspended",
            Self::Oneself => "oneself",
            Self::Rank => "rank",
            Self::InTheBin => "in_the_bin",
        }
    }
}

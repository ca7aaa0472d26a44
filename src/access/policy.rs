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

/// What the policy answers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It may be done.
    Allow,
    /// It exists for this actor, and is not theirs to do: 403.
    Refuse,
    /// It might as well not exist: 404.
    Hide,
}

/// The decision: `held` is what the actor's live grants give on the object, nothing when none reaches it; `allowed` is
/// the credential's ceiling.
pub(super) fn decide(held: Option<Permissions>, allowed: bool, action: Action) -> Decision {
    match held {
        None => Decision::Hide,
        Some(held) if allowed && held.has(action) => Decision::Allow,
        Some(_) => Decision::Refuse,
    }
}

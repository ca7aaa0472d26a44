//! Everything that somebody may be allowed to do.

use std::fmt;

mod sealed {
    pub trait Sealed {}
}

/// Something a person may be allowed to do. The marker types are made by one macro, below; nobody else can add one.
pub trait Permission: sealed::Sealed + Send + Sync + 'static {
    /// The same, as a value.
    const ACTION: Action;
}

macro_rules! permissions {
    ($($marker:ident $text:literal $doc:literal;)*) => {
        /// A permission as a value: what policy, tokens, problems and the audit speak of.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $(#[doc = $doc] $marker,)* }

        impl Action {
            /// Every permission there is.
            pub const ALL: &[Self] = &[$(Self::$marker,)*];

            /// The name in the API and in the audit: `resource.verb`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$marker => $text,)* }
            }

            /// The permission with this name.
            pub fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.as_str() == text)
            }

            /// What it allows, to be read after "may".
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$marker => $doc,)* }
            }
        }

        $(
            #[doc = $doc]
            #[derive(Copy, Clone, Debug)]
            pub struct $marker;
            impl sealed::Sealed for $marker {}
            impl Permission for $marker { const ACTION: Action = Action::$marker; }
        )*
    };
}

permissions! {
    OrgRead "org.read" "see customers and their limits";
    OrgCreate "org.create" "add customers";
    OrgUpdate "org.update" "change customers";
    OrgSuspend "org.suspend" "suspend and resume customers";
    OrgDelete "org.delete" "delete and restore customers";
    LimitsAssign "limits.assign" "set the limits of customers and domains";
    DomainRead "domain.read" "see domains";
    DomainCreate "domain.create" "add domains";
    DomainUpdate "domain.update" "change the settings of domains";
    DomainSuspend "domain.suspend" "suspend and resume domains";
    DomainDelete "domain.delete" "delete and restore domains";
    DomainTransfer "domain.transfer" "hand domains to other customers";
    MailboxRead "mailbox.read" "see mailboxes";
    MailboxCreate "mailbox.create" "add mailboxes";
    MailboxUpdate "mailbox.update" "change mailboxes and their forwarding";
    MailboxSuspend "mailbox.suspend" "suspend and resume mailboxes";
    MailboxDelete "mailbox.delete" "delete and restore mailboxes";
    MailboxRename "mailbox.rename" "rename mailboxes";
    MailboxResetPassword "mailbox.reset_password" "reset the passwords of mailboxes";
    MailboxSetQuota "mailbox.set_quota" "change the quotas of mailboxes";
    AliasRead "alias.read" "see aliases";
    AliasWrite "alias.write" "add and change aliases";
    AliasDelete "alias.delete" "delete and restore aliases";
    AliasExternal "alias.external" "send mail on to addresses outside";
    AliasCatchAll "alias.catch_all" "set the catch-all of a domain";
    AccountRead "account.read" "see who can manage";
    AccountInvite "account.invite" "invite people who manage";
    AccountUpdate "account.update" "change people who manage";
    AccountSuspend "account.suspend" "suspend people who manage";
    GrantManage "grant.manage" "give and take roles";
    RoleManage "role.manage" "define roles of their own";
    TokenManageOwn "token.manage_own" "make and revoke their own API tokens";
    TokenManageAny "token.manage_any" "look after service accounts and revoke the API tokens of others";
    SupportAssist "support.assist" "look after customers as their support";
    AuditRead "audit.read" "see what happened";
    AuditExport "audit.export" "export what happened, and check that nobody changed it";
    HashImport "hash.import" "set passwords as imported hashes";
    ProvisioningRead "provisioning.read" "see the targets and their backlog";
    ProvisioningRepair "provisioning.repair" "retry and resync targets";
    SystemManage "system.manage" "manage the installation";
}

impl Action {
    /// Whether it changes nothing.
    pub fn reads(self) -> bool {
        self == Self::AuditExport || self.as_str().split('.').nth(1) == Some("read")
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Permissions that show what happened.
pub trait ReadsAudit: Permission {}
impl ReadsAudit for AuditRead {}
impl ReadsAudit for AuditExport {}

/// Permissions that change what is in a mailbox's row.
pub trait WritesMailboxes: Permission {}
impl WritesMailboxes for MailboxCreate {}
impl WritesMailboxes for MailboxUpdate {}
impl WritesMailboxes for MailboxSuspend {}
impl WritesMailboxes for MailboxDelete {}
impl WritesMailboxes for MailboxRename {}
impl WritesMailboxes for MailboxResetPassword {}
impl WritesMailboxes for MailboxSetQuota {}

/// Permissions that change aliases.
pub trait WritesAliases: Permission {}
impl WritesAliases for AliasWrite {}
impl WritesAliases for AliasDelete {}
impl WritesAliases for AliasCatchAll {}

/// Permissions that change domains.
pub trait WritesDomains: Permission {}
impl WritesDomains for DomainCreate {}
impl WritesDomains for DomainUpdate {}
impl WritesDomains for DomainSuspend {}
impl WritesDomains for DomainDelete {}
impl WritesDomains for DomainTransfer {}
impl WritesDomains for LimitsAssign {}

/// Permissions that change orgs.
pub trait WritesOrgs: Permission {}
impl WritesOrgs for OrgCreate {}
impl WritesOrgs for OrgUpdate {}
impl WritesOrgs for OrgSuspend {}
impl WritesOrgs for OrgDelete {}
impl WritesOrgs for LimitsAssign {}

/// Permissions that change roles.
pub trait WritesRoles: Permission {}
impl WritesRoles for RoleManage {}

//! Something that happened, in the past tense. It is the audit entry, and what wakes provisioning.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

macro_rules! kinds {
    ($($name:ident $text:literal $sentence:literal;)*) => {
        /// What can happen.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind { $(#[doc = $sentence] $name,)* }

        impl EventKind {
            /// Everything that can happen.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable name, `resource.past_participle`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The same as people say it.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

kinds! {
    OrgCreated "org.created" "Customer added";
    OrgUpdated "org.updated" "Customer changed";
    OrgLimitsChanged "org.limits_changed" "Limits of the customer changed";
    OrgRecounted "org.recounted" "Usage of the customer counted anew";
    OrgSuspended "org.suspended" "Customer suspended";
    OrgResumed "org.resumed" "Customer resumed";
    OrgMoved "org.moved" "Customer moved";
    OrgDeleted "org.deleted" "Customer deleted";
    OrgRestored "org.restored" "Customer restored";
    OrgPurged "org.purged" "Customer gone for good";
    DomainCreated "domain.created" "Domain added";
    DomainUpdated "domain.updated" "Domain changed";
    DomainLimitsChanged "domain.limits_changed" "Limits of the domain changed";
    DomainRecounted "domain.recounted" "Usage of the domain counted anew";
    DomainSuspended "domain.suspended" "Domain suspended";
    DomainResumed "domain.resumed" "Domain resumed";
    DomainTransferred "domain.transferred" "Domain handed to another customer";
    DomainDeleted "domain.deleted" "Domain deleted";
    DomainRestored "domain.restored" "Domain restored";
    DomainPurged "domain.purged" "Domain gone for good";
    DomainAliasAdded "domain.alias_added" "Domain alias added";
    DomainAliasRemoved "domain.alias_removed" "Domain alias removed";
    MailboxCreated "mailbox.created" "Mailbox added";
    MailboxUpdated "mailbox.updated" "Mailbox changed";
    MailboxRenamed "mailbox.renamed" "Mailbox renamed";
    MailboxSuspended "mailbox.suspended" "Mailbox suspended";
    MailboxResumed "mailbox.resumed" "Mailbox resumed";
    MailboxDeleted "mailbox.deleted" "Mailbox deleted";
    MailboxRestored "mailbox.restored" "Mailbox restored";
    MailboxPurged "mailbox.purged" "Mailbox gone for good";
    MailboxPasswordSet "mailbox.password_set" "Password set";
    MailboxSetupLinkMade "mailbox.setup_link_made" "Set-up link made";
    MailboxForwardingSet "mailbox.forwarding_set" "Forwarding set";
    MailboxForwardingEnded "mailbox.forwarding_ended" "Forwarding ended";
    AliasCreated "alias.created" "Alias added";
    AliasUpdated "alias.updated" "Alias changed";
    AliasDeleted "alias.deleted" "Alias deleted";
    AliasRestored "alias.restored" "Alias restored";
    AliasPurged "alias.purged" "Alias gone for good";
    AccountCreated "account.created" "Person who can manage added";
    AccountPasswordSet "account.password_set" "Sign-in password set";
    AccountSignedIn "account.signed_in" "Signed in";
    AccountInvited "account.invited" "Person invited";
    AccountInvitationSent "account.invitation_sent" "Invitation sent";
    AccountInvitationFailed "account.invitation_failed" "Invitation could not be delivered";
    AccountLetterSent "account.letter_sent" "Letter sent";
    AccountLetterFailed "account.letter_failed" "Letter could not be delivered";
    AccountResetAsked "account.reset_asked" "New password asked for";
    AccountAddressAsked "account.address_asked" "New sign-in address asked for";
    AccountUpdated "account.updated" "Person who can manage changed";
    AccountSuspended "account.suspended" "Person who can manage suspended";
    AccountResumed "account.resumed" "Person who can manage resumed";
    AccountDeleted "account.deleted" "Service account deleted";
    GrantGiven "grant.given" "Role given";
    GrantRevoked "grant.revoked" "Role taken away";
    RoleCreated "role.created" "Role defined";
    RoleUpdated "role.updated" "Role changed";
    RoleDeleted "role.deleted" "Role deleted";
    TokenCreated "token.created" "API token made";
    TokenRotated "token.rotated" "API token replaced by a new one";
    TokenRevoked "token.revoked" "API token revoked";
    SupportBegan "support.began" "Support began to look after the customer";
    SupportEnded "support.ended" "Support stopped looking after the customer";
    SupportCodeOrdered "support.code_ordered" "Code for a caller sent";
    SupportCallerChecked "support.caller_checked" "Caller checked";
    ProvisioningRetried "provisioning.retried" "Provisioning tried again";
    ProvisioningResynced "provisioning.resynced" "Target resynced";
    AuditExported "audit.exported" "Activity exported";
}

impl EventKind {
    /// The kind with this stable name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `"mailbox"`, `"domain"`, …
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
    /// Its name at the time.
    pub name: String,
}

impl Subject {
    /// A thing with its name.
    pub fn new(kind: &'static str, id: impl Into<Uuid>, name: &impl ToString) -> Self {
        Self {
            kind,
            id: id.into(),
            name: name.to_string(),
        }
    }
}

/// What a target is to look at again, and up to which version.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// What it is.
    pub kind: ObjectKind,
    /// Its id.
    pub id: Uuid,
    /// Its version after the change.
    pub version: i64,
}

/// The kinds of objects that targets hold, in the order in which they are written. Deletions go the other way round.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A mail server of the cluster.
    Node,
    /// A domain.
    Domain,
    /// Another name of a domain.
    DomainAlias,
    /// A mailbox with its forwarding.
    Mailbox,
    /// An alias with its destinations.
    Alias,
}

impl ObjectKind {
    /// Every kind, in the order in which they are written.
    pub const ALL: &[Self] = &[
        Self::Node,
        Self::Domain,
        Self::DomainAlias,
        Self::Mailbox,
        Self::Alias,
    ];

    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Domain => "domain",
            Self::DomainAlias => "domain_alias",
            Self::Mailbox => "mailbox",
            Self::Alias => "alias",
        }
    }

    /// The kind that the word names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// One field, before and after. Secrets are named and never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What it was; null when there was nothing.
    pub before: Value,
    /// What it is; null when there is nothing.
    pub after: Value,
}

/// The details of an event, as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// One sentence that says what it means, with names and numbers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// Why, in the words of whoever did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whom whoever did it looked after as their support, and on which ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting: Option<ActedFor>,
    /// The id of the event that this took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
}

/// Whom somebody looked after as their support when they did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActedFor {
    /// The id of that time.
    pub id: String,
    /// The customer.
    pub org: String,
    /// The ticket.
    pub ticket: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// To what.
    pub subject: Subject,
    /// In detail.
    pub detail: Detail,
    /// What the targets are to look at again.
    pub touched: Vec<Touched>,
}

impl Event {
    /// `kind` happened to `subject`.
    pub fn new(kind: EventKind, subject: Subject) -> Self {
        Self {
            kind,
            subject,
            detail: Detail::default(),
            touched: Vec::new(),
        }
    }

    /// With a sentence that says what it means.
    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        self.detail.text = text.into();
        self
    }

    /// With the reason that was given.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.detail.reason = Some(reason.into());
        self
    }

    /// With a field's change, if it is one.
    #[must_use]
    pub fn changing<T: Serialize + PartialEq>(mut self, field: &str, before: &T, after: &T) -> Self {
        if before != after {
            let value = |value: &T| serde_json::to_value(value).unwrap_or(Value::Null);
            let (before, after) = (value(before), value(after));
            self.detail.changes.push(FieldChange {
                field: field.to_owned(),
                before,
                after,
            });
        }
        self
    }

    /// With something that the targets are to look at again.
    #[must_use]
    pub fn touching(mut self, kind: ObjectKind, id: impl Into<Uuid>, version: i64) -> Self {
        self.touched.push(Touched {
            kind,
            id: id.into(),
            version,
        });
        self
    }
}

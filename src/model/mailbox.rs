//! A mailbox: stores mail; has an address, a password, a quota, protocol switches and a node.

use super::{
    Destination, DisplayName, DomainId, EmailAddress, ExternalId, Labels, LocalPart, MailboxHash, MailboxId,
    OrgId, Password, Quota, Reason, Timestamp,
};

/// A mailbox as the portal knows it. Its password is never part of it.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Its id, for ever.
    pub id: MailboxId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// The org that the domain belongs to.
    pub org_id: OrgId,
    /// Its primary address.
    pub address: EmailAddress,
    /// The name of the person or team.
    pub display_name: DisplayName,
    /// Whether anybody could sign in with a password.
    pub has_password: bool,
    /// How much mail it may hold.
    pub quota: Quota,
    /// By which ways it may be used.
    pub protocols: Protocols,
    /// The node it is placed on.
    pub node: String,
    /// The key of its mail on the node; not the address, so a rename keeps the mail and a re-creation starts empty.
    pub storage: String,
    /// The name that another system has for it.
    pub external_id: Option<ExternalId>,
    /// Free labels.
    pub labels: Labels,
    /// Why and how it is switched off, if it is.
    pub suspension: Option<Suspension>,
    /// Where its mail is sent on to, if it is.
    pub forwarding: Option<Forwarding>,
    /// What it holds, as the cluster last said.
    pub usage: Option<MailboxUsage>,
    /// When somebody last signed in to it.
    pub last_login_at: Option<Timestamp>,
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

/// The ways in which a mailbox may be used, each switched singly.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five switches that are switched one by one"
)]
pub struct Protocols {
    /// Reading by IMAP.
    pub imap: bool,
    /// Fetching by POP3.
    pub pop3: bool,
    /// Sending by submission.
    pub smtp: bool,
    /// Filters by `ManageSieve`.
    pub sieve: bool,
    /// The webmail.
    pub webmail: bool,
}

impl Default for Protocols {
    fn default() -> Self {
        Self {
            imap: true,
            pop3: true,
            smtp: true,
            sieve: true,
            webmail: true,
        }
    }
}

/// A mailbox is switched off: nobody signs in, and mail is kept or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Since when.
    pub at: Timestamp,
    /// Why, for the people who look after it.
    pub reason: Reason,
    /// Whether it still takes mail.
    pub receive: bool,
    /// When it resumes by itself.
    pub until: Option<Timestamp>,
}

/// Mail is sent on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarding {
    /// Where to; never empty.
    pub destinations: Vec<Destination>,
    /// Whether the mailbox keeps a copy.
    pub keep_copy: bool,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// What a mailbox holds.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct MailboxUsage {
    /// Bytes of mail.
    pub bytes: i64,
    /// Messages.
    pub messages: i64,
    /// When the cluster said so.
    pub as_of: Timestamp,
}

/// Something waits in the bin.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// When it was put there.
    pub at: Timestamp,
    /// When it is gone for good.
    pub purge_at: Timestamp,
}

/// The state of a mailbox in one word.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum MailboxState {
    /// In use.
    Active,
    /// Switched off.
    Suspended,
    /// In the bin.
    Deleted,
}

impl MailboxState {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }
}

impl Mailbox {
    /// The state in one word.
    pub fn state(&self) -> MailboxState {
        match (&self.deleted, &self.suspension) {
            (Some(_), _) => MailboxState::Deleted,
            (None, Some(_)) => MailboxState::Suspended,
            (None, None) => MailboxState::Active,
        }
    }

    /// How full it is, in tenths of a percent; `None` without a quota or before the cluster said anything.
    pub fn fullness(&self) -> Option<i64> {
        fullness(self.quota, self.usage.map(|usage| usage.bytes))
    }

    /// How full it is, in percent.
    pub fn percent(&self) -> Option<i64> {
        self.fullness().map(|tenths| tenths / 10)
    }
}

/// How much of `quota` is used, in tenths of a percent.
pub fn fullness(quota: Quota, used: Option<i64>) -> Option<i64> {
    let Quota::Bytes(quota) = quota else { return None };
    let used = i128::from(used?);
    let quota = i128::from(quota.get());
    if quota == 0 {
        return Some(if used > 0 { 1000 } else { 0 });
    }
    i64::try_from((used * 1000 / quota).min(9999)).ok()
}

/// A mailbox to be made.
#[derive(Debug)]
pub struct MailboxDraft {
    /// What stands before the `@`.
    pub local_part: LocalPart,
    /// The name of the person or team.
    pub display_name: DisplayName,
    /// How people get in.
    pub secret: Secret,
    /// The quota; `None` takes the domain's default.
    pub quota: Option<Quota>,
    /// The switches.
    pub protocols: Protocols,
    /// The name that another system has for it.
    pub external_id: Option<ExternalId>,
    /// Free labels.
    pub labels: Labels,
}

/// What people get in with.
#[derive(Debug)]
pub enum Secret {
    /// Nothing yet: nobody can sign in.
    Nothing,
    /// A password, still to be hashed.
    Password(Password),
    /// A hash made elsewhere; takes `hash.import`.
    Hash(MailboxHash),
}

/// What is to be changed of a mailbox; `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct MailboxPatch {
    /// A new name.
    pub display_name: Option<DisplayName>,
    /// A new quota; takes `mailbox.set_quota`.
    pub quota: Option<Quota>,
    /// Switches to turn.
    pub protocols: ProtocolsPatch,
    /// `Some(None)` takes it away.
    pub external_id: Option<Option<ExternalId>>,
    /// All labels anew.
    pub labels: Option<Labels>,
}

/// Switches to turn; `None` leaves as it is.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct ProtocolsPatch {
    /// Reading by IMAP.
    pub imap: Option<bool>,
    /// Fetching by POP3.
    pub pop3: Option<bool>,
    /// Sending by submission.
    pub smtp: Option<bool>,
    /// Filters by `ManageSieve`.
    pub sieve: Option<bool>,
    /// The webmail.
    pub webmail: Option<bool>,
}

impl From<Protocols> for ProtocolsPatch {
    fn from(all: Protocols) -> Self {
        Self {
            imap: Some(all.imap),
            pop3: Some(all.pop3),
            smtp: Some(all.smtp),
            sieve: Some(all.sieve),
            webmail: Some(all.webmail),
        }
    }
}

impl ProtocolsPatch {
    /// The switches after turning.
    pub fn applied_to(self, now: Protocols) -> Protocols {
        Protocols {
            imap: self.imap.unwrap_or(now.imap),
            pop3: self.pop3.unwrap_or(now.pop3),
            smtp: self.smtp.unwrap_or(now.smtp),
            sieve: self.sieve.unwrap_or(now.sieve),
            webmail: self.webmail.unwrap_or(now.webmail),
        }
    }
}

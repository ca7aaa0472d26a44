//! A mailbox as the API shows it. Secrets are never in it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::api::BASE;
use crate::http::api::reply::{Provisioning, Resource};
use crate::http::api::schemas::{Amount, Path};
use crate::model::{
    Destination, DisplayName, DomainId, DomainName, EmailAddress, ExternalId, Labels, Mailbox, MailboxId,
    OrgId, Protocols, Quota, Reason, Timestamp,
};
use crate::service::warnings::About;

/// A mailbox.
#[derive(Serialize, ToSchema)]
#[schema(as = Mailbox)]
pub(in crate::http::api) struct MailboxView<'a> {
    /// Its id, for ever.
    #[schema(value_type = String, pattern = "^mbx_[0-9a-z]{26}$")]
    id: MailboxId,
    /// Its primary address.
    #[schema(value_type = String)]
    address: &'a EmailAddress,
    /// The name of the person or team.
    #[schema(value_type = String)]
    display_name: &'a DisplayName,
    /// The name of its domain.
    #[schema(value_type = String)]
    domain: &'a DomainName,
    /// The id of its domain.
    #[schema(value_type = String, pattern = "^dom_[0-9a-z]{26}$")]
    domain_id: DomainId,
    /// The id of the org that the domain belongs to.
    #[schema(value_type = String, pattern = "^org_[0-9a-z]{26}$")]
    org: OrgId,
    /// In one word.
    #[schema(value_type = State)]
    state: &'static str,
    /// Why and how it is switched off; null when it is not.
    #[schema(value_type = Option<SuspensionView<'static>>)]
    suspension: Option<SuspensionView<'a>>,
    /// Where its mail is sent on to; null when it stays here.
    #[schema(value_type = Option<ForwardingView<'static>>)]
    forwarding: Option<ForwardingView<'a>>,
    /// Whether anybody could sign in with a password.
    has_password: bool,
    /// How much mail it may hold, in bytes. The 1 GB of the portal is 1073741824.
    #[schema(value_type = Amount)]
    quota_bytes: Quota,
    /// What it holds; null until the cluster has said anything.
    #[schema(value_type = Option<UsageView>)]
    usage: Option<UsageView>,
    /// By which ways it may be used.
    protocols: ProtocolsView,
    /// When somebody last signed in to it.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_login_at: Option<Timestamp>,
    /// The mail server that keeps its mail.
    node: &'a str,
    /// The name that another system has for it.
    #[schema(value_type = Option<String>)]
    external_id: Option<&'a ExternalId>,
    /// Words to sort and find it by.
    #[schema(value_type = Vec<String>)]
    labels: &'a Labels,
    /// Whether the mail cluster holds it as it should.
    #[schema(value_type = Provisioning<'static>)]
    provisioning: Option<Provisioning<'a>>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When it went into the bin; null when it is in use.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
    /// When it is gone for good; null when it is in use.
    #[schema(value_type = Option<String>, format = DateTime)]
    purge_at: Option<Timestamp>,
    /// Counts its changes; the same number is its `ETag`.
    version: i64,
    /// Where to go from here.
    links: MailboxLinks<'a>,
}

/// The same for the document, which does not care how long it lives.
pub(in crate::http::api) type Shown = MailboxView<'static>;

/// Where to go from a mailbox.
#[derive(Serialize, ToSchema)]
struct MailboxLinks<'a> {
    /// The mailbox itself, whatever it is called.
    #[serde(rename = "self")]
    #[schema(value_type = String)]
    own: Path<MailboxId>,
    /// Its domain.
    #[schema(value_type = String)]
    domain: Path<&'a DomainName>,
}

/// By which ways a mailbox may be used.
#[derive(Serialize, ToSchema)]
#[schema(as = Protocols)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five switches that are switched one by one"
)]
pub(in crate::http::api) struct ProtocolsView {
    /// Reading by IMAP.
    imap: bool,
    /// Fetching by POP3.
    pop3: bool,
    /// Sending by submission.
    smtp: bool,
    /// Filters by `ManageSieve`.
    sieve: bool,
    /// The webmail.
    webmail: bool,
}

impl From<Protocols> for ProtocolsView {
    fn from(all: Protocols) -> Self {
        Self {
            imap: all.imap,
            pop3: all.pop3,
            smtp: all.smtp,
            sieve: all.sieve,
            webmail: all.webmail,
        }
    }
}

/// What a mailbox holds.
#[derive(Serialize, ToSchema)]
#[schema(as = MailboxUsage)]
struct UsageView {
    /// Bytes of mail.
    bytes: i64,
    /// Messages.
    messages: i64,
    /// How full it is; null without a quota.
    percent: Option<i64>,
    /// When the cluster said so.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Why and how a mailbox is switched off.
#[derive(Serialize, ToSchema)]
#[schema(as = MailboxSuspension)]
struct SuspensionView<'a> {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Why.
    #[schema(value_type = String)]
    reason: &'a Reason,
    /// Whether it still takes mail.
    receive: bool,
    /// When it resumes by itself; null when somebody has to.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Where the mail of a mailbox is sent on to.
#[derive(Serialize, ToSchema)]
#[schema(as = Forwarding)]
pub(in crate::http::api) struct ForwardingView<'a> {
    /// The addresses.
    #[schema(value_type = Vec<String>)]
    destinations: &'a [Destination],
    /// Whether the mailbox keeps a copy.
    keep_copy: bool,
    /// When it ends by itself; null when somebody has to end it.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// The same for the document.
pub(super) type Forwarded = ForwardingView<'static>;

/// The state of a mailbox, an alias, a domain or an org.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words that `state()` of the model says")]
pub(in crate::http::api) enum State {
    /// In use.
    Active,
    /// Switched off.
    Suspended,
    /// In the bin.
    Deleted,
}

/// Mailboxes, page by page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::page` writes")]
pub(in crate::http::api) struct MailboxList {
    /// The mailboxes of this page.
    data: Vec<Shown>,
    /// Whether there is another page.
    has_more: bool,
    /// What to give as `after` for the next page.
    next_after: Option<String>,
}

impl Resource for Mailbox {
    type View<'a> = MailboxView<'a>;

    fn object(&self) -> Option<Uuid> {
        Some(self.id.uuid())
    }

    fn pending(&self) -> bool {
        self.pending
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn about(&self) -> About<'_> {
        About::Mailbox(self)
    }

    fn path(&self) -> String {
        format!("{BASE}/mailboxes/{}", self.id)
    }

    fn view<'a>(&'a self, provisioning: Option<Provisioning<'a>>) -> MailboxView<'a> {
        let domain = self.address.domain();
        MailboxView {
            id: self.id,
            address: &self.address,
            display_name: &self.display_name,
            domain,
            domain_id: self.domain_id,
            org: self.org_id,
            state: self.state().as_str(),
            suspension: self.suspension.as_ref().map(|off| SuspensionView {
                since: off.at,
                reason: &off.reason,
                receive: off.receive,
                until: off.until,
            }),
            forwarding: forwarding(self),
            has_password: self.has_password,
            quota_bytes: self.quota,
            usage: self.usage.map(|usage| UsageView {
                bytes: usage.bytes,
                messages: usage.messages,
                percent: self.percent(),
                as_of: usage.as_of,
            }),
            protocols: self.protocols.into(),
            last_login_at: self.last_login_at,
            node: &self.node,
            external_id: self.external_id.as_ref(),
            labels: &self.labels,
            provisioning,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted.map(|gone| gone.at),
            purge_at: self.deleted.map(|gone| gone.purge_at),
            version: self.version,
            links: MailboxLinks {
                own: Path("/mailboxes/", self.id),
                domain: Path("/domains/", domain),
            },
        }
    }
}

/// Where the mail of a mailbox is sent on to, if it is.
pub(super) fn forwarding(mailbox: &Mailbox) -> Option<ForwardingView<'_>> {
    mailbox.forwarding.as_ref().map(|to| ForwardingView {
        destinations: &to.destinations,
        keep_copy: to.keep_copy,
        until: to.until,
    })
}

//! A domain as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::api::BASE;
use crate::http::api::limits::{LimitsView, OffShown, OffView, UsageView};
use crate::http::api::mailboxes::State;
use crate::http::api::reply::{Provisioning, Resource};
use crate::http::api::schemas::{Amount, Path};
use crate::model::{Domain, DomainAlias, DomainId, DomainName, ExternalId, Note, OrgId, Quota, Timestamp};
use crate::service::warnings::About;

/// A mail domain.
#[derive(Serialize, ToSchema)]
#[schema(as = Domain)]
pub(in crate::http::api) struct DomainView<'a> {
    /// Its id, for ever.
    #[schema(value_type = String, pattern = "^dom_[0-9a-z]{26}$")]
    id: DomainId,
    /// Its name, as mail programs write it.
    #[schema(value_type = String)]
    name: &'a DomainName,
    /// Its name, as people read it.
    unicode_name: String,
    /// The org that it belongs to.
    #[schema(value_type = String, pattern = "^org_[0-9a-z]{26}$")]
    org: OrgId,
    /// In one word.
    #[schema(value_type = State)]
    state: &'static str,
    /// Since when and why it is switched off; null when it is not.
    #[schema(value_type = Option<OffShown>)]
    suspension: Option<OffView<'a>>,
    /// Whether the org is switched off, and the domain with it.
    org_suspended: bool,
    /// A note for the people who look after it.
    #[schema(value_type = String)]
    note: &'a Note,
    /// The name that another system has for it.
    #[schema(value_type = Option<String>)]
    external_id: Option<&'a ExternalId>,
    /// What a new mailbox gets when nothing else is said, in bytes.
    #[schema(value_type = Amount)]
    default_quota_bytes: Quota,
    /// How much it may hold.
    limits: LimitsView,
    /// How much it holds.
    usage: UsageView,
    /// Whether the mail cluster holds it as it should.
    #[schema(value_type = Provisioning<'static>)]
    provisioning: Option<Provisioning<'a>>,
    /// When it was added.
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
    links: DomainLinks<'a>,
}

/// Where to go from a domain.
#[derive(Serialize, ToSchema)]
struct DomainLinks<'a> {
    /// The domain itself.
    #[serde(rename = "self")]
    #[schema(value_type = String)]
    own: Path<&'a DomainName>,
    /// Its mailboxes.
    #[schema(value_type = String)]
    mailboxes: Path<&'a DomainName>,
    /// Its aliases.
    #[schema(value_type = String)]
    aliases: Path<&'a DomainName>,
    /// The org that it belongs to.
    #[schema(value_type = String)]
    org: Path<OrgId>,
}

/// Domains, page by page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::page` writes")]
pub(super) struct DomainList {
    /// The domains of this page.
    data: Vec<Shown>,
    /// Whether there is another page.
    has_more: bool,
    /// What to give as `after` for the next page.
    next_after: Option<String>,
}

pub(super) type Shown = DomainView<'static>;

impl Resource for Domain {
    type View<'a> = DomainView<'a>;

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
        About::Domain(self)
    }

    fn path(&self) -> String {
        format!("{BASE}/domains/{}", self.name)
    }

    fn view<'a>(&'a self, provisioning: Option<Provisioning<'a>>) -> DomainView<'a> {
        DomainView {
            id: self.id,
            name: &self.name,
            unicode_name: self.name.to_unicode(),
            org: self.org_id,
            state: self.state(),
            suspension: self.suspension.as_ref().map(OffView::of),
            org_suspended: self.org_suspended,
            note: &self.note,
            external_id: self.external_id.as_ref(),
            default_quota_bytes: self.default_quota,
            limits: LimitsView::of_domain(&self.limits),
            usage: UsageView::of_domain(self.usage),
            provisioning,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted.map(|gone| gone.at),
            purge_at: self.deleted.map(|gone| gone.purge_at),
            version: self.version,
            links: DomainLinks {
                own: Path("/domains/", &self.name),
                mailboxes: Path("/mailboxes?domain=", &self.name),
                aliases: Path("/aliases?domain=", &self.name),
                org: Path("/orgs/", self.org_id),
            },
        }
    }
}

/// Another name for all addresses of a domain.
#[derive(Serialize, ToSchema)]
#[schema(as = DomainAlias)]
pub(super) struct DomainAliasView<'a> {
    /// The other name.
    #[schema(value_type = String)]
    name: &'a DomainName,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl<'a> DomainAliasView<'a> {
    pub(super) fn of(alias: &'a DomainAlias) -> Self {
        Self {
            name: &alias.name,
            created_at: alias.created_at,
        }
    }
}

/// Every other name of a domain.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::whole` writes")]
pub(super) struct DomainAliasList {
    /// The other names.
    data: Vec<DomainAliasView<'static>>,
    /// Always false.
    has_more: bool,
    /// Always null.
    next_after: Option<String>,
}

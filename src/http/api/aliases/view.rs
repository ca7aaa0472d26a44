//! An alias as the API shows it.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::api::BASE;
use crate::http::api::mailboxes::State;
use crate::http::api::reply::{Provisioning, Resource};
use crate::http::api::schemas::Path;
use crate::model::{
    Alias, AliasAddress, AliasId, Destination, DomainId, DomainName, ExternalId, Note, OrgId, Timestamp,
};
use crate::service::warnings::About;

/// An alias, a group or a catch-all.
#[derive(Serialize, ToSchema)]
#[schema(as = Alias)]
pub(in crate::http::api) struct AliasView<'a> {
    /// Its id, for ever.
    #[schema(value_type = String, pattern = "^als_[0-9a-z]{26}$")]
    id: AliasId,
    /// The address that it answers for; `@domain` for a catch-all.
    #[schema(value_type = String)]
    address: Shape<'a>,
    /// Whether it answers for every unknown address of its domain.
    catch_all: bool,
    /// Where its mail goes.
    #[schema(value_type = Vec<String>)]
    destinations: &'a [Destination],
    /// What it is for.
    #[schema(value_type = String)]
    description: &'a Note,
    /// Whether it is in force.
    enabled: bool,
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
    /// The name that another system has for it.
    #[schema(value_type = Option<String>)]
    external_id: Option<&'a ExternalId>,
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
    links: AliasLinks<'a>,
}

/// The address, written without a copy.
struct Shape<'a>(&'a AliasAddress);

impl Serialize for Shape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// Where to go from an alias.
#[derive(Serialize, ToSchema)]
struct AliasLinks<'a> {
    /// The alias itself, whatever it is called.
    #[serde(rename = "self")]
    #[schema(value_type = String)]
    own: Path<AliasId>,
    /// Its domain.
    #[schema(value_type = String)]
    domain: Path<&'a DomainName>,
}

/// For the document.
pub(super) type Shown = AliasView<'static>;

/// Aliases, page by page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::page` writes")]
pub(super) struct AliasList {
    /// The aliases of this page.
    data: Vec<Shown>,
    /// Whether there is another page.
    has_more: bool,
    /// What to give as `after` for the next page.
    next_after: Option<String>,
}

/// One who gets the mail of a group.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(super) struct MemberView<'a> {
    /// The address.
    #[schema(value_type = String)]
    address: &'a Destination,
}

impl<'a> MemberView<'a> {
    pub(super) fn of(address: &'a Destination) -> Self {
        Self { address }
    }
}

/// Everybody who gets the mail of a group.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::whole` writes")]
pub(super) struct MemberList {
    /// The members.
    data: Vec<MemberView<'static>>,
    /// Always false.
    has_more: bool,
    /// Always null.
    next_after: Option<String>,
}

impl Resource for Alias {
    type View<'a> = AliasView<'a>;

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
        About::Alias(self)
    }

    fn path(&self) -> String {
        format!("{BASE}/aliases/{}", self.id)
    }

    fn view<'a>(&'a self, provisioning: Option<Provisioning<'a>>) -> AliasView<'a> {
        let domain = self.address.domain();
        let state = if self.deleted.is_some() {
            "deleted"
        } else if self.enabled {
            "active"
        } else {
            "suspended"
        };
        AliasView {
            id: self.id,
            address: Shape(&self.address),
            catch_all: self.address.is_catch_all(),
            destinations: &self.destinations,
            description: &self.description,
            enabled: self.enabled,
            domain,
            domain_id: self.domain_id,
            org: self.org_id,
            state,
            external_id: self.external_id.as_ref(),
            provisioning,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted.map(|gone| gone.at),
            purge_at: self.deleted.map(|gone| gone.purge_at),
            version: self.version,
            links: AliasLinks {
                own: Path("/aliases/", self.id),
                domain: Path("/domains/", domain),
            },
        }
    }
}

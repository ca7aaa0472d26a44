//! `/orgs`.

use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::ask::Ask;
use super::json::{Fields, text, word};
use super::limits::{self, LimitsView, OrgOffShown, OrgOffView, UsageView};
use super::mailboxes::State;
use super::problem::Problem;
use super::reply::{self, Provisioning, Resource, Success};
use super::schemas::Path;
use super::{BASE, filters};
use crate::model::{
    DisplayName, ExternalId, Limits, Note, Org, OrgDraft, OrgId, OrgKind, OrgPatch, Timestamp,
};
use crate::service::warnings::About;
use crate::service::{App, orgs};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, patch, delete))
        .routes(routes!(get_limits, set_limits))
        .routes(routes!(usage))
        .routes(routes!(suspend, resume))
        .routes(routes!(restore))
        .routes(routes!(relocate))
}

/// An org: the provider, a reseller or a customer.
#[derive(Serialize, ToSchema)]
#[schema(as = Org)]
pub(super) struct OrgView<'a> {
    /// Its id, for ever.
    #[schema(value_type = String, pattern = "^org_[0-9a-z]{26}$")]
    id: OrgId,
    /// The org above it; null for the provider.
    #[schema(value_type = Option<String>)]
    parent: Option<OrgId>,
    /// What it is.
    #[schema(value_type = OrgKindWord)]
    kind: &'static str,
    /// Its name.
    #[schema(value_type = String)]
    name: &'a DisplayName,
    /// Whom to reach.
    #[schema(value_type = String)]
    contact: &'a Note,
    /// The customer number of another system.
    #[schema(value_type = Option<String>)]
    external_id: Option<&'a ExternalId>,
    /// In one word.
    #[schema(value_type = State)]
    state: &'static str,
    /// Since when and why it is switched off; null when it is not.
    #[schema(value_type = Option<OrgOffShown>)]
    suspension: Option<OrgOffView<'a>>,
    /// How much it may hold.
    limits: LimitsView,
    /// How much it holds, with everything below it.
    usage: UsageView,
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
    links: OrgLinks,
}

/// Where to go from an org.
#[derive(Serialize, ToSchema)]
struct OrgLinks {
    /// The org itself.
    #[serde(rename = "self")]
    #[schema(value_type = String)]
    own: Path<OrgId>,
    /// Its domains, and those of the orgs below it.
    #[schema(value_type = String)]
    domains: Path<String>,
}

/// What an org is in the tree.
#[derive(ToSchema)]
#[schema(as = OrgKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `model::OrgKind`")]
enum OrgKindWord {
    /// The root.
    Provider,
    /// Has customers of its own.
    Reseller,
    /// Has domains.
    Customer,
}

/// Orgs, page by page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::page` writes")]
struct OrgList {
    /// The orgs of this page.
    data: Vec<Shown>,
    /// Whether there is another page.
    has_more: bool,
    /// What to give as `after` for the next page.
    next_after: Option<String>,
}

type Shown = OrgView<'static>;

impl Resource for Org {
    type View<'a> = OrgView<'a>;

    fn object(&self) -> Option<Uuid> {
        None
    }

    fn pending(&self) -> bool {
        false
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn about(&self) -> About<'_> {
        About::Org(self)
    }

    fn path(&self) -> String {
        format!("{BASE}/orgs/{}", self.id)
    }

    fn view<'a>(&'a self, _provisioning: Option<Provisioning<'a>>) -> OrgView<'a> {
        OrgView {
            id: self.id,
            parent: self.parent_id,
            kind: self.kind.as_str(),
            name: &self.name,
            contact: &self.contact,
            external_id: self.external_id.as_ref(),
            state: self.state(),
            suspension: self.suspension.as_ref().map(OrgOffView::of),
            limits: LimitsView::of_org(&self.limits),
            usage: UsageView::of_org(self.usage),
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted.map(|gone| gone.at),
            purge_at: self.deleted.map(|gone| gone.purge_at),
            version: self.version,
            links: OrgLinks {
                own: Path("/orgs/", self.id),
                domains: Path("/domains?org=", self.id.to_string()),
            },
        }
    }
}

/// An org to be added.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `creation` reads")]
struct OrgCreation {
    /// Its name.
    #[schema(min_length = 1)]
    name: String,
    /// What it is; left out it is a customer.
    #[schema(inline, nullable = false)]
    kind: Option<NewKind>,
    /// The org above it; left out it is the provider.
    #[schema(nullable = false, pattern = "^org_[0-9a-z]{26}$")]
    parent: Option<String>,
    /// Whom to reach.
    #[schema(nullable = false)]
    contact: Option<String>,
    /// The customer number of another system.
    external_id: Option<String>,
    /// How much it may hold; left out it is unlimited. Takes the permission `limits.assign`.
    #[schema(nullable = false)]
    limits: Option<limits::OrgLimitsWish>,
}

/// To where an org is to be moved.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `parent` reads")]
struct OrgMove {
    /// The org that it is to be below.
    #[schema(pattern = "^org_[0-9a-z]{26}$")]
    parent: String,
}

fn parent(fields: &mut Fields<'_>) -> Option<OrgId> {
    fields.required("parent", text::<OrgId>)
}

/// What a new org may be.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what `creation` reads")]
enum NewKind {
    /// Has customers of its own.
    Reseller,
    /// Has domains.
    Customer,
}

/// What is to be changed of an org; what is left out stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `change` reads")]
struct OrgChange {
    /// A new name.
    #[schema(nullable = false, min_length = 1)]
    name: Option<String>,
    /// Whom to reach; null takes it away.
    contact: Option<String>,
    /// The customer number of another system; null takes it away.
    external_id: Option<String>,
}

fn creation(fields: &mut Fields<'_>) -> Option<(Option<OrgId>, OrgDraft)> {
    let kinds = [("reseller", OrgKind::Reseller), ("customer", OrgKind::Customer)];
    let name = fields.required("name", text::<DisplayName>);
    let kind = fields.optional("kind", word(&kinds)).unwrap_or(OrgKind::Customer);
    let parent = fields.optional("parent", text::<OrgId>);
    let contact = fields.optional("contact", text::<Note>).unwrap_or_default();
    let external_id = fields.nullable("external_id", text::<ExternalId>).flatten();
    let limits = fields
        .object("limits", limits::of_org)
        .unwrap_or(Limits::UNLIMITED);
    let draft = OrgDraft {
        kind,
        name: name?,
        contact,
        external_id,
        limits,
    };
    Some((parent, draft))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "readers of bodies may fail, this one has only optional fields"
)]
fn change(fields: &mut Fields<'_>) -> Option<OrgPatch> {
    let contact = fields.nullable("contact", text::<Note>);
    Some(OrgPatch {
        name: fields.optional("name", text::<DisplayName>),
        contact: contact.map(Option::unwrap_or_default),
        external_id: fields.nullable("external_id", text::<ExternalId>),
    })
}

/// List orgs
///
/// Those that the token may see, by name.
#[utoipa::path(get, path = "/orgs", operation_id = "listOrgs", tag = "Orgs",
    params(filters::Text, filters::InState, filters::Since, filters::Columns),
    responses((status = 200, description = "A page of orgs.", body = OrgList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let (call, filter, paging) = ask.listing_of::<Org, _>(filters::common)?;
    let page = orgs::list(&ask.app, &call, &filter, &paging.page).await?;
    let all = match paging.whole() {
        Some(whole) => Some(orgs::list(&ask.app, &call, &filter, &whole).await?),
        None => None,
    };
    reply::page(&ask, &paging, &page, all).await
}

/// Add an org
#[utoipa::path(post, path = "/orgs", operation_id = "createOrg", tag = "Orgs", request_body = OrgCreation,
    responses((status = 201, description = "The new org.", body = Shown)))]
async fn create(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let (parent, draft) = ask.body(creation)?;
    let parent = match parent {
        Some(parent) => parent,
        None => orgs::provider(&ask.app, &call).await?.id,
    };
    let done = orgs::create(&ask.app, &call, parent, draft).await;
    let done = done.map_err(|error| Problem::from(error).in_scope(format!("org:{parent}")))?;
    reply::done(&ask, call.dry_run, &done, Success::Created).await
}

/// Read an org
#[utoipa::path(get, path = "/orgs/{org}", operation_id = "getOrg", tag = "Orgs",
    responses((status = 200, description = "The org.", body = Shown)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (org, _) = orgs::get(&ask.app, &call, ask.at("org")?).await?;
    reply::item(&ask, &org).await
}

/// Change an org
#[utoipa::path(patch, path = "/orgs/{org}", operation_id = "updateOrg", tag = "Orgs",
    request_body(content = OrgChange, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The org as it is now.", body = Shown)))]
async fn patch(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("org")?;
    let patch = ask.body(change)?;
    let done = orgs::update(&ask.app, &call, at, patch).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Delete an org
///
/// It goes into the bin with everything below it, and can be restored until `purge_at` with all that went with it. Takes
/// `domain.delete` too if there are domains.
#[utoipa::path(delete, path = "/orgs/{org}", operation_id = "deleteOrg", tag = "Orgs",
    responses((status = 200, description = "The org in the bin.", body = Shown)))]
async fn delete(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = orgs::delete(&ask.app, &call, ask.at("org")?).await?;
    reply::binned(&ask, call.dry_run, &done, "org").await
}

/// Read the limits of an org
#[utoipa::path(get, path = "/orgs/{org}/limits", operation_id = "getOrgLimits", tag = "Orgs",
    responses((status = 200, description = "How much it may hold.", body = LimitsView)))]
async fn get_limits(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (org, _) = orgs::get(&ask.app, &call, ask.at("org")?).await?;
    reply::part(&ask, org.version, &LimitsView::of_org(&org.limits))
}

/// Set the limits of an org
///
/// What it holds already stays, even above a limit. Nobody sets the limits of their own org.
#[utoipa::path(put, path = "/orgs/{org}/limits", operation_id = "setOrgLimits", tag = "Orgs",
    request_body = limits::OrgLimitsWish,
    responses((status = 200, description = "The org as it is now.", body = Shown)))]
async fn set_limits(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("org")?;
    let limits = ask.body(limits::of_org)?;
    let done = orgs::set_limits(&ask.app, &call, at, limits).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Read what an org holds
#[utoipa::path(get, path = "/orgs/{org}/usage", operation_id = "getOrgUsage", tag = "Orgs",
    responses((status = 200, description = "How much it holds.", body = UsageView)))]
async fn usage(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (org, _) = orgs::get(&ask.app, &call, ask.at("org")?).await?;
    reply::json(http::StatusCode::OK, &UsageView::of_org(org.usage))
}

/// Suspend an org
///
/// Nobody of it and below it can sign in, by password, session or token. Unless `delivery` is `keep`, every domain
/// below it is switched off too: no mail, no sign-in, no sending.
#[utoipa::path(put, path = "/orgs/{org}/suspension", operation_id = "suspendOrg", tag = "Orgs",
    request_body = limits::OrgOffWish,
    responses((status = 200, description = "The org as it is now.", body = Shown)))]
async fn suspend(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("org")?;
    let (reason, keeps_delivery) = ask.body(limits::org_off)?;
    let done = if keeps_delivery {
        orgs::suspend_sign_in(&ask.app, &call, at, reason).await?
    } else {
        orgs::suspend(&ask.app, &call, at, reason).await?
    };
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Resume an org
///
/// What was switched off on its own account stays so.
#[utoipa::path(delete, path = "/orgs/{org}/suspension", operation_id = "resumeOrg", tag = "Orgs",
    responses((status = 200, description = "The org as it is now.", body = Shown)))]
async fn resume(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = orgs::resume(&ask.app, &call, ask.at("org")?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Restore an org
#[utoipa::path(post, path = "/orgs/{org}/restoration", operation_id = "restoreOrg", tag = "Orgs",
    responses((status = 200, description = "The org as it is now.", body = Shown)))]
async fn restore(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    ask.no_body()?;
    let done = orgs::restore(&ask.app, &call, ask.at("org")?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Move an org
///
/// It goes below another org, with everything in it. Takes `org.delete` at the org above it, `org.create` at the new one,
/// and `limits.assign` there if the org has limits, which come out of those of the new place. What happened until then
/// stays readable to both.
#[utoipa::path(post, path = "/orgs/{org}/move", operation_id = "moveOrg", tag = "Orgs", request_body = OrgMove,
    responses((status = 200, description = "The org as it is now.", body = Shown)))]
async fn relocate(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("org")?;
    let parent = ask.body(parent)?;
    let done = orgs::relocate(&ask.app, &call, at, parent).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

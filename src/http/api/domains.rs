//! `/domains`.

use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::ask::Ask;
use super::json::{Fields, plain, quota, text};
use super::limits::{self, LimitsView, OffShown, OffView, UsageView};
use super::mailboxes::State;
use super::problem::Problem;
use super::reply::{self, Provisioning, Resource, Success};
use super::schemas::{Amount, Path};
use super::{BASE, filters};
use crate::access::Call;
use crate::model::{
    Domain, DomainAlias, DomainDraft, DomainId, DomainName, DomainPatch, ExternalId, Limits, Note, OrgId,
    Quota, Timestamp,
};
use crate::service::App;
use crate::service::domains::{self, DomainRef};
use crate::service::warnings::About;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, patch, delete))
        .routes(routes!(get_limits, set_limits))
        .routes(routes!(list_aliases, add_alias))
        .routes(routes!(remove_alias))
        .routes(routes!(suspend, resume))
        .routes(routes!(restore))
}

/// A mail domain.
#[derive(Serialize, ToSchema)]
#[schema(as = Domain)]
pub(super) struct DomainView<'a> {
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
struct DomainList {
    /// The domains of this page.
    data: Vec<Shown>,
    /// Whether there is another page.
    has_more: bool,
    /// What to give as `after` for the next page.
    next_after: Option<String>,
}

type Shown = DomainView<'static>;

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
struct DomainAliasView<'a> {
    /// The other name.
    #[schema(value_type = String)]
    name: &'a DomainName,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Every other name of a domain.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::whole` writes")]
struct DomainAliasList {
    /// The other names.
    data: Vec<DomainAliasView<'static>>,
    /// Always false.
    has_more: bool,
    /// Always null.
    next_after: Option<String>,
}

/// A domain to be added.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `creation` reads")]
struct DomainCreation {
    /// Its name.
    #[schema(max_length = 253)]
    name: String,
    /// The org that it belongs to.
    #[schema(pattern = "^org_[0-9a-z]{26}$")]
    org: String,
    /// A note for the people who look after it.
    #[schema(nullable = false)]
    note: Option<String>,
    /// The name that another system has for it.
    external_id: Option<String>,
    /// What a new mailbox gets when nothing else is said; left out it is 1 GB.
    #[schema(value_type = Amount, required = false)]
    default_quota_bytes: Option<Quota>,
    /// How much it may hold; left out it is unlimited. Takes the permission `limits.assign`.
    #[schema(nullable = false)]
    limits: Option<limits::DomainLimitsWish>,
}

/// What is to be changed of a domain; what is left out stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `change` reads")]
struct DomainChange {
    /// A new note; null takes it away.
    note: Option<String>,
    /// The name that another system has for it; null takes it away.
    external_id: Option<String>,
    /// What a new mailbox gets when nothing else is said.
    #[schema(value_type = Amount, required = false)]
    default_quota_bytes: Option<Quota>,
}

/// Another name to be given to a domain.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `add_alias` reads")]
struct DomainAliasCreation {
    /// The other name.
    #[schema(max_length = 253)]
    name: String,
}

fn creation(app: &App, fields: &mut Fields<'_>) -> Option<(OrgId, DomainDraft)> {
    let name = fields.required("name", |value| Ok(app.addresses.hosted_domain(plain(value)?)?));
    let org = fields.required("org", text::<OrgId>);
    let note = fields.optional("note", text::<Note>).unwrap_or_default();
    let external_id = fields.nullable("external_id", text::<ExternalId>).flatten();
    let default_quota = fields.optional("default_quota_bytes", quota);
    let limits = fields
        .object("limits", limits::of_domain)
        .unwrap_or(Limits::UNLIMITED);
    let draft = DomainDraft {
        name: name?,
        note,
        external_id,
        default_quota: default_quota.unwrap_or(domains::usual_quota()),
        limits,
    };
    Some((org?, draft))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "readers of bodies may fail, this one has only optional fields"
)]
fn change(fields: &mut Fields<'_>) -> Option<DomainPatch> {
    let note = fields.nullable("note", text::<Note>);
    Some(DomainPatch {
        note: note.map(Option::unwrap_or_default),
        external_id: fields.nullable("external_id", text::<ExternalId>),
        default_quota: fields.optional("default_quota_bytes", quota),
    })
}

/// The name of the domain that the path names.
async fn name(ask: &Ask, call: &Call) -> Result<DomainName, Problem> {
    let at: DomainRef = ask.at("domain")?;
    match domains::name_of(&ask.app, call, at).await {
        Ok(name) => Ok(name),
        Err(error) => Err(ask.missing(call, "domain", error).await),
    }
}

/// List domains
///
/// Those that the token may see, by org and name.
#[utoipa::path(get, path = "/domains", operation_id = "listDomains", tag = "Domains",
    params(filters::Text, filters::InsideOrg, filters::InState, filters::Since, filters::Columns),
    responses((status = 200, description = "A page of domains.", body = DomainList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let read = |query: &mut _| (filters::inside_org(query), filters::common(query));
    let (call, (inside, filter), paging) = ask.listing_of::<Domain, _>(read)?;
    let page = domains::list(&ask.app, &call, &inside, &filter, &paging.page).await?;
    let all = match paging.whole() {
        Some(whole) => Some(domains::list(&ask.app, &call, &inside, &filter, &whole).await?),
        None => None,
    };
    reply::page(&ask, &paging, &page, all).await
}

/// Add a domain
#[utoipa::path(post, path = "/domains", operation_id = "createDomain", tag = "Domains",
    request_body = DomainCreation,
    responses((status = 201, description = "The new domain.", body = Shown)))]
async fn create(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let (org, draft) = ask.body(|fields| creation(&ask.app, fields))?;
    let done = domains::create(&ask.app, &call, org, draft).await;
    let done = done.map_err(|error| Problem::from(error).in_scope(format!("org:{org}")))?;
    reply::done(&ask, call.dry_run, &done, Success::Created).await
}

/// Read a domain
#[utoipa::path(get, path = "/domains/{domain}", operation_id = "getDomain", tag = "Domains",
    responses((status = 200, description = "The domain.", body = Shown)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (domain, _) = domains::get(&ask.app, &call, &name(&ask, &call).await?).await?;
    reply::item(&ask, &domain).await
}

/// Change a domain
#[utoipa::path(patch, path = "/domains/{domain}", operation_id = "updateDomain", tag = "Domains",
    request_body(content = DomainChange, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The domain as it is now.", body = Shown)))]
async fn patch(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let name = name(&ask, &call).await?;
    let patch = ask.body(change)?;
    let done = domains::update(&ask.app, &call, &name, patch).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Delete a domain
///
/// It goes into the bin with everything in it, and can be restored until `purge_at`.
#[utoipa::path(delete, path = "/domains/{domain}", operation_id = "deleteDomain", tag = "Domains",
    responses((status = 200, description = "The domain in the bin.", body = Shown)))]
async fn delete(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = domains::delete(&ask.app, &call, &name(&ask, &call).await?).await?;
    reply::binned(&ask, call.dry_run, &done, "domain").await
}

/// Read the limits of a domain
#[utoipa::path(get, path = "/domains/{domain}/limits", operation_id = "getDomainLimits", tag = "Domains",
    responses((status = 200, description = "How much it may hold.", body = LimitsView)))]
async fn get_limits(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (domain, _) = domains::get(&ask.app, &call, &name(&ask, &call).await?).await?;
    reply::part(&ask, domain.version, &LimitsView::of_domain(&domain.limits))
}

/// Set the limits of a domain
///
/// What it holds already stays, even above a limit.
#[utoipa::path(put, path = "/domains/{domain}/limits", operation_id = "setDomainLimits", tag = "Domains",
    request_body = limits::DomainLimitsWish,
    responses((status = 200, description = "The domain as it is now.", body = Shown)))]
async fn set_limits(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let name = name(&ask, &call).await?;
    let limits = ask.body(limits::of_domain)?;
    let done = domains::set_limits(&ask.app, &call, &name, limits).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// List the other names of a domain
#[utoipa::path(get, path = "/domains/{domain}/aliases", operation_id = "listDomainAliases", tag = "Domains",
    responses((status = 200, description = "Every other name.", body = DomainAliasList)))]
async fn list_aliases(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (_, aliases) = domains::aliases(&ask.app, &call, &name(&ask, &call).await?).await?;
    let view = |alias| {
        let alias: &DomainAlias = alias;
        DomainAliasView {
            name: &alias.name,
            created_at: alias.created_at,
        }
    };
    reply::whole(&aliases.iter().map(view).collect::<Vec<_>>())
}

/// Give a domain another name
///
/// Every address of the domain is reached under it too. Takes the permission `domain.create`.
#[utoipa::path(post, path = "/domains/{domain}/aliases", operation_id = "createDomainAlias", tag = "Domains",
    request_body = DomainAliasCreation,
    responses((status = 201, description = "The domain.", body = Shown)))]
async fn add_alias(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let name = name(&ask, &call).await?;
    let alias = ask.body(|fields| {
        fields.required("name", |value| {
            Ok(ask.app.addresses.hosted_domain(plain(value)?)?)
        })
    })?;
    let done = domains::add_alias(&ask.app, &call, &name, alias).await?;
    reply::done(&ask, call.dry_run, &done, Success::Created).await
}

/// Take another name away from a domain
#[utoipa::path(delete, path = "/domains/{domain}/aliases/{name}", operation_id = "deleteDomainAlias",
    tag = "Domains", responses((status = 200, description = "The domain.", body = Shown)))]
async fn remove_alias(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let name = name(&ask, &call).await?;
    let done = domains::remove_alias(&ask.app, &call, &name, &ask.at("name")?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Suspend a domain
///
/// It receives no mail, and nobody can sign in or send.
#[utoipa::path(put, path = "/domains/{domain}/suspension", operation_id = "suspendDomain", tag = "Domains",
    request_body = limits::OffWish,
    responses((status = 200, description = "The domain as it is now.", body = Shown)))]
async fn suspend(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let name = name(&ask, &call).await?;
    let reason = ask.body(limits::reason)?;
    let done = domains::suspend(&ask.app, &call, &name, reason).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Resume a domain
#[utoipa::path(delete, path = "/domains/{domain}/suspension", operation_id = "resumeDomain", tag = "Domains",
    responses((status = 200, description = "The domain as it is now.", body = Shown)))]
async fn resume(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = domains::resume(&ask.app, &call, &name(&ask, &call).await?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Restore a domain
///
/// Takes it out of the bin, with everything that went there with it.
#[utoipa::path(post, path = "/domains/{domain}/restoration", operation_id = "restoreDomain", tag = "Domains",
    responses((status = 200, description = "The domain as it is now.", body = Shown)))]
async fn restore(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    ask.no_body()?;
    let done = domains::restore(&ask.app, &call, &name(&ask, &call).await?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

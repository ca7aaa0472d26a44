//! `/domains`: mail domains, their limits and their other names.

mod bodies;
mod view;

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::filters;
use super::json::plain;
use super::limits::{self, LimitsView};
use super::problem::Problem;
use super::reply::{self, Success};
use crate::access::Call;
use crate::model::{Domain, DomainName};
use crate::service::App;
use crate::service::domains::{self, DomainRef};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, patch, delete))
        .routes(routes!(get_limits, set_limits))
        .routes(routes!(list_aliases, add_alias))
        .routes(routes!(remove_alias))
        .routes(routes!(suspend, resume))
        .routes(routes!(restore))
        .routes(routes!(transfer))
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
    responses((status = 200, description = "A page of domains.", body = view::DomainList)))]
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
    request_body = bodies::DomainCreation,
    responses((status = 201, description = "The new domain.", body = view::Shown)))]
async fn create(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let (org, draft) = ask.body(|fields| bodies::creation(&ask.app, fields))?;
    let done = domains::create(&ask.app, &call, org, draft).await;
    let done = done.map_err(|error| Problem::from(error).in_scope(format!("org:{org}")))?;
    reply::done(&ask, call.dry_run, &done, Success::Created).await
}

/// Read a domain
#[utoipa::path(get, path = "/domains/{domain}", operation_id = "getDomain", tag = "Domains",
    responses((status = 200, description = "The domain.", body = view::Shown)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (domain, _) = domains::get(&ask.app, &call, &name(&ask, &call).await?).await?;
    reply::item(&ask, &domain).await
}

/// Change a domain
#[utoipa::path(patch, path = "/domains/{domain}", operation_id = "updateDomain", tag = "Domains",
    request_body(content = bodies::DomainChange, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The domain as it is now.", body = view::Shown)))]
async fn patch(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let name = name(&ask, &call).await?;
    let patch = ask.body(bodies::change)?;
    let done = domains::update(&ask.app, &call, &name, patch).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Delete a domain
///
/// It goes into the bin with everything in it, and can be restored until `purge_at`.
#[utoipa::path(delete, path = "/domains/{domain}", operation_id = "deleteDomain", tag = "Domains",
    responses((status = 200, description = "The domain in the bin.", body = view::Shown)))]
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
    responses((status = 200, description = "The domain as it is now.", body = view::Shown)))]
async fn set_limits(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let name = name(&ask, &call).await?;
    let limits = ask.body(limits::of_domain)?;
    let done = domains::set_limits(&ask.app, &call, &name, limits).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// List the other names of a domain
#[utoipa::path(get, path = "/domains/{domain}/aliases", operation_id = "listDomainAliases", tag = "Domains",
    responses((status = 200, description = "Every other name.", body = view::DomainAliasList)))]
async fn list_aliases(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (_, aliases) = domains::aliases(&ask.app, &call, &name(&ask, &call).await?).await?;
    let views = aliases.iter().map(view::DomainAliasView::of);
    reply::whole(&views.collect::<Vec<_>>())
}

/// Give a domain another name
///
/// Every address of the domain is reached under it too. Takes the permission `domain.create`.
#[utoipa::path(post, path = "/domains/{domain}/aliases", operation_id = "createDomainAlias", tag = "Domains",
    request_body = bodies::DomainAliasCreation,
    responses((status = 201, description = "The domain.", body = view::Shown)))]
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
    tag = "Domains", responses((status = 200, description = "The domain.", body = view::Shown)))]
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
    responses((status = 200, description = "The domain as it is now.", body = view::Shown)))]
async fn suspend(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let name = name(&ask, &call).await?;
    let reason = ask.body(limits::reason)?;
    let done = domains::suspend(&ask.app, &call, &name, reason).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Resume a domain
#[utoipa::path(delete, path = "/domains/{domain}/suspension", operation_id = "resumeDomain", tag = "Domains",
    responses((status = 200, description = "The domain as it is now.", body = view::Shown)))]
async fn resume(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = domains::resume(&ask.app, &call, &name(&ask, &call).await?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Hand a domain to another org
///
/// With everything in it. Takes `domain.create` at the other org, whose limits it must fit into. What happened until
/// then stays readable to both.
#[utoipa::path(post, path = "/domains/{domain}/transfer", operation_id = "transferDomain", tag = "Domains",
    request_body = bodies::DomainTransferWish,
    responses((status = 200, description = "The domain as it is now.", body = view::Shown)))]
async fn transfer(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let name = name(&ask, &call).await?;
    let to = ask.body(bodies::transfer)?;
    let done = domains::transfer(&ask.app, &call, &name, to).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Restore a domain
///
/// Takes it out of the bin, with everything that went there with it.
#[utoipa::path(post, path = "/domains/{domain}/restoration", operation_id = "restoreDomain", tag = "Domains",
    responses((status = 200, description = "The domain as it is now.", body = view::Shown)))]
async fn restore(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    ask.no_body()?;
    let done = domains::restore(&ask.app, &call, &name(&ask, &call).await?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

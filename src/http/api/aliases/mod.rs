//! `/aliases`: aliases, groups and catch-alls.

mod bodies;
mod view;

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::filters;
use super::problem::Problem;
use super::reply::{self, Success};
use crate::access::Call;
use crate::error::Error;
use crate::model::{Alias, AliasAddress, AliasPatch, Invalid};
use crate::service::App;
use crate::service::aliases::{self, AliasRef};

/// How often a replacement is tried again when others add or delete the same thing at the same time.
const MOST_TRIES: usize = 4;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, put, patch, delete))
        .routes(routes!(members, set_members))
        .routes(routes!(add_member, remove_member))
        .routes(routes!(restore))
}

/// List aliases
///
/// Those that the token may see, by org, domain and address.
#[utoipa::path(get, path = "/aliases", operation_id = "listAliases", tag = "Aliases",
    params(filters::Text, filters::Inside, filters::InState, filters::Since, filters::Columns),
    responses((status = 200, description = "A page of aliases.", body = view::AliasList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let read = |query: &mut _| (filters::inside(query), filters::common(query));
    let (call, (inside, filter), paging) = ask.listing_of::<Alias, _>(read)?;
    let page = aliases::list(&ask.app, &call, &inside, &filter, &paging.page).await?;
    let all = match paging.whole() {
        Some(whole) => Some(aliases::list(&ask.app, &call, &inside, &filter, &whole).await?),
        None => None,
    };
    reply::page(&ask, &paging, &page, all).await
}

/// Add an alias
///
/// `@domain` as its address makes the catch-all of a domain. A destination outside takes `alias.external`.
#[utoipa::path(post, path = "/aliases", operation_id = "createAlias", tag = "Aliases",
    request_body = bodies::AliasCreation,
    responses((status = 201, description = "The new alias.", body = view::Shown)))]
async fn create(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let (domain, draft) = ask.body(|fields| bodies::creation(&ask.app, fields))?;
    let done = aliases::create(&ask.app, &call, &domain, draft).await;
    let done = done.map_err(|error| bodies::caused(error, &domain))?;
    reply::added(&ask, call.dry_run, &done, &domain).await
}

/// Read an alias
#[utoipa::path(get, path = "/aliases/{alias}", operation_id = "getAlias", tag = "Aliases",
    responses((status = 200, description = "The alias.", body = view::Shown)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    match aliases::get(&ask.app, &call, &ask.at("alias")?).await {
        Ok((alias, _)) => reply::item(&ask, &alias).await,
        Err(error) => Err(ask.missing(&call, "alias", error).await),
    }
}

/// Add or replace an alias
///
/// By its address it is added if it is not there, and else made what the body says. `If-None-Match: *` only adds,
/// `If-Match` only replaces.
#[utoipa::path(put, path = "/aliases/{alias}", operation_id = "putAlias", tag = "Aliases",
    request_body = bodies::AliasReplacement,
    responses((status = 200, description = "The alias as it is now.", body = view::Shown),
        (status = 201, description = "The new alias.", body = view::Shown)))]
async fn put(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let mut answered = put_once(&ask, &call).await;
    for _ in 0..MOST_TRIES {
        // Somebody added or deleted it between our look and our deed: then it is replaced, or added anew.
        let is_raced = |problem: &Problem| problem.is_about("already_exists") || problem.is_about("deleted");
        if ask.only_new() || !answered.as_ref().is_err_and(is_raced) {
            break;
        }
        answered = put_once(&ask, &call).await;
    }
    answered
}

async fn put_once(ask: &Ask, call: &Call) -> Result<Response, Problem> {
    let mut invalid = Invalid::default();
    let at = invalid.check("/address", ask.segment("alias").parse::<AliasRef>());
    let Some(at) = at else {
        return Err(invalid.into());
    };
    let present = match aliases::get(&ask.app, call, &at).await {
        Ok((alias, _)) => Some(alias),
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    match (present, &at) {
        (Some(alias), _) => {
            let patch = ask.body(|fields| bodies::replacement(fields, &alias.address))?;
            if ask.only_new() {
                return Err(Problem::precondition(format!(
                    "{} is there already",
                    alias.address
                )));
            }
            let done = aliases::update(&ask.app, call, &at, patch).await?;
            reply::done(ask, call.dry_run, &done, Success::Ok).await
        }
        (None, AliasRef::Address(address)) => add(ask, call, address).await,
        (None, AliasRef::Id(id)) => Err(Error::not_found("alias", &id.to_string()).into()),
    }
}

async fn add(ask: &Ask, call: &Call, address: &AliasAddress) -> Result<Response, Problem> {
    let wanted = ask.body(|fields| bodies::replacement(fields, address))?;
    let draft = bodies::draft(&ask.app, address, wanted)?;
    if ask.only_existing() {
        return Err(Problem::precondition(format!("{address} is not there")));
    }
    let done = aliases::create(&ask.app, call, address.domain(), draft).await?;
    reply::added(ask, call.dry_run, &done, address.domain()).await
}

/// Change an alias
#[utoipa::path(patch, path = "/aliases/{alias}", operation_id = "updateAlias", tag = "Aliases",
    request_body(content = bodies::AliasChange, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The alias as it is now.", body = view::Shown)))]
async fn patch(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("alias")?;
    let patch = ask.body(|fields| bodies::change(&ask.app, fields))?;
    let done = aliases::update(&ask.app, &call, &at, patch).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Delete an alias
///
/// It goes into the bin and can be restored until `purge_at`.
#[utoipa::path(delete, path = "/aliases/{alias}", operation_id = "deleteAlias", tag = "Aliases",
    responses((status = 200, description = "The alias in the bin.", body = view::Shown)))]
async fn delete(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = aliases::delete(&ask.app, &call, &ask.at("alias")?).await?;
    reply::binned(&ask, call.dry_run, &done, "alias").await
}

/// List the members of a group
#[utoipa::path(get, path = "/aliases/{alias}/members", operation_id = "listAliasMembers", tag = "Aliases",
    responses((status = 200, description = "Every destination.", body = view::MemberList)))]
async fn members(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (alias, _) = aliases::get(&ask.app, &call, &ask.at("alias")?).await?;
    let members = alias.destinations.iter().map(view::MemberView::of);
    reply::whole(&members.collect::<Vec<_>>())
}

/// Set the members of a group
#[utoipa::path(put, path = "/aliases/{alias}/members", operation_id = "setAliasMembers", tag = "Aliases",
    request_body = bodies::Members,
    responses((status = 200, description = "The alias as it is now.", body = view::Shown)))]
async fn set_members(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("alias")?;
    let patch = AliasPatch {
        destinations: Some(ask.body(bodies::members)?),
        ..AliasPatch::default()
    };
    let done = aliases::update(&ask.app, &call, &at, patch).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Add a member to a group
///
/// One who is in it already stays in it.
#[utoipa::path(put, path = "/aliases/{alias}/members/{address}", operation_id = "addAliasMember", tag = "Aliases",
    responses((status = 200, description = "The alias as it is now.", body = view::Shown)))]
async fn add_member(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    ask.no_body()?;
    let mut invalid = Invalid::default();
    let member = invalid.check("", ask.segment("address").parse());
    let member = member.ok_or(invalid)?;
    let done = aliases::add_member(&ask.app, &call, &ask.at("alias")?, member).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Take a member out of a group
#[utoipa::path(delete, path = "/aliases/{alias}/members/{address}", operation_id = "removeAliasMember",
    tag = "Aliases", responses((status = 200, description = "The alias as it is now.", body = view::Shown)))]
async fn remove_member(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = aliases::remove_member(&ask.app, &call, &ask.at("alias")?, &ask.at("address")?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Restore an alias
///
/// Takes it out of the bin as it was. By address it is the newest of that address.
#[utoipa::path(post, path = "/aliases/{alias}/restoration", operation_id = "restoreAlias", tag = "Aliases",
    responses((status = 200, description = "The alias as it is now.", body = view::Shown)))]
async fn restore(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    ask.no_body()?;
    let done = aliases::restore(&ask.app, &call, &ask.at("alias")?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

//! `/mailboxes`.

mod bodies;
mod deeds;
mod view;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::json::Wrong;
use super::problem::Problem;
use super::query::Query;
use super::reply::{self, Success};
use super::{BASE, filters};
use crate::access::Call;
use crate::error::Error;
use crate::model::{EmailAddress, Invalid, Mailbox};
use crate::service::App;
use crate::service::mailboxes::{self, MailboxRef};
use crate::store::{MailboxFilter, MailboxSort};

pub(super) use bodies::own_address;
pub(super) use view::State;

/// The least that the order by usage lists, in percent: what the index behind it holds.
const NEARLY_FULL: i64 = 80;

/// How often a replacement is tried again when others add or delete the same thing at the same time.
const MOST_TRIES: usize = 4;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, put, patch, delete))
        .merge(deeds::routes())
}

/// List mailboxes
///
/// Those that the token may see, by org, domain and address.
#[utoipa::path(get, path = "/mailboxes", operation_id = "listMailboxes", tag = "Mailboxes",
    params(filters::Text, filters::Inside, filters::Since, Filter, filters::Columns),
    responses((status = 200, description = "A page of mailboxes.", body = view::MailboxList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let (call, (inside, filter), paging) =
        ask.listing_of::<Mailbox, _>(|query| (filters::inside(query), filter(query)))?;
    let page = mailboxes::list(&ask.app, &call, &inside, &filter, &paging.page).await?;
    let all = match paging.whole() {
        Some(whole) => Some(mailboxes::list(&ask.app, &call, &inside, &filter, &whole).await?),
        None => None,
    };
    reply::page(&ask, &paging, &page, all).await
}

/// By what a list of mailboxes is narrowed and ordered.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `filter` reads")]
struct Filter {
    /// Only those in this state. Nothing shows those that are not in the bin.
    #[param(inline, required = false)]
    state: State,
    /// What is in the bin too; for lists by address.
    #[param(required = false, default = false)]
    include_deleted: bool,
    /// Only those at least this full, in percent of their quota.
    #[param(required = false, minimum = 0, maximum = 100)]
    usage_percent_gte: i64,
    /// In which order. `-usage` lists the fullest first: it takes `domain`, and shows what is at least 80 % full.
    #[param(inline, required = false)]
    sort: Sort,
}

/// In which order mailboxes are listed.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `filter` reads")]
enum Sort {
    /// By address.
    #[schema(rename = "address")]
    Address,
    /// The fullest first.
    #[schema(rename = "-usage")]
    Usage,
}

fn filter(query: &mut Query) -> MailboxFilter {
    let mut filter = filters::common(query);
    filter.include_deleted = query.switch("include_deleted");
    filter.percent_at_least = query.parsed("usage_percent_gte", |text| match text.parse() {
        Ok(percent @ 0..=100) => Ok(percent),
        _ => Err(Wrong::new("out_of_range", "give a number from 0 to 100")),
    });
    let sort = query.parsed("sort", |text| match text {
        "address" => Ok(MailboxSort::Address),
        "-usage" => Ok(MailboxSort::Fullest),
        _ => Err(Wrong::new("unknown_value", "give address or -usage")),
    });
    filter.sort = sort.unwrap_or_default();
    if filter.sort == MailboxSort::Fullest {
        let percent = *filter.percent_at_least.get_or_insert(NEARLY_FULL);
        if percent < NEARLY_FULL {
            let detail = format!("with sort=-usage give {NEARLY_FULL} or more");
            query.wrong("usage_percent_gte", Wrong::new("out_of_range", detail));
        }
        let is_narrowed = filter.state.is_some() || filter.prefix.is_some() || filter.include_deleted;
        if !query.has("domain") || is_narrowed {
            let detail = "-usage takes the parameter domain, and neither state nor q nor include_deleted";
            query.wrong("sort", Wrong::new("sort_alone", detail));
        }
    }
    filter
}

/// Add a mailbox
#[utoipa::path(post, path = "/mailboxes", operation_id = "createMailbox", tag = "Mailboxes",
    request_body = bodies::MailboxCreation,
    responses((status = 201, description = "The new mailbox.", body = view::Shown)))]
async fn create(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let (domain, draft) = ask.body(|fields| bodies::creation(&ask.app, fields))?;
    let done = mailboxes::create(&ask.app, &call, &domain, draft).await;
    let done = done.map_err(|error| {
        Problem::from(error)
            .in_scope(format!("domain:{domain}"))
            .at_field("/address")
    })?;
    reply::added(&ask, call.dry_run, &done, &domain).await
}

/// Read a mailbox
#[utoipa::path(get, path = "/mailboxes/{mailbox}", operation_id = "getMailbox", tag = "Mailboxes",
    responses((status = 200, description = "The mailbox.", body = view::Shown)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    match mailboxes::get(&ask.app, &call, &ask.at("mailbox")?).await {
        Ok((mailbox, _)) => reply::item(&ask, &mailbox).await,
        Err(Error::Moved(address)) => moved(&ask.app, &address),
        Err(error) => Err(ask.missing(&call, "mailbox", error).await),
    }
}

/// A renamed mailbox has another address.
fn moved(app: &App, address: &str) -> Result<Response, Problem> {
    let mut response = StatusCode::MOVED_PERMANENTLY.into_response();
    let location = format!("{}{BASE}/mailboxes/{address}", app.base_url);
    let location = HeaderValue::try_from(location).map_err(|error| Error::defect(error.to_string()))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Add or replace a mailbox
///
/// By its address it is added if it is not there, and else made what the body says. `If-None-Match: *` only adds,
/// `If-Match` only replaces.
#[utoipa::path(put, path = "/mailboxes/{mailbox}", operation_id = "putMailbox", tag = "Mailboxes",
    request_body = bodies::MailboxReplacement,
    responses((status = 200, description = "The mailbox as it is now.", body = view::Shown),
        (status = 201, description = "The new mailbox.", body = view::Shown)))]
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
    let at = invalid.check("/address", ask.segment("mailbox").parse::<MailboxRef>());
    let Some(at) = at else {
        return Err(invalid.into());
    };
    let present = match mailboxes::get(&ask.app, call, &at).await {
        Ok((mailbox, _)) => Some(mailbox),
        Err(Error::NotFound(_) | Error::Moved(_)) => None,
        Err(error) => return Err(error.into()),
    };
    match (present, at) {
        (Some(mailbox), at) => {
            let draft = ask.body(|fields| bodies::replacement(&ask.app, fields, &mailbox.address))?;
            if ask.only_new() {
                return Err(Problem::precondition(format!(
                    "{} is there already",
                    mailbox.address
                )));
            }
            let done = mailboxes::replace(&ask.app, call, &at, draft).await?;
            reply::done(ask, call.dry_run, &done, Success::Ok).await
        }
        (None, MailboxRef::Address(address)) => add(ask, call, address).await,
        (None, MailboxRef::Id(id)) => Err(Error::not_found("mailbox", &id.to_string()).into()),
    }
}

async fn add(ask: &Ask, call: &Call, address: EmailAddress) -> Result<Response, Problem> {
    let mut draft = ask.body(|fields| bodies::replacement(&ask.app, fields, &address))?;
    let mut invalid = Invalid::default();
    let local = invalid.check("/address", ask.app.addresses.local_part(address.local().as_str()));
    draft.local_part = local.ok_or(invalid)?;
    if ask.only_existing() {
        return Err(Problem::precondition(format!("{address} is not there")));
    }
    let done = mailboxes::create(&ask.app, call, address.domain(), draft).await?;
    reply::added(ask, call.dry_run, &done, address.domain()).await
}

/// Change a mailbox
#[utoipa::path(patch, path = "/mailboxes/{mailbox}", operation_id = "updateMailbox", tag = "Mailboxes",
    request_body(content = bodies::MailboxChange, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The mailbox as it is now.", body = view::Shown)))]
async fn patch(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("mailbox")?;
    let patch = ask.body(bodies::change)?;
    let done = mailboxes::update(&ask.app, &call, &at, patch).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Delete a mailbox
///
/// It goes into the bin and can be restored until `purge_at`.
#[utoipa::path(delete, path = "/mailboxes/{mailbox}", operation_id = "deleteMailbox", tag = "Mailboxes",
    responses((status = 200, description = "The mailbox in the bin.", body = view::Shown)))]
async fn delete(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = mailboxes::delete(&ask.app, &call, &ask.at("mailbox")?).await?;
    reply::binned(&ask, call.dry_run, &done, "mailbox").await
}

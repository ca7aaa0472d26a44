//! `/orgs/{org}/pool` and `/domains/{domain}/pool`: limits, and what became of them.

use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::limits::PolicyWord;
use super::problem::Problem;
use super::reply;
use super::schemas::Amount;
use crate::model::{Limit, OrgId, Quota, Sharing};
use crate::service::pools::{self, Line, PoolOf, Raiser};
use crate::service::{App, domains};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_org))
        .routes(routes!(of_domain))
}

/// One kind of thing that is counted.
#[derive(Serialize, ToSchema)]
#[schema(as = PoolLine)]
struct LineView {
    /// At most so many.
    #[schema(value_type = Amount)]
    limit: Limit,
    /// What was promised to those right below: the sum of their limits.
    allocated: i64,
    /// How many right below have no limit of this kind.
    allocated_unlimited: i64,
    /// What may still be promised to those below.
    #[schema(value_type = Amount)]
    assignable: Limit,
    /// What is held, with everything below.
    used: i64,
    /// What may still be added.
    #[schema(value_type = Amount)]
    free: Limit,
}

/// An org, in short.
#[derive(Serialize, ToSchema)]
#[schema(as = PoolGiver)]
struct GiverView {
    /// Its id.
    #[schema(value_type = String, pattern = "^org_[0-9a-z]{26}$")]
    id: OrgId,
    /// Its name.
    name: String,
}

/// Somebody who can raise limits.
#[derive(Serialize, ToSchema)]
#[schema(as = LimitRaiser)]
struct RaiserView {
    /// Their name.
    name: String,
    /// Where to write to them.
    email: String,
}

/// The limits of an org or a domain, and what became of them.
#[derive(Serialize, ToSchema)]
#[schema(as = LimitPool)]
struct PoolView {
    /// Domains; left out for a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    domains: Option<LineView>,
    /// Mailboxes.
    mailboxes: LineView,
    /// Aliases, the catch-all among them.
    aliases: LineView,
    /// Accounts; left out for a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    accounts: Option<LineView>,
    /// The quotas of all mailboxes, in bytes.
    quota_bytes: LineView,
    /// The largest quota of one mailbox, in bytes.
    #[schema(value_type = Amount)]
    mailbox_quota_bytes: Quota,
    /// How the limits are handed on; left out for a domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = PolicyWord, required = false)]
    policy: Option<&'static str>,
    /// How often each limit may be promised; left out unless the policy is `overcommit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    factor: Option<f64>,
    /// Out of whose limits these come; null when there is none above, or none that the token may see.
    given_by: Option<GiverView>,
    /// Who can raise them, as far as the token may see it.
    raised_by: Vec<RaiserView>,
}

fn count(value: Option<i64>) -> Limit {
    value.map_or(Limit::Unlimited, Limit::AtMost)
}

fn line(line: Line) -> LineView {
    LineView {
        limit: count(line.limit),
        allocated: line.allocated.sum,
        allocated_unlimited: line.allocated.unlimited,
        assignable: count(line.assignable),
        used: line.used,
        free: count(line.free()),
    }
}

fn view(pool: PoolOf) -> PoolView {
    let raiser = |Raiser { name, email }| RaiserView { name, email };
    PoolView {
        domains: pool.domains.map(line),
        mailboxes: line(pool.mailboxes),
        aliases: line(pool.aliases),
        accounts: pool.accounts.map(line),
        quota_bytes: line(pool.quota),
        mailbox_quota_bytes: pool.mailbox_quota,
        policy: pool.sharing.map(Sharing::as_str),
        factor: match pool.sharing {
            Some(Sharing::Overcommit(factor)) => factor.to_string().parse().ok(),
            _ => None,
        },
        given_by: pool.given_by.map(|(id, name)| GiverView { id, name }),
        raised_by: pool.raised_by.into_iter().map(raiser).collect(),
    }
}

/// Read the pool of an org
///
/// For each limit: what was promised to those below, what is held, what is left, and who can raise it.
#[utoipa::path(get, path = "/orgs/{org}/pool", operation_id = "getOrgPool", tag = "Orgs",
    responses((status = 200, description = "Limits, and what became of them.", body = PoolView)))]
async fn of_org(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (_, pool) = pools::of_org(&ask.app, &call, ask.at("org")?).await?;
    reply::json(http::StatusCode::OK, &view(pool))
}

/// Read the pool of a domain
///
/// For each limit: what is held, what is left, and who can raise it.
#[utoipa::path(get, path = "/domains/{domain}/pool", operation_id = "getDomainPool", tag = "Domains",
    responses((status = 200, description = "Limits, and what became of them.", body = PoolView)))]
async fn of_domain(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let name = domains::name_of(&ask.app, &call, ask.at("domain")?).await;
    let name = match name {
        Ok(name) => name,
        Err(error) => return Err(ask.missing(&call, "domain", error).await),
    };
    let (_, pool) = pools::of_domain(&ask.app, &call, &name).await?;
    reply::json(http::StatusCode::OK, &view(pool))
}

//! `/provisioning`: what the databases hold from which the mail servers read.

use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::json::Wrong;
use super::problem::Problem;
use super::query::Query;
use super::reply::{self, TargetView};
use super::schemas::typed;
use crate::model::{TargetId, Timestamp};
use crate::service::{App, provisioning};
use crate::store::{ObjectState, OpenObject, TargetStatus};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(targets))
        .routes(routes!(objects))
}

/// A database from which mail servers read.
#[derive(Serialize, ToSchema)]
#[schema(as = Target)]
struct StatusView<'a> {
    /// Its id.
    #[schema(value_type = String, pattern = "^tgt_[0-9a-z]{26}$")]
    id: TargetId,
    /// Its name in the configuration.
    name: &'a str,
    /// `sqlite`, `postgres` or `mysql`.
    engine: &'a str,
    /// Whether the configuration still names it.
    enabled: bool,
    /// How many objects it does not hold yet as it should.
    pending: i64,
    /// How many objects were given up until somebody tries again.
    failed: i64,
    /// Since when the oldest is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_pending_since: Option<Timestamp>,
    /// Since when it cannot be written.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// Why it cannot be written, in one sentence.
    error: Option<&'a str>,
    /// When something was last written.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_ok_at: Option<Timestamp>,
}

/// Every target.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::whole` writes")]
struct TargetList {
    /// The targets, by name.
    data: Vec<StatusView<'static>>,
    /// Always false.
    has_more: bool,
    /// Always null.
    next_after: Option<String>,
}

/// Something that a target does not hold as it should.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenObject)]
struct ObjectView<'a> {
    /// What it is: `mailbox`, `alias`, `domain`, `domain_alias` or `node`.
    kind: &'static str,
    /// Its id; null for what has none in this API.
    id: Option<String>,
    /// Its name, as far as it is known.
    name: &'a str,
    /// Where it is open, and why.
    #[serde(flatten)]
    state: TargetView<'a>,
    /// How often it was tried.
    tries: i64,
    /// When it is tried next.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_try_at: Option<Timestamp>,
}

/// What targets do not hold as they should, page by page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::list` writes")]
struct ObjectList {
    /// The objects of this page, once for each target.
    data: Vec<ObjectView<'static>>,
    /// Whether there is another page.
    has_more: bool,
    /// What to give as `after` for the next page.
    next_after: Option<String>,
}

/// In which state.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `state` reads")]
struct InState {
    /// Only those in this state.
    #[param(inline, required = false)]
    state: OpenState,
}

/// How an object is not held as it should be.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what `state` reads")]
enum OpenState {
    /// Not yet.
    Pending,
    /// It was given up until somebody tries again.
    Failed,
}

impl<'a> StatusView<'a> {
    fn of(status: &'a TargetStatus) -> Self {
        Self {
            id: status.id,
            name: &status.name,
            engine: &status.engine,
            enabled: status.enabled,
            pending: status.pending,
            failed: status.parked,
            oldest_pending_since: status.oldest_pending,
            failing_since: status.failing_since,
            error: status.error.as_deref(),
            last_ok_at: status.last_ok_at,
        }
    }
}

impl<'a> ObjectView<'a> {
    fn of(object: &'a OpenObject) -> Self {
        Self {
            kind: object.kind.as_str(),
            id: typed(object.kind.as_str(), object.id),
            name: &object.name,
            state: TargetView::of(&object.state),
            tries: object.state.tries,
            next_try_at: object.state.next_try_at,
        }
    }
}

fn state(query: &mut Query) -> Option<ObjectState> {
    query.parsed("state", |text| match text {
        "pending" => Ok(ObjectState::Pending),
        "failed" => Ok(ObjectState::Failed),
        _ => Err(Wrong::new("unknown_value", "give pending or failed")),
    })
}

/// List targets
#[utoipa::path(get, path = "/provisioning/targets", operation_id = "listTargets", tag = "Provisioning",
    responses((status = 200, description = "Every target.", body = TargetList)))]
async fn targets(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let targets = provisioning::targets(&ask.app, &call).await?;
    reply::whole(&targets.iter().map(StatusView::of).collect::<Vec<_>>())
}

/// List what targets do not hold yet
#[utoipa::path(get, path = "/provisioning/objects", operation_id = "listOpenObjects", tag = "Provisioning",
    params(InState), responses((status = 200, description = "A page of objects.", body = ObjectList)))]
async fn objects(ask: Ask) -> Result<Response, Problem> {
    let (call, state, paging) = ask.listing(state)?;
    let page = provisioning::open_objects(&ask.app, &call, state, &paging.page).await?;
    let objects: Vec<ObjectView<'_>> = page.items.iter().map(ObjectView::of).collect();
    reply::list(&ask, &paging, page.next.as_ref(), page.next.is_some(), &objects)
}

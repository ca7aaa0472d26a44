//! `/recount`: whether the counters of the limits say what is there.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::problem::Problem;
use super::reply;
use super::schemas::typed;
use crate::service::App;
use crate::service::recount::{self, Miscount};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(count))
}

/// What came of a recount.
#[derive(Serialize, ToSchema)]
#[schema(as = Recount)]
struct RecountView {
    /// Whether nothing was wrong.
    right: bool,
    /// Whether what was wrong is right now; false in a dry run.
    repaired: bool,
    /// How many orgs and domains were looked at.
    looked_at: usize,
    /// The counters that were wrong.
    miscounts: Vec<MiscountView>,
}

/// A counter that said something else than what is there.
#[derive(Serialize, ToSchema)]
#[schema(as = Miscount)]
struct MiscountView {
    /// Whose it is: `org` or `domain`.
    kind: &'static str,
    /// The id of the org or domain.
    id: Option<String>,
    /// Its name.
    name: String,
    /// What is counted: `domains`, `mailboxes`, `aliases`, `accounts`, `quota_bytes` or `unlimited_mailboxes`.
    counter: &'static str,
    /// What the counter said.
    stored: i64,
    /// What is there.
    counted: i64,
}

impl From<Miscount> for MiscountView {
    fn from(wrong: Miscount) -> Self {
        Self {
            kind: wrong.kind,
            id: typed(wrong.kind, wrong.id),
            name: wrong.name,
            counter: wrong.counter,
            stored: wrong.stored,
            counted: wrong.counted,
        }
    }
}

/// Count anew what limits count
///
/// Counts domains, mailboxes, aliases, accounts and quotas of every org and domain, and puts right each counter that says
/// something else; with `dry_run` it only tells. Takes `system.manage`.
#[utoipa::path(post, path = "/recount", operation_id = "recount", tag = "Orgs",
    responses((status = 200, description = "What was found.", body = RecountView)))]
async fn count(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    ask.no_body()?;
    let found = recount::recount(&ask.app, &call).await?;
    let view = RecountView {
        right: found.miscounts.is_empty(),
        repaired: !found.miscounts.is_empty() && !call.dry_run,
        looked_at: found.looked_at,
        miscounts: found.miscounts.into_iter().map(MiscountView::from).collect(),
    };
    reply::json(StatusCode::OK, &view)
}

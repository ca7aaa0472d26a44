//! The REST API, under `/api/v1`.
//!
//! A handler takes what a request [asks](ask::Ask), reads path, parameters and body into domain types, calls one
//! function of the service and hands what comes of it to [`reply`]. Who asks, repeats and problems are seen to by
//! the [`layers`] round all of them. The OpenAPI document is made from the same handlers.

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::middleware;
use axum::routing::get;
use http::header;
use utoipa_axum::router::OpenApiRouter;

use crate::service::App;

mod accounts;
mod aliases;
mod ask;
mod domains;
mod events;
mod filters;
mod json;
mod layers;
mod limits;
mod lookup;
mod mailboxes;
mod me;
mod openapi;
mod orgs;
mod pools;
mod problem;
mod provisioning;
mod query;
mod rates;
mod recount;
mod reply;
mod roles;
mod schemas;
mod service_accounts;
mod tokens;
mod verification;

pub(in crate::http) use events::EventView;
pub use openapi::{document, document_with};
pub use problem::Problem;

/// Where the API stands.
pub const BASE: &str = "/api/v1";

/// Every resource.
fn resources() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(me::routes())
        .merge(tokens::routes())
        .merge(accounts::routes())
        .merge(service_accounts::routes())
        .merge(roles::routes())
        .merge(orgs::routes())
        .merge(pools::routes())
        .merge(recount::routes())
        .merge(domains::routes())
        .merge(mailboxes::routes())
        .merge(aliases::routes())
        .merge(lookup::routes())
        .merge(events::routes())
        .merge(verification::routes())
        .merge(provisioning::routes())
}

/// Everything under `/api/v1`.
pub fn router(app: App) -> Router {
    let (resources, described) = resources().split_for_parts();
    let document: Bytes = openapi::finished(described, openapi::EXAMPLES).into();
    // The document needs no token: it says nothing that the source does not.
    let serve = move || ready(([(header::CONTENT_TYPE, "application/json")], document.clone()));
    let rates = Arc::new(rates::Rates::new(app.api_per_minute));
    let admit = middleware::from_fn_with_state((app.clone(), rates), layers::admit);
    let render = middleware::from_fn_with_state(app.clone(), layers::render);
    let v1 = resources
        .route_layer(admit)
        .route("/openapi.json", get(serve))
        .fallback(no_route);
    Router::new()
        .nest(BASE, v1)
        .route("/api", axum::routing::any(no_route))
        .route("/api/{*rest}", axum::routing::any(no_route))
        .layer(render)
        .with_state(app)
}

async fn no_route() -> Problem {
    Problem::no_route()
}

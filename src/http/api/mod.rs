//! The REST API, under `/api/v1`.
//!
//! A handler takes what a request [asks](ask::Ask), reads path, parameters and body into domain types, calls one
//! function of the service and hands what comes of it to [`reply`]. Who asks, repeats and problems are seen to by
//! the [`layers`] round all of them. The OpenAPI document is made from the same handlers.

use axum::Router;
use axum::middleware;
use utoipa_axum::router::OpenApiRouter;

use crate::service::App;

mod ask;
mod filters;
mod json;
mod layers;
mod mailboxes;
mod problem;
mod query;
mod reply;
mod schemas;

pub use problem::Problem;

/// Where the API stands.
pub const BASE: &str = "/api/v1";

/// Every resource.
fn resources() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(mailboxes::routes())
}

/// Everything under `/api/v1`.
pub fn router(app: App) -> Router {
    let (resources, _) = resources().split_for_parts();
    let admit = middleware::from_fn_with_state(app.clone(), layers::admit);
    let render = middleware::from_fn_with_state(app.clone(), layers::render);
    let v1 = resources.route_layer(admit).fallback(no_route);
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

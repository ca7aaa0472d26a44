//! Postdesk over HTTP.

use axum::Router;

use self::session::SessionEnds;
use crate::service::App;

pub mod api;
mod export;
pub mod health;
pub mod identity;
pub mod limits;
pub mod peer;
pub mod refusal;
pub mod security;
pub mod server;
pub mod session;
pub mod static_files;
mod watched;
pub mod web;

/// Everything that is answered, not yet hardened; people stay signed in until `ends`.
pub fn router(app: App, ends: SessionEnds) -> Router {
    Router::new()
        .merge(api::router(app.clone()))
        .merge(health::routes(app.clone()))
        .merge(static_files::routes())
        .merge(web::router_with(app, ends))
}

//! The portal in a browser: pages and forms, rendered here, that work without any script.
//!
//! A handler extracts, converts, calls one service function and renders. Where there is no page, a handler returns the
//! error, and [`answer::explain`] makes a page of it.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use super::session::{self, SessionEnds};
use crate::service::App;

mod answer;
mod domains;
mod forms;
mod home;
mod mailbox;
mod mailboxes;
mod nav;
mod pages;
mod paging;
mod sign_in;
mod view;
mod visitor;

/// The pages, with the usual ends of sessions.
pub fn router(app: App) -> Router {
    router_with(app, SessionEnds::default())
}

/// The pages.
pub fn router_with(app: App, ends: SessionEnds) -> Router {
    Router::new()
        .merge(doors())
        .merge(domain_routes())
        .merge(mailbox_routes())
        .fallback(answer::nowhere)
        .method_not_allowed_fallback(answer::not_that_way)
        .layer(from_fn(visitor::one_credential))
        .layer(from_fn_with_state(app.clone(), answer::explain))
        .layer(session::layer(&app, ends))
        .with_state(app)
}

fn doors() -> Router<App> {
    Router::new()
        .route("/", get(home::home))
        .route("/help", get(home::help))
        .route("/sign-in", get(sign_in::ask).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/setup/{code}", get(sign_in::set_up).post(sign_in::finish_set_up))
        .route("/in/{code}", get(sign_in::choose).post(sign_in::set_own))
}

fn domain_routes() -> Router<App> {
    Router::new()
        .route("/domains/{domain}", get(domains::home::show))
        .route("/domains/{domain}/mailboxes", get(mailboxes::list::show))
        .route("/domains/{domain}/mailboxes/bulk", post(mailboxes::list::bulk))
}

fn mailbox_routes() -> Router<App> {
    Router::new().route("/mailboxes/{mailbox}", get(mailbox::show::show))
}

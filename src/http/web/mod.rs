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
        .route(
            "/domains/{domain}/mailboxes/check",
            get(mailboxes::new::check_part),
        )
        .route(
            "/domains/{domain}/mailboxes/new",
            get(mailboxes::new::ask).post(mailboxes::new::create),
        )
}

fn mailbox_routes() -> Router<App> {
    use mailbox::{access, change, forwarding, show, state};

    let of_mailbox = Router::new()
        .route("/", get(show::show))
        .route("/edit", get(change::ask).post(change::save))
        .route("/quota", post(change::set_quota))
        .route("/rename", get(change::ask_address).post(change::rename))
        .route("/password", get(access::ask).post(access::reset))
        .route("/password/done", get(access::done))
        .route("/handover", get(mailboxes::new::handover))
        .route("/forwarding", get(forwarding::ask).post(forwarding::save))
        .route("/forwarding/end", post(forwarding::end))
        .route(
            "/leave",
            get(forwarding::ask_who_left).post(forwarding::someone_left),
        )
        .route("/suspend", get(state::ask_suspend).post(state::suspend))
        .route("/resume", post(state::resume))
        .route("/delete", get(state::ask_delete).post(state::delete))
        .route("/restore", post(state::restore))
        .route("/activity", get(state::activity));
    Router::new().nest("/mailboxes/{mailbox}", of_mailbox)
}

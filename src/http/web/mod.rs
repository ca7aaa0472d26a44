//! The portal in a browser: pages and forms, rendered here, that work without any script.
//!
//! A handler extracts, converts, calls one service function and renders. Where there is no page, a handler returns the
//! error, and [`answer::explain`] makes a page of it.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use super::session::{self, SessionEnds};
use crate::service::App;

mod account;
mod accounts;
mod activity;
mod addresses;
mod answer;
mod audit;
mod docs;
mod docs_api;
mod domains;
mod explain;
mod forms;
mod home;
mod limits;
mod mailbox;
mod mailboxes;
mod nav;
mod orgs;
mod pages;
mod paging;
mod records;
mod roles;
mod search;
mod sign_in;
mod support;
mod system;
mod tokens;
mod undo;
mod view;
mod visitor;
mod ways_in;

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
        .merge(alias_routes())
        .merge(org_routes())
        .merge(account_routes())
        .merge(people_routes())
        .merge(role_routes())
        .fallback(answer::nowhere)
        .method_not_allowed_fallback(answer::not_that_way)
        .layer(from_fn(visitor::one_credential))
        .layer(from_fn_with_state(app.clone(), answer::explain))
        .layer(session::layer(&app, ends))
        .layer(from_fn_with_state(app.clone(), session::finish_cookies))
        .with_state(app)
}

fn doors() -> Router<App> {
    Router::new()
        .route("/", get(home::home))
        .route("/help", get(home::help))
        .route("/explain", get(explain::show))
        .route("/undo/{event}", post(undo::take_back))
        .route("/search", get(search::results))
        .route("/search/suggest", get(search::suggestions))
        .route("/docs/api", get(docs_api::show))
        .route("/docs/errors", get(docs::problems))
        .route("/docs/errors/{code}", get(docs::problem))
        .route("/.well-known/security.txt", get(docs::security_txt))
        .route("/.well-known/change-password", get(docs::change_password))
        .route("/sign-in", get(sign_in::ask).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/setup/{code}", get(sign_in::set_up).post(sign_in::finish_set_up))
        .route("/forgot", get(ways_in::ask).post(ways_in::forgot))
        .route("/reset/{code}", get(ways_in::choose).post(ways_in::set))
        .route("/address/{code}", get(ways_in::ask_proof).post(ways_in::prove))
        .route("/in/{code}", get(sign_in::choose).post(sign_in::set_own))
        .route(
            "/invitation/{code}",
            get(accounts::invitation::choose).post(accounts::invitation::accept),
        )
}

fn domain_routes() -> Router<App> {
    use domains::{home, list, settings};

    let of_domain = Router::new()
        .route("/", get(home::show))
        .route("/mailboxes", get(mailboxes::list::show))
        .route("/mailboxes/bulk", post(mailboxes::list::bulk))
        .route("/mailboxes/check", get(mailboxes::new::check_part))
        .route(
            "/mailboxes/new",
            get(mailboxes::new::ask).post(mailboxes::new::create),
        )
        .route("/addresses", get(addresses::list))
        .route(
            "/addresses/new",
            get(addresses::alias::ask).post(addresses::alias::create),
        )
        .route(
            "/catch-all",
            get(addresses::catch_all::ask).post(addresses::catch_all::save),
        )
        .route("/activity", get(activity::of_domain))
        .route("/activity/export", post(activity::export_domain))
        .route("/bin", get(records::bin))
        .route("/settings", get(settings::show).post(settings::save))
        .route("/domain-aliases", post(settings::add_name))
        .route("/domain-aliases/{alias}/remove", post(settings::remove_name))
        .route("/suspend", post(settings::suspend))
        .route("/resume", post(settings::resume))
        .route(
            "/transfer",
            get(orgs::moves::ask_transfer).post(orgs::moves::transfer),
        )
        .route("/delete", get(settings::ask_delete).post(settings::delete))
        .route("/restore", post(settings::restore));
    Router::new()
        .route("/domains", get(list::show))
        .route("/domains/new", get(list::ask).post(list::create))
        .route("/bin", get(records::bin_of_everything))
        .nest("/domains/{domain}", of_domain)
}

fn alias_routes() -> Router<App> {
    use addresses::alias;

    let of_alias = Router::new()
        .route("/", get(alias::show).post(alias::save))
        .route("/suspend", post(alias::suspend))
        .route("/resume", post(alias::resume))
        .route("/delete", post(alias::delete))
        .route("/restore", post(alias::restore));
    Router::new().nest("/aliases/{alias}", of_alias)
}

fn org_routes() -> Router<App> {
    use orgs::{edit, moves, show, state};

    let of_org = Router::new()
        .route("/", get(show::show))
        .route("/edit", get(edit::ask).post(edit::save))
        .route("/move", get(moves::ask).post(moves::relocate))
        .route("/activity", get(activity::of_org))
        .route("/activity/export", post(activity::export_org))
        .route("/assist", get(support::ask).post(support::begin))
        .route("/support", get(support::looked_after))
        .route("/suspend", get(state::ask_suspend).post(state::suspend))
        .route("/resume", post(state::resume))
        .route("/delete", get(state::ask_delete).post(state::delete))
        .route("/restore", post(state::restore));
    Router::new()
        .route("/orgs", get(show::list))
        .route("/orgs/new", get(edit::ask_new).post(edit::create))
        .nest("/orgs/{org}", of_org)
        .route("/system/targets", get(system::targets))
        .route("/system/targets/retry", post(system::retry))
        .route("/system/targets/{target}/resync", post(system::resync))
        .route("/system/audit", get(audit::show))
        .route("/system/audit/check", post(audit::check))
        .route("/system/activity", get(activity::of_everything))
        .route("/system/activity/export", post(activity::export_everything))
}

fn account_routes() -> Router<App> {
    Router::new()
        .route("/account", get(account::show))
        .route("/account/appearance", post(account::set_look))
        .route(
            "/account/caller-code",
            get(support::ask_code).post(support::make_code),
        )
        .route("/support/stop", post(support::stop))
        .route("/account/password", post(account::set_password))
        .route(
            "/account/address",
            get(account::ask_address).post(account::set_address),
        )
        .nest("/account/tokens", own_token_routes())
}

fn own_token_routes() -> Router<App> {
    use tokens::{list, make, rotate, show};

    Router::new()
        .route("/", get(list::own))
        .route("/new", get(make::ask_own).post(make::own))
        .route("/{token}", get(show::own))
        .route("/{token}/rotate", get(rotate::ask_own).post(rotate::own))
        .route("/{token}/revoke", post(show::revoke_own))
}

fn tokens_of_account() -> Router<App> {
    use tokens::{list, make, rotate, show};

    Router::new()
        .route("/", get(list::of))
        .route("/new", get(make::ask_of).post(make::of))
        .route("/{token}", get(show::of))
        .route("/{token}/rotate", get(rotate::ask_of).post(rotate::of))
        .route("/{token}/revoke", post(show::revoke_of))
}

fn role_routes() -> Router<App> {
    use roles::{edit, list};

    let of_role = Router::new()
        .route("/", get(list::show))
        .route("/edit", get(edit::ask).post(edit::save))
        .route("/delete", get(edit::ask_delete).post(edit::delete));
    Router::new()
        .route("/roles", get(list::show_all))
        .route("/roles/new", get(edit::ask_new).post(edit::create))
        .nest("/roles/{role}", of_role)
}

fn people_routes() -> Router<App> {
    use accounts::{invite, list, roles, service, show, state};

    let of_account = Router::new()
        .route("/", get(show::show))
        .route("/invitation", get(invite::show_link).post(invite::again))
        .route("/password", post(invite::anew))
        .route("/roles/new", get(roles::ask).post(roles::give))
        .route(
            "/roles/{grant}/revoke",
            get(roles::ask_revoke).post(roles::revoke),
        )
        .route("/suspend", get(state::ask_suspend).post(state::suspend))
        .route("/resume", post(state::resume))
        .nest("/tokens", tokens_of_account())
        .route("/delete", get(service::ask_delete).post(service::delete))
        .route("/caller", get(support::ask_caller).post(support::check_caller))
        .route("/caller/code", post(support::order_code));
    Router::new()
        .route("/accounts", get(list::show))
        .route("/accounts/new", get(invite::ask).post(invite::create))
        .route("/accounts/new-service", get(service::ask).post(service::create))
        .nest("/accounts/{account}", of_account)
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

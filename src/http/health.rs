//! Whether the portal lives, and whether it can work: for balancers and for people who look.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

use crate::access::{Actor, Call, Credential};
use crate::service::{App, provisioning};

/// `/livez` says that the process answers, `/readyz` that its database does; `/readyz?verbose` says more.
pub fn routes(app: App) -> Router {
    Router::new()
        .route("/livez", get(async || plain(StatusCode::OK, "ok\n".to_owned())))
        .route("/readyz", get(ready))
        .with_state(app)
}

async fn ready(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let database = app.store.ping().await;
    let is_verbose = query.is_some_and(|query| query.split('&').any(|name| name == "verbose"));
    let mut text = String::new();
    let status = match &database {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            tracing::warn!(%error, "not ready");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    if is_verbose {
        text.push_str(if database.is_ok() {
            "[+] database\n"
        } else {
            "[-] database: not available\n"
        });
        text.push_str(&targets(&app).await);
    }
    text.push_str(if database.is_ok() {
        "ready\n"
    } else {
        "not ready\n"
    });
    plain(status, text)
}

/// A target that is down does not make the portal unfit: changes wait for it.
async fn targets(app: &App) -> String {
    let actor = Actor::system(Credential::System, "Health check", app.clock.now());
    let Ok(targets) = provisioning::targets(app, &Call::new(actor, "readyz")).await else {
        return "[-] targets: not known\n".to_owned();
    };
    let mut lines = String::new();
    for target in targets.iter().filter(|target| target.enabled) {
        let line = match target.failing_since {
            Some(since) => format!(
                "[!] target {}: failing since {}, {} pending\n",
                target.name,
                since.rfc3339(),
                target.pending
            ),
            None => format!(
                "[+] target {}: {} pending, {} failed\n",
                target.name, target.pending, target.parked
            ),
        };
        lines.push_str(&line);
    }
    lines
}

fn plain(status: StatusCode, text: String) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        text,
    )
        .into_response()
}

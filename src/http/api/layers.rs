//! What every request to the API passes: who sends it, whether it was sent before, and how problems are written out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRequestParts as _, OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::ask::{accepts_json, idempotency_key, names};
use super::problem::Problem;
use super::rates::Rates;
use crate::access::{Actor, Call, Credential, IdempotencyKey};
use crate::error::{Error, IdempotencyProblem};
use crate::http::identity::Bearer;
use crate::http::limits::MAX_BODY;
use crate::http::security::RequestId;
use crate::service::App;
use crate::service::explain;
use crate::service::permissions::Object;
use crate::store::idempotency::Remembered;

/// How long a repeat waits for the answer of a first request that was just carried out.
const PATIENCE: Duration = Duration::from_secs(2);
/// Which headers of an answer a repeat gets too.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// Marks an answer that holds a secret: a repeat is told that it was given, and not what it was.
#[derive(Copy, Clone, Debug)]
pub(super) struct Secret;

/// The outermost layer: refuses clients that take no JSON (or no table, of what is one), and writes out every problem.
pub(super) async fn render(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let path = request.uri().path().to_owned();
    let has_body = !request.body().is_end_stream();
    let tables = ["text/csv", "application/x-ndjson"];
    let is_table =
        path.ends_with("/audit/export") && tables.iter().any(|kind| names(request.headers(), kind));
    let mut response = if is_table || accepts_json(request.headers()) {
        next.run(request).await
    } else {
        Problem::not_acceptable().into_response()
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED && response.extensions().get::<Problem>().is_none()
    {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = Problem::method().into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        if !has_body {
            problem.point_nowhere();
        }
        let body = problem.render(&app.base_url, id.as_ref().map(RequestId::as_str), &path);
        *response.body_mut() = Body::from(body);
    }
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

/// The layer of every resource: names the sender, who may not ask too much, and answers what was answered before.
pub(super) async fn admit(
    State((app, rates)): State<(App, Arc<Rates>)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let actor = match Bearer::from_request_parts(&mut parts, &app).await {
        Ok(Bearer(actor)) => actor,
        Err(problem) => return problem.into_response(),
    };
    let owner = owner(&actor);
    let (left, mut response) = match rates.take(owner, actor.now()) {
        Ok(left) => {
            let path = parts.uri.path().to_owned();
            let path = parts
                .extensions
                .get::<OriginalUri>()
                .map_or(path, |whole| whole.0.path().to_owned());
            parts.extensions.insert(actor.clone());
            let mut response = admitted(&app, owner, parts, body, next).await;
            name_helpers(&app, actor, &path, &mut response).await;
            (left, response)
        }
        Err(left) => (left, left.refusal().into_response()),
    };
    left.tell(&mut response);
    response
}

/// Where a permission is missing, says who has it, as far as the asker may know.
async fn name_helpers(app: &App, actor: Actor, path: &str, response: &mut Response) {
    let Some(problem) = response.extensions_mut().get_mut::<Problem>() else {
        return;
    };
    let Some((action, scope)) = problem.missing(path) else {
        return;
    };
    let name = scope.split_once(':').map_or(scope.as_str(), |(_, name)| name);
    let Ok(object) = name.parse::<Object>() else {
        return;
    };
    let call = Call::new(actor, "");
    // The answer is a refusal either way: what cannot be found out is left out.
    if let Ok(found) = explain::who_can(app, &call, &object, action).await {
        problem.who_can(found.into_iter().map(|helper| helper.name).collect());
    }
}

async fn admitted(app: &App, owner: Uuid, parts: Parts, body: Body, next: Next) -> Response {
    if parts.method != Method::POST {
        return next.run(Request::from_parts(parts, body)).await;
    }
    match idempotency_key(&parts.headers) {
        Ok(None) => next.run(Request::from_parts(parts, body)).await,
        Ok(Some(key)) => once(app, owner, key, parts, body, next)
            .await
            .unwrap_or_else(|error| Problem::from(error).into_response()),
        Err(problem) => problem.into_response(),
    }
}

/// Whose keys these are: those of one token are unknown to another.
fn owner(actor: &Actor) -> Uuid {
    match (actor.credential(), actor.identity().account) {
        (Credential::Token(token), _) => token.uuid(),
        (_, Some(account)) => account.uuid(),
        (_, None) => Uuid::nil(),
    }
}

/// Carries a request out at most once.
async fn once(
    app: &App,
    owner: Uuid,
    key: String,
    mut parts: Parts,
    body: Body,
    next: Next,
) -> Result<Response, Error> {
    let Ok(bytes) = axum::body::to_bytes(body, MAX_BODY).await else {
        return Ok(Problem::bad_request("body_broken", "the body could not be read").into_response());
    };
    let key = IdempotencyKey {
        owner,
        route: format!("{} {}", parts.method, parts.uri.path()),
        key,
        request_hash: request_hash(&parts, &bytes),
    };
    if let Some(before) = app.store.remembered(&key).await? {
        return repeated(app, &key, before).await;
    }
    parts.extensions.insert(key.clone());
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let lost_a_race = response
        .extensions()
        .get::<Problem>()
        .is_some_and(Problem::is_conflict);
    if lost_a_race {
        // Another request with this key may have been faster, and what it did is in the way now.
        return match app.store.remembered(&key).await? {
            Some(before) => repeated(app, &key, before).await,
            None => Ok(response),
        };
    }
    if response.status().is_success() {
        return remember(app, &key, response).await;
    }
    Ok(response)
}

fn request_hash(parts: &Parts, body: &Bytes) -> Vec<u8> {
    let mut digest = Sha256::new();
    digest.update(parts.uri.query().unwrap_or_default());
    digest.update([0]);
    digest.update(body);
    digest.finalize().to_vec()
}

/// Answers as before, or says why not.
async fn repeated(app: &App, key: &IdempotencyKey, mut before: Remembered) -> Result<Response, Error> {
    if before.request_hash != key.request_hash {
        return Err(Error::Idempotency(IdempotencyProblem::OtherContent));
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some((status, headers, body)) = before.answer {
            return Ok(replay(status, &headers, body));
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(Error::Idempotency(IdempotencyProblem::Running));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        before = match app.store.remembered(key).await? {
            Some(again) => again,
            None => return Err(Error::Idempotency(IdempotencyProblem::Running)),
        };
    }
}

fn replay(status: u16, headers: &str, body: String) -> Response {
    let mut response = if status == StatusCode::CONFLICT.as_u16() {
        Problem::already_done().into_response()
    } else {
        Response::new(Body::from(body))
    };
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kept: BTreeMap<String, String> = serde_json::from_str(headers).unwrap_or_default();
    for (name, value) in kept {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    let name = HeaderName::from_static("idempotency-replayed");
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static("true"));
    response
}

/// Keeps the answer for a repeat. It has an effect only if the request committed something.
async fn remember(app: &App, key: &IdempotencyKey, response: Response) -> Result<Response, Error> {
    if response.extensions().get::<Secret>().is_some() {
        // The problem that a repeat is told is written out then: it names the repeat, not this request.
        let status = StatusCode::CONFLICT.as_u16();
        keep(app, key, status, "{}".to_owned(), String::new()).await;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|error| Error::defect(error.to_string()))?;
    let kept: BTreeMap<&str, &str> = KEPT
        .iter()
        .filter_map(|name| Some((name.as_str(), parts.headers.get(name)?.to_str().ok()?)))
        .collect();
    let headers = serde_json::to_string(&kept).map_err(|error| Error::defect(error.to_string()))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    keep(app, key, parts.status.as_u16(), headers, text).await;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// The change is committed already: an answer that cannot be kept is still the answer.
async fn keep(app: &App, key: &IdempotencyKey, status: u16, headers: String, body: String) {
    if let Err(error) = app.store.remember_answer(key, status, headers, body).await {
        tracing::warn!(error = %error, "an answer could not be kept for a repeat");
    }
}

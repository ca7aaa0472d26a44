//! What every request passes before a handler, and every answer on its way out.
//!
//! [`harden`] puts the layers on in the right order, so that there is one place to look.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::limits::{self, MAX_HEADERS, MAX_URI};
use super::peer::{self, PeerAddress};
use super::refusal::Refusal;
use crate::config::{BaseUrl, Settings, is_loopback_name};
use crate::model::IpRange;

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; \
     frame-ancestors 'none'";
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the layers need to know.
#[derive(Clone, Debug)]
pub struct Guard(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base_url: BaseUrl,
    portal: PortalUrl,
    hosts: Vec<String>,
    is_loopback: bool,
    trusted_proxies: Vec<IpRange>,
    in_flight: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Guard {
    /// The guard of a server that listens on `bound`. Whoever stops the server waits for `tasks` too: handlers
    /// run there, and go on when their client has gone.
    #[must_use]
    pub fn new(settings: &Settings, bound: SocketAddr, tasks: TaskTracker) -> Self {
        let base_url = settings.base_url(bound);
        let mut hosts: Vec<String> = settings
            .http
            .hosts
            .iter()
            .map(|host| host.to_ascii_lowercase())
            .collect();
        hosts.push(base_url.host().to_owned());
        Self(Arc::new(Inner {
            portal: PortalUrl(base_url.as_str().trim_end_matches('/').into()),
            base_url,
            hosts,
            is_loopback: bound.ip().to_canonical().is_loopback(),
            trusted_proxies: settings.http.trusted_proxies.clone(),
            in_flight: Arc::new(Semaphore::new(
                settings.http.in_flight.min(Semaphore::MAX_PERMITS),
            )),
            tasks,
        }))
    }

    fn portal_url(&self) -> PortalUrl {
        self.0.portal.clone()
    }
}

/// Where people find the portal, for answers that point to its pages.
#[derive(Clone, Debug)]
pub(super) struct PortalUrl(Arc<str>);

impl PortalUrl {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Marks a request that says its length in two ways: two servers may disagree on where it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct TwoLengths;

/// Puts all layers round a router: the outermost is named last.
pub fn harden(router: Router, guard: &Guard) -> Router {
    router
        .layer(middleware::from_fn_with_state(guard.clone(), detach))
        .layer(middleware::from_fn(limits::bounded_body))
        .layer(middleware::from_fn_with_state(guard.clone(), same_site))
        .layer(middleware::from_fn_with_state(guard.clone(), right_host))
        .layer(middleware::from_fn_with_state(guard.clone(), safe_headers))
        .layer(middleware::from_fn_with_state(guard.clone(), identify))
}

/// The name of one request, for people who ask what happened: `req_` and 16 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

tokio::task_local! {
    static CURRENT: RequestId;
}

impl RequestId {
    /// The id as it stands in the answer's header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the request that the current task answers, for problems and error pages.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    fn new() -> Self {
        let bytes: [u8; 10] = rand::random();
        Self(format!(
            "req_{}",
            data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
        ))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Middleware: names the request and its client, and writes one line about it.
async fn identify(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    let begun = Instant::now();
    if let Some(PeerAddress(peer)) = request.extensions().get::<PeerAddress>().copied() {
        let client = peer::client_address(peer.ip(), request.headers(), &guard.0.trusted_proxies);
        request.extensions_mut().insert(client);
    }
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(guard.portal_url());
    let span = tracing::info_span!("request", request.id = %id);
    if let Some(theirs) = request.headers().get(REQUEST_ID).and_then(harmless) {
        tracing::info!(parent: &span, client_request_id = theirs, "the client calls this request");
    }
    let method = request.method().clone();
    // The pattern, not the path: paths hold people's addresses.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (route, status) = (
        route.as_ref().map_or("-", MatchedPath::as_str),
        response.status().as_u16(),
    );
    tracing::debug!(parent: &span, http.method = %method, http.route = route, http.status = status, duration_us, "answered");
    response
}

/// A client's own request id, if it cannot do harm in a log.
fn harmless(value: &HeaderValue) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    value
        .to_str()
        .ok()
        .filter(|text| text.len() <= 64 && text.bytes().all(is_plain))
}

/// What kind of answer a path gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    Machine,
    Static,
}

fn kind(path: &str) -> Kind {
    if is_for_machines(path) {
        Kind::Machine
    } else if path.starts_with("/static/") || path == "/favicon.ico" {
        Kind::Static
    } else {
        Kind::Page
    }
}

/// Whether programs read what stands here: the API and the health checks.
pub(super) fn is_for_machines(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || is_health_check(path) || path == "/openapi.json"
}

fn is_health_check(path: &str) -> bool {
    path == "/livez" || path == "/readyz"
}

/// Middleware: the headers that keep a browser from being used against its owner.
async fn safe_headers(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let kind = kind(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    if guard.0.base_url.is_secure() {
        set(
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=63072000; includeSubDomains",
        );
    }
    match kind {
        Kind::Machine => set(header::CONTENT_SECURITY_POLICY, API_POLICY),
        Kind::Static => set(header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        Kind::Page => {
            set(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
            set(header::X_FRAME_OPTIONS, "DENY");
            set(
                HeaderName::from_static("permissions-policy"),
                "camera=(), microphone=(), geolocation=(), publickey-credentials-get=(self), \
                 publickey-credentials-create=(self)",
            );
            headers.append(
                header::VARY,
                HeaderValue::from_static("Cookie, Sec-Fetch-Site, Origin"),
            );
        }
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.remove(header::SERVER);
    response
}

/// Middleware: the request is meant for this server, and nobody can read it in two ways.
async fn right_host(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match check_head(&guard.0, &parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => {
            let mut response = refusal.answer(&parts);
            // Its body was not read, and nobody knows what would follow.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
            response
        }
    }
}

fn check_head(guard: &Inner, request: &Parts) -> Result<(), Refusal> {
    check_size(request)?;
    let bad = |detail: &str, next: &'static str| Err(bad_request().detail(detail).next(next));
    let headers = &request.headers;
    let has_both =
        headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH);
    if has_both || request.extensions.get::<TwoLengths>().is_some() {
        let detail = "Transfer-Encoding and Content-Length exclude each other";
        return bad(detail, "Send one of them.");
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return bad("a request needs exactly one Host header", "Send one.");
    };
    let host = host.to_str().ok().filter(|host| !host.contains('@'));
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        let detail = "the Host header holds something else than a host name and perhaps a port";
        return bad(detail, "Send the host name of the portal.");
    };
    if request.uri.authority().is_some_and(|other| *other != authority) {
        let detail = "the address and the Host header name different hosts";
        return bad(detail, "Send the same in both.");
    }
    let name = authority.host().to_ascii_lowercase();
    let known = guard.hosts.contains(&name) || (guard.is_loopback && is_loopback_name(&name));
    if known {
        return Ok(());
    }
    let text = format!(
        "this server does not answer for {name:?}, but for {}",
        guard.base_url
    );
    let refusal = Refusal::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", "Wrong host name");
    Err(refusal
        .detail(text)
        .next("Use that address, or have the name added to http.hosts."))
}

fn check_size(request: &Parts) -> Result<(), Refusal> {
    let path = request.uri.path_and_query();
    if path.is_some_and(|path| path.as_str().len() > MAX_URI) {
        let status = StatusCode::URI_TOO_LONG;
        return Err(Refusal::new(status, "uri_too_long", "The address is too long")
            .detail("an address may have at most 8192 bytes")
            .next("Ask with fewer parameters."));
    }
    if request.headers.len() > MAX_HEADERS {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(
            Refusal::new(status, "too_many_headers", "The request has too many headers")
                .detail("a request may have at most 64 header lines")
                .next("Leave out those that are not needed."),
        );
    }
    Ok(())
}

fn bad_request() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "bad_request",
        "The request cannot be understood",
    )
}

/// Middleware: another site cannot make a browser change anything here.
///
/// A request that changes things and carries a cookie must prove that one of our own pages sent it; so must one
/// without a cookie that says where it comes from, or else another site could sign people in as somebody else.
async fn same_site(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || is_from_here(&guard.0.base_url, request.headers()) {
        return next.run(request).await;
    }
    let (parts, _) = request.into_parts();
    Refusal::new(StatusCode::FORBIDDEN, "cross_site", "This came from another site")
        .detail("only the portal's own pages may change things")
        .next("Open the portal itself and try again.")
        .answer(&parts)
}

fn is_from_here(base_url: &BaseUrl, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match text("origin") {
        Some(origin) => origin == base_url.as_str() || is_of_host(origin, text("host")),
        None => !headers.contains_key(header::COOKIE),
    }
}

/// The Host header was checked before, so a page of the same host is one of ours under another of our names.
fn is_of_host(origin: &str, host: Option<&str>) -> bool {
    let without_scheme = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    without_scheme.is_some_and(|name| host.is_some_and(|host| name.eq_ignore_ascii_case(host)))
}

/// Middleware: runs the handler in a task of its own, so that a client who hangs up never stops it half-way
/// (a transaction that was dropped while it began loses the next one's writes), and a panic is an answer.
async fn detach(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let permit = match Arc::clone(&guard.0.in_flight).try_acquire_owned() {
        Ok(permit) => Some(permit),
        Err(_) if is_health_check(path) => None,
        Err(_) => {
            let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The portal is busy")
                .detail("too many requests are being worked on")
                .next("Try again in a second.");
            return refusal.answer(&request.into_parts().0);
        }
    };
    let mut parts = Request::new(()).into_parts().0;
    parts.uri = request.uri().clone();
    let id = request
        .extensions()
        .get::<RequestId>()
        .cloned()
        .unwrap_or_else(RequestId::new);
    parts.extensions.insert(id.clone());
    parts.extensions.insert(guard.portal_url());
    let work = async move {
        let response = next.run(request).await;
        drop(permit);
        response
    };
    let task = guard.0.tasks.spawn(CURRENT.scope(id, work).in_current_span());
    task.await.unwrap_or_else(|error| {
        tracing::error!(panicked = error.is_panic(), "a request was not answered");
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong",
        )
        .detail("the portal made a mistake")
        .next("Try again. If it happens again, tell the operator the request id.")
        .answer(&parts)
    })
}

#[cfg(test)]
mod tests;

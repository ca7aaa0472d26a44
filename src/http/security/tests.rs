use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::config::{Flag, Sources, load};

fn guard(settings: &[(&str, &str)]) -> Guard {
    let flag = |(key, value): &(&str, &str)| Flag {
        name: "--set".to_owned(),
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    };
    let flags = settings.iter().map(flag).collect();
    let settings = load(&Sources {
        flags,
        ..Sources::default()
    })
    .unwrap()
    .settings;
    Guard::new(&settings, settings.listen, TaskTracker::new())
}

fn portal(settings: &[(&str, &str)]) -> Router {
    let router = Router::new()
        .route("/", get(|| async { "page" }).post(|| async { "changed" }))
        .route(
            "/api/v1/echo",
            post(|body: Bytes| async move { body.len().to_string() }),
        )
        .route(
            "/static/a",
            get(|| async { ([(header::CACHE_CONTROL, "public")], "a") }),
        )
        .route("/panic", get(panics))
        .route("/id", get(|| async { RequestId::current().unwrap().to_string() }));
    harden(router, &guard(settings))
}

async fn panics() -> &'static str {
    panic!("a mistake of ours")
}

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

const HOST: (&str, &str) = ("host", "127.0.0.1:8025");

async fn status(portal: Router, request: Request) -> u16 {
    portal.oneshot(request).await.unwrap().status().as_u16()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn only_the_servers_own_names_are_answered() {
    let public = [
        ("listen", "0.0.0.0:80"),
        ("base_url", "https://Portal.example"),
        ("http.hosts", "admin.example"),
    ];
    for (settings, hosts, expected) in [
        (&[][..], &["127.0.0.1:8025"][..], 200),
        (&[], &["localhost"], 200),
        (&[], &["[::1]:9"], 200),
        (&[], &["evil.example"], 421),
        (&[], &[], 400),
        (&[], &["localhost", "localhost"], 400),
        (&[], &["a b"], 400),
        (&[], &["me@localhost"], 400),
        (&[], &[""], 400),
        (&public, &["portal.example"], 200),
        (&public, &["PORTAL.example:443"], 200),
        (&public, &["admin.example"], 200),
        (&public, &["portal.example."], 421),
        (&public, &["localhost"], 421),
    ] {
        let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        assert_eq!(
            status(portal(settings), request("GET", "/", &headers)).await,
            expected,
            "{hosts:?}"
        );
    }
}

#[tokio::test]
async fn an_absolute_address_must_agree_with_the_host_header() {
    let ours = request("GET", "http://127.0.0.1:8025/", &[HOST]);
    assert_eq!(status(portal(&[]), ours).await, 200);
    let theirs = request("GET", "http://evil.example/", &[HOST]);
    assert_eq!(status(portal(&[]), theirs).await, 400);
}

#[tokio::test]
async fn a_request_that_can_be_read_in_two_ways_is_refused() {
    let both = [HOST, ("transfer-encoding", "chunked"), ("content-length", "3")];
    assert_eq!(status(portal(&[]), request("POST", "/", &both)).await, 400);
}

#[tokio::test]
async fn heads_have_limits() {
    let long = format!("/{}", "a".repeat(MAX_URI));
    assert_eq!(status(portal(&[]), request("GET", &long, &[HOST])).await, 414);
    let many: Vec<_> = std::iter::once(HOST)
        .chain((0..MAX_HEADERS).map(|_| ("x-a", "1")))
        .collect();
    assert_eq!(status(portal(&[]), request("GET", "/", &many)).await, 431);
}

#[tokio::test]
async fn pages_the_api_and_static_files_have_their_headers() {
    let secure = [("base_url", "https://portal.example")];
    for (path, policy, cache) in [
        ("/", PAGE_POLICY, "no-store"),
        ("/api/v1/nothing", API_POLICY, "no-store"),
        ("/static/a", PAGE_POLICY, "public"),
    ] {
        let response = portal(&secure)
            .oneshot(request("GET", path, &[HOST]))
            .await
            .unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("content-security-policy"), Some(policy));
        assert_eq!(header("cache-control"), Some(cache));
        assert_eq!(header("x-content-type-options"), Some("nosniff"));
        assert_eq!(header("referrer-policy"), Some("no-referrer"));
        assert_eq!(
            header("strict-transport-security"),
            Some("max-age=63072000; includeSubDomains")
        );
        assert_eq!(header("x-frame-options"), (path == "/").then_some("DENY"));
        assert_eq!(header("server"), None);
        let id = header("x-request-id").unwrap();
        assert!(id.starts_with("req_") && id.len() == 20, "{id}");
    }
}

#[tokio::test]
async fn without_https_browsers_are_not_told_to_insist_on_it() {
    let response = portal(&[]).oneshot(request("GET", "/", &[HOST])).await.unwrap();
    assert!(!response.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn the_request_id_is_ours_and_handlers_know_it() {
    let response = portal(&[])
        .oneshot(request("GET", "/id", &[HOST, ("x-request-id", "theirs")]))
        .await
        .unwrap();
    let header = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_ne!(header, "theirs");
    assert_eq!(text(response).await, header);
}

#[tokio::test]
async fn another_site_cannot_use_a_visitors_cookie() {
    let cookie = ("cookie", "__Host-session=x");
    for (headers, expected) in [
        (&[][..], 200),
        (&[cookie], 403),
        (&[cookie, ("sec-fetch-site", "same-origin")], 200),
        (&[cookie, ("sec-fetch-site", "none")], 200),
        (&[cookie, ("sec-fetch-site", "same-site")], 403),
        (
            &[
                cookie,
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://127.0.0.1:8025"),
            ],
            403,
        ),
        (&[cookie, ("origin", "http://127.0.0.1:8025")], 200),
        (&[cookie, ("origin", "http://127.0.0.1:9")], 403),
        (&[cookie, ("origin", "null")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("origin", "https://evil.example")], 403),
    ] {
        let headers: Vec<_> = std::iter::once(HOST).chain(headers.iter().copied()).collect();
        assert_eq!(
            status(portal(&[]), request("POST", "/", &headers)).await,
            expected,
            "{headers:?}"
        );
        assert_eq!(status(portal(&[]), request("GET", "/", &headers)).await, 200);
    }
}

#[tokio::test]
async fn a_panic_is_an_answer_with_a_number() {
    let response = portal(&[])
        .oneshot(request("GET", "/panic", &[HOST]))
        .await
        .unwrap();
    assert_eq!(response.status(), 500);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert!(text(response).await.contains(&id));
}

#[tokio::test]
async fn a_client_who_hangs_up_does_not_stop_a_handler() {
    let (begun, done) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(AtomicBool::new(false)),
    );
    let go_on = Arc::new(tokio::sync::Notify::new());
    let handler = {
        let (begun, done, go_on) = (begun.clone(), done.clone(), go_on.clone());
        move || async move {
            begun.notify_one();
            go_on.notified().await;
            done.store(true, Ordering::SeqCst);
        }
    };
    let guard = guard(&[]);
    let router = harden(Router::new().route("/", get(handler)), &guard);
    let call = tokio::spawn(router.oneshot(request("GET", "/", &[HOST])));
    begun.notified().await;

    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    go_on.notify_one();

    guard.0.tasks.close();
    guard.0.tasks.wait().await;
    assert!(done.load(Ordering::SeqCst));
}

#[tokio::test]
async fn more_requests_than_allowed_are_told_to_come_back() {
    let guard = guard(&[("http.in_flight", "1")]);
    let _busy = guard.0.in_flight.clone().try_acquire_owned().unwrap();
    let router = harden(
        Router::new()
            .route("/readyz", get(|| async { "ok" }))
            .route("/", get(|| async {})),
        &guard,
    );
    let response = router
        .clone()
        .oneshot(request("GET", "/", &[HOST]))
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(status(router, request("GET", "/readyz", &[HOST])).await, 200);
}

/// A body of so many bytes that does not say so.
struct Chunks(usize);

impl axum::body::HttpBody for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        let chunk = self.0.min(10_000);
        self.0 -= chunk;
        let frame = (chunk > 0).then(|| Ok(hyper::body::Frame::data(vec![b'a'; chunk].into())));
        std::task::Poll::Ready(frame)
    }
}

#[tokio::test]
async fn a_body_has_a_limit_whether_its_length_is_known_or_not() {
    for (bytes, expected) in [
        (limits::MAX_BODY, 200),
        (limits::MAX_BODY + 1, 413),
        (10_000_000, 413),
    ] {
        let known = Body::from(vec![b'a'; bytes]);
        let unknown = Body::new(Chunks(bytes));
        for body in [known, unknown] {
            let mut request = request("POST", "/api/v1/echo", &[HOST]);
            *request.body_mut() = body;
            let response = portal(&[]).oneshot(request).await.unwrap();
            assert_eq!(response.status(), expected, "{bytes}");
            if expected == 413 {
                assert_eq!(response.headers()["content-type"], "application/problem+json");
                assert!(text(response).await.contains("\"code\":\"body_too_large\""));
            }
        }
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let mut request = request("POST", "/api/v1/echo", &[HOST, ("content-encoding", "gzip")]);
    *request.body_mut() = Body::from("abc");
    assert_eq!(status(portal(&[]), request).await, 415);
}

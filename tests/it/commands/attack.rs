//! What strangers and broken programs send to a running portal: each gets an answer that says what is wrong, and
//! nobody else notices.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use tempfile::tempdir;

use super::wire::{self, Wire};

/// A head for `POST /mailboxes` with these further lines, and what follows it.
fn post(wire: &Wire, lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("Content-Type: application/json\r\n{lines}");
    [&wire.request("POST /api/v1/mailboxes", &head, ""), body].concat()
}

/// The same with the length of the body.
fn whole(wire: &Wire, body: &[u8]) -> Vec<u8> {
    post(wire, &format!("Content-Length: {}\r\n", body.len()), body)
}

fn get(wire: &Wire, target: &str) -> Vec<u8> {
    wire.request(&format!("GET {target}"), "", "")
}

/// A head for `GET /me` without a Host line of our own.
fn with_host(wire: &Wire, lines: &str) -> Vec<u8> {
    format!(
        "GET /api/v1/me HTTP/1.1\r\nAuthorization: Bearer {}\r\n{lines}\r\n",
        wire.token
    )
    .into()
}

/// What is sent, and the status and code of the answer.
type Attack = (&'static str, Vec<u8>, u16, &'static str);

#[expect(clippy::too_many_lines, reason = "a table: one line for each attack")]
fn attacks(wire: &Wire) -> Vec<Attack> {
    let host = &wire.address;
    let nested = |open: &str, close: &str| [open.repeat(5000), close.repeat(5000)].concat().into_bytes();
    vec![
        (
            "a list in a list in …",
            whole(wire, &nested("[", "]")),
            400,
            "bad_json",
        ),
        (
            "an object in …",
            whole(wire, &nested("{\"a\":", "}")),
            400,
            "bad_json",
        ),
        (
            "a key twice",
            whole(wire, br#"{"address":"a@one.example","address":"b@one.example"}"#),
            422,
            "invalid",
        ),
        (
            "no UTF-8",
            whole(wire, b"{\"address\":\"\xff@one.example\"}"),
            400,
            "bad_json",
        ),
        (
            "half a surrogate",
            whole(wire, br#"{"address":"\ud800@one.example"}"#),
            400,
            "bad_json",
        ),
        (
            "no number",
            whole(wire, br#"{"quota_bytes":NaN}"#),
            400,
            "bad_json",
        ),
        ("null", whole(wire, b"null"), 422, "invalid"),
        (
            "one byte too many",
            whole(wire, &[b' '; 65_537]),
            413,
            "body_too_large",
        ),
        (
            "chunks without end",
            post(
                wire,
                "Transfer-Encoding: chunked\r\n",
                &b"10000\r\n"
                    .iter()
                    .copied()
                    .chain([b'a'; 65_536])
                    .chain(*b"\r\n1\r\na\r\n0\r\n\r\n")
                    .collect::<Vec<_>>(),
            ),
            413,
            "body_too_large",
        ),
        (
            "no chunk",
            post(wire, "Transfer-Encoding: chunked\r\n", b"zz\r\nabc\r\n0\r\n\r\n"),
            400,
            "body_broken",
        ),
        (
            "chunks and a length",
            post(
                wire,
                "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                b"0\r\n\r\n",
            ),
            400,
            "bad_request",
        ),
        (
            "a length and chunks",
            post(
                wire,
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                b"0\r\n\r\n",
            ),
            400,
            "bad_request",
        ),
        (
            "a compressed body",
            post(
                wire,
                "Content-Encoding: gzip\r\nContent-Length: 2\r\n",
                b"\x1f\x8b",
            ),
            415,
            "body_encoded",
        ),
        ("no host", with_host(wire, ""), 400, "bad_request"),
        (
            "two hosts",
            with_host(wire, &format!("Host: {host}\r\nHost: {host}\r\n")),
            400,
            "bad_request",
        ),
        (
            "another host",
            with_host(wire, "Host: evil.example\r\n"),
            421,
            "wrong_host",
        ),
        (
            "a host with a blank",
            with_host(wire, "Host: a b\r\n"),
            400,
            "bad_request",
        ),
        (
            "two tokens",
            with_host(wire, &format!("Host: {host}\r\nAuthorization: Bearer x\r\n")),
            401,
            "unauthenticated",
        ),
        (
            "too many lines",
            with_host(wire, &format!("Host: {host}\r\n{}", "X: y\r\n".repeat(70))),
            431,
            "too_many_headers",
        ),
        (
            "a long address",
            get(wire, &format!("/api/v1/me?q={}", "x".repeat(9000))),
            414,
            "uri_too_long",
        ),
        (
            "another's address",
            get(wire, "http://evil.example/api/v1/me"),
            400,
            "bad_request",
        ),
        (
            "a method of its own",
            wire.request("FOO /api/v1/me", "", ""),
            405,
            "method_not_allowed",
        ),
        (
            "a NUL",
            get(wire, "/api/v1/mailboxes/a%00@one.example"),
            404,
            "not_found",
        ),
        (
            "a slash in a name",
            get(wire, "/api/v1/mailboxes/a%2F@one.example"),
            404,
            "not_found",
        ),
        (
            "a line break",
            get(wire, "/api/v1/mailboxes/a%0d%0aX:y@one.example"),
            404,
            "not_found",
        ),
        (
            "no UTF-8 in the path",
            get(wire, "/api/v1/mailboxes/%ff"),
            404,
            "no_such_path",
        ),
        (
            "no percent code",
            get(wire, "/api/v1/mailboxes/%zz"),
            404,
            "not_found",
        ),
        (
            "the folder above",
            get(wire, "/api/v1/mailboxes/../me"),
            404,
            "no_such_path",
        ),
        (
            "a NUL in a parameter",
            get(wire, "/api/v1/mailboxes?q=%00"),
            400,
            "bad_parameter",
        ),
    ]
}

#[test]
fn whatever_is_sent_is_answered_with_what_is_wrong_and_what_to_do() {
    let dir = tempdir().unwrap();
    let (portal, wire) = wire::portal(dir.path(), "", &[], "");
    let host = &wire.address;
    for (what, bytes, status, code) in attacks(&wire) {
        let reply = wire
            .send(&bytes)
            .unwrap_or_else(|| panic!("{what} is not answered"));
        assert_eq!(
            (reply.status, reply.code()),
            (status, code),
            "{what}: {:#}",
            reply.body
        );
        assert!(reply.head.contains("application/problem+json"), "{what}");
        let page = format!("http://{host}/docs/errors/{code}");
        assert_eq!(reply.text("type"), page, "{what}");
        assert!(
            reply.text("detail").len() > 10 && !reply.text("request_id").is_empty(),
            "{what}"
        );
        assert!(portal.get(&page).contains(code), "{what} is explained");
    }
    assert_eq!(
        wire.ask("GET", "/mailboxes", "").body["data"],
        serde_json::json!([])
    );
}

#[test]
fn a_repeat_that_is_told_no_secret_bears_its_own_request_id() {
    let dir = tempdir().unwrap();
    let (_portal, wire) = wire::portal(dir.path(), "", &[], "");
    let org = wire.ask("POST", "/orgs", r#"{"name": "Brightwater"}"#).body;
    let domain = serde_json::json!({"name": "brightwater.example", "org": org["id"]});
    wire.ask("POST", "/domains", &domain.to_string());
    wire.ask("POST", "/mailboxes", r#"{"address": "ana@brightwater.example"}"#);
    let path = "/mailboxes/ana@brightwater.example/password-resets";
    let reset = || wire.try_ask("POST", path, "Idempotency-Key: k1\r\n", r#"{"kind": "link"}"#);

    let first = reset().unwrap();
    assert_eq!(first.status, 200, "{:#}", first.body);
    let told = [reset(), reset()].map(Option::unwrap);
    for again in &told {
        assert_eq!((again.status, again.code()), (409, "already_done"));
        let id = format!("x-request-id: {}", again.text("request_id"));
        assert!(again.head.contains(&id), "{}{:#}", again.head, again.body);
    }
    assert_ne!(told[0].text("request_id"), told[1].text("request_id"));
}

#[test]
fn a_body_of_ten_megabytes_is_refused_and_never_kept() {
    let dir = tempdir().unwrap();
    let (portal, wire) = wire::portal(dir.path(), "", &[], "");
    let before = portal.peak_kib();
    let large = vec![b'x'; 10_000_000];
    let (head, _) = large.split_at(100);
    for token in [&wire.token, "nobody's"] {
        let wire = Wire {
            token: token.to_owned(),
            ..wire.clone()
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(wire.send(&whole(&wire, &large)).unwrap().status, 413));
            }
        });
    }
    // One that asks first is spared the sending.
    let lines = format!("Content-Length: {}\r\nExpect: 100-continue\r\n", large.len());
    assert_eq!(wire.send(&post(&wire, &lines, b"")).unwrap().status, 413);
    // One that breaks off is forgotten.
    drop(
        wire.connect()
            .write_all(&post(&wire, "Content-Length: 60000\r\n", head)),
    );
    let grown = portal.peak_kib() - before;
    assert!(grown < 16 * 1024, "{grown} KiB more for 160 MB");
}

#[test]
fn five_hundred_half_requests_keep_nobody_waiting_and_are_closed() {
    let dir = tempdir().unwrap();
    let flags = "--set http.header_timeout_s=3 --set http.body_timeout_s=3";
    let (_portal, wire) = wire::portal(dir.path(), "", &[], flags);
    let half_a_head = b"GET /api/v1/me HTTP/1.1\r\nHos".to_vec();
    let half_a_body = post(&wire, "Content-Length: 100\r\n", b"{\"addr");
    let mut half: Vec<_> = (0..500)
        .map(|n| {
            let mut stream = wire.connect();
            stream
                .write_all(if n % 2 == 0 { &half_a_head } else { &half_a_body })
                .unwrap();
            stream
        })
        .collect();

    let begun = Instant::now();
    for n in 0..10 {
        let body = format!(r#"{{"address": "m{n}@one.example"}}"#);
        assert_eq!(wire.ask("POST", "/mailboxes", &body).status, 201);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "others wait for {:?}",
        begun.elapsed()
    );

    for (n, stream) in half.iter_mut().enumerate() {
        let mut said = String::new();
        stream.read_to_string(&mut said).expect("it is closed in time");
        let expected = if n % 2 == 0 { "" } else { "HTTP/1.1 408" };
        assert!(
            said.starts_with(expected) && said.is_empty() == expected.is_empty(),
            "{said}"
        );
    }
}

#[test]
fn requests_in_a_row_are_answered_in_a_row_also_when_nothing_follows() {
    let dir = tempdir().unwrap();
    let (_portal, wire) = wire::portal(dir.path(), "", &[], "");
    let one = get(&wire, "/api/v1/me");
    assert_eq!(wire.talk(&one).matches("HTTP/1.1 200").count(), 1);
    assert_eq!(wire.talk(&one.repeat(50)).matches("HTTP/1.1 200").count(), 50);
    // What follows a refused body is not taken for a request.
    let smuggled = [
        &post(
            &wire,
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            b"0\r\n\r\n",
        ),
        &one[..],
    ]
    .concat();
    let answers = wire.talk(&smuggled);
    assert_eq!(
        (
            answers.matches("HTTP/1.1").count(),
            answers.starts_with("HTTP/1.1 400")
        ),
        (1, true),
        "{answers}"
    );
}

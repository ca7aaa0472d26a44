use std::net::SocketAddr;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;

/// Longer than anything here should take, shorter than a person's patience.
const SOON: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_mins(1);

fn limits() -> HttpLimits {
    HttpLimits {
        max_connections: 100,
        max_connections_per_address: 100,
        trusted_proxies: Vec::new(),
        header_timeout: LONG,
        body_timeout: LONG,
        write_timeout: LONG,
        keep_alive: LONG,
        drain: SHORT,
    }
}

struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    server: JoinHandle<io::Result<()>>,
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

async fn start(limits: HttpLimits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (begun, go_on, shutdown) = (
        Arc::new(Notify::new()),
        Arc::new(Notify::new()),
        CancellationToken::new(),
    );
    let slow = {
        let (begun, go_on) = (begun.clone(), go_on.clone());
        move || async move {
            begun.notify_one();
            go_on.notified().await;
            "done"
        }
    };
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/slow", get(slow))
        .route("/echo", post(|body: String| async move { body }))
        .route("/large", get(|| async { vec![b'a'; 64 * 1024 * 1024] }));
    let token = shutdown.clone();
    let server = tokio::spawn(async move { serve(listener, router, &limits, token).await });
    Running {
        address,
        shutdown,
        server,
        begun,
        go_on,
    }
}

impl Running {
    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn stop(self) -> Duration {
        let begun = Instant::now();
        self.shutdown.cancel();
        timeout(SOON, self.server)
            .await
            .expect("the server stops")
            .unwrap()
            .unwrap();
        begun.elapsed()
    }
}

/// Everything until the other end closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    timeout(SOON, stream.read_to_end(&mut bytes))
        .await
        .expect("the connection ends")
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        let byte = timeout(SOON, stream.read_u8()).await.expect("an answer").unwrap();
        bytes.push(byte);
    }
    String::from_utf8(bytes).unwrap()
}

const HELLO: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn half_a_head_is_cut_off() {
    let server = start(HttpLimits {
        header_timeout: SHORT,
        ..limits()
    })
    .await;
    let mut half = server.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
    assert_eq!(rest(&mut half).await, "");
    let mut nothing = server.send("").await;
    assert_eq!(rest(&mut nothing).await, "");
    let mut second = server.send(HELLO).await;
    until(&mut second, "hello").await;
    second.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut second).await, "");
}

#[tokio::test]
async fn a_connection_may_wait_longer_between_requests_than_within_a_head() {
    let server = start(HttpLimits {
        header_timeout: SHORT,
        ..limits()
    })
    .await;
    let mut stream = server.send(HELLO).await;
    until(&mut stream, "hello").await;
    let nothing = timeout(SHORT * 3, stream.read_u8()).await;
    assert!(nothing.is_err(), "still open");
    stream.write_all(HELLO.as_bytes()).await.unwrap();
    until(&mut stream, "hello").await;
}

#[tokio::test]
async fn an_idle_connection_ends_after_a_while() {
    let server = start(HttpLimits {
        keep_alive: SHORT,
        ..limits()
    })
    .await;
    let mut stream = server.send(HELLO).await;
    until(&mut stream, "hello").await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let server = start(HttpLimits {
        body_timeout: SHORT,
        ..limits()
    })
    .await;
    let mut stream = server
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        .await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let server = start(HttpLimits {
        write_timeout: SHORT,
        drain: LONG,
        ..limits()
    })
    .await;
    let _deaf = server.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(server.stop().await < SOON);
}

#[tokio::test]
async fn a_half_open_connection_does_not_hold_up_the_end() {
    let server = start(limits()).await;
    let mut half = server.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
    let mut idle = server.send(HELLO).await;
    until(&mut idle, "hello").await;
    assert!(server.stop().await < SHORT * 10);
    assert_eq!(rest(&mut half).await, "");
}

#[tokio::test]
async fn idle_connections_are_closed_at_once_when_the_server_stops() {
    let server = start(HttpLimits {
        drain: LONG,
        ..limits()
    })
    .await;
    let mut idle = server.send(HELLO).await;
    until(&mut idle, "hello").await;
    let _fresh = server.send("").await;
    assert!(server.stop().await < SOON);
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let server = start(HttpLimits {
        drain: LONG,
        ..limits()
    })
    .await;
    let mut stream = server.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.begun.notified().await;
    server.shutdown.cancel();
    server.go_on.notify_one();
    let answer = rest(&mut stream).await;
    assert!(answer.ends_with("done"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off_after_the_drain() {
    let server = start(limits()).await;
    let mut stream = server.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.begun.notified().await;
    server.stop().await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_a_free_place_is_given_again() {
    let server = start(HttpLimits {
        max_connections: 1,
        ..limits()
    })
    .await;
    let mut first = server.send(HELLO).await;
    until(&mut first, "hello").await;
    let mut second = server.send("").await;
    assert_eq!(rest(&mut second).await, "");
    drop(first);
    let deadline = Instant::now() + SOON;
    loop {
        assert!(Instant::now() < deadline, "a place becomes free");
        let mut third = server
            .send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .await;
        if rest(&mut third).await.ends_with("hello") {
            break;
        }
    }
}

#[tokio::test]
async fn a_head_has_a_size() {
    let server = start(limits()).await;
    let mut stream = server
        .send(&format!(
            "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
            "a".repeat(20_000)
        ))
        .await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_answered_and_not_just_cut_off() {
    let settings = crate::config::load(&crate::config::Sources::default())
        .unwrap()
        .settings;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let guard = crate::http::security::Guard::new(&settings, address, TaskTracker::new());
    let router = crate::http::security::harden(
        Router::new().route("/api/echo", post(|body: String| async move { body })),
        &guard,
    );
    let server =
        tokio::spawn(async move { serve(listener, router, &limits(), CancellationToken::new()).await });

    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST /api/echo HTTP/1.1\r\nHost: {address}\r\nContent-Length: 10000000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    timeout(SOON, stream.write_all(&vec![b'a'; 10_000_000]))
        .await
        .unwrap()
        .unwrap();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"),
        "{answer}"
    );
    server.abort();
}

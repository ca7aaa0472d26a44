//! Our own accept loop, because axum's has no header timeout, no connection limit and no end to its drain.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::limits::{Doors, HttpLimits, MAX_HEAD, Place, TimedBody};
use super::peer::PeerAddress;
use super::security::TwoLengths;
use super::watched::{Watch, Watched, WatchedBody};

/// Answers requests until `shutdown`; then lets running ones finish, for `limits.drain` at most.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &HttpLimits,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let limits = Arc::new(limits.clone());
    let doors = Doors::new(Arc::clone(&limits));
    let connections = TaskTracker::new();
    let end = CancellationToken::new();
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&listener) => accepted?,
        };
        let Some(place) = doors.admit(peer.ip()) else {
            tracing::warn!(peer.address = %peer.ip(), "too many connections, closed one");
            continue;
        };
        let caller = Caller {
            peer: PeerAddress(peer),
            router: router.clone(),
            limits: Arc::clone(&limits),
        };
        connections.spawn(attend(stream, caller, place, shutdown.clone(), end.clone()));
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "closed connections that did not finish in time"
        );
        end.cancel();
        connections.wait().await;
    }
    Ok(())
}

/// The next connection. Running out of file descriptors is waited out, not died of.
async fn accept(listener: &TcpListener) -> io::Result<(TcpStream, std::net::SocketAddr)> {
    let mut pause = Duration::from_millis(10);
    loop {
        match listener.accept().await {
            Ok(accepted) => return Ok(accepted),
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections, trying again");
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
        }
    }
}

/// The socket itself is gone: EBADF, EINVAL, ENOTSOCK.
fn is_fatal(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(9 | 22 | 88))
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

struct Caller {
    peer: PeerAddress,
    router: Router,
    limits: Arc<HttpLimits>,
}

/// One connection from its first byte to its last.
async fn attend(
    stream: TcpStream,
    caller: Caller,
    place: Place,
    shutdown: CancellationToken,
    end: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection went before it began");
        return;
    }
    let limits = Arc::clone(&caller.limits);
    let watch = Watch::new(&limits);
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&watch), limits.write_timeout));
    let service = hyper::service::service_fn(move |request| answer(&caller, &watch, request));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // A backstop for pipelined heads, which `Watched` does not see; it also counts while nothing is asked.
        .header_read_timeout(limits.keep_alive + limits.header_timeout)
        .max_header_size(MAX_HEAD)
        // A client that has said all it has to say still wants to hear the answer.
        .half_close(true)
        .max_buf_size(2 * MAX_HEAD);
    let mut connection = pin!(builder.serve_connection(io, service));
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = shutdown.cancelled() => {
            // Closes at once if nothing was asked, else after the answer.
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                outcome = connection.as_mut() => outcome,
                () = end.cancelled() => Ok(()),
            }
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection broke");
    }
    drop(place);
}

/// Hands one request to the router, and tells the watch when its answer is out.
fn answer(
    caller: &Caller,
    watch: &Arc<Watch>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<WatchedBody>, std::convert::Infallible>> + use<> {
    let is_ambiguous = watch.head_complete(request.headers());
    let body_timeout = caller.limits.body_timeout;
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(caller.peer);
    let body = if body.is_end_stream() {
        Body::empty()
    } else {
        Body::new(TimedBody::new(body, body_timeout))
    };
    if is_ambiguous {
        parts.extensions.insert(TwoLengths);
    }
    let mut router = caller.router.clone();
    let watch = Arc::clone(watch);
    async move {
        let response = router.call(Request::from_parts(parts, body)).await?;
        Ok(response.map(|body| WatchedBody::new(body, watch)))
    }
}

#[cfg(test)]
mod tests;

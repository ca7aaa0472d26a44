//! A limit on everything: connections, times, heads and bodies.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::refusal::Refusal;
use crate::config::HttpSettings;
use crate::model::IpRange;

/// The most bytes of a request's body.
pub const MAX_BODY: usize = 64 * 1024;
/// The most bytes of a request's head.
pub const MAX_HEAD: usize = 16 * 1024;
/// The most lines of a request's head.
pub const MAX_HEADERS: usize = 64;
/// The most bytes of a request's URI.
pub const MAX_URI: usize = 8 * 1024;

/// What is read and thrown away of a body that is too large, so that the client gets to read why.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;

/// What one client may cost the server.
#[derive(Clone, Debug)]
pub struct HttpLimits {
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one address (of IPv6, one /64).
    pub max_connections_per_address: usize,
    /// Proxies, to which the limit per address does not apply.
    pub trusted_proxies: Vec<IpRange>,
    /// Time to send a request's head.
    pub header_timeout: Duration,
    /// Time to send a request's body.
    pub body_timeout: Duration,
    /// Time without progress after which an answer is given up.
    pub write_timeout: Duration,
    /// Time a connection may wait for its next request.
    pub keep_alive: Duration,
    /// Time that running requests have to finish when the server stops.
    pub drain: Duration,
}

impl From<&HttpSettings> for HttpLimits {
    fn from(settings: &HttpSettings) -> Self {
        Self {
            max_connections: settings.max_connections,
            max_connections_per_address: settings.max_connections_per_address,
            trusted_proxies: settings.trusted_proxies.clone(),
            header_timeout: Duration::from_secs(settings.header_timeout_s),
            body_timeout: Duration::from_secs(settings.body_timeout_s),
            write_timeout: Duration::from_secs(settings.write_timeout_s),
            keep_alive: Duration::from_secs(settings.keep_alive_s),
            drain: Duration::from_secs(settings.drain_s),
        }
    }
}

/// Counts who is in.
#[derive(Clone, Debug)]
pub(super) struct Doors {
    counts: Arc<Mutex<Counts>>,
    limits: Arc<HttpLimits>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place; leaving gives it back.
#[derive(Debug)]
pub(super) struct Place {
    doors: Doors,
    address: Option<IpAddr>,
}

impl Doors {
    pub(super) fn new(limits: Arc<HttpLimits>) -> Self {
        Self {
            counts: Arc::default(),
            limits,
        }
    }

    /// A place for a connection from this address, if there is one.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Place> {
        let counted = self.is_counted(address).then(|| network(address));
        let mut counts = self.counts();
        if counts.all >= self.limits.max_connections {
            return None;
        }
        if let Some(address) = counted {
            let here = counts.by_address.entry(address).or_default();
            if *here >= self.limits.max_connections_per_address {
                return None;
            }
            *here += 1;
        }
        counts.all += 1;
        Some(Place {
            doors: self.clone(),
            address: counted,
        })
    }

    fn is_counted(&self, address: IpAddr) -> bool {
        let is_proxy = self
            .limits
            .trusted_proxies
            .iter()
            .any(|range| range.contains(address));
        !is_proxy && !address.to_canonical().is_loopback()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.doors.counts();
        counts.all -= 1;
        if let Some(address) = self.address
            && let Some(here) = counts.by_address.get_mut(&address)
        {
            *here -= 1;
            if *here == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

/// One customer of an IPv6 provider has at least a /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// The body came too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the request's body came too slowly")]
pub struct BodyTooSlow;

/// A body that must be complete by a deadline.
#[derive(Debug)]
pub(super) struct TimedBody<B> {
    inner: B,
    deadline: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> TimedBody<B> {
    pub(super) fn new(inner: B, time: Duration) -> Self {
        Self {
            inner,
            deadline: Instant::now() + time,
            timer: None,
        }
    }
}

impl<B> HttpBody for TimedBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = self.deadline;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        timer.as_mut().poll(cx).map(|()| Some(Err(BodyTooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Middleware: reads the whole body before any handler runs, so that no handler ever waits for a slow
/// client, and refuses one that is too large without keeping it.
pub async fn bounded_body(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let outcome = if parts.headers.contains_key(header::CONTENT_ENCODING) {
        Err(Unreadable::Encoded)
    } else {
        read(body, parts.headers.contains_key(header::EXPECT)).await
    };
    match outcome {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(reason) => {
            let mut response = reason.refusal().answer(&parts);
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}

enum Unreadable {
    TooLarge,
    TooSlow,
    Broken,
    Encoded,
}

impl Unreadable {
    fn refusal(&self) -> Refusal {
        match self {
            Self::TooLarge => Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "The request is too large",
            )
            .detail("a request's body may have at most 65536 bytes")
            .next("Send less at once."),
            Self::TooSlow => Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                "body_too_slow",
                "The request came too slowly",
            )
            .detail("the request's body was not complete in time")
            .next("Send it again over a better connection."),
            Self::Broken => Refusal::new(StatusCode::BAD_REQUEST, "body_broken", "The request broke off")
                .detail("the request's body could not be read to its end")
                .next("Send it again."),
            Self::Encoded => Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "body_encoded",
                "The request is compressed",
            )
            .detail("a compressed body is not accepted")
            .next("Send it without Content-Encoding."),
        }
    }
}

/// A client that expects "100 Continue" has not sent its body yet, so a large one need not be discarded.
async fn read(mut body: Body, is_expecting: bool) -> Result<Bytes, Unreadable> {
    let announced = body.size_hint().lower();
    if announced > MAX_BODY as u64 {
        if !is_expecting {
            discard(body, 0).await;
        }
        return Err(Unreadable::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > MAX_BODY {
            discard(body, bytes.len() + data.len()).await;
            return Err(Unreadable::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
}

async fn discard(mut body: Body, mut seen: usize) {
    while seen <= MAX_DISCARDED
        && let Some(Ok(frame)) = body.frame().await
    {
        seen += frame.data_ref().map_or(0, Bytes::len);
    }
}

fn broken(error: &axum::Error) -> Unreadable {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<BodyTooSlow>() {
            return Unreadable::TooSlow;
        }
        cause = error.source();
    }
    Unreadable::Broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn doors(all: usize, each: usize) -> Doors {
        let settings = config::load(&config::Sources::default()).unwrap().settings;
        let mut limits = HttpLimits::from(&settings.http);
        limits.max_connections = all;
        limits.max_connections_per_address = each;
        limits.trusted_proxies = vec!["192.0.2.7".parse().unwrap()];
        Doors::new(Arc::new(limits))
    }

    fn admit(doors: &Doors, address: &str) -> Option<Place> {
        doors.admit(address.parse().unwrap())
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let doors = doors(10, 2);
        let first = admit(&doors, "198.51.100.1");
        let second = admit(&doors, "198.51.100.1");
        assert!(first.is_some() && second.is_some());
        assert!(admit(&doors, "198.51.100.1").is_none());
        assert!(admit(&doors, "198.51.100.2").is_some());
        drop(first);
        assert!(admit(&doors, "198.51.100.1").is_some());
    }

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        let doors = doors(10, 1);
        let first = admit(&doors, "2001:db8::1");
        assert!(first.is_some());
        assert!(admit(&doors, "2001:db8::2").is_none());
        assert!(admit(&doors, "2001:db8:0:1::1").is_some());
    }

    #[test]
    fn a_trusted_proxy_and_this_machine_may_take_all_but_not_more() {
        let doors = doors(4, 1);
        let places: Vec<_> = ["192.0.2.7", "192.0.2.7", "127.0.0.1", "::1"]
            .map(|address| admit(&doors, address))
            .into();
        assert!(places.iter().all(Option::is_some));
        assert!(admit(&doors, "127.0.0.1").is_none());
    }
}

//! A connection under watch: how long its head may take, how long it may idle, how long it may not read.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http::{HeaderMap, header};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::{HttpLimits, MAX_HEAD};

/// Where a connection stands between requests; its stream, its service and its answers share it.
#[derive(Debug)]
pub(super) struct Watch {
    state: Mutex<State>,
    header_timeout: Duration,
    keep_alive: Duration,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// The bytes of the head being read: hyper does not tell us about a Content-Length that it dropped.
    head: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing was asked since the last answer.
    Waiting(Instant),
    /// A head is coming in.
    Head(Instant),
    /// A request is being worked on.
    Busy,
}

impl Watch {
    /// A new connection owes us its first head.
    pub(super) fn new(limits: &HttpLimits) -> Arc<Self> {
        let phase = Phase::Head(Instant::now() + limits.header_timeout);
        Arc::new(Self {
            state: Mutex::new(State {
                phase,
                head: Vec::new(),
            }),
            header_timeout: limits.header_timeout,
            keep_alive: limits.keep_alive,
        })
    }

    /// The head was read and a request is being worked on. Says whether that head can be read in two ways.
    pub(super) fn head_complete(&self, headers: &HeaderMap) -> bool {
        let mut state = self.state();
        state.phase = Phase::Busy;
        let is_ambiguous =
            headers.contains_key(header::TRANSFER_ENCODING) && !is_plainly_chunked(&state.head);
        state.head.clear();
        is_ambiguous
    }

    fn answered(&self) {
        self.state().phase = Phase::Waiting(Instant::now() + self.keep_alive);
    }

    fn received(&self, bytes: &[u8]) {
        let mut state = self.state();
        if let Phase::Waiting(_) = state.phase {
            state.phase = Phase::Head(Instant::now() + self.header_timeout);
        }
        if let Phase::Head(_) = state.phase {
            let room = (2 * MAX_HEAD).saturating_sub(state.head.len()).min(bytes.len());
            state.head.extend_from_slice(&bytes[..room]);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.state().phase {
            Phase::Waiting(deadline) | Phase::Head(deadline) => Some(deadline),
            Phase::Busy => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the head has a Transfer-Encoding and no Content-Length. One that came behind another request's body
/// was not seen, and is not trusted.
fn is_plainly_chunked(head: &[u8]) -> bool {
    let mut has_encoding = false;
    for line in head
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .take_while(|line| !line.is_empty())
    {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        if name.eq_ignore_ascii_case(b"content-length") {
            return false;
        }
        has_encoding |= name.eq_ignore_ascii_case(b"transfer-encoding");
    }
    has_encoding
}

/// A stream that gives up when its peer is too slow.
#[derive(Debug)]
pub(super) struct Watched {
    stream: TcpStream,
    watch: Arc<Watch>,
    read_timer: Pin<Box<Sleep>>,
    write_timer: Pin<Box<Sleep>>,
    write_timeout: Duration,
    is_stuck: bool,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, watch: Arc<Watch>, write_timeout: Duration) -> Self {
        let timer = || Box::pin(sleep_until(Instant::now()));
        Self {
            stream,
            watch,
            read_timer: timer(),
            write_timer: timer(),
            write_timeout,
            is_stuck: false,
        }
    }

    /// An answer may be long, but it has to get on: the time starts anew with every byte taken.
    fn written(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if outcome.is_ready() {
            self.is_stuck = false;
            return outcome;
        }
        if !self.is_stuck {
            self.is_stuck = true;
            self.write_timer
                .as_mut()
                .reset(Instant::now() + self.write_timeout);
        }
        ready!(self.write_timer.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if let Poll::Ready(outcome) = Pin::new(&mut this.stream).poll_read(cx, buffer) {
            this.watch
                .received(buffer.filled().get(before..).unwrap_or_default());
            return Poll::Ready(outcome);
        }
        let Some(deadline) = this.watch.deadline() else {
            return Poll::Pending;
        };
        if this.read_timer.deadline() != deadline {
            this.read_timer.as_mut().reset(deadline);
        }
        ready!(this.read_timer.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.written(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// An answer's body; when it is gone, the connection waits for its next request.
#[derive(Debug)]
pub(super) struct WatchedBody {
    body: Body,
    watch: Arc<Watch>,
}

impl WatchedBody {
    pub(super) fn new(body: Body, watch: Arc<Watch>) -> Self {
        Self { body, watch }
    }
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        self.watch.answered();
    }
}

//! Who is signed in in which browser: one typed record, kept under the digest of an unguessable id.
//!
//! The sessions are those of `tower-sessions`; what is ours is where they are kept. The record is sealed by the id,
//! which only the browser has: whoever reads the database finds neither a session to take over nor a secret that was
//! waiting to be shown. An id has 128 bits from a generator that the operating system seeds, which is what ASVS 5.0
//! (7.2.3) asks for and what nobody guesses: more bits would only be another way of making ids than the crate's own.

use std::time::Duration;

use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Error as SessionError, Id, Record};
use tower_sessions::session_store::{Error as StoreError, Result as StoreResult};
use tower_sessions::{Session, SessionManagerLayer, SessionStore};

use crate::error::Error;
use crate::model::{AccountId, ActingId, Timestamp};
use crate::service::App;

mod seal;

/// The one key under which a session keeps its record.
const KEY: &str = "signed_in";
/// How often at most the store is told that somebody is still there.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// How long people stay signed in.
#[derive(Copy, Clone, Debug)]
pub struct SessionEnds {
    /// Without a request.
    pub idle: Duration,
    /// In all.
    pub absolute: Duration,
}

impl Default for SessionEnds {
    fn default() -> Self {
        Self {
            idle: Duration::from_hours(1),
            absolute: Duration::from_hours(24),
        }
    }
}

/// What a session knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub account: AccountId,
    /// What every form of this session carries.
    pub csrf: String,
    /// Since when.
    pub signed_in_at: Timestamp,
    /// When there last was a request, to the minute.
    pub last_seen_at: Timestamp,
    /// In which time of looking after a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting: Option<ActingId>,
    /// What just happened, told once on the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flash: Option<Flash>,
    /// A secret that the next page shows, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Shown>,
}

/// How something ended.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// As wished.
    #[default]
    Ok,
    /// As wished, with something to think of.
    Warn,
    /// Not at all.
    Bad,
}

impl Tone {
    /// The word, which is also the name of its colours.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// What just happened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Flash {
    /// How it ended.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
    /// The way back, if there is a simple one.
    pub undo: Option<Undo>,
}

impl Flash {
    /// Something was done.
    pub fn done(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Ok,
            text: text.into(),
            undo: None,
        }
    }

    /// With its way back.
    #[must_use]
    pub fn undone_by(self, undo: Undo) -> Self {
        Self {
            undo: Some(undo),
            ..self
        }
    }
}

/// A button that takes something back.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Undo {
    /// Where it posts to.
    pub action: String,
    /// What stands on it.
    pub label: String,
    /// What is taken back, for those who only hear the button; begins with a space.
    pub what: String,
    /// The version that the thing must still have; empty when it does not matter.
    pub version: String,
}

/// A secret that one page shows, once.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Shown {
    /// The page that shows it.
    pub path: String,
    /// A password or a token.
    #[serde(default)]
    pub password: String,
    /// A set-up link.
    #[serde(default)]
    pub link: String,
    /// When the secret ends, if it does.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Keeps sessions in the store of the application: sealed, under the digest of their ids.
#[derive(Clone)]
pub struct Sessions {
    app: App,
    ends: SessionEnds,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions")
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

/// The layer that finds the session of each request and keeps what became of it.
pub fn layer(app: &App, ends: SessionEnds) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions::new(app, ends))
        .with_name(cookie_name(app, "session"))
        .with_secure(is_secure(app))
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
}

/// Middleware around the layer: no log shows a cookie, and the one that ends a session has the attributes of the one
/// that began it, without which browsers refuse it for its `__Host-` name and keep the old one.
pub async fn finish_cookies(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let ended = format!("{}=;", cookie_name(&app, "session"));
    let secure = if is_secure(&app) { "; Secure" } else { "" };
    let attributes = format!("; HttpOnly; SameSite=Lax{secure}");
    if let header::Entry::Occupied(mut cookies) = response.headers_mut().entry(header::SET_COOKIE) {
        for cookie in cookies.iter_mut() {
            if cookie.as_bytes().starts_with(ended.as_bytes()) {
                let whole = [cookie.as_bytes(), attributes.as_bytes()].concat();
                *cookie = HeaderValue::from_bytes(&whole).unwrap_or_else(|_| cookie.clone());
            }
            cookie.set_sensitive(true);
        }
    }
    response
}

/// Whether people reach the portal by https, so that cookies need never travel otherwise.
pub fn is_secure(app: &App) -> bool {
    app.base_url.starts_with("https://")
}

/// The name of a cookie: with a prefix that keeps other hosts from setting it, where browsers allow it.
pub fn cookie_name(app: &App, name: &str) -> String {
    if is_secure(app) {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

impl Sessions {
    /// The sessions of an application, which end so.
    pub fn new(app: &App, ends: SessionEnds) -> Self {
        Self {
            app: app.clone(),
            ends,
        }
    }

    /// Stores a record; `false` when there is none to replace, or when a new id met an old one.
    async fn put(&self, record: &Record, anew: bool) -> StoreResult<bool> {
        let value = record.data.get(KEY).unwrap_or(&Value::Null);
        let known = SignedIn::deserialize(value).map_err(|error| StoreError::Encode(error.to_string()))?;
        let plain = value.to_string();
        let sealed =
            seal::seal(record.id, &self.app.ids, plain.as_bytes()).map_err(|error| failed(&error))?;
        let idle = self.app.clock.now().plus(self.ends.idle);
        let end = idle.min(known.signed_in_at.plus(self.ends.absolute));
        let account = Some(known.account);
        self.app
            .store
            .put_session(&seal::digest(record.id), account, &sealed, end, anew)
            .await
            .map_err(|error| failed(&error))
    }
}

fn failed(error: &Error) -> StoreError {
    tracing::error!(error = %error, "sessions are not available");
    StoreError::Backend(error.to_string())
}

/// The record under its seal. What does not open was written by somebody else, or by another release: then nobody is
/// signed in.
fn opened(id: Id, sealed: &str) -> Option<Value> {
    let value: Value = serde_json::from_slice(&seal::open(id, sealed)?).ok()?;
    SignedIn::deserialize(&value).is_ok().then_some(value)
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        for _ in 0..3 {
            if self.put(record, true).await? {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(StoreError::Backend("no free session id".to_owned()))
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        // A session that was ended meanwhile stays ended.
        self.put(record, false).await.map(|_found| ())
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let found = self.app.store.session(&seal::digest(*id)).await;
        let Some((sealed, end)) = found.map_err(|error| failed(&error))? else {
            return Ok(None);
        };
        let Some(value) = opened(*id, &sealed) else {
            return Ok(None);
        };
        let end = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(end.as_micros()) * 1_000)
            .map_err(|error| StoreError::Decode(error.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data: [(KEY.to_owned(), value)].into(),
            expiry_date: end,
        }))
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        self.app
            .store
            .end_session(&seal::digest(*id))
            .await
            .map_err(|error| failed(&error))
    }
}

/// What the session of a request knows, if somebody is signed in.
pub async fn read(session: &Session) -> Result<Option<SignedIn>, Error> {
    session.get(KEY).await.map_err(unavailable)
}

/// Changes what a session knows, stored with the answer. A session that was ended meanwhile stays ended.
pub async fn write(session: &Session, known: &SignedIn) -> Result<(), Error> {
    session.insert(KEY, known).await.map_err(unavailable)
}

/// Notes that somebody is still there, once a minute at most.
pub async fn touch(session: &Session, known: &mut SignedIn, now: Timestamp) -> Result<(), Error> {
    if now.since(known.last_seen_at) < TOUCH_EVERY {
        return Ok(());
    }
    known.last_seen_at = now;
    write(session, known).await
}

/// Signs somebody in: under a new id, so that nobody who knew the old one comes along.
pub async fn begin(app: &App, session: &Session, account: AccountId) -> Result<(), Error> {
    let now = app.clock.now();
    let known = SignedIn {
        account,
        csrf: app.ids.key(26),
        signed_in_at: now,
        last_seen_at: now,
        acting: None,
        flash: None,
        secret: None,
    };
    write(session, &known).await?;
    renew(session).await
}

/// Goes on under a new id.
pub async fn renew(session: &Session) -> Result<(), Error> {
    session.cycle_id().await.map_err(unavailable)
}

/// Signs somebody out.
pub async fn end(session: &Session) -> Result<(), Error> {
    session.flush().await.map_err(unavailable)
}

/// What went wrong stands in the log already.
fn unavailable(error: SessionError) -> Error {
    match error {
        SessionError::Store(_) => Error::Overloaded { retry_after_s: 2 },
        SessionError::SerdeJson(error) => Error::defect(format!("a session: {error}")),
    }
}

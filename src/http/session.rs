//! Who is signed in in which browser: one typed record, kept under the digest of an unguessable id.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error as StoreError, Result as StoreResult};
use tower_sessions::{Session, SessionManagerLayer, SessionStore};

use crate::error::Error;
use crate::model::{AccountId, Timestamp};
use crate::service::{App, tokens};

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

/// Keeps sessions in the store of the application. Only the digest of an id is stored.
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
    let sessions = Sessions {
        app: app.clone(),
        ends,
    };
    SessionManagerLayer::new(sessions)
        .with_name(cookie_name(app, "session"))
        .with_secure(is_secure(app))
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
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
    async fn put(&self, record: &Record, anew: bool) -> StoreResult<bool> {
        let value = record.data.get(KEY).cloned().unwrap_or_default();
        let data = value.to_string();
        let known: SignedIn =
            serde_json::from_value(value).map_err(|error| StoreError::Encode(error.to_string()))?;
        let idle = self.app.clock.now().plus(self.ends.idle);
        let end = idle.min(known.signed_in_at.plus(self.ends.absolute));
        self.app
            .store
            .put_session(&digest(&record.id), Some(known.account), &data, end, anew)
            .await
            .map_err(|error| failed(&error))
    }
}

fn digest(id: &Id) -> Vec<u8> {
    tokens::digest(&id.to_string())
}

fn failed(error: &Error) -> StoreError {
    tracing::error!(error = %error, "sessions are not available");
    StoreError::Backend(error.to_string())
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
        let found = self.app.store.session(&digest(id)).await;
        let Some((data, end)) = found.map_err(|error| failed(&error))? else {
            return Ok(None);
        };
        let value = serde_json::from_str(&data).map_err(|error| StoreError::Decode(error.to_string()))?;
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
            .end_session(&digest(id))
            .await
            .map_err(|error| failed(&error))
    }
}

/// What the session of a request knows, if somebody is signed in.
pub async fn read(session: &Session) -> Result<Option<SignedIn>, Error> {
    session.get(KEY).await.map_err(unavailable)
}

/// Changes what a session knows.
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
pub async fn begin(app: &App, session: &Session, account: AccountId) -> Result<SignedIn, Error> {
    let now = app.clock.now();
    let known = SignedIn {
        account,
        csrf: app.ids.key(26),
        signed_in_at: now,
        last_seen_at: now,
        flash: None,
        secret: None,
    };
    write(session, &known).await?;
    renew(session).await?;
    Ok(known)
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
fn unavailable(error: tower_sessions::session::Error) -> Error {
    match error {
        tower_sessions::session::Error::Store(_) => Error::Overloaded { retry_after_s: 2 },
        tower_sessions::session::Error::SerdeJson(error) => Error::defect(format!("a session: {error}")),
    }
}

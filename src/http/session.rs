//! Who is signed in in which browser: one typed record, kept under the digest of an unguessable id.
//!
//! The record is sealed by the id, which only the browser has: whoever reads the database finds neither a session to
//! take over nor a secret that was waiting to be shown.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use self::id::SessionId;
use crate::error::Error;
use crate::model::{AccountId, Timestamp};
use crate::service::App;

mod id;

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

/// The session of one request, if its browser has one. Handlers share it; what they write is stored at once.
#[derive(Clone)]
pub struct Session {
    app: App,
    ends: SessionEnds,
    state: Arc<Mutex<Held>>,
}

/// What is known of a session so far.
struct Held {
    id: Option<SessionId>,
    known: Option<SignedIn>,
    is_loaded: bool,
    /// The browser does not have the id as it is now.
    is_new: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(..)")
    }
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

/// A cookie of a request.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Middleware: gives each request its session, and its browser the id when that is a new one.
pub async fn attach(
    State((app, ends)): State<(App, SessionEnds)>,
    mut request: Request,
    next: Next,
) -> Response {
    let given = cookie(request.headers(), &cookie_name(&app, "session"));
    let held = Held {
        id: given.and_then(SessionId::from_cookie),
        known: None,
        is_loaded: false,
        is_new: false,
    };
    let state = Arc::new(Mutex::new(held));
    let session = Session { app, ends, state };
    request.extensions_mut().insert(session.clone());
    let mut response = next.run(request).await;
    if let Some(cookie) = session.new_cookie().await {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

impl Session {
    /// What the browser has to be told: its new id, or that it has none any more.
    async fn new_cookie(&self) -> Option<HeaderValue> {
        let held = self.state.lock().await;
        if !held.is_new {
            return None;
        }
        let name = cookie_name(&self.app, "session");
        let secure = if is_secure(&self.app) { "; Secure" } else { "" };
        let (id, end) = match &held.id {
            Some(id) => (id.expose(), ""),
            None => (String::new(), "; Max-Age=0"),
        };
        let text = format!("{name}={id}; Path=/; HttpOnly; SameSite=Lax{end}{secure}");
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Reads the record, once in a request.
    async fn load(&self, held: &mut Held) -> Result<(), Error> {
        if held.is_loaded {
            return Ok(());
        }
        held.known = match &held.id {
            Some(id) => self.stored(id).await?,
            None => None,
        };
        held.is_loaded = true;
        Ok(())
    }

    async fn stored(&self, id: &SessionId) -> Result<Option<SignedIn>, Error> {
        let Some((sealed, _end)) = self.app.store.session(&id.digest()).await? else {
            return Ok(None);
        };
        let opened = id.open(&sealed);
        // What does not open was written by somebody else, or by another release: then nobody is signed in.
        Ok(opened.and_then(|record| serde_json::from_slice(&record).ok()))
    }

    /// Stores a record; `false` when there is none to replace, or when a new id met an old one.
    async fn put(&self, id: &SessionId, known: &SignedIn, anew: bool) -> Result<bool, Error> {
        let record =
            serde_json::to_vec(known).map_err(|error| Error::defect(format!("a session: {error}")))?;
        let sealed = id.seal(&self.app.ids, &record)?;
        let idle = self.app.clock.now().plus(self.ends.idle);
        let end = idle.min(known.signed_in_at.plus(self.ends.absolute));
        let account = Some(known.account);
        self.app
            .store
            .put_session(&id.digest(), account, &sealed, end, anew)
            .await
    }

    /// Goes on with this record under a new id; the old one ends.
    async fn move_to_new_id(&self, held: &mut Held, known: SignedIn) -> Result<(), Error> {
        let id = SessionId::new(&self.app.ids);
        if !self.put(&id, &known, true).await? {
            return Err(Error::defect("a new session has the id of another"));
        }
        if let Some(old) = held.id.replace(id) {
            self.app.store.end_session(&old.digest()).await?;
        }
        held.known = Some(known);
        (held.is_loaded, held.is_new) = (true, true);
        Ok(())
    }
}

/// What the session of a request knows, if somebody is signed in.
pub async fn read(session: &Session) -> Result<Option<SignedIn>, Error> {
    let mut held = session.state.lock().await;
    session.load(&mut held).await?;
    Ok(held.known.clone())
}

/// Changes what a session knows. A session that was ended meanwhile stays ended.
pub async fn write(session: &Session, known: &SignedIn) -> Result<(), Error> {
    let mut held = session.state.lock().await;
    if let Some(id) = &held.id {
        session.put(id, known, false).await?;
        held.known = Some(known.clone());
        held.is_loaded = true;
    }
    Ok(())
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
        flash: None,
        secret: None,
    };
    let mut held = session.state.lock().await;
    session.move_to_new_id(&mut held, known).await
}

/// Goes on under a new id.
pub async fn renew(session: &Session) -> Result<(), Error> {
    let mut held = session.state.lock().await;
    session.load(&mut held).await?;
    match held.known.take() {
        Some(known) => session.move_to_new_id(&mut held, known).await,
        None => Ok(()),
    }
}

/// Signs somebody out.
pub async fn end(session: &Session) -> Result<(), Error> {
    let mut held = session.state.lock().await;
    if let Some(id) = held.id.take() {
        session.app.store.end_session(&id.digest()).await?;
        held.is_new = true;
    }
    (held.known, held.is_loaded) = (None, true);
    Ok(())
}

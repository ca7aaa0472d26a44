//! Who looks at a page, and how they like it.

use axum::extract::{FromRequestParts, OriginalUri, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use tower_sessions::Session;

use super::answer::{Answer, Oops, see};
use super::nav::{self, Here};
use super::view::{ActingBanner, Chrome, Flash, words};
use crate::access::{Actor, Call};
use crate::error::Error;
use crate::http::security::RequestId;
use crate::http::session::{self, Shown, SignedIn};
use crate::model::{AccountId, ActingId, Domain, DomainName, Refusal};
use crate::service::{App, sign_in, support};

/// What a request shows of itself before anybody asked who sent it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) uri: Uri,
    pub(super) method: Method,
    pub(super) request_id: String,
    /// A script asks for a part of a page.
    pub(super) is_part: bool,
    session: Option<Session>,
    look: Look,
}

impl Seen {
    pub(super) fn of<B>(app: &App, request: &http::Request<B>) -> Self {
        let (uri, method) = (request.uri(), request.method());
        Self::new(app, uri, method, request.headers(), request.extensions())
    }

    fn new(
        app: &App,
        uri: &Uri,
        method: &Method,
        headers: &HeaderMap,
        extensions: &http::Extensions,
    ) -> Self {
        // Nested routes see a shorter path; what people see is the whole.
        let uri = extensions.get::<OriginalUri>().map_or(uri, |whole| &whole.0);
        let id = extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
        Self {
            uri: uri.clone(),
            method: method.clone(),
            request_id: id.unwrap_or_else(|| format!("req_{}", app.ids.key(16))),
            is_part: headers.contains_key("hx-request"),
            session: extensions.get::<Session>().cloned(),
            look: Look::from_cookie(cookie(headers, "look").unwrap_or_default()),
        }
    }

    fn session(&self) -> Result<&Session, Error> {
        self.session
            .as_ref()
            .ok_or_else(|| Error::defect("the session layer is missing"))
    }
}

/// A cookie of the request.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// How somebody likes their screens. It is kept in a cookie too, so that no page waits for the store to know it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// `light`, `dark`, or empty: as the system likes it.
    pub(super) theme: &'static str,
    pub(super) compact: bool,
    pub(super) shortcuts: bool,
}

impl Look {
    pub(super) fn new(theme: &str, density: &str, shortcuts: bool) -> Self {
        Self {
            theme: ["light", "dark"]
                .into_iter()
                .find(|known| *known == theme)
                .unwrap_or(""),
            compact: density == "compact",
            shortcuts,
        }
    }

    fn from_cookie(text: &str) -> Self {
        let has = |word: &str| text.split('.').any(|part| part == word);
        Self {
            theme: ["light", "dark"]
                .into_iter()
                .find(|known| has(known))
                .unwrap_or(""),
            compact: has("compact"),
            shortcuts: !has("nokeys"),
        }
    }

    /// The cookie that keeps it for a year.
    pub(super) fn cookie(self, app: &App) -> Option<HeaderValue> {
        let theme = if self.theme.is_empty() {
            "system"
        } else {
            self.theme
        };
        let density = if self.compact { ".compact" } else { "" };
        let keys = if self.shortcuts { "" } else { ".nokeys" };
        let secure = if session::is_secure(app) { "; Secure" } else { "" };
        let text =
            format!("look={theme}{density}{keys}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).ok()
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) app: App,
    pub(super) call: Call,
    pub(super) csrf: String,
    session: Session,
    look: Look,
    path: String,
}

impl Visitor {
    /// Who sent the request, with their grants as they are now.
    pub(super) async fn recognise(app: &App, seen: &Seen) -> Result<Self, Error> {
        let session = seen.session()?.clone();
        let mut known = session::read(&session).await?.ok_or(Error::Unknown)?;
        let mut actor = sign_in::with_session(app, known.account).await?;
        if let Some(id) = known.acting {
            if let Some(acting) = support::resume(app, &actor, id).await? {
                actor = acting;
            } else {
                known.acting = None;
                session::write(&session, &known).await?;
                // What was meant for a customer's place is not done in one's own.
                if seen.method != Method::GET {
                    return Err(acting_is_over());
                }
            }
        }
        session::touch(&session, &mut known, app.clock.now()).await?;
        Ok(Self {
            app: app.clone(),
            call: Call::new(actor, &seen.request_id),
            csrf: known.csrf,
            session,
            look: seen.look,
            path: seen.uri.path().to_owned(),
        })
    }

    /// A call of the same person as themselves, whomever they look after.
    pub(super) async fn in_person(&self) -> Result<Call, Error> {
        let account = self.actor().identity().account.ok_or(Error::Unknown)?;
        let actor = sign_in::with_session(&self.app, account).await?;
        Ok(Call {
            actor,
            ..self.call.clone()
        })
    }

    /// Begins or ends looking after a customer in this session.
    pub(super) async fn act(&self, acting: Option<ActingId>) -> Result<(), Error> {
        let Some(mut known) = session::read(&self.session).await? else {
            return Err(Error::Unknown);
        };
        known.acting = acting;
        session::write(&self.session, &known).await
    }

    pub(super) fn actor(&self) -> &Actor {
        &self.call.actor
    }

    pub(super) fn look(&self) -> Look {
        self.look
    }

    pub(super) fn now(&self) -> crate::model::Timestamp {
        self.call.actor.now()
    }

    /// A call that goes through only while the thing still has this version.
    pub(super) fn expecting(&self, version: Option<i64>) -> Call {
        Call {
            expected_version: version,
            ..self.call.clone()
        }
    }

    /// What stands around every page. What just happened is told here, once.
    pub(super) async fn chrome(&self, here: &Here<'_>) -> Result<Chrome, Error> {
        let identity = self.actor().identity();
        Ok(Chrome {
            csrf: self.csrf.clone(),
            account_name: identity.name.clone(),
            account_email: identity.email.clone(),
            nav: nav::groups(self.actor(), here),
            query: String::new(),
            flash: self.take(|known| known.flash.take()).await?,
            theme: self.look.theme,
            compact: self.look.compact,
            shortcuts: self.look.shortcuts,
            acting: self.actor().acting().map(|acting| ActingBanner {
                name: acting.name.clone(),
                ticket: acting.ticket.clone(),
                until: words::moment(acting.ends_at, self.now()),
            }),
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    async fn take<T>(&self, part: impl FnOnce(&mut SignedIn) -> Option<T>) -> Result<Option<T>, Error> {
        let Some(mut known) = session::read(&self.session).await? else {
            return Ok(None);
        };
        let taken = part(&mut known);
        if taken.is_some() {
            session::write(&self.session, &known).await?;
        }
        Ok(taken)
    }

    /// Goes on to `path`, where it is told what happened.
    pub(super) async fn tell(&self, path: &str, flash: Flash) -> Answer {
        if let Some(mut known) = session::read(&self.session).await? {
            known.flash = Some(flash);
            session::write(&self.session, &known).await?;
        }
        Ok(see(path))
    }

    /// Says that the domain was asked for by another name, and goes on to the page of its own, which ends in `page`.
    pub(super) async fn tell_own_name(&self, asked: &DomainName, domain: &Domain, page: &str) -> Answer {
        let text = format!(
            "{} is a domain alias of {own}. What is added here is at {own}, and gets the mail for both names.",
            asked.to_unicode(),
            own = domain.name.to_unicode(),
        );
        let path = format!("/domains/{}/{page}", domain.name);
        self.tell(&path, Flash::done(text)).await
    }

    /// Goes on to the page of the secret, which shows it once.
    pub(super) async fn show_once(&self, secret: Shown) -> Answer {
        let path = secret.path.clone();
        if let Some(mut known) = session::read(&self.session).await? {
            known.secret = Some(secret);
            session::write(&self.session, &known).await?;
        }
        Ok(see(&path))
    }

    /// The secret that this page is to show, if it was not shown before.
    pub(super) async fn secret(&self) -> Result<Option<Shown>, Error> {
        let here = |known: &mut SignedIn| known.secret.take_if(|secret| secret.path == self.path);
        self.take(here).await
    }

    /// Goes on under a new session id, after something that ended the others.
    pub(super) async fn renew(&self) -> Result<(), Error> {
        session::renew(&self.session).await
    }
}

fn acting_is_over() -> Error {
    let detail = "The time of looking after the customer is over, and nothing was changed.";
    Refusal::new("acting_over", detail, "Begin again if you are not done.").into()
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Oops> {
        let seen = Seen::new(app, &parts.uri, &parts.method, &parts.headers, &parts.extensions);
        Ok(Self::recognise(app, &seen).await?)
    }
}

/// Somebody, signed in or not, on a page that is for everybody.
#[derive(Clone, Debug)]
pub(super) struct Guest {
    pub(super) app: App,
    pub(super) request_id: String,
    /// What the page's form must carry.
    pub(super) csrf: String,
    session: Session,
    /// The cookie against which the form is checked, if the browser has none yet.
    new_cookie: Option<HeaderValue>,
}

/// The cookie that the forms of people who are not signed in are checked against.
pub(super) const FORM_COOKIE: &str = "form";

impl Guest {
    /// An answer with the cookie that the next form needs.
    pub(super) fn with_cookie(&self, mut response: Response) -> Response {
        if let Some(cookie) = &self.new_cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie.clone());
        }
        response
    }

    /// Signs somebody in, under a new session id, and goes on to `next`.
    pub(super) async fn sign_in(&self, account: AccountId, look: Look, next: &str) -> Answer {
        session::begin(&self.app, &self.session, account).await?;
        let mut response = see(next).into_response();
        if let Some(cookie) = look.cookie(&self.app) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// Ends the session.
    pub(super) async fn sign_out(&self) -> Result<(), Error> {
        session::end(&self.session).await
    }

    pub(super) async fn is_signed_in(&self) -> Result<bool, Error> {
        Ok(session::read(&self.session).await?.is_some())
    }
}

impl FromRequestParts<App> for Guest {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Oops> {
        let seen = Seen::new(app, &parts.uri, &parts.method, &parts.headers, &parts.extensions);
        let session = seen.session()?.clone();
        let name = session::cookie_name(app, FORM_COOKIE);
        let known = session::read(&session).await?.map(|known| known.csrf);
        let known = known.or_else(|| cookie(&parts.headers, &name).map(ToOwned::to_owned));
        let (csrf, new_cookie) = known.map_or_else(|| new_form_cookie(app, &name), |token| (token, None));
        Ok(Self {
            app: app.clone(),
            request_id: seen.request_id,
            csrf,
            session,
            new_cookie,
        })
    }
}

/// A token for the forms of somebody who has none, and the cookie that they are checked against.
fn new_form_cookie(app: &App, name: &str) -> (String, Option<HeaderValue>) {
    let token = app.ids.key(26);
    let secure = if session::is_secure(app) { "; Secure" } else { "" };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}");
    (token, HeaderValue::from_str(&text).ok())
}

/// The first name in a path, as a type of the vocabulary. What does not parse is not there.
#[derive(Debug)]
pub(super) struct At<T>(pub(super) T);

impl<T: std::str::FromStr> FromRequestParts<App> for At<T> {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Oops> {
        named(parts, app, 0).await.map(Self)
    }
}

/// The two names in a path.
#[derive(Debug)]
pub(super) struct Both<A, B>(pub(super) A, pub(super) B);

impl<A, B> FromRequestParts<App> for Both<A, B>
where
    A: std::str::FromStr + Send,
    B: std::str::FromStr,
{
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Oops> {
        Ok(Self(named(parts, app, 0).await?, named(parts, app, 1).await?))
    }
}

async fn named<T: std::str::FromStr>(parts: &mut Parts, app: &App, which: usize) -> Result<T, Oops> {
    let none = || Oops::from(Error::NotFound("page".to_owned()));
    let names = RawPathParams::from_request_parts(parts, app).await;
    let names = names.map_err(|_| none())?;
    let name = names.iter().nth(which).map(|(_, name)| name);
    name.and_then(|name| name.parse().ok()).ok_or_else(none)
}

/// Middleware: a browser shows a cookie, a program shows a token, and nobody shows both.
pub(super) async fn one_credential(request: Request, next: axum::middleware::Next) -> Response {
    let headers = request.headers();
    let both = headers.contains_key(header::AUTHORIZATION) && headers.contains_key(header::COOKIE);
    if both {
        return Oops::Plain(
            StatusCode::BAD_REQUEST,
            "Two credentials at once",
            "Pages are for people who signed in; tokens are for the API. Send one of the two.",
        )
        .into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; look=dark.compact"));
        headers.append(header::COOKIE, HeaderValue::from_static("form=x=y"));
        assert_eq!(cookie(&headers, "look"), Some("dark.compact"));
        assert_eq!(cookie(&headers, "form"), Some("x=y"));
        assert_eq!(cookie(&headers, "lo"), None);
    }

    #[test]
    fn a_look_that_is_not_known_is_the_usual_one() {
        assert_eq!(
            Look::from_cookie("\"><script>"),
            Look::new("system", "comfortable", true)
        );
        assert_eq!(
            Look::from_cookie("dark.compact.nokeys"),
            Look::new("dark", "compact", false)
        );
    }
}

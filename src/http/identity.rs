//! Who sends a request to the API: the bearer token, and nothing else.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};

use super::api::Problem;
use super::peer::ClientAddress;
use crate::access::Actor;
use crate::error::Error;
use crate::service::{App, sign_in};

/// The names under which the portal keeps a session in a browser: the first on https, the second on loopback.
pub const SESSION_COOKIES: [&str; 2] = ["__Host-session", "session"];

/// The holder of the API token in the `Authorization` header, with its owner's grants as they are now.
///
/// A session cookie never opens the API, and one that comes along with a token is refused: one of the two is a
/// mistake, and nobody can tell which.
#[derive(Clone, Debug)]
pub struct Bearer(pub Actor);

impl FromRequestParts<App> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let secret = token(&parts.headers)?;
        if has_session_cookie(&parts.headers) {
            return Err(Problem::bad_request(
                "credentials_ambiguous",
                "the request has both an API token and a session cookie; send the token alone",
            ));
        }
        let from = parts.extensions.get::<ClientAddress>().map(|address| address.0);
        Ok(Self(sign_in::with_token_from(app, secret, from).await?))
    }
}

fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(Error::Unknown.into());
    };
    let text = value.to_str().unwrap_or_default();
    let secret = text.split_once(' ').and_then(|(scheme, secret)| {
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        is_bearer.then_some(secret.trim())
    });
    secret.ok_or_else(|| Error::Unknown.into())
}

fn has_session_cookie(headers: &HeaderMap) -> bool {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.split('=').next())
        .any(|name| SESSION_COOKIES.contains(&name.trim()))
}

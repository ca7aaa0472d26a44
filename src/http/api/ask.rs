//! What a request asks: who, about what, under which conditions.

use std::str::FromStr;
use std::time::Duration;

use axum::RequestExt as _;
use axum::body::Bytes;
use axum::extract::{FromRequest, OriginalUri, RawPathParams, Request};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use super::filters;
use super::json::{self, Fields};
use super::problem::Problem;
use super::query::{Paging, Query};
use super::reply::Resource;
use super::schemas::untyped;
use crate::access::{Actor, Call, IdempotencyKey};
use crate::error::Error;
use crate::http::security::RequestId;
use crate::model::Invalid;
use crate::service::{App, audit};

/// Longest time that an answer waits for the targets.
pub(super) const MOST_WAIT_S: u64 = 30;
/// The media type of a change.
const MERGE_PATCH: &str = "application/merge-patch+json";
/// The media type of everything else.
const JSON: &str = "application/json";

/// A request to the API, after its sender was identified.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) app: App,
    actor: Actor,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    segments: Vec<(String, String)>,
    body: Bytes,
    request_id: String,
    idempotency: Option<IdempotencyKey>,
}

impl FromRequest<App> for Ask {
    type Rejection = Problem;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, Problem> {
        let segments = match request.extract_parts::<RawPathParams>().await {
            Ok(params) => params
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            Err(_) => return Err(Problem::no_route()),
        };
        let (mut parts, body) = request.into_parts();
        let actor = parts.extensions.remove::<Actor>().ok_or(Error::Unknown)?;
        let request_id = parts.extensions.remove::<RequestId>();
        let body = axum::body::to_bytes(body, crate::http::limits::MAX_BODY).await;
        let body = body.map_err(|_| Problem::bad_request("body_broken", "the body could not be read"))?;
        Ok(Self {
            app: app.clone(),
            actor,
            method: parts.method,
            uri: parts
                .extensions
                .remove::<OriginalUri>()
                .map_or(parts.uri, |OriginalUri(uri)| uri),
            headers: parts.headers,
            segments,
            body,
            request_id: request_id.map_or_else(String::new, |id| id.as_str().to_owned()),
            idempotency: parts.extensions.remove::<IdempotencyKey>(),
        })
    }
}

impl Ask {
    /// A segment of the path, decoded.
    pub(super) fn segment(&self, name: &str) -> &str {
        let found = self.segments.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// What the segment `name` of the path names. What cannot be a name names nothing: 404.
    pub(super) fn at<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        let text = self.segment(name);
        let parsed = text.parse();
        parsed.map_err(|_| Error::not_found(name, text).into())
    }

    /// What is not found under an id may have been there once: 410 for those who would have seen it.
    pub(super) async fn missing(&self, call: &Call, name: &str, error: Error) -> Problem {
        let id = match &error {
            Error::NotFound(_) => untyped(self.segment(name)),
            _ => None,
        };
        let Some(id) = id else { return error.into() };
        match audit::purged(&self.app, call, id).await {
            Ok(Some(what)) => Problem::purged(&what),
            Ok(None) => error.into(),
            Err(error) => error.into(),
        }
    }

    /// The request as the service sees it.
    pub(super) fn call(&self) -> Call {
        Call::new(self.actor.clone(), &self.request_id)
    }

    /// A request that changes nothing and takes no parameters.
    pub(super) fn reading(&self) -> Result<Call, Problem> {
        Query::of(&self.uri).finish()?;
        Ok(self.call())
    }

    /// A request that changes nothing, with what `read` takes out of its parameters.
    pub(super) fn asking<T>(&self, read: impl FnOnce(&mut Query) -> Option<T>) -> Result<(Call, T), Problem> {
        let mut query = Query::of(&self.uri);
        let value = read(&mut query);
        query.finish()?;
        let missing = || Problem::bad_request("bad_parameter", "a parameter is missing");
        Ok((self.call(), value.ok_or_else(missing)?))
    }

    /// A request for a page of a list, with what `read` takes out of its parameters.
    pub(super) fn listing<T>(
        &self,
        read: impl FnOnce(&mut Query) -> T,
    ) -> Result<(Call, T, Paging), Problem> {
        let mut query = Query::of(&self.uri);
        let paging = Paging::read(&self.uri, &mut query);
        let value = read(&mut query);
        query.finish()?;
        Ok((self.call(), value, paging?))
    }

    /// A request for a page of things of which `fields` and `count` may be asked.
    pub(super) fn listing_of<R: Resource + 'static, T>(
        &self,
        read: impl FnOnce(&mut Query) -> T,
    ) -> Result<(Call, T, Paging), Problem> {
        let (call, (value, (fields, count)), mut paging) =
            self.listing(|query| (read(query), filters::columns::<R>(query)))?;
        paging.fields = fields;
        paging.count = count;
        Ok((call, value, paging))
    }

    /// A request that changes something: `dry_run`, `If-Match` and `Idempotency-Key` are in the call.
    pub(super) fn writing(&self) -> Result<Call, Problem> {
        let mut query = Query::of(&self.uri);
        let dry_run = query.switch("dry_run");
        query.finish()?;
        self.wait()?;
        if self.headers.contains_key(header::IF_NONE_MATCH) && !self.only_new() {
            let detail = "if-none-match takes only * where something is changed";
            return Err(Problem::bad_request("bad_condition", detail));
        }
        let mut call = self.call();
        call.dry_run = dry_run;
        call.idempotency.clone_from(&self.idempotency);
        let mut versions = versions(&self.headers, &header::IF_MATCH)?
            .unwrap_or_default()
            .into_iter();
        call.expected_version = versions.next();
        call.further_versions = versions.collect();
        Ok(call)
    }

    /// Whether the request is to succeed only if the thing is there already (`If-Match`).
    pub(super) fn only_existing(&self) -> bool {
        self.headers.contains_key(header::IF_MATCH)
    }

    /// Whether the request is to succeed only if there is nothing yet (`If-None-Match: *`).
    pub(super) fn only_new(&self) -> bool {
        let value = self.headers.get(header::IF_NONE_MATCH);
        value.is_some_and(|value| value.as_bytes().trim_ascii() == b"*")
    }

    /// Whether the client has this version already (`If-None-Match`).
    pub(super) fn has_version(&self, version: i64) -> Result<bool, Problem> {
        if self.only_new() {
            return Ok(true);
        }
        let known = versions(&self.headers, &header::IF_NONE_MATCH)?;
        Ok(known.is_some_and(|known| known.contains(&version)))
    }

    /// Whether the client asks for this very media type.
    pub(super) fn takes(&self, media_type: &str) -> bool {
        names(&self.headers, media_type)
    }

    /// How long the answer is to wait for the targets (`Prefer: wait=…`).
    pub(super) fn wait(&self) -> Result<Option<Duration>, Problem> {
        let preferences = self.headers.get_all("prefer").iter();
        let waits = preferences
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split([',', ';']))
            .filter_map(|preference| preference.trim().strip_prefix("wait="));
        let Some(seconds) = waits.map(str::trim).next() else {
            return Ok(None);
        };
        match seconds.trim_matches('"').parse::<u64>() {
            Ok(seconds) => Ok(Some(Duration::from_secs(seconds.min(MOST_WAIT_S)))),
            Err(_) => Err(Problem::bad_request(
                "bad_parameter",
                format!("Prefer: wait takes whole seconds, at most {MOST_WAIT_S}"),
            )),
        }
    }

    /// The body, field by field.
    pub(super) fn body<T>(&self, read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Result<T, Problem> {
        let wanted = if self.method == Method::PATCH {
            MERGE_PATCH
        } else {
            JSON
        };
        let given = self.headers.get(header::CONTENT_TYPE);
        let essence = given
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or_default();
        if !self.body.is_empty() && !essence.trim().eq_ignore_ascii_case(wanted) {
            let problem = Problem::media_type(wanted);
            let accepted = HeaderValue::from_static(wanted);
            return Err(if self.method == Method::PATCH {
                problem.with(HeaderName::from_static("accept-patch"), accepted)
            } else {
                problem.with(header::ACCEPT, accepted)
            });
        }
        json::read(&self.body, read)
    }

    /// The body, field by field; without one it is `otherwise`.
    pub(super) fn body_or<T>(
        &self,
        otherwise: T,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Result<T, Problem> {
        if self.body.is_empty() {
            return Ok(otherwise);
        }
        self.body(read)
    }

    /// A request without content: no body, or an empty object.
    pub(super) fn no_body(&self) -> Result<(), Problem> {
        if self.body.is_empty() {
            return Ok(());
        }
        self.body(|_| Some(()))
    }
}

/// The versions that a condition names. `*` names none in particular; a weak tag matches nothing that is changed.
fn versions(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Vec<i64>>, Problem> {
    let mut named = Vec::new();
    let mut is_any = true;
    for value in headers.get_all(name) {
        let text = value.to_str().unwrap_or("?").trim();
        if text == "*" {
            continue;
        }
        is_any = false;
        let tags = entity_tags(text).ok_or_else(|| {
            let detail = format!("{name} holds entity tags in quotation marks, such as \"7\", or *");
            Problem::bad_request("bad_condition", detail)
        })?;
        for (is_weak, tag) in tags {
            // A tag that we never gave is a version that never is.
            let version = tag
                .parse()
                .ok()
                .filter(|_| !is_weak || name == header::IF_NONE_MATCH);
            named.push(version.unwrap_or(-1));
        }
    }
    Ok((!is_any).then_some(named))
}

/// The tags of a list, each with whether it is weak. Anything but a quotation mark may stand inside one.
fn entity_tags(list: &str) -> Option<Vec<(bool, &str)>> {
    let mut tags = Vec::new();
    let mut rest = list;
    loop {
        rest = rest.trim_start();
        let (is_weak, quoted) = rest
            .strip_prefix("W/")
            .map_or((false, rest), |quoted| (true, quoted));
        let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
        tags.push((is_weak, tag));
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(tags);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// Whether the client takes JSON.
pub(super) fn accepts_json(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(header::ACCEPT).iter().peekable();
    if given.peek().is_none() {
        return true;
    }
    given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let refused = parts.any(|parameter| {
                let quality = parameter.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
                quality.is_some_and(|quality| quality <= 0.0)
            });
            let fits = matches!(
                kind.as_str(),
                "" | "*" | "*/*" | "application/*" | "application/json" | "application/problem+json"
            );
            fits && !refused
        })
}

/// Whether the client names this very media type among what it takes.
pub(super) fn names(headers: &HeaderMap, media_type: &str) -> bool {
    let given = headers.get_all(header::ACCEPT).iter();
    let mut ranges = given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','));
    ranges.any(|range| {
        let kind = range.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case(media_type)
    })
}

/// The key of a repeatable request, if it carries one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let (Some(value), rest) = (given.next(), given.next()) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if rest.is_some() || text.is_empty() || text.len() > 255 || !visible {
        let mut invalid = Invalid::default();
        let detail = "Idempotency-Key: give one key of 1 to 255 visible ASCII characters, such as a UUID";
        invalid.push("", "idempotency_key", detail);
        return Err(Problem::parameters(invalid));
    }
    Ok(Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &'static str) -> Option<Vec<i64>> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
        versions(&headers, &header::IF_MATCH).unwrap_or(Some(vec![0]))
    }

    #[test]
    fn conditions_name_versions() {
        assert_eq!(named("\"7\""), Some(vec![7]));
        assert_eq!(named("\"7\", \"8\""), Some(vec![7, 8]));
        assert_eq!(named("*"), None);
        assert_eq!(named("W/\"7\""), Some(vec![-1]));
        assert_eq!(named("\"x\""), Some(vec![-1]));
        assert_eq!(named("\"a,b\" , \"8\""), Some(vec![-1, 8]));
        for bad in ["7", "\"7", "\"7\",", "\"7\" \"8\"", "", "w/\"7\""] {
            assert_eq!(named(bad), Some(vec![0]), "{bad}");
        }
        assert_eq!(versions(&HeaderMap::new(), &header::IF_MATCH).unwrap(), None);
    }

    #[test]
    fn whoever_takes_json_gets_json() {
        let takes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(value));
            accepts_json(&headers)
        };
        for good in [
            "*/*",
            "application/json",
            "text/html, application/*;q=0.8",
            "application/problem+json",
        ] {
            assert!(takes(good), "{good}");
        }
        for bad in ["text/html", "application/json;q=0", "application/xml, text/*"] {
            assert!(!takes(bad), "{bad}");
        }
        assert!(accepts_json(&HeaderMap::new()));
    }
}

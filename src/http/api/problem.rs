//! Everything that can go wrong, as RFC 9457 says it.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, IdempotencyProblem};
use crate::model::{FieldProblem, Invalid, Refusal, count};

/// The media type of a problem.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not granted. It travels as an extension of the answer; the outermost layer writes it out.
#[derive(Clone, Debug)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Invalid,
    next: Option<String>,
    permission: Option<&'static str>,
    scope: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A problem as it is written out.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemView<'a> {
    /// The page that explains this code.
    #[schema(format = "uri")]
    r#type: String,
    /// What kind of problem it is, for people.
    title: &'a str,
    /// The HTTP status code.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What kind of problem it is, for programs; never changes.
    code: &'a str,
    /// What is wrong with this very request.
    detail: &'a str,
    /// What is wrong, field by field. All of it at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<FieldProblemView>>)]
    errors: Option<&'a Invalid>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    /// The permission that is missing, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<Required<'a>>,
    /// Names this request in logs and in the audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// What is wrong with one field.
#[derive(ToSchema)]
#[schema(as = FieldProblem)]
#[expect(
    dead_code,
    reason = "describes `model::FieldProblem`, which knows nothing of the API"
)]
pub(super) struct FieldProblemView {
    /// A JSON pointer into the request's body; empty for the whole body and for parameters.
    pointer: String,
    /// The query parameter or header that is meant, if it is none of the body's fields.
    #[schema(nullable = false)]
    parameter: Option<String>,
    /// What kind of problem it is, for programs.
    code: String,
    /// What is wrong and what to do.
    detail: String,
    /// The largest value that would have been taken.
    #[schema(nullable = false)]
    max: Option<i64>,
}

/// The permission that is missing.
#[derive(Serialize, ToSchema)]
#[schema(as = RequiredPermission)]
pub(super) struct Required<'a> {
    /// The permission.
    permission: &'a str,
    /// On what: `system`, `org:…`, `domain:…`.
    scope: String,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            status,
            code,
            title,
            detail: detail.into(),
            errors: Invalid::default(),
            next: None,
            permission: None,
            scope: None,
            headers: Vec::new(),
        }))
    }

    /// 400: the request is not understood.
    pub(in crate::http) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        let title = "The request cannot be understood";
        Self::new(StatusCode::BAD_REQUEST, code, title, detail)
    }

    /// 400: query parameters or headers are wrong; each is named.
    pub(super) fn parameters(errors: Invalid) -> Self {
        let mut problem = Self::bad_request("bad_parameter", errors.to_string());
        problem.0.errors = errors;
        problem
    }

    /// 404 for a path that is no resource at all.
    pub(super) fn no_route() -> Self {
        let next = "The resources are listed in /api/v1/openapi.json.";
        Self::new(
            StatusCode::NOT_FOUND,
            "no_such_path",
            "There is nothing at this address",
            "the API has no such path",
        )
        .next(next)
    }

    /// 405, beside the `Allow` header that the router writes.
    pub(super) fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This method is not for this resource",
            "the header Allow names the methods that are",
        )
    }

    /// 406: the client takes no JSON.
    pub(super) fn not_acceptable() -> Self {
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "Answers are JSON",
            "the header Accept excludes application/json; leave it out",
        )
    }

    /// 415: the body is of another kind than `wanted`.
    pub(super) fn media_type(wanted: &'static str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body is of the wrong kind",
            format!("send the body with Content-Type: {wanted}"),
        )
    }

    /// 412: what `If-Match` or `If-None-Match` asks for is not so.
    pub(super) fn precondition(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "The condition does not hold",
            detail,
        )
    }

    /// 410: it was there, and is gone for good.
    pub(super) fn purged(what: &str) -> Self {
        let detail = format!("{what} was in the bin and is gone for good");
        Self::new(StatusCode::GONE, "purged", "It is gone for good", detail)
            .next("Make it anew if it is needed.")
    }

    /// 429: the token asked more than it may in a minute.
    pub(super) fn rate_limited(most: u32, reset_s: u32) -> Self {
        let times = count(most, "time", "times");
        let detail = format!("this token asked more than {times} in a minute");
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests",
            detail,
        )
        .next("Wait as long as Retry-After says, and ask less often.")
        .with(header::RETRY_AFTER, HeaderValue::from(reset_s.max(1)))
    }

    /// 409: the request was carried out, and its answer held a secret that is shown once.
    pub(super) fn already_done() -> Self {
        let detail =
            "this request was carried out before, and its answer held a secret that is shown only once";
        let title = "This was done already";
        Self::new(StatusCode::CONFLICT, "already_done", title, detail)
            .next("Ask again with a new Idempotency-Key for a new secret.")
    }

    fn next(mut self, next: impl Into<String>) -> Self {
        self.0.next = Some(next.into());
        self
    }

    /// The same with a header.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The same, where a permission would have to be held on `scope`: the path of a creation does not tell.
    pub(super) fn in_scope(mut self, scope: String) -> Self {
        self.0.scope = Some(scope);
        self
    }

    /// The same, caused by this field of the body.
    pub(super) fn at_field(mut self, pointer: &str) -> Self {
        if self.0.errors.is_empty() && self.0.permission.is_none() {
            let inner = &mut self.0;
            inner.errors.push(pointer, inner.code, inner.detail.as_str());
        }
        self
    }

    /// Takes the places out that the fields of the body would have: the request had none.
    pub(super) fn point_nowhere(&mut self) {
        let errors = std::mem::take(&mut self.0.errors);
        for problem in errors {
            self.0.errors.push_problem(FieldProblem {
                pointer: String::new(),
                ..problem
            });
        }
    }

    /// Whether this is the problem with this code.
    pub(super) fn is_about(&self, code: &str) -> bool {
        self.0.code == code
    }

    /// Whether a repeat of the request may find that it was carried out meanwhile.
    pub(super) fn is_conflict(&self) -> bool {
        self.0.status == StatusCode::CONFLICT
    }

    /// The body of the answer to a request on `path`.
    pub(super) fn render(&self, base_url: &str, request_id: Option<&str>, path: &str) -> Vec<u8> {
        let inner = &self.0;
        let view = ProblemView {
            r#type: format!("{base_url}/docs/errors/{}", inner.code),
            title: inner.title,
            status: inner.status.as_u16(),
            code: inner.code,
            detail: &inner.detail,
            errors: (!inner.errors.is_empty()).then_some(&inner.errors),
            next: inner.next.as_deref(),
            required: inner.permission.map(|permission| Required {
                permission,
                scope: inner.scope.clone().unwrap_or_else(|| scope_of(path)),
            }),
            request_id,
        };
        serde_json::to_vec(&view).unwrap_or_default()
    }
}

/// The scope in which a permission on the thing at `path` is given.
fn scope_of(path: &str) -> String {
    let decoded = urlencoded(path);
    let mut segments = decoded.trim_start_matches("/api/v1/").split('/');
    match (segments.next(), segments.next()) {
        (Some("orgs"), Some(org)) => format!("org:{org}"),
        (Some("domains"), Some(domain)) => format!("domain:{domain}"),
        (Some(_), Some(address)) if address.contains('@') => {
            format!("domain:{}", address.rsplit('@').next().unwrap_or_default())
        }
        (Some(kind), Some(id)) => format!("{}:{id}", kind.trim_end_matches("es").trim_end_matches('s')),
        _ => "system".to_owned(),
    }
}

fn urlencoded(path: &str) -> String {
    let whole = format!("={}", path.replace('+', "%2B"));
    let first = url::form_urlencoded::parse(whole.as_bytes()).next();
    first.map_or_else(String::new, |(_, path)| path.into_owned())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = self.0.status;
        for (name, value) in &self.0.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Invalid> for Problem {
    fn from(errors: Invalid) -> Self {
        let detail = match errors.len() {
            1 => errors.to_string(),
            count => format!("{count} fields are wrong; each is named under errors"),
        };
        let title = "The input is not valid";
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", title, detail);
        problem.0.errors = errors;
        problem
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(
            StatusCode::CONFLICT,
            refusal.code,
            title_of(refusal.code),
            &refusal.detail,
        );
        // What forms ask for in two fields is one address here.
        let pointer = refusal.pointer.map(|pointer| {
            if pointer == "/local_part" {
                "/address"
            } else {
                pointer
            }
        });
        if let Some(pointer) = pointer {
            problem.0.errors.push_problem(FieldProblem {
                pointer: pointer.to_owned(),
                code: refusal.code.to_owned(),
                detail: refusal.detail.clone(),
                extra: refusal.extra(),
            });
        }
        problem.next(refusal.next)
    }
}

fn title_of(code: &str) -> &'static str {
    match code {
        "limit_reached" => "A limit is reached",
        "already_exists" => "It exists already",
        "deleted" | "domain_deleted" => "It is in the bin",
        "alias_loop" => "Mail would run in a circle",
        "not_empty" => "It is not empty",
        "link_over" => "The link has ended",
        _ => "A rule is in the way",
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(invalid) => invalid.into(),
            Error::Against(refusal) => refusal.into(),
            Error::Unknown => unknown(),
            Error::Refused(action) => {
                let detail = format!(
                    "the permission {action} is missing: you may not {}",
                    action.meaning()
                );
                let title = "You may not do this";
                let mut problem = Self::new(StatusCode::FORBIDDEN, "forbidden", title, detail);
                problem.0.permission = Some(action.as_str());
                problem.next("Ask whoever manages access for a role that holds it.")
            }
            Error::NotFound(what) => {
                let title = "There is no such thing";
                Self::new(
                    StatusCode::NOT_FOUND,
                    "not_found",
                    title,
                    format!("{what} not found"),
                )
            }
            Error::Moved(address) => {
                let title = "It has another address now";
                let detail = format!("the mailbox was renamed; it is now {address}");
                let next = format!("Ask for {address}.");
                Self::new(StatusCode::CONFLICT, "renamed", title, detail).next(next)
            }
            Error::Stale { what, current } => stale(&what, current),
            Error::Idempotency(problem) => idempotency(problem),
            Error::Overloaded { retry_after_s } => busy(retry_after_s),
            Error::Unavailable(ref cause) => {
                tracing::warn!(error = %error, cause = %cause, "the database is not available");
                busy(1)
            }
            Error::Internal(ref cause) => {
                tracing::error!(error = %error, cause = ?cause, "a request failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "Something went wrong",
                    "the portal made a mistake; try again, and tell the operator the request id if it happens again",
                )
            }
        }
    }
}

fn unknown() -> Problem {
    let title = "Who are you?";
    let detail = "this needs an API token that is good: Authorization: Bearer pdk_…";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", title, detail)
        .next("Make a token in the portal under your account, or with `postdesk token create`.")
        .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

fn stale(what: &str, current: i64) -> Problem {
    let title = "Somebody changed it meanwhile";
    let detail = format!("{what} is at version {current} by now");
    let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "stale", title, detail)
        .next("Read it again and decide again.");
    match HeaderValue::from_str(&format!("\"{current}\"")) {
        Ok(tag) => problem.with(header::ETAG, tag),
        Err(_) => problem,
    }
}

fn idempotency(problem: IdempotencyProblem) -> Problem {
    let (status, code, title) = match problem {
        IdempotencyProblem::OtherContent => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This key belongs to another request",
        ),
        IdempotencyProblem::Running => (
            StatusCode::CONFLICT,
            "idempotency_key_in_use",
            "This request is under way",
        ),
    };
    Problem::new(status, code, title, problem.to_string())
}

fn busy(retry_after_s: u32) -> Problem {
    let detail = "too much at once; try again in a moment";
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        "The portal is busy",
        detail,
    )
    .with(header::RETRY_AFTER, HeaderValue::from(retry_after_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_is_missing_somewhere() {
        let table = [
            (
                "/api/v1/mailboxes/anna%40brightwater.example",
                "domain:brightwater.example",
            ),
            (
                "/api/v1/aliases/@brightwater.example/members",
                "domain:brightwater.example",
            ),
            (
                "/api/v1/domains/brightwater.example/limits",
                "domain:brightwater.example",
            ),
            ("/api/v1/orgs/org_01/usage", "org:org_01"),
            ("/api/v1/mailboxes/mbx_01", "mailbox:mbx_01"),
            ("/api/v1/orgs", "system"),
        ];
        for (path, scope) in table {
            assert_eq!(scope_of(path), scope, "{path}");
        }
    }
}

//! Everything that can go wrong, as RFC 9457 says it.

mod from;
mod scope;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use scope::scope_of;

use crate::access::Action;
use crate::model::{FieldProblem, Invalid, count};

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
    permission: Option<Action>,
    scope: Option<String>,
    who_can: Vec<String>,
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
    /// The field that something newer may have touched, where an event was to be taken back.
    #[schema(nullable = false)]
    field: Option<String>,
    /// What the event made of the field.
    then: Option<serde_json::Value>,
    /// What the field is now.
    now: Option<serde_json::Value>,
    /// What taking it back would have made of the field.
    undo: Option<serde_json::Value>,
}

/// The permission that is missing.
#[derive(Serialize, ToSchema)]
#[schema(as = RequiredPermission)]
pub(super) struct Required<'a> {
    /// The permission.
    permission: &'a str,
    /// On what: `system`, `org:…`, `domain:…`.
    scope: String,
    /// The names of some who can, as far as you may see who manages there.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schema(required = false)]
    who_can: &'a [String],
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
            who_can: Vec::new(),
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

    fn scope(&self, path: &str) -> String {
        self.0.scope.clone().unwrap_or_else(|| scope_of(path))
    }

    /// The permission that is missing, and on what, for a request on `path`.
    pub(super) fn missing(&self, path: &str) -> Option<(Action, String)> {
        Some((self.0.permission?, self.scope(path)))
    }

    /// The same, naming those who can.
    pub(super) fn who_can(&mut self, names: Vec<String>) {
        self.0.who_can = names;
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
                permission: permission.as_str(),
                scope: self.scope(path),
                who_can: &inner.who_can,
            }),
            request_id,
        };
        serde_json::to_vec(&view).unwrap_or_default()
    }
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

//! Answers that are given before any handler runs: a problem for the API, a small page for people.

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::security::{PortalUrl, RequestId};

/// Why a request goes no further.
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    next: &'static str,
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    next: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Refusal {
    /// A refusal with a stable code and a title for people.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            status,
            code,
            title,
            detail: String::new(),
            next: "",
        }
    }

    /// What exactly is wrong.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }

    /// What to do.
    #[must_use]
    pub fn next(self, next: &'static str) -> Self {
        Self { next, ..self }
    }

    /// The answer to this request, in the form its sender reads.
    #[must_use]
    pub fn answer(&self, request: &Parts) -> Response {
        let (kind, text) = if super::security::is_for_machines(request.uri.path()) {
            ("application/problem+json", self.problem(request))
        } else {
            ("text/html; charset=utf-8", self.page(request))
        };
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    fn problem(&self, request: &Parts) -> String {
        let portal = request.extensions.get::<PortalUrl>();
        let portal = portal.map(PortalUrl::as_str).unwrap_or_default();
        let problem = Problem {
            r#type: format!("{portal}/docs/errors/{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            next: self.next,
            request_id: request.extensions.get::<RequestId>().map(RequestId::as_str),
        };
        serde_json::to_string(&problem).unwrap_or_default()
    }

    fn page(&self, request: &Parts) -> String {
        let title = escape(self.title);
        let (detail, next) = (escape(&self.detail), escape(self.next));
        let id = request.extensions.get::<RequestId>().map(RequestId::as_str);
        let id = id
            .map(|id| format!("<p><small>{}</small></p>", escape(id)))
            .unwrap_or_default();
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\
             <body><main><h1>{title}</h1><p>{detail}.</p><p>{next}</p>{id}<p><a href=\"/\">Back to the start</a></p></main></body></html>"
        )
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

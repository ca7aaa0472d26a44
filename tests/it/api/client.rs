//! A client of the API in process.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use postdesk::http::api;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::support::app::TestApp;
use crate::support::person::Person;

/// A client with a token.
pub(crate) struct Client {
    router: axum::Router,
    token: Option<String>,
}

/// A request in the making; await [`Sending::send`].
pub(crate) struct Sending<'a> {
    client: &'a Client,
    request: http::request::Builder,
    body: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
}

impl Client {
    /// A client without a token.
    pub(crate) fn anonymous(app: &TestApp) -> Self {
        // What the portal logs is shown with a test that fails; whoever comes first sets it up for all.
        let _is_first = tracing_subscriber::fmt()
            .with_test_writer()
            .with_max_level(tracing::Level::WARN)
            .try_init()
            .is_ok();
        Self {
            router: api::router((**app).clone()),
            token: None,
        }
    }

    /// A client with a new token of this person.
    pub(crate) async fn of(app: &TestApp, person: &Person<'_>) -> Self {
        Self {
            token: Some(person.token().await),
            ..Self::anonymous(app)
        }
    }

    /// A client with this token.
    pub(crate) fn with_token(app: &TestApp, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..Self::anonymous(app)
        }
    }

    /// A client with a token that may do everything.
    pub(crate) async fn operator(app: &TestApp) -> Self {
        Self::of(app, &app.operator().await).await
    }

    fn ask(&self, method: Method, path: &str) -> Sending<'_> {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        Sending {
            client: self,
            request,
            body: String::new(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Sending<'_> {
        self.ask(Method::GET, path)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a body is given away, as a value or by reference"
    )]
    pub(crate) fn post(&self, path: &str, body: impl ToString) -> Sending<'_> {
        self.ask(Method::POST, path).json("application/json", &body)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a body is given away, as a value or by reference"
    )]
    pub(crate) fn put(&self, path: &str, body: impl ToString) -> Sending<'_> {
        self.ask(Method::PUT, path).json("application/json", &body)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a body is given away, as a value or by reference"
    )]
    pub(crate) fn patch(&self, path: &str, body: impl ToString) -> Sending<'_> {
        self.ask(Method::PATCH, path)
            .json("application/merge-patch+json", &body)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a body is given away, as a value or by reference"
    )]
    pub(crate) fn patch_as(&self, path: &str, kind: &str, body: impl ToString) -> Sending<'_> {
        self.ask(Method::PATCH, path).json(kind, &body)
    }

    /// Any method, with the kind of body that it takes.
    pub(crate) fn any(&self, method: Method, path: &str, body: &str) -> Sending<'_> {
        let kind = if method == Method::PATCH {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        self.ask(method, path).json(kind, &body)
    }

    pub(crate) fn delete(&self, path: &str) -> Sending<'_> {
        self.ask(Method::DELETE, path)
    }
}

impl Sending<'_> {
    fn json(self, kind: &str, body: &impl ToString) -> Self {
        let body = body.to_string();
        let mut this = if body.is_empty() {
            self
        } else {
            self.header("content-type", kind)
        };
        this.body = body;
        this
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// What comes back.
    pub(crate) async fn send(self) -> Answer {
        let request = self.request.body(Body::from(self.body)).unwrap();
        let response = self.client.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            // What is no JSON, such as a table, is told as text.
            let text = || Value::String(String::from_utf8(bytes.to_vec()).unwrap());
            serde_json::from_slice(&bytes).unwrap_or_else(|_| text())
        };
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// What comes back, when it is as expected.
    pub(crate) async fn expect(self, status: u16) -> Answer {
        let answer = self.send().await;
        assert_eq!(answer.status.as_u16(), status, "{:#}", answer.body);
        answer
    }

    /// What comes back, when it is this problem.
    pub(crate) async fn problem(self, status: u16, code: &str) -> Answer {
        let answer = self.expect(status).await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.text("/code"), code, "{:#}", answer.body);
        assert_eq!(answer.body["status"], status);
        answer
    }
}

impl Answer {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text at this place of the body, or nothing.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    }

    /// The fields that are wrong, with their codes.
    pub(crate) fn errors(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let told = errors.iter().map(|error| {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}", text("pointer"), text("code"))
        });
        told.collect()
    }
}

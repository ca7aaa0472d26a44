//! From results to answers: pages, ways on, and pages that say what went wrong.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::nav::Here;
use super::pages::people::{Conflict, ErrorBlank, ErrorPage, Failure};
use super::view::{Link, words};
use super::visitor::{Seen, Visitor};
use crate::access::Action;
use crate::error::Error;
use crate::model::refusal;
use crate::service::permissions::Object;
use crate::service::{App, explain as explanations};

/// What a handler answers.
pub(super) type Answer = Result<Response, Oops>;

/// Why there is no page. The layer [`explain`] makes one of it.
#[derive(Clone, Debug)]
pub(super) enum Oops {
    /// What a service said.
    Error(Arc<Error>),
    /// What the door said.
    Plain(StatusCode, &'static str, &'static str),
}

impl<E: Into<Error>> From<E> for Oops {
    fn from(error: E) -> Self {
        Self::Error(Arc::new(error.into()))
    }
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Oops {
    fn status(&self) -> StatusCode {
        let error = match self {
            Self::Plain(status, ..) => return *status,
            Self::Error(error) => error,
        };
        match error.as_ref() {
            Error::Invalid(_) => StatusCode::BAD_REQUEST,
            Error::Unknown => StatusCode::UNAUTHORIZED,
            Error::Refused(_) | Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Moved(_) => StatusCode::SEE_OTHER,
            Error::Against(_) | Error::Idempotency(_) => StatusCode::CONFLICT,
            Error::Stale { .. } => StatusCode::PRECONDITION_FAILED,
            Error::Overloaded { .. } | Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// A page.
pub(super) fn page(template: &impl Template) -> Answer {
    page_with(StatusCode::OK, template)
}

/// A page with another status: a form that was refused, a thing that is not there.
pub(super) fn page_with(status: StatusCode, template: &impl Template) -> Answer {
    let text = template.render().map_err(Error::from)?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok((status, [(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Another page, to be fetched with GET.
pub(super) fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// There is no such page.
pub(super) async fn nowhere() -> Oops {
    Error::NotFound("page".to_owned()).into()
}

/// The page is there, and cannot be used that way.
pub(super) async fn not_that_way() -> Oops {
    Oops::Plain(
        StatusCode::METHOD_NOT_ALLOWED,
        "This address does not work that way",
        "It was opened like a page and takes a form only, or the other way round. Go back and try again.",
    )
}

/// Middleware: where a handler said why there is no page, makes one of it.
pub(super) async fn explain(State(app): State<App>, request: Request, next: Next) -> Response {
    let seen = Seen::of(&app, &request);
    let mut response = next.run(request).await;
    let Some(oops) = response.extensions_mut().remove::<Oops>() else {
        return response;
    };
    match answer(&app, &seen, &oops).await {
        Ok(answer) => answer,
        Err(_) => oops.status().into_response(),
    }
}

async fn answer(app: &App, seen: &Seen, oops: &Oops) -> Answer {
    if let Oops::Error(error) = oops {
        match error.as_ref() {
            Error::Unknown => return Ok(sign_in_first(seen)),
            Error::Moved(address) => return Ok(see(&moved(seen, address))),
            Error::Internal(_) | Error::Unavailable(_) => log(error),
            _ => {}
        }
    }
    let visitor = Visitor::recognise(app, seen).await.ok();
    let failure = failure(visitor.as_ref(), seen, oops).await;
    let mut response = match visitor {
        Some(visitor) => {
            let chrome = visitor.chrome(&Here::Nowhere).await?;
            page_with(oops.status(), &ErrorPage { chrome, failure })?
        }
        None => page_with(oops.status(), &ErrorBlank { failure })?,
    };
    if oops.status() == StatusCode::SERVICE_UNAVAILABLE {
        let soon = HeaderValue::from_static("2");
        response.headers_mut().insert(header::RETRY_AFTER, soon);
    }
    Ok(response)
}

fn log(error: &Error) {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(below) = cause {
        causes.push(below.to_string());
        cause = below.source();
    }
    tracing::error!(error = %error, causes = causes.join(": "), "a page could not be made");
}

/// Where to after signing in: back to the page that was asked for, if it was a page.
fn sign_in_first(seen: &Seen) -> Response {
    if seen.is_part {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let wanted = seen.uri.path_and_query().map_or("/", |path| path.as_str());
    if seen.method != Method::GET || wanted == "/" {
        return see("/sign-in");
    }
    let query = serde_html_form::to_string([("next", wanted)]).unwrap_or_default();
    see(&format!("/sign-in?{query}"))
}

/// The page of a mailbox under its new address.
fn moved(seen: &Seen, address: &str) -> String {
    let rest = match seen.method {
        Method::GET => seen.uri.path().split('/').skip(3).collect::<Vec<_>>().join("/"),
        _ => String::new(),
    };
    format!("/mailboxes/{address}/{rest}")
        .trim_end_matches('/')
        .to_owned()
}

fn conflict(conflict: &refusal::Conflict) -> Conflict {
    let word = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            items.join(", ")
        }
        other => other.to_string(),
    };
    Conflict {
        field: conflict.field.replace(['_', '.'], " "),
        then: word(&conflict.then),
        now: word(&conflict.now),
        undo: word(&conflict.undo),
    }
}

async fn failure(visitor: Option<&Visitor>, seen: &Seen, oops: &Oops) -> Failure {
    let start = vec![Link::new("/", "Back to the start")];
    let said = |title: &str, text: &str| Failure {
        title: title.to_owned(),
        text: text.to_owned(),
        links: start.clone(),
        ..Failure::default()
    };
    let error = match oops {
        Oops::Plain(_, title, text) => return said(title, text),
        Oops::Error(error) => error,
    };
    match error.as_ref() {
        Error::Refused(action) => refused(visitor, seen, *action).await,
        Error::NotFound(_) | Error::Unknown | Error::Moved(_) => said(
            "There is nothing here",
            "Either it never was, it is gone, or it is not yours to see. Check the address, or search for it.",
        ),
        Error::Against(refusal) => Failure {
            next: refusal.next.clone(),
            conflicts: refusal.conflicts().iter().map(conflict).collect(),
            ..said("That is not possible now", &refusal.detail)
        },
        Error::Forbidden(refusal) => Failure {
            next: refusal.next.clone(),
            ..said("You may not do this", &refusal.detail)
        },
        Error::Stale { what, .. } => Failure {
            next: "Nothing was changed. Go back, look at what it is now, and try again.".to_owned(),
            ..said(
                "Somebody was faster",
                &format!("{what} was changed while you looked at it."),
            )
        },
        Error::Invalid(invalid) => Failure {
            next: "Nothing was changed.".to_owned(),
            ..said("That cannot be understood", &format!("{invalid}."))
        },
        Error::Idempotency(problem) => said("That was sent before", &format!("{problem}.")),
        Error::Overloaded { .. } | Error::Unavailable(_) => Failure {
            next: "Nothing was changed. Try again in a moment.".to_owned(),
            request_id: seen.request_id.clone(),
            ..said(
                "The portal is busy",
                "It cannot answer just now. Mail is not concerned: it goes on as ever.",
            )
        },
        Error::Internal(_) => Failure {
            next: "Nothing was changed.".to_owned(),
            request_id: seen.request_id.clone(),
            ..said(
                "Something went wrong",
                "The portal made a mistake, and wrote it down. Try again.",
            )
        },
    }
}

/// What is missing, and who has it, as far as the visitor may know.
async fn refused(visitor: Option<&Visitor>, seen: &Seen, action: Action) -> Failure {
    let named = name_of(seen.uri.path());
    let mut links = vec![Link::new("/", "Back to the start")];
    let mut helpers = Vec::new();
    if let (Some(visitor), Some(name)) = (visitor, &named)
        && let Ok(object) = name.parse::<Object>()
    {
        let found = explanations::who_can(&visitor.app, &visitor.call, &object, action).await;
        helpers.extend(found.unwrap_or_default().into_iter().map(|helper| helper.name));
        let query = serde_html_form::to_string([("object", name)]).unwrap_or_default();
        links.push(Link::new(
            format!("/explain?{query}"),
            "What you can do here, and why",
        ));
    }
    Failure {
        title: "You may not do that".to_owned(),
        text: format!("Your role does not let you {} here.", action.meaning()),
        next: "Nothing was changed.".to_owned(),
        helpers: words::and(&helpers),
        permission: action.to_string(),
        scope: named.unwrap_or_default(),
        request_id: String::new(),
        conflicts: Vec::new(),
        links,
    }
}

/// What a page is about, as far as its path tells: an address, a domain or an id.
fn name_of(path: &str) -> Option<String> {
    let mut parts = path.split('/').skip(1);
    match (parts.next()?, parts.next()?) {
        ("domains" | "mailboxes" | "aliases" | "orgs" | "accounts", name) => {
            let name = name.replace("%40", "@");
            name.parse::<Object>().ok().map(|_| name)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_page_tells_what_it_is_about() {
        let org = "org_00000000000000000000000000";
        assert_eq!(name_of("/domains/a.example/bin").as_deref(), Some("a.example"));
        assert_eq!(
            name_of("/mailboxes/x%40a.example/edit").as_deref(),
            Some("x@a.example")
        );
        assert_eq!(name_of(&format!("/orgs/{org}/edit")).as_deref(), Some(org));
        assert_eq!(name_of("/orgs/new"), None);
        assert_eq!(name_of("/orgs"), None);
    }
}

//! Which problem an error is.

use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::Problem;
use crate::error::{Error, IdempotencyProblem};
use crate::model::refusal::Conflict;
use crate::model::{FieldProblem, Invalid, Refusal};

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
        for conflict in refusal.conflicts() {
            problem.0.errors.push_problem(changed_since(conflict.clone()));
        }
        problem.next(refusal.next)
    }
}

/// What became of a field since.
fn changed_since(conflict: Conflict) -> FieldProblem {
    let Conflict {
        field,
        then,
        now,
        undo,
    } = conflict;
    let detail =
        format!("{field} was made {then} then, is {now} now, and taking that back would make it {undo}");
    let members = [
        ("field", Value::from(field)),
        ("then", then),
        ("now", now),
        ("undo", undo),
    ];
    FieldProblem {
        pointer: String::new(),
        code: "changed_since".to_owned(),
        detail,
        extra: Some(
            members
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
        ),
    }
}

fn title_of(code: &str) -> &'static str {
    match code {
        "limit_reached" => "A limit is reached",
        "already_exists" => "It exists already",
        "deleted" | "domain_deleted" => "It is in the bin",
        "alias_loop" => "Mail would run in a circle",
        "superseded" | "no_way_back" => "It cannot be taken back",
        "link_over" => "The link has ended",
        _ => "A rule is in the way",
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(invalid) => invalid.into(),
            Error::Against(refusal) => refusal.into(),
            Error::Forbidden(refusal) => {
                let mut problem = Self::from(refusal);
                problem.0.status = StatusCode::FORBIDDEN;
                problem.0.title = "You may not do this";
                problem
            }
            Error::Unknown => unknown(),
            Error::Refused(action) => {
                let detail = format!(
                    "the permission {action} is missing: you may not {}",
                    action.meaning()
                );
                let title = "You may not do this";
                let mut problem = Self::new(StatusCode::FORBIDDEN, "forbidden", title, detail);
                problem.0.permission = Some(action);
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

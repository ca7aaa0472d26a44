//! Answers: one thing, a page of things, what a change did or would do.

mod dry_run;
mod lists;
mod provisioning;

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::PartialSchema;
use uuid::Uuid;

pub(super) use dry_run::{DryRunView, EffectView, effects};
pub(super) use lists::{list, page, whole};
pub(super) use provisioning::{Provisioning, TargetView};

use super::ask::Ask;
use super::problem::Problem;
use crate::error::Error;
use crate::model::{DomainName, Refusal};
use crate::service::warnings::{self, About};
use crate::service::{App, Done};

/// Something that has an address in the API and a version.
pub(super) trait Resource {
    /// How it is written out.
    type View<'a>: Serialize + PartialSchema
    where
        Self: 'a;

    /// Its id in the targets, if they hold it.
    fn object(&self) -> Option<Uuid>;
    /// Whether some target does not hold it as it should.
    fn pending(&self) -> bool;
    /// Its version.
    fn version(&self) -> i64;
    /// What there may be to warn of.
    fn about(&self) -> About<'_>;
    /// Its path.
    fn path(&self) -> String;
    /// How it is written out.
    fn view<'a>(&'a self, provisioning: Option<Provisioning<'a>>) -> Self::View<'a>;
}

/// A thing, and what is worth knowing about what was just done to it.
#[derive(Serialize)]
struct WarnedView<T> {
    #[serde(flatten)]
    view: T,
    warnings: Vec<String>,
}

/// How a change is answered.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Success {
    /// 200 with the thing as it is now.
    Ok,
    /// 201 with the new thing and its address.
    Created,
}

/// Any value as JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Error::defect(error.to_string()))?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// Something new that has an address and no version.
pub(super) fn created(ask: &Ask, path: &str, value: &impl Serialize) -> Result<Response, Problem> {
    let mut response = json(StatusCode::CREATED, value)?;
    let location = header_value(&format!("{}{path}", ask.app.base_url))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// One thing, or 304 when the client has it already.
pub(super) async fn item<R: Resource>(ask: &Ask, resource: &R) -> Result<Response, Problem> {
    if ask.has_version(resource.version())? {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        tag(&mut response, resource.version())?;
        return Ok(response);
    }
    shown(&ask.app, StatusCode::OK, resource).await
}

async fn shown<R: Resource>(app: &App, status: StatusCode, resource: &R) -> Result<Response, Problem> {
    warned(app, status, resource, Vec::new()).await
}

/// The same, and what is worth knowing about what was just done to it.
async fn warned<R: Resource>(
    app: &App,
    status: StatusCode,
    resource: &R,
    warnings: Vec<String>,
) -> Result<Response, Problem> {
    let held = match resource.object() {
        Some(object) => Some(app.store.object_states(object).await?),
        None => None,
    };
    let provisioning = held.as_deref().map(Provisioning::of);
    let view = resource.view(provisioning);
    let mut response = if warnings.is_empty() {
        json(status, &view)?
    } else {
        json(status, &WarnedView { view, warnings })?
    };
    tag(&mut response, resource.version())?;
    Ok(response)
}

/// A part of a thing, under the version of the whole.
pub(super) fn part(ask: &Ask, version: i64, value: &impl Serialize) -> Result<Response, Problem> {
    let mut response = if ask.has_version(version)? {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json(StatusCode::OK, value)?
    };
    tag(&mut response, version)?;
    Ok(response)
}

fn tag(response: &mut Response, version: i64) -> Result<(), Problem> {
    let tag = header_value(&format!("\"{version}\""))?;
    response.headers_mut().insert(header::ETAG, tag);
    Ok(())
}

fn header_value(text: &str) -> Result<HeaderValue, Problem> {
    let value = HeaderValue::from_str(text);
    value.map_err(|error| Error::defect(error.to_string()).into())
}

/// What a change did: the thing as it is now. In a dry run, what the change would do.
pub(super) async fn done<R: Resource>(
    ask: &Ask,
    dry_run: bool,
    done: &Done<R>,
    success: Success,
) -> Result<Response, Problem> {
    answered(ask, dry_run, done, success, Vec::new()).await
}

/// The same for something new in the domain that was asked for by this name, perhaps not its own.
pub(super) async fn added<R: Resource>(
    ask: &Ask,
    dry_run: bool,
    done: &Done<R>,
    domain: &DomainName,
) -> Result<Response, Problem> {
    let other_name = warnings::other_name(domain, done.value.about());
    let first = other_name.into_iter().collect();
    answered(ask, dry_run, done, Success::Created, first).await
}

async fn answered<R: Resource>(
    ask: &Ask,
    dry_run: bool,
    done: &Done<R>,
    success: Success,
    mut warnings: Vec<String>,
) -> Result<Response, Problem> {
    let resource = &done.value;
    let (call, about) = (ask.call(), resource.about());
    if dry_run {
        warnings.extend(warnings::before(&ask.app, &call, about, &done.events).await?);
        return effects(&done.events, warnings);
    }
    warnings.extend(warnings::after(&ask.app, &call, about, &done.events).await?);
    let waited = match (ask.wait()?, resource.object()) {
        (Some(within), Some(object)) => {
            ask.app.wait_in_sync(object, within).await?;
            Some(within)
        }
        _ => None,
    };
    let status = match success {
        Success::Ok => StatusCode::OK,
        Success::Created => StatusCode::CREATED,
    };
    let mut response = warned(&ask.app, status, resource, warnings).await?;
    if success == Success::Created {
        let location = header_value(&format!("{}{}", ask.app.base_url, resource.path()))?;
        response.headers_mut().insert(header::LOCATION, location);
    }
    if let Some(within) = waited {
        applied(&mut response, within)?;
    }
    Ok(response)
}

/// What went into the bin. What somebody else had put there before is told apart, so that of several who delete the
/// same thing at once only one is told that they did.
pub(super) async fn binned<R: Resource>(
    ask: &Ask,
    dry_run: bool,
    done: &Done<R>,
    kind: &str,
) -> Result<Response, Problem> {
    let name = ask.segment(kind);
    match (done.events.is_empty(), name.contains('@')) {
        (false, _) => self::done(ask, dry_run, done, Success::Ok).await,
        // By this address it is not found any more; by its id it is.
        (true, true) => Err(Error::not_found(kind, name).into()),
        (true, false) => {
            let next = "Restore it, or leave it there until it is purged.";
            Err(Refusal::new("deleted", format!("{name} is in the bin already."), next).into())
        }
    }
}

fn applied(response: &mut Response, within: Duration) -> Result<(), Problem> {
    let name = HeaderName::from_static("preference-applied");
    let value = header_value(&format!("wait={}", within.as_secs()))?;
    response.headers_mut().insert(name, value);
    Ok(())
}

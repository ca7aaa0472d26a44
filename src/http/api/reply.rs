//! Answers: one thing, a page of things, what a change did or would do.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::ask::Ask;
use super::problem::Problem;
use super::query::Paging;
use crate::error::Error;
use crate::model::{DomainName, Event, EventKind, Refusal, Timestamp};
use crate::service::warnings::{self, About};
use crate::service::{App, Done};
use crate::store::{Cursor, ObjectState, Page, TargetState};

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

/// Whether the mail cluster holds the thing as it should.
#[derive(Serialize, ToSchema)]
pub(super) struct Provisioning<'a> {
    /// In one word: the worst of all targets.
    #[schema(value_type = ProvisioningState)]
    state: &'static str,
    /// Target by target; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    targets: Option<Vec<TargetView<'a>>>,
}

/// Whether a target holds something as it should.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `store::ObjectState`")]
pub(super) enum ProvisioningState {
    /// It does.
    InSync,
    /// Not yet.
    Pending,
    /// It was given up until somebody tries again.
    Failed,
}

/// Whether one target holds the thing as it should.
#[derive(Serialize, ToSchema)]
#[schema(as = TargetState)]
pub(super) struct TargetView<'a> {
    /// The target's name.
    target: &'a str,
    /// In one word.
    #[schema(value_type = ProvisioningState)]
    state: &'static str,
    /// Since when it is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    pending_since: Option<Timestamp>,
    /// When it was last written.
    #[schema(value_type = Option<String>, format = DateTime)]
    synced_at: Option<Timestamp>,
    /// Why it failed, in one sentence.
    error: Option<&'a str>,
}

impl<'a> Provisioning<'a> {
    /// In every target.
    fn of(states: &'a [TargetState]) -> Self {
        let worst = states.iter().map(|state| state.state).max();
        let view = |state: &'a TargetState| TargetView::of(state);
        Self {
            state: worst.unwrap_or(ObjectState::InSync).as_str(),
            targets: Some(states.iter().map(view).collect()),
        }
    }

    /// In one word, for lists.
    fn in_short(state: Option<ObjectState>) -> Self {
        Self {
            state: state.unwrap_or(ObjectState::InSync).as_str(),
            targets: None,
        }
    }
}

impl<'a> TargetView<'a> {
    pub(super) fn of(state: &'a TargetState) -> Self {
        Self {
            target: &state.target,
            state: state.state.as_str(),
            pending_since: state.pending_since,
            synced_at: state.synced_at,
            error: state.error.as_deref(),
        }
    }
}

/// A page of a list.
#[derive(Serialize)]
pub(super) struct ListView<'a, T> {
    data: &'a [T],
    has_more: bool,
    next_after: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count_is_exact: Option<bool>,
}

/// A thing, and what is worth knowing about what was just done to it.
#[derive(Serialize)]
struct WarnedView<T> {
    #[serde(flatten)]
    view: T,
    warnings: Vec<String>,
}

/// What a dry run answers.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRun)]
pub(super) struct DryRunView<'a> {
    /// Always true: nothing was written.
    dry_run: bool,
    /// What would have happened.
    effects: Vec<EffectView<'a>>,
    /// What is worth knowing before doing it.
    warnings: Vec<String>,
}

/// One thing that would have happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Effect)]
struct EffectView<'a> {
    /// What would be done, such as `mailbox.create`.
    action: String,
    /// To what.
    subject: &'a str,
    /// What it means, in one sentence.
    text: &'a str,
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

/// A page of things.
pub(super) async fn page<R: Resource>(
    ask: &Ask,
    paging: &Paging,
    page: &Page<R>,
    all: Option<Page<R>>,
) -> Result<Response, Problem> {
    let pending = page.items.iter().filter(|item| item.pending());
    let objects: Vec<Uuid> = pending.filter_map(Resource::object).collect();
    let open = ask.app.store.open_states(&objects).await?;
    let view = |item| {
        let object = Resource::object(item);
        let provisioning = object.map(|object| Provisioning::in_short(open.get(&object).copied()));
        Resource::view(item, provisioning)
    };
    let views = page.items.iter().map(view);
    let counted = all.map(|all| (all.items.len(), all.next.is_none()));
    let Some(fields) = &paging.fields else {
        let items: Vec<R::View<'_>> = views.collect();
        return listed(
            ask,
            paging,
            page.next.as_ref(),
            page.next.is_some(),
            counted,
            &items,
        );
    };
    let mut items = Vec::with_capacity(page.items.len());
    for view in views {
        let mut item = serde_json::to_value(view).map_err(|error| Error::defect(error.to_string()))?;
        if let Some(members) = item.as_object_mut() {
            members.retain(|name, _| fields.contains(name));
        }
        items.push(item);
    }
    listed(
        ask,
        paging,
        page.next.as_ref(),
        page.next.is_some(),
        counted,
        &items,
    )
}

/// A page of anything that was made ready to be written out.
pub(super) fn list<T: Serialize>(
    ask: &Ask,
    paging: &Paging,
    next: Option<&Cursor>,
    has_more: bool,
    items: &[T],
) -> Result<Response, Problem> {
    listed(ask, paging, next, has_more, None, items)
}

fn listed<T: Serialize>(
    ask: &Ask,
    paging: &Paging,
    next: Option<&Cursor>,
    has_more: bool,
    counted: Option<(usize, bool)>,
    items: &[T],
) -> Result<Response, Problem> {
    let sealed = next.map(|cursor| paging.sealed(cursor));
    let view = ListView {
        data: items,
        has_more,
        next_after: sealed.as_deref(),
        count: counted.map(|(count, _)| count),
        count_is_exact: counted.map(|(_, is_exact)| is_exact),
    };
    let mut response = json(StatusCode::OK, &view)?;
    if let Some(sealed) = &sealed {
        let link = format!("<{}{}>; rel=\"next\"", ask.app.base_url, paging.link(sealed));
        response.headers_mut().insert(header::LINK, header_value(&link)?);
    }
    Ok(response)
}

/// Everything of a list that is never long enough for a second page.
pub(super) fn whole<T: Serialize>(items: &[T]) -> Result<Response, Problem> {
    let view = ListView {
        data: items,
        has_more: false,
        next_after: None,
        count: None,
        count_is_exact: None,
    };
    json(StatusCode::OK, &view)
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

/// What would have happened.
pub(super) fn effects(events: &[Event], warnings: Vec<String>) -> Result<Response, Problem> {
    let effect = |event| {
        let event: &Event = event;
        let text = &event.detail.text;
        EffectView {
            action: action(event.kind),
            subject: &event.subject.name,
            text: if text.is_empty() {
                event.kind.sentence()
            } else {
                text
            },
        }
    };
    let view = DryRunView {
        dry_run: true,
        effects: events.iter().map(effect).collect(),
        warnings,
    };
    json(StatusCode::OK, &view)
}

/// The deed whose result an event is: `mailbox.create` for `mailbox.created`.
fn action(kind: EventKind) -> String {
    let (resource, happened) = kind.as_str().split_once('.').unwrap_or_default();
    let deed = match happened {
        "limits_changed" => "set_limits",
        "alias_added" => "add_alias",
        "alias_removed" => "remove_alias",
        "password_set" => "set_password",
        "setup_link_made" => "make_setup_link",
        "forwarding_set" => "set_forwarding",
        "forwarding_ended" => "end_forwarding",
        "signed_in" => "sign_in",
        "given" => "give",
        "retried" => "retry",
        "suspended" => "suspend",
        "resynced" => "resync",
        // created, updated, deleted, restored, resumed, renamed, purged, revoked
        _ => happened.strip_suffix('d').unwrap_or(happened),
    };
    format!("{resource}.{deed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_is_a_deed_and_not_a_result() {
        for kind in EventKind::ALL {
            let action = action(*kind);
            assert!(!action.ends_with("ed"), "{action}");
        }
        assert_eq!(action(EventKind::MailboxCreated), "mailbox.create");
        assert_eq!(action(EventKind::AliasRestored), "alias.restore");
    }
}

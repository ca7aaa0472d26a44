//! `/events` and `/audit`: what happened, as a feed and as a list.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, MOST_WAIT_S};
use super::json::Wrong;
use super::problem::Problem;
use super::query::Query;
use super::schemas::{typed, untyped};
use super::{filters, reply};
use crate::http::export::{self, Format};
use crate::model::{AccountId, DomainId, EventId, FieldChange, Timestamp, Topic};
use crate::service::mailboxes::Inside;
use crate::service::{App, audit, undo};
use crate::store::{EventFilter, EventOrder, EventRecord, Who};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(feed))
        .routes(routes!(list))
        .routes(routes!(take_away))
        .routes(routes!(take_back))
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(in crate::http) struct EventView<'a> {
    /// Its id; ids grow with time.
    #[schema(value_type = String, pattern = "^evt_[0-9a-z]{26}$")]
    id: EventId,
    /// What, such as `mailbox.created`.
    r#type: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// Who did it.
    actor: EventActor<'a>,
    /// To what.
    subject: EventSubject<'a>,
    /// The id of the domain it is about; null when it is about none.
    #[schema(value_type = Option<String>)]
    domain: Option<DomainId>,
    /// What it means, in one sentence.
    text: &'a str,
    /// Why, in the words of whoever did it.
    reason: Option<&'a str>,
    /// Field by field. Secrets are never among them.
    #[schema(value_type = Vec<Changed>)]
    changes: &'a [FieldChange],
    /// The request it was part of.
    request_id: &'a str,
    /// The id of the event that this took back, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    undoes: Option<&'a str>,
}

/// Who did something.
#[derive(Serialize, ToSchema)]
struct EventActor<'a> {
    /// The name.
    name: &'a str,
    /// The id of the account; null for the portal itself, the command line and one-time links.
    #[schema(value_type = Option<String>)]
    account: Option<AccountId>,
    /// How they proved who they are: `session`, `token`, `link`, `command_line` or `system`.
    credential: &'a str,
}

/// To what something happened.
#[derive(Serialize, ToSchema)]
struct EventSubject<'a> {
    /// What it is: `mailbox`, `alias`, `domain`, `org`, `account`, `token` or `system`.
    kind: &'a str,
    /// Its id; null for the installation itself.
    id: Option<String>,
    /// Its name at the time.
    name: &'a str,
}

/// One field, before and after.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes `model::FieldChange`, which knows nothing of the API"
)]
struct Changed {
    /// The field.
    field: String,
    /// What it was; null when there was nothing.
    before: Option<serde_json::Value>,
    /// What it is; null when there is nothing.
    after: Option<serde_json::Value>,
}

/// What happened, page by page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply` writes")]
struct EventList {
    /// The events of this page.
    data: Vec<EventView<'static>>,
    /// Whether there is another page now.
    has_more: bool,
    /// What to give as `after` for what follows. The feed gives one on its last page too.
    next_after: Option<String>,
}

/// About what.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `subject` reads")]
struct About {
    /// Only what happened to the thing with this id.
    #[param(required = false, pattern = "^[a-z]{3}_[0-9a-z]{26}$")]
    subject: String,
}

impl<'a> EventView<'a> {
    /// The event, as the API shows it.
    pub(in crate::http) fn of(event: &'a EventRecord) -> Self {
        Self {
            id: event.id,
            r#type: event.kind.as_str(),
            timestamp: event.at,
            actor: EventActor {
                name: &event.actor,
                account: event.account,
                credential: &event.credential,
            },
            subject: EventSubject {
                kind: &event.subject_kind,
                id: typed(&event.subject_kind, event.subject_id),
                name: &event.subject,
            },
            domain: event.place.domain,
            text: &event.detail.text,
            reason: event.detail.reason.as_deref(),
            changes: &event.detail.changes,
            request_id: &event.request_id,
            undoes: event.detail.undoes.as_deref(),
        }
    }

    /// The id of what it is about, if that has one.
    pub(in crate::http) fn subject_id(&self) -> &str {
        self.subject.id.as_deref().unwrap_or_default()
    }
}

/// What is looked for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `narrowed` reads")]
struct Narrowed {
    /// Only one kind of event, such as `mailbox.created`, or one topic: `mailbox`, `alias`, `domain`, `org`, `password`,
    /// `bin`, `access`, `provisioning` or `audit`.
    #[param(required = false, example = "mailbox")]
    r#type: String,
    /// Only what this account did, or whoever has this in their name.
    #[param(required = false, max_length = 200, example = "maria")]
    actor: String,
    /// Only what happened to things with this in their name.
    #[param(required = false, max_length = 200, example = "ana")]
    q: String,
    /// Only what happened at this moment or later.
    #[param(required = false, format = DateTime)]
    from: String,
    /// Only what happened before this moment.
    #[param(required = false, format = DateTime)]
    until: String,
}

fn narrowed(query: &mut Query) -> (Inside, EventFilter) {
    let subject = query.parsed("subject", |text| {
        untyped(text)
            .ok_or_else(|| Wrong::new("id", "give the id of a mailbox, an alias, a domain or an org"))
    });
    let topic = query.parsed("type", |text| Ok(text.parse::<Topic>()?));
    let who = query.parsed("actor", |text| {
        let name = |_| filters::short(text).map(|name| Who::Named(name.to_owned()));
        text.parse().map(Who::Account).or_else(name)
    });
    let about = query.parsed("q", |text| filters::short(text).map(ToOwned::to_owned));
    let filter = EventFilter {
        subject,
        topic,
        who,
        about,
        from: query.moment("from"),
        until: query.moment("until"),
        ..EventFilter::default()
    };
    (filters::inside(query), filter)
}

/// How long to wait for something to happen.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `wait` reads")]
struct Waiting {
    /// Seconds that the answer may wait for the first event that follows.
    #[param(required = false, minimum = 0, maximum = 30, default = 0)]
    wait: u64,
}

/// How many may wait at once; one more is answered at once.
static WAITING: Semaphore = Semaphore::const_new(64);
/// The longest pause between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

fn wait(query: &mut Query) -> Option<Duration> {
    query.parsed("wait", |text| {
        let seconds = text.parse().ok().filter(|seconds| *seconds <= MOST_WAIT_S);
        seconds.map(Duration::from_secs).ok_or_else(|| {
            let detail = format!("give whole seconds from 0 to {MOST_WAIT_S}");
            Wrong::new("out_of_range", detail)
        })
    })
}

/// Follow what happens
///
/// The oldest first. With `wait` an answer without events waits for the first. Ask again with `next_after`, which is there on the last page too, for what came since.
#[utoipa::path(get, path = "/events", operation_id = "listEvents", tag = "Events",
    params(filters::Inside, About, Narrowed, Waiting),
    responses((status = 200, description = "A page of events.", body = EventList)))]
async fn feed(ask: Ask) -> Result<Response, Problem> {
    let (call, ((inside, filter), wait), paging) = ask.listing(|query| (narrowed(query), wait(query)))?;
    let filter = EventFilter {
        order: EventOrder::OldestFirst,
        ..filter
    };
    let deadline = Instant::now() + wait.unwrap_or_default();
    let mut bell = ask.app.store.pending.listen();
    let page = loop {
        let page = audit::search(&ask.app, &call, &inside, &filter, &paging.page).await?;
        let is_past = filter.until.is_some_and(|end| end <= ask.app.clock.now());
        if !page.items.is_empty() || page.next.is_some() || is_past || Instant::now() >= deadline {
            break page;
        }
        let Ok(_place) = WAITING.try_acquire() else {
            break page;
        };
        // Other nodes and what must settle first ring no bell here: look again now and then.
        let next = deadline.min(Instant::now() + LOOK_AGAIN);
        drop(tokio::time::timeout_at(next, bell.changed()).await);
    };
    let events: Vec<EventView<'_>> = page.items.iter().map(EventView::of).collect();
    let last = || page.items.last().map(audit::cursor_after);
    let next = page
        .next
        .clone()
        .or_else(last)
        .or_else(|| paging.page.after.clone());
    reply::list(&ask, &paging, next.as_ref(), page.next.is_some(), &events)
}

/// List what happened
///
/// The newest first. Where what is looked for is rare, a page may be short and still have a next.
#[utoipa::path(get, path = "/audit", operation_id = "listAudit", tag = "Events", params(filters::Inside, About, Narrowed),
    responses((status = 200, description = "A page of events.", body = EventList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let (call, (inside, filter), paging) = ask.listing(narrowed)?;
    let page = audit::search(&ask.app, &call, &inside, &filter, &paging.page).await?;
    let events: Vec<EventView<'_>> = page.items.iter().map(EventView::of).collect();
    reply::list(&ask, &paging, page.next.as_ref(), page.next.is_some(), &events)
}

/// In which form.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `format` reads")]
struct Form {
    /// `csv` is a table for a spreadsheet, `ndjson` an event a line. Nothing is what `Accept` names, or else `ndjson`.
    #[param(required = false, pattern = "^(csv|ndjson)$", example = "csv")]
    format: String,
}

fn format(query: &mut Query) -> Option<Format> {
    query.parsed("format", |text| {
        Format::parse(text).ok_or_else(|| Wrong::new("unknown_value", "give csv or ndjson"))
    })
}

/// Export what happened
///
/// The newest first, all of it in one answer that is written while it is read. In a table, what a spreadsheet would take for a formula has an apostrophe before it. The export is written down in the audit too.
#[utoipa::path(get, path = "/audit/export", operation_id = "exportAudit", tag = "Events",
    params(filters::Inside, About, Narrowed, Form),
    responses((status = 200, description = "The events.", content(
        (String = "application/x-ndjson"), (String = "text/csv")))))]
async fn take_away(ask: Ask) -> Result<Response, Problem> {
    let read = |query: &mut Query| Some((narrowed(query), format(query)));
    let (call, ((inside, filter), format)) = ask.asking(read)?;
    let format = format.unwrap_or_else(|| {
        if ask.takes("text/csv") {
            Format::Csv
        } else {
            Format::Ndjson
        }
    });
    let begun = audit::export(&ask.app, &call, &inside, filter, format.as_str()).await?;
    Ok(export::file(&ask.app, format, begun))
}

/// What came of taking something back.
#[derive(Serialize, ToSchema)]
struct Undone<'a> {
    /// The event that was taken back.
    #[schema(value_type = String, pattern = "^evt_[0-9a-z]{26}$")]
    undone: EventId,
    /// What was done for that.
    effects: Vec<reply::EffectView<'a>>,
}

/// Take something back
///
/// By the same change as by hand, with the permissions that takes. It is possible until something newer touched the same;
/// then the problem says under `errors` what became of each field. The entry of the change names the event that it undoes.
#[utoipa::path(post, path = "/events/{event}/undo", operation_id = "undoEvent", tag = "Events",
    responses((status = 200, description = "What was done.", body = Undone<'_>)))]
async fn take_back(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    ask.no_body()?;
    let undone: EventId = ask.at("event")?;
    let done = undo::undo(&ask.app, &call, undone).await?;
    if call.dry_run {
        return reply::effects(&done.events, Vec::new());
    }
    let effects = done.events.iter().map(reply::EffectView::of).collect();
    reply::json(StatusCode::OK, &Undone { undone, effects })
}

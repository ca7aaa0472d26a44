//! `/resolve` and `/search`: finding things, and where mail for them goes.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::json::Wrong;
use super::problem::Problem;
use super::reply;
use super::schemas::typed;
use crate::model::Destination;
use crate::service::resolve::{self, Step};
use crate::service::{App, search};
use crate::store::Hit;

/// How many hits are shown when nothing else is said.
const USUAL_HITS: usize = 20;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(where_to))
        .routes(routes!(find))
}

/// One step of the way of a mail.
#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
struct StepView<'a> {
    /// The address.
    address: &'a str,
    /// What it is.
    #[schema(value_type = StepKindWord)]
    kind: &'static str,
    /// Where it goes on to.
    #[schema(no_recursion)]
    next: Vec<StepView<'a>>,
}

/// What an address on the way of a mail is.
#[derive(ToSchema)]
#[schema(as = StepKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `resolve::StepKind`")]
enum StepKindWord {
    /// Mail stays in this mailbox.
    Mailbox,
    /// A mailbox that refuses mail, or keeps none.
    MailboxPassing,
    /// An alias.
    Alias,
    /// An alias that is switched off.
    AliasOff,
    /// The catch-all answers.
    CatchAll,
    /// Nothing answers: mail is refused.
    Unknown,
    /// Mail leaves what you look after.
    External,
    /// The same address again: mail would run in a circle.
    Loop,
}

impl<'a> StepView<'a> {
    fn of(step: &'a Step) -> Self {
        Self {
            address: &step.address,
            kind: step.kind.as_str(),
            next: step.next.iter().map(Self::of).collect(),
        }
    }
}

/// What was found.
#[derive(Serialize, ToSchema)]
#[schema(as = Hit)]
struct HitView<'a> {
    /// What it is.
    #[schema(value_type = HitKindWord)]
    kind: &'static str,
    /// Its id.
    id: Option<String>,
    /// Its address or name.
    title: &'a str,
    /// What else helps to recognise it.
    subtitle: &'a str,
    /// Whether it is in the bin.
    deleted: bool,
}

/// The kinds of things that can be found.
#[derive(ToSchema)]
#[schema(as = HitKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `store::HitKind`")]
enum HitKindWord {
    /// A mailbox.
    Mailbox,
    /// An alias or a catch-all.
    Alias,
    /// A domain, by its name or an alias name.
    Domain,
    /// An org.
    Org,
}

/// What was found.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::whole` writes")]
struct HitList {
    /// The hits.
    data: Vec<HitView<'static>>,
    /// Always false: search for more letters instead.
    has_more: bool,
    /// Always null.
    next_after: Option<String>,
}

impl<'a> HitView<'a> {
    fn of(hit: &'a Hit) -> Self {
        Self {
            kind: hit.kind.as_str(),
            id: typed(hit.kind.as_str(), hit.id),
            title: &hit.title,
            subtitle: &hit.subtitle,
            deleted: hit.deleted,
        }
    }
}

/// Where mail is to go.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `where_to` reads")]
struct Mail {
    /// An address of a domain that you look after.
    #[param(example = "sales@brightwater.example", min_length = 3, max_length = 254)]
    address: String,
}

/// What is looked for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `find` reads")]
struct Looking {
    /// The beginning of an address, a name or a word of it. `Name <address>` is understood.
    #[param(example = "ana", min_length = 1, max_length = 200)]
    q: String,
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 50, default = 20)]
    limit: usize,
}

/// Find out where mail goes
///
/// Follows aliases, groups, forwardings and the catch-all, and shows circles and dead ends.
#[utoipa::path(get, path = "/resolve", operation_id = "resolveAddress", tag = "Finding", params(Mail),
    responses((status = 200, description = "The way of the mail.", body = StepView<'static>)))]
async fn where_to(ask: Ask) -> Result<Response, Problem> {
    let (call, address) = ask.asking(|query| {
        let address = query.parsed("address", |text| Ok(text.parse::<Destination>()?));
        query.needs("address");
        address
    })?;
    let way = resolve::resolve(&ask.app, &call, &address).await?;
    reply::json(StatusCode::OK, &StepView::of(&way))
}

/// Find anything
///
/// Mailboxes, aliases, domains and orgs by the beginnings of their names.
#[utoipa::path(get, path = "/search", operation_id = "search", tag = "Finding", params(Looking),
    responses((status = 200, description = "What was found.", body = HitList)))]
async fn find(ask: Ask) -> Result<Response, Problem> {
    let (call, (text, limit)) = ask.asking(|query| {
        let limit = query.parsed("limit", |text| match text.parse() {
            Ok(limit @ 1..=search::MOST_HITS) => Ok(limit),
            _ => Err(Wrong::new(
                "out_of_range",
                format!("give a number from 1 to {}", search::MOST_HITS),
            )),
        });
        let text = query.parsed("q", |text| {
            let length = text.chars().count();
            let fits = (1..=200).contains(&length);
            fits.then(|| text.to_owned())
                .ok_or_else(|| Wrong::new("length", "give 1 to 200 characters"))
        });
        query.needs("q");
        Some((text?, limit.unwrap_or(USUAL_HITS)))
    })?;
    let hits = search::find(&ask.app, &call, &text, limit).await?;
    reply::whole(&hits.iter().map(HitView::of).collect::<Vec<_>>())
}

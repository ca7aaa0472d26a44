//! Looking after a customer as their support, who did, and the code by which a caller shows who they are.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;

use super::answer::{Answer, Oops, page, page_with};
use super::forms::{CsrfForm, Plain, Reader, read};
use super::nav::Here;
use super::pages::support::{CallerCheck, CallerCode, LookedAfter, LookedAfterRow, SupportBegin};
use super::view::{Flash, Form, Link, words};
use super::visitor::{At, Visitor};
use crate::access::SupportAssist;
use crate::error::Error;
use crate::http::session::Tone;
use crate::model::{AccountId, OrgId, Reason, Timestamp};
use crate::service::{App, people, support};
use crate::store::ActingRecord;

/// Why, and on which ticket.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Why {
    reason: String,
    ticket: String,
}

pub(super) async fn ask(visitor: Visitor, At(org): At<OrgId>) -> Answer {
    show_ask(&visitor, org, StatusCode::OK, Form::default()).await
}

async fn show_ask(visitor: &Visitor, org: OrgId, status: StatusCode, form: Form) -> Answer {
    let found = support::may_begin(&visitor.app, &visitor.call, org).await?;
    page_with(
        status,
        &SupportBegin {
            chrome: visitor.chrome(&Here::Everything("Customers")).await?,
            name: found.name.to_string(),
            path: format!("/orgs/{org}"),
            minutes: support::MINUTES,
            form,
        },
    )
}

pub(super) async fn begin(visitor: Visitor, At(org): At<OrgId>, form: CsrfForm<Why>) -> Answer {
    match start(&visitor, org, &form.content).await {
        Ok(acting) => {
            visitor.act(Some(acting.id)).await?;
            let flash = Flash::done("You see what the customer has. They see that you were here, and why.");
            visitor.tell(&format!("/orgs/{org}"), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_ask(&visitor, org, status, form).await
        }
    }
}

async fn start(visitor: &Visitor, org: OrgId, typed: &Why) -> Result<ActingRecord, Error> {
    let mut reader = Reader::default();
    let reason: Option<Reason> = reader.required("reason", &typed.reason);
    let ticket: Option<Reason> = reader.required("ticket", &typed.ticket);
    reader.finish()?;
    let (reason, ticket) = (read(reason)?, read(ticket)?);
    Ok(support::begin(&visitor.app, &visitor.call, org, reason, ticket)
        .await?
        .value)
}

pub(super) async fn stop(visitor: Visitor, _form: CsrfForm<Plain>) -> Answer {
    let Some(acting) = visitor.actor().acting().cloned() else {
        return visitor
            .tell("/", Flash::done("You look after nobody just now."))
            .await;
    };
    let call = visitor.in_person().await?;
    support::stop(&visitor.app, &call, &acting).await?;
    visitor.act(None).await?;
    let flash = Flash::done(format!("You stopped looking after {}.", acting.name));
    visitor.tell("/", flash).await
}

pub(super) async fn looked_after(visitor: Visitor, At(org): At<OrgId>) -> Answer {
    let (found, all) = support::looked_after(&visitor.app, &visitor.call, org).await?;
    let now = visitor.now();
    page(&LookedAfter {
        chrome: visitor.chrome(&Here::Everything("Customers")).await?,
        title: if visitor.actor().may_anywhere::<SupportAssist>() {
            format!("Who looked after {}", found.name)
        } else {
            "Who looked after you".to_owned()
        },
        back: Link::new(format!("/orgs/{org}"), found.name.as_str()),
        activity: format!("/orgs/{org}/activity"),
        rows: all.iter().map(|acting| row(acting, now)).collect(),
    })
}

fn row(acting: &ActingRecord, now: Timestamp) -> LookedAfterRow {
    let end = acting.ended_at.unwrap_or(acting.ends_at);
    let until = words::moment(end, now).words;
    LookedAfterRow {
        name: acting.name.clone(),
        from: words::moment(acting.started_at, now),
        until: if end > now {
            format!("still, until {until}")
        } else {
            until
        },
        ticket: acting.ticket.clone(),
        reason: acting.reason.clone(),
    }
}

pub(super) async fn ask_code(visitor: Visitor) -> Answer {
    show_code(&visitor, String::new(), String::new()).await
}

pub(super) async fn make_code(visitor: Visitor, _form: CsrfForm<Plain>) -> Answer {
    let (code, until) = support::caller_code(&visitor.app, &visitor.call).await?;
    show_code(&visitor, code, words::moment(until, visitor.now()).words).await
}

async fn show_code(visitor: &Visitor, code: String, until: String) -> Answer {
    page(&CallerCode {
        chrome: visitor.chrome(&Here::Nowhere).await?,
        minutes: support::CODE_MINUTES,
        code,
        until,
    })
}

/// What the caller read out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReadOut {
    code: String,
}

pub(super) async fn ask_caller(visitor: Visitor, At(id): At<AccountId>) -> Answer {
    let (person, _) = people::get(&visitor.app, &visitor.call, id).await?;
    page(&CallerCheck {
        chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
        name: person.name.to_string(),
        by_letter: visitor.app.sends_letters && !person.invited,
        email: person.email,
        path: format!("/accounts/{id}"),
        form: Form::default(),
    })
}

pub(super) async fn order_code(visitor: Visitor, At(id): At<AccountId>, _form: CsrfForm<Plain>) -> Answer {
    let person = support::order_code(&visitor.app, &visitor.call, id).await?.value;
    let text = format!("A letter with a code is on its way to {}.", person.email);
    visitor
        .tell(&format!("/accounts/{id}/caller"), Flash::done(text))
        .await
}

pub(super) async fn check_caller(
    State(app): State<App>,
    visitor: Visitor,
    At(id): At<AccountId>,
    form: CsrfForm<ReadOut>,
) -> Result<axum::response::Response, Oops> {
    let is_right = support::check_caller(&app, &visitor.call, id, &form.content.code)
        .await?
        .value;
    let flash = if is_right {
        Flash::done("The code is right: the caller is who they say.")
    } else {
        Flash {
            tone: Tone::Bad,
            text: "That is not the code, or it is used up or too old. Ask the caller for a new one."
                .to_owned(),
            undo: None,
        }
    };
    visitor.tell(&format!("/accounts/{id}/caller"), flash).await
}

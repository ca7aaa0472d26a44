//! Where the mail of a mailbox goes: for two weeks, until a day, or since somebody left.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Plain, Reader, ticked};
use super::super::pages::mailbox::{MailboxForwarding, MailboxLeave};
use super::super::view::{Flash, Form, Undo, mail, words};
use super::super::visitor::{At, Visitor};
use super::{chrome, open};
use crate::access::{MailboxSuspend, MailboxUpdate};
use crate::error::Error;
use crate::model::{Destination, Forwarding, Mailbox, Reason, Timestamp};
use crate::service::mailboxes;
use crate::service::mailboxes::MailboxRef;

/// What is typed into the forms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    destinations: String,
    keep_copy: String,
    until: String,
    /// Which button: `two_weeks`, `none` for no forwarding at all, or nothing for what is typed.
    #[serde(rename = "for")]
    button: String,
}

pub(in crate::http::web) async fn ask(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    show(&visitor, &at, StatusCode::OK, None).await
}

async fn show(visitor: &Visitor, at: &MailboxRef, status: StatusCode, sent: Option<Form>) -> Answer {
    let (mailbox, place) = open::<MailboxUpdate>(visitor, at).await?;
    page_with(
        status,
        &MailboxForwarding {
            chrome: chrome(visitor, &mailbox, &place).await?,
            form: sent.unwrap_or_else(|| filled(&mailbox)),
            note: None,
            active: mailbox.forwarding.is_some(),
            mailbox: mail::mailbox_ref(&mailbox),
        },
    )
}

fn filled(mailbox: &Mailbox) -> Form {
    let Some(forwarding) = &mailbox.forwarding else {
        return Form::default();
    };
    let lines: Vec<String> = forwarding
        .destinations
        .iter()
        .map(Destination::to_unicode)
        .collect();
    Form::default()
        .with("destinations", lines.join("\n"))
        .with(
            "until",
            forwarding.until.map(words::form_date).unwrap_or_default(),
        )
        .ticking("keep_copy", forwarding.keep_copy)
}

pub(in crate::http::web) async fn save(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<Typed>,
) -> Answer {
    let (before, _) = open::<MailboxUpdate>(&visitor, &at).await?;
    match forward(&visitor, &at, &form).await {
        Ok(after) => {
            let text = told(&after, visitor.now());
            let flash = match before.forwarding {
                None if after.forwarding.is_some() => Flash::done(text).undone_by(end_of(&after)),
                _ => Flash::done(text),
            };
            visitor.tell(&mail::mailbox_path(&after), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show(&visitor, &at, status, Some(form)).await
        }
    }
}

async fn forward(visitor: &Visitor, at: &MailboxRef, form: &CsrfForm<Typed>) -> Result<Mailbox, Error> {
    let call = visitor.expecting(form.version);
    let wanted = wanted(visitor, &form.content)?;
    let done = match wanted {
        Some(forwarding) => mailboxes::set_forwarding(&visitor.app, &call, at, forwarding).await?,
        None => mailboxes::end_forwarding(&visitor.app, &call, at).await?,
    };
    Ok(done.value)
}

fn wanted(visitor: &Visitor, typed: &Typed) -> Result<Option<Forwarding>, Error> {
    if typed.button == "none" {
        return Ok(None);
    }
    let mut reader = Reader::default();
    let destinations: Vec<Destination> = reader.lines("destinations", &typed.destinations);
    let until = match typed.button.as_str() {
        "two_weeks" => Some(in_two_weeks(visitor.now())),
        _ => reader.day("until", &typed.until),
    };
    if destinations.is_empty() && typed.button == "two_weeks" {
        reader.wrong(
            "destinations",
            "required",
            "name at least one address to forward to",
        );
    }
    reader.finish()?;
    Ok((!destinations.is_empty()).then_some(Forwarding {
        destinations,
        keep_copy: ticked(&typed.keep_copy),
        until,
    }))
}

/// The end of the day in two weeks.
fn in_two_weeks(now: Timestamp) -> Timestamp {
    let day = words::form_date(now.plus(Duration::from_hours(14 * 24)));
    format!("{day}T23:59:59Z").parse().unwrap_or(now)
}

fn told(mailbox: &Mailbox, now: Timestamp) -> String {
    match &mailbox.forwarding {
        Some(_) => format!(
            "Mail for {} goes to {}.",
            mailbox.address,
            mail::forwarding(mailbox, now)
        ),
        None => format!("Mail for {} stays in the mailbox.", mailbox.address),
    }
}

fn end_of(mailbox: &Mailbox) -> Undo {
    Undo {
        action: format!("{}/forwarding/end", mail::mailbox_path(mailbox)),
        label: "Undo".to_owned(),
        what: " forwarding".to_owned(),
        version: mailbox.version.to_string(),
    }
}

pub(in crate::http::web) async fn end(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let after = mailboxes::end_forwarding(&visitor.app, &call, &at).await?.value;
    let text = told(&after, visitor.now());
    visitor.tell(&mail::mailbox_path(&after), Flash::done(text)).await
}

pub(in crate::http::web) async fn ask_who_left(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    show_leave(&visitor, &at, StatusCode::OK, Form::default()).await
}

async fn show_leave(visitor: &Visitor, at: &MailboxRef, status: StatusCode, form: Form) -> Answer {
    let (mailbox, place) = open::<MailboxSuspend>(visitor, at).await?;
    page_with(
        status,
        &MailboxLeave {
            chrome: chrome(visitor, &mailbox, &place).await?,
            mailbox: mail::mailbox_ref(&mailbox),
            form,
        },
    )
}

pub(in crate::http::web) async fn someone_left(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<Typed>,
) -> Answer {
    match left(&visitor, &at, &form).await {
        Ok(mailbox) => {
            let text = format!("Nobody can sign in any more. {}", told(&mailbox, visitor.now()));
            let undo = Undo {
                action: format!("{}/resume", mail::mailbox_path(&mailbox)),
                label: "Undo".to_owned(),
                what: " stopping sign-in".to_owned(),
                version: mailbox.version.to_string(),
            };
            let flash = Flash::done(text).undone_by(undo);
            visitor.tell(&mail::mailbox_path(&mailbox), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_leave(&visitor, &at, status, form).await
        }
    }
}

async fn left(visitor: &Visitor, at: &MailboxRef, form: &CsrfForm<Typed>) -> Result<Mailbox, Error> {
    let mut reader = Reader::default();
    let destinations: Vec<Destination> = reader.lines("destinations", &form.content.destinations);
    let until = reader.day("until", &form.content.until);
    reader.finish()?;
    let forwarding = (!destinations.is_empty()).then_some(Forwarding {
        destinations,
        keep_copy: true,
        until,
    });
    let reason: Reason = "left".parse().map_err(|_| Error::defect("a reason"))?;
    let call = visitor.expecting(form.version);
    let done = mailboxes::someone_left(&visitor.app, &call, at, reason, forwarding).await?;
    Ok(done.value)
}

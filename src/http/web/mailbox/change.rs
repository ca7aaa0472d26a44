//! The facts of a mailbox: its name, space, switches and address.

use axum::extract::Query;
use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Reader, ticked};
use super::super::pages::mailbox::{MailboxEdit, Rename};
use super::super::view::{DomainRef, Flash, Form, Undo, mail, words};
use super::super::visitor::{At, Visitor};
use super::{chrome, open};
use crate::access::{MailboxRename, MailboxSetQuota, MailboxUpdate};
use crate::error::Error;
use crate::model::{DisplayName, Mailbox, MailboxPatch, ProtocolsPatch, Quota};
use crate::service::mailboxes;
use crate::service::mailboxes::MailboxRef;

/// What is typed into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    name: String,
    quota: Option<String>,
    imap: String,
    pop3: String,
    smtp: String,
    sieve: String,
    webmail: String,
}

pub(in crate::http::web) async fn ask(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    show(&visitor, &at, StatusCode::OK, None).await
}

async fn show(visitor: &Visitor, at: &MailboxRef, status: StatusCode, sent: Option<Form>) -> Answer {
    let (mailbox, place) = open::<MailboxUpdate>(visitor, at).await?;
    page_with(
        status,
        &MailboxEdit {
            chrome: chrome(visitor, &mailbox, &place).await?,
            mailbox: mail::mailbox_ref(&mailbox),
            form: sent.unwrap_or_else(|| filled(&mailbox)),
            can_set_quota: visitor.actor().may::<MailboxSetQuota>(&place),
            quota_hint: "For example 5 GB, or unlimited. 1 GB is 1024 MB.".to_owned(),
        },
    )
}

fn filled(mailbox: &Mailbox) -> Form {
    let switches = mailbox.protocols;
    Form::default()
        .with("name", mailbox.display_name.as_str())
        .with("quota", mailbox.quota.to_string())
        .ticking("imap", switches.imap)
        .ticking("pop3", switches.pop3)
        .ticking("smtp", switches.smtp)
        .ticking("sieve", switches.sieve)
        .ticking("webmail", switches.webmail)
}

pub(in crate::http::web) async fn save(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<Typed>,
) -> Answer {
    match edit(&visitor, &at, &form).await {
        Ok(after) => {
            let flash = Flash::done(format!("{} is saved.", after.address));
            visitor.tell(&mail::mailbox_path(&after), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show(&visitor, &at, status, Some(form)).await
        }
    }
}

async fn edit(visitor: &Visitor, at: &MailboxRef, form: &CsrfForm<Typed>) -> Result<Mailbox, Error> {
    let typed = &form.content;
    let mut reader = Reader::default();
    let display_name: Option<DisplayName> = reader.required("name", &typed.name);
    let quota: Option<Quota> = typed
        .quota
        .as_ref()
        .and_then(|text| reader.required("quota", text));
    reader.finish()?;
    let patch = MailboxPatch {
        display_name,
        quota,
        protocols: ProtocolsPatch {
            imap: Some(ticked(&typed.imap)),
            pop3: Some(ticked(&typed.pop3)),
            smtp: Some(ticked(&typed.smtp)),
            sieve: Some(ticked(&typed.sieve)),
            webmail: Some(ticked(&typed.webmail)),
        },
        ..MailboxPatch::default()
    };
    let call = visitor.expecting(form.version);
    Ok(mailboxes::update(&visitor.app, &call, at, patch).await?.value)
}

/// A quota that one button sets.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Raise {
    quota: String,
    /// `domain` when the button is on the domain's page.
    back: String,
}

/// The same in the address of an undo button.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct SetBack {
    to: String,
    back: String,
}

pub(in crate::http::web) async fn set_quota(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    Query(undo): Query<SetBack>,
    form: CsrfForm<Raise>,
) -> Answer {
    let (before, _) = open::<MailboxSetQuota>(&visitor, &at).await?;
    let is_undo = !undo.to.is_empty();
    let (wanted, back) = if is_undo {
        (&undo.to, &undo.back)
    } else {
        (&form.content.quota, &form.content.back)
    };
    let mut reader = Reader::default();
    let quota: Option<Quota> = reader.required("quota", wanted);
    reader.finish()?;
    let patch = MailboxPatch {
        quota,
        ..MailboxPatch::default()
    };
    let call = visitor.expecting(form.version);
    let after = mailboxes::update(&visitor.app, &call, &at, patch).await?.value;
    let flash = Flash::done(format!("{} has {} now.", after.address, after.quota));
    let undo = set_back(&before, &after, back);
    let flash = if is_undo { flash } else { flash.undone_by(undo) };
    let next = match back.as_str() {
        "domain" => format!("/domains/{}", after.address.domain()),
        _ => mail::mailbox_path(&after),
    };
    visitor.tell(&next, flash).await
}

fn set_back(before: &Mailbox, after: &Mailbox, back: &str) -> Undo {
    let to = words::query(&before.quota.to_string());
    let back = if back == "domain" { "&back=domain" } else { "" };
    Undo {
        action: format!("{}/quota?to={to}{back}", mail::mailbox_path(after)),
        label: "Undo".to_owned(),
        what: " changing the space".to_owned(),
        version: after.version.to_string(),
    }
}

/// A new address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct NewAddress {
    local_part: String,
    keep_old: String,
}

pub(in crate::http::web) async fn ask_address(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    show_rename(&visitor, &at, StatusCode::OK, None).await
}

async fn show_rename(visitor: &Visitor, at: &MailboxRef, status: StatusCode, sent: Option<Form>) -> Answer {
    let (mailbox, place) = open::<MailboxRename>(visitor, at).await?;
    let name = mailbox.address.domain();
    let filled = || Form::default().with("local_part", mailbox.address.local().as_str());
    page_with(
        status,
        &Rename {
            chrome: chrome(visitor, &mailbox, &place).await?,
            domain: DomainRef {
                name: name.to_unicode(),
                path: format!("/domains/{name}"),
                version: String::new(),
            },
            form: sent.unwrap_or_else(filled),
            mailbox: mail::mailbox_ref(&mailbox),
        },
    )
}

pub(in crate::http::web) async fn rename(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<NewAddress>,
) -> Answer {
    match readdress(&visitor, &at, &form).await {
        Ok(after) => {
            let flash = Flash::done(format!("The address is {} now.", after.address));
            visitor.tell(&mail::mailbox_path(&after), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_rename(&visitor, &at, status, Some(form)).await
        }
    }
}

async fn readdress(
    visitor: &Visitor,
    at: &MailboxRef,
    form: &CsrfForm<NewAddress>,
) -> Result<Mailbox, Error> {
    let mut reader = Reader::default();
    let typed = form.content.local_part.trim();
    let local = reader.check("local_part", visitor.app.addresses.local_part(typed));
    reader.finish()?;
    let local = super::super::forms::read(local)?;
    let call = visitor.expecting(form.version);
    let keep = ticked(&form.content.keep_old);
    Ok(mailboxes::rename(&visitor.app, &call, at, local, keep)
        .await?
        .value)
}

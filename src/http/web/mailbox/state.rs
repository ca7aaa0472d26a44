//! Whether a mailbox is in use: suspend, resume, delete, restore; and all that happened to it.

use axum::extract::Query;
use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page, page_with};
use super::super::forms::{CsrfForm, Plain, Reader, read};
use super::super::pages::common::{Activity, Confirm};
use super::super::pages::mailbox::MailboxSuspend as SuspendPage;
use super::super::paging::{Wanted, pager};
use super::super::view::history::row;
use super::super::view::{Flash, Form, Link, Undo, mail, words};
use super::super::visitor::{At, Visitor};
use super::{chrome, open};
use crate::access::{AuditRead, MailboxDelete, MailboxSuspend};
use crate::error::Error;
use crate::model::{Mailbox, Reason};
use crate::service::mailboxes::MailboxRef;
use crate::service::{audit, mailboxes};

/// Why, and what becomes of mail.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    reason: String,
    receive: String,
}

pub(in crate::http::web) async fn ask_suspend(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    show_suspend(&visitor, &at, StatusCode::OK, Form::default()).await
}

async fn show_suspend(visitor: &Visitor, at: &MailboxRef, status: StatusCode, form: Form) -> Answer {
    let (mailbox, place) = open::<MailboxSuspend>(visitor, at).await?;
    page_with(
        status,
        &SuspendPage {
            chrome: chrome(visitor, &mailbox, &place).await?,
            mailbox: mail::mailbox_ref(&mailbox),
            form,
        },
    )
}

pub(in crate::http::web) async fn suspend(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<Typed>,
) -> Answer {
    match switch_off(&visitor, &at, &form).await {
        Ok(mailbox) => {
            let flash = Flash::done(format!("{} is suspended.", mailbox.address));
            let flash = flash.undone_by(back(&mailbox, "resume", " suspending"));
            visitor.tell(&mail::mailbox_path(&mailbox), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_suspend(&visitor, &at, status, form).await
        }
    }
}

async fn switch_off(visitor: &Visitor, at: &MailboxRef, form: &CsrfForm<Typed>) -> Result<Mailbox, Error> {
    let mut reader = Reader::default();
    let reason: Option<Reason> = reader.required("reason", &form.content.reason);
    reader.finish()?;
    let receive = form.content.receive != "no";
    let call = visitor.expecting(form.version);
    let done = mailboxes::suspend(&visitor.app, &call, at, read(reason)?, receive, None).await?;
    Ok(done.value)
}

fn back(mailbox: &Mailbox, verb: &str, what: &str) -> Undo {
    let version = if mailbox.deleted.is_some() {
        String::new()
    } else {
        mailbox.version.to_string()
    };
    Undo {
        action: format!("{}/{verb}", mail::mailbox_path(mailbox)),
        label: "Undo".to_owned(),
        what: what.to_owned(),
        version,
    }
}

pub(in crate::http::web) async fn resume(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let mailbox = mailboxes::resume(&visitor.app, &call, &at).await?.value;
    let flash = Flash::done(format!("{} can be used again.", mailbox.address));
    visitor.tell(&mail::mailbox_path(&mailbox), flash).await
}

pub(in crate::http::web) async fn ask_delete(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    show_delete(&visitor, &at, StatusCode::OK, Form::default()).await
}

async fn show_delete(visitor: &Visitor, at: &MailboxRef, status: StatusCode, form: Form) -> Answer {
    let (mailbox, place) = open::<MailboxDelete>(visitor, at).await?;
    let path = mail::mailbox_path(&mailbox);
    let name = mailbox.address.to_unicode();
    let purge = words::date(visitor.app.purge_at(), visitor.now()).words;
    page_with(
        status,
        &Confirm {
            chrome: chrome(visitor, &mailbox, &place).await?,
            form,
            title: format!("Delete {name}"),
            back: Link::new(&path, name),
            action: format!("{path}/delete"),
            version: mailbox.version.to_string(),
            lead: format!("The mailbox goes to the bin. Until {purge} it can be restored with all its mail."),
            effects: vec![
                "Nobody can sign in, and senders get their mail back, from now on.".to_owned(),
                "Aliases that lead only here stop working.".to_owned(),
                format!("On {purge} its mail is gone for good."),
            ],
            typed: String::new(),
            button: "Delete mailbox".to_owned(),
        },
    )
}

pub(in crate::http::web) async fn delete(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    match mailboxes::delete(&visitor.app, &call, &at).await {
        Ok(done) => {
            let mailbox = done.value;
            let until = mailbox
                .deleted
                .map(|deleted| words::date(deleted.purge_at, visitor.now()).words);
            let text = format!(
                "{} was deleted. You can bring it back until {}.",
                mailbox.address,
                until.unwrap_or_default()
            );
            let flash = Flash::done(text).undone_by(back(&mailbox, "restore", " deleting"));
            let path = format!("/domains/{}/mailboxes", mailbox.address.domain());
            visitor.tell(&path, flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_delete(&visitor, &at, status, form).await
        }
    }
}

pub(in crate::http::web) async fn restore(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let mailbox = mailboxes::restore(&visitor.app, &call, &at).await?.value;
    let flash = Flash::done(format!("{} is back, with its mail.", mailbox.address));
    visitor.tell(&mail::mailbox_path(&mailbox), flash).await
}

pub(in crate::http::web) async fn activity(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let (mailbox, place) = open::<AuditRead>(&visitor, &at).await?;
    let (id, request) = (mailbox.id.uuid(), wanted.page()?);
    let found = audit::of_subject(&visitor.app, &visitor.call, place.clone(), id, &request).await?;
    let path = mail::mailbox_path(&mailbox);
    let name = mailbox.address.to_unicode();
    page(&Activity {
        chrome: chrome(&visitor, &mailbox, &place).await?,
        place: name.clone(),
        back: Link::new(&path, name),
        action: format!("{path}/activity"),
        filter: None,
        checkable: false,
        filtered: false,
        rows: found
            .items
            .iter()
            .map(|event| row(event, visitor.now()))
            .collect(),
        pager: pager(&found, &wanted, &format!("{path}/activity"), &[]),
    })
}

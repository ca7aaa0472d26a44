//! How the owner of a mailbox gets in: a new password, or a link to choose one.

use serde::Deserialize;

use super::super::answer::{Answer, page};
use super::super::forms::CsrfForm;
use super::super::mailboxes::new::link;
use super::super::pages::mailbox::{MailboxPassword, MailboxPasswordDone};
use super::super::view::{Flash, Form, mail};
use super::super::visitor::{At, Visitor};
use super::{chrome, open};
use crate::access::MailboxResetPassword;
use crate::error::Error;
use crate::http::session::Shown;
use crate::service::mailboxes;
use crate::service::mailboxes::MailboxRef;

pub(in crate::http::web) async fn ask(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    let (mailbox, place) = open::<MailboxResetPassword>(&visitor, &at).await?;
    page(&MailboxPassword {
        chrome: chrome(&visitor, &mailbox, &place).await?,
        mailbox: mail::mailbox_ref(&mailbox),
        form: Form::default(),
    })
}

/// Which of the two ways.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Way {
    kind: String,
}

pub(in crate::http::web) async fn reset(
    visitor: Visitor,
    At(at): At<MailboxRef>,
    form: CsrfForm<Way>,
) -> Answer {
    let secret = match form.content.kind.as_str() {
        "link" => new_link(&visitor, &at).await?,
        _ => new_password(&visitor, &at).await?,
    };
    visitor.show_once(secret).await
}

async fn new_link(visitor: &Visitor, at: &MailboxRef) -> Result<Shown, Error> {
    let (done, link) = mailboxes::make_setup_link(&visitor.app, &visitor.call, at).await?;
    Ok(Shown {
        path: format!("{}/password/done", mail::mailbox_path(&done.value)),
        link: link.url,
        until: Some(link.expires_at),
        ..Shown::default()
    })
}

async fn new_password(visitor: &Visitor, at: &MailboxRef) -> Result<Shown, Error> {
    let (done, password) = mailboxes::reset_to_words(&visitor.app, &visitor.call, at).await?;
    Ok(Shown {
        path: format!("{}/password/done", mail::mailbox_path(&done.value)),
        password: password.expose().to_owned(),
        ..Shown::default()
    })
}

pub(in crate::http::web) async fn done(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    let (mailbox, place) = open::<MailboxResetPassword>(&visitor, &at).await?;
    let Some(secret) = visitor.secret().await? else {
        let text = "What was made was shown once, and nobody can look it up. Make a new one if it is lost.";
        let path = format!("{}/password", mail::mailbox_path(&mailbox));
        return visitor.tell(&path, Flash::done(text)).await;
    };
    let title = if secret.link.is_empty() {
        "New password"
    } else {
        "Set-up link"
    };
    page(&MailboxPasswordDone {
        chrome: chrome(&visitor, &mailbox, &place).await?,
        mailbox: mail::mailbox_ref(&mailbox),
        title: title.to_owned(),
        link: link(&secret, visitor.now()),
        password: (!secret.password.is_empty()).then_some(secret.password),
    })
}

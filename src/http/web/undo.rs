//! Taking back what happened: one button, wherever something is told.

use super::answer::Answer;
use super::forms::{CsrfForm, Plain};
use super::view::{Flash, mail};
use super::visitor::{At, Visitor};
use crate::error::Error;
use crate::model::EventId;
use crate::service::mailboxes::MailboxRef;
use crate::service::undo::{self, Thing};
use crate::service::{aliases, domains, mailboxes};

/// Takes back one thing that happened, and shows what it happened to.
pub(super) async fn take_back(visitor: Visitor, At(event): At<EventId>, _form: CsrfForm<Plain>) -> Answer {
    let undone = undo::undo(&visitor.app, &visitor.call, event).await?.value;
    let (name, path) = now(&visitor, &undone.thing).await?;
    let flash = Flash::done(format!("It is taken back. {name} is as before."));
    visitor.tell(&path, flash).await
}

/// What the thing is called now, and where its page is.
async fn now(visitor: &Visitor, thing: &Thing) -> Result<(String, String), Error> {
    let (app, call) = (&visitor.app, &visitor.call);
    Ok(match thing {
        Thing::Mailbox(was) => {
            let (mailbox, _) = mailboxes::get(app, call, &MailboxRef::Id(was.id)).await?;
            (mailbox.address.to_string(), mail::mailbox_path(&mailbox))
        }
        Thing::Alias(was) => {
            let (alias, _) = aliases::get(app, call, &aliases::AliasRef::Id(was.id)).await?;
            (alias.address.to_string(), mail::alias_path(&alias))
        }
        Thing::Domain(was) => {
            // Who handed a domain back may not see it any more.
            let path = match domains::by_id(app, call, was.id).await {
                Ok((domain, _)) => format!("/domains/{}", domain.name),
                Err(_) => "/domains".to_owned(),
            };
            (was.name.to_string(), path)
        }
        Thing::Org(was) => (was.name.to_string(), format!("/orgs/{}", was.id)),
        Thing::Person(was) => (was.name.to_string(), format!("/accounts/{}", was.id)),
    })
}

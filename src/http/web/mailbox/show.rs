//! The page of a mailbox: what is wrong with it, what can be done, what happened, what is known.

use axum::response::Response;

use super::super::answer::{Answer, page, see};
use super::super::nav::Here;
use super::super::pages::mailbox::{MailboxPage, MailboxVerbs};
use super::super::view::{Fact, Happening, Link, cluster, history, mail, words};
use super::super::visitor::{At, Visitor};
use crate::access::{
    Actor, AliasRead, AuditRead, DomainRead, MailboxDelete, MailboxRename, MailboxResetPassword,
    MailboxSetQuota, MailboxSuspend, MailboxUpdate, Place,
};
use crate::error::Error;
use crate::model::{Mailbox, Timestamp};
use crate::service::mailboxes::{Inverse, MailboxRef};
use crate::service::{aliases, audit, mailboxes, provisioning};
use crate::store::PageRequest;

/// Lines of the timeline on the page itself.
const LINES: usize = 12;

pub(in crate::http::web) async fn show(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    match mailboxes::get(&visitor.app, &visitor.call, &at).await {
        Ok((mailbox, permit)) => page(&content(&visitor, &mailbox, permit.place()).await?),
        Err(Error::NotFound(what)) => in_the_bin(&visitor, &at)
            .await
            .ok_or(Error::NotFound(what).into()),
        Err(error) => Err(error.into()),
    }
}

/// To what is in the bin under this address, which nobody has now.
async fn in_the_bin(visitor: &Visitor, at: &MailboxRef) -> Option<Response> {
    let MailboxRef::Address(address) = at else {
        return None;
    };
    let found = mailboxes::get_deleted(&visitor.app, &visitor.call, address).await;
    found.ok().map(|mailbox| see(&mail::mailbox_path(&mailbox)))
}

async fn content(visitor: &Visitor, mailbox: &Mailbox, place: &Place) -> Result<MailboxPage, Error> {
    let (app, now) = (&visitor.app, visitor.now());
    let (domain, _) = app
        .domain::<DomainRead>(&visitor.call, mailbox.address.domain())
        .await?;
    let states = provisioning::states_of(app, mailbox.id.uuid()).await?;
    let path = mail::mailbox_path(mailbox);
    let reads = visitor.actor().may::<AuditRead>(place);
    let here = Here::Domain(mailbox.address.domain().as_str(), place, "Mailboxes");
    Ok(MailboxPage {
        chrome: visitor.chrome(&here).await?,
        domain: mail::domain_ref(&domain),
        mailbox: mail::mailbox_ref(mailbox),
        badges: mail::mailbox_badges(mailbox),
        can: verbs(visitor, mailbox, place),
        notes: mail::mailbox_notes(mailbox, &domain, now),
        timeline: timeline(visitor, mailbox, place).await?,
        activity: if reads {
            format!("{path}/activity")
        } else {
            String::new()
        },
        space: mail::mailbox_space(mailbox),
        aliases: also(visitor, mailbox, place).await?,
        forwarding: mail::forwarding(mailbox, now),
        protocols: mail::protocols(mailbox.protocols),
        last_login: mail::last_login(mailbox, now),
        facts: facts(mailbox, now),
        targets: cluster::targets(&states, visitor.actor(), now),
    })
}

fn verbs(visitor: &Visitor, mailbox: &Mailbox, place: &Place) -> MailboxVerbs {
    let actor = visitor.actor();
    if mailbox.deleted.is_some() {
        return MailboxVerbs {
            restore: actor.may::<MailboxDelete>(place),
            ..MailboxVerbs::default()
        };
    }
    let (updates, suspends) = (
        actor.may::<MailboxUpdate>(place),
        actor.may::<MailboxSuspend>(place),
    );
    let suspended = mailbox.suspension.is_some();
    MailboxVerbs {
        restore: false,
        reset_password: actor.may::<MailboxResetPassword>(place),
        forward: updates,
        leave: suspends && !suspended,
        edit: updates,
        rename: actor.may::<MailboxRename>(place),
        suspend: suspends && !suspended,
        resume: suspends && suspended,
        delete: actor.may::<MailboxDelete>(place),
    }
}

async fn timeline(visitor: &Visitor, mailbox: &Mailbox, place: &Place) -> Result<Vec<Happening>, Error> {
    if !visitor.actor().may::<AuditRead>(place) {
        return Ok(Vec::new());
    }
    let first = PageRequest::first(LINES);
    let id = mailbox.id.uuid();
    let found = audit::of_subject(&visitor.app, &visitor.call, place.clone(), id, &first).await?;
    let inverses = mailboxes::inverses(&found.items, mailbox);
    let lines = found.items.iter().zip(inverses).map(|(event, inverse)| {
        let inverse = inverse.filter(|inverse| may(visitor.actor(), inverse, place));
        Happening {
            undo: inverse.map(|inverse| history::undo_of(event, &inverse)),
            ..history::happening(event, visitor.now())
        }
    });
    Ok(lines.collect())
}

fn may(actor: &Actor, inverse: &Inverse, place: &Place) -> bool {
    match inverse {
        Inverse::Update(patch) => {
            let is_free = patch.quota.is_none() || actor.may::<MailboxSetQuota>(place);
            is_free && actor.may::<MailboxUpdate>(place)
        }
        Inverse::Forward(_) | Inverse::EndForwarding => actor.may::<MailboxUpdate>(place),
        Inverse::Rename(_) => actor.may::<MailboxRename>(place),
        Inverse::Resume => actor.may::<MailboxSuspend>(place),
        Inverse::Restore => actor.may::<MailboxDelete>(place),
    }
}

async fn also(visitor: &Visitor, mailbox: &Mailbox, place: &Place) -> Result<Vec<Link>, Error> {
    if !visitor.actor().may::<AliasRead>(place) || mailbox.deleted.is_some() {
        return Ok(Vec::new());
    }
    let found = aliases::to_address(&visitor.app, &visitor.call, &mailbox.address).await?;
    let link = |address: &String| Link::new(format!("/aliases/{address}"), address.as_str());
    Ok(found.iter().map(link).collect())
}

fn facts(mailbox: &Mailbox, now: Timestamp) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(usage) = mailbox.usage {
        let counted = words::moment(usage.as_of, now).words;
        let text = format!(
            "{}, as of {counted}",
            words::count(usage.messages, "message", "messages")
        );
        facts.push(Fact::new("Holds", text));
    }
    if let Some(id) = &mailbox.external_id {
        facts.push(Fact::new("External id", id.as_str()));
    }
    if !mailbox.labels.is_empty() {
        let labels: Vec<String> = mailbox.labels.iter().map(ToString::to_string).collect();
        facts.push(Fact::new("Labels", labels.join(", ")));
    }
    facts.push(Fact::new("Node", mailbox.node.as_str()));
    facts.push(Fact::new("Added", words::date(mailbox.created_at, now).words));
    facts
}

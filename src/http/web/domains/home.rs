//! The page of a domain: what needs attention, three verbs, what is nearly full, what happened.

use super::super::answer::{Answer, page};
use super::super::nav::Here;
use super::super::pages::domains::{DomainHome, DomainVerbs, MoreSpace, NearlyFull};
use super::super::view::history::{happening_to, with_undo};
use super::super::view::{Fact, Happening, Link, Note, cluster, mail, words};
use super::super::visitor::{At, Visitor};
use crate::access::{
    AccountInvite, AccountRead, AuditRead, DomainDelete, DomainRead, GrantManage, MailboxCreate, MailboxRead,
    MailboxResetPassword, MailboxSetQuota, MailboxSuspend, OrgRead, Permit, Place,
};
use crate::error::Error;
use crate::model::{Domain, DomainName, Mailbox, Quota};
use crate::service::mailboxes::Inside;
use crate::service::undo::Thing;
use crate::service::{audit, domains, mailboxes, orgs, provisioning};
use crate::store::{MailboxFilter, MailboxSort, PageRequest};

/// What is added to a mailbox that is nearly full, where new mailboxes get no fixed space: 5 GB.
const USUAL_STEP: i64 = 5 << 30;

pub(in crate::http::web) async fn show(visitor: Visitor, At(name): At<DomainName>) -> Answer {
    let (domain, permit) = domains::get(&visitor.app, &visitor.call, &name).await?;
    let content = content(&visitor, domain, permit).await?;
    page(&content)
}

async fn content(visitor: &Visitor, domain: Domain, permit: Permit<DomainRead>) -> Result<DomainHome, Error> {
    let place = permit.place().clone();
    let now = visitor.now();
    let nearly_full = nearly_full(visitor, &domain, &place).await?;
    let mut notes = mail::domain_notes(&domain, now);
    notes.extend(full(&nearly_full));
    let states = provisioning::states_of(&visitor.app, domain.id.uuid()).await?;
    let reference = mail::domain_ref(&domain);
    let here = Here::Domain(domain.name.as_str(), &place, "Overview");
    Ok(DomainHome {
        chrome: visitor.chrome(&here).await?,
        org: org(visitor, &domain).await?,
        summary: summary(&domain),
        notes,
        can: verbs(visitor, &domain, &place),
        empty: domain.usage.mailboxes == 0 && domain.deleted.is_none(),
        nearly_full: rows(visitor, &domain, &place, &nearly_full),
        changes: changes(visitor, &domain, &place).await?,
        space: mail::promised(&domain.limits, &domain.usage),
        facts: facts(visitor, &domain).await?,
        targets: cluster::targets(&states, visitor.actor(), now),
        domain_name: domain.name.to_string(),
        domain: reference,
    })
}

fn verbs(visitor: &Visitor, domain: &Domain, place: &Place) -> DomainVerbs {
    let (actor, live) = (visitor.actor(), domain.deleted.is_none());
    let some = domain.usage.mailboxes > 0;
    DomainVerbs {
        create: live && actor.may::<MailboxCreate>(place),
        reset_password: live && some && actor.may::<MailboxResetPassword>(place),
        leave: live && some && actor.may::<MailboxSuspend>(place),
        restore: !live && actor.may::<DomainDelete>(place),
        see_mailboxes: actor.may::<MailboxRead>(place),
        see_people: actor.may::<AccountRead>(place),
        invite: live && actor.may::<AccountInvite>(place) && actor.may::<GrantManage>(place),
    }
}

async fn org(visitor: &Visitor, domain: &Domain) -> Result<Option<Link>, Error> {
    if !visitor.actor().may_anywhere::<OrgRead>() {
        return Ok(None);
    }
    match orgs::get(&visitor.app, &visitor.call, domain.org_id).await {
        Ok((org, _)) => Ok(Some(Link::new(format!("/orgs/{}", org.id), org.name.as_str()))),
        Err(Error::NotFound(_) | Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn summary(domain: &Domain) -> String {
    let mailboxes = words::count(domain.usage.mailboxes, "mailbox", "mailboxes");
    let aliases = words::count(domain.usage.aliases, "other address", "other addresses");
    let text = format!("{mailboxes} · {aliases}");
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), characters.as_str())
}

async fn nearly_full(visitor: &Visitor, domain: &Domain, place: &Place) -> Result<Vec<Mailbox>, Error> {
    if !visitor.actor().may::<MailboxRead>(place) || domain.deleted.is_some() {
        return Ok(Vec::new());
    }
    let fullest = MailboxFilter {
        sort: MailboxSort::Fullest,
        ..MailboxFilter::default()
    };
    let inside = Inside::Domain(domain.name.clone());
    let first = PageRequest::first(8);
    let found = mailboxes::list(&visitor.app, &visitor.call, &inside, &fullest, &first).await?;
    Ok(found.items)
}

fn full(nearly_full: &[Mailbox]) -> Option<Note> {
    let full: Vec<String> = nearly_full
        .iter()
        .filter(|mailbox| mailbox.percent().is_some_and(|percent| percent >= 100))
        .map(|mailbox| mailbox.address.to_unicode())
        .collect();
    let title = match full.len() {
        0 => return None,
        1 => "One mailbox is full".to_owned(),
        many => format!("{many} mailboxes are full"),
    };
    let verb = if full.len() == 1 { "refuses" } else { "refuse" };
    Some(Note {
        kind: "warn",
        icon: "triangle-alert",
        title,
        text: format!("{} {verb} mail. Give more space below.", words::list(&full, 3)),
        links: Vec::new(),
    })
}

fn rows(visitor: &Visitor, domain: &Domain, place: &Place, mailboxes: &[Mailbox]) -> Vec<NearlyFull> {
    let may = visitor.actor().may::<MailboxSetQuota>(place);
    let row = |mailbox: &Mailbox| NearlyFull {
        path: mail::mailbox_path(mailbox),
        address: mailbox.address.to_unicode(),
        name: mailbox.display_name.to_string(),
        version: mailbox.version.to_string(),
        space: mail::mailbox_space(mailbox),
        more: if may { more_space(domain, mailbox) } else { None },
    };
    mailboxes.iter().map(row).collect()
}

/// As much again as a new mailbox gets.
pub(in crate::http::web) fn more_space(domain: &Domain, mailbox: &Mailbox) -> Option<MoreSpace> {
    let usual = match domain.default_quota {
        Quota::Bytes(bytes) if bytes.get() > 0 => bytes.get(),
        Quota::Bytes(_) | Quota::Unlimited => USUAL_STEP,
    };
    let step = Quota::Bytes(usual.try_into().ok()?);
    let raised = match mailbox.quota {
        Quota::Unlimited => return None,
        quota @ Quota::Bytes(_) => quota.checked_add(step)?,
    };
    Some(MoreSpace {
        quota: raised.to_string(),
        label: format!("Give {step} more"),
    })
}

async fn changes(visitor: &Visitor, domain: &Domain, place: &Place) -> Result<Option<Vec<Happening>>, Error> {
    if !visitor.actor().may::<AuditRead>(place) {
        return Ok(None);
    }
    let inside = Inside::Domain(domain.name.clone());
    let found = audit::list(&visitor.app, &visitor.call, &inside, &PageRequest::first(8)).await?;
    let lines = found.items.iter().map(|event| happening_to(event, visitor.now()));
    let thing = Thing::Domain(Box::new(domain.clone()));
    let lines = with_undo(lines.collect(), &found.items, &thing, (visitor.actor(), place));
    Ok(Some(lines))
}

async fn facts(visitor: &Visitor, domain: &Domain) -> Result<Vec<Fact>, Error> {
    let (_, aliases) = domains::aliases(&visitor.app, &visitor.call, &domain.name).await?;
    let mut facts = vec![
        Fact::new(
            "Mailboxes",
            words::used_of(domain.usage.mailboxes, domain.limits.mailboxes),
        ),
        Fact::new(
            "Aliases",
            words::used_of(domain.usage.aliases, domain.limits.aliases),
        ),
        Fact::new("New mailboxes get", domain.default_quota.to_string()),
    ];
    if !aliases.is_empty() {
        let names: Vec<String> = aliases.iter().map(|alias| alias.name.to_unicode()).collect();
        facts.push(Fact::new("Other names", words::list(&names, 5)));
    }
    if !domain.note.is_empty() {
        facts.push(Fact::new("Note", domain.note.as_str()));
    }
    Ok(facts)
}

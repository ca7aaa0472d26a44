//! The customers that somebody may see, and one of them.

use axum::extract::Query;
use serde::Deserialize;

use super::super::answer::{Answer, page};
use super::super::nav::Here;
use super::super::pages::orgs::{OrgPage, OrgRef, OrgRow, OrgVerbs, Orgs, Person};
use super::super::paging::{Wanted, pager};
use super::super::view::history::{happening_to, with_undo};
use super::super::view::{Happening, Link, Note, mail, words};
use super::super::visitor::{At, Visitor};
use crate::access::{
    AccountInvite, AccountRead, AuditRead, DomainCreate, GrantManage, OrgCreate, OrgDelete, OrgSuspend,
    OrgUpdate, Place, SupportAssist,
};
use crate::error::Error;
use crate::model::{Org, OrgId, OrgKind};
use crate::service::mailboxes::Inside;
use crate::service::undo::Thing;
use crate::service::{accounts, audit, domains, orgs};
use crate::store::{MailboxFilter, PageRequest, normalise};

/// Customers below this one that its page names.
const MOST_BELOW: usize = 20;

/// What the URL of the list says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Asked {
    filter: String,
    #[serde(flatten)]
    wanted: Wanted,
}

pub(in crate::http::web) async fn list(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let prefix = normalise(&asked.filter);
    let filter = MailboxFilter {
        prefix: (!prefix.is_empty()).then_some(prefix),
        ..MailboxFilter::default()
    };
    let found = orgs::list(&visitor.app, &visitor.call, &filter, &asked.wanted.page()?).await?;
    page(&Orgs {
        chrome: visitor.chrome(&Here::Everything("Customers")).await?,
        summary: String::new(),
        can_create: visitor.actor().may_anywhere::<OrgCreate>(),
        rows: found.items.iter().map(row).collect(),
        pager: pager(&found, &asked.wanted, "/orgs", &[("filter", &asked.filter)]),
        filter: asked.filter,
    })
}

fn row(org: &Org) -> OrgRow {
    OrgRow {
        name: org.name.to_string(),
        path: format!("/orgs/{}", org.id),
        detail: kind(org).to_owned(),
        badges: vec![mail::org_badge(org)],
        domains: words::used_of(org.usage.domains, org.limits.domains),
        mailboxes: words::used_of(org.usage.mailboxes, org.limits.mailboxes),
        space: mail::promised(&org.limits, &org.usage),
    }
}

fn kind(org: &Org) -> &'static str {
    match org.kind {
        OrgKind::Provider => "Provider",
        OrgKind::Reseller => "Reseller",
        OrgKind::Customer => "Customer",
    }
}

pub(in crate::http::web) async fn show(
    visitor: Visitor,
    At(id): At<OrgId>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let (org, permit) = orgs::get(&visitor.app, &visitor.call, id).await?;
    page(&content(&visitor, &org, permit.place(), &wanted).await?)
}

async fn content(visitor: &Visitor, org: &Org, place: &Place, wanted: &Wanted) -> Result<OrgPage, Error> {
    let (app, call) = (&visitor.app, &visitor.call);
    let (inside, all) = (Inside::Org(org.id), MailboxFilter::default());
    let held = domains::list(app, call, &inside, &all, &wanted.page()?).await?;
    let below = orgs::below(app, call, org.id, &PageRequest::first(MOST_BELOW)).await?;
    let number = org.external_id.as_ref().map(|id| format!(" {}", id.as_str()));
    Ok(OrgPage {
        chrome: visitor.chrome(&Here::Everything("Customers")).await?,
        org: reference(org),
        back: Link::new("/orgs", "Customers"),
        badges: vec![mail::org_badge(org)],
        summary: format!("{}{}", kind(org), number.unwrap_or_default()),
        can: verbs(visitor, org, place),
        notes: notes(visitor, org),
        rows: held.items.iter().map(mail::domain_row).collect(),
        pager: pager(&held, wanted, &format!("/orgs/{}", org.id), &[]),
        changes: changes(visitor, org, place).await?,
        space: mail::promised(&org.limits, &org.usage),
        limits: mail::limit_facts(&org.limits, &org.usage, true),
        children: below.items.iter().map(link).collect(),
        people: people(visitor, org, place).await?,
    })
}

fn link(org: &Org) -> Link {
    Link::new(format!("/orgs/{}", org.id), org.name.as_str())
}

/// A customer as pages name it.
pub(super) fn reference(org: &Org) -> OrgRef {
    OrgRef {
        name: org.name.to_string(),
        slug: org.id.to_string(),
        path: format!("/orgs/{}", org.id),
        version: org.version.to_string(),
    }
}

fn verbs(visitor: &Visitor, org: &Org, place: &Place) -> OrgVerbs {
    let actor = visitor.actor();
    if org.deleted.is_some() {
        return OrgVerbs {
            restore: actor.may::<OrgDelete>(place),
            ..OrgVerbs::default()
        };
    }
    let own = org.kind != OrgKind::Provider;
    let (suspends, off) = (own && actor.may::<OrgSuspend>(place), org.suspension.is_some());
    OrgVerbs {
        add_domain: actor.may::<DomainCreate>(place),
        add_org: org.kind != OrgKind::Customer && actor.may::<OrgCreate>(place),
        assist: own && actor.may::<SupportAssist>(place),
        update: actor.may::<OrgUpdate>(place),
        suspend: suspends && !off,
        resume: suspends && off,
        relocate: own && actor.may::<OrgDelete>(place),
        delete: own && actor.may::<OrgDelete>(place),
        restore: false,
        invite: actor.may::<AccountInvite>(place) && actor.may::<GrantManage>(place),
    }
}

fn notes(visitor: &Visitor, org: &Org) -> Vec<Note> {
    let now = visitor.now();
    let deleted = org
        .deleted
        .map(|deleted| mail::in_bin(deleted.purge_at, "It can be restored until then.", now));
    let off = org.suspension.as_ref().map(|off| Note {
        kind: "warn",
        icon: "circle-pause",
        title: format!(
            "Suspended since {}: {}",
            words::moment(off.at, now).words,
            off.reason
        ),
        text: if off.keeps_delivery {
            "Nobody who manages it can sign in here. Mail goes on.".to_owned()
        } else {
            "No domain below it receives mail, and nobody in them can sign in. Nothing is deleted.".to_owned()
        },
        links: Vec::new(),
    });
    deleted.into_iter().chain(off).collect()
}

async fn changes(visitor: &Visitor, org: &Org, place: &Place) -> Result<Option<Vec<Happening>>, Error> {
    if !visitor.actor().may::<AuditRead>(place) {
        return Ok(None);
    }
    let (inside, first) = (Inside::Org(org.id), PageRequest::first(8));
    let found = audit::list(&visitor.app, &visitor.call, &inside, &first).await?;
    let lines = found.items.iter().map(|event| happening_to(event, visitor.now()));
    let thing = Thing::Org(Box::new(org.clone()));
    let lines = with_undo(lines.collect(), &found.items, &thing, (visitor.actor(), place));
    Ok(Some(lines))
}

async fn people(visitor: &Visitor, org: &Org, place: &Place) -> Result<Vec<Person>, Error> {
    if !visitor.actor().may::<AccountRead>(place) {
        return Ok(Vec::new());
    }
    let found = accounts::at_org(&visitor.app, &visitor.call, org.id).await?;
    let person = |held: &crate::store::GrantRecord| Person {
        href: format!("/accounts/{}", held.given.to),
        name: held.holder.clone(),
        email: held.email.clone(),
        role: held.given.grant.role.title().to_owned(),
    };
    Ok(found.iter().map(person).collect())
}

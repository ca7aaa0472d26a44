//! What happened, and what was deleted: of a domain, a customer, or everything.

use axum::extract::Query;

use super::answer::{Answer, page};
use super::nav::Here;
use super::pages::common::{Activity, ActivityRow, Bin, BinRow};
use super::paging::{Wanted, pager};
use super::view::history::row;
use super::view::{Link, Moment, Pager, mail, words};
use super::visitor::{At, Visitor};
use crate::access::{
    AliasDelete, AliasRead, AuditRead, DomainDelete, MailboxDelete, MailboxRead, OrgDelete, OrgRead, Place,
};
use crate::error::Error;
use crate::model::{Deleted, DomainName, OrgId};
use crate::service::mailboxes::Inside;
use crate::service::{aliases, audit, domains, mailboxes, orgs};
use crate::store::{EventRecord, MailboxFilter, Page, PageRequest, StateFilter};

/// Things of one kind that a bin shows.
const MOST: usize = 100;

pub(super) async fn of_domain(
    visitor: Visitor,
    At(name): At<DomainName>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let (domain, permit) = visitor.app.domain::<AuditRead>(&visitor.call, &name).await?;
    let inside = Inside::Domain(domain.name.clone());
    let found = audit::list(&visitor.app, &visitor.call, &inside, &wanted.page()?).await?;
    let path = format!("/domains/{}", domain.name);
    let place = domain.name.to_unicode();
    page(&Activity {
        chrome: visitor
            .chrome(&Here::Domain(domain.name.as_str(), permit.place(), "Activity"))
            .await?,
        back: Link::new(&path, &place),
        place,
        rows: rows(&visitor, &found),
        pager: pager(&found, &wanted, &format!("{path}/activity"), &[]),
    })
}

pub(super) async fn of_org(visitor: Visitor, At(id): At<OrgId>, Query(wanted): Query<Wanted>) -> Answer {
    let (org, _) = orgs::get(&visitor.app, &visitor.call, id).await?;
    let found = audit::list(&visitor.app, &visitor.call, &Inside::Org(id), &wanted.page()?).await?;
    let path = format!("/orgs/{id}");
    page(&Activity {
        chrome: visitor.chrome(&Here::Everything("Customers")).await?,
        place: org.name.to_string(),
        back: Link::new(&path, org.name.as_str()),
        rows: rows(&visitor, &found),
        pager: pager(&found, &wanted, &format!("{path}/activity"), &[]),
    })
}

pub(super) async fn of_everything(visitor: Visitor, Query(wanted): Query<Wanted>) -> Answer {
    let found = audit::list(&visitor.app, &visitor.call, &Inside::Everything, &wanted.page()?).await?;
    page(&Activity {
        chrome: visitor.chrome(&Here::Everything("All activity")).await?,
        place: "the whole installation".to_owned(),
        back: Link::new("/", "Start"),
        rows: rows(&visitor, &found),
        pager: pager(&found, &wanted, "/system/activity", &[]),
    })
}

fn rows(visitor: &Visitor, found: &Page<EventRecord>) -> Vec<ActivityRow> {
    found
        .items
        .iter()
        .map(|event| row(event, visitor.now()))
        .collect()
}

fn deleted() -> MailboxFilter {
    MailboxFilter {
        state: Some(StateFilter::Deleted),
        ..MailboxFilter::default()
    }
}

pub(super) async fn bin(visitor: Visitor, At(name): At<DomainName>) -> Answer {
    let (domain, permit) = visitor.app.domain::<MailboxRead>(&visitor.call, &name).await?;
    let (place, inside) = (permit.place(), Inside::Domain(domain.name.clone()));
    let mut rows = mailboxes_in_bin(&visitor, &inside, place).await?;
    if visitor.actor().may::<AliasRead>(place) {
        rows.extend(aliases_in_bin(&visitor, &inside, place).await?);
    }
    let here = Here::Domain(domain.name.as_str(), place, "Bin");
    let title = domain.name.to_unicode();
    page(&Bin {
        chrome: visitor.chrome(&here).await?,
        back: Link::new(format!("/domains/{}", domain.name), &title),
        place: title,
        rows: newest_first(rows),
        pager: Pager::default(),
    })
}

async fn mailboxes_in_bin(visitor: &Visitor, inside: &Inside, place: &Place) -> Result<Vec<BinRow>, Error> {
    let may = visitor.actor().may::<MailboxDelete>(place);
    let first = PageRequest::first(MOST);
    let found = mailboxes::list(&visitor.app, &visitor.call, inside, &deleted(), &first).await?;
    let rows = found.items.iter().map(|mailbox| {
        let path = mail::mailbox_path(mailbox);
        BinRow {
            name: mailbox.address.to_unicode(),
            detail: mailbox.display_name.to_string(),
            restore: may.then(|| format!("{path}/restore")),
            href: path,
            kind: "Mailbox".to_owned(),
            ..when(visitor, mailbox.deleted)
        }
    });
    Ok(rows.collect())
}

async fn aliases_in_bin(visitor: &Visitor, inside: &Inside, place: &Place) -> Result<Vec<BinRow>, Error> {
    let may = visitor.actor().may::<AliasDelete>(place);
    let first = PageRequest::first(MOST);
    let found = aliases::list(&visitor.app, &visitor.call, inside, &deleted(), &first).await?;
    let rows = found.items.iter().map(|alias| {
        let path = mail::alias_path(alias);
        let to: Vec<String> = alias.destinations.iter().map(ToString::to_string).collect();
        BinRow {
            name: alias.address.to_string(),
            detail: words::list(&to, 3),
            restore: may.then(|| format!("{path}/restore")),
            href: path,
            kind: "Address".to_owned(),
            ..when(visitor, alias.deleted)
        }
    });
    Ok(rows.collect())
}

/// Deleted domains and customers.
pub(super) async fn bin_of_everything(visitor: Visitor) -> Answer {
    let mut rows = domains_in_bin(&visitor).await?;
    if visitor.actor().may_anywhere::<OrgRead>() {
        rows.extend(orgs_in_bin(&visitor).await?);
    }
    page(&Bin {
        chrome: visitor.chrome(&Here::Everything("Deleted domains")).await?,
        place: "your domains".to_owned(),
        back: Link::new("/domains", "Domains"),
        rows: newest_first(rows),
        pager: Pager::default(),
    })
}

async fn domains_in_bin(visitor: &Visitor) -> Result<Vec<BinRow>, Error> {
    let may = visitor.actor().may_anywhere::<DomainDelete>();
    let (inside, first) = (Inside::Everything, PageRequest::first(MOST));
    let found = domains::list(&visitor.app, &visitor.call, &inside, &deleted(), &first).await?;
    let rows = found.items.iter().map(|domain| {
        let path = format!("/domains/{}", domain.name);
        BinRow {
            name: domain.name.to_unicode(),
            detail: words::count(domain.usage.mailboxes, "mailbox", "mailboxes"),
            restore: may.then(|| format!("{path}/restore")),
            href: path,
            kind: "Domain".to_owned(),
            ..when(visitor, domain.deleted)
        }
    });
    Ok(rows.collect())
}

async fn orgs_in_bin(visitor: &Visitor) -> Result<Vec<BinRow>, Error> {
    let may = visitor.actor().may_anywhere::<OrgDelete>();
    let first = PageRequest::first(MOST);
    let found = orgs::list(&visitor.app, &visitor.call, &deleted(), &first).await?;
    let rows = found.items.iter().map(|org| {
        let path = format!("/orgs/{}", org.id);
        BinRow {
            name: org.name.to_string(),
            restore: may.then(|| format!("{path}/restore")),
            href: path,
            kind: "Customer".to_owned(),
            ..when(visitor, org.deleted)
        }
    });
    Ok(rows.collect())
}

fn when(visitor: &Visitor, deleted: Option<Deleted>) -> BinRow {
    let moment = |at| words::moment(at, visitor.now());
    BinRow {
        deleted: deleted.map_or_else(Moment::default, |deleted| moment(deleted.at)),
        purge: deleted.map_or_else(Moment::default, |deleted| {
            words::date(deleted.purge_at, visitor.now())
        }),
        ..BinRow::default()
    }
}

fn newest_first(mut rows: Vec<BinRow>) -> Vec<BinRow> {
    rows.sort_by(|a, b| b.deleted.exact.cmp(&a.deleted.exact));
    rows
}

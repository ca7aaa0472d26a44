//! What was deleted: of a domain, a customer, or everything.

use axum::extract::Query;

use super::answer::{Answer, page};
use super::nav::Here;
use super::pages::common::{Bin, BinRow};
use super::paging::{Turns, Wanted, pager};
use super::view::{Link, Moment, mail, words};
use super::visitor::{At, Visitor};
use crate::access::{
    AliasDelete, AliasRead, DomainDelete, MailboxDelete, MailboxRead, OrgDelete, OrgRead, Place,
};
use crate::error::Error;
use crate::model::{Deleted, DomainName};
use crate::service::mailboxes::Inside;
use crate::service::{aliases, domains, mailboxes, orgs};
use crate::store::{MailboxFilter, Page, PageRequest, StateFilter};

fn deleted() -> MailboxFilter {
    MailboxFilter {
        state: Some(StateFilter::Deleted),
        ..MailboxFilter::default()
    }
}

/// A bin that fits on a page is told newest first; a longer one goes on name by name.
fn in_order(turns: Turns<BinRow>, wanted: &Wanted) -> Page<BinRow> {
    let mut page = turns.page();
    if page.next.is_none() && wanted.after.is_empty() {
        page.items.sort_by(|a, b| b.deleted.exact.cmp(&a.deleted.exact));
    }
    page
}

pub(super) async fn bin(visitor: Visitor, At(name): At<DomainName>, Query(wanted): Query<Wanted>) -> Answer {
    let (domain, permit) = visitor.app.domain::<MailboxRead>(&visitor.call, &name).await?;
    let (place, inside) = (permit.place(), Inside::Domain(domain.name.clone()));
    let lists = if visitor.actor().may::<AliasRead>(place) {
        2
    } else {
        1
    };
    let mut turns = Turns::new(&wanted.page()?, lists);
    while let Some((list, request)) = turns.next() {
        turns.add(match list {
            0 => mailboxes_in_bin(&visitor, &inside, place, &request).await?,
            _ => aliases_in_bin(&visitor, &inside, place, &request).await?,
        });
    }
    let found = in_order(turns, &wanted);
    let here = Here::Domain(domain.name.as_str(), place, "Bin");
    let (title, path) = (domain.name.to_unicode(), format!("/domains/{}", domain.name));
    page(&Bin {
        chrome: visitor.chrome(&here).await?,
        back: Link::new(&path, &title),
        place: title,
        pager: pager(&found, &wanted, &format!("{path}/bin"), &[]),
        rows: found.items,
    })
}

async fn mailboxes_in_bin(
    visitor: &Visitor,
    inside: &Inside,
    place: &Place,
    request: &PageRequest,
) -> Result<Page<BinRow>, Error> {
    let may = visitor.actor().may::<MailboxDelete>(place);
    let found = mailboxes::list(&visitor.app, &visitor.call, inside, &deleted(), request).await?;
    Ok(in_rows(found, |mailbox| {
        let path = mail::mailbox_path(mailbox);
        BinRow {
            name: mailbox.address.to_unicode(),
            detail: mailbox.display_name.to_string(),
            restore: may.then(|| format!("{path}/restore")),
            href: path,
            kind: "Mailbox".to_owned(),
            ..when(visitor, mailbox.deleted)
        }
    }))
}

async fn aliases_in_bin(
    visitor: &Visitor,
    inside: &Inside,
    place: &Place,
    request: &PageRequest,
) -> Result<Page<BinRow>, Error> {
    let may = visitor.actor().may::<AliasDelete>(place);
    let found = aliases::list(&visitor.app, &visitor.call, inside, &deleted(), request).await?;
    Ok(in_rows(found, |alias| {
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
    }))
}

fn in_rows<T>(found: Page<T>, row: impl Fn(&T) -> BinRow) -> Page<BinRow> {
    Page {
        items: found.items.iter().map(row).collect(),
        next: found.next,
    }
}

/// Deleted domains and customers.
pub(super) async fn bin_of_everything(visitor: Visitor, Query(wanted): Query<Wanted>) -> Answer {
    let lists = if visitor.actor().may_anywhere::<OrgRead>() {
        2
    } else {
        1
    };
    let mut turns = Turns::new(&wanted.page()?, lists);
    while let Some((list, request)) = turns.next() {
        turns.add(match list {
            0 => domains_in_bin(&visitor, &request).await?,
            _ => orgs_in_bin(&visitor, &request).await?,
        });
    }
    let found = in_order(turns, &wanted);
    page(&Bin {
        chrome: visitor.chrome(&Here::Everything("Deleted domains")).await?,
        place: "your domains".to_owned(),
        back: Link::new("/domains", "Domains"),
        pager: pager(&found, &wanted, "/bin", &[]),
        rows: found.items,
    })
}

async fn domains_in_bin(visitor: &Visitor, request: &PageRequest) -> Result<Page<BinRow>, Error> {
    let may = visitor.actor().may_anywhere::<DomainDelete>();
    let inside = Inside::Everything;
    let found = domains::list(&visitor.app, &visitor.call, &inside, &deleted(), request).await?;
    Ok(in_rows(found, |domain| {
        let path = format!("/domains/{}", domain.name);
        BinRow {
            name: domain.name.to_unicode(),
            detail: words::count(domain.usage.mailboxes, "mailbox", "mailboxes"),
            restore: may.then(|| format!("{path}/restore")),
            href: path,
            kind: "Domain".to_owned(),
            ..when(visitor, domain.deleted)
        }
    }))
}

async fn orgs_in_bin(visitor: &Visitor, request: &PageRequest) -> Result<Page<BinRow>, Error> {
    let may = visitor.actor().may_anywhere::<OrgDelete>();
    let found = orgs::list(&visitor.app, &visitor.call, &deleted(), request).await?;
    Ok(in_rows(found, |org| {
        let path = format!("/orgs/{}", org.id);
        BinRow {
            name: org.name.to_string(),
            restore: may.then(|| format!("{path}/restore")),
            href: path,
            kind: "Customer".to_owned(),
            ..when(visitor, org.deleted)
        }
    }))
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

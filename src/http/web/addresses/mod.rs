//! Aliases, groups and the catch-all of a domain.

use axum::extract::Query;
use serde::Deserialize;

use super::answer::{Answer, page};
use super::nav::Here;
use super::pages::addresses::{AddressRow, AddressVerbs, Addresses};
use super::paging::{Sieve, Wanted, pager};
use super::view::{Choice, Chrome, cluster, mail, words};
use super::visitor::{At, Visitor};
use crate::access::{AliasCatchAll, AliasRead, AliasWrite, Permit, Place};
use crate::error::Error;
use crate::model::{Alias, Domain, DomainName};
use crate::service::mailboxes::Inside;
use crate::service::{aliases, provisioning};
use crate::store::{MailboxFilter, Page, normalise};

pub(super) mod alias;
pub(super) mod catch_all;

/// What the URL of the list says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    filter: String,
    kind: String,
    #[serde(flatten)]
    wanted: Wanted,
}

pub(super) async fn list(visitor: Visitor, At(name): At<DomainName>, Query(asked): Query<Asked>) -> Answer {
    let (domain, permit) = visitor.app.domain::<AliasRead>(&visitor.call, &name).await?;
    let prefix = normalise(&asked.filter);
    let filter = MailboxFilter {
        prefix: (!prefix.is_empty()).then_some(prefix),
        ..MailboxFilter::default()
    };
    let (inside, request) = (Inside::Domain(domain.name.clone()), asked.wanted.page()?);
    let mut sieve = Sieve::new(request);
    while let Some(request) = sieve.next() {
        let found = aliases::list(&visitor.app, &visitor.call, &inside, &filter, &request).await?;
        sieve.add(found, |alias| {
            asked.kind.is_empty() || kind(alias).0 == asked.kind
        });
    }
    let found = sieve.page();
    page(&content(&visitor, &asked, (domain, permit), &found).await?)
}

async fn content(
    visitor: &Visitor,
    asked: &Asked,
    (domain, permit): (Domain, Permit<AliasRead>),
    found: &Page<Alias>,
) -> Result<Addresses, Error> {
    let (place, live) = (permit.place(), domain.deleted.is_none());
    let path = format!("/domains/{}/addresses", domain.name);
    let used = words::used_of(domain.usage.aliases, domain.limits.aliases);
    Ok(Addresses {
        chrome: chrome(visitor, &domain.name, place).await?,
        domain: mail::domain_ref(&domain),
        summary: format!("{used}, besides the mailboxes"),
        can: AddressVerbs {
            write: live && visitor.actor().may::<AliasWrite>(place),
            catch_all: live && visitor.actor().may::<AliasCatchAll>(place),
        },
        filter: asked.filter.clone(),
        kinds: KINDS
            .iter()
            .map(|(name, label)| Choice::of(name, label, &asked.kind))
            .collect(),
        filtered: !asked.filter.trim().is_empty() || !asked.kind.is_empty(),
        rows: rows(visitor, found).await?,
        pager: pager(
            found,
            &asked.wanted,
            &path,
            &[("filter", asked.filter.as_str()), ("kind", &asked.kind)],
        ),
    })
}

async fn rows(visitor: &Visitor, found: &Page<Alias>) -> Result<Vec<AddressRow>, Error> {
    let pending = found.items.iter().filter(|alias| alias.pending);
    let ids: Vec<uuid::Uuid> = pending.map(|alias| alias.id.uuid()).collect();
    let open = provisioning::open_states(&visitor.app, &ids).await?;
    let row = |alias: &Alias| {
        let state = open.get(&alias.id.uuid()).copied();
        let badges = [Some(mail::alias_badge(alias)), cluster::open_badge(state)];
        let to: Vec<String> = alias.destinations.iter().map(ToString::to_string).collect();
        AddressRow {
            address: title(alias),
            name: alias.description.as_str().to_owned(),
            href: mail::alias_path(alias),
            kind: kind(alias).1.to_owned(),
            destinations: words::list(&to, 3),
            badges: badges.into_iter().flatten().collect(),
        }
    };
    Ok(found.items.iter().map(row).collect())
}

/// How an alias is called on pages.
fn title(alias: &Alias) -> String {
    match &alias.address {
        crate::model::AliasAddress::Of(address) => address.to_unicode(),
        crate::model::AliasAddress::CatchAll(domain) => format!("*@{}", domain.to_unicode()),
    }
}

/// The kinds of addresses: how they are called in a URL, and on the page.
const KINDS: &[(&str, &str)] = &[
    ("", "Any kind"),
    ("alias", "Alias"),
    ("group", "Group"),
    ("catch-all", "Catch-all"),
];

fn kind(alias: &Alias) -> &'static (&'static str, &'static str) {
    match (alias.address.is_catch_all(), alias.destinations.len()) {
        (true, _) => &KINDS[3],
        (false, 0 | 1) => &KINDS[1],
        (false, _) => &KINDS[2],
    }
}

async fn chrome(visitor: &Visitor, domain: &DomainName, place: &Place) -> Result<Chrome, Error> {
    visitor
        .chrome(&Here::Domain(domain.as_str(), place, "Addresses"))
        .await
}

//! The table of mailboxes, and what is done to several of them at once.

use axum::extract::Query;
use serde::Deserialize;

use super::super::answer::{Answer, page, see};
use super::super::forms::CsrfForm;
use super::super::nav::Here;
use super::super::pages::mailboxes::{BulkResult, BulkRow, ListVerbs, MailboxRow, Mailboxes};
use super::super::paging::{Wanted, pager};
use super::super::view::{Badge, Choice, Undo, cluster, mail, words};
use super::super::visitor::{At, Visitor};
use crate::access::{MailboxCreate, MailboxDelete, MailboxRead, MailboxSuspend, Permit, Place};
use crate::error::Error;
use crate::model::{Domain, DomainName, Limit, Mailbox};
use crate::service::mailboxes::{Inside, MailboxRef};
use crate::service::{mailboxes, provisioning};
use crate::store::{MailboxFilter, MailboxSort, Page, StateFilter, normalise};

/// Most mailboxes that are changed at once.
const MOST_AT_ONCE: usize = 200;

/// What the URL of the list says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Asked {
    filter: String,
    state: String,
    /// The verb that somebody is looking for a mailbox for: `password` or `leave`.
    #[serde(rename = "for")]
    purpose: String,
    #[serde(flatten)]
    wanted: Wanted,
}

impl Asked {
    fn purpose(&self) -> &'static str {
        let known = ["password", "leave"].into_iter();
        known.into_iter().find(|verb| *verb == self.purpose).unwrap_or("")
    }

    fn filter(&self) -> MailboxFilter {
        let prefix = normalise(&self.filter);
        MailboxFilter {
            state: StateFilter::parse(&self.state).filter(|state| *state != StateFilter::Deleted),
            percent_at_least: (self.state == "full").then_some(80),
            prefix: (!prefix.is_empty()).then_some(prefix),
            sort: if self.state == "full" && self.filter.trim().is_empty() {
                MailboxSort::Fullest
            } else {
                MailboxSort::Address
            },
            ..MailboxFilter::default()
        }
    }
}

pub(in crate::http::web) async fn show(
    visitor: Visitor,
    At(name): At<DomainName>,
    Query(asked): Query<Asked>,
) -> Answer {
    let (domain, permit) = visitor.app.domain::<MailboxRead>(&visitor.call, &name).await?;
    let inside = Inside::Domain(domain.name.clone());
    let (filter, request) = (asked.filter(), asked.wanted.page()?);
    let found = mailboxes::list(&visitor.app, &visitor.call, &inside, &filter, &request).await?;
    if let ([only], true, verb @ ("password" | "leave")) =
        (found.items.as_slice(), filter.prefix.is_some(), asked.purpose())
    {
        return Ok(see(&format!("{}/{verb}", mail::mailbox_path(only))));
    }
    page(&content(&visitor, &asked, (domain, permit), &found).await?)
}

async fn content(
    visitor: &Visitor,
    asked: &Asked,
    (domain, permit): (Domain, Permit<MailboxRead>),
    found: &Page<Mailbox>,
) -> Result<Mailboxes, Error> {
    let place = permit.place();
    let path = format!("/domains/{}/mailboxes", domain.name);
    let filters = [
        ("filter", asked.filter.as_str()),
        ("state", &asked.state),
        ("for", asked.purpose()),
    ];
    let here = Here::Domain(domain.name.as_str(), place, "Mailboxes");
    let (title, summary) = match asked.purpose() {
        "password" => (
            "Whose password?",
            "Type the name, or choose the mailbox.".to_owned(),
        ),
        "leave" => ("Who left?", "Type the name, or choose the mailbox.".to_owned()),
        _ => ("Mailboxes", summary(&domain)),
    };
    Ok(Mailboxes {
        chrome: visitor.chrome(&here).await?,
        domain: mail::domain_ref(&domain),
        title: title.to_owned(),
        summary,
        purpose: asked.purpose().to_owned(),
        can: verbs(visitor, &domain, place, asked),
        filter: asked.filter.clone(),
        filtered: !asked.filter.trim().is_empty() || !asked.state.is_empty(),
        states: states(&asked.state),
        rows: rows(visitor, asked, found).await?,
        pager: pager(found, &asked.wanted, &path, &filters),
    })
}

fn verbs(visitor: &Visitor, domain: &Domain, place: &Place, asked: &Asked) -> ListVerbs {
    let (actor, live) = (visitor.actor(), domain.deleted.is_none());
    let bulk = live && asked.purpose().is_empty();
    ListVerbs {
        create: live && actor.may::<MailboxCreate>(place),
        suspend: bulk && actor.may::<MailboxSuspend>(place),
        delete: bulk && actor.may::<MailboxDelete>(place),
    }
}

fn summary(domain: &Domain) -> String {
    let here = format!("{} in {}", domain.usage.mailboxes, domain.name.to_unicode());
    match domain.limits.mailboxes {
        Limit::AtMost(most) => format!("{here}, {} more possible", (most - domain.usage.mailboxes).max(0)),
        Limit::Unlimited => here,
    }
}

fn states(chosen: &str) -> Vec<Choice> {
    let all = [
        ("", "Any state"),
        ("active", "Active"),
        ("suspended", "Suspended"),
        ("full", "Nearly full"),
    ];
    let choice = |(value, label): (&str, &str)| Choice::of(value, label, chosen);
    all.into_iter().map(choice).collect()
}

async fn rows(visitor: &Visitor, asked: &Asked, found: &Page<Mailbox>) -> Result<Vec<MailboxRow>, Error> {
    let pending = found.items.iter().filter(|mailbox| mailbox.pending);
    let ids: Vec<uuid::Uuid> = pending.map(|mailbox| mailbox.id.uuid()).collect();
    let open = provisioning::open_states(&visitor.app, &ids).await?;
    let verb = match asked.purpose() {
        "" => String::new(),
        verb => format!("/{verb}"),
    };
    let row = |mailbox: &Mailbox| {
        let mut row = mail::mailbox_row(mailbox, &verb, visitor.now());
        let state = open.get(&mailbox.id.uuid()).copied();
        row.badges.extend(cluster::open_badge(state));
        row
    };
    Ok(found.items.iter().map(row).collect())
}

/// What is to be done to several mailboxes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Bulk {
    verb: String,
    mailbox: Vec<String>,
}

pub(in crate::http::web) async fn bulk(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Bulk>,
) -> Answer {
    let (domain, permit) = visitor.app.domain::<MailboxRead>(&visitor.call, &name).await?;
    let Some(verb) = Verb::parse(&form.content.verb).filter(|_| !form.content.mailbox.is_empty()) else {
        return Ok(see(&format!("/domains/{}/mailboxes", domain.name)));
    };
    let mut rows = Vec::new();
    for address in form.content.mailbox.iter().take(MOST_AT_ONCE) {
        rows.push(one(&visitor, &domain, verb, address).await?);
    }
    let done = rows.iter().filter(|row| row.badge.kind == "ok").count();
    let here = Here::Domain(domain.name.as_str(), permit.place(), "Mailboxes");
    page(&BulkResult {
        chrome: visitor.chrome(&here).await?,
        domain: mail::domain_ref(&domain),
        title: format!(
            "{done} of {} {}",
            words::count(rows.len().try_into().unwrap_or(0), "mailbox", "mailboxes"),
            verb.done().to_lowercase()
        ),
        rows,
    })
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Verb {
    Suspend,
    Resume,
    Delete,
}

impl Verb {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "suspend" => Some(Self::Suspend),
            "resume" => Some(Self::Resume),
            "delete" => Some(Self::Delete),
            _ => None,
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Suspend => "Suspended",
            Self::Resume => "Resumed",
            Self::Delete => "Deleted",
        }
    }

    fn back(self) -> Option<&'static str> {
        match self {
            Self::Suspend => Some("resume"),
            Self::Resume => None,
            Self::Delete => Some("restore"),
        }
    }
}

/// Does it to one mailbox; what a rule refuses is told beside it, and the others go on.
async fn one(visitor: &Visitor, domain: &Domain, verb: Verb, address: &str) -> Result<BulkRow, Error> {
    let not_done = |why: String| BulkRow {
        address: address.to_owned(),
        badge: Badge::bad("circle-x", "Not done"),
        detail: why,
        ..BulkRow::default()
    };
    let at = address.parse::<MailboxRef>();
    let Some(at) = at.ok().filter(|at| is_in(at, &domain.name)) else {
        return Ok(not_done("there is no such mailbox here".to_owned()));
    };
    let (app, call) = (&visitor.app, &visitor.call);
    let done = match verb {
        Verb::Suspend => {
            let reason = "several at once".parse().map_err(|_| Error::defect("a reason"))?;
            mailboxes::suspend(app, call, &at, reason, true, None).await
        }
        Verb::Resume => mailboxes::resume(app, call, &at).await,
        Verb::Delete => mailboxes::delete(app, call, &at).await,
    };
    match done {
        Ok(done) => Ok(done_row(verb, &done.value)),
        Err(Error::Against(refusal)) => Ok(not_done(refusal.detail)),
        Err(Error::NotFound(_) | Error::Moved(_)) => {
            Ok(not_done("there is no such mailbox any more".to_owned()))
        }
        Err(Error::Refused(action)) => Ok(not_done(format!("you may not {}", action.meaning()))),
        Err(error) => Err(error),
    }
}

fn is_in(at: &MailboxRef, domain: &DomainName) -> bool {
    match at {
        MailboxRef::Address(address) => address.domain() == domain,
        MailboxRef::Id(_) => false,
    }
}

fn done_row(verb: Verb, mailbox: &Mailbox) -> BulkRow {
    let path = mail::mailbox_path(mailbox);
    let undo = verb.back().map(|back| Undo {
        action: format!("{path}/{back}"),
        label: "Undo".to_owned(),
        what: format!(" for {}", mailbox.address),
        version: String::new(),
    });
    BulkRow {
        address: mailbox.address.to_unicode(),
        href: path,
        badge: Badge::ok(verb.done()),
        detail: String::new(),
        undo,
    }
}

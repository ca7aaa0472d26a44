//! The domains that somebody may see, and a new one.

use std::collections::HashMap;

use axum::extract::Query;
use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page, page_with};
use super::super::forms::{CsrfForm, Reader, read};
use super::super::limits::TypedLimits;
use super::super::nav::Here;
use super::super::pages::domains::{DomainNew, DomainRow, Domains};
use super::super::paging::{Wanted, pager};
use super::super::view::{Choice, Flash, Form, Link, mail};
use super::super::visitor::Visitor;
use crate::access::{DomainCreate, OrgRead, Permission as _};
use crate::error::Error;
use crate::model::{Domain, DomainDraft, Note, OrgId, Quota};
use crate::service::mailboxes::Inside;
use crate::service::{domains, orgs};
use crate::store::{MailboxFilter, PageRequest, normalise};

/// Customers in the list to choose from.
const MOST_CHOICES: usize = 200;
/// The space of a new mailbox that a new domain is offered.
const USUAL_SPACE: &str = "5 GB";

/// What the URL of the list says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Asked {
    filter: String,
    #[serde(flatten)]
    wanted: Wanted,
}

pub(in crate::http::web) async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let prefix = normalise(&asked.filter);
    let filter = MailboxFilter {
        prefix: (!prefix.is_empty()).then_some(prefix),
        ..MailboxFilter::default()
    };
    let request = asked.wanted.page()?;
    let found = domains::list(
        &visitor.app,
        &visitor.call,
        &Inside::Everything,
        &filter,
        &request,
    )
    .await?;
    let adds = visitor.actor().may_anywhere::<DomainCreate>();
    page(&Domains {
        chrome: visitor.chrome(&Here::Everything("Domains")).await?,
        back: Link::default(),
        summary: String::new(),
        add: if adds {
            "/domains/new".to_owned()
        } else {
            String::new()
        },
        rows: rows(&visitor, &found.items).await?,
        pager: pager(&found, &asked.wanted, "/domains", &[("filter", &asked.filter)]),
        filter: asked.filter,
    })
}

/// Rows with the names of the customers, for those who may see them.
async fn rows(visitor: &Visitor, domains: &[Domain]) -> Result<Vec<DomainRow>, Error> {
    let mut names: HashMap<OrgId, String> = HashMap::new();
    let mut rows = Vec::with_capacity(domains.len());
    for domain in domains {
        if visitor.actor().may_anywhere::<OrgRead>() && !names.contains_key(&domain.org_id) {
            let found = orgs::get(&visitor.app, &visitor.call, domain.org_id).await;
            let name = found.map(|(org, _)| org.name.to_string()).unwrap_or_default();
            names.insert(domain.org_id, name);
        }
        rows.push(DomainRow {
            org: names.get(&domain.org_id).cloned().unwrap_or_default(),
            ..mail::domain_row(domain)
        });
    }
    Ok(rows)
}

/// For whom the new domain is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct For {
    org: String,
}

pub(in crate::http::web) async fn ask(visitor: Visitor, Query(wanted): Query<For>) -> Answer {
    let form = Form::default()
        .with("org", wanted.org)
        .with("default_quota", USUAL_SPACE);
    show_new(&visitor, StatusCode::OK, form).await
}

async fn show_new(visitor: &Visitor, status: StatusCode, form: Form) -> Answer {
    if !visitor.actor().may_anywhere::<DomainCreate>() {
        return Err(Error::Refused(DomainCreate::ACTION).into());
    }
    let limits = ["max_mailboxes", "max_aliases", "max_quota", "max_mailbox_quota"];
    page_with(
        status,
        &DomainNew {
            chrome: visitor.chrome(&Here::Everything("Domains")).await?,
            back: Link::new("/domains", "Domains"),
            orgs: org_choices(visitor, form.value("org")).await?,
            more_open: limits.iter().any(|name| !form.value(name).is_empty()),
            form,
        },
    )
}

/// The customers to choose from; the chosen one is always among them.
async fn org_choices(visitor: &Visitor, chosen: &str) -> Result<Vec<Choice>, Error> {
    let first = PageRequest::first(MOST_CHOICES);
    let all = MailboxFilter::default();
    let mut found = orgs::list(&visitor.app, &visitor.call, &all, &first).await?.items;
    let chosen = chosen.parse::<OrgId>().ok();
    if let Some(id) = chosen.filter(|id| found.iter().all(|org| org.id != *id)) {
        found.push(orgs::get(&visitor.app, &visitor.call, id).await?.0);
    }
    let choice = |org: &crate::model::Org| Choice {
        value: org.id.to_string(),
        label: org.name.to_string(),
        icon: "",
        chosen: Some(org.id) == chosen,
    };
    Ok(found.iter().map(choice).collect())
}

/// What is typed into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    name: String,
    org: String,
    default_quota: String,
    #[serde(flatten)]
    limits: TypedLimits,
}

pub(in crate::http::web) async fn create(visitor: Visitor, form: CsrfForm<Typed>) -> Answer {
    match add(&visitor, &form.content).await {
        Ok(domain) => {
            let text = format!("{} is here. Add its mailboxes.", domain.name.to_unicode());
            visitor
                .tell(&format!("/domains/{}", domain.name), Flash::done(text))
                .await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_new(&visitor, status, form).await
        }
    }
}

async fn add(visitor: &Visitor, typed: &Typed) -> Result<Domain, Error> {
    let mut reader = Reader::default();
    let name = reader.check("name", visitor.app.addresses.hosted_domain(typed.name.trim()));
    let org: Option<OrgId> = reader.required("org", &typed.org);
    let default_quota: Option<Quota> = reader.required("default_quota", &typed.default_quota);
    let limits = typed.limits.read(&mut reader);
    reader.finish()?;
    let draft = DomainDraft {
        name: read(name)?,
        note: Note::default(),
        external_id: None,
        default_quota: read(default_quota)?,
        limits,
    };
    Ok(domains::create(&visitor.app, &visitor.call, read(org)?, draft)
        .await?
        .value)
}

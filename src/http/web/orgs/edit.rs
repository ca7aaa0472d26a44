//! A new customer, and the facts and limits of one.

use axum::extract::Query;
use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Reader, read};
use super::super::limits::{TypedLimits, fill};
use super::super::nav::Here;
use super::super::pages::orgs::OrgEdit;
use super::super::view::{Choice, Flash, Form, Link};
use super::super::visitor::{At, Visitor};
use crate::access::{LimitsAssign, OrgCreate, OrgUpdate, Permission as _};
use crate::error::Error;
use crate::model::{DisplayName, Note, Org, OrgDraft, OrgId, OrgKind, OrgPatch};
use crate::service::orgs;
use crate::store::{MailboxFilter, PageRequest};

/// Orgs in the list of those above.
const MOST_CHOICES: usize = 200;

/// Below whom the new customer is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Below {
    parent: String,
}

pub(in crate::http::web) async fn ask_new(visitor: Visitor, Query(below): Query<Below>) -> Answer {
    let form = Form::default().with("parent", below.parent);
    show_new(&visitor, StatusCode::OK, form).await
}

async fn show_new(visitor: &Visitor, status: StatusCode, form: Form) -> Answer {
    if !visitor.actor().may_anywhere::<OrgCreate>() {
        return Err(Error::Refused(OrgCreate::ACTION).into());
    }
    page_with(
        status,
        &OrgEdit {
            chrome: visitor.chrome(&Here::Everything("Customers")).await?,
            title: "Add customer".to_owned(),
            back: Link::new("/orgs", "Customers"),
            action: "/orgs/new".to_owned(),
            version: String::new(),
            parents: parents(visitor, form.value("parent")).await?,
            kinds: kinds(),
            can_limits: visitor.actor().may_anywhere::<LimitsAssign>(),
            pool: "the one above".to_owned(),
            button: "Add customer".to_owned(),
            form,
        },
    )
}

fn kinds() -> Vec<Choice> {
    let kind = |value: &str, label: &str, hint, chosen| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        icon: hint,
        chosen,
    };
    vec![
        kind("customer", "Customer", "Has domains of its own.", true),
        kind("reseller", "Reseller", "Has customers of its own.", false),
    ]
}

/// Those who can have customers below them.
async fn parents(visitor: &Visitor, chosen: &str) -> Result<Vec<Choice>, Error> {
    let (all, first) = (MailboxFilter::default(), PageRequest::first(MOST_CHOICES));
    let mut found = orgs::list(&visitor.app, &visitor.call, &all, &first).await?.items;
    found.retain(|org| org.kind != OrgKind::Customer);
    found.sort_by_key(|org| org.kind != OrgKind::Provider);
    let choice = |org: &Org| Choice {
        value: org.id.to_string(),
        label: org.name.to_string(),
        icon: "",
        chosen: org.id.to_string() == chosen,
    };
    Ok(found.iter().map(choice).collect())
}

/// What is typed into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    name: String,
    parent: String,
    kind: String,
    contact: String,
    #[serde(flatten)]
    limits: TypedLimits,
}

pub(in crate::http::web) async fn create(visitor: Visitor, form: CsrfForm<Typed>) -> Answer {
    match add(&visitor, &form.content).await {
        Ok(org) => {
            let flash = Flash::done(format!("{} is a customer now.", org.name));
            visitor.tell(&format!("/orgs/{}", org.id), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_new(&visitor, status, form).await
        }
    }
}

async fn add(visitor: &Visitor, typed: &Typed) -> Result<Org, Error> {
    let mut reader = Reader::default();
    let name: Option<DisplayName> = reader.required("name", &typed.name);
    let parent: Option<OrgId> = reader.required("parent", &typed.parent);
    let contact: Option<Note> = reader.required("contact", &typed.contact);
    let limits = typed.limits.read(&mut reader);
    reader.finish()?;
    let draft = OrgDraft {
        kind: OrgKind::parse(&typed.kind).unwrap_or(OrgKind::Customer),
        name: read(name)?,
        contact: read(contact)?,
        external_id: None,
        limits,
    };
    Ok(orgs::create(&visitor.app, &visitor.call, read(parent)?, draft)
        .await?
        .value)
}

pub(in crate::http::web) async fn ask(visitor: Visitor, At(id): At<OrgId>) -> Answer {
    show_edit(&visitor, id, StatusCode::OK, None).await
}

async fn show_edit(visitor: &Visitor, id: OrgId, status: StatusCode, sent: Option<Form>) -> Answer {
    let (org, permit) = orgs::get(&visitor.app, &visitor.call, id).await?;
    if !visitor.actor().may::<OrgUpdate>(permit.place()) {
        return Err(Error::Refused(OrgUpdate::ACTION).into());
    }
    page_with(
        status,
        &OrgEdit {
            chrome: visitor.chrome(&Here::Everything("Customers")).await?,
            title: format!("Edit {}", org.name),
            back: Link::new(format!("/orgs/{id}"), org.name.as_str()),
            action: format!("/orgs/{id}/edit"),
            version: org.version.to_string(),
            parents: Vec::new(),
            kinds: Vec::new(),
            can_limits: gives_limits(visitor, &org).await?,
            pool: "the one above".to_owned(),
            button: "Save customer".to_owned(),
            form: sent.unwrap_or_else(|| filled(&org)),
        },
    )
}

/// Limits are given from above; the provider has none.
async fn gives_limits(visitor: &Visitor, org: &Org) -> Result<bool, Error> {
    let Some(above) = org.parent_id else {
        return Ok(false);
    };
    match orgs::get(&visitor.app, &visitor.call, above).await {
        Ok((_, permit)) => Ok(visitor.actor().may::<LimitsAssign>(permit.place())),
        Err(Error::NotFound(_) | Error::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn filled(org: &Org) -> Form {
    fill(Form::default(), &org.limits)
        .with("name", org.name.as_str())
        .with("contact", org.contact.as_str())
}

pub(in crate::http::web) async fn save(visitor: Visitor, At(id): At<OrgId>, form: CsrfForm<Typed>) -> Answer {
    match change(&visitor, id, &form).await {
        Ok(org) => {
            let flash = Flash::done(format!("{} is saved.", org.name));
            visitor.tell(&format!("/orgs/{id}"), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_edit(&visitor, id, status, Some(form)).await
        }
    }
}

async fn change(visitor: &Visitor, id: OrgId, form: &CsrfForm<Typed>) -> Result<Org, Error> {
    let typed = &form.content;
    let mut reader = Reader::default();
    let name: Option<DisplayName> = reader.required("name", &typed.name);
    let contact: Option<Note> = reader.required("contact", &typed.contact);
    let limits = typed.limits.read(&mut reader);
    reader.finish()?;
    let mut call = visitor.expecting(form.version);
    if typed.limits.are_there() {
        let done = orgs::set_limits(&visitor.app, &call, id, limits).await?;
        call = visitor.expecting(Some(done.value.version));
    }
    let patch = OrgPatch {
        name,
        contact,
        ..OrgPatch::default()
    };
    Ok(orgs::update(&visitor.app, &call, id, patch).await?.value)
}

//! A customer goes below another one, and a domain to another customer.

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Reader, read};
use super::super::nav::Here;
use super::super::pages::orgs::Relocation;
use super::super::view::{Choice, Flash, Form, Link, words};
use super::super::visitor::{At, Visitor};
use crate::access::{DomainTransfer, OrgDelete, Permission as _};
use crate::error::Error;
use crate::model::{DomainName, Org, OrgId, OrgKind};
use crate::service::{domains, orgs};
use crate::store::{MailboxFilter, PageRequest};

/// Orgs in the list of places to go to.
const MOST_CHOICES: usize = 500;

/// Where it is to go.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    parent: String,
    org: String,
}

pub(in crate::http::web) async fn ask(visitor: Visitor, At(id): At<OrgId>) -> Answer {
    show(&visitor, id, StatusCode::OK, Form::default()).await
}

async fn show(visitor: &Visitor, id: OrgId, status: StatusCode, form: Form) -> Answer {
    let (org, permit) = orgs::get(&visitor.app, &visitor.call, id).await?;
    if org.kind == OrgKind::Provider || !visitor.actor().may::<OrgDelete>(permit.place()) {
        return Err(Error::Refused(OrgDelete::ACTION).into());
    }
    let fits = |other: &Org| {
        let is_above = other.kind != OrgKind::Customer || org.kind == OrgKind::Customer;
        is_above && other.id != id && org.parent_id != Some(other.id)
    };
    let held = [
        words::count(org.usage.domains, "domain", "domains"),
        words::count(org.usage.mailboxes, "mailbox", "mailboxes"),
    ];
    page_with(
        status,
        &Relocation {
            chrome: visitor.chrome(&Here::Everything("Customers")).await?,
            title: format!("Move {}", org.name),
            back: Link::new(format!("/orgs/{id}"), org.name.as_str()),
            action: format!("/orgs/{id}/move"),
            version: org.version.to_string(),
            field: "parent",
            label: "Belongs to".to_owned(),
            choices: choices(visitor, form.value("parent"), fits).await?,
            nowhere: "Add another reseller first, or ask somebody who sees more of the tree.".to_owned(),
            effects: vec![
                format!(
                    "{} goes there with {}, and all below it.",
                    org.name,
                    held.join(", ")
                ),
                "Everything must fit into the limits of the new place; the former one has it back."
                    .to_owned(),
                "Whoever holds a role in it keeps it. Mail goes on unless the new place is suspended."
                    .to_owned(),
                "What happened until now stays readable to both.".to_owned(),
            ],
            button: "Move customer".to_owned(),
            form,
        },
    )
}

/// The orgs that the visitor sees and that fit.
async fn choices(visitor: &Visitor, chosen: &str, fits: impl Fn(&Org) -> bool) -> Result<Vec<Choice>, Error> {
    let (all, first) = (MailboxFilter::default(), PageRequest::first(MOST_CHOICES));
    let found = orgs::list(&visitor.app, &visitor.call, &all, &first).await?;
    let choice = |org: &Org| Choice {
        value: org.id.to_string(),
        label: org.name.to_string(),
        icon: "",
        chosen: org.id.to_string() == chosen,
    };
    Ok(found.items.iter().filter(|org| fits(org)).map(choice).collect())
}

pub(in crate::http::web) async fn relocate(
    visitor: Visitor,
    At(id): At<OrgId>,
    form: CsrfForm<Typed>,
) -> Answer {
    match go(&visitor, id, &form).await {
        Ok(org) => {
            let flash = Flash::done(format!("{} was moved, with everything below it.", org.name));
            visitor.tell(&format!("/orgs/{id}"), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show(&visitor, id, status, form).await
        }
    }
}

async fn go(visitor: &Visitor, id: OrgId, form: &CsrfForm<Typed>) -> Result<Org, Error> {
    let mut reader = Reader::default();
    let parent: Option<OrgId> = reader.required("parent", &form.content.parent);
    reader.finish()?;
    let call = visitor.expecting(form.version);
    Ok(orgs::relocate(&visitor.app, &call, id, read(parent)?)
        .await?
        .value)
}

pub(in crate::http::web) async fn ask_transfer(visitor: Visitor, At(name): At<DomainName>) -> Answer {
    show_transfer(&visitor, &name, StatusCode::OK, Form::default()).await
}

async fn show_transfer(visitor: &Visitor, name: &DomainName, status: StatusCode, form: Form) -> Answer {
    let (domain, permit) = domains::get(&visitor.app, &visitor.call, name).await?;
    if !visitor.actor().may::<DomainTransfer>(permit.place()) {
        return Err(Error::Refused(DomainTransfer::ACTION).into());
    }
    let here = Here::Domain(domain.name.as_str(), permit.place(), "Settings");
    let mailboxes = words::count(domain.usage.mailboxes, "mailbox", "mailboxes");
    let aliases = words::count(domain.usage.aliases, "alias", "aliases");
    page_with(
        status,
        &Relocation {
            chrome: visitor.chrome(&here).await?,
            title: format!("Transfer {}", domain.name),
            back: Link::new(format!("/domains/{}/settings", domain.name), "Settings"),
            action: format!("/domains/{}/transfer", domain.name),
            version: domain.version.to_string(),
            field: "org",
            label: "Belongs to".to_owned(),
            choices: choices(visitor, form.value("org"), |org| org.id != domain.org_id).await?,
            nowhere: "Add another customer first, or ask somebody who sees more of them.".to_owned(),
            effects: vec![
                format!("{} goes there with {mailboxes} and {aliases}.", domain.name),
                "Everything must fit into the limits of the new customer; the former one has it back.".to_owned(),
                "Whoever holds a role on the domain keeps it. What happened until now stays readable to both."
                    .to_owned(),
            ],
            button: "Transfer domain".to_owned(),
            form,
        },
    )
}

pub(in crate::http::web) async fn transfer(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Typed>,
) -> Answer {
    match hand_over(&visitor, &name, &form).await {
        Ok(to) => {
            let flash = Flash::done(format!("{name} was handed over, with everything in it."));
            visitor.tell(&format!("/orgs/{to}"), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_transfer(&visitor, &name, status, form).await
        }
    }
}

async fn hand_over(visitor: &Visitor, name: &DomainName, form: &CsrfForm<Typed>) -> Result<OrgId, Error> {
    let mut reader = Reader::default();
    let to: Option<OrgId> = reader.required("org", &form.content.org);
    reader.finish()?;
    let call = visitor.expecting(form.version);
    let done = domains::transfer(&visitor.app, &call, name, read(to)?).await?;
    Ok(done.value.org_id)
}

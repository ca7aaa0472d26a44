//! Where mail for addresses goes that do not exist.

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Reader};
use super::super::pages::addresses::CatchAll;
use super::super::view::{Flash, Form, mail};
use super::super::visitor::{At, Visitor};
use super::alias::{deleted, filled};
use super::chrome;
use crate::access::AliasCatchAll;
use crate::error::Error;
use crate::model::{Alias, AliasAddress, AliasDraft, AliasPatch, Destination, DomainName, Note};
use crate::service::aliases;
use crate::service::aliases::AliasRef;

/// What is typed into the form, and which button was pressed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    destinations: String,
    #[serde(rename = "do")]
    button: String,
}

fn of(domain: &DomainName) -> AliasRef {
    AliasRef::Address(AliasAddress::CatchAll(domain.clone()))
}

async fn known(visitor: &Visitor, domain: &DomainName) -> Result<Option<Alias>, Error> {
    match aliases::get(&visitor.app, &visitor.call, &of(domain)).await {
        Ok((alias, _)) => Ok(Some(alias)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(in crate::http::web) async fn ask(visitor: Visitor, At(name): At<DomainName>) -> Answer {
    show(&visitor, &name, StatusCode::OK, None).await
}

async fn show(visitor: &Visitor, name: &DomainName, status: StatusCode, sent: Option<Form>) -> Answer {
    let (domain, permit) = visitor
        .app
        .live_domain::<AliasCatchAll>(&visitor.call, name)
        .await?;
    let alias = known(visitor, &domain.name).await?;
    page_with(
        status,
        &CatchAll {
            chrome: chrome(visitor, &domain.name, permit.place()).await?,
            domain: mail::domain_ref(&domain),
            form: sent.unwrap_or_else(|| alias.as_ref().map(filled).unwrap_or_default()),
            version: alias
                .as_ref()
                .map(|alias| alias.version.to_string())
                .unwrap_or_default(),
            active: alias.is_some(),
        },
    )
}

pub(in crate::http::web) async fn save(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Typed>,
) -> Answer {
    let (domain, _permit) = visitor
        .app
        .live_domain::<AliasCatchAll>(&visitor.call, &name)
        .await?;
    let path = format!("/domains/{}/addresses", domain.name);
    if form.content.button == "remove" {
        let call = visitor.expecting(form.version);
        let alias = aliases::delete(&visitor.app, &call, &of(&domain.name))
            .await?
            .value;
        return visitor.tell(&path, deleted(&visitor, &alias)).await;
    }
    match set(&visitor, &domain.name, &form).await {
        Ok(()) => {
            let text = format!(
                "Mail for unknown addresses of {} is kept.",
                domain.name.to_unicode()
            );
            visitor.tell(&path, Flash::done(text)).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show(&visitor, &name, status, Some(form)).await
        }
    }
}

async fn set(visitor: &Visitor, domain: &DomainName, form: &CsrfForm<Typed>) -> Result<(), Error> {
    let mut reader = Reader::default();
    let destinations: Vec<Destination> = reader.lines("destinations", &form.content.destinations);
    reader.finish()?;
    if known(visitor, domain).await?.is_some() {
        let patch = AliasPatch {
            destinations: Some(destinations),
            enabled: Some(true),
            ..AliasPatch::default()
        };
        let call = visitor.expecting(form.version);
        aliases::update(&visitor.app, &call, &of(domain), patch).await?;
        return Ok(());
    }
    let draft = AliasDraft {
        local_part: None,
        destinations,
        description: Note::default(),
        enabled: true,
        external_id: None,
    };
    aliases::create(&visitor.app, &visitor.call, domain, draft).await?;
    Ok(())
}

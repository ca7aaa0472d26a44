//! One alias, or a new one.

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with, see};
use super::super::forms::{CsrfForm, Plain, Reader, read};
use super::super::pages::addresses::{AliasEdit, AliasRef as PageRef, AliasVerbs};
use super::super::view::history::{happening, with_undo};
use super::super::view::{Flash, Form, Happening, Note, Undo, cluster, mail, words};
use super::super::visitor::{At, Visitor};
use super::{chrome, title};
use crate::access::{AliasDelete, AliasWrite, AuditRead, DomainRead, Place};
use crate::error::Error;
use crate::model::{Alias, AliasDraft, AliasPatch, Destination, DomainName, Note as Words};
use crate::service::aliases::AliasRef;
use crate::service::undo::Thing;
use crate::service::{aliases, audit, provisioning};
use crate::store::PageRequest;

/// What is typed into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    local_part: String,
    destinations: String,
    name: String,
}

pub(in crate::http::web) async fn ask(visitor: Visitor, At(name): At<DomainName>) -> Answer {
    let (domain, _) = visitor
        .app
        .live_domain::<AliasWrite>(&visitor.call, &name)
        .await?;
    if domain.name != name {
        return visitor.tell_own_name(&name, &domain, "addresses/new").await;
    }
    show_new(&visitor, &name, StatusCode::OK, Form::default()).await
}

async fn show_new(visitor: &Visitor, name: &DomainName, status: StatusCode, form: Form) -> Answer {
    let (domain, permit) = visitor.app.live_domain::<AliasWrite>(&visitor.call, name).await?;
    page_with(
        status,
        &AliasEdit {
            chrome: chrome(visitor, &domain.name, permit.place()).await?,
            title: "Add address".to_owned(),
            can: AliasVerbs {
                write: true,
                ..AliasVerbs::default()
            },
            form,
            action: format!("/domains/{}/addresses/new", domain.name),
            button: "Create address".to_owned(),
            domain: mail::domain_ref(&domain),
            ..AliasEdit::default()
        },
    )
}

pub(in crate::http::web) async fn create(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Typed>,
) -> Answer {
    match add(&visitor, &name, &form.content).await {
        Ok(alias) => {
            let flash = Flash::done(format!("{} receives mail now.", title(&alias)));
            visitor
                .tell(&format!("/domains/{}/addresses", alias.address.domain()), flash)
                .await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_new(&visitor, &name, status, form).await
        }
    }
}

async fn add(visitor: &Visitor, domain: &DomainName, typed: &Typed) -> Result<Alias, Error> {
    let mut reader = Reader::default();
    let parsed = visitor.app.addresses.local_part(typed.local_part.trim());
    let local = reader.check("local_part", parsed);
    let destinations: Vec<Destination> = reader.lines("destinations", &typed.destinations);
    let description: Option<Words> = reader.required("name", &typed.name);
    reader.finish()?;
    let draft = AliasDraft {
        local_part: Some(read(local)?),
        destinations,
        description: read(description)?,
        enabled: true,
        external_id: None,
    };
    Ok(aliases::create(&visitor.app, &visitor.call, domain, draft)
        .await?
        .value)
}

pub(in crate::http::web) async fn show(visitor: Visitor, At(at): At<AliasRef>) -> Answer {
    show_one(&visitor, &at, StatusCode::OK, None).await
}

async fn show_one(visitor: &Visitor, at: &AliasRef, status: StatusCode, sent: Option<Form>) -> Answer {
    let (alias, permit) = aliases::get(&visitor.app, &visitor.call, at).await?;
    if alias.address.is_catch_all() && alias.deleted.is_none() {
        return Ok(see(&format!("/domains/{}/catch-all", alias.address.domain())));
    }
    let content = content(visitor, &alias, permit.place(), sent).await?;
    page_with(status, &content)
}

async fn content(
    visitor: &Visitor,
    alias: &Alias,
    place: &Place,
    sent: Option<Form>,
) -> Result<AliasEdit, Error> {
    let domain = alias.address.domain();
    let (hosted, _) = visitor.app.domain::<DomainRead>(&visitor.call, domain).await?;
    let states = provisioning::states_of(&visitor.app, alias.id.uuid()).await?;
    let path = mail::alias_path(alias);
    Ok(AliasEdit {
        chrome: chrome(visitor, domain, place).await?,
        title: title(alias),
        badges: vec![mail::alias_badge(alias)],
        can: verbs(visitor, alias, place),
        notes: notes(visitor, alias),
        form: sent.unwrap_or_else(|| filled(alias)),
        action: path.clone(),
        button: "Save address".to_owned(),
        targets: cluster::targets(&states, visitor.actor(), visitor.now()),
        timeline: timeline(visitor, alias, place).await?,
        domain: mail::domain_ref(&hosted),
        alias: Some(PageRef {
            path,
            version: alias.version.to_string(),
        }),
    })
}

fn verbs(visitor: &Visitor, alias: &Alias, place: &Place) -> AliasVerbs {
    let (actor, live) = (visitor.actor(), alias.deleted.is_none());
    let write = live && actor.may::<AliasWrite>(place);
    AliasVerbs {
        write,
        suspend: write && alias.enabled,
        resume: write && !alias.enabled,
        delete: live && actor.may::<AliasDelete>(place),
        restore: !live && actor.may::<AliasDelete>(place),
    }
}

fn notes(visitor: &Visitor, alias: &Alias) -> Vec<Note> {
    let deleted = alias.deleted.map(|deleted| {
        mail::in_bin(
            deleted.purge_at,
            "It receives no mail. Restore it to use it again.",
            visitor.now(),
        )
    });
    deleted.into_iter().collect()
}

/// What stands in the form of an alias.
pub(super) fn filled(alias: &Alias) -> Form {
    let lines: Vec<String> = alias.destinations.iter().map(Destination::to_unicode).collect();
    Form::default()
        .with("destinations", lines.join("\n"))
        .with("name", alias.description.as_str())
}

async fn timeline(visitor: &Visitor, alias: &Alias, place: &Place) -> Result<Vec<Happening>, Error> {
    if !visitor.actor().may::<AuditRead>(place) {
        return Ok(Vec::new());
    }
    let (first, id) = (PageRequest::first(12), alias.id.uuid());
    let found = audit::of_subject(&visitor.app, &visitor.call, place.clone(), id, &first).await?;
    let lines = found.items.iter().map(|event| happening(event, visitor.now()));
    let thing = Thing::Alias(Box::new(alias.clone()));
    Ok(with_undo(
        lines.collect(),
        &found.items,
        &thing,
        (visitor.actor(), place),
    ))
}

pub(in crate::http::web) async fn save(
    visitor: Visitor,
    At(at): At<AliasRef>,
    form: CsrfForm<Typed>,
) -> Answer {
    match edit(&visitor, &at, &form).await {
        Ok(alias) => {
            let flash = Flash::done(format!("{} is saved.", title(&alias)));
            visitor.tell(&mail::alias_path(&alias), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_one(&visitor, &at, status, Some(form)).await
        }
    }
}

async fn edit(visitor: &Visitor, at: &AliasRef, form: &CsrfForm<Typed>) -> Result<Alias, Error> {
    let mut reader = Reader::default();
    let destinations: Vec<Destination> = reader.lines("destinations", &form.content.destinations);
    let description: Option<Words> = reader.required("name", &form.content.name);
    reader.finish()?;
    let patch = AliasPatch {
        destinations: Some(destinations),
        description,
        ..AliasPatch::default()
    };
    let call = visitor.expecting(form.version);
    Ok(aliases::update(&visitor.app, &call, at, patch).await?.value)
}

pub(in crate::http::web) async fn suspend(
    visitor: Visitor,
    At(at): At<AliasRef>,
    form: CsrfForm<Plain>,
) -> Answer {
    let alias = switch(&visitor, &at, form.version, false).await?;
    let undo = Undo {
        action: format!("{}/resume", mail::alias_path(&alias)),
        label: "Undo".to_owned(),
        what: " switching it off".to_owned(),
        version: alias.version.to_string(),
    };
    let flash = Flash::done(format!("{} is switched off.", title(&alias))).undone_by(undo);
    visitor.tell(&mail::alias_path(&alias), flash).await
}

pub(in crate::http::web) async fn resume(
    visitor: Visitor,
    At(at): At<AliasRef>,
    form: CsrfForm<Plain>,
) -> Answer {
    let alias = switch(&visitor, &at, form.version, true).await?;
    let flash = Flash::done(format!("{} is switched on.", title(&alias)));
    visitor.tell(&mail::alias_path(&alias), flash).await
}

async fn switch(
    visitor: &Visitor,
    at: &AliasRef,
    version: Option<i64>,
    enabled: bool,
) -> Result<Alias, Error> {
    let patch = AliasPatch {
        enabled: Some(enabled),
        ..AliasPatch::default()
    };
    let call = visitor.expecting(version);
    Ok(aliases::update(&visitor.app, &call, at, patch).await?.value)
}

pub(in crate::http::web) async fn delete(
    visitor: Visitor,
    At(at): At<AliasRef>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let alias = aliases::delete(&visitor.app, &call, &at).await?.value;
    visitor
        .tell(
            &format!("/domains/{}/addresses", alias.address.domain()),
            deleted(&visitor, &alias),
        )
        .await
}

/// An alias was deleted, and how it comes back.
pub(super) fn deleted(visitor: &Visitor, alias: &Alias) -> Flash {
    let until = alias
        .deleted
        .map(|deleted| words::date(deleted.purge_at, visitor.now()).words);
    let until = until.unwrap_or_default();
    let text = format!(
        "{} was deleted. You can bring it back until {until}.",
        title(alias)
    );
    Flash::done(text).undone_by(Undo {
        action: format!("{}/restore", mail::alias_path(alias)),
        label: "Undo".to_owned(),
        what: " deleting it".to_owned(),
        version: String::new(),
    })
}

pub(in crate::http::web) async fn restore(
    visitor: Visitor,
    At(at): At<AliasRef>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let alias = aliases::restore(&visitor.app, &call, &at).await?.value;
    let flash = Flash::done(format!("{} is back.", title(&alias)));
    visitor.tell(&mail::alias_path(&alias), flash).await
}

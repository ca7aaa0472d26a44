//! The settings of a domain: defaults, limits, other names, and whether it is in use.

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Plain, Reader, read};
use super::super::limits::{TypedLimits, fill};
use super::super::nav::Here;
use super::super::pages::common::Confirm;
use super::super::pages::domains::{DomainAlias, DomainSettings, SettingsVerbs};
use super::super::view::{Flash, Form, Link, Undo, cluster, mail, words};
use super::super::visitor::{At, Both, Visitor};
use crate::access::{
    DomainCreate, DomainDelete, DomainSuspend, DomainTransfer, DomainUpdate, LimitsAssign, Permission as _,
    Place,
};
use crate::error::Error;
use crate::model::{Domain, DomainName, DomainPatch, Quota, Reason};
use crate::service::{domains, provisioning};

pub(in crate::http::web) async fn show(visitor: Visitor, At(name): At<DomainName>) -> Answer {
    settings_page(&visitor, &name, StatusCode::OK, None).await
}

async fn settings_page(
    visitor: &Visitor,
    name: &DomainName,
    status: StatusCode,
    sent: Option<Form>,
) -> Answer {
    let (domain, permit) = domains::get(&visitor.app, &visitor.call, name).await?;
    page_with(status, &content(visitor, &domain, permit.place(), sent).await?)
}

async fn content(
    visitor: &Visitor,
    domain: &Domain,
    place: &Place,
    sent: Option<Form>,
) -> Result<DomainSettings, Error> {
    let (_, aliases) = domains::aliases(&visitor.app, &visitor.call, &domain.name).await?;
    let states = provisioning::states_of(&visitor.app, domain.id.uuid()).await?;
    let alias = |alias: &crate::model::DomainAlias| DomainAlias {
        name: alias.name.to_unicode(),
        remove: format!("/domains/{}/domain-aliases/{}/remove", domain.name, alias.name),
        badges: Vec::new(),
    };
    let can = verbs(visitor, domain, place);
    let facts = mail::limit_facts(&domain.limits, &domain.usage, false);
    let off = domain.suspension.as_ref();
    Ok(DomainSettings {
        chrome: visitor
            .chrome(&Here::Domain(domain.name.as_str(), place, "Settings"))
            .await?,
        domain: mail::domain_ref(domain),
        form: sent.unwrap_or_else(|| filled(domain)),
        notes: mail::domain_notes(domain, visitor.now()),
        limits: if can.limits { Vec::new() } else { facts },
        limits_by: "Your provider sets the limits. Ask them to raise one.".to_owned(),
        can,
        domain_aliases: aliases.iter().map(alias).collect(),
        targets: cluster::targets(&states, visitor.actor(), visitor.now()),
        suspension: off
            .map(|off| format!("Because: {}", off.reason))
            .unwrap_or_default(),
    })
}

fn verbs(visitor: &Visitor, domain: &Domain, place: &Place) -> SettingsVerbs {
    let (actor, live) = (visitor.actor(), domain.deleted.is_none());
    let (suspends, off) = (actor.may::<DomainSuspend>(place), domain.suspension.is_some());
    let update = live && actor.may::<DomainUpdate>(place);
    SettingsVerbs {
        update,
        names: update && actor.may::<DomainCreate>(place),
        limits: update && actor.may::<LimitsAssign>(place),
        suspend: live && suspends && !off,
        resume: live && suspends && off,
        transfer: live && actor.may::<DomainTransfer>(place),
        delete: live && actor.may::<DomainDelete>(place),
    }
}

fn filled(domain: &Domain) -> Form {
    fill(Form::default(), &domain.limits).with("default_quota", domain.default_quota.to_string())
}

/// What is typed into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    default_quota: String,
    #[serde(flatten)]
    limits: TypedLimits,
}

pub(in crate::http::web) async fn save(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Typed>,
) -> Answer {
    match set(&visitor, &name, &form).await {
        Ok(()) => {
            visitor
                .tell(&settings(&name), Flash::done("The settings are saved."))
                .await
        }
        Err(error) => refused(&visitor, &name, form.form, error).await,
    }
}

fn settings(name: &DomainName) -> String {
    format!("/domains/{name}/settings")
}

/// The page again, with what was typed and what is wrong with it; the other forms show what is.
async fn refused(visitor: &Visitor, name: &DomainName, form: Form, error: Error) -> Answer {
    let (form, status) = form.refused(error)?;
    let (domain, _) = domains::get(&visitor.app, &visitor.call, name).await?;
    let form = form.calling("name", "alias_name").over(filled(&domain));
    settings_page(visitor, name, status, Some(form)).await
}

async fn set(visitor: &Visitor, name: &DomainName, form: &CsrfForm<Typed>) -> Result<(), Error> {
    let mut reader = Reader::default();
    let default_quota: Option<Quota> = reader.required("default_quota", &form.content.default_quota);
    let limits = form.content.limits.read(&mut reader);
    reader.finish()?;
    let mut call = visitor.expecting(form.version);
    if form.content.limits.are_there() {
        let done = domains::set_limits(&visitor.app, &call, name, limits).await?;
        call = visitor.expecting(Some(done.value.version));
    }
    let patch = DomainPatch {
        default_quota,
        ..DomainPatch::default()
    };
    domains::update(&visitor.app, &call, name, patch).await?;
    Ok(())
}

/// Another name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct NewName {
    alias_name: String,
}

pub(in crate::http::web) async fn add_name(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<NewName>,
) -> Answer {
    match alias(&visitor, &name, &form.content.alias_name).await {
        Ok(alias) => {
            let text = format!("Every address works under {} too.", alias.to_unicode());
            visitor.tell(&settings(&name), Flash::done(text)).await
        }
        Err(error) => refused(&visitor, &name, form.form, error).await,
    }
}

async fn alias(visitor: &Visitor, name: &DomainName, typed: &str) -> Result<DomainName, Error> {
    let mut reader = Reader::default();
    let alias = reader.check("alias_name", visitor.app.addresses.hosted_domain(typed.trim()));
    reader.finish()?;
    let alias = read(alias)?;
    domains::add_alias(&visitor.app, &visitor.call, name, alias.clone()).await?;
    Ok(alias)
}

pub(in crate::http::web) async fn remove_name(
    visitor: Visitor,
    Both(name, alias): Both<DomainName, DomainName>,
    _form: CsrfForm<Plain>,
) -> Answer {
    domains::remove_alias(&visitor.app, &visitor.call, &name, &alias).await?;
    let text = format!("{} receives no mail any more.", alias.to_unicode());
    visitor.tell(&settings(&name), Flash::done(text)).await
}

/// Why a domain is switched off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Why {
    reason: String,
}

pub(in crate::http::web) async fn suspend(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Why>,
) -> Answer {
    match switch_off(&visitor, &name, &form).await {
        Ok(domain) => {
            let flash = Flash::done(format!("{} is suspended.", domain.name.to_unicode()));
            let undo = back(&domain, "resume", " suspending it", domain.version.to_string());
            visitor.tell(&settings(&name), flash.undone_by(undo)).await
        }
        Err(error) => refused(&visitor, &name, form.form, error).await,
    }
}

async fn switch_off(visitor: &Visitor, name: &DomainName, form: &CsrfForm<Why>) -> Result<Domain, Error> {
    let mut reader = Reader::default();
    let reason: Option<Reason> = reader.required("reason", &form.content.reason);
    reader.finish()?;
    let call = visitor.expecting(form.version);
    Ok(domains::suspend(&visitor.app, &call, name, read(reason)?)
        .await?
        .value)
}

fn back(domain: &Domain, verb: &str, what: &str, version: String) -> Undo {
    Undo {
        action: format!("/domains/{}/{verb}", domain.name),
        label: "Undo".to_owned(),
        what: what.to_owned(),
        version,
    }
}

pub(in crate::http::web) async fn resume(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let domain = domains::resume(&visitor.app, &call, &name).await?.value;
    let text = format!("{} receives mail again.", domain.name.to_unicode());
    visitor.tell(&settings(&name), Flash::done(text)).await
}

pub(in crate::http::web) async fn ask_delete(visitor: Visitor, At(name): At<DomainName>) -> Answer {
    show_delete(&visitor, &name, StatusCode::OK, Form::default()).await
}

async fn show_delete(visitor: &Visitor, name: &DomainName, status: StatusCode, form: Form) -> Answer {
    let (domain, permit) = domains::get(&visitor.app, &visitor.call, name).await?;
    if !visitor.actor().may::<DomainDelete>(permit.place()) {
        return Err(Error::Refused(DomainDelete::ACTION).into());
    }
    let (own, usage) = (domain.name.to_unicode(), domain.usage);
    let purge = words::date(visitor.app.purge_at(), visitor.now()).words;
    let mailboxes = words::count(usage.mailboxes, "mailbox", "mailboxes");
    let aliases = words::count(usage.aliases, "alias", "aliases");
    let here = Here::Domain(domain.name.as_str(), permit.place(), "Settings");
    page_with(
        status,
        &Confirm {
            chrome: visitor.chrome(&here).await?,
            form,
            title: format!("Delete {own}"),
            back: Link::new(settings(&domain.name), "Settings"),
            action: format!("/domains/{}/delete", domain.name),
            version: domain.version.to_string(),
            lead: format!("The domain goes to the bin, with {mailboxes} and {aliases}."),
            effects: vec![
                "Nobody in it can sign in, and senders get their mail back, from now on.".to_owned(),
                format!("Until {purge} it can be restored with everything in it. Then it is gone for good."),
            ],
            typed: String::new(),
            button: "Delete domain".to_owned(),
        },
    )
}

pub(in crate::http::web) async fn delete(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    match domains::delete(&visitor.app, &call, &name).await {
        Ok(done) => {
            let domain = done.value;
            let flash = Flash::done(format!(
                "{} was deleted, with everything in it.",
                domain.name.to_unicode()
            ));
            let undo = back(&domain, "restore", " deleting it", String::new());
            visitor.tell("/domains", flash.undone_by(undo)).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_delete(&visitor, &name, status, form).await
        }
    }
}

pub(in crate::http::web) async fn restore(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let domain = domains::restore(&visitor.app, &call, &name).await?.value;
    let text = format!("{} is back, with everything in it.", domain.name.to_unicode());
    visitor
        .tell(&format!("/domains/{}", domain.name), Flash::done(text))
        .await
}

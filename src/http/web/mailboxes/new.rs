//! A new mailbox, and the sheet with which it is handed over.

use axum::extract::Query;
use serde::Deserialize;

use super::super::answer::{Answer, page, page_with};
use super::super::forms::{CsrfForm, Reader, read};
use super::super::mailbox::{chrome, open};
use super::super::nav::Here;
use super::super::pages::mailboxes::{AddressCheck, AddressCheckPart, Handover, MailboxNew};
use super::super::view::{Flash, Form, SetUpLink, cluster, mail, qr, words};
use super::super::visitor::{At, Visitor};
use crate::access::{MailboxCreate, MailboxRead, Permit};
use crate::error::Error;
use crate::http::session::Shown;
use crate::model::{
    DisplayName, Domain, DomainName, Labels, Limit, LocalPart, Mailbox, MailboxDraft, Protocols, Quota,
    Secret,
};
use crate::service::mailboxes;
use crate::service::mailboxes::MailboxRef;

/// What is typed into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    name: String,
    local_part: String,
    hand_over: String,
    quota: String,
    /// A free address that was chosen from those offered.
    pick: String,
}

pub(in crate::http::web) async fn ask(visitor: Visitor, At(name): At<DomainName>) -> Answer {
    let (domain, permit) = visitor
        .app
        .live_domain::<MailboxCreate>(&visitor.call, &name)
        .await?;
    if domain.name != name {
        return visitor.tell_own_name(&name, &domain, "mailboxes/new").await;
    }
    let content = content(&visitor, &domain, &permit, Form::default()).await?;
    page(&content)
}

pub(in crate::http::web) async fn create(
    visitor: Visitor,
    At(name): At<DomainName>,
    form: CsrfForm<Typed>,
) -> Answer {
    let (domain, permit) = visitor
        .app
        .live_domain::<MailboxCreate>(&visitor.call, &name)
        .await?;
    if !form.content.pick.is_empty() {
        let picked = form.form.with("local_part", &form.content.pick);
        return page(&content(&visitor, &domain, &permit, picked).await?);
    }
    match add(&visitor, &domain, &form.content).await {
        Ok(Added::Secret(secret)) => visitor.show_once(secret).await,
        Ok(Added::Plain(mailbox)) => {
            let text = format!("{} receives mail now. Nobody can sign in yet.", mailbox.address);
            visitor
                .tell(&mail::mailbox_path(&mailbox), Flash::done(text))
                .await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            let mut content = content(&visitor, &domain, &permit, form).await?;
            content.check = check(
                &visitor,
                &domain,
                content.form.value("name"),
                content.form.value("local_part"),
            )
            .await?;
            page_with(status, &content)
        }
    }
}

async fn content(
    visitor: &Visitor,
    domain: &Domain,
    permit: &Permit<MailboxCreate>,
    form: Form,
) -> Result<MailboxNew, Error> {
    let here = Here::Domain(domain.name.as_str(), permit.place(), "Mailboxes");
    let room = match domain.limits.mailboxes {
        Limit::AtMost(most) => {
            let left = (most - domain.usage.mailboxes).max(0);
            format!("{left} more possible in {}", domain.name.to_unicode())
        }
        Limit::Unlimited => format!("In {}", domain.name.to_unicode()),
    };
    let usual = domain.default_quota;
    let quota_hint = format!("Empty: {usual}, as for every new mailbox here. 1 GB is 1024 MB.");
    let more_open = !form.value("quota").is_empty() || form.error("quota").is_some();
    Ok(MailboxNew {
        chrome: visitor.chrome(&here).await?,
        domain: mail::domain_ref(domain),
        form,
        check: None,
        room,
        quota_hint,
        more_open,
    })
}

/// What came of it.
enum Added {
    /// Something is to be shown once.
    Secret(Shown),
    /// There is nothing to show.
    Plain(Box<Mailbox>),
}

async fn add(visitor: &Visitor, domain: &Domain, typed: &Typed) -> Result<Added, Error> {
    let (app, call) = (&visitor.app, &visitor.call);
    let mut reader = Reader::default();
    let name: Option<DisplayName> = reader.required("name", &typed.name);
    let quota: Option<Quota> = reader.optional("quota", &typed.quota);
    let local = local_part(visitor, domain, typed, &mut reader).await?;
    reader.finish()?;
    let password = (typed.hand_over == "sheet").then(|| mailboxes::first_password(app));
    let draft = MailboxDraft {
        local_part: read(local)?,
        display_name: read(name)?,
        secret: password.clone().map_or(Secret::Nothing, Secret::Password),
        quota,
        protocols: Protocols::default(),
        external_id: None,
        labels: Labels::default(),
    };
    let sheet = |mailbox: &Mailbox| format!("/mailboxes/{}/handover", mailbox.address);
    if typed.hand_over != "sheet" && typed.hand_over != "nothing" {
        let (done, link) = mailboxes::create_with_link(app, call, &domain.name, draft).await?;
        return Ok(Added::Secret(Shown {
            path: sheet(&done.value),
            link: link.url,
            until: Some(link.expires_at),
            ..Shown::default()
        }));
    }
    let mailbox = mailboxes::create(app, call, &domain.name, draft).await?.value;
    Ok(match password {
        Some(password) => Added::Secret(Shown {
            path: sheet(&mailbox),
            password: password.expose().to_owned(),
            ..Shown::default()
        }),
        None => Added::Plain(Box::new(mailbox)),
    })
}

/// The address that was typed, or else the best free one for the name.
async fn local_part(
    visitor: &Visitor,
    domain: &Domain,
    typed: &Typed,
    reader: &mut Reader,
) -> Result<Option<LocalPart>, Error> {
    if !typed.local_part.trim().is_empty() {
        let parsed = visitor.app.addresses.local_part(typed.local_part.trim());
        return Ok(reader.check("local_part", parsed));
    }
    if typed.name.trim().is_empty() {
        return Ok(None);
    }
    let free = mailboxes::suggest(&visitor.app, &visitor.call, &domain.name, &typed.name).await?;
    let best = free.into_iter().next();
    if best.is_none() {
        let text = "no address can be made from this name; type one";
        reader.wrong("local_part", "no_suggestion", text);
    }
    Ok(best)
}

/// What is asked while somebody types.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Asked {
    name: String,
    local_part: String,
}

pub(in crate::http::web) async fn check_part(
    visitor: Visitor,
    At(name): At<DomainName>,
    Query(asked): Query<Asked>,
) -> Answer {
    let (domain, _permit) = visitor
        .app
        .live_domain::<MailboxCreate>(&visitor.call, &name)
        .await?;
    let check = check(&visitor, &domain, &asked.name, &asked.local_part).await?;
    page(&AddressCheckPart { check })
}

async fn check(
    visitor: &Visitor,
    domain: &Domain,
    name: &str,
    local_part: &str,
) -> Result<Option<AddressCheck>, Error> {
    let (app, call, typed) = (&visitor.app, &visitor.call, local_part.trim());
    let wish = if name.trim().is_empty() { typed } else { name };
    let free = mailboxes::suggest(app, call, &domain.name, wish).await?;
    let offered = |free: &[LocalPart]| free.iter().map(ToString::to_string).collect();
    let at = |local: &dyn std::fmt::Display| format!("{local}@{}", domain.name.to_unicode());
    if typed.is_empty() {
        return Ok(free.first().map(|best| AddressCheck {
            free: true,
            address: at(best),
            ..AddressCheck::default()
        }));
    }
    let (is_free, reason) = match app.addresses.local_part(typed) {
        Ok(local) if mailboxes::is_free(app, call, &domain.name, &local).await? => (true, String::new()),
        Ok(local) => (false, format!("{} is in use.", at(&local))),
        Err(bad) => (false, format!("{bad}.")),
    };
    Ok(Some(AddressCheck {
        free: is_free,
        address: at(&typed.to_lowercase()),
        reason,
        alternatives: offered(&free),
    }))
}

pub(in crate::http::web) async fn handover(visitor: Visitor, At(at): At<MailboxRef>) -> Answer {
    let (mailbox, place) = open::<MailboxRead>(&visitor, &at).await?;
    let secret = visitor.secret().await?;
    let advice = match &secret {
        Some(_) => "It receives mail now. Print this sheet or copy what is on it: it is shown this once.",
        None => "Its password or link was shown once before. Make a new one on the page of the mailbox.",
    };
    let may_add = visitor.actor().may::<MailboxCreate>(&place);
    let another = format!("/domains/{}/mailboxes/new", mailbox.address.domain());
    let secret = secret.unwrap_or_default();
    page(&Handover {
        chrome: chrome(&visitor, &mailbox, &place).await?,
        mailbox: mail::mailbox_ref(&mailbox),
        advice: advice.to_owned(),
        another: if may_add { another } else { String::new() },
        link: link(&secret, visitor.now()),
        password: (!secret.password.is_empty()).then_some(secret.password),
        settings: cluster::mail_settings(&visitor.app.mail_hosts, &mailbox.address),
        help: format!("ask {}", visitor.actor().identity().name),
    })
}

/// The set-up link of a secret, with its code for a telephone's camera.
pub(in crate::http::web) fn link(secret: &Shown, now: crate::model::Timestamp) -> Option<SetUpLink> {
    (!secret.link.is_empty()).then(|| SetUpLink {
        url: secret.link.clone(),
        until: secret.until.map(|end| words::date(end, now)).unwrap_or_default(),
        qr: qr::of(&secret.link),
    })
}

//! Whether a customer is in use: suspend, resume, delete, restore.

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Plain, Reader, read};
use super::super::nav::Here;
use super::super::pages::common::{Confirm, Suspend};
use super::super::view::{Flash, Form, Link, Undo, words};
use super::super::visitor::{At, Visitor};
use crate::access::{OrgDelete, OrgSuspend, Permission};
use crate::error::Error;
use crate::model::{Org, OrgId, Reason};
use crate::service::orgs;

async fn open<P: Permission>(visitor: &Visitor, id: OrgId) -> Result<Org, Error> {
    let (org, permit) = orgs::get(&visitor.app, &visitor.call, id).await?;
    if visitor.actor().may::<P>(permit.place()) {
        Ok(org)
    } else {
        Err(Error::Refused(P::ACTION))
    }
}

fn back(org: &Org) -> Link {
    Link::new(format!("/orgs/{}", org.id), org.name.as_str())
}

/// Why a customer is switched off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Why {
    reason: String,
    delivery: String,
}

pub(in crate::http::web) async fn ask_suspend(visitor: Visitor, At(id): At<OrgId>) -> Answer {
    show_suspend(&visitor, id, StatusCode::OK, Form::default()).await
}

async fn show_suspend(visitor: &Visitor, id: OrgId, status: StatusCode, form: Form) -> Answer {
    let org = open::<OrgSuspend>(visitor, id).await?;
    let domains = words::count(org.usage.domains, "domain", "domains");
    page_with(
        status,
        &Suspend {
            chrome: visitor.chrome(&Here::Everything("Customers")).await?,
            form,
            title: format!("Suspend {}", org.name),
            back: back(&org),
            action: format!("/orgs/{id}/suspend"),
            version: org.version.to_string(),
            lead: format!(
                "It has {domains}. Until it is resumed, nobody of it and below it can sign in to the portal."
            ),
            button: "Suspend customer".to_owned(),
        },
    )
}

pub(in crate::http::web) async fn suspend(
    visitor: Visitor,
    At(id): At<OrgId>,
    form: CsrfForm<Why>,
) -> Answer {
    match switch_off(&visitor, id, &form).await {
        Ok(org) => {
            let undo = undo(&org, "resume", " suspending", org.version.to_string());
            let flash = Flash::done(format!("{} is suspended.", org.name)).undone_by(undo);
            visitor.tell(&format!("/orgs/{id}"), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_suspend(&visitor, id, status, form).await
        }
    }
}

async fn switch_off(visitor: &Visitor, id: OrgId, form: &CsrfForm<Why>) -> Result<Org, Error> {
    let mut reader = Reader::default();
    let reason: Option<Reason> = reader.required("reason", &form.content.reason);
    reader.finish()?;
    let call = visitor.expecting(form.version);
    let reason = read(reason)?;
    let done = match form.content.delivery.as_str() {
        "keep" => orgs::suspend_sign_in(&visitor.app, &call, id, reason).await?,
        _ => orgs::suspend(&visitor.app, &call, id, reason).await?,
    };
    Ok(done.value)
}

fn undo(org: &Org, verb: &str, what: &str, version: String) -> Undo {
    Undo {
        action: format!("/orgs/{}/{verb}", org.id),
        label: "Undo".to_owned(),
        what: what.to_owned(),
        version,
    }
}

pub(in crate::http::web) async fn resume(
    visitor: Visitor,
    At(id): At<OrgId>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let org = orgs::resume(&visitor.app, &call, id).await?.value;
    let flash = Flash::done(format!("{} is in use again.", org.name));
    visitor.tell(&format!("/orgs/{id}"), flash).await
}

pub(in crate::http::web) async fn ask_delete(visitor: Visitor, At(id): At<OrgId>) -> Answer {
    show_delete(&visitor, id, StatusCode::OK, Form::default()).await
}

async fn show_delete(visitor: &Visitor, id: OrgId, status: StatusCode, form: Form) -> Answer {
    let org = open::<OrgDelete>(visitor, id).await?;
    let purge = words::date(visitor.app.purge_at(), visitor.now()).words;
    page_with(
        status,
        &Confirm {
            chrome: visitor.chrome(&Here::Everything("Customers")).await?,
            form,
            title: format!("Delete {}", org.name),
            back: back(&org),
            action: format!("/orgs/{id}/delete"),
            version: org.version.to_string(),
            lead: "The customer goes to the bin, with every customer below it and everything they hold."
                .to_owned(),
            effects: vec![
                format!(
                    "{}, {} and {} go with it and receive no mail.",
                    words::count(org.usage.domains, "domain", "domains"),
                    words::count(org.usage.mailboxes, "mailbox", "mailboxes"),
                    words::count(org.usage.aliases, "alias", "aliases")
                ),
                "Nobody who manages it can sign in here.".to_owned(),
                format!(
                    "Until {purge} it can be restored with all that went with it. Then it is gone for good."
                ),
            ],
            typed: String::new(),
            button: "Delete customer".to_owned(),
        },
    )
}

pub(in crate::http::web) async fn delete(
    visitor: Visitor,
    At(id): At<OrgId>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    match orgs::delete(&visitor.app, &call, id).await {
        Ok(done) => {
            let undo = undo(&done.value, "restore", " deleting", String::new());
            let flash = Flash::done(format!("{} was deleted.", done.value.name)).undone_by(undo);
            visitor.tell("/orgs", flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_delete(&visitor, id, status, form).await
        }
    }
}

pub(in crate::http::web) async fn restore(
    visitor: Visitor,
    At(id): At<OrgId>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let org = orgs::restore(&visitor.app, &call, id).await?.value;
    let flash = Flash::done(format!("{} is back.", org.name));
    visitor.tell(&format!("/orgs/{id}"), flash).await
}

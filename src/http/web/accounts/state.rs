//! Switching an account off and on again.

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Plain, Reader, read};
use super::super::nav::Here;
use super::super::pages::common::Suspend;
use super::super::view::{Flash, Form, Link};
use super::super::visitor::{At, Visitor};
use crate::access::{AccountSuspend, Permission as _};
use crate::error::Error;
use crate::model::{AccountId, Reason};
use crate::service::people;
use crate::store::Person;

/// Why somebody is switched off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Why {
    reason: String,
}

pub(in crate::http::web) async fn ask_suspend(visitor: Visitor, At(id): At<AccountId>) -> Answer {
    show(&visitor, id, StatusCode::OK, Form::default()).await
}

async fn show(visitor: &Visitor, id: AccountId, status: StatusCode, form: Form) -> Answer {
    let (person, _) = people::get(&visitor.app, &visitor.call, id).await?;
    if !visitor.actor().may_anywhere::<AccountSuspend>() {
        return Err(Error::Refused(AccountSuspend::ACTION).into());
    }
    let path = format!("/accounts/{id}");
    page_with(
        status,
        &Suspend {
            chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
            form,
            title: format!("Suspend {}", person.name),
            back: Link::new(&path, person.name.as_str()),
            action: format!("{path}/suspend"),
            version: person.version.to_string(),
            lead: format!(
                "{} is out at once: no sign-in, no session and no token works, until somebody resumes the account. \
                 The roles are kept.",
                person.name
            ),
            button: "Suspend account".to_owned(),
        },
    )
}

pub(in crate::http::web) async fn suspend(
    visitor: Visitor,
    At(id): At<AccountId>,
    form: CsrfForm<Why>,
) -> Answer {
    match switch_off(&visitor, id, &form).await {
        Ok(person) => {
            let flash = Flash::done(format!("{} has no way in any more.", person.name));
            visitor.tell(&format!("/accounts/{id}"), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show(&visitor, id, status, form).await
        }
    }
}

async fn switch_off(visitor: &Visitor, id: AccountId, form: &CsrfForm<Why>) -> Result<Person, Error> {
    let mut reader = Reader::default();
    let reason: Option<Reason> = reader.required("reason", &form.content.reason);
    reader.finish()?;
    let call = visitor.expecting(form.version);
    Ok(people::suspend(&visitor.app, &call, id, read(reason)?)
        .await?
        .value)
}

pub(in crate::http::web) async fn resume(
    visitor: Visitor,
    At(id): At<AccountId>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let person = people::resume(&visitor.app, &call, id).await?.value;
    let flash = Flash::done(format!("{} can sign in again.", person.name));
    visitor.tell(&format!("/accounts/{id}"), flash).await
}

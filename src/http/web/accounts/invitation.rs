//! Where somebody who was invited chooses a password.

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, Oops, page_with, see};
use super::super::forms::{CsrfForm, Reader, read};
use super::super::pages::accounts::{InvitationGone, InvitationPage};
use super::super::view::Form;
use super::super::visitor::{At, Guest};
use crate::error::Error;
use crate::service::ways_in;
use crate::store::Person;

pub(in crate::http::web) async fn choose(guest: Guest, At(code): At<String>) -> Answer {
    match ways_in::invitation(&guest.app, &code).await? {
        Some(person) => show(&guest, &code, &person, StatusCode::OK, Form::default()),
        None => gone(),
    }
}

fn gone() -> Answer {
    page_with(StatusCode::GONE, &InvitationGone {})
}

fn show(guest: &Guest, code: &str, person: &Person, status: StatusCode, form: Form) -> Answer {
    let now = guest.app.clock.now();
    let held = person.grants.iter().filter(|held| held.given.grant.is_live(now));
    let may = held.map(|held| {
        let grant = &held.given.grant;
        let (role, scope) = (grant.role.title(), &held.scope_name);
        format!("{role} on {scope}: you may {}.", grant.holds.spoken())
    });
    let content = InvitationPage {
        csrf: guest.csrf.clone(),
        action: format!("/invitation/{code}"),
        name: person.name.to_string(),
        email: person.email.clone(),
        may: may.collect(),
        form,
    };
    Ok(guest.with_cookie(page_with(status, &content)?))
}

/// The password that is chosen.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Chosen {
    password: String,
}

impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chosen(..)")
    }
}

pub(in crate::http::web) async fn accept(
    guest: Guest,
    At(code): At<String>,
    form: CsrfForm<Chosen>,
) -> Answer {
    let app = &guest.app;
    let Some(person) = ways_in::invitation(app, &code).await? else {
        return gone();
    };
    let mut reader = Reader::default();
    let context = [person.email.as_str(), person.name.as_str()];
    let password = reader.check("password", app.passwords.check(&form.content.password, &context));
    if let Err(invalid) = reader.finish() {
        let (form, status) = form.form.refused(invalid.into())?;
        return show(&guest, &code, &person, status, form);
    }
    match ways_in::accept(app, &guest.request_id, &code, read(password)?).await {
        Ok(_) => Ok(see("/sign-in?welcome=yes")),
        Err(Error::Against(_)) => gone(),
        Err(error) => Err(Oops::from(error)),
    }
}

//! Ways in for whoever cannot sign in, and the links of letters: a new password, a new address.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use super::answer::{Answer, Oops, page_with, see};
use super::forms::{CsrfForm, Plain, Reader, read};
use super::pages::people::{AddressProof, Forgot, InGone, Reset};
use super::view::Form;
use super::visitor::{At, Guest};
use crate::error::Error;
use crate::service::{accounts, ways_in};
use crate::store::Person;

/// Every answer to whoever forgot a password takes this long, so that none tells by its time whether there was an
/// account to write to.
const ONE_TIME_FOR_ALL: Duration = Duration::from_millis(400);

/// The address that somebody signs in with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Whose {
    login: String,
}

pub(super) async fn ask(guest: Guest) -> Answer {
    forgot_page(&guest, StatusCode::OK, String::new(), Form::default())
}

fn forgot_page(guest: &Guest, status: StatusCode, sent_to: String, form: Form) -> Answer {
    let content = Forgot {
        csrf: guest.csrf.clone(),
        by_letter: guest.app.sends_letters,
        sent_to,
        minutes: ways_in::RESET_MINUTES,
        form,
    };
    Ok(guest.with_cookie(page_with(status, &content)?))
}

pub(super) async fn forgot(guest: Guest, form: CsrfForm<Whose>) -> Answer {
    let login = form.content.login.trim().to_owned();
    if accounts::parse_email(&login).is_err() {
        let text = "give the e-mail address that you sign in with, such as maria@example.org";
        let form = form.form.problem("login", text);
        return forgot_page(&guest, StatusCode::UNPROCESSABLE_ENTITY, String::new(), form);
    }
    let end = Instant::now() + ONE_TIME_FOR_ALL;
    if guest.app.sends_letters {
        ways_in::forgot(&guest.app, &guest.request_id, &login).await?;
    }
    sleep_until(end).await;
    forgot_page(&guest, StatusCode::OK, login, Form::default())
}

/// The password that is chosen.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    password: String,
}

impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chosen(..)")
    }
}

pub(super) async fn choose(guest: Guest, At(code): At<String>) -> Answer {
    match ways_in::reset(&guest.app, &code).await? {
        Some(person) => reset_page(&guest, &code, &person, StatusCode::OK, Form::default()),
        None => gone("Ask for a new one at the sign-in page."),
    }
}

fn gone(help: &str) -> Answer {
    let help = help.to_owned();
    page_with(StatusCode::GONE, &InGone { help })
}

fn reset_page(guest: &Guest, code: &str, person: &Person, status: StatusCode, form: Form) -> Answer {
    let content = Reset {
        csrf: guest.csrf.clone(),
        action: format!("/reset/{code}"),
        name: person.name.to_string(),
        email: person.email.clone(),
        form,
    };
    Ok(guest.with_cookie(page_with(status, &content)?))
}

pub(super) async fn set(guest: Guest, At(code): At<String>, form: CsrfForm<Chosen>) -> Answer {
    let app = &guest.app;
    let Some(person) = ways_in::reset(app, &code).await? else {
        return gone("Ask for a new one at the sign-in page.");
    };
    let mut reader = Reader::default();
    let context = [person.email.as_str(), person.name.as_str()];
    let password = reader.check("password", app.passwords.check(&form.content.password, &context));
    if let Err(invalid) = reader.finish() {
        let (form, status) = form.form.refused(invalid.into())?;
        return reset_page(&guest, &code, &person, status, form);
    }
    match ways_in::choose_anew(app, &guest.request_id, &code, read(password)?).await {
        Ok(()) => Ok(see("/sign-in?welcome=reset")),
        Err(Error::Against(_)) => gone("Ask for a new one at the sign-in page."),
        Err(error) => Err(Oops::from(error)),
    }
}

pub(super) async fn ask_proof(guest: Guest, At(code): At<String>) -> Answer {
    let Some((person, email)) = ways_in::new_address(&guest.app, &code).await? else {
        return address_gone();
    };
    let content = AddressProof {
        csrf: guest.csrf.clone(),
        action: format!("/address/{code}"),
        former: person.email,
        email,
    };
    Ok(guest.with_cookie(page_with(StatusCode::OK, &content)?))
}

fn address_gone() -> Answer {
    gone("Sign in, and ask for a new one on the page of your account.")
}

pub(super) async fn prove(guest: Guest, At(code): At<String>, _form: CsrfForm<Plain>) -> Answer {
    match ways_in::prove_address(&guest.app, &guest.request_id, &code).await {
        Ok(_) => Ok(see("/sign-in?welcome=address")),
        Err(Error::Against(refusal)) if refusal.code == "link_over" => address_gone(),
        Err(error) => Err(Oops::from(error)),
    }
}

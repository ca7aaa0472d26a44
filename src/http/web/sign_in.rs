//! In and out: by password, by the first operator's link, by a mailbox owner's link.

use axum::extract::Query;
use axum::response::IntoResponse;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::answer::{Answer, Oops, page, page_with, see};
use super::forms::{CsrfForm, Plain, Reader, read};
use super::pages::people::{InChoose, InDone, InGone, Setup, SetupGone, SignIn};
use super::view::cluster::mail_settings;
use super::view::{Form, Note};
use super::visitor::{At, Guest, Look};
use crate::access::{Actor, Call};
use crate::error::Error;
use crate::model::{AccountId, DisplayName, Refusal};
use crate::service::accounts::NewAccount;
use crate::service::{App, accounts, sign_in};

/// Where to after signing in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Next {
    next: String,
    /// Whoever came by an invitation has chosen a password.
    welcome: String,
}

pub(super) async fn ask(guest: Guest, Query(wanted): Query<Next>) -> Answer {
    if guest.is_signed_in().await? {
        return Ok(see("/"));
    }
    let next = own_path(&wanted.next);
    let note = (next != "/").then(|| Note {
        icon: "lock",
        title: "Sign in to see this page".to_owned(),
        ..Note::default()
    });
    let welcome = welcome(&wanted.welcome).map(|(title, text)| Note {
        kind: "ok",
        icon: "circle-check",
        title: title.to_owned(),
        text: text.to_owned(),
        links: Vec::new(),
    });
    sign_in_page(&guest, StatusCode::OK, next, Form::default(), welcome.or(note))
}

/// What somebody hears who comes from the link of a letter.
fn welcome(from: &str) -> Option<(&'static str, &'static str)> {
    match from {
        "yes" => Some((
            "Your password is set",
            "Sign in with it, and with the address that you were invited by.",
        )),
        "reset" => Some(("Your new password is set", "Sign in with it.")),
        "address" => Some((
            "Your new address counts from now on",
            "Sign in with it, and with the password that you have.",
        )),
        _ => None,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Offered {
    login: String,
    password: String,
    next: String,
}

pub(super) async fn enter(guest: Guest, form: CsrfForm<Offered>) -> Answer {
    let Offered {
        login,
        password,
        next,
    } = form.content;
    let next = own_path(&next);
    match sign_in::with_password(&guest.app, &login, password).await {
        Ok(account) => {
            let look = liked(&guest.app, account, &guest.request_id).await?;
            guest.sign_in(account, look, next).await
        }
        Err(Error::Unknown) => {
            let text = "E-mail and password do not match. Check both, then try again.";
            let form = form.form.problem("", text);
            sign_in_page(&guest, StatusCode::UNAUTHORIZED, next, form, None)
        }
        Err(error) => Err(error.into()),
    }
}

/// How somebody likes their screens, for the cookie of this browser.
async fn liked(app: &App, account: AccountId, request_id: &str) -> Result<Look, Error> {
    let actor: Actor = sign_in::with_session(app, account).await?;
    let own = accounts::own(app, &Call::new(actor, request_id)).await?;
    Ok(Look::new(&own.theme, &own.density, own.shortcuts))
}

fn sign_in_page(guest: &Guest, status: StatusCode, next: &str, form: Form, note: Option<Note>) -> Answer {
    let content = SignIn {
        csrf: guest.csrf.clone(),
        next: next.to_owned(),
        note,
        by_letter: guest.app.sends_letters,
        form,
    };
    Ok(guest.with_cookie(page_with(status, &content)?))
}

/// A path of this portal: it begins with one slash, and no browser reads a host out of it.
fn own_path(text: &str) -> &str {
    let plain = text
        .bytes()
        .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    let own = text.starts_with('/') && !text.starts_with("//") && plain && text.len() <= 2048;
    if own { text } else { "/" }
}

pub(super) async fn leave(guest: Guest, _form: CsrfForm<Plain>) -> Answer {
    guest.sign_out().await?;
    let mut response = see("/sign-in").into_response();
    let forget = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert("clear-site-data", forget);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

pub(super) async fn set_up(guest: Guest, At(code): At<String>) -> Answer {
    if !accounts::setup_link_is_good(&guest.app, &code).await? {
        return setup_gone();
    }
    setup_page(&guest, StatusCode::OK, &code, Form::default())
}

fn setup_gone() -> Answer {
    let command = "postdesk account create --role operator".to_owned();
    page_with(StatusCode::GONE, &SetupGone { command })
}

fn setup_page(guest: &Guest, status: StatusCode, code: &str, form: Form) -> Answer {
    let content = Setup {
        csrf: guest.csrf.clone(),
        action: format!("/setup/{code}"),
        form,
    };
    Ok(guest.with_cookie(page_with(status, &content)?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FirstOperator {
    organisation: String,
    name: String,
    email: String,
    password: String,
}

pub(super) async fn finish_set_up(
    guest: Guest,
    At(code): At<String>,
    form: CsrfForm<FirstOperator>,
) -> Answer {
    match first_operator(&guest, &code, &form.content).await {
        Ok(account) => guest.sign_in(account, Look::new("", "", true), "/").await,
        Err(Error::Against(Refusal {
            code: "link_over", ..
        })) => setup_gone(),
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            setup_page(&guest, status, &code, form)
        }
    }
}

async fn first_operator(guest: &Guest, code: &str, typed: &FirstOperator) -> Result<AccountId, Error> {
    let mut reader = Reader::default();
    let provider: Option<DisplayName> = reader.required("organisation", &typed.organisation);
    let name: Option<DisplayName> = reader.required("name", &typed.name);
    let context = [typed.email.as_str(), &typed.name, &typed.organisation];
    let password = reader.check("password", guest.app.passwords.check(&typed.password, &context));
    if let Err(Error::Invalid(_)) = accounts::parse_email(&typed.email) {
        reader.wrong(
            "email",
            "email",
            "give an e-mail address, such as maria@example.org",
        );
    }
    reader.finish()?;
    let new = NewAccount {
        email: typed.email.clone(),
        name: read(name)?,
        password,
        grant: None,
    };
    accounts::set_up_first_operator(&guest.app, &guest.request_id, code, read(provider)?, new).await
}

pub(super) async fn choose(guest: Guest, At(code): At<String>) -> Answer {
    match sign_in::mailbox_link(&guest.app, &code).await? {
        Some(link) => {
            let (address, made_by) = (link.address.to_unicode(), link.made_by);
            choose_page(
                &guest,
                StatusCode::OK,
                (&code, &address, &made_by),
                Form::default(),
            )
        }
        None => link_gone(),
    }
}

fn link_gone() -> Answer {
    let help = "Ask whoever sent it to you for a new one.".to_owned();
    page_with(StatusCode::GONE, &InGone { help })
}

fn choose_page(
    guest: &Guest,
    status: StatusCode,
    (code, address, made_by): (&str, &str, &str),
    form: Form,
) -> Answer {
    let content = InChoose {
        csrf: guest.csrf.clone(),
        action: format!("/in/{code}"),
        address: address.to_owned(),
        form,
        help: ask_whom(made_by),
    };
    Ok(guest.with_cookie(page_with(status, &content)?))
}

fn ask_whom(made_by: &str) -> String {
    format!("Questions? Ask {made_by}.")
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    password: String,
}

pub(super) async fn set_own(guest: Guest, At(code): At<String>, form: CsrfForm<Chosen>) -> Answer {
    let app = &guest.app;
    let Some(link) = sign_in::mailbox_link(app, &code).await? else {
        return link_gone();
    };
    let address = link.address.to_string();
    let mut reader = Reader::default();
    let checked = app
        .passwords
        .check(&form.content.password, &[&address, &link.display_name]);
    let password = reader.check("password", checked);
    if let Err(invalid) = reader.finish() {
        let (form, status) = form.form.refused(invalid.into())?;
        return choose_page(&guest, status, (&code, &address, &link.made_by), form);
    }
    match sign_in::choose_password(app, &guest.request_id, &code, read(password)?).await {
        Ok(link) => page(&InDone {
            address: link.address.to_unicode(),
            settings: mail_settings(&app.mail_hosts, &link.address),
            help: ask_whom(&link.made_by),
        }),
        Err(Error::Against(_)) => link_gone(),
        Err(error) => Err(Oops::from(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn signing_in_leads_nowhere_but_into_the_portal() {
        for own in ["/", "/domains/a.example?x=1", "/mailboxes/a%40b.example"] {
            assert_eq!(own_path(own), own);
        }
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "javascript:1",
            "evil",
        ] {
            assert_eq!(own_path(foreign), "/", "{foreign}");
        }
    }
}

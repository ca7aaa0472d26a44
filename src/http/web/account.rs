//! One's own account: password, looks, roles.

use axum::response::IntoResponse as _;
use http::{StatusCode, header};
use serde::Deserialize;

use super::answer::{Answer, page_with};
use super::forms::{CsrfForm, Reader, read, ticked};
use super::nav::Here;
use super::pages::people::{Account, AddressNew};
use super::view::{Choice, Fact, Flash, Form, words};
use super::visitor::{Look, Visitor};
use crate::access::{Grant, Scope};
use crate::error::Error;
use crate::model::Language;
use crate::service::{accounts, tokens, ways_in};

pub(super) async fn show(visitor: Visitor) -> Answer {
    account_page(&visitor, StatusCode::OK, Form::default()).await
}

async fn account_page(visitor: &Visitor, status: StatusCode, form: Form) -> Answer {
    page_with(
        status,
        &Account {
            chrome: visitor.chrome(&Here::Nowhere).await?,
            form,
            tokens: live_tokens(visitor).await?,
            themes: themes(visitor.look()),
            languages: languages(visitor).await?,
            grants: visitor
                .actor()
                .grants()
                .iter()
                .map(|grant| fact(visitor, grant))
                .collect(),
        },
    )
}

/// How many there are that are good for something.
async fn live_tokens(visitor: &Visitor) -> Result<String, Error> {
    let all = tokens::list(&visitor.app, &visitor.call).await?;
    let live = all
        .iter()
        .filter(|token| matches!(token.state(visitor.now()), "active" | "replaced"));
    Ok(match live.count() {
        0 => "Make a token".to_owned(),
        1 => "Your token".to_owned(),
        many => format!("Your {many} tokens"),
    })
}

/// What letters to them are written in.
async fn languages(visitor: &Visitor) -> Result<Vec<Choice>, Error> {
    let own = accounts::own(&visitor.app, &visitor.call).await?;
    let choice = |language: &Language| Choice {
        value: language.as_str().to_owned(),
        label: language.own_name().to_owned(),
        chosen: *language == own.language,
        ..Choice::default()
    };
    Ok(Language::ALL.iter().map(choice).collect())
}

fn themes(look: Look) -> Vec<Choice> {
    let all = [
        ("system", "As the system", "monitor", ""),
        ("light", "Light", "sun", "light"),
        ("dark", "Dark", "moon", "dark"),
    ];
    let choice = |(value, label, icon, theme): (&str, &str, &'static str, &str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        icon,
        chosen: look.theme == theme,
    };
    all.into_iter().map(choice).collect()
}

fn fact(visitor: &Visitor, grant: &Grant) -> Fact {
    let (scope, href) = match &grant.scope {
        Scope::System => ("Everything".to_owned(), String::new()),
        Scope::Org(id, _) => ("A customer and all below it".to_owned(), format!("/orgs/{id}")),
        Scope::Domain(_, name, _) => (name.clone(), format!("/domains/{name}")),
    };
    let until = grant
        .expires_at
        .map(|end| format!(" until {}", words::date(end, visitor.now()).words));
    let role = format!("{}{}", grant.role.title(), until.unwrap_or_default());
    Fact {
        href,
        ..Fact::new(&role, scope)
    }
}

/// How somebody likes their screens, and what they are spoken to in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Likes {
    theme: String,
    compact: String,
    shortcuts: String,
    language: String,
}

pub(super) async fn set_look(visitor: Visitor, form: CsrfForm<Likes>) -> Answer {
    let Likes {
        theme,
        compact,
        shortcuts,
        language,
    } = form.content;
    let density = if ticked(&compact) {
        "compact"
    } else {
        "comfortable"
    };
    let shortcuts = ticked(&shortcuts);
    let language = language.parse().unwrap_or_default();
    accounts::set_preferences(&visitor.app, &visitor.call, &theme, density, shortcuts, language).await?;
    let look = Look::new(&theme, density, shortcuts);
    let flash = Flash::done("It looks as you like it.");
    let mut response = visitor.tell("/account", flash).await?.into_response();
    if let Some(cookie) = look.cookie(&visitor.app) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The password that is, and the one that shall be.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Passwords {
    current_password: String,
    new_password: String,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords(..)")
    }
}

pub(super) async fn set_password(visitor: Visitor, form: CsrfForm<Passwords>) -> Answer {
    match new_password(&visitor, form.content).await {
        Ok(()) => {
            visitor.renew().await?;
            let flash = Flash::done("Your password is changed. Your other sessions have ended.");
            visitor.tell("/account", flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            account_page(&visitor, status, form).await
        }
    }
}

async fn new_password(visitor: &Visitor, typed: Passwords) -> Result<(), Error> {
    let identity = visitor.actor().identity();
    let mut reader = Reader::default();
    let context = [identity.email.as_str(), &identity.name];
    let checked = visitor.app.passwords.check(&typed.new_password, &context);
    let password = reader.check("new_password", checked);
    reader.finish()?;
    let current = typed.current_password;
    accounts::change_password(&visitor.app, &visitor.call, current, read(password)?).await?;
    Ok(())
}

/// Where somebody wants to sign in from now on, with the password that shows it is them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NewAddress {
    email: String,
    current_password: String,
}

impl std::fmt::Debug for NewAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewAddress(..)")
    }
}

pub(super) async fn ask_address(visitor: Visitor) -> Answer {
    address_page(&visitor, StatusCode::OK, Form::default()).await
}

async fn address_page(visitor: &Visitor, status: StatusCode, form: Form) -> Answer {
    let page = AddressNew {
        chrome: visitor.chrome(&Here::Nowhere).await?,
        by_letter: visitor.app.sends_letters,
        form,
    };
    page_with(status, &page)
}

pub(super) async fn set_address(visitor: Visitor, form: CsrfForm<NewAddress>) -> Answer {
    let typed = form.content;
    match ways_in::ask_address(&visitor.app, &visitor.call, typed.current_password, &typed.email).await {
        Ok(email) => {
            let text = format!(
                "A letter is on its way to {email}. Open its link within {} hours; until then you sign in as before.",
                ways_in::LINK_HOURS
            );
            visitor.tell("/account", Flash::done(text)).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            address_page(&visitor, status, form).await
        }
    }
}

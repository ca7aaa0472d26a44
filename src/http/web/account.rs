//! One's own account: tokens, password, looks, roles.

use axum::response::IntoResponse as _;
use http::{StatusCode, header};
use serde::Deserialize;

use super::answer::{Answer, page, page_with};
use super::forms::{CsrfForm, Plain, Reader, read, ticked};
use super::nav::Here;
use super::pages::people::{Account, TokenRow, TokenShown};
use super::view::{Choice, Fact, Flash, Form, words};
use super::visitor::{At, Look, Visitor};
use crate::access::{Grant, Scope, TokenManageOwn};
use crate::error::Error;
use crate::http::session::Shown;
use crate::model::{DisplayName, TokenId};
use crate::service::{accounts, tokens};
use crate::store::TokenView;

pub(super) async fn show(visitor: Visitor) -> Answer {
    account_page(&visitor, StatusCode::OK, Form::default()).await
}

async fn account_page(visitor: &Visitor, status: StatusCode, form: Form) -> Answer {
    let form = form.over(Form::default().with("token_days", tokens::DEFAULT_DAYS.to_string()));
    page_with(
        status,
        &Account {
            chrome: visitor.chrome(&Here::Nowhere).await?,
            form,
            tokens: rows(visitor).await?,
            can_create_tokens: visitor.actor().may_anywhere::<TokenManageOwn>(),
            themes: themes(visitor.look()),
            grants: visitor
                .actor()
                .grants()
                .iter()
                .map(|grant| fact(visitor, grant))
                .collect(),
        },
    )
}

async fn rows(visitor: &Visitor) -> Result<Vec<TokenRow>, Error> {
    let now = visitor.now();
    let mut all = tokens::list(&visitor.app, &visitor.call).await?;
    all.retain(|token| token.revoked_at.is_none() && now < token.expires_at);
    let row = |token: &TokenView| TokenRow {
        name: token.name.clone(),
        hint: format!(
            "{}…{}",
            token.hint,
            if token.read_only { ", may only read" } else { "" }
        ),
        ends: words::date(token.expires_at, now).words,
        last_used: token
            .last_used_at
            .map_or_else(|| "never".to_owned(), |at| words::moment(at, now).words),
        revoke: format!("/account/tokens/{}/revoke", token.id),
    };
    Ok(all.iter().map(row).collect())
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

/// How somebody likes their screens.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Likes {
    theme: String,
    compact: String,
    shortcuts: String,
}

pub(super) async fn set_look(visitor: Visitor, form: CsrfForm<Likes>) -> Answer {
    let Likes {
        theme,
        compact,
        shortcuts,
    } = form.content;
    let density = if ticked(&compact) {
        "compact"
    } else {
        "comfortable"
    };
    let shortcuts = ticked(&shortcuts);
    accounts::set_preferences(&visitor.app, &visitor.call, &theme, density, shortcuts).await?;
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

/// A token to be made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewToken {
    token_name: String,
    token_days: String,
    read_only: String,
}

pub(super) async fn make_token(visitor: Visitor, form: CsrfForm<NewToken>) -> Answer {
    match token(&visitor, &form.content).await {
        Ok(secret) => visitor.show_once(secret).await,
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            account_page(&visitor, status, form).await
        }
    }
}

async fn token(visitor: &Visitor, typed: &NewToken) -> Result<Shown, Error> {
    let mut reader = Reader::default();
    let name: Option<DisplayName> = reader.required("token_name", &typed.token_name);
    let days = typed.token_days.trim().parse::<u32>().ok();
    if days.is_none() {
        let text = format!("choose 1 to {} days", tokens::MOST_DAYS);
        reader.wrong("token_days", "out_of_range", &text);
    }
    reader.finish()?;
    let only_reads = ticked(&typed.read_only);
    let (name, days) = (read(name)?, read(days)?);
    let (done, secret) = tokens::create(&visitor.app, &visitor.call, name, days, only_reads).await?;
    Ok(Shown {
        path: format!("/account/tokens/{}", done.value.id),
        password: secret.expose().to_owned(),
        ..Shown::default()
    })
}

pub(super) async fn show_token(visitor: Visitor, At(id): At<TokenId>) -> Answer {
    let all = tokens::list(&visitor.app, &visitor.call).await?;
    let token = all.into_iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| Error::not_found("token", &id.to_string()))?;
    let Some(secret) = visitor.secret().await? else {
        let text = "A token is shown once, and nobody can look it up. Make a new one if it is lost.";
        return visitor.tell("/account", Flash::done(text)).await;
    };
    let ends = words::date(token.expires_at, visitor.now()).words;
    let base = &visitor.app.base_url;
    page(&TokenShown {
        chrome: visitor.chrome(&Here::Nowhere).await?,
        name: token.name,
        example: format!(
            "curl -H 'Authorization: Bearer {}' {base}/api/v1/domains",
            secret.password
        ),
        token: secret.password,
        ends: format!("It works until {ends}."),
    })
}

pub(super) async fn revoke_token(visitor: Visitor, At(id): At<TokenId>, _form: CsrfForm<Plain>) -> Answer {
    tokens::revoke(&visitor.app, &visitor.call, id).await?;
    let flash = Flash::done("The token is revoked. Its next request is refused.");
    visitor.tell("/account", flash).await
}

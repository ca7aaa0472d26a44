//! Making a token: what it is for, and what it is narrowed to.

use std::fmt::Display;
use std::str::FromStr;

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Reader, read, ticked};
use super::super::pages::roles::PermissionChoice;
use super::super::pages::tokens::TokenNew;
use super::super::view::Form;
use super::super::visitor::{At, Visitor};
use super::Whose;
use crate::access::{Action, Permission as _, Permissions, TokenManageOwn};
use crate::error::Error;
use crate::http::session::Shown;
use crate::model::{AccountId, DisplayName};
use crate::service::service_accounts;
use crate::service::tokens::{DEFAULT_DAYS, MOST_DAYS, TokenWish};

/// A token to be made, as it is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    token_name: String,
    token_days: String,
    read_only: String,
    permission: Vec<String>,
    scopes: String,
    cidrs: String,
}

pub(in crate::http::web) async fn ask_own(visitor: Visitor) -> Answer {
    let whose = Whose::own(&visitor)?;
    show(
        &visitor,
        &whose,
        StatusCode::OK,
        Form::default(),
        Permissions::NONE,
    )
    .await
}

pub(in crate::http::web) async fn ask_of(visitor: Visitor, At(id): At<AccountId>) -> Answer {
    let whose = Whose::of(&visitor, id).await?;
    show(
        &visitor,
        &whose,
        StatusCode::OK,
        Form::default(),
        Permissions::NONE,
    )
    .await
}

async fn show(
    visitor: &Visitor,
    whose: &Whose,
    status: StatusCode,
    form: Form,
    chosen: Permissions,
) -> Answer {
    match whose {
        _ if whose.makes(visitor) => {}
        Whose::Own(_) => return Err(Error::Refused(TokenManageOwn::ACTION).into()),
        Whose::Of(person) => return Err(service_accounts::not_a_service(person).into()),
    }
    let more = ["permissions", "scopes", "cidrs"];
    let more_open = !chosen.is_empty()
        || more
            .iter()
            .any(|name| form.error(name).is_some() || !form.value(name).is_empty());
    let lead = match whose {
        Whose::Own(_) => "It may do what you may, as far as you do not narrow it here.".to_owned(),
        Whose::Of(person) => format!(
            "It may do what {} may, as far as you do not narrow it here.",
            person.name
        ),
    };
    page_with(
        status,
        &TokenNew {
            chrome: visitor.chrome(&whose.here()).await?,
            back: whose.back(),
            action: format!("{}/new", whose.base()),
            lead,
            choices: choices(whose.holds(visitor), chosen),
            more_open,
            form: form.over(Form::default().with("token_days", DEFAULT_DAYS.to_string())),
        },
    )
}

fn choices(offered: Permissions, chosen: Permissions) -> Vec<PermissionChoice> {
    let choice = |action: Action| PermissionChoice {
        value: action.as_str(),
        label: match action {
            Action::TokenManageOwn => "replace itself by a new token",
            action => action.meaning(),
        },
        chosen: chosen.has(action),
    };
    offered.and(chosen).iter().map(choice).collect()
}

pub(in crate::http::web) async fn own(visitor: Visitor, form: CsrfForm<Typed>) -> Answer {
    let whose = Whose::own(&visitor)?;
    make(&visitor, &whose, form).await
}

pub(in crate::http::web) async fn of(
    visitor: Visitor,
    At(id): At<AccountId>,
    form: CsrfForm<Typed>,
) -> Answer {
    let whose = Whose::of(&visitor, id).await?;
    make(&visitor, &whose, form).await
}

async fn make(visitor: &Visitor, whose: &Whose, form: CsrfForm<Typed>) -> Answer {
    match made(visitor, whose, &form.content).await {
        Ok(secret) => visitor.show_once(secret).await,
        Err(error) => {
            let (again, status) = form.form.refused(error)?;
            show(visitor, whose, status, again, form.content.permissions()).await
        }
    }
}

async fn made(visitor: &Visitor, whose: &Whose, typed: &Typed) -> Result<Shown, Error> {
    let (done, secret) = whose.make(visitor, typed.wish()?).await?;
    Ok(Shown {
        path: whose.page_of(done.value.id),
        password: secret.expose().to_owned(),
        ..Shown::default()
    })
}

impl Typed {
    fn permissions(&self) -> Permissions {
        let named = self.permission.iter();
        named.filter_map(|name| Action::named(name)).collect()
    }

    fn wish(&self) -> Result<TokenWish, Error> {
        let mut reader = Reader::default();
        let name: Option<DisplayName> = reader.required("token_name", &self.token_name);
        let days = self.token_days.trim().parse::<u32>().ok();
        if days.is_none() {
            let text = format!("choose 1 to {MOST_DAYS} days");
            reader.wrong("token_days", "out_of_range", &text);
        }
        let scopes = lines(&mut reader, "scopes", &self.scopes);
        let cidrs = lines(&mut reader, "cidrs", &self.cidrs);
        reader.finish()?;
        Ok(TokenWish {
            name: read(name)?,
            days: read(days)?,
            read_only: ticked(&self.read_only),
            permissions: self.permissions(),
            scopes,
            cidrs,
        })
    }
}

/// One thing on each line; what is wrong with one is told with it.
fn lines<T: FromStr>(reader: &mut Reader, field: &str, text: &str) -> Vec<T>
where
    T::Err: Display,
{
    let mut found = Vec::new();
    for line in text
        .split(['\n', ',', ';'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        match line.parse() {
            Ok(value) => found.push(value),
            Err(wrong) => reader.wrong(field, "unknown", &format!("“{line}”: {wrong}")),
        }
    }
    found
}

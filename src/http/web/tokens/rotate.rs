//! Replacing a token: a new secret, and how long the old one goes on.

use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Reader, read, ticked};
use super::super::pages::tokens::TokenRotate;
use super::super::view::{Form, Link, words};
use super::super::visitor::{At, Both, Visitor};
use super::Whose;
use crate::error::Error;
use crate::http::session::Shown;
use crate::model::{AccountId, TokenId};
use crate::service::tokens::{DEFAULT_OVERLAP_H, MOST_OVERLAP_H, RotationWish};

/// How a token is to be replaced, as it is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    overlap_hours: String,
    replace_unused: String,
}

pub(in crate::http::web) async fn ask_own(visitor: Visitor, At(id): At<TokenId>) -> Answer {
    let whose = Whose::own(&visitor)?;
    show(&visitor, &whose, id, StatusCode::OK, Form::default()).await
}

pub(in crate::http::web) async fn ask_of(
    visitor: Visitor,
    Both(account, id): Both<AccountId, TokenId>,
) -> Answer {
    let whose = Whose::of(&visitor, account).await?;
    show(&visitor, &whose, id, StatusCode::OK, Form::default()).await
}

async fn show(visitor: &Visitor, whose: &Whose, id: TokenId, status: StatusCode, form: Form) -> Answer {
    let token = whose.token(visitor, id).await?;
    let usual = Form::default().with("overlap_hours", DEFAULT_OVERLAP_H.to_string());
    page_with(
        status,
        &TokenRotate {
            chrome: visitor.chrome(&whose.here()).await?,
            back: Link::new(whose.page_of(id), &token.name),
            action: format!("{}/rotate", whose.page_of(id)),
            ends: words::date(token.expires_at, visitor.now()).words,
            again: token.successor.is_some(),
            name: token.name,
            form: form.over(usual),
        },
    )
}

pub(in crate::http::web) async fn own(
    visitor: Visitor,
    At(id): At<TokenId>,
    form: CsrfForm<Typed>,
) -> Answer {
    let whose = Whose::own(&visitor)?;
    rotate(&visitor, &whose, id, form).await
}

pub(in crate::http::web) async fn of(
    visitor: Visitor,
    Both(account, id): Both<AccountId, TokenId>,
    form: CsrfForm<Typed>,
) -> Answer {
    let whose = Whose::of(&visitor, account).await?;
    rotate(&visitor, &whose, id, form).await
}

async fn rotate(visitor: &Visitor, whose: &Whose, id: TokenId, form: CsrfForm<Typed>) -> Answer {
    match replaced(visitor, whose, id, &form.content).await {
        Ok(secret) => visitor.show_once(secret).await,
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show(visitor, whose, id, status, form).await
        }
    }
}

async fn replaced(visitor: &Visitor, whose: &Whose, id: TokenId, typed: &Typed) -> Result<Shown, Error> {
    let mut reader = Reader::default();
    let hours = typed.overlap_hours.trim().parse::<u32>().ok();
    if hours.is_none() {
        let text = format!("choose 0 to {MOST_OVERLAP_H} hours");
        reader.wrong("overlap_hours", "out_of_range", &text);
    }
    reader.finish()?;
    let wish = RotationWish {
        overlap_hours: read(hours)?,
        replace_unused: ticked(&typed.replace_unused),
    };
    let (done, secret) = whose.rotate(visitor, id, wish).await?;
    Ok(Shown {
        path: whose.page_of(done.value.token.id),
        password: secret.expose().to_owned(),
        ..Shown::default()
    })
}

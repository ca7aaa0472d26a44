//! The tokens of an account.

use super::super::answer::{Answer, page};
use super::super::pages::tokens::{TokenRow, Tokens};
use super::super::view::{Badge, Link, words};
use super::super::visitor::{At, Visitor};
use super::{Whose, is_live};
use crate::model::{AccountId, Timestamp};
use crate::store::{AccountKind, TokenView};

pub(in crate::http::web) async fn own(visitor: Visitor) -> Answer {
    let whose = Whose::own(&visitor)?;
    show(&visitor, &whose).await
}

pub(in crate::http::web) async fn of(visitor: Visitor, At(id): At<AccountId>) -> Answer {
    let whose = Whose::of(&visitor, id).await?;
    show(&visitor, &whose).await
}

async fn show(visitor: &Visitor, whose: &Whose) -> Answer {
    let now = visitor.now();
    let mut all = whose.list(visitor).await?;
    all.sort_by_key(|token| !is_live(token, now));
    let (back, title, lead) = words(whose);
    let makes = whose.makes(visitor);
    page(&Tokens {
        chrome: visitor.chrome(&whose.here()).await?,
        back,
        title,
        lead: lead.to_owned(),
        base: whose.base(),
        can_make: makes,
        can_replace: makes,
        rows: all.iter().map(|token| row(whose, token, now)).collect(),
    })
}

fn words(whose: &Whose) -> (Link, String, &'static str) {
    match whose {
        Whose::Own(_) => (
            Link::new("/account", "Your account"),
            "Your tokens".to_owned(),
            "A token lets a program use the REST API in your name, never with more rights than you have.",
        ),
        Whose::Of(person) => (
            Link::new(format!("/accounts/{}", person.id), person.name.as_str()),
            format!("Tokens of {}", person.name),
            match person.kind {
                AccountKind::Service => {
                    "A token lets a program use the REST API as this service account, never with more rights than it has."
                }
                AccountKind::Person => {
                    "Each was made by the person themselves. You can end them, and make none in their name."
                }
            },
        ),
    }
}

fn row(whose: &Whose, token: &TokenView, now: Timestamp) -> TokenRow {
    let last_used = token.last_used_at.map(|at| words::moment(at, now).words);
    TokenRow {
        name: token.name.clone(),
        path: whose.page_of(token.id),
        hint: format!(
            "{}…{}",
            token.hint,
            if token.read_only { ", may only read" } else { "" }
        ),
        badge: badge(token, now),
        ends: ends(token, now),
        last_used: last_used.unwrap_or_else(|| "never".to_owned()),
        live: is_live(token, now),
    }
}

/// The state in a word.
pub(super) fn badge(token: &TokenView, now: Timestamp) -> Badge {
    match token.state(now) {
        "revoked" => Badge::neutral("lock", "Revoked"),
        "expired" => Badge::neutral("clock", "Ended"),
        "replaced" => Badge::warn("refresh-cw", "Replaced"),
        _ => Badge::ok("Active"),
    }
}

/// When it ends: to the minute where that was brought forward.
pub(super) fn ends(token: &TokenView, now: Timestamp) -> String {
    match token.state(now) {
        "replaced" => words::moment(token.expires_at, now).words,
        _ => words::date(token.expires_at, now).words,
    }
}

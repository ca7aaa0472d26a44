//! Why somebody can or can't do something with a thing, permission by permission.

use axum::extract::Query;
use http::StatusCode;
use serde::Deserialize;

use super::answer::{Answer, page_with};
use super::nav::Here;
use super::pages::explain::{ExplainPage, ExplainedRow};
use super::view::{Badge, Form, Link, words};
use super::visitor::Visitor;
use crate::access::{AccountRead, Against};
use crate::error::Error;
use crate::model::{AccountId, Timestamp};
use crate::service::explain::{self, Explanation, Kind, Source, Told};
use crate::service::people;
use crate::service::permissions::Object;
use crate::store::PageRequest;

/// People whose name or address begins like what was typed that are looked through for the very one.
const MOST_LIKE_IT: usize = 100;

/// What the URL asks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// An address or an id; empty for oneself.
    account: String,
    object: String,
}

pub(super) async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let form = Form::default()
        .with("account", asked.account.trim())
        .with("object", asked.object.trim());
    let mut page = ExplainPage {
        chrome: visitor.chrome(&Here::Nowhere).await?,
        form,
        asks_others: visitor.actor().may_anywhere::<AccountRead>(),
        ..ExplainPage::default()
    };
    let mut status = StatusCode::OK;
    let text = asked.object.trim();
    if let Ok(object) = text.parse::<Object>() {
        fill(&visitor, &asked, &object, &mut page).await?;
    } else if !text.is_empty() {
        let help = "write an address, the name of a domain, or an id such as org_… or acc_…";
        page.form = page.form.problem("object", help);
        status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    page_with(status, &page)
}

async fn fill(
    visitor: &Visitor,
    asked: &Asked,
    object: &Object,
    page: &mut ExplainPage,
) -> Result<(), Error> {
    let (app, call) = (&visitor.app, &visitor.call);
    let told = match account(visitor, asked.account.trim()).await? {
        Some(account) => explain::of(app, call, account, object).await?,
        None => explain::own(app, call, object).await?,
    };
    let is_self = call.actor.identity().account == Some(told.account);
    page.title = if is_self {
        format!("What you can do with {}", told.thing.name)
    } else {
        format!("What {} can do with {}", told.person, told.thing.name)
    };
    page.only_seen = !is_self
        && !visitor
            .actor()
            .may::<AccountRead>(&crate::access::Place::system());
    page.person.clone_from(&told.person);
    let concerned = told
        .told
        .iter()
        .filter(|one| told.thing.kind.concerns(one.action));
    page.rows = concerned
        .map(|one| row(&told, one, is_self, visitor.now()))
        .collect();
    page.rows.sort_by_key(|row| row.badge.kind != "ok");
    Ok(())
}

/// Who is meant: nobody else where nothing is written.
async fn account(visitor: &Visitor, text: &str) -> Result<Option<AccountId>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(id) = text.parse() {
        return Ok(Some(id));
    }
    let first = PageRequest::first(MOST_LIKE_IT);
    let found = people::list(&visitor.app, &visitor.call, text, &first).await?;
    let is_meant = |email: &str| email.eq_ignore_ascii_case(text);
    let meant = found.items.iter().find(|person| is_meant(&person.email));
    let missing = || Error::not_found("account", text);
    meant.map(|person| Some(person.id)).ok_or_else(missing)
}

fn row(all: &Explanation, told: &Told, is_self: bool, now: Timestamp) -> ExplainedRow {
    let badge = match told.against {
        None => Badge::ok("Can"),
        Some(_) => Badge::neutral("circle-x", "Can’t"),
    };
    ExplainedRow {
        what: capital(told.action.meaning()),
        permission: told.action.to_string(),
        badge,
        why: match told.against {
            None => "As".to_owned(),
            Some(against) => why(all, told, against, is_self, now),
        },
        by: match told.against {
            None => told.by.iter().map(|source| link(source, is_self, now)).collect(),
            Some(_) => Vec::new(),
        },
        helpers: told
            .helpers
            .iter()
            .map(|helper| Link::new(format!("/accounts/{}", helper.account), &helper.name))
            .collect(),
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

fn spoken(source: &Source) -> String {
    format!("{} on {}", source.role, source.scope)
}

/// A role, where it is shown with its giver and its reason.
fn link(source: &Source, is_self: bool, now: Timestamp) -> Link {
    let until = source
        .expires_at
        .map(|end| format!(" until {}", words::date(end, now).words));
    let text = spoken(source) + &until.unwrap_or_default();
    if is_self {
        return Link::new("/account", text);
    }
    Link::new(format!("/accounts/{}#{}", source.account, source.grant), text)
}

fn why(all: &Explanation, told: &Told, against: Against, is_self: bool, now: Timestamp) -> String {
    let thing = &all.thing.name;
    let (who, holds) = if is_self {
        ("you", "you hold".to_owned())
    } else {
        (all.person.as_str(), format!("{} holds", all.person))
    };
    let ended = told.ended.iter().filter_map(|source| {
        let end = words::date(source.expires_at?, now).words;
        Some(format!("{} allowed it and ended on {end}.", spoken(source)))
    });
    match against {
        Against::OutOfReach | Against::Missing if !told.ended.is_empty() => {
            ended.collect::<Vec<String>>().join(" ")
        }
        Against::OutOfReach => format!("No role that {holds} reaches {thing}."),
        Against::Missing => format!("No role that {holds} here allows it."),
        Against::Credential => "What you signed in with does not let it through.".to_owned(),
        Against::Suspended => format!("The account of {who} is suspended and can do nothing."),
        Against::Oneself => "Nobody changes their own access.".to_owned(),
        Against::Rank if all.thing.kind == Kind::Mailbox => {
            format!("Whoever signs in with {thing} may do more than {who}, somewhere.")
        }
        Against::Rank => format!("{thing} may do more than {who}, somewhere."),
        Against::InTheBin => format!("{thing} is in the bin: restore it first."),
    }
}

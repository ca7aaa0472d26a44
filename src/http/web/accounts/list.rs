//! Everybody who can manage something that the visitor looks after.

use axum::extract::Query;
use serde::Deserialize;

use super::super::answer::{Answer, page};
use super::super::nav::Here;
use super::super::pages::accounts::{AccountRow, Accounts};
use super::super::paging::{Sieve, Wanted, pager};
use super::super::view::{Badge, words};
use super::super::visitor::Visitor;
use crate::access::{AccountInvite, AccountRead, GrantManage, Permission as _, Place};
use crate::error::Error;
use crate::model::Timestamp;
use crate::service::permissions::{self, Object};
use crate::service::{orgs, people};
use crate::store::Person;

/// Roles of one person that a row names.
const MOST_ROLES: usize = 3;

/// What the URL of the list says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Asked {
    filter: String,
    scope: String,
    #[serde(flatten)]
    wanted: Wanted,
}

pub(in crate::http::web) async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let actor = visitor.actor();
    if !actor.may_anywhere::<AccountRead>() {
        return Err(Error::Refused(AccountRead::ACTION).into());
    }
    let place = place(&visitor, &asked.scope).await?;
    let mut sieve = Sieve::new(asked.wanted.page()?);
    while let Some(request) = sieve.next() {
        let found = people::list(&visitor.app, &visitor.call, asked.filter.trim(), &request).await?;
        sieve.add(found, |person| manages(person, place.as_ref(), visitor.now()));
    }
    let found = sieve.page();
    let can_invite = match &place {
        Some((at, _)) => actor.may::<AccountInvite>(at) && actor.may::<GrantManage>(at),
        None => actor.may_anywhere::<AccountInvite>() && actor.may_anywhere::<GrantManage>(),
    };
    let others = [("filter", asked.filter.as_str()), ("scope", &asked.scope)];
    page(&Accounts {
        chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
        place: place.map(|(_, name)| name).unwrap_or_default(),
        can_invite,
        can_serve: can_invite && super::service::may_make(actor),
        rows: found.items.iter().map(|person| row(&visitor, person)).collect(),
        pager: pager(&found, &asked.wanted, "/accounts", &others),
        filter: asked.filter,
        scope: asked.scope,
    })
}

/// Where the list is about, and what that is called; nothing where it is about everything.
async fn place(visitor: &Visitor, scope: &str) -> Result<Option<(Place, String)>, Error> {
    if scope.is_empty() {
        return Ok(None);
    }
    let missing = || Error::not_found("scope", scope);
    let object: Object = scope.parse().map_err(|_| missing())?;
    let place = permissions::place_of(&visitor.app, &visitor.call, &object).await?;
    if !visitor.actor().may::<AccountRead>(&place) {
        return Err(Error::Refused(AccountRead::ACTION));
    }
    let name = match object {
        Object::Org(id) => orgs::get(&visitor.app, &visitor.call, id)
            .await?
            .0
            .name
            .to_string(),
        _ => scope.to_owned(),
    };
    Ok(Some((place, name)))
}

/// Whether somebody holds a role that reaches the place.
fn manages(person: &Person, place: Option<&(Place, String)>, now: Timestamp) -> bool {
    let Some((place, _)) = place else { return true };
    let mut held = person.grants.iter().map(|held| &held.given.grant);
    held.any(|grant| grant.is_live(now) && grant.scope.contains(place))
}

fn row(visitor: &Visitor, person: &Person) -> AccountRow {
    let live = person
        .grants
        .iter()
        .filter(|held| held.given.grant.is_live(visitor.now()));
    let roles: Vec<String> = live
        .map(|held| format!("{} on {}", held.given.grant.role.title(), held.scope_name))
        .collect();
    AccountRow {
        name: person.name.to_string(),
        path: format!("/accounts/{}", person.id),
        email: address(person),
        roles: match roles.len() {
            0 => "no role".to_owned(),
            _ => words::list(&roles, MOST_ROLES),
        },
        badge: badge(person),
    }
}

/// The address somebody signs in with; services have none.
pub(super) fn address(person: &Person) -> String {
    match person.kind {
        crate::store::AccountKind::Person => person.email.clone(),
        crate::store::AccountKind::Service => "a service, acts by tokens".to_owned(),
    }
}

/// The state in a word.
pub(super) fn badge(person: &Person) -> Badge {
    match person.state() {
        "suspended" => Badge::warn("circle-pause", "Suspended"),
        "invited" => Badge::neutral("clock", "Invited"),
        _ => Badge::ok("Active"),
    }
}

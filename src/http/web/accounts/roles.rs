//! Giving somebody a role, and taking one away.

use axum::extract::Query;
use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Plain, Reader};
use super::super::nav::Here;
use super::super::pages::accounts::GiveRole;
use super::super::pages::common::Confirm;
use super::super::view::{Flash, Form, Link, words};
use super::super::visitor::{At, Both, Visitor};
use super::wish::{self, TypedWish};
use crate::access::{Call, GrantManage, Permission as _};
use crate::error::Error;
use crate::model::{AccountId, GrantId};
use crate::service::{grants, people};
use crate::store::GrantRecord;

/// On what a role is given.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct On {
    scope: String,
}

pub(in crate::http::web) async fn ask(
    visitor: Visitor,
    At(id): At<AccountId>,
    Query(on): Query<On>,
) -> Answer {
    show(&visitor, id, &on.scope, StatusCode::OK, Form::default()).await
}

async fn show(visitor: &Visitor, id: AccountId, scope: &str, status: StatusCode, form: Form) -> Answer {
    let (person, _) = people::get(&visitor.app, &visitor.call, id).await?;
    if !visitor.actor().may_anywhere::<GrantManage>() {
        return Err(Error::Refused(GrantManage::ACTION).into());
    }
    let fields = wish::fields(visitor, scope, &form).await?;
    let path = format!("/accounts/{id}");
    let query = match scope {
        "" => String::new(),
        scope => format!("?scope={}", words::query(scope)),
    };
    page_with(
        status,
        &GiveRole {
            chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
            name: person.name.to_string(),
            action: format!("{path}/roles/new{query}"),
            path,
            fields,
            form,
        },
    )
}

pub(in crate::http::web) async fn give(
    visitor: Visitor,
    At(id): At<AccountId>,
    Query(on): Query<On>,
    form: CsrfForm<TypedWish>,
) -> Answer {
    match add(&visitor, id, &form.content).await {
        Ok(held) => {
            let (role, scope) = (held.given.grant.role.title(), &held.scope_name);
            let flash = Flash::done(format!("{} is {role} on {scope} now.", held.holder));
            visitor.tell(&format!("/accounts/{id}"), flash).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show(&visitor, id, &on.scope, status, form).await
        }
    }
}

async fn add(visitor: &Visitor, id: AccountId, typed: &TypedWish) -> Result<GrantRecord, Error> {
    let wish = typed.read(Reader::default())?;
    Ok(grants::give(&visitor.app, &visitor.call, id, wish).await?.value)
}

pub(in crate::http::web) async fn ask_revoke(
    visitor: Visitor,
    Both(id, grant): Both<AccountId, GrantId>,
) -> Answer {
    show_revoke(&visitor, id, grant, StatusCode::OK, Form::default()).await
}

async fn show_revoke(
    visitor: &Visitor,
    id: AccountId,
    grant: GrantId,
    status: StatusCode,
    form: Form,
) -> Answer {
    let (person, _) = people::get(&visitor.app, &visitor.call, id).await?;
    let held = person.grants.iter().find(|held| held.given.grant.id == grant);
    let held = held.ok_or_else(|| Error::not_found("grant", &grant.to_string()))?;
    let (form, status, ended) = match preview(visitor, id, grant).await {
        Ok(ended) => (form, status, ended),
        // A page that opens says what stands in the way; one that was sent says it already.
        Err(error) if form.failed() => {
            form.clone().refused(error)?;
            (form, status, Vec::new())
        }
        Err(error) => {
            let (form, status) = form.refused(error)?;
            (form, status, Vec::new())
        }
    };
    let path = format!("/accounts/{id}");
    let role = held.given.grant.role.title();
    page_with(
        status,
        &Confirm {
            chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
            form,
            title: format!("Take {role} away from {}", person.name),
            back: Link::new(&path, person.name.as_str()),
            action: format!("{path}/roles/{grant}/revoke"),
            version: String::new(),
            lead: format!(
                "{} is no longer {role} on {} from now on.",
                person.name, held.scope_name
            ),
            effects: effects(&ended, grant),
            typed: String::new(),
            button: "Take away".to_owned(),
        },
    )
}

async fn preview(visitor: &Visitor, id: AccountId, grant: GrantId) -> Result<Vec<GrantRecord>, Error> {
    let call = Call {
        dry_run: true,
        ..visitor.call.clone()
    };
    Ok(grants::revoke(&visitor.app, &call, id, grant).await?.value)
}

/// What ends too, and because of whom.
fn effects(ended: &[GrantRecord], first: GrantId) -> Vec<String> {
    let Some(taken) = ended.iter().find(|held| held.given.grant.id == first) else {
        return Vec::new();
    };
    let more: Vec<&GrantRecord> = ended.iter().filter(|held| held.given.grant.id != first).collect();
    let head = match more.len() {
        0 => "Nothing else ends with it.".to_owned(),
        1 => format!("1 role given by {} ends too:", taken.holder),
        many => format!("{many} roles handed on through {} end too:", taken.holder),
    };
    let each = more.iter().map(|held| {
        let giver = held.giver.as_deref().unwrap_or("the installation");
        let role = held.given.grant.role.title();
        format!("{}: {role} on {}, given by {giver}", held.holder, held.scope_name)
    });
    std::iter::once(head).chain(each).collect()
}

pub(in crate::http::web) async fn revoke(
    visitor: Visitor,
    Both(id, grant): Both<AccountId, GrantId>,
    form: CsrfForm<Plain>,
) -> Answer {
    match grants::revoke(&visitor.app, &visitor.call, id, grant).await {
        Ok(done) => {
            let text = match done.value.len() {
                0 | 1 => "The role is taken away.".to_owned(),
                many => format!("{many} roles have ended."),
            };
            visitor.tell(&format!("/accounts/{id}"), Flash::done(text)).await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show_revoke(&visitor, id, grant, status, form).await
        }
    }
}

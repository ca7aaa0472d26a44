//! Accounts of programs: made in two fields, and deleted with their tokens.

use axum::extract::Query;
use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page_with};
use super::super::forms::{CsrfForm, Plain, Reader, read};
use super::super::nav::Here;
use super::super::pages::accounts::NewService;
use super::super::pages::common::Confirm;
use super::super::view::{Flash, Form, Link, words};
use super::super::visitor::{At, Visitor};
use super::wish::{self, TypedWish};
use crate::access::{AccountInvite, Actor, Call, GrantManage, Permission as _, TokenManageAny};
use crate::error::Error;
use crate::model::{AccountId, DisplayName};
use crate::service::people::{self, HandOver, Invitation};
use crate::service::service_accounts;
use crate::store::{AccountKind, Person};

/// On what it is to hold a role.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct On {
    scope: String,
}

/// Whether somebody can make accounts for programs at all.
pub(super) fn may_make(actor: &Actor) -> bool {
    missing(actor).is_none()
}

/// The first permission that is held nowhere and needed.
fn missing(actor: &Actor) -> Option<Error> {
    let needed = [
        (actor.may_anywhere::<TokenManageAny>(), TokenManageAny::ACTION),
        (actor.may_anywhere::<AccountInvite>(), AccountInvite::ACTION),
        (actor.may_anywhere::<GrantManage>(), GrantManage::ACTION),
    ];
    let mut lacking = needed.into_iter().filter(|(may, _)| !may);
    lacking.next().map(|(_, action)| Error::Refused(action))
}

pub(in crate::http::web) async fn ask(visitor: Visitor, Query(on): Query<On>) -> Answer {
    show(&visitor, &on.scope, StatusCode::OK, Form::default()).await
}

async fn show(visitor: &Visitor, scope: &str, status: StatusCode, form: Form) -> Answer {
    let fields = wish::fields(visitor, scope, &form).await?;
    if let Some(error) = missing(visitor.actor()) {
        return Err(error.into());
    }
    let query = match scope {
        "" => String::new(),
        scope => format!("?scope={}", words::query(scope)),
    };
    page_with(
        status,
        &NewService {
            chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
            action: format!("/accounts/new-service{query}"),
            fields,
            form,
        },
    )
}

/// What is typed into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    name: String,
    #[serde(flatten)]
    wish: TypedWish,
}

pub(in crate::http::web) async fn create(
    visitor: Visitor,
    Query(on): Query<On>,
    form: CsrfForm<Typed>,
) -> Answer {
    match add(&visitor, &form.content).await {
        Ok(person) => {
            let flash = Flash::done(format!(
                "{} is there. A token lets a program act as it.",
                person.name
            ));
            visitor
                .tell(&format!("/accounts/{}/tokens", person.id), flash)
                .await
        }
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show(&visitor, &on.scope, status, form).await
        }
    }
}

async fn add(visitor: &Visitor, typed: &Typed) -> Result<Person, Error> {
    let mut reader = Reader::default();
    let name: Option<DisplayName> = reader.required("name", &typed.name);
    if typed.name.trim().is_empty() {
        reader.wrong("name", "required", "give a name");
    }
    let grant = typed.wish.read(reader)?;
    let new = Invitation {
        kind: AccountKind::Service,
        email: String::new(),
        name: read(name)?,
        grant,
        by: HandOver::Shown,
    };
    Ok(people::invite(&visitor.app, &visitor.call, new)
        .await?
        .value
        .person)
}

pub(in crate::http::web) async fn ask_delete(visitor: Visitor, At(id): At<AccountId>) -> Answer {
    let dry = Call {
        dry_run: true,
        ..visitor.call.clone()
    };
    let done = service_accounts::delete(&visitor.app, &dry, id).await?;
    let person = &done.value.person;
    let effects = done.events.iter().map(|event| event.detail.text.clone());
    page_with(
        StatusCode::OK,
        &Confirm {
            chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
            form: Form::default(),
            title: format!("Delete {}", person.name),
            back: Link::new(format!("/accounts/{id}"), person.name.as_str()),
            action: format!("/accounts/{id}/delete"),
            version: person.version.to_string(),
            lead: "Every program that uses one of its tokens is refused at its next request. There is no way back: \
                   suspend it instead if you are not sure."
                .to_owned(),
            effects: effects.collect(),
            typed: String::new(),
            button: "Delete service account".to_owned(),
        },
    )
}

pub(in crate::http::web) async fn delete(
    visitor: Visitor,
    At(id): At<AccountId>,
    form: CsrfForm<Plain>,
) -> Answer {
    let call = visitor.expecting(form.version);
    let gone = service_accounts::delete(&visitor.app, &call, id).await?.value;
    let flash = Flash::done(format!(
        "{} is deleted, and its tokens with it.",
        gone.person.name
    ));
    visitor.tell("/accounts", flash).await
}

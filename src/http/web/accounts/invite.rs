//! Inviting somebody: four fields, and a link that is shown once.

use axum::extract::Query;
use http::StatusCode;
use serde::Deserialize;

use super::super::answer::{Answer, page, page_with};
use super::super::forms::{CsrfForm, Reader, read};
use super::super::nav::Here;
use super::super::pages::accounts::{InvitationShown, Invite};
use super::super::view::{Flash, Form, words};
use super::super::visitor::{At, Visitor};
use super::wish::{self, TypedWish};
use crate::access::{AccountInvite, GrantManage, Permission as _};
use crate::error::Error;
use crate::http::session::Shown;
use crate::model::{AccountId, DisplayName};
use crate::service::people::{self, HandOver, Invitation, Invited};
use crate::service::{accounts, ways_in};
use crate::store::AccountKind;

/// On what somebody is invited.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct On {
    scope: String,
}

pub(in crate::http::web) async fn ask(visitor: Visitor, Query(on): Query<On>) -> Answer {
    show(&visitor, &on.scope, StatusCode::OK, Form::default()).await
}

async fn show(visitor: &Visitor, scope: &str, status: StatusCode, form: Form) -> Answer {
    for (may, action) in [
        (
            visitor.actor().may_anywhere::<AccountInvite>(),
            AccountInvite::ACTION,
        ),
        (visitor.actor().may_anywhere::<GrantManage>(), GrantManage::ACTION),
    ] {
        if !may {
            return Err(Error::Refused(action).into());
        }
    }
    let fields = wish::fields(visitor, scope, &form).await?;
    page_with(
        status,
        &Invite {
            chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
            action: to_here(scope),
            fields,
            by_letter: visitor.app.sends_letters,
            form,
        },
    )
}

/// The form posts to where it came from, so that its scope stays what it was.
fn to_here(scope: &str) -> String {
    if scope.is_empty() {
        return "/accounts/new".to_owned();
    }
    format!("/accounts/new?scope={}", words::query(scope))
}

/// What is typed into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Typed {
    name: String,
    email: String,
    by: String,
    #[serde(flatten)]
    wish: TypedWish,
}

pub(in crate::http::web) async fn create(
    visitor: Visitor,
    Query(on): Query<On>,
    form: CsrfForm<Typed>,
) -> Answer {
    match add(&visitor, &form.content).await {
        Ok(invited) => hand_over(&visitor, invited).await,
        Err(error) => {
            let (form, status) = form.form.refused(error)?;
            show(&visitor, &on.scope, status, form).await
        }
    }
}

async fn add(visitor: &Visitor, typed: &Typed) -> Result<Invited, Error> {
    let mut reader = Reader::default();
    let name: Option<DisplayName> = reader.required("name", &typed.name);
    if typed.name.trim().is_empty() {
        reader.wrong("name", "required", "give a name");
    }
    if let Err(Error::Invalid(_)) = accounts::parse_email(&typed.email) {
        let text = "give an e-mail address, such as maria@example.org";
        reader.wrong("email", "email", text);
    }
    let grant = typed.wish.read(reader)?;
    let new = Invitation {
        kind: AccountKind::Person,
        email: typed.email.clone(),
        name: read(name)?,
        grant,
        by: by(&typed.by),
    };
    Ok(people::invite(&visitor.app, &visitor.call, new).await?.value)
}

/// Which of the two buttons it was: a letter, unless the link is to be shown.
fn by(word: &str) -> HandOver {
    match word {
        "link" => HandOver::Shown,
        _ => HandOver::Letter,
    }
}

/// On to the page that shows the link once, or to the account that a letter is on its way to.
async fn hand_over(visitor: &Visitor, invited: Invited) -> Answer {
    let Some(link) = invited.link else {
        let path = format!("/accounts/{}", invited.person.id);
        let text = format!(
            "{} gets a letter to {}.",
            invited.person.name, invited.person.email
        );
        return visitor.tell(&path, Flash::done(text)).await;
    };
    let path = format!("/accounts/{}/invitation", invited.person.id);
    let secret = Shown {
        path,
        link: link.expose().to_owned(),
        until: Some(link.expires_at),
        ..Shown::default()
    };
    visitor.show_once(secret).await
}

pub(in crate::http::web) async fn show_link(visitor: Visitor, At(id): At<AccountId>) -> Answer {
    let (person, _) = people::get(&visitor.app, &visitor.call, id).await?;
    let path = format!("/accounts/{id}");
    let Some(secret) = visitor.secret().await? else {
        let text =
            "An invitation link is shown once, and nobody can look it up. Make a new one if it is lost.";
        return visitor.tell(&path, Flash::done(text)).await;
    };
    let until = secret.until.map(|at| words::date(at, visitor.now()).words);
    page(&InvitationShown {
        chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
        name: person.name.to_string(),
        is_first: person.invited,
        email: person.email,
        link: secret.link,
        until: until.unwrap_or_default(),
        path,
    })
}

/// How the new link gets to them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::web) struct Again {
    by: String,
}

/// Makes a new link; the one before ends.
pub(in crate::http::web) async fn again(
    visitor: Visitor,
    At(id): At<AccountId>,
    form: CsrfForm<Again>,
) -> Answer {
    let by = by(&form.content.by);
    let done = people::invite_again(&visitor.app, &visitor.call, id, by).await?;
    hand_over(&visitor, done.value).await
}

/// Lets somebody choose a new password, by a letter or by a link that is shown once.
pub(in crate::http::web) async fn anew(
    visitor: Visitor,
    At(id): At<AccountId>,
    form: CsrfForm<Again>,
) -> Answer {
    let by = by(&form.content.by);
    let done = ways_in::let_choose_anew(&visitor.app, &visitor.call, id, by).await?;
    hand_over(&visitor, done.value).await
}

//! Accounts of programs, and the tokens of others: looked after by those who may (`token.manage_any`) and who hold at
//! least as much as the account does.

use super::grants::{self, in_person};
use super::people::{below, still_below, yes};
use super::tokens::{self, Rotated, RotationWish, TokenSecret, TokenWish};
use super::{App, Done};
use crate::access::{Call, Permit, TokenManageAny};
use crate::error::Error;
use crate::model::{AccountId, Event, EventKind, Refusal, Subject, TokenId};
use crate::store::{AccountKind, Person, TokenView};

/// An account whose tokens the caller may look after.
pub async fn get(app: &App, call: &Call, id: AccountId) -> Result<Person, Error> {
    Ok(opened(app, call, id).await?.0)
}

async fn opened(app: &App, call: &Call, id: AccountId) -> Result<(Person, Permit<TokenManageAny>), Error> {
    below::<TokenManageAny>(app, call, id).await
}

fn is_service(person: &Person) -> Result<(), Error> {
    match person.kind {
        AccountKind::Service => Ok(()),
        AccountKind::Person => Err(not_a_service(person)),
    }
}

/// Nobody acts in a person's name: their tokens are theirs to make.
pub fn not_a_service(person: &Person) -> Error {
    let detail = format!(
        "{} is a person, and nobody else makes tokens in their name.",
        person.name
    );
    let next = "Make a service account, or have them make a token themselves.";
    Refusal::new("not_a_service", detail, next).into()
}

/// Whether the caller may look after the tokens of an account.
pub async fn may_look_after(app: &App, call: &Call, id: AccountId) -> Result<bool, Error> {
    yes(opened(app, call, id).await)
}

/// The tokens of an account, the newest first.
pub async fn tokens(app: &App, call: &Call, id: AccountId) -> Result<Vec<TokenView>, Error> {
    let (person, _) = opened(app, call, id).await?;
    app.store.own_tokens(person.id).await
}

/// One token of an account.
pub async fn token(app: &App, call: &Call, id: AccountId, token: TokenId) -> Result<TokenView, Error> {
    let (person, _) = opened(app, call, id).await?;
    one(app, person.id, token).await
}

async fn one(app: &App, id: AccountId, token: TokenId) -> Result<TokenView, Error> {
    let found = app.store.token(id, token).await?;
    found.ok_or_else(|| Error::not_found("token", &token.to_string()))
}

/// Makes a token for a service account.
pub async fn make_token(
    app: &App,
    call: &Call,
    id: AccountId,
    wish: TokenWish,
) -> Result<(Done<TokenView>, TokenSecret), Error> {
    in_person(call)?;
    let (person, permit) = opened(app, call, id).await?;
    is_service(&person)?;
    let prepared = tokens::prepare(app, call, wish).await?;

    let mut change = app.store.change(call, permit).await?;
    still_below(&mut change, call, &person).await?;
    tokens::put(app, change, id, prepared).await
}

/// Replaces a token of a service account.
pub async fn rotate_token(
    app: &App,
    call: &Call,
    id: AccountId,
    token: TokenId,
    wish: RotationWish,
) -> Result<(Done<Rotated>, TokenSecret), Error> {
    in_person(call)?;
    let (person, permit) = opened(app, call, id).await?;
    is_service(&person)?;
    let before = one(app, id, token).await?;
    let wish = wish.check()?;

    let mut change = app.store.change(call, permit).await?;
    still_below(&mut change, call, &person).await?;
    tokens::replace(app, change, (id, before), wish).await
}

/// Revokes a token of an account, be it of a person or of a service. This gives nobody anything, so that a token may do
/// it: what watches for leaks ends what leaked.
pub async fn revoke_token(app: &App, call: &Call, id: AccountId, token: TokenId) -> Result<Done<()>, Error> {
    let (person, permit) = opened(app, call, id).await?;

    let mut change = app.store.change(call, permit).await?;
    still_below(&mut change, call, &person).await?;
    tokens::end(change, id, token).await
}

/// What goes with a service account.
#[derive(Clone, Debug)]
pub struct Gone {
    /// The account as it was.
    pub person: Person,
    /// How many tokens it had, whatever became of them.
    pub tokens: u64,
}

/// Deletes a service account with its tokens and roles. What it did stays written down. Like revoking it gives nobody
/// anything.
pub async fn delete(app: &App, call: &Call, id: AccountId) -> Result<Done<Gone>, Error> {
    let (person, permit) = opened(app, call, id).await?;
    is_service(&person)?;

    let mut change = app.store.change(call, permit).await?;
    still_below(&mut change, call, &person).await?;
    change.hold_person(&person).await?;
    let held = change.access().await?.of(id).await?;
    let ended = grants::end(&mut change, held).await?;
    let tokens = change.delete_service(id, &person.path).await?;
    let subject = Subject::new("account", id.uuid(), &person.email);
    let text = match tokens {
        0 => format!("{} is gone, and had no token", person.name),
        1 => format!("{} is gone, with its token", person.name),
        many => format!("{} is gone, with its {many} tokens", person.name),
    };
    let mut events = grants::events_of(&ended, &person.email);
    events.push(Event::new(EventKind::AccountDeleted, subject).saying(text));
    let events = change.commit(events).await?;
    Ok(Done {
        value: Gone { person, tokens },
        events,
    })
}

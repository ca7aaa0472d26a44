//! Tokens: one's own under `/account/tokens`, those of others under `/accounts/{account}/tokens`, on the same pages.

pub(super) mod list;
pub(super) mod make;
pub(super) mod rotate;
pub(super) mod show;

use super::nav::Here;
use super::view::Link;
use super::visitor::Visitor;
use crate::access::{Permissions, TokenManageOwn};
use crate::error::Error;
use crate::model::{AccountId, Timestamp, TokenId};
use crate::service::tokens::{self, Rotated, RotationWish, TokenSecret, TokenWish};
use crate::service::{Done, service_accounts};
use crate::store::{AccountKind, Person, TokenView};

/// Whose tokens a page is about.
#[derive(Debug)]
enum Whose {
    Own(AccountId),
    Of(Box<Person>),
}

impl Whose {
    fn own(visitor: &Visitor) -> Result<Self, Error> {
        let account = visitor.actor().identity().account;
        account.map(Self::Own).ok_or(Error::Unknown)
    }

    async fn of(visitor: &Visitor, id: AccountId) -> Result<Self, Error> {
        let person = service_accounts::get(&visitor.app, &visitor.call, id).await?;
        Ok(Self::Of(Box::new(person)))
    }

    fn account(&self) -> AccountId {
        match self {
            Self::Own(id) => *id,
            Self::Of(person) => person.id,
        }
    }

    /// Where its tokens stand.
    fn base(&self) -> String {
        match self {
            Self::Own(_) => "/account/tokens".to_owned(),
            Self::Of(person) => format!("/accounts/{}/tokens", person.id),
        }
    }

    fn page_of(&self, token: TokenId) -> String {
        format!("{}/{token}", self.base())
    }

    fn here(&self) -> Here<'static> {
        match self {
            Self::Own(_) => Here::Nowhere,
            Self::Of(_) => Here::Everything("Who can manage"),
        }
    }

    /// From a token to the others.
    fn back(&self) -> Link {
        match self {
            Self::Own(_) => Link::new(self.base(), "Your tokens"),
            Self::Of(person) => Link::new(self.base(), format!("Tokens of {}", person.name)),
        }
    }

    /// Whether the visitor makes and replaces tokens here: nobody does in another person's name.
    fn makes(&self, visitor: &Visitor) -> bool {
        match self {
            Self::Own(_) => visitor.actor().may_anywhere::<TokenManageOwn>(),
            Self::Of(person) => person.kind == AccountKind::Service,
        }
    }

    /// What the account holds somewhere: what a token of it can be narrowed to.
    fn holds(&self, visitor: &Visitor) -> Permissions {
        match self {
            Self::Own(_) => tokens::powers(&visitor.call),
            Self::Of(person) => {
                let held = person.grants.iter().map(|held| &held.given.grant);
                let live = held.filter(|grant| grant.is_live(visitor.now()));
                live.map(|grant| grant.holds)
                    .fold(Permissions::NONE, Permissions::and)
            }
        }
    }

    async fn list(&self, visitor: &Visitor) -> Result<Vec<TokenView>, Error> {
        match self {
            Self::Own(_) => tokens::list(&visitor.app, &visitor.call).await,
            Self::Of(person) => service_accounts::tokens(&visitor.app, &visitor.call, person.id).await,
        }
    }

    async fn token(&self, visitor: &Visitor, id: TokenId) -> Result<TokenView, Error> {
        match self {
            Self::Own(_) => tokens::get(&visitor.app, &visitor.call, id).await,
            Self::Of(person) => service_accounts::token(&visitor.app, &visitor.call, person.id, id).await,
        }
    }

    async fn make(
        &self,
        visitor: &Visitor,
        wish: TokenWish,
    ) -> Result<(Done<TokenView>, TokenSecret), Error> {
        let (app, call) = (&visitor.app, &visitor.call);
        match self {
            Self::Own(_) => tokens::make(app, call, wish).await,
            Self::Of(person) => service_accounts::make_token(app, call, person.id, wish).await,
        }
    }

    async fn rotate(
        &self,
        visitor: &Visitor,
        id: TokenId,
        wish: RotationWish,
    ) -> Result<(Done<Rotated>, TokenSecret), Error> {
        let (app, call) = (&visitor.app, &visitor.call);
        match self {
            Self::Own(_) => tokens::rotate(app, call, id, wish).await,
            Self::Of(person) => service_accounts::rotate_token(app, call, person.id, id, wish).await,
        }
    }

    async fn revoke(&self, visitor: &Visitor, id: TokenId) -> Result<Done<()>, Error> {
        let (app, call) = (&visitor.app, &visitor.call);
        match self {
            Self::Own(_) => tokens::revoke(app, call, id).await,
            Self::Of(person) => service_accounts::revoke_token(app, call, person.id, id).await,
        }
    }
}

fn is_live(token: &TokenView, now: Timestamp) -> bool {
    matches!(token.state(now), "active" | "replaced")
}

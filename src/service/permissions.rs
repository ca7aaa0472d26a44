//! What the asker may do with something.

use super::aliases::{self, AliasRef};
use super::mailboxes::{self, MailboxRef};
use super::{App, domains, orgs};
use crate::access::{Action, Call, DomainRead, Place};
use crate::error::Error;
use crate::model::{AliasId, DomainId, DomainName, EmailAddress, MailboxId, OrgId};

/// Something that one may be allowed to do something with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// The installation.
    System,
    /// An org.
    Org(OrgId),
    /// A domain.
    Domain(DomainName),
    /// A domain, by its id.
    DomainId(DomainId),
    /// A mailbox, by its id.
    Mailbox(MailboxId),
    /// An alias, by its id.
    Alias(AliasId),
}

/// The text names nothing.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this names no org, domain, mailbox or alias")]
pub struct NoObject;

impl std::str::FromStr for Object {
    type Err = NoObject;

    /// An address stands for its domain: what is allowed with it is what is allowed there.
    fn from_str(text: &str) -> Result<Self, NoObject> {
        if text == "system" {
            return Ok(Self::System);
        }
        let id = (text.parse().map(Self::Org))
            .or_else(|_| text.parse().map(Self::DomainId))
            .or_else(|_| text.parse().map(Self::Mailbox))
            .or_else(|_| text.parse().map(Self::Alias));
        let address = text.parse().map(|address: EmailAddress| address.domain().clone());
        let domain = text.strip_prefix('@').unwrap_or(text).parse();
        id.or_else(|_| address.map(Self::Domain))
            .or_else(|_| domain.map(Self::Domain))
            .map_err(|_| NoObject)
    }
}

/// Every permission that the asker holds on `object`, which they must be able to see.
pub async fn on(app: &App, call: &Call, object: &Object) -> Result<Vec<Action>, Error> {
    Ok(call.actor.actions_at(&place_of(app, call, object).await?))
}

/// Where `object` is, for those who can see it.
pub async fn place_of(app: &App, call: &Call, object: &Object) -> Result<Place, Error> {
    let place = match object {
        Object::System => Place::system(),
        Object::Org(id) => orgs::get(app, call, *id).await?.1.place().clone(),
        Object::Domain(name) => app.domain::<DomainRead>(call, name).await?.1.place().clone(),
        Object::DomainId(id) => {
            let name = domains::name_of(app, call, domains::DomainRef::Id(*id)).await?;
            app.domain::<DomainRead>(call, &name).await?.1.place().clone()
        }
        Object::Mailbox(id) => mailboxes::get(app, call, &MailboxRef::Id(*id))
            .await?
            .1
            .place()
            .clone(),
        Object::Alias(id) => aliases::get(app, call, &AliasRef::Id(*id))
            .await?
            .1
            .place()
            .clone(),
    };
    Ok(place)
}

//! Something that one may be allowed to do something with, and where it is.

use super::aliases::{self, AliasRef};
use super::mailboxes::{self, MailboxRef};
use super::{App, domains, orgs, people};
use crate::access::{Call, DomainRead, Place};
use crate::error::Error;
use crate::model::{AccountId, AliasId, DomainId, DomainName, EmailAddress, MailboxId, OrgId};

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
    /// A mailbox or an alias, by its address.
    Address(EmailAddress),
    /// An account.
    Account(AccountId),
}

/// The text names nothing.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this names no org, domain, mailbox, alias or account")]
pub struct NoObject;

impl std::str::FromStr for Object {
    type Err = NoObject;

    /// `@brightwater.example` is its catch-all, which stands for the domain.
    fn from_str(text: &str) -> Result<Self, NoObject> {
        if text == "system" {
            return Ok(Self::System);
        }
        let id = (text.parse().map(Self::Org))
            .or_else(|_| text.parse().map(Self::DomainId))
            .or_else(|_| text.parse().map(Self::Mailbox))
            .or_else(|_| text.parse().map(Self::Alias))
            .or_else(|_| text.parse().map(Self::Account));
        let domain = text.strip_prefix('@').unwrap_or(text).parse();
        id.or_else(|_| text.parse().map(Self::Address))
            .or_else(|_| domain.map(Self::Domain))
            .map_err(|_| NoObject)
    }
}

/// Where `object` is, for those who can see it.
pub async fn place_of(app: &App, call: &Call, object: &Object) -> Result<Place, Error> {
    let place = match object {
        Object::System => Place::system(),
        Object::Org(id) => orgs::get(app, call, *id).await?.1.place().clone(),
        Object::Domain(name) => app.domain::<DomainRead>(call, name).await?.1.place().clone(),
        // An address stands for its domain.
        Object::Address(address) => {
            let name = address.domain();
            app.domain::<DomainRead>(call, name).await?.1.place().clone()
        }
        Object::Account(id) => people::get(app, call, *id).await?.1.place().clone(),
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

//! Aliases, groups and catch-alls.

mod bin;
mod destinations;
mod members;

pub use bin::{delete, restore};
pub use destinations::{Settled, settle_destinations};
pub use members::{add_member, remove_member};

use destinations::allowed_destinations;

use super::mailboxes::Inside;
use super::{App, Done};
use crate::access::{AliasCatchAll, AliasRead, AliasWrite, Call, Denied, Permission, Permit, WritesAliases};
use crate::error::Error;
use crate::model::{
    Alias, AliasAddress, AliasDraft, AliasId, AliasPatch, Domain, DomainName, EmailAddress, Event, EventKind,
    Invalid, ObjectKind, Subject,
};
use crate::store::{MailboxFilter, Page, PageRequest};

/// How an alias is named by whoever asks: by its address (a catch-all as `@domain`), or by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasRef {
    /// By address.
    Address(AliasAddress),
    /// By id, in the bin or not.
    Id(AliasId),
}

impl std::str::FromStr for AliasRef {
    type Err = crate::model::BadEmailAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        if let Some(Ok(domain)) = text.strip_prefix('@').map(str::parse::<DomainName>) {
            return Ok(Self::Address(AliasAddress::CatchAll(domain)));
        }
        text.parse::<EmailAddress>()
            .map(|address| Self::Address(AliasAddress::Of(address)))
    }
}

impl std::fmt::Display for AliasRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

async fn open<P: Permission>(app: &App, call: &Call, at: &AliasRef) -> Result<(Alias, Permit<P>), Error> {
    let guarded = match at {
        AliasRef::Id(id) => app.store.alias_by_id(*id).await?,
        AliasRef::Address(address) => app.store.alias(address.domain(), address.local()).await?,
    };
    guarded
        .open(&call.actor)
        .map_err(|denied: Denied| Error::denied(denied, "alias", &at.to_string()))
}

/// One alias.
pub async fn get(app: &App, call: &Call, at: &AliasRef) -> Result<(Alias, Permit<AliasRead>), Error> {
    open(app, call, at).await
}

/// A page of aliases.
pub async fn list(
    app: &App,
    call: &Call,
    inside: &Inside,
    filter: &MailboxFilter,
    page: &PageRequest,
) -> Result<Page<Alias>, Error> {
    let reach = call.actor.reach::<AliasRead>();
    let reach = match inside {
        Inside::Everything => reach,
        Inside::Domain(name) => {
            let (domain, permit) = app.domain::<AliasRead>(call, name).await?;
            reach.within_domain(&permit.place().org, domain.name.as_str())
        }
        Inside::Org(id) => {
            let opened = app.store.org(*id).await?.open::<AliasRead>(&call.actor);
            let (_, permit) = opened.map_err(|denied| Error::denied(denied, "org", &id.to_string()))?;
            reach.within(&permit.place().org)
        }
    };
    app.store.aliases(&reach, filter, page).await
}

/// The aliases that deliver to `address`.
pub async fn to_address(app: &App, call: &Call, address: &EmailAddress) -> Result<Vec<String>, Error> {
    let Ok(destination) = address.to_string().parse() else {
        return Ok(Vec::new());
    };
    app.store
        .aliases_to(&call.actor.reach::<AliasRead>(), &destination)
        .await
}

/// Refuses when somebody who holds more than the caller signs in with the address: their mail is not for the caller to
/// send elsewhere. A catch-all has no address of its own.
async fn below<P: Permission>(
    app: &App,
    call: &Call,
    address: &AliasAddress,
    permit: &Permit<P>,
) -> Result<(), Error> {
    match address {
        AliasAddress::Of(address) => app.outranks_who_signs_in_with(call, address, permit).await,
        AliasAddress::CatchAll(_) => Ok(()),
    }
}

/// Adds an alias to `domain`, or its catch-all.
pub async fn create(
    app: &App,
    call: &Call,
    domain: &DomainName,
    draft: AliasDraft,
) -> Result<Done<Alias>, Error> {
    if draft.local_part.is_none() {
        let (domain, permit) = app.live_domain::<AliasCatchAll>(call, domain).await?;
        let address = AliasAddress::CatchAll(domain.name.clone());
        return insert(app, call, permit, &domain, address, draft).await;
    }
    let (domain, permit) = app.live_domain::<AliasWrite>(call, domain).await?;
    let address = alias_address(draft.local_part.clone(), &domain.name)?;
    insert(app, call, permit, &domain, address, draft).await
}

fn alias_address(local: Option<crate::model::LocalPart>, domain: &DomainName) -> Result<AliasAddress, Error> {
    let Some(local) = local else {
        return Ok(AliasAddress::CatchAll(domain.clone()));
    };
    let mut invalid = Invalid::default();
    match invalid.check("/local_part", EmailAddress::new(local, domain.clone())) {
        Some(address) => Ok(AliasAddress::Of(address)),
        None => Err(invalid.into()),
    }
}

async fn insert<P: WritesAliases>(
    app: &App,
    call: &Call,
    permit: Permit<P>,
    domain: &Domain,
    address: AliasAddress,
    draft: AliasDraft,
) -> Result<Done<Alias>, Error> {
    below(app, call, &address, &permit).await?;
    let place = permit.place().clone();
    let destinations =
        allowed_destinations(app, call, &place, address.domain(), draft.destinations, &[]).await?;

    let mut change = app.store.change(call, permit).await?;
    change.refuse_loop(&address.to_string(), &destinations).await?;
    let now = change.now();
    let alias = Alias {
        id: app.ids.next(),
        domain_id: domain.id,
        org_id: domain.org_id,
        address,
        destinations,
        description: draft.description,
        enabled: draft.enabled,
        external_id: draft.external_id,
        version: 1,
        created_at: now,
        updated_at: now,
        deleted: None,
        pending: true,
    };
    change.aliases().insert(&alias)?;
    let event = event(EventKind::AliasCreated, &alias).saying(delivers(&alias));
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: alias, events })
}

/// "sales@… delivers to a@… and 2 more".
fn delivers(alias: &Alias) -> String {
    let name = match &alias.address {
        AliasAddress::Of(address) => address.to_string(),
        AliasAddress::CatchAll(domain) => format!("Mail for unknown addresses of {domain}"),
    };
    let verb = if alias.address.is_catch_all() {
        "goes to"
    } else {
        "delivers to"
    };
    let first: Vec<String> = alias
        .destinations
        .iter()
        .take(3)
        .map(ToString::to_string)
        .collect();
    match alias.destinations.len().saturating_sub(3) {
        0 => format!("{name} {verb} {}", first.join(", ")),
        more => format!("{name} {verb} {} and {more} more", first.join(", ")),
    }
}

fn event(kind: EventKind, alias: &Alias) -> Event {
    let subject = Subject::new("alias", alias.id.uuid(), &alias.address);
    Event::new(kind, subject).touching(ObjectKind::Alias, alias.id.uuid(), alias.version)
}

/// Changes an alias. The catch-all takes a permission of its own.
pub async fn update(app: &App, call: &Call, at: &AliasRef, patch: AliasPatch) -> Result<Done<Alias>, Error> {
    let (alias, _) = open::<AliasRead>(app, call, at).await?;
    if alias.address.is_catch_all() {
        let (seen, permit) = open::<AliasCatchAll>(app, call, at).await?;
        return change_alias(app, call, seen, permit, patch).await;
    }
    let (seen, permit) = open::<AliasWrite>(app, call, at).await?;
    change_alias(app, call, seen, permit, patch).await
}

async fn change_alias<P: WritesAliases>(
    app: &App,
    call: &Call,
    seen: Alias,
    permit: Permit<P>,
    patch: AliasPatch,
) -> Result<Done<Alias>, Error> {
    if seen.deleted.is_some() {
        let next = "Restore it from the bin first.";
        return Err(
            crate::model::Refusal::new("deleted", format!("{} is in the bin.", seen.address), next).into(),
        );
    }
    below(app, call, &seen.address, &permit).await?;
    let place = permit.place().clone();
    let domain = seen.address.domain().clone();
    let destinations = match patch.destinations {
        Some(wanted) => {
            Some(allowed_destinations(app, call, &place, &domain, wanted, &seen.destinations).await?)
        }
        None => None,
    };
    let address = match (patch.local_part, seen.address.is_catch_all()) {
        (Some(local), false) => Some(alias_address(Some(local), &domain)?),
        _ => None,
    };
    if let Some(address) = &address {
        below(app, call, address, &permit).await?;
    }

    let mut change = app.store.change(call, permit).await?;
    let before = change.aliases().lock_live(seen.id).await?;
    let mut after = before.clone();
    after.address = address.unwrap_or(after.address);
    after.destinations = destinations.unwrap_or(after.destinations);
    after.description = patch.description.unwrap_or(after.description);
    after.enabled = patch.enabled.unwrap_or(after.enabled);
    after.external_id = patch.external_id.unwrap_or(after.external_id);
    change
        .refuse_loop(&after.address.to_string(), &after.destinations)
        .await?;

    let to = |alias: &Alias| {
        alias
            .destinations
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let event = event(EventKind::AliasUpdated, &after)
        .saying(delivers(&after))
        .changing("address", &before.address.to_string(), &after.address.to_string())
        .changing("destinations", &to(&before), &to(&after))
        .changing("description", &before.description, &after.description)
        .changing("enabled", &before.enabled, &after.enabled)
        .changing("external_id", &before.external_id, &after.external_id);
    if event.detail.changes.is_empty() {
        return Ok(unlocked(before));
    }
    if before.address != after.address {
        change.aliases().readdress(&before.address, &after)?;
    }
    change.aliases().save(&after)?;
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// An alias that was locked and is left as it was.
fn unlocked(mut alias: Alias) -> Done<Alias> {
    alias.version -= 1;
    Done::nothing(alias)
}

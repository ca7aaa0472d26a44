//! What is worth knowing before something is done, and when it was.

use super::App;
use crate::access::{AliasRead, Call, DomainRead, MailboxRead, OrgRead};
use crate::error::Error;
use crate::model::{
    Alias, AliasAddress, Destination, Domain, DomainName, Event, EventKind, Limit, Limits, Mailbox, Org,
    Usage, count,
};
use crate::store::Onward;

/// From how many percent of a limit on there is a warning.
const NEARLY: i64 = 90;
/// Most destinations that are looked at one by one.
const MOST_LOOKED_AT: usize = 50;

/// What something was done to.
#[derive(Copy, Clone, Debug)]
pub enum About<'a> {
    /// A mailbox.
    Mailbox(&'a Mailbox),
    /// An alias.
    Alias(&'a Alias),
    /// A domain.
    Domain(&'a Domain),
    /// An org.
    Org(&'a Org),
    /// Anything of which there is nothing to say.
    Nothing,
}

/// What is worth knowing before this is done. All of it is true of what the asker can see.
pub async fn before(
    app: &App,
    call: &Call,
    about: About<'_>,
    events: &[Event],
) -> Result<Vec<String>, Error> {
    let mut warnings = after(app, call, about, events).await?;
    let happens = |kind| events.iter().any(|event| event.kind == kind);
    match about {
        About::Mailbox(mailbox) => {
            let domain = mailbox.address.domain();
            if happens(EventKind::MailboxCreated) {
                warnings.extend(limits(app, call, domain, Counted::Mailboxes).await?);
                if !mailbox.has_password {
                    let who = &mailbox.address;
                    warnings.push(format!(
                        "Nobody can sign in to {who} until a password or a link is made."
                    ));
                }
            }
            if happens(EventKind::MailboxDeleted) {
                warnings.extend(left_without(app, call, mailbox).await?);
            }
            if happens(EventKind::MailboxRenamed) && !happens(EventKind::AliasCreated) {
                warnings.push(
                    "Mail for the old address is refused; with leave_alias it is delivered.".to_owned(),
                );
            }
        }
        About::Alias(alias) if happens(EventKind::AliasCreated) => {
            warnings.extend(limits(app, call, alias.address.domain(), Counted::Aliases).await?);
        }
        About::Domain(domain) if happens(EventKind::DomainDeleted) => {
            let Usage {
                mailboxes, aliases, ..
            } = domain.usage;
            if mailboxes + aliases > 0 {
                let mailboxes = count(mailboxes, "mailbox", "mailboxes");
                let held = format!("{mailboxes} and {}", count(aliases, "alias", "aliases"));
                warnings.push(format!("{} takes {held} into the bin with it.", domain.name));
            }
        }
        About::Alias(_) | About::Domain(_) | About::Org(_) | About::Nothing => {}
    }
    Ok(warnings)
}

/// What is worth knowing when it was done: where mail goes that was told to go somewhere.
pub async fn after(app: &App, call: &Call, about: About<'_>, events: &[Event]) -> Result<Vec<String>, Error> {
    let is_set = |event: &Event| event.kind == EventKind::MailboxForwardingSet;
    let happens = |kind| events.iter().any(|event: &Event| event.kind == kind);
    match about {
        About::Alias(alias) if alias.deleted.is_none() && alias.enabled => {
            let mut warnings = destinations(app, call, &alias.destinations).await?;
            if let AliasAddress::CatchAll(domain) = &alias.address
                && events.iter().any(|event| event.kind == EventKind::AliasCreated)
            {
                warnings.push(format!(
                    "Mail for every mistyped and invented address of {domain} is taken too, spam among it."
                ));
            }
            Ok(warnings)
        }
        About::Mailbox(mailbox) if events.iter().any(is_set) => {
            let to = mailbox.forwarding.as_ref().map(|to| to.destinations.as_slice());
            destinations(app, call, to.unwrap_or_default()).await
        }
        About::Org(org) if happens(EventKind::OrgLimitsChanged) => {
            Ok(super::pools::above(org.name.as_str(), &org.limits, org.usage))
        }
        About::Domain(domain) if happens(EventKind::DomainLimitsChanged) => Ok(super::pools::above(
            domain.name.as_str(),
            &domain.limits,
            domain.usage,
        )),
        _ => Ok(Vec::new()),
    }
}

/// What is worth knowing when something was added under another name of its domain.
pub fn other_name(asked: &DomainName, about: About<'_>) -> Option<String> {
    let (own, address) = match about {
        About::Mailbox(mailbox) => (mailbox.address.domain(), mailbox.address.to_string()),
        About::Alias(alias) => (alias.address.domain(), alias.address.to_string()),
        About::Domain(_) | About::Org(_) | About::Nothing => return None,
    };
    (asked != own).then(|| {
        format!(
            "{asked} is a domain alias of {own}: the address is {address}, and gets the mail for both names."
        )
    })
}

/// What becomes of mail that is sent on to these addresses.
async fn destinations(app: &App, call: &Call, to: &[Destination]) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let mut outside: Vec<String> = Vec::new();
    for destination in to.iter().take(MOST_LOOKED_AT) {
        match app.domain::<AliasRead>(call, destination.domain()).await {
            Ok((domain, _)) if domain.deleted.is_some() => {
                warnings.push(format!(
                    "{destination} gets no mail: {} is in the bin.",
                    domain.name
                ));
            }
            Ok((domain, permit)) => {
                let own = format!("{}@{}", destination.local(), domain.name);
                let onward = app.store.onward(&permit, &own).await?;
                warnings.extend(dead_end(app, call, &domain.name, destination, onward).await?);
            }
            Err(Error::NotFound(_) | Error::Refused(_)) => outside.push(destination.to_string()),
            Err(error) => return Err(error),
        }
    }
    match outside.as_slice() {
        [] => {}
        [one] => warnings.push(format!(
            "{one} is outside: nobody here sees what becomes of its mail."
        )),
        [one, more @ ..] => warnings.push(format!(
            "{one} and {} more are outside: nobody here sees what becomes of their mail.",
            more.len()
        )),
    }
    Ok(warnings)
}

/// Why an own address gets no mail, or who gets it instead.
async fn dead_end(
    app: &App,
    call: &Call,
    domain: &DomainName,
    destination: &Destination,
    onward: Onward,
) -> Result<Option<String>, Error> {
    Ok(match onward {
        Onward::Alias { enabled: true, .. }
        | Onward::Mailbox { suspended: false, .. }
        | Onward::Mailbox { keeps: true, .. } => None,
        Onward::Alias { .. } => Some(format!("{destination} is switched off: its mail is refused.")),
        Onward::Mailbox { .. } => Some(format!("{destination} is suspended and refuses mail.")),
        Onward::Nothing => {
            let (_, permit) = app.domain::<AliasRead>(call, domain).await?;
            let catch_all = app.store.onward(&permit, &format!("@{domain}")).await?;
            Some(if matches!(catch_all, Onward::Alias { enabled: true, .. }) {
                format!("{destination} does not exist: the catch-all of {domain} gets its mail.")
            } else if is_binned(app, call, destination).await? {
                format!(
                    "{destination} is in the bin: its mail is refused. Restore it, or choose another address."
                )
            } else {
                format!(
                    "{destination} does not exist: its mail is refused. Add it, or choose another address."
                )
            })
        }
    })
}

async fn is_binned(app: &App, call: &Call, destination: &Destination) -> Result<bool, Error> {
    let Some(address) = destination.as_own() else {
        return Ok(false);
    };
    match app.store.deleted_mailbox(&address).await {
        Ok(guarded) => Ok(guarded.open::<MailboxRead>(&call.actor).is_ok()),
        Err(Error::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The aliases whose mail is refused when a mailbox goes.
async fn left_without(app: &App, call: &Call, mailbox: &Mailbox) -> Result<Option<String>, Error> {
    let aliases = super::aliases::to_address(app, call, &mailbox.address).await?;
    let who = &mailbox.address;
    Ok(match aliases.as_slice() {
        [] => None,
        [one] => Some(format!("{one} delivers to {who}, and loses that mail.")),
        [one, more @ ..] => Some(format!(
            "{one} and {} deliver to {who}, and lose that mail.",
            count(more.len(), "more alias", "more aliases")
        )),
    })
}

/// What is counted.
#[derive(Copy, Clone)]
enum Counted {
    Mailboxes,
    Aliases,
}

/// The limits that are nearly reached when one more is counted.
async fn limits(app: &App, call: &Call, domain: &DomainName, counted: Counted) -> Result<Vec<String>, Error> {
    let (domain, _) = app.domain::<DomainRead>(call, domain).await?;
    let mut pools = vec![(domain.name.to_string(), domain.usage, domain.limits)];
    if let Ok((org, _)) = app.store.org(domain.org_id).await?.open::<OrgRead>(&call.actor) {
        pools.push((org.name.to_string(), org.usage, org.limits));
    }
    let near = |(name, usage, limits): (String, Usage, Limits)| {
        let (held, limit, what) = match counted {
            Counted::Mailboxes => (usage.mailboxes + 1, limits.mailboxes, ("mailbox", "mailboxes")),
            Counted::Aliases => (usage.aliases + 1, limits.aliases, ("alias", "aliases")),
        };
        match limit {
            Limit::AtMost(most) if held.saturating_mul(100) >= most.saturating_mul(NEARLY) => {
                let most = count(most, what.0, what.1);
                Some(format!("{name} then holds {held} of {most}."))
            }
            _ => None,
        }
    };
    Ok(pools.into_iter().filter_map(near).collect())
}

//! Where aliases and forwardings may send mail.

use crate::access::{AliasExternal, AliasRead, Call, Permission, Place};
use crate::error::Error;
use crate::model::{Destination, DomainName, Invalid, MOST_DESTINATIONS};
use crate::service::App;

/// A destination in its canonical form, and whether it leaves what the asker looks after.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The destination.
    pub destination: Destination,
    /// Whether mail goes outside.
    pub external: bool,
}

/// Brings destinations into their canonical form: own addresses in lower case, each once.
pub async fn settle_destinations(
    app: &App,
    call: &Call,
    domain: &DomainName,
    destinations: Vec<Destination>,
) -> Result<Vec<Settled>, Error> {
    let mut invalid = Invalid::default();
    if destinations.is_empty() {
        invalid.push("/destinations", "required", "name at least one destination");
    }
    if destinations.len() > MOST_DESTINATIONS {
        let detail = format!("at most {MOST_DESTINATIONS} destinations; split the group");
        invalid.push("/destinations", "too_many", detail);
    }
    invalid.into_result()?;

    let mut settled: Vec<Settled> = Vec::with_capacity(destinations.len());
    for destination in destinations {
        let mut own = true;
        if destination.domain() != domain {
            match app.store.domain(destination.domain()).await {
                // Whether a domain that the asker cannot see is hosted here must not show in how it is written.
                Ok(guarded) => own = guarded.open::<AliasRead>(&call.actor).is_ok(),
                Err(Error::NotFound(_)) => own = false,
                Err(error) => return Err(error),
            }
        }
        let destination = destination.canonical_for(own);
        if !settled.iter().any(|have| have.destination == destination) {
            settled.push(Settled {
                destination,
                external: !own,
            });
        }
    }
    settled.sort_by_key(|to| to.destination.to_string());
    Ok(settled)
}

/// The same, if the asker may send mail there.
pub(super) async fn allowed_destinations(
    app: &App,
    call: &Call,
    place: &Place,
    domain: &DomainName,
    destinations: Vec<Destination>,
    known: &[Destination],
) -> Result<Vec<Destination>, Error> {
    let settled = settle_destinations(app, call, domain, destinations).await?;
    // Whoever may not send mail outside may still change an alias that does, as long as it does not do so more.
    let outside = settled
        .iter()
        .any(|to| to.external && !known.contains(&to.destination));
    if outside && !call.actor.may::<AliasExternal>(place) {
        return Err(Error::Refused(AliasExternal::ACTION));
    }
    Ok(settled.into_iter().map(|to| to.destination).collect())
}

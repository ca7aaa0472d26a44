//! Into the bin, and out of it.

use super::{AliasRef, below, delivers, event, open, unlocked};
use crate::access::{AliasCatchAll, AliasDelete, AliasRead, Call, Permission, Permit, WritesAliases};
use crate::error::Error;
use crate::model::{Alias, AliasId, EventKind};
use crate::service::{App, Done};

/// Puts an alias into the bin. The catch-all takes a permission of its own.
pub async fn delete(app: &App, call: &Call, at: &AliasRef) -> Result<Done<Alias>, Error> {
    let (alias, _) = open::<AliasRead>(app, call, at).await?;
    if alias.address.is_catch_all() {
        let (seen, permit) = open::<AliasCatchAll>(app, call, at).await?;
        return bin(app, call, seen.id, permit).await;
    }
    let (seen, permit) = open::<AliasDelete>(app, call, at).await?;
    below(app, call, &seen.address, &permit).await?;
    bin(app, call, seen.id, permit).await
}

async fn bin<P: WritesAliases>(
    app: &App,
    call: &Call,
    id: AliasId,
    permit: Permit<P>,
) -> Result<Done<Alias>, Error> {
    let mut change = app.store.change(call, permit).await?;
    change.hold_pool()?;
    let mut alias = change.aliases().lock(id).await?;
    if alias.deleted.is_some() {
        return Ok(unlocked(alias));
    }
    change.aliases().bin(&mut alias)?;
    let purge = change.purge_at();
    let text = format!("{} is in the bin until {}", alias.address, &purge.rfc3339()[..10]);
    let event = event(EventKind::AliasDeleted, &alias).saying(text);
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: alias, events })
}

/// Takes an alias out of the bin, as it was. The catch-all takes a permission of its own.
pub async fn restore(app: &App, call: &Call, at: &AliasRef) -> Result<Done<Alias>, Error> {
    let (seen, _) = open_binned::<AliasRead>(app, call, at).await?;
    let by_id = AliasRef::Id(seen.id);
    if seen.address.is_catch_all() {
        let (_, permit) = open_binned::<AliasCatchAll>(app, call, &by_id).await?;
        return unbin(app, call, seen.id, permit).await;
    }
    let (_, permit) = open_binned::<AliasDelete>(app, call, &by_id).await?;
    below(app, call, &seen.address, &permit).await?;
    unbin(app, call, seen.id, permit).await
}

/// The newest alias of this name in the bin, or the one in use if there is none.
async fn open_binned<P: Permission>(
    app: &App,
    call: &Call,
    at: &AliasRef,
) -> Result<(Alias, Permit<P>), Error> {
    let guarded = match at {
        AliasRef::Id(id) => app.store.alias_by_id(*id).await?,
        AliasRef::Address(address) => {
            match app.store.deleted_alias(address.domain(), address.local()).await {
                Err(Error::NotFound(_)) => app.store.alias(address.domain(), address.local()).await?,
                found => found?,
            }
        }
    };
    guarded
        .open(&call.actor)
        .map_err(|denied| Error::denied(denied, "alias", &at.to_string()))
}

async fn unbin<P: WritesAliases>(
    app: &App,
    call: &Call,
    id: AliasId,
    permit: Permit<P>,
) -> Result<Done<Alias>, Error> {
    let mut change = app.store.change(call, permit).await?;
    change.hold_pool()?;
    let mut alias = change.aliases().lock(id).await?;
    if alias.deleted.is_none() {
        return Ok(unlocked(alias));
    }
    change
        .refuse_loop(&alias.address.to_string(), &alias.destinations)
        .await?;
    change.aliases().restore(&mut alias)?;
    let event = event(EventKind::AliasRestored, &alias).saying(delivers(&alias));
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: alias, events })
}

//! What the portal does by itself when the time comes.

use super::App;
use super::mailboxes::{MailboxRef, end_forwarding, resume};
use crate::access::{Actor, Call, Credential, Guarded, MailboxRead, SystemManage};
use crate::error::Error;
use crate::model::{Event, MailboxId};
use crate::store::housekeeping::Purge;

/// Keeps every promise that has come due: forwardings and suspensions that end, and the bin that is emptied.
pub async fn keep_promises(app: &App) -> Result<(), Error> {
    let actor = Actor::system(Credential::System, "Postdesk", app.clock.now());
    let call = Call::new(actor, "");
    let open = |guarded: Guarded<MailboxId>| {
        guarded
            .open::<MailboxRead>(&call.actor)
            .map(|(id, _)| MailboxRef::Id(id))
    };
    for mailbox in app.store.forwardings_over().await?.into_iter().flat_map(open) {
        end_forwarding(app, &call, &mailbox).await?;
    }
    for mailbox in app.store.suspensions_over().await?.into_iter().flat_map(open) {
        resume(app, &call, &mailbox).await?;
    }
    for due in app.store.purges_due().await? {
        purge(app, &call, due).await?;
    }
    app.store.sweep().await
}

/// Empties the bin of one thing. The audit keeps that there was one.
async fn purge(app: &App, call: &Call, due: Guarded<Purge>) -> Result<(), Error> {
    let opened = due.open::<SystemManage>(&call.actor);
    let (purge, permit) = opened.map_err(|denied| Error::denied(denied, "bin", "of the portal"))?;
    let mut change = app.store.change(call, permit).await?;
    if change.purge(&purge).await? {
        change
            .commit(vec![Event::new(purge.event, purge.subject)])
            .await?;
    }
    Ok(())
}

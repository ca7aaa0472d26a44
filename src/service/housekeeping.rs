//! What the portal does by itself when the time comes.

use super::App;
use super::mailboxes::{MailboxRef, end_forwarding, resume};
use crate::access::{Actor, Call, Credential, MailboxRead};
use crate::error::Error;
use crate::model::MailboxId;

/// Keeps every promise that has come due: forwardings and suspensions that end, and the bin that is emptied.
pub async fn keep_promises(app: &App) -> Result<(), Error> {
    let actor = Actor::system(Credential::System, "Postdesk", app.clock.now());
    let call = Call::new(actor, "");
    let open = |guarded: crate::access::Guarded<MailboxId>| {
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
    app.store.purge().await?;
    app.store.sweep().await
}

//! How people get into a mailbox: passwords, first passwords of easy words, and set-up links.

use super::{MailboxRef, event, open_live_lower};
use crate::access::{Call, HashImport, MailboxResetPassword, Permission, Permit};
use crate::error::Error;
use crate::model::{
    Event, EventKind, Mailbox, MailboxHash, MailboxId, Password, Secret, Timestamp, words_password,
};
use crate::service::{App, Done, tokens};

/// Sets the password of a mailbox to one that somebody chose, or to a hash that was made elsewhere.
pub async fn set_password(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    secret: Secret,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live_lower::<MailboxResetPassword>(app, call, at).await?;
    if matches!(secret, Secret::Hash(_)) && !call.actor.may::<HashImport>(permit.place()) {
        return Err(Error::Refused(HashImport::ACTION));
    }
    let hash = match secret {
        Secret::Nothing => return Err(Error::defect("a password was to be set, and there is none")),
        Secret::Hash(hash) => hash,
        Secret::Password(password) => app.hasher.mailbox_hash(&password).await?,
    };
    store_password(app, call, seen.id, permit, &hash, "A new password was set").await
}

/// A password of easy words for a mailbox that is about to be made, to be printed or read out.
pub fn first_password(app: &App) -> Password {
    app.ids.with_random(words_password)
}

/// Sets a password of easy words, to be read out or printed; it is shown this once.
pub async fn reset_to_words(
    app: &App,
    call: &Call,
    at: &MailboxRef,
) -> Result<(Done<Mailbox>, Password), Error> {
    let (seen, permit) = open_live_lower::<MailboxResetPassword>(app, call, at).await?;
    let words = first_password(app);
    let hash = app.hasher.mailbox_hash(&words).await?;
    let done = store_password(app, call, seen.id, permit, &hash, "A first password was made").await?;
    Ok((done, words))
}

async fn store_password(
    app: &App,
    call: &Call,
    id: MailboxId,
    permit: Permit<MailboxResetPassword>,
    hash: &MailboxHash,
    text: &str,
) -> Result<Done<Mailbox>, Error> {
    let mut change = app.store.change(call, permit).await?;
    let mut mailbox = change.mailboxes().lock_live(id).await?;
    change.mailboxes().set_password(id, hash)?;
    mailbox.has_password = true;
    let event =
        event(EventKind::MailboxPasswordSet, &mailbox).saying(format!("{text} for {}", mailbox.address));
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: mailbox,
        events,
    })
}

/// How long a mailbox owner's set-up link is good.
pub const SETUP_LINK_DAYS: u64 = 7;

/// A one-time link for the owner of a mailbox, shown this once.
#[derive(Debug)]
pub struct SetupLink {
    /// The address to open in a browser.
    pub url: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Makes a link by which the owner of a mailbox chooses a password. Older links of the mailbox end.
pub async fn make_setup_link(
    app: &App,
    call: &Call,
    at: &MailboxRef,
) -> Result<(Done<Mailbox>, SetupLink), Error> {
    let (seen, permit) = open_live_lower::<MailboxResetPassword>(app, call, at).await?;
    let link = NewLink::make(app);

    let mut change = app.store.change(call, permit).await?;
    let mailbox = change.mailboxes().lock_live(seen.id).await?;
    change.put_mailbox_link(mailbox.id, &link.digest(), link.expires_at)?;
    let events = change.commit(vec![link_made(&mailbox)]).await?;
    let done = Done {
        value: mailbox,
        events,
    };
    Ok((done, link.shown(app)))
}

pub(super) fn link_made(mailbox: &Mailbox) -> Event {
    event(EventKind::MailboxSetupLinkMade, mailbox).saying(format!(
        "A set-up link for {} was made, good for {SETUP_LINK_DAYS} days",
        mailbox.address
    ))
}

/// A one-time link before it is shown: its code, and when it ends.
pub(super) struct NewLink {
    code: String,
    pub(super) expires_at: Timestamp,
}

impl NewLink {
    pub(super) fn make(app: &App) -> Self {
        let lives = std::time::Duration::from_secs(SETUP_LINK_DAYS * 86_400);
        Self {
            code: app.ids.key(26),
            expires_at: app.clock.now().plus(lives),
        }
    }

    pub(super) fn digest(&self) -> Vec<u8> {
        tokens::digest(&self.code)
    }

    pub(super) fn shown(self, app: &App) -> SetupLink {
        SetupLink {
            url: format!("{}/in/{}", app.base_url, self.code),
            expires_at: self.expires_at,
        }
    }
}

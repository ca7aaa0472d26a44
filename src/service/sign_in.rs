//! Getting in: by password, by token, by session, by a one-time link.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use super::App;
use crate::access::{Actor, Call, Ceiling, Credential, Grant, MailboxResetPassword};
use crate::error::Error;
use crate::model::{AccountId, Password, Refusal};
use crate::store::setup_links::MailboxLink;

/// Most characters of a password that are looked at; more are refused unread.
const MOST_CHARACTERS: usize = 1024;

/// The account whose address and password these are. Every failure is the same, and takes as long.
pub async fn with_password(app: &App, email: &str, password: String) -> Result<AccountId, Error> {
    if password.chars().count() > MOST_CHARACTERS || email.len() > 254 {
        return Err(Error::Unknown);
    }
    let known = app.store.sign_in(email.trim()).await?;
    let hash = known.as_ref().and_then(|known| known.hash.as_ref());
    let matches = app.hasher.verify(password, hash).await?;
    match known {
        Some(known) if matches && !known.suspended => {
            app.store.signed_in(known.account).await?;
            Ok(known.account)
        }
        _ => Err(Error::Unknown),
    }
}

/// The actor behind a session's account, with its grants as they are now.
pub async fn with_session(app: &App, account: AccountId) -> Result<Actor, Error> {
    in_person(app, account, Credential::Session).await
}

/// The active account as an actor, by whatever credential the caller has made sure of.
pub async fn in_person(app: &App, account: AccountId, credential: Credential) -> Result<Actor, Error> {
    let identity = app.store.identity(account).await?.ok_or(Error::Unknown)?;
    let grants = app.grants.of(app, account, identity.access_version).await?;
    Ok(Actor::new(
        identity,
        credential,
        Ceiling::Everything,
        grants,
        app.clock.now(),
    ))
}

/// How long the use of a token goes unnoted when it comes from where it came from before.
const NOTED_EACH: Duration = Duration::from_hours(1);
/// The same when it comes from elsewhere.
const ELSEWHERE_NOTED_EACH: Duration = Duration::from_mins(1);

/// The actor behind an API token that is presented from nobody knows where: one that is bound to addresses is refused.
pub async fn with_token(app: &App, secret: &str) -> Result<Actor, Error> {
    with_token_from(app, secret, None).await
}

/// The actor behind an API token that is presented from `address`, with its owner's grants as they are now.
pub async fn with_token_from(app: &App, secret: &str, address: Option<IpAddr>) -> Result<Actor, Error> {
    if !super::tokens::is_well_formed(secret) {
        return Err(Error::Unknown);
    }
    let digest = super::tokens::digest(secret);
    let presented = app.store.token_presented(&digest).await?.ok_or(Error::Unknown)?;
    if !presented.cidrs.lets(address) {
        return Err(Error::Unknown);
    }
    let now = app.clock.now();
    let address = address.map(|address| address.to_canonical().to_string());
    let each = if presented.last_used_from == address {
        NOTED_EACH
    } else {
        ELSEWHERE_NOTED_EACH
    };
    if presented.last_used_at.is_none_or(|at| now.since(at) > each) {
        app.store.token_used(presented.token, address).await?;
    }
    let account = presented.identity.account.ok_or(Error::Unknown)?;
    let grants = app
        .grants
        .of(app, account, presented.identity.access_version)
        .await?;
    let credential = Credential::Token(presented.token);
    Ok(Actor::new(
        presented.identity,
        credential,
        presented.ceiling,
        grants,
        now,
    ))
}

/// What a mailbox owner's link opens, while it is good.
pub async fn mailbox_link(app: &App, code: &str) -> Result<Option<MailboxLink>, Error> {
    app.store.mailbox_link(&super::tokens::digest(code)).await
}

/// The owner of a mailbox chooses a password by a one-time link. The link is used up.
pub async fn choose_password(
    app: &App,
    request_id: &str,
    code: &str,
    password: Password,
) -> Result<MailboxLink, Error> {
    let over = || {
        let next = "Ask whoever sent it for a new one.";
        Error::Against(Refusal::new(
            "link_over",
            "This link has ended or was used already.",
            next,
        ))
    };
    let link = mailbox_link(app, code).await?.ok_or_else(over)?;
    let hash = app.hasher.mailbox_hash(&password).await?;
    let name = format!("{} by set-up link", link.address);
    let actor = Actor::link_holder(link.mailbox, &name, link.scope.clone(), app.clock.now());
    let call = Call::new(actor, request_id);
    let guarded = app.store.mailbox_by_id(link.mailbox).await?;
    let opened = guarded.open::<MailboxResetPassword>(&call.actor);
    let (_, permit) = opened.map_err(|denied| Error::denied(denied, "mailbox", &link.address.to_string()))?;

    let mut change = app.store.change(&call, permit).await?;
    if !change
        .use_mailbox_link(&super::tokens::digest(code), link.mailbox)
        .await?
    {
        return Err(over());
    }
    let mailbox = change.mailboxes().lock_live(link.mailbox).await?;
    change.mailboxes().set_password(mailbox.id, &hash)?;
    let subject = crate::model::Subject::new("mailbox", mailbox.id.uuid(), &mailbox.address);
    let event = crate::model::Event::new(crate::model::EventKind::MailboxPasswordSet, subject)
        .saying(format!("The owner of {} chose a password", mailbox.address))
        .touching(
            crate::model::ObjectKind::Mailbox,
            mailbox.id.uuid(),
            mailbox.version,
        );
    change.commit(vec![event]).await?;
    Ok(link)
}

/// Most accounts whose grants are kept in memory.
const MOST_KEPT: usize = 10_000;

/// The grants of accounts as they were at an access version.
///
/// Every request reads the version from the store and takes the grants from here only when it is the same, so a change
/// of access holds from the next request on, on every node.
#[derive(Default)]
pub struct Grants(Mutex<HashMap<AccountId, (i64, Vec<Grant>)>>);

impl Grants {
    async fn of(&self, app: &App, account: AccountId, version: i64) -> Result<Vec<Grant>, Error> {
        if let Some(kept) = self.kept(account, version) {
            return Ok(kept);
        }
        let grants = app.store.grants_of(account).await?;
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if all.len() >= MOST_KEPT {
            all.clear();
        }
        all.insert(account, (version, grants.clone()));
        Ok(grants)
    }

    fn kept(&self, account: AccountId, version: i64) -> Option<Vec<Grant>> {
        let all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.get(&account)
            .filter(|(at, _)| *at == version)
            .map(|(_, grants)| grants.clone())
    }
}

//! Mailboxes: add, see, change, rename, suspend, forward, delete, restore.

use super::{App, Done};
use crate::access::{Call, Denied, HashImport, MailboxCreate, MailboxRead, Permission, Permit};
use crate::error::Error;
use crate::model::{
    Domain, DomainName, EmailAddress, Event, EventKind, Invalid, LocalPart, Mailbox, MailboxDraft, MailboxId,
    ObjectKind, Quota, Refusal, Secret, Subject, Timestamp,
};
use crate::store::{MailboxFilter, NewMailbox, Page, PageRequest};

mod change;
mod facts;
mod forwarding;
mod leave;
mod password;
mod suggest;
mod undo;

pub use change::{delete, rename, restore, resume, suspend};
pub use facts::{replace, update};
pub use forwarding::{end_forwarding, set_forwarding};
pub use leave::someone_left;
pub use password::{
    SETUP_LINK_DAYS, SetupLink, first_password, make_setup_link, reset_to_words, set_password,
};
pub use suggest::{candidates, is_free, suggest};
pub use undo::{Inverse, inverses};
pub(super) use undo::{inverse, take_back};

use password::NewLink;

/// How a mailbox is named by whoever asks: by its address, or by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailboxRef {
    /// By address.
    Address(EmailAddress),
    /// By id, in the bin or not.
    Id(MailboxId),
}

impl std::str::FromStr for MailboxRef {
    type Err = crate::model::BadEmailAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Address),
        }
    }
}

impl std::fmt::Display for MailboxRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// The mailbox with a permit for `P` on it, or 404, or 403. A renamed one says where it is now.
async fn open<P: Permission>(app: &App, call: &Call, at: &MailboxRef) -> Result<(Mailbox, Permit<P>), Error> {
    let denied = |denied: Denied| Error::denied(denied, "mailbox", &at.to_string());
    let guarded = match at {
        MailboxRef::Id(id) => app.store.mailbox_by_id(*id).await?,
        MailboxRef::Address(address) => match app.store.mailbox(address).await {
            Err(Error::NotFound(what)) => {
                let renamed = app
                    .store
                    .renamed_mailbox(address)
                    .await
                    .map_err(|_| Error::NotFound(what))?;
                let (mailbox, _) = renamed.open::<P>(&call.actor).map_err(denied)?;
                return Err(Error::Moved(mailbox.address.to_string()));
            }
            found => found?,
        },
    };
    guarded.open(&call.actor).map_err(denied)
}

/// The same for a mailbox that is in use.
async fn open_live<P: Permission>(
    app: &App,
    call: &Call,
    at: &MailboxRef,
) -> Result<(Mailbox, Permit<P>), Error> {
    let (mailbox, permit) = open(app, call, at).await?;
    in_use(&mailbox)?;
    Ok((mailbox, permit))
}

/// The mailbox, if nobody who holds more than the caller signs in with its address: whoever reads their mail, or keeps
/// them from it, has a hand on all they may do.
async fn open_lower<P: Permission>(
    app: &App,
    call: &Call,
    at: &MailboxRef,
) -> Result<(Mailbox, Permit<P>), Error> {
    let (mailbox, permit) = open::<P>(app, call, at).await?;
    app.outranks_who_signs_in_with(call, &mailbox.address, &permit)
        .await?;
    Ok((mailbox, permit))
}

/// The same for a mailbox that is in use.
async fn open_live_lower<P: Permission>(
    app: &App,
    call: &Call,
    at: &MailboxRef,
) -> Result<(Mailbox, Permit<P>), Error> {
    let (mailbox, permit) = open_lower(app, call, at).await?;
    in_use(&mailbox)?;
    Ok((mailbox, permit))
}

fn in_use(mailbox: &Mailbox) -> Result<(), Error> {
    if mailbox.deleted.is_none() {
        return Ok(());
    }
    let next = "Restore it from the bin first.";
    Err(Refusal::new("deleted", format!("{} is in the bin.", mailbox.address), next).into())
}

/// One mailbox.
pub async fn get(app: &App, call: &Call, at: &MailboxRef) -> Result<(Mailbox, Permit<MailboxRead>), Error> {
    open(app, call, at).await
}

/// The newest mailbox of this address in the bin.
pub async fn get_deleted(app: &App, call: &Call, address: &EmailAddress) -> Result<Mailbox, Error> {
    let guarded = app.store.deleted_mailbox(address).await?;
    let opened = guarded.open::<MailboxRead>(&call.actor);
    Ok(opened
        .map_err(|denied| Error::denied(denied, "mailbox", &address.to_string()))?
        .0)
}

/// Where a list of mailboxes looks.
#[derive(Clone, Debug)]
pub enum Inside {
    /// Everywhere the actor can see.
    Everything,
    /// In one domain.
    Domain(DomainName),
    /// In an org and below it.
    Org(crate::model::OrgId),
}

/// A page of mailboxes.
pub async fn list(
    app: &App,
    call: &Call,
    inside: &Inside,
    filter: &MailboxFilter,
    page: &PageRequest,
) -> Result<Page<Mailbox>, Error> {
    let reach = call.actor.reach::<MailboxRead>();
    let reach = match inside {
        Inside::Everything => reach,
        Inside::Domain(name) => {
            let (domain, permit) = app.domain::<MailboxRead>(call, name).await?;
            reach.within_domain(&permit.place().org, domain.name.as_str())
        }
        Inside::Org(id) => {
            let guarded = app.store.org(*id).await?;
            let opened = guarded.open::<MailboxRead>(&call.actor);
            let (_, permit) = opened.map_err(|denied| Error::denied(denied, "org", &id.to_string()))?;
            reach.within(&permit.place().org)
        }
    };
    app.store.mailboxes(&reach, filter, page).await
}

/// Adds a mailbox to `domain`.
pub async fn create(
    app: &App,
    call: &Call,
    domain: &DomainName,
    draft: MailboxDraft,
) -> Result<Done<Mailbox>, Error> {
    let (domain, permit) = app.live_domain::<MailboxCreate>(call, domain).await?;
    if matches!(draft.secret, Secret::Hash(_)) && !call.actor.may::<HashImport>(permit.place()) {
        return Err(Error::Refused(HashImport::ACTION));
    }
    insert(app, call, permit, &domain, draft, None).await
}

/// Adds a mailbox to `domain` whose owner chooses the password by a one-time link.
pub async fn create_with_link(
    app: &App,
    call: &Call,
    domain: &DomainName,
    draft: MailboxDraft,
) -> Result<(Done<Mailbox>, SetupLink), Error> {
    let (domain, permit) = app.live_domain::<MailboxCreate>(call, domain).await?;
    let link = NewLink::make(app);
    let done = insert(app, call, permit, &domain, draft, Some(&link)).await?;
    Ok((done, link.shown(app)))
}

async fn insert(
    app: &App,
    call: &Call,
    permit: Permit<MailboxCreate>,
    domain: &Domain,
    draft: MailboxDraft,
    link: Option<&NewLink>,
) -> Result<Done<Mailbox>, Error> {
    let hash = match draft.secret {
        Secret::Nothing => None,
        Secret::Hash(hash) => Some(hash),
        // Nothing is kept of a dry run, so nothing need be hashed for it.
        Secret::Password(_) if call.dry_run => None,
        Secret::Password(password) => Some(app.hasher.mailbox_hash(&password).await?),
    };
    let address = own_address(draft.local_part, &domain.name)?;
    app.outranks_who_signs_in_with(call, &address, &permit).await?;

    let mut change = app.store.change(call, permit).await?;
    let now = change.now();
    let id: MailboxId = app.ids.next();
    let mailbox = Mailbox {
        id,
        domain_id: domain.id,
        org_id: domain.org_id,
        storage: storage_key(&address, &app.ids.key(12)),
        address,
        display_name: draft.display_name,
        has_password: hash.is_some(),
        quota: draft.quota.unwrap_or(domain.default_quota),
        protocols: draft.protocols,
        node: String::new(),
        external_id: draft.external_id,
        labels: draft.labels,
        suspension: None,
        forwarding: None,
        usage: None,
        last_login_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
        deleted: None,
        pending: true,
    };
    let mut new = NewMailbox { mailbox, hash };
    change.mailboxes().insert(&mut new).await?;
    let mailbox = new.mailbox;
    let text = format!("Mailbox {} with {}", mailbox.address, spoken(mailbox.quota));
    let mut events = vec![event(EventKind::MailboxCreated, &mailbox).saying(text)];
    if let Some(link) = link {
        change.put_mailbox_link(mailbox.id, &link.digest(), link.expires_at)?;
        events.push(password::link_made(&mailbox));
    }
    let events = change.commit(events).await?;
    Ok(Done {
        value: mailbox,
        events,
    })
}

/// The key under which a node keeps the mail: readable, and never the same twice.
fn storage_key(address: &EmailAddress, random: &str) -> String {
    let plain = |text: &str| {
        text.chars()
            .filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
            .collect::<String>()
    };
    format!(
        "{}/{}-{random}",
        plain(address.domain().as_str()),
        plain(address.local().as_str())
    )
}

fn own_address(local: LocalPart, domain: &DomainName) -> Result<EmailAddress, Error> {
    EmailAddress::new(local, domain.clone()).map_err(|bad| {
        let mut invalid = Invalid::default();
        let _none: Option<()> = invalid.check("/local_part", Err(bad));
        invalid.into()
    })
}

fn spoken(quota: Quota) -> String {
    match quota {
        Quota::Unlimited => "unlimited space".to_owned(),
        Quota::Bytes(_) => quota.to_string(),
    }
}

fn subject(mailbox: &Mailbox) -> Subject {
    Subject::new("mailbox", mailbox.id.uuid(), &mailbox.address)
}

fn event(kind: EventKind, mailbox: &Mailbox) -> Event {
    Event::new(kind, subject(mailbox)).touching(ObjectKind::Mailbox, mailbox.id.uuid(), mailbox.version)
}

/// A mailbox that was locked and is left as it was.
fn unlocked(mut mailbox: Mailbox) -> Done<Mailbox> {
    mailbox.version -= 1;
    Done::nothing(mailbox)
}

/// Refuses a date that is over.
fn in_future(pointer: &str, until: Option<Timestamp>, call: &Call) -> Result<(), Error> {
    if until.is_some_and(|until| until <= call.actor.now()) {
        let mut invalid = Invalid::default();
        invalid.push(
            pointer,
            "in_the_past",
            "this date is over; choose one in the future",
        );
        return Err(invalid.into());
    }
    Ok(())
}

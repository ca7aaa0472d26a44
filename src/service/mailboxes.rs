//! Mailboxes: add, see, change, rename, suspend, forward, delete, restore.

use uuid::Uuid;

use super::{App, Done};
use crate::access::{
    AliasExternal, Call, Denied, HashImport, MailboxCreate, MailboxDelete, MailboxRead, MailboxRename,
    MailboxResetPassword, MailboxSetQuota, MailboxSuspend, MailboxUpdate, Permission, Permit, Place,
    WritesMailboxes,
};
use crate::error::Error;
use crate::model::{
    Destination, Domain, DomainName, EmailAddress, Event, EventKind, Forwarding, Invalid, LocalPart, Mailbox,
    MailboxDraft, MailboxHash, MailboxId, MailboxPatch, ObjectKind, Password, Quota, Reason, Refusal, Secret,
    Subject, Suspension, Timestamp, words_password,
};
use crate::store::{MailboxFilter, NewMailbox, Page, PageRequest};

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
    if mailbox.deleted.is_some() {
        let next = "Restore it from the bin first.";
        let refusal = Refusal::new("deleted", format!("{} is in the bin.", mailbox.address), next);
        return Err(refusal.into());
    }
    Ok((mailbox, permit))
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

/// A password of easy words for a mailbox that is about to be made, to be printed or read out.
pub fn first_password(app: &App) -> Password {
    app.ids.with_random(words_password)
}

/// A one-time link before it is shown: its code, and when it ends.
struct NewLink {
    code: String,
    expires_at: Timestamp,
}

impl NewLink {
    fn make(app: &App) -> Self {
        let lives = std::time::Duration::from_secs(SETUP_LINK_DAYS * 86_400);
        Self {
            code: app.ids.key(26),
            expires_at: app.clock.now().plus(lives),
        }
    }

    fn digest(&self) -> Vec<u8> {
        super::tokens::digest(&self.code)
    }

    fn shown(self, app: &App) -> SetupLink {
        SetupLink {
            url: format!("{}/in/{}", app.base_url, self.code),
            expires_at: self.expires_at,
        }
    }
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

    let mut change = app.store.change(call, permit).await?;
    let now = change.now();
    let id: MailboxId = app.ids.next();
    let mailbox = Mailbox {
        id,
        domain_id: domain.id,
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
    };
    let mut new = NewMailbox { mailbox, hash };
    change.mailboxes().insert(&mut new).await?;
    let mailbox = new.mailbox;
    let text = format!("Mailbox {} with {}", mailbox.address, spoken(mailbox.quota));
    let mut events = vec![event(EventKind::MailboxCreated, &mailbox).saying(text)];
    if let Some(link) = link {
        change
            .put_mailbox_link(mailbox.id, &link.digest(), link.expires_at)
            .await?;
        events.push(link_made(&mailbox));
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

/// Changes a mailbox. Its quota takes `mailbox.set_quota`, the rest `mailbox.update`.
pub async fn update(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    patch: MailboxPatch,
) -> Result<Done<Mailbox>, Error> {
    let only_quota = patch.quota.is_some()
        && patch.display_name.is_none()
        && patch.external_id.is_none()
        && patch.labels.is_none()
        && patch.protocols == crate::model::ProtocolsPatch::default();
    if only_quota {
        let (mailbox, permit) = open_live::<MailboxSetQuota>(app, call, at).await?;
        return change_facts(app, call, mailbox, permit, patch).await;
    }
    let (mailbox, permit) = open_live::<MailboxUpdate>(app, call, at).await?;
    let requota = patch.quota.is_some_and(|quota| quota != mailbox.quota);
    if requota && !call.actor.may::<MailboxSetQuota>(permit.place()) {
        return Err(Error::Refused(MailboxSetQuota::ACTION));
    }
    change_facts(app, call, mailbox, permit, patch).await
}

async fn change_facts<P: WritesMailboxes>(
    app: &App,
    call: &Call,
    seen: Mailbox,
    permit: Permit<P>,
    patch: MailboxPatch,
) -> Result<Done<Mailbox>, Error> {
    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock(seen.id).await?;
    let mut after = before.clone();
    after.display_name = patch.display_name.unwrap_or(after.display_name);
    after.quota = patch.quota.unwrap_or(after.quota);
    after.protocols = patch.protocols.applied_to(after.protocols);
    after.external_id = patch.external_id.unwrap_or(after.external_id);
    after.labels = patch.labels.unwrap_or(after.labels);

    let mut event = event(EventKind::MailboxUpdated, &after)
        .changing("display_name", &before.display_name, &after.display_name)
        .changing("quota_bytes", &before.quota, &after.quota)
        .changing("external_id", &before.external_id, &after.external_id)
        .changing("labels", &before.labels, &after.labels);
    for (name, was, is) in switches(&before, &after) {
        event = event.changing(name, &was, &is);
    }
    if event.detail.changes.is_empty() {
        return Ok(Done {
            value: unlocked(before),
            events: Vec::new(),
        });
    }
    if before.quota != after.quota {
        change.mailboxes().requota(before.quota, after.quota).await?;
        event = event.saying(format!(
            "Space of {} is {}, was {}",
            after.address,
            spoken(after.quota),
            spoken(before.quota)
        ));
    }
    change.mailboxes().save(&after).await?;
    if before.display_name != after.display_name {
        change.mailboxes().reindex(&after).await?;
    }
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// A mailbox that was locked and is left as it was.
fn unlocked(mut mailbox: Mailbox) -> Mailbox {
    mailbox.version -= 1;
    mailbox
}

fn switches(before: &Mailbox, after: &Mailbox) -> [(&'static str, bool, bool); 5] {
    let (was, is) = (before.protocols, after.protocols);
    [
        ("protocols.imap", was.imap, is.imap),
        ("protocols.pop3", was.pop3, is.pop3),
        ("protocols.smtp", was.smtp, is.smtp),
        ("protocols.sieve", was.sieve, is.sieve),
        ("protocols.webmail", was.webmail, is.webmail),
    ]
}

/// Gives a mailbox another local part. Aliases of the domain that deliver to it follow; with `leave_alias` the old
/// address becomes an alias of the new one.
pub async fn rename(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    to: LocalPart,
    leave_alias: bool,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live::<MailboxRename>(app, call, at).await?;
    let place = permit.place().clone();
    if leave_alias && !call.actor.may::<crate::access::AliasWrite>(&place) {
        return Err(Error::Refused(crate::access::AliasWrite::ACTION));
    }
    let to = own_address(to, seen.address.domain())?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock(seen.id).await?;
    if before.address == to {
        return Ok(Done {
            value: unlocked(before),
            events: Vec::new(),
        });
    }
    let mut after = before.clone();
    change.mailboxes().rename(&mut after, to).await?;
    let repointed = change.repoint_aliases(&before.address, &after.address).await?;
    let mut event = event(EventKind::MailboxRenamed, &after)
        .saying(format!("{} is now {}", before.address, after.address))
        .changing("address", &before.address, &after.address);
    for (alias, version) in repointed {
        event = event.touching(ObjectKind::Alias, alias.uuid(), version);
    }
    let mut events = vec![event];
    if leave_alias {
        let alias = change.leave_alias(&before.address, &after.address).await?;
        let subject = Subject::new("alias", alias.id.uuid(), &alias.address);
        let text = format!("{} delivers to {}", alias.address, after.address);
        let event = Event::new(EventKind::AliasCreated, subject).saying(text);
        events.push(event.touching(ObjectKind::Alias, alias.id.uuid(), alias.version));
    }
    let events = change.commit(events).await?;
    Ok(Done { value: after, events })
}

/// Switches a mailbox off: nobody signs in to it; mail is kept or refused.
pub async fn suspend(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    reason: Reason,
    receive: bool,
    until: Option<Timestamp>,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live::<MailboxSuspend>(app, call, at).await?;
    in_future("/until", until, call)?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock(seen.id).await?;
    let mut after = before.clone();
    let since = before.suspension.as_ref().map_or(change.now(), |off| off.at);
    after.suspension = Some(Suspension {
        at: since,
        reason: reason.clone(),
        receive,
        until,
    });
    if after.suspension == before.suspension {
        return Ok(Done {
            value: unlocked(before),
            events: Vec::new(),
        });
    }
    change.mailboxes().save(&after).await?;
    let mail = if receive {
        "still receives mail"
    } else {
        "refuses mail"
    };
    let event = event(EventKind::MailboxSuspended, &after)
        .saying(format!("Nobody can sign in to {}; it {mail}", after.address))
        .because(reason.as_str())
        .changing("suspension.until", &None, &until);
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// Switches a mailbox on again.
pub async fn resume(app: &App, call: &Call, at: &MailboxRef) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live::<MailboxSuspend>(app, call, at).await?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock(seen.id).await?;
    if before.suspension.is_none() {
        return Ok(Done {
            value: unlocked(before),
            events: Vec::new(),
        });
    }
    let after = Mailbox {
        suspension: None,
        ..before
    };
    change.mailboxes().save(&after).await?;
    let event =
        event(EventKind::MailboxResumed, &after).saying(format!("{} can be used again", after.address));
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// Puts a mailbox into the bin.
pub async fn delete(app: &App, call: &Call, at: &MailboxRef) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open::<MailboxDelete>(app, call, at).await?;

    let mut change = app.store.change(call, permit).await?;
    let mut mailbox = change.mailboxes().lock(seen.id).await?;
    if mailbox.deleted.is_some() {
        // Somebody was faster, or it is asked for twice: it is in the bin, as wished.
        return Ok(Done {
            value: unlocked(mailbox),
            events: Vec::new(),
        });
    }
    change.mailboxes().bin(&mut mailbox).await?;
    let purge = change.purge_at();
    let text = format!(
        "{} is in the bin until {}",
        mailbox.address,
        &purge.rfc3339()[..10]
    );
    let event = event(EventKind::MailboxDeleted, &mailbox).saying(text);
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: mailbox,
        events,
    })
}

/// Takes a mailbox out of the bin, as it was.
pub async fn restore(app: &App, call: &Call, at: &MailboxRef) -> Result<Done<Mailbox>, Error> {
    let denied = |denied: Denied| Error::denied(denied, "mailbox", &at.to_string());
    let guarded = match at {
        MailboxRef::Id(id) => app.store.mailbox_by_id(*id).await?,
        MailboxRef::Address(address) => match app.store.deleted_mailbox(address).await {
            // Nothing of that name in the bin: if it is in use, then it is as wished already.
            Err(Error::NotFound(_)) => app.store.mailbox(address).await?,
            found => found?,
        },
    };
    let (seen, permit) = guarded.open::<MailboxDelete>(&call.actor).map_err(denied)?;

    let mut change = app.store.change(call, permit).await?;
    let mut mailbox = change.mailboxes().lock(seen.id).await?;
    if mailbox.deleted.is_none() {
        return Ok(Done {
            value: unlocked(mailbox),
            events: Vec::new(),
        });
    }
    change.mailboxes().restore(&mut mailbox).await?;
    let text = format!("{} is back, with its mail", mailbox.address);
    let event = event(EventKind::MailboxRestored, &mailbox).saying(text);
    let events = change.commit(vec![event]).await?;
    Ok(Done {
        value: mailbox,
        events,
    })
}

/// Sets the password of a mailbox to one that somebody chose, or to a hash that was made elsewhere.
pub async fn set_password(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    secret: Secret,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live::<MailboxResetPassword>(app, call, at).await?;
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

/// Sets a password of easy words, to be read out or printed; it is shown this once.
pub async fn reset_to_words(
    app: &App,
    call: &Call,
    at: &MailboxRef,
) -> Result<(Done<Mailbox>, Password), Error> {
    let (seen, permit) = open_live::<MailboxResetPassword>(app, call, at).await?;
    let words = app.ids.with_random(words_password);
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
    let mut mailbox = change.mailboxes().lock(id).await?;
    change.mailboxes().set_password(id, hash).await?;
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
    let (seen, permit) = open_live::<MailboxResetPassword>(app, call, at).await?;
    let link = NewLink::make(app);

    let mut change = app.store.change(call, permit).await?;
    let mailbox = change.mailboxes().lock(seen.id).await?;
    change
        .put_mailbox_link(mailbox.id, &link.digest(), link.expires_at)
        .await?;
    let events = change.commit(vec![link_made(&mailbox)]).await?;
    let done = Done {
        value: mailbox,
        events,
    };
    Ok((done, link.shown(app)))
}

fn link_made(mailbox: &Mailbox) -> Event {
    event(EventKind::MailboxSetupLinkMade, mailbox).saying(format!(
        "A set-up link for {} was made, good for {SETUP_LINK_DAYS} days",
        mailbox.address
    ))
}

/// Sends the mail of a mailbox on, perhaps until a date.
pub async fn set_forwarding(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    forwarding: Forwarding,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live::<MailboxUpdate>(app, call, at).await?;
    in_future("/until", forwarding.until, call)?;
    let place = permit.place().clone();
    let destinations = allowed(app, call, &place, &seen, forwarding.destinations).await?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock(seen.id).await?;
    change
        .refuse_loop(&before.address.to_string(), &destinations)
        .await?;
    let forwarding = Forwarding {
        destinations,
        ..forwarding
    };
    if before.forwarding.as_ref() == Some(&forwarding) {
        return Ok(Done {
            value: unlocked(before),
            events: Vec::new(),
        });
    }
    let after = Mailbox {
        forwarding: Some(forwarding.clone()),
        ..before.clone()
    };
    change.mailboxes().save(&after).await?;
    let event = forwarded(&before, &after, &forwarding);
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

/// Destinations in canonical form, if the actor may send mail there.
async fn allowed(
    app: &App,
    call: &Call,
    place: &Place,
    seen: &Mailbox,
    destinations: Vec<Destination>,
) -> Result<Vec<Destination>, Error> {
    let settled = super::aliases::settle_destinations(app, call, seen.address.domain(), destinations).await?;
    if settled.iter().any(|to| to.external) && !call.actor.may::<AliasExternal>(place) {
        return Err(Error::Refused(AliasExternal::ACTION));
    }
    Ok(settled.into_iter().map(|to| to.destination).collect())
}

fn forwarded(before: &Mailbox, after: &Mailbox, forwarding: &Forwarding) -> Event {
    let to = |to: &Forwarding| {
        to.destinations
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let copy = if forwarding.keep_copy {
        "keeps a copy"
    } else {
        "keeps no copy"
    };
    event(EventKind::MailboxForwardingSet, after)
        .saying(format!(
            "Mail for {} goes to {}; it {copy}",
            after.address,
            to(forwarding).join(", ")
        ))
        .changing(
            "forwarding.destinations",
            &before.forwarding.as_ref().map(to),
            &Some(to(forwarding)),
        )
        .changing(
            "forwarding.keep_copy",
            &before.forwarding.as_ref().map(|f| f.keep_copy),
            &Some(forwarding.keep_copy),
        )
        .changing(
            "forwarding.until",
            &before.forwarding.as_ref().and_then(|f| f.until),
            &forwarding.until,
        )
}

/// Somebody left: nobody signs in to the mailbox any more, and its mail goes on arriving, to whoever takes over.
pub async fn someone_left(
    app: &App,
    call: &Call,
    at: &MailboxRef,
    reason: Reason,
    forwarding: Option<Forwarding>,
) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live::<MailboxSuspend>(app, call, at).await?;
    let place = permit.place().clone();
    let forwarding = match forwarding {
        Some(_) if !call.actor.may::<MailboxUpdate>(&place) => {
            return Err(Error::Refused(MailboxUpdate::ACTION));
        }
        Some(wanted) => {
            in_future("/until", wanted.until, call)?;
            let destinations = allowed(app, call, &place, &seen, wanted.destinations).await?;
            Some(Forwarding {
                destinations,
                ..wanted
            })
        }
        None => None,
    };

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock(seen.id).await?;
    let mut after = before.clone();
    let since = before.suspension.as_ref().map_or(change.now(), |off| off.at);
    after.suspension = Some(Suspension {
        at: since,
        reason: reason.clone(),
        receive: true,
        until: None,
    });
    let text = format!("Nobody can sign in to {}; it still receives mail", after.address);
    let suspended = event(EventKind::MailboxSuspended, &after).saying(text);
    let mut events = vec![suspended.because(reason.as_str())];
    if let Some(forwarding) = forwarding {
        let own = before.address.to_string();
        change.refuse_loop(&own, &forwarding.destinations).await?;
        after.forwarding = Some(forwarding.clone());
        events.push(forwarded(&before, &after, &forwarding));
    }
    change.mailboxes().save(&after).await?;
    let events = change.commit(events).await?;
    Ok(Done { value: after, events })
}

/// Ends the forwarding of a mailbox.
pub async fn end_forwarding(app: &App, call: &Call, at: &MailboxRef) -> Result<Done<Mailbox>, Error> {
    let (seen, permit) = open_live::<MailboxUpdate>(app, call, at).await?;

    let mut change = app.store.change(call, permit).await?;
    let before = change.mailboxes().lock(seen.id).await?;
    if before.forwarding.is_none() {
        return Ok(Done {
            value: unlocked(before),
            events: Vec::new(),
        });
    }
    let after = Mailbox {
        forwarding: None,
        ..before
    };
    change.mailboxes().save(&after).await?;
    let event = event(EventKind::MailboxForwardingEnded, &after)
        .saying(format!("Mail for {} stays in the mailbox", after.address));
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: after, events })
}

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

/// Addresses that are free in `domain` for somebody of this name, the best first.
pub async fn suggest(
    app: &App,
    call: &Call,
    domain: &DomainName,
    name: &str,
) -> Result<Vec<LocalPart>, Error> {
    let (domain, permit) = app.live_domain::<MailboxCreate>(call, domain).await?;
    let mut free = Vec::new();
    for candidate in candidates(name) {
        let Ok(local) = app.addresses.local_part(&candidate) else {
            continue;
        };
        if !app.store.address_in_use(&permit, &domain.name, &local).await? && !free.contains(&local) {
            free.push(local);
        }
        if free.len() == 3 {
            break;
        }
    }
    Ok(free)
}

/// Whether nobody has this address yet.
pub async fn is_free(app: &App, call: &Call, domain: &DomainName, local: &LocalPart) -> Result<bool, Error> {
    let (domain, permit) = app.live_domain::<MailboxCreate>(call, domain).await?;
    Ok(!app.store.address_in_use(&permit, &domain.name, local).await?)
}

/// Local parts for a name, the best first: first.last, f.last, last, and numbered ones.
pub fn candidates(name: &str) -> Vec<String> {
    let plain = transliterate(name);
    let words: Vec<&str> = plain
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return Vec::new();
    };
    if words.len() == 1 {
        return std::iter::once((*first).to_owned())
            .chain((2..6).map(|n| format!("{first}{n}")))
            .collect();
    }
    let initial = &first[..1];
    let mut all = vec![
        format!("{first}.{last}"),
        format!("{initial}.{last}"),
        (*last).to_owned(),
    ];
    all.push((*first).to_owned());
    all.extend((2..8).map(|n| format!("{first}.{last}{n}")));
    all
}

/// A name in plain ASCII: accents go, and letters that are not accented ones are spelled out.
fn transliterate(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let spell = |c: char| match c {
        'ä' | 'æ' => "ae".to_owned(),
        'ö' | 'ø' | 'œ' => "oe".to_owned(),
        'ü' => "ue".to_owned(),
        'ß' => "ss".to_owned(),
        'ł' => "l".to_owned(),
        'đ' | 'ð' => "d".to_owned(),
        'þ' => "th".to_owned(),
        'ı' => "i".to_owned(),
        _ => c.to_string(),
    };
    let spelled: String = name.nfc().flat_map(char::to_lowercase).map(spell).collect();
    spelled.nfd().filter(|c| c.is_ascii()).collect()
}

/// The mailbox's id as the targets know it.
pub fn object(mailbox: &Mailbox) -> Uuid {
    mailbox.id.uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_address_that_can_be_typed() {
        assert_eq!(candidates("Ana Silva")[0], "ana.silva");
        assert_eq!(candidates("Chloé Dubois")[0], "chloe.dubois");
        assert_eq!(candidates("Jörg Müller-Weiß")[0], "joerg.weiss");
        assert_eq!(candidates("Łukasz Żak")[0], "lukasz.zak");
        assert_eq!(candidates("Info")[0], "info");
        assert!(candidates("山田").is_empty());
    }
}

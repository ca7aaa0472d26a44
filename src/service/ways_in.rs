//! One-time links of accounts: by which somebody chooses a first password or a new one, or proves a new address.

use std::time::Duration;

use super::grants::in_person;
use super::people::{HandOver, Invited, below, still_below};
use super::{App, Done, tokens};
use crate::access::{AccountInvite, AccountUpdate, Actor, Call, Permit, Place};
use crate::error::Error;
use crate::model::{
    AccountId, Event, EventKind, Invalid, LetterId, LetterKind, Password, Refusal, Subject, Timestamp,
};
use crate::store::{Change, LinkPurpose, Person};

/// Minutes that the link of a letter for a new password is good.
pub const RESET_MINUTES: u64 = 30;
/// How long a letter for a new password may take to leave.
const RESET_WAITS: Duration = Duration::from_hours(1);
/// Hours that the link for a new password is good which somebody hands over, or which proves an address.
pub const LINK_HOURS: u64 = 24;
/// Letters of one kind that an account is sent in an hour.
const MOST_AN_HOUR: i64 = 3;
/// How long it is tried to deliver news.
const NEWS_WAIT: Duration = Duration::from_hours(7 * 24);

/// A link that works once: shown once, or sent.
#[derive(Clone)]
pub struct OneTimeLink {
    url: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl OneTimeLink {
    pub(super) fn new(app: &App, purpose: LinkPurpose, code: &str, expires_at: Timestamp) -> Self {
        let door = match purpose {
            LinkPurpose::Invitation => "invitation",
            LinkPurpose::Reset => "reset",
            LinkPurpose::Address => "address",
        };
        Self {
            url: format!("{}/{door}/{code}", app.base_url),
            expires_at,
        }
    }

    /// The address, for whoever hands it over.
    pub fn expose(&self) -> &str {
        &self.url
    }
}

impl std::fmt::Debug for OneTimeLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OneTimeLink").finish_non_exhaustive()
    }
}

/// How a link gets to somebody, with what it needs for that.
pub(super) struct Way {
    purpose: LinkPurpose,
    by: By,
}

enum By {
    Letter(LetterId),
    Shown(String),
}

impl Way {
    pub(super) fn of(app: &App, by: HandOver, purpose: LinkPurpose) -> Self {
        let by = match by {
            HandOver::Letter if app.sends_letters => By::Letter(app.ids.next()),
            _ => By::Shown(app.ids.key(26)),
        };
        Self { purpose, by }
    }

    /// The end of the sentence that says who got a link.
    pub(super) fn spoken(&self, email: &str) -> String {
        match self.by {
            By::Letter(_) => format!(", by a letter to {email}"),
            By::Shown(_) => String::new(),
        }
    }

    /// Ends the links of before, and makes or orders the new one.
    pub(super) fn open(
        &self,
        change: &mut Change<AccountInvite>,
        id: AccountId,
        email: &str,
        until: Timestamp,
    ) -> Result<(), Error> {
        match &self.by {
            By::Letter(letter) => {
                change.end_links(id)?;
                let kind = match self.purpose {
                    LinkPurpose::Invitation => LetterKind::Invitation,
                    LinkPurpose::Reset => LetterKind::PasswordReset,
                    LinkPurpose::Address => LetterKind::AddressProof,
                };
                change.put_letter(*letter, kind, id, email, until)
            }
            By::Shown(code) => change.put_account_link(id, self.purpose, &tokens::digest(code), until),
        }
    }

    pub(super) fn link(&self, app: &App, until: Timestamp) -> Option<OneTimeLink> {
        match &self.by {
            By::Letter(_) => None,
            By::Shown(code) => Some(OneTimeLink::new(app, self.purpose, code, until)),
        }
    }
}

fn over(next: &str) -> Error {
    let detail = "This link has ended or was used already.";
    Error::Against(Refusal::new("link_over", detail, next))
}

/// Whom an invitation is for, while it is good.
pub async fn invitation(app: &App, code: &str) -> Result<Option<Person>, Error> {
    whose(app, code, LinkPurpose::Invitation).await
}

/// Whose password can be chosen anew with this link, while it is good.
pub async fn reset(app: &App, code: &str) -> Result<Option<Person>, Error> {
    whose(app, code, LinkPurpose::Reset).await
}

async fn whose(app: &App, code: &str, purpose: LinkPurpose) -> Result<Option<Person>, Error> {
    match app.store.account_link(&tokens::digest(code), purpose).await? {
        Some(link) => Ok(Some(app.store.invited(link.account).await?)),
        None => Ok(None),
    }
}

/// The call of whoever has a link of somebody, and what it lets them do.
fn as_holder(
    app: &App,
    request_id: &str,
    person: &Person,
    by: &str,
) -> Result<(Call, Permit<AccountUpdate>), Error> {
    let actor = Actor::of_account_link(person.id, format!("{} {by}", person.name), app.clock.now());
    let call = Call::new(actor, request_id);
    let permit = call
        .actor
        .permit::<AccountUpdate>(Place::org(person.path.clone()));
    let permit = permit.map_err(|denied| Error::denied(denied, "account", &person.email))?;
    Ok((call, permit))
}

fn subject(person: &Person) -> Subject {
    Subject::new("account", person.id.uuid(), &person.email)
}

/// Somebody who was invited chooses a password. The link is used up; signing in comes next.
pub async fn accept(app: &App, request_id: &str, code: &str, password: Password) -> Result<AccountId, Error> {
    let gone = || over("Ask whoever invited you for a new one.");
    let person = invitation(app, code).await?.ok_or_else(gone)?;
    let hash = app.hasher.account_hash(&password).await?;
    let (call, permit) = as_holder(app, request_id, &person, "by invitation")?;

    let mut change = app.store.change(&call, permit).await?;
    let purpose = LinkPurpose::Invitation;
    if !change
        .use_account_link(&tokens::digest(code), purpose, person.id)
        .await?
    {
        return Err(gone());
    }
    change.end_links(person.id)?;
    change.set_first_password(person.id, &hash)?;
    let text = format!("{} chose a password and can sign in", person.name);
    let event = Event::new(EventKind::AccountPasswordSet, subject(&person)).saying(text);
    change.commit(vec![event]).await?;
    Ok(person.id)
}

/// Somebody who has no session asks for a new password. Whether there is such an account, nobody learns here: there is a
/// letter to it, or there is not.
pub async fn forgot(app: &App, request_id: &str, email: &str) -> Result<(), Error> {
    let known = app.store.sign_in(email.trim()).await?;
    let Some(known) = known.filter(|known| known.hash.is_some() && !known.suspended) else {
        return Ok(());
    };
    let person = app.store.invited(known.account).await?;
    let actor = Actor::of_account_link(
        person.id,
        "Somebody at the sign-in page".to_owned(),
        app.clock.now(),
    );
    let call = Call::new(actor, request_id);
    let permit = call
        .actor
        .permit::<AccountUpdate>(Place::org(person.path.clone()));
    let permit = permit.map_err(|denied| Error::denied(denied, "account", &person.email))?;

    let mut change = app.store.change(&call, permit).await?;
    let now = change.now();
    let lately = now.minus(Duration::from_hours(1));
    let kind = LetterKind::PasswordReset;
    if change.letters_since(person.id, kind, lately).await? >= MOST_AN_HOUR {
        return Ok(());
    }
    change.put_letter(
        app.ids.next(),
        kind,
        person.id,
        &person.email,
        now.plus(RESET_WAITS),
    )?;
    let text = format!(
        "Somebody asked for a new password of {}; a letter to {} brings the link",
        person.name, person.email
    );
    let event = Event::new(EventKind::AccountResetAsked, subject(&person)).saying(text);
    change.commit(vec![event]).await?;
    app.store.letters.ring();
    Ok(())
}

/// Somebody chooses a new password by a link. Every session ends, every other link too; signing in comes next, with
/// everything it takes besides the password.
pub async fn choose_anew(app: &App, request_id: &str, code: &str, password: Password) -> Result<(), Error> {
    let gone = || over("Ask for a new one at the sign-in page.");
    let person = reset(app, code).await?.ok_or_else(gone)?;
    let hash = app.hasher.account_hash(&password).await?;
    let (call, permit) = as_holder(app, request_id, &person, "by a link for a new password")?;

    let mut change = app.store.change(&call, permit).await?;
    let purpose = LinkPurpose::Reset;
    if !change
        .use_account_link(&tokens::digest(code), purpose, person.id)
        .await?
    {
        return Err(gone());
    }
    change.end_links(person.id)?;
    change.accounts().set_password(person.id, &hash)?;
    tell(
        app,
        &mut change,
        LetterKind::PasswordChanged,
        person.id,
        &person.email,
    )?;
    let text = format!("{} chose a new sign-in password by a link", person.name);
    let event = Event::new(EventKind::AccountPasswordSet, subject(&person)).saying(text);
    change.commit(vec![event]).await?;
    app.store.letters.ring();
    Ok(())
}

/// Orders a letter with news, where letters are sent.
pub(super) fn tell<P: crate::access::Permission>(
    app: &App,
    change: &mut Change<P>,
    kind: LetterKind,
    account: AccountId,
    recipient: &str,
) -> Result<(), Error> {
    if !app.sends_letters {
        return Ok(());
    }
    let until = change.now().plus(NEWS_WAIT);
    change.put_letter(app.ids.next(), kind, account, recipient, until)
}

/// Lets somebody who holds no more than the caller choose a new password.
pub async fn let_choose_anew(
    app: &App,
    call: &Call,
    id: AccountId,
    by: HandOver,
) -> Result<Done<Invited>, Error> {
    in_person(call)?;
    let (person, permit) = below::<AccountInvite>(app, call, id).await?;
    if person.invited || person.suspended_at.is_some() || person.kind == crate::store::AccountKind::Service {
        let detail = format!("{} does not sign in with a password just now.", person.name);
        let next = "Whoever was invited gets a new invitation, whoever is suspended is resumed first.";
        return Err(Refusal::new("no_password", detail, next).into());
    }
    let way = Way::of(app, by, LinkPurpose::Reset);

    let mut change = app.store.change(call, permit).await?;
    still_below(&mut change, call, &person).await?;
    let until = change.now().plus(Duration::from_hours(LINK_HOURS));
    way.open(&mut change, id, &person.email, until)?;
    let text = format!(
        "{} can choose a new password{}",
        person.name,
        way.spoken(&person.email)
    );
    let event = Event::new(EventKind::AccountResetAsked, subject(&person)).saying(text);
    let events = change.commit(vec![event]).await?;
    app.store.letters.ring();
    let link = way.link(app, until).filter(|_| !call.dry_run);
    Ok(Done {
        value: Invited { person, link },
        events,
    })
}

/// Asks for another address to sign in with: a letter there brings the link that proves it. Nothing changes before.
pub async fn ask_address(app: &App, call: &Call, current: String, email: &str) -> Result<String, Error> {
    let email = super::accounts::parse_email(email)?;
    let account = super::accounts::prove_password(app, call, current).await?;
    let identity = call.actor.identity();
    let own = Call {
        actor: call.actor.for_own_account(account),
        ..call.clone()
    };
    if email == identity.email {
        let mut invalid = Invalid::default();
        invalid.push(
            "/email",
            "unchanged",
            "this is the address that you sign in with already",
        );
        return Err(invalid.into());
    }
    if !app.sends_letters {
        let detail = "No letters are sent here, so the new address cannot be asked whether it is yours.";
        let next = "Ask whoever looks after this portal to set up a mail server, or to invite you anew.";
        return Err(Refusal::new("no_letters", detail, next).into());
    }
    let permit = own.actor.permit::<AccountUpdate>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "account", &identity.email))?;

    let mut change = app.store.change(&own, permit).await?;
    let now = change.now();
    let kind = LetterKind::AddressProof;
    let lately = now.minus(Duration::from_hours(1));
    if change.letters_since(account, kind, lately).await? >= MOST_AN_HOUR {
        let detail = "Three letters are on their way already.";
        return Err(Refusal::new(
            "too_many_letters",
            detail,
            "Look for them, or come back in an hour.",
        )
        .into());
    }
    change.end_links(account)?;
    let until = now.plus(Duration::from_hours(LINK_HOURS));
    change.put_letter(app.ids.next(), kind, account, &email, until)?;
    let subject = Subject::new("account", account.uuid(), &identity.email);
    let text = format!("{} wants to sign in as {email}", identity.name);
    let event = Event::new(EventKind::AccountAddressAsked, subject).saying(text);
    change.commit(vec![event]).await?;
    app.store.letters.ring();
    Ok(email)
}

/// Whose new address this link proves, and which, while it is good.
pub async fn new_address(app: &App, code: &str) -> Result<Option<(Person, String)>, Error> {
    let link = app
        .store
        .account_link(&tokens::digest(code), LinkPurpose::Address)
        .await?;
    let Some((account, email)) = link.and_then(|link| Some((link.account, link.email?))) else {
        return Ok(None);
    };
    Ok(Some((app.store.invited(account).await?, email)))
}

/// Signs somebody in with the address that the link proves, from now on. Every session ends, and the address that was
/// is told.
pub async fn prove_address(app: &App, request_id: &str, code: &str) -> Result<String, Error> {
    let gone = || over("Sign in and ask for a new one on your account's page.");
    let (before, email) = new_address(app, code).await?.ok_or_else(gone)?;
    let (call, permit) = as_holder(app, request_id, &before, "by a letter to the new address")?;

    let mut change = app.store.change(&call, permit).await?;
    let purpose = LinkPurpose::Address;
    if !change
        .use_account_link(&tokens::digest(code), purpose, before.id)
        .await?
    {
        return Err(gone());
    }
    change.end_links(before.id)?;
    change.hold_person(&before).await?;
    let mut after = before.clone();
    after.email.clone_from(&email);
    change.save_person(&after)?;
    change.end_sessions(before.id)?;
    tell(
        app,
        &mut change,
        LetterKind::AddressChanged,
        before.id,
        &before.email,
    )?;
    let event = Event::new(EventKind::AccountUpdated, subject(&after));
    let event = event.changing("email", &before.email, &after.email);
    change.commit(vec![event]).await?;
    app.store.letters.ring();
    Ok(email)
}

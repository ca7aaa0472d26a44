//! The letters that Postdesk itself writes: which is sent next, what is in it, and what became of it.

use std::time::Duration;

use super::App;
use super::ways_in::{self, OneTimeLink};
use crate::access::{AccountRead, Actor, Call, Credential, Grant, Guarded, Permit, SystemManage};
use crate::error::Error;
use crate::model::{AccountId, Event, EventKind, Language, LetterKind, Subject};
use crate::store::{Letter, LetterFate, LinkPurpose, Person};

/// How long a letter belongs to whoever sends it: longer than a mail server may take for it.
const CLAIM: Duration = Duration::from_mins(10);
/// The pause after the first try that failed. It doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Most characters of what a mail server said.
const LONGEST_TROUBLE: usize = 300;

/// A letter that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The letter.
    pub letter: Letter,
    /// The name of whom it is for.
    pub name: String,
    /// What they are spoken to in.
    pub language: Language,
    /// What it brings.
    pub brings: Brings,
}

/// What a letter brings besides its words.
#[derive(Clone, Debug)]
pub enum Brings {
    /// A link to choose the first password with, and what for: each grant with the name of its scope.
    Invitation(OneTimeLink, Vec<(Grant, String)>),
    /// A link that is good for a while after the letter was sent.
    Link(OneTimeLink),
    /// A code to be read out.
    Code(Code),
    /// News, and nothing else.
    News,
}

/// A code that its recipient reads out.
#[derive(Clone)]
pub struct Code(String);

impl Code {
    /// The digits, for the letter.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(..)")
    }
}

/// The next letter to be sent, if one is due. It is the caller's until [`sent`], [`refused`] or [`not_yet`].
pub async fn next(app: &App) -> Result<Option<Ready>, Error> {
    while let Some(letter) = app.store.claim_letter(CLAIM).await? {
        if let Some(ready) = write(app, letter).await? {
            return Ok(Some(ready));
        }
    }
    Ok(None)
}

/// Whether a letter still is of use to whom it is for.
fn is_wanted(letter: &Letter, person: &Person) -> bool {
    let is_theirs = person.email == letter.recipient;
    let signs_in = !person.invited && person.suspended_at.is_none();
    match letter.kind {
        LetterKind::Invitation => person.invited && person.suspended_at.is_none() && is_theirs,
        LetterKind::CallerCode | LetterKind::PasswordReset => signs_in && is_theirs,
        LetterKind::AddressProof => signs_in && !is_theirs,
        LetterKind::PasswordChanged | LetterKind::AddressChanged => true,
    }
}

/// What goes into the letter, unless there is no use for it any more.
async fn write(app: &App, letter: Letter) -> Result<Option<Ready>, Error> {
    let person = app.store.invited(letter.account).await?;
    if !is_wanted(&letter, &person) || letter.expires_at <= app.clock.now() {
        app.store.drop_letter(&letter).await?;
        return Ok(None);
    }
    let Some(brings) = brings(app, &letter, &person).await? else {
        return Ok(None);
    };
    Ok(Some(Ready {
        name: person.name.to_string(),
        language: person.language,
        brings,
        letter,
    }))
}

/// The link or the code, made now; nothing when the letter is not to be sent any more.
async fn brings(app: &App, letter: &Letter, person: &Person) -> Result<Option<Brings>, Error> {
    let now = app.clock.now();
    let (purpose, until) = match letter.kind {
        LetterKind::PasswordChanged | LetterKind::AddressChanged => return Ok(Some(Brings::News)),
        LetterKind::CallerCode => {
            let (code, _) = super::support::new_code(app, letter.account).await?;
            return Ok(Some(Brings::Code(Code(code))));
        }
        LetterKind::Invitation => (LinkPurpose::Invitation, letter.expires_at),
        LetterKind::AddressProof => (LinkPurpose::Address, letter.expires_at),
        LetterKind::PasswordReset => {
            let minutes = Duration::from_mins(ways_in::RESET_MINUTES);
            (LinkPurpose::Reset, now.plus(minutes))
        }
    };
    let code = app.ids.key(26);
    let digest = super::tokens::digest(&code);
    if !app.store.put_letter_link(letter, purpose, &digest, until).await? {
        return Ok(None);
    }
    let link = OneTimeLink::new(app, purpose, &code, until);
    if letter.kind != LetterKind::Invitation {
        return Ok(Some(Brings::Link(link)));
    }
    let live = person.grants.iter().filter(|held| held.given.grant.is_live(now));
    let held = live.map(|held| (held.given.grant.clone(), held.scope_name.clone()));
    Ok(Some(Brings::Invitation(link, held.collect())))
}

/// A mail server took the letter.
pub async fn sent(app: &App, ready: &Ready) -> Result<(), Error> {
    let letter = &ready.letter;
    let text = format!(
        "The letter with {} to {} is on its way",
        letter.kind.brings(),
        letter.recipient
    );
    let kind = match letter.kind {
        LetterKind::Invitation => EventKind::AccountInvitationSent,
        _ => EventKind::AccountLetterSent,
    };
    settle(app, ready, kind, text, None).await
}

/// No mail server will ever take the letter, and `trouble` says why.
pub async fn refused(app: &App, ready: &Ready, trouble: &str) -> Result<(), Error> {
    let trouble = plain(trouble);
    let letter = &ready.letter;
    let text = format!(
        "The letter with {} to {} was refused: {trouble}",
        letter.kind.brings(),
        letter.recipient
    );
    let kind = match letter.kind {
        LetterKind::Invitation => EventKind::AccountInvitationFailed,
        _ => EventKind::AccountLetterFailed,
    };
    settle(app, ready, kind, text, Some(&trouble)).await
}

/// The letter could not be sent now. It is tried again, as long as that is of use; `dice` from 0 up to but not
/// including 1 keeps many letters from coming back at once.
pub async fn not_yet(app: &App, ready: &Ready, trouble: &str, dice: f64) -> Result<(), Error> {
    let letter = &ready.letter;
    let due = app.clock.now().plus(pause(letter.tries, dice));
    if due.plus(letter.kind.least_left()) > letter.expires_at {
        return refused(app, ready, &format!("given up: {trouble}")).await;
    }
    app.store.defer_letter(letter, due, &plain(trouble)).await?;
    app.store.letters.ring();
    Ok(())
}

/// 30 s, 1 min, 2 min … up to an hour, shortened by up to a half.
fn pause(tries: i64, dice: f64) -> Duration {
    let doublings = u32::try_from(tries.clamp(1, 16) - 1).unwrap_or(0);
    let whole = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    whole.mul_f64(1.0 - dice.clamp(0.0, 1.0) / 2.0)
}

/// What a mail server said, fit to be kept and shown.
fn plain(trouble: &str) -> String {
    let words: Vec<&str> = trouble
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(LONGEST_TROUBLE).collect()
}

async fn settle(
    app: &App,
    ready: &Ready,
    kind: EventKind,
    text: String,
    trouble: Option<&str>,
) -> Result<(), Error> {
    let actor = Actor::system(Credential::System, "Postdesk", app.clock.now());
    let call = Call::new(actor, "");
    let guarded: Guarded<Letter> = app.store.place_of_letter(ready.letter.clone()).await?;
    let opened = guarded.open::<SystemManage>(&call.actor);
    let (letter, permit) = opened.map_err(|denied| Error::denied(denied, "letter", "of the portal"))?;
    let mut change = app.store.change(&call, permit).await?;
    if change.settle_letter(&letter, trouble).await? {
        let subject = Subject::new("account", letter.account.uuid(), &letter.recipient);
        change
            .commit(vec![Event::new(kind, subject).saying(text)])
            .await?;
    }
    app.store.letters.ring();
    Ok(())
}

/// What became of the last letter to an account, if there was one.
pub async fn last(
    app: &App,
    permit: &Permit<AccountRead>,
    id: AccountId,
) -> Result<Option<LetterFate>, Error> {
    app.store.last_letter(permit, id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_are_never_shortened_by_more_than_a_half() {
        let whole: Vec<u64> = (1..11).map(|tries| pause(tries, 0.0).as_secs()).collect();
        assert_eq!(whole, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!(pause(i64::MAX, 0.0), LONGEST_PAUSE);
        assert_eq!(pause(1, 1.0), Duration::from_secs(15));
    }

    #[test]
    fn what_a_server_said_is_one_short_line() {
        assert_eq!(
            plain("550 5.1.1\r\n no\tsuch \u{1b}[31muser"),
            "550 5.1.1 no such [31muser"
        );
        assert_eq!(plain(&"x".repeat(5000)).len(), LONGEST_TROUBLE);
    }
}

//! The letters that Postdesk itself writes: which is sent next, what is in it, and what became of it.

use std::time::Duration;

use super::App;
use super::people::InvitationLink;
use crate::access::{AccountRead, Actor, Call, Credential, Guarded, Permit, SystemManage};
use crate::error::Error;
use crate::model::{AccountId, Event, EventKind, Subject};
use crate::store::{Letter, LetterFate};

/// How long a letter belongs to whoever sends it: longer than a mail server may take for it.
const CLAIM: Duration = Duration::from_mins(10);
/// The pause after the first try that failed. It doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// A letter that arrives later than this before its link ends helps nobody.
const LEAST_LEFT: Duration = Duration::from_hours(24);
/// Most characters of what a mail server said.
const LONGEST_TROUBLE: usize = 300;

/// An invitation that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The letter.
    pub letter: Letter,
    /// The name of whom it is for.
    pub name: String,
    /// What they were invited to: one line for each role.
    pub may: Vec<String>,
    /// The link to choose a password with.
    pub link: InvitationLink,
}

/// The next letter to be sent, if one is due. It is the caller's until [`sent`], [`refused`] or [`not_yet`].
pub async fn next(app: &App) -> Result<Option<Invitation>, Error> {
    while let Some(letter) = app.store.claim_letter(CLAIM).await? {
        if let Some(ready) = write(app, letter).await? {
            return Ok(Some(ready));
        }
    }
    Ok(None)
}

/// What goes into the letter, unless there is no use for it any more.
async fn write(app: &App, letter: Letter) -> Result<Option<Invitation>, Error> {
    let now = app.clock.now();
    let person = app.store.invited(letter.account).await?;
    let wanted = person.invited && person.suspended_at.is_none() && person.email == letter.recipient;
    if !wanted || letter.expires_at <= now {
        app.store.drop_letter(&letter).await?;
        return Ok(None);
    }
    let code = app.ids.key(26);
    if !app
        .store
        .put_letter_link(&letter, &super::tokens::digest(&code))
        .await?
    {
        return Ok(None);
    }
    let held = person.grants.iter().filter(|held| held.given.grant.is_live(now));
    let may = held.map(|held| {
        let grant = &held.given.grant;
        format!(
            "{} on {}: you may {}.",
            grant.role.title(),
            held.scope_name,
            grant.holds.spoken()
        )
    });
    Ok(Some(Invitation {
        name: person.name.to_string(),
        may: may.collect(),
        link: InvitationLink::new(app, &code, letter.expires_at),
        letter,
    }))
}

/// A mail server took the letter.
pub async fn sent(app: &App, invitation: &Invitation) -> Result<(), Error> {
    let text = format!("The letter to {} is on its way", invitation.letter.recipient);
    settle(app, invitation, EventKind::AccountInvitationSent, text, None).await
}

/// No mail server will ever take the letter, and `trouble` says why.
pub async fn refused(app: &App, invitation: &Invitation, trouble: &str) -> Result<(), Error> {
    let trouble = plain(trouble);
    let text = format!(
        "The letter to {} was refused: {trouble}",
        invitation.letter.recipient
    );
    settle(
        app,
        invitation,
        EventKind::AccountInvitationFailed,
        text,
        Some(&trouble),
    )
    .await
}

/// The letter could not be sent now. It is tried again, as long as that is of use; `dice` from 0 up to but not
/// including 1 keeps many letters from coming back at once.
pub async fn not_yet(app: &App, invitation: &Invitation, trouble: &str, dice: f64) -> Result<(), Error> {
    let letter = &invitation.letter;
    let due = app.clock.now().plus(pause(letter.tries, dice));
    if due.plus(LEAST_LEFT) > letter.expires_at {
        return refused(app, invitation, &format!("given up: {trouble}")).await;
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
    invitation: &Invitation,
    kind: EventKind,
    text: String,
    trouble: Option<&str>,
) -> Result<(), Error> {
    let actor = Actor::system(Credential::System, "Postdesk", app.clock.now());
    let call = Call::new(actor, "");
    let guarded: Guarded<Letter> = app.store.place_of_letter(invitation.letter.clone()).await?;
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

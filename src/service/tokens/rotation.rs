//! A new secret for what a token does: the new token may do exactly what the old one may, and as long; the old one goes
//! on for a while and ends by the clock.

use std::time::Duration;

use super::{App, Done, TokenSecret, digest, new_secret, own_account, own_place};
use crate::access::{Call, Credential, TokenManageOwn};
use crate::error::Error;
use crate::model::{AccountId, Event, EventKind, Invalid, Refusal, Subject, Timestamp, TokenId};
use crate::store::{Change, HeldToken, Replacement, TokenView, WritesTokens};

/// Hours that the old token goes on when nothing else is said.
pub const DEFAULT_OVERLAP_H: u32 = 24;
/// Most hours that the old token may go on: a week.
pub const MOST_OVERLAP_H: u32 = 168;

/// How a token is to be replaced.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct RotationWish {
    /// Hours that the old one goes on; none ends it at once.
    pub overlap_hours: u32,
    /// Replace it once more, when its successor was never used: its secret was lost on the way. Only people wish for this.
    pub replace_unused: bool,
}

impl Default for RotationWish {
    fn default() -> Self {
        Self {
            overlap_hours: DEFAULT_OVERLAP_H,
            replace_unused: false,
        }
    }
}

impl RotationWish {
    pub(in crate::service) fn check(self) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        if self.overlap_hours > MOST_OVERLAP_H {
            let text = format!("choose 0 to {MOST_OVERLAP_H} hours");
            invalid.push("/overlap_hours", "out_of_range", text);
        }
        invalid.into_result().map(|()| self)
    }

    fn overlap(self) -> Duration {
        Duration::from_secs(u64::from(self.overlap_hours) * 3600)
    }
}

/// A token that was replaced.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// The new one.
    pub token: TokenView,
    /// The old one, with the end that it has now.
    pub replaced: TokenView,
}

/// Replaces one of one's own tokens. A token replaces itself, if it may look after its owner's tokens, and no other.
pub async fn rotate(
    app: &App,
    call: &Call,
    id: TokenId,
    wish: RotationWish,
) -> Result<(Done<Rotated>, TokenSecret), Error> {
    let account = own_account(call)?;
    let permit = call.actor.permit::<TokenManageOwn>(own_place(call));
    let permit = permit.map_err(|denied| Error::denied(denied, "token", &id.to_string()))?;
    let missing = || Error::not_found("token", &id.to_string());
    let before = app.store.token(account, id).await?.ok_or_else(missing)?;
    only_itself(call, id, wish)?;
    let wish = wish.check()?;

    let change = app.store.change(call, permit).await?;
    replace(app, change, (account, before), wish).await
}

/// What another token may do is perhaps more than this one may: its secret is not handed to it. Nor does a token take
/// the place of its successor: whoever stole it would, while the new one is on its way to where it is used.
fn only_itself(call: &Call, id: TokenId, wish: RotationWish) -> Result<(), Error> {
    let Credential::Token(presented) = call.actor.credential() else {
        return Ok(());
    };
    if *presented != id {
        let next = "Send the request with the token that is to be replaced, or sign in to the portal.";
        return Err(Refusal::new("token_by_token", "A token replaces only itself.", next).into());
    }
    if wish.replace_unused {
        let next = "Sign in to the portal and do it there.";
        return Err(Refusal::new("token_by_token", "A token replaces itself once.", next).into());
    }
    Ok(())
}

/// Puts a new token in the place of `before`, which belongs to `account`.
pub(in crate::service) async fn replace<P: WritesTokens>(
    app: &App,
    mut change: Change<P>,
    (account, before): (AccountId, TokenView),
    wish: RotationWish,
) -> Result<(Done<Rotated>, TokenSecret), Error> {
    let secret = new_secret(app);
    let new: TokenId = app.ids.next();
    let held = change.hold_token(before.id, account).await?;
    let now = change.now();
    let plan = judge(&held, wish, now)?;
    change.replace_token(
        before.id,
        &Replacement {
            id: new,
            digest: &digest(secret.expose()),
            hint: secret.hint(),
            expires_at: plan.expires_at,
            old_ends_at: plan.old_ends_at,
        },
    )?;
    let mut events = vec![
        created(new, &before, plan.expires_at),
        replaced(&before, new, &plan),
    ];
    if let Some(lost) = plan.never_used {
        let name = change.revoke_token(lost, account).await?;
        let subject = Subject::new("token", lost.uuid(), &name);
        let text = format!("{name}: nobody ever used it, and another took its place");
        events.push(Event::new(EventKind::TokenRevoked, subject).saying(text));
    }
    let events = change.commit(events).await?;
    let token = TokenView {
        id: new,
        hint: secret.hint().to_owned(),
        created_at: now,
        expires_at: plan.expires_at,
        last_used_at: None,
        last_used_from: None,
        revoked_at: None,
        successor: None,
        ..before.clone()
    };
    let replaced = TokenView {
        expires_at: plan.old_ends_at,
        successor: Some(new),
        ..before
    };
    let value = Rotated { token, replaced };
    Ok((Done { value, events }, secret))
}

/// What becomes of the two.
#[derive(Clone, Debug)]
struct Plan {
    expires_at: Timestamp,
    old_ends_at: Timestamp,
    never_used: Option<TokenId>,
}

/// The new one ends when the old one would have ended, the old one when the overlap is over. A token has one successor.
fn judge(held: &HeldToken, wish: RotationWish, now: Timestamp) -> Result<Plan, Refusal> {
    if held.revoked_at.is_some() || now >= held.expires_at {
        let next = "Make a new token.";
        return Err(Refusal::new(
            "token_over",
            "This token is not good any more.",
            next,
        ));
    }
    let old_ends_at = held.expires_at.min(now.plus(wish.overlap()));
    let Some(successor) = &held.successor else {
        return Ok(Plan {
            expires_at: held.expires_at,
            old_ends_at,
            never_used: None,
        });
    };
    if !wish.replace_unused || successor.used || successor.revoked || now >= successor.expires_at {
        let next = "Replace the newer one. If that was lost before anybody used it, say so in the portal.";
        let detail = "This token has been replaced already.";
        return Err(Refusal::new("token_replaced", detail, next));
    }
    Ok(Plan {
        expires_at: successor.expires_at,
        old_ends_at,
        never_used: Some(successor.id),
    })
}

fn created(new: TokenId, before: &TokenView, ends: Timestamp) -> Event {
    let subject = Subject::new("token", new.uuid(), &before.name);
    let day = &ends.rfc3339()[..10];
    let text = format!(
        "{}, in the place of {}…, which may do the same, good until {day}",
        before.name, before.hint
    );
    Event::new(EventKind::TokenCreated, subject).saying(text)
}

fn replaced(before: &TokenView, new: TokenId, plan: &Plan) -> Event {
    let subject = Subject::new("token", before.id.uuid(), &before.name);
    let text = format!(
        "{}…, called {}, works until {}",
        before.hint,
        before.name,
        plan.old_ends_at.rfc3339()
    );
    Event::new(EventKind::TokenRotated, subject)
        .saying(text)
        .changing(
            "successor",
            &before.successor.map(|id| id.to_string()),
            &Some(new.to_string()),
        )
        .changing(
            "expires_at",
            &before.expires_at.rfc3339(),
            &plan.old_ends_at.rfc3339(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Successor;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn held(successor: Option<Successor>) -> HeldToken {
        HeldToken {
            expires_at: at("2026-03-01T00:00:00Z"),
            revoked_at: None,
            successor,
        }
    }

    fn next(used: bool, revoked: bool) -> Successor {
        Successor {
            id: TokenId::from(uuid::Uuid::from_u128(7)),
            expires_at: at("2026-06-01T00:00:00Z"),
            used,
            revoked,
        }
    }

    #[test]
    fn the_end_of_the_old_one_comes_forward_and_never_goes_back() {
        let week = RotationWish {
            overlap_hours: MOST_OVERLAP_H,
            replace_unused: false,
        };
        let early = judge(&held(None), week, at("2026-02-01T00:00:00Z")).unwrap();
        assert_eq!(early.old_ends_at, at("2026-02-08T00:00:00Z"));
        assert_eq!(early.expires_at, at("2026-03-01T00:00:00Z"));
        let late = judge(&held(None), week, at("2026-02-28T00:00:00Z")).unwrap();
        assert_eq!(late.old_ends_at, at("2026-03-01T00:00:00Z"));
    }

    #[test]
    fn a_token_has_one_successor_unless_nobody_ever_used_it() {
        let again = RotationWish {
            replace_unused: true,
            ..RotationWish::default()
        };
        let now = at("2026-02-01T00:00:00Z");
        let code = |successor, wish| judge(&held(Some(successor)), wish, now).map_err(|refusal| refusal.code);
        assert_eq!(
            code(next(false, false), RotationWish::default()).unwrap_err(),
            "token_replaced"
        );
        assert_eq!(code(next(true, false), again).unwrap_err(), "token_replaced");
        assert_eq!(code(next(false, true), again).unwrap_err(), "token_replaced");
        let plan = code(next(false, false), again).unwrap();
        assert_eq!(plan.never_used, Some(TokenId::from(uuid::Uuid::from_u128(7))));
        assert_eq!(plan.expires_at, at("2026-06-01T00:00:00Z"));
    }
}

//! API tokens of one's own: shown once, kept as a digest.

use sha2::{Digest as _, Sha256};

use super::{App, Done};
use crate::access::{Call, Credential, OrgPath, Place, TokenManageOwn};
use crate::error::Error;
use crate::model::{AccountId, DisplayName, Event, EventKind, Invalid, Refusal, Subject, Timestamp, TokenId};
use crate::store::{TokenDraft, TokenView};

/// Days a token lives when nothing else is said.
pub const DEFAULT_DAYS: u32 = 90;
/// Most days a token may live.
pub const MOST_DAYS: u32 = 365;

/// The secret of a token: shown once, and never printed by accident.
pub struct TokenSecret(String);

impl TokenSecret {
    /// The text, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSecret(..)")
    }
}

/// SHA-256 of a secret that is random enough to need no salt.
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Whether a text has the form and the check sum of a token; those that have not need no look into the store.
pub fn is_well_formed(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("pdk_") else {
        return false;
    };
    let Some((random, sum)) = rest.rsplit_once('_') else {
        return false;
    };
    random.len() == 36 && random.bytes().all(|b| b.is_ascii_alphanumeric()) && sum == check_sum(random)
}

fn check_sum(random: &str) -> String {
    let digest = Sha256::digest(random.as_bytes());
    data_encoding::BASE32_NOPAD.encode(&digest[..4])[..6].to_lowercase()
}

fn own_account(call: &Call) -> Result<AccountId, Error> {
    call.actor.identity().account.ok_or(Error::Unknown)
}

/// A token is nobody's way to more tokens.
fn not_by_token(call: &Call) -> Result<(), Error> {
    if matches!(call.actor.credential(), Credential::Token(_)) {
        let next = "Sign in to the portal, or use the command line.";
        return Err(Refusal::new("token_by_token", "A token cannot make or revoke tokens.", next).into());
    }
    Ok(())
}

/// The place of one's own things: wherever one may look after one's own tokens.
fn own_place(call: &Call) -> Place {
    let mut places = call.actor.grants().iter().map(|grant| match &grant.scope {
        crate::access::Scope::System => Place::system(),
        crate::access::Scope::Org(_, path) => Place::org(path.clone()),
        crate::access::Scope::Domain(id, _, path) => Place::domain(path.clone(), *id),
    });
    let first = places.clone().next();
    let place = places.find(|place| call.actor.may::<TokenManageOwn>(place));
    place.or(first).unwrap_or_else(|| Place::org(OrgPath::root()))
}

/// One's own tokens.
pub async fn list(app: &App, call: &Call) -> Result<Vec<TokenView>, Error> {
    app.store.own_tokens(own_account(call)?).await
}

/// Makes a token for the account that asks.
pub async fn create(
    app: &App,
    call: &Call,
    name: DisplayName,
    days: u32,
    read_only: bool,
) -> Result<(Done<TokenView>, TokenSecret), Error> {
    not_by_token(call)?;
    let account = own_account(call)?;
    let mut invalid = Invalid::default();
    if days == 0 || days > MOST_DAYS {
        invalid.push(
            "/expires_days",
            "out_of_range",
            format!("choose 1 to {MOST_DAYS} days"),
        );
    }
    invalid.into_result()?;
    let permit = call.actor.permit::<TokenManageOwn>(own_place(call));
    let permit = permit.map_err(|denied| Error::denied(denied, "account", &call.actor.identity().email))?;
    let random = app.ids.key(36);
    let secret = format!("pdk_{random}_{}", check_sum(&random));

    let mut change = app.store.change(call, permit).await?;
    let id: TokenId = app.ids.next();
    let expires_at = change
        .now()
        .plus(std::time::Duration::from_secs(u64::from(days) * 86_400));
    let draft = TokenDraft {
        name: name.clone(),
        read_only,
        expires_at,
    };
    let hint = secret[..8].to_owned();
    change.insert_token(id, account, &draft, &digest(&secret), &hint)?;
    let view = TokenView {
        id,
        name: name.to_string(),
        hint,
        read_only,
        created_at: change.now(),
        expires_at,
        last_used_at: None::<Timestamp>,
        revoked_at: None,
    };
    let event = Event::new(EventKind::TokenCreated, Subject::new("token", id.uuid(), &name))
        .saying(format!("{name}, good until {}", &expires_at.rfc3339()[..10]));
    let events = change.commit(vec![event]).await?;
    Ok((Done { value: view, events }, TokenSecret(secret)))
}

/// Revokes one of one's own tokens.
pub async fn revoke(app: &App, call: &Call, id: TokenId) -> Result<Done<()>, Error> {
    not_by_token(call)?;
    let account = own_account(call)?;
    let permit = call.actor.permit::<TokenManageOwn>(own_place(call));
    let permit = permit.map_err(|denied| Error::denied(denied, "token", &id.to_string()))?;

    let mut change = app.store.change(call, permit).await?;
    let name = change.revoke_token(id, account).await?;
    let event = Event::new(EventKind::TokenRevoked, Subject::new("token", id.uuid(), &name));
    let events = change.commit(vec![event]).await?;
    Ok(Done { value: (), events })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_a_slip_of_the_pen_is_known_without_the_store() {
        let random = "0123456789abcdefghjkmnpqrstvwxyz0123";
        let good = format!("pdk_{random}_{}", check_sum(random));
        assert!(is_well_formed(&good));
        assert!(!is_well_formed(&good.replace('7', "8")));
        assert!(!is_well_formed(&good[..good.len() - 1]));
        assert!(!is_well_formed("pdk__"));
        assert!(!is_well_formed(""));
    }
}

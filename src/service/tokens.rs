//! API tokens of one's own: shown once, kept as a digest.

mod powers;
mod rotation;

pub use powers::{Part, effective};
pub(super) use rotation::replace;
pub use rotation::{DEFAULT_OVERLAP_H, MOST_OVERLAP_H, Rotated, RotationWish, rotate};

use sha2::{Digest as _, Sha256};

use super::grants::ScopeName;
use super::{App, Done};
use crate::access::{
    Action, Call, Credential, DomainRead, OrgPath, Permissions, Place, Scope, TokenManageOwn,
};
use crate::error::Error;
use crate::model::{
    AccountId, Cidrs, DisplayName, Event, EventKind, Invalid, IpRange, Refusal, Subject, Timestamp, TokenId,
};
use crate::store::{Change, TokenDraft, TokenView, WritesTokens};

/// Days a token lives when nothing else is said.
pub const DEFAULT_DAYS: u32 = 90;
/// Most days a token may live.
pub const MOST_DAYS: u32 = 365;
/// Most scopes, and most ranges of addresses, that a token names.
pub const MOST_NAMED: usize = 50;

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

/// A secret that nobody had before.
fn new_secret(app: &App) -> TokenSecret {
    let random = app.ids.key(36);
    TokenSecret(format!("pdk_{random}_{}", check_sum(&random)))
}

impl TokenSecret {
    /// How it begins: what a token is recognised by.
    fn hint(&self) -> &str {
        &self.0[..8]
    }
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
        Scope::System => Place::system(),
        Scope::Org(_, path) => Place::org(path.clone()),
        Scope::Domain(id, _, path) => Place::domain(path.clone(), *id),
    });
    let first = places.clone().next();
    let place = places.find(|place| call.actor.may::<TokenManageOwn>(place));
    place.or(first).unwrap_or_else(|| Place::org(OrgPath::root()))
}

/// One's own tokens.
pub async fn list(app: &App, call: &Call) -> Result<Vec<TokenView>, Error> {
    app.store.own_tokens(own_account(call)?).await
}

/// One of one's own tokens.
pub async fn get(app: &App, call: &Call, id: TokenId) -> Result<TokenView, Error> {
    let token = app.store.token(own_account(call)?, id).await?;
    token.ok_or_else(|| Error::not_found("token", &id.to_string()))
}

/// The token that the call was made with, if it was made with one.
pub async fn presented(app: &App, call: &Call) -> Result<Option<TokenView>, Error> {
    let Credential::Token(id) = call.actor.credential() else {
        return Ok(None);
    };
    app.store.token(own_account(call)?, *id).await
}

/// Everything that the actor may do somewhere: what the owner holds, as far as the credential lets it through.
pub fn powers(call: &Call) -> Permissions {
    let held = call.actor.grants().iter().map(|grant| grant.holds);
    let held = held.fold(Permissions::NONE, Permissions::and);
    held.without(held.without(call.actor.ceiling().permissions()))
}

/// A token to be made, as somebody wishes for it.
#[derive(Clone, Debug)]
pub struct TokenWish {
    /// What it is for.
    pub name: DisplayName,
    /// Days until it ends.
    pub days: u32,
    /// Whether it only reads.
    pub read_only: bool,
    /// The only permissions it lets through; empty narrows nothing.
    pub permissions: Permissions,
    /// The only orgs and domains it reaches; empty narrows nothing.
    pub scopes: Vec<ScopeName>,
    /// The only addresses it may come from; empty narrows nothing.
    pub cidrs: Vec<IpRange>,
}

impl TokenWish {
    /// A token that may do all that its owner may.
    pub fn plain(name: DisplayName, days: u32) -> Self {
        Self {
            name,
            days,
            read_only: false,
            permissions: Permissions::NONE,
            scopes: Vec::new(),
            cidrs: Vec::new(),
        }
    }

    fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        if self.days == 0 || self.days > MOST_DAYS {
            let text = format!("choose 1 to {MOST_DAYS} days");
            invalid.push("/expires_days", "out_of_range", text);
        }
        let reads = self.permissions.iter().any(Action::reads);
        if self.read_only && !self.permissions.is_empty() && !reads {
            let text = "a token that only reads would do nothing with these: choose one that reads";
            invalid.push("/permissions", "contradiction", text);
        }
        for (pointer, count) in [("/scopes", self.scopes.len()), ("/cidrs", self.cidrs.len())] {
            if count > MOST_NAMED {
                invalid.push(pointer, "too_many", format!("name at most {MOST_NAMED}"));
            }
        }
        invalid.into_result()
    }
}

/// The orgs and domains that a token is to reach: those that its owner reaches, and no others.
async fn scopes(app: &App, call: &Call, names: &[ScopeName]) -> Result<Option<Vec<Scope>>, Error> {
    let mut scopes = Vec::with_capacity(names.len());
    for name in names {
        let scope = match name {
            ScopeName::System => {
                let mut invalid = Invalid::default();
                let text = "name orgs and domains, or nothing at all for everything that its owner reaches";
                invalid.push("/scopes", "everything", text);
                return Err(invalid.into());
            }
            ScopeName::Org(id) => {
                let (org, permit) = super::orgs::get(app, call, *id).await?;
                Scope::Org(org.id, permit.place().org.clone())
            }
            ScopeName::Domain(name) => {
                let (domain, permit) = app.domain::<DomainRead>(call, name).await?;
                Scope::Domain(domain.id, domain.name.to_string(), permit.place().org.clone())
            }
        };
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok((!scopes.is_empty()).then_some(scopes))
}

/// Makes a token for the account that asks, which may do all that its owner may, or all of it that only reads.
pub async fn create(
    app: &App,
    call: &Call,
    name: DisplayName,
    days: u32,
    read_only: bool,
) -> Result<(Done<TokenView>, TokenSecret), Error> {
    let plain = TokenWish::plain(name, days);
    make(app, call, TokenWish { read_only, ..plain }).await
}

/// Makes a token for the account that asks.
pub async fn make(app: &App, call: &Call, wish: TokenWish) -> Result<(Done<TokenView>, TokenSecret), Error> {
    not_by_token(call)?;
    let account = own_account(call)?;
    wish.check()?;
    let permit = call.actor.permit::<TokenManageOwn>(own_place(call));
    let permit = permit.map_err(|denied| Error::denied(denied, "account", &call.actor.identity().email))?;
    let prepared = prepare(app, call, wish).await?;

    let change = app.store.change(call, permit).await?;
    put(app, change, account, prepared).await
}

/// A token that may be made: what it names was found.
#[derive(Debug)]
pub(super) struct Prepared {
    wish: TokenWish,
    scopes: Option<Vec<Scope>>,
    secret: TokenSecret,
}

/// Finds what the wish names.
pub(super) async fn prepare(app: &App, call: &Call, wish: TokenWish) -> Result<Prepared, Error> {
    wish.check()?;
    Ok(Prepared {
        scopes: scopes(app, call, &wish.scopes).await?,
        secret: new_secret(app),
        wish,
    })
}

/// Makes the token of an account.
pub(super) async fn put<P: WritesTokens>(
    app: &App,
    mut change: Change<P>,
    account: AccountId,
    Prepared { wish, scopes, secret }: Prepared,
) -> Result<(Done<TokenView>, TokenSecret), Error> {
    let id: TokenId = app.ids.next();
    let expires_at = change
        .now()
        .plus(std::time::Duration::from_secs(u64::from(wish.days) * 86_400));
    let draft = TokenDraft {
        name: wish.name,
        read_only: wish.read_only,
        permissions: (!wish.permissions.is_empty()).then_some(wish.permissions),
        scopes,
        cidrs: Cidrs::new(wish.cidrs),
        expires_at,
    };
    let hint = secret.hint().to_owned();
    change.insert_token(id, account, &draft, &digest(secret.expose()), &hint)?;
    let text = told(&draft);
    let event = Event::new(
        EventKind::TokenCreated,
        Subject::new("token", id.uuid(), &draft.name),
    );
    let event = event.saying(text);
    let view = TokenView {
        id,
        name: draft.name.to_string(),
        hint,
        read_only: draft.read_only,
        permissions: draft.permissions,
        scopes: draft.scopes,
        cidrs: draft.cidrs,
        created_at: change.now(),
        expires_at,
        last_used_at: None::<Timestamp>,
        last_used_from: None,
        revoked_at: None,
        successor: None,
    };
    let events = change.commit(vec![event]).await?;
    Ok((Done { value: view, events }, secret))
}

/// What the audit says of a new token.
fn told(draft: &TokenDraft) -> String {
    let mut text = format!("{}, good until {}", draft.name, &draft.expires_at.rfc3339()[..10]);
    if draft.read_only {
        text.push_str(", only reads");
    }
    if let Some(permissions) = draft.permissions {
        text.push_str(", only to ");
        text.push_str(&permissions.spoken());
    }
    if let Some(scopes) = &draft.scopes {
        let names: Vec<String> = scopes.iter().map(scope_name).collect();
        text.push_str(", only in ");
        text.push_str(&names.join(", "));
    }
    let cidrs = draft.cidrs.words();
    if !cidrs.is_empty() {
        text.push_str(", only from ");
        text.push_str(&cidrs.join(", "));
    }
    text
}

fn scope_name(scope: &Scope) -> String {
    match scope {
        Scope::System => "everything".to_owned(),
        Scope::Org(id, _) => id.to_string(),
        Scope::Domain(_, name, _) => name.clone(),
    }
}

/// Revokes one of one's own tokens.
pub async fn revoke(app: &App, call: &Call, id: TokenId) -> Result<Done<()>, Error> {
    not_by_token(call)?;
    let account = own_account(call)?;
    let permit = call.actor.permit::<TokenManageOwn>(own_place(call));
    let permit = permit.map_err(|denied| Error::denied(denied, "token", &id.to_string()))?;

    let change = app.store.change(call, permit).await?;
    end(change, account, id).await
}

/// Ends a token of an account.
pub(super) async fn end<P: WritesTokens>(
    mut change: Change<P>,
    account: AccountId,
    id: TokenId,
) -> Result<Done<()>, Error> {
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

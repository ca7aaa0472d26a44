//! `/tokens`: a token sees those of its owner and replaces itself; it makes no others.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::BASE;
use super::ask::Ask;
use super::json::{Fields, Wrong};
use super::layers::Secret;
use super::me::ScopeView;
use super::problem::Problem;
use super::reply;
use crate::access::{Action, Call};
use crate::model::{Timestamp, TokenId};
use crate::service::tokens::{DEFAULT_OVERLAP_H, MOST_OVERLAP_H, Rotated, RotationWish};
use crate::service::{App, tokens};
use crate::store::TokenView as Token;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(rotate))
}

/// An API token. Its secret was shown once, when it was made.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(super) struct TokenView<'a> {
    /// Its id.
    #[schema(value_type = String, pattern = "^tok_[0-9a-z]{26}$")]
    id: TokenId,
    /// What its owner calls it.
    name: &'a str,
    /// How its secret begins.
    hint: &'a str,
    /// In one word.
    #[schema(value_type = TokenState)]
    state: &'static str,
    /// Whether it only reads.
    read_only: bool,
    /// The only permissions that it lets through of what its owner holds; null when it lets all of them through.
    #[schema(value_type = Option<Vec<String>>)]
    permissions: Option<Vec<&'static str>>,
    /// The only orgs and domains that it reaches; null when it is not narrowed.
    scopes: Option<Vec<ScopeView<'a>>>,
    /// The only addresses that it may come from; empty when it may come from anywhere.
    cidrs: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was last used, to the hour.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// The address that it was last used from.
    last_used_from: Option<&'a str>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// The token that took its place; null when none did.
    #[schema(value_type = Option<String>, pattern = "^tok_[0-9a-z]{26}$")]
    successor: Option<TokenId>,
}

/// What can be said of a token in one word.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `store::TokenView::state`")]
enum TokenState {
    /// It is good.
    Active,
    /// Another took its place, and it is good until it ends.
    Replaced,
    /// Its time is over.
    Expired,
    /// Somebody ended it.
    Revoked,
}

/// How a token is to be replaced.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `rotation` reads")]
struct TokenRotation {
    /// Hours that the old token goes on; 0 ends it at once. Left out it is a day.
    #[schema(nullable = false, minimum = 0, maximum = 168, default = 24)]
    overlap_hours: Option<u32>,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "readers of bodies may fail, this one has only optional fields"
)]
fn rotation(fields: &mut Fields<'_>) -> Option<RotationWish> {
    let hours = fields.optional("overlap_hours", hours);
    Some(RotationWish {
        overlap_hours: hours.unwrap_or(DEFAULT_OVERLAP_H),
        ..RotationWish::default()
    })
}

fn hours(value: &Value) -> Result<u32, Wrong> {
    let wrong = || {
        Wrong::new(
            "out_of_range",
            format!("give a whole number from 0 to {MOST_OVERLAP_H}"),
        )
    };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.filter(|hours| *hours <= MOST_OVERLAP_H).ok_or_else(wrong)
}

/// A token in the place of another. The secret is shown this once.
#[derive(Serialize, ToSchema)]
struct TokenRotated<'a> {
    /// What to send as `Authorization: Bearer` from now on.
    secret: &'a str,
    /// The new token: it may do what the old one may, as long as the old one might have.
    token: TokenView<'a>,
    /// The old token, with the end that it has now.
    replaced: TokenView<'a>,
}

/// Every token of an account.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::whole` writes")]
pub(super) struct TokenList {
    /// The tokens, the newest first.
    data: Vec<TokenView<'static>>,
    /// Always false.
    has_more: bool,
    /// Always null.
    next_after: Option<String>,
}

impl<'a> TokenView<'a> {
    pub(super) fn of(token: &'a Token, now: Timestamp) -> Self {
        Self {
            id: token.id,
            name: &token.name,
            hint: &token.hint,
            state: token.state(now),
            read_only: token.read_only,
            permissions: token
                .permissions
                .map(|named| named.iter().map(Action::as_str).collect()),
            scopes: token
                .scopes
                .as_ref()
                .map(|scopes| scopes.iter().map(ScopeView::of).collect()),
            cidrs: token.cidrs.words(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            last_used_from: token.last_used_from.as_deref(),
            revoked_at: token.revoked_at,
            successor: token.successor,
        }
    }
}

/// List your tokens
#[utoipa::path(get, path = "/tokens", operation_id = "listTokens", tag = "You",
    responses((status = 200, description = "Your tokens.", body = TokenList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let tokens = tokens::list(&ask.app, &call).await?;
    let now = call.actor.now();
    let views = tokens.iter().map(|token| TokenView::of(token, now));
    reply::whole(&views.collect::<Vec<_>>())
}

/// Read one of your tokens
#[utoipa::path(get, path = "/tokens/{token}", operation_id = "getToken", tag = "You",
    responses((status = 200, description = "The token.", body = TokenView<'static>)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let id: TokenId = ask.at("token")?;
    let token = tokens::get(&ask.app, &call, id).await?;
    reply::json(StatusCode::OK, &TokenView::of(&token, call.actor.now()))
}

/// Replace a token
///
/// A token replaces itself, if it may look after its owner's tokens (`token.manage_own`), and no other. The new one may do
/// exactly what the old one may, and ends when the old one would have ended; the old one goes on for `overlap_hours`, and is
/// not replaced a second time: if the new one is lost, a person replaces it once more in the portal. The answer holds a secret and is given once: a repeat with the same `Idempotency-Key` is told so.
#[utoipa::path(post, path = "/tokens/{token}/rotate", operation_id = "rotateToken", tag = "You",
    request_body = TokenRotation,
    responses((status = 201, description = "The new token, with its secret.", body = TokenRotated<'static>)))]
async fn rotate(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let id: TokenId = ask.at("token")?;
    let wish = ask.body_or(RotationWish::default(), rotation)?;
    let (done, secret) = tokens::rotate(&ask.app, &call, id, wish).await?;
    if call.dry_run {
        return reply::effects(&done.events, Vec::new());
    }
    let path = format!("{BASE}/tokens/{}", done.value.token.id);
    rotated(&ask, &call, &done.value, secret.expose(), &path)
}

fn rotated(ask: &Ask, call: &Call, done: &Rotated, secret: &str, path: &str) -> Result<Response, Problem> {
    let now = call.actor.now();
    let view = TokenRotated {
        secret,
        token: TokenView::of(&done.token, now),
        replaced: TokenView::of(&done.replaced, now),
    };
    let mut response = reply::created(ask, path, &view)?;
    response.extensions_mut().insert(Secret);
    Ok(response)
}

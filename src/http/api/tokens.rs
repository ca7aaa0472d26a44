//! `/tokens`: seen, and never made or changed, by a token.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::me::ScopeView;
use super::problem::Problem;
use super::reply;
use crate::access::Action;
use crate::error::Error;
use crate::model::{Timestamp, TokenId};
use crate::service::{App, tokens};
use crate::store::TokenView as Token;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// An API token. Its secret was shown once, when it was made.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
struct TokenView<'a> {
    /// Its id.
    #[schema(value_type = String, pattern = "^tok_[0-9a-z]{26}$")]
    id: TokenId,
    /// What its owner calls it.
    name: &'a str,
    /// How its secret begins.
    hint: &'a str,
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
}

/// Every token of an account.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::whole` writes")]
struct TokenList {
    /// The tokens, the newest first.
    data: Vec<TokenView<'static>>,
    /// Always false.
    has_more: bool,
    /// Always null.
    next_after: Option<String>,
}

impl<'a> TokenView<'a> {
    fn of(token: &'a Token) -> Self {
        Self {
            id: token.id,
            name: &token.name,
            hint: &token.hint,
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
        }
    }
}

/// List your tokens
#[utoipa::path(get, path = "/tokens", operation_id = "listTokens", tag = "You",
    responses((status = 200, description = "Your tokens.", body = TokenList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let tokens = tokens::list(&ask.app, &call).await?;
    reply::whole(&tokens.iter().map(TokenView::of).collect::<Vec<_>>())
}

/// Read one of your tokens
#[utoipa::path(get, path = "/tokens/{token}", operation_id = "getToken", tag = "You",
    responses((status = 200, description = "The token.", body = TokenView<'static>)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let id: TokenId = ask.at("token")?;
    let tokens = tokens::list(&ask.app, &call).await?;
    let token = tokens.iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| Error::not_found("token", &id.to_string()))?;
    reply::json(StatusCode::OK, &TokenView::of(token))
}

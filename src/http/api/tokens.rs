//! `/tokens`: seen, and never made or changed, by a token.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::problem::Problem;
use super::reply;
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
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was last used, to the hour.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
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
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
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

//! Tokens of others, and accounts of programs: seen and ended with `token.manage_any`; made by people, in the portal.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::problem::Problem;
use super::reply::{self, EffectView};
use super::tokens::{TokenList, TokenView};
use crate::model::{AccountId, TokenId};
use crate::service::{App, service_accounts};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, revoke))
        .routes(routes!(delete))
}

/// List the tokens of an account
///
/// Takes holding at least as much as the account does.
#[utoipa::path(get, path = "/accounts/{account}/tokens", operation_id = "listAccountTokens", tag = "Accounts",
    responses((status = 200, description = "Its tokens.", body = TokenList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let tokens = service_accounts::tokens(&ask.app, &call, ask.at("account")?).await?;
    let now = call.actor.now();
    let views = tokens.iter().map(|token| TokenView::of(token, now));
    reply::whole(&views.collect::<Vec<_>>())
}

/// Read a token of an account
#[utoipa::path(get, path = "/accounts/{account}/tokens/{token}", operation_id = "getAccountToken", tag = "Accounts",
    responses((status = 200, description = "The token.", body = TokenView<'static>)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (account, token): (AccountId, TokenId) = (ask.at("account")?, ask.at("token")?);
    let token = service_accounts::token(&ask.app, &call, account, token).await?;
    reply::json(StatusCode::OK, &TokenView::of(&token, call.actor.now()))
}

/// Revoke a token of an account
///
/// Its next request is refused, on every node. Takes holding at least as much as the account does.
#[utoipa::path(delete, path = "/accounts/{account}/tokens/{token}", operation_id = "revokeAccountToken",
    tag = "Accounts", responses((status = 200, description = "The token as it is now.", body = TokenView<'static>)))]
async fn revoke(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let (account, token): (AccountId, TokenId) = (ask.at("account")?, ask.at("token")?);
    let done = service_accounts::revoke_token(&ask.app, &call, account, token).await?;
    if call.dry_run {
        return reply::effects(&done.events, Vec::new());
    }
    let token = service_accounts::token(&ask.app, &call, account, token).await?;
    reply::json(StatusCode::OK, &TokenView::of(&token, call.actor.now()))
}

/// A service account that is gone.
#[derive(Serialize, ToSchema)]
struct AccountGone<'a> {
    /// Its id.
    #[schema(value_type = String, pattern = "^acc_[0-9a-z]{26}$")]
    deleted: AccountId,
    /// What was done.
    effects: Vec<EffectView<'a>>,
}

/// Delete a service account
///
/// Its tokens and roles go with it, for good: suspend it where that is not certain. People are not deleted, only suspended.
#[utoipa::path(delete, path = "/accounts/{account}", operation_id = "deleteAccount", tag = "Accounts",
    responses((status = 200, description = "What was done.", body = AccountGone<'_>)))]
async fn delete(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = service_accounts::delete(&ask.app, &call, ask.at("account")?).await?;
    if call.dry_run {
        return reply::effects(&done.events, Vec::new());
    }
    let view = AccountGone {
        deleted: done.value.person.id,
        effects: done.events.iter().map(EffectView::of).collect(),
    };
    reply::json(StatusCode::OK, &view)
}

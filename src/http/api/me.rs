//! `/meta` and `/me`.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::json::Wrong;
use super::problem::Problem;
use super::reply;
use crate::access::{Action, Actor, Against, Credential, Grant, Scope};
use crate::model::{AccountId, DomainId, GrantId, OrgId, Timestamp, TokenId};
use crate::service::explain::{self, Source, Told};
use crate::service::permissions::Object;
use crate::service::{App, tokens};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(meta))
        .routes(routes!(me))
        .routes(routes!(my_permissions))
}

/// What this installation is.
#[derive(Serialize, ToSchema)]
struct Meta<'a> {
    /// The product.
    product: &'static str,
    /// Its version.
    version: &'static str,
    /// The major version of this API.
    api: &'static str,
    /// Where people find the portal.
    portal: &'a str,
    /// What this version can do beside the resources of this document.
    features: &'static [&'static str],
}

/// Who asks.
#[derive(Serialize, ToSchema)]
struct Me<'a> {
    /// The account; null for the portal itself.
    #[schema(value_type = Option<String>)]
    account: Option<AccountId>,
    /// The name of the person.
    name: &'a str,
    /// The address that the person signs in with.
    email: &'a str,
    /// The token that was presented.
    #[schema(value_type = Option<String>)]
    token: Option<TokenId>,
    /// Whether the token only reads.
    read_only: bool,
    /// Everything that the token may do somewhere: what its owner holds now, as far as the token lets it through.
    #[schema(value_type = Vec<String>)]
    permissions: Vec<&'static str>,
    /// The only orgs and domains that the token reaches; null when it is not narrowed.
    scopes: Option<Vec<ScopeView<'a>>>,
    /// The only addresses that the token may come from; empty when it may come from anywhere.
    cidrs: Vec<String>,
    /// When the token ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// The roles of the person, as far as the token reaches.
    grants: Vec<GrantView<'a>>,
}

/// A role on a part of the tree.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnGrant)]
struct GrantView<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: GrantId,
    /// The role: a built-in one by its name, an org's own by its id.
    role: String,
    /// On what.
    scope: ScopeView<'a>,
    /// When it ends; null when it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A part of the tree.
#[derive(Serialize, ToSchema)]
#[schema(as = Scope)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum ScopeView<'a> {
    /// Everything.
    System,
    /// An org and everything below it.
    Org {
        /// The org.
        #[schema(value_type = String)]
        id: OrgId,
    },
    /// One domain.
    Domain {
        /// The domain.
        #[schema(value_type = String)]
        id: DomainId,
        /// Its name.
        name: &'a str,
    },
}

/// What may be done with something.
#[derive(Serialize, ToSchema)]
struct OwnPermissions<'a> {
    /// What was asked about.
    object: &'a str,
    /// The permissions, such as `mailbox.create`.
    permissions: Vec<&'static str>,
    /// Why, permission by permission.
    explained: Vec<ExplainedView>,
}

/// Why something may or may not be done.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplainedPermission)]
struct ExplainedView {
    /// The permission.
    permission: &'static str,
    /// Whether it may be used here.
    allowed: bool,
    /// What stands against it; null when it may be used.
    #[schema(value_type = Option<AgainstWord>)]
    against: Option<&'static str>,
    /// The grants that hold it here.
    #[schema(value_type = Vec<String>)]
    by: Vec<GrantId>,
    /// The grants that did, and have ended.
    #[schema(value_type = Vec<String>)]
    ended: Vec<GrantId>,
}

/// What stands against a permission.
#[derive(ToSchema)]
#[schema(as = Against, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `access::Against`")]
enum AgainstWord {
    /// Nothing that you hold reaches it.
    OutOfReach,
    /// What you hold there does not have it.
    Missing,
    /// The token does not let it through.
    Credential,
    /// The account is switched off.
    Suspended,
    /// It is your own account.
    Oneself,
    /// Whoever stands behind it holds more than you.
    Rank,
    /// It is in the bin.
    InTheBin,
}

impl ExplainedView {
    fn of(told: &Told) -> Self {
        let ids = |sources: &[Source]| sources.iter().map(|source| source.grant).collect();
        Self {
            permission: told.action.as_str(),
            allowed: told.against.is_none(),
            against: told.against.map(Against::as_str),
            by: ids(&told.by),
            ended: ids(&told.ended),
        }
    }
}

/// What is asked about.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `my_permissions` reads")]
struct About {
    /// An address, a domain's name, an id, or `system`.
    #[param(example = "brightwater.example", min_length = 1, max_length = 254)]
    object: String,
}

impl<'a> ScopeView<'a> {
    pub(super) fn of(scope: &'a Scope) -> Self {
        match scope {
            Scope::System => Self::System,
            Scope::Org(id, _) => Self::Org { id: *id },
            Scope::Domain(id, name, _) => Self::Domain { id: *id, name },
        }
    }
}

impl<'a> GrantView<'a> {
    fn of(grant: &'a Grant) -> Self {
        Self {
            id: grant.id,
            role: grant.role.key(),
            scope: ScopeView::of(&grant.scope),
            expires_at: grant.expires_at,
        }
    }
}

/// Read what this installation is
#[utoipa::path(get, path = "/meta", operation_id = "getMeta", tag = "You",
    responses((status = 200, description = "Product, version and features.", body = Meta<'static>)))]
async fn meta(ask: Ask) -> Result<Response, Problem> {
    ask.reading()?;
    let meta = Meta {
        product: "Postdesk",
        version: env!("CARGO_PKG_VERSION"),
        api: "v1",
        portal: &ask.app.base_url,
        features: &[
            "dry_run",
            "idempotency_key",
            "if_match",
            "prefer_wait",
            "put_by_address",
        ],
    };
    reply::json(StatusCode::OK, &meta)
}

/// Read who you are
#[utoipa::path(get, path = "/me", operation_id = "getMe", tag = "You",
    responses((status = 200, description = "Person, token and grants.", body = Me<'static>)))]
async fn me(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let actor: &Actor = &call.actor;
    let token = tokens::presented(&ask.app, &call).await?;
    let scopes = token.as_ref().and_then(|token| token.scopes.as_ref());
    let me = Me {
        account: actor.identity().account,
        name: &actor.identity().name,
        email: &actor.identity().email,
        token: match actor.credential() {
            Credential::Token(token) => Some(*token),
            _ => None,
        },
        read_only: token.as_ref().is_some_and(|token| token.read_only),
        permissions: tokens::powers(&call).iter().map(Action::as_str).collect(),
        scopes: scopes.map(|scopes| scopes.iter().map(ScopeView::of).collect()),
        cidrs: token
            .as_ref()
            .map(|token| token.cidrs.words())
            .unwrap_or_default(),
        expires_at: token.as_ref().map(|token| token.expires_at),
        grants: actor.grants().iter().map(GrantView::of).collect(),
    };
    reply::json(StatusCode::OK, &me)
}

/// Read what you may do with something, and why
///
/// An address that is in use is that mailbox or alias; any other address stands for its domain. What you cannot see is not
/// found.
#[utoipa::path(get, path = "/me/permissions", operation_id = "getMyPermissions", tag = "You", params(About),
    responses((status = 200, description = "The permissions.", body = OwnPermissions<'static>)))]
async fn my_permissions(ask: Ask) -> Result<Response, Problem> {
    let (call, (text, object)) = ask.asking(|query| {
        let object = query.parsed("object", |text| {
            let detail = "give an address, a domain's name, an id, or system";
            let object: Object = text.parse().map_err(|_| Wrong::new("object", detail))?;
            Ok((text.to_owned(), object))
        });
        query.needs("object");
        object
    })?;
    let told = explain::own(&ask.app, &call, &object).await?.told;
    let may = told.iter().filter(|told| told.against.is_none());
    let own = OwnPermissions {
        object: &text,
        permissions: may.map(|told| told.action.as_str()).collect(),
        explained: told.iter().map(ExplainedView::of).collect(),
    };
    reply::json(StatusCode::OK, &own)
}

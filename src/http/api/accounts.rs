//! `/accounts`: who can manage. A token sees them and switches them off; roles are given and taken in the portal.

use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::BASE;
use super::ask::Ask;
use super::filters;
use super::json::{Fields, text};
use super::limits;
use super::me::ScopeView;
use super::problem::Problem;
use super::reply::{self, Provisioning, Resource, Success};
use super::schemas::Path;
use crate::model::{AccountId, DisplayName, GrantId, OrgId, Timestamp};
use crate::service::warnings::About;
use crate::service::{App, people};
use crate::store::{GrantRecord, Person};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, patch))
        .routes(routes!(suspend, resume))
}

/// An account: a person who can manage something, or a service that acts by tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(super) struct AccountView<'a> {
    /// Its id, for ever.
    #[schema(value_type = String, pattern = "^acc_[0-9a-z]{26}$")]
    id: AccountId,
    /// Who stands behind it.
    #[schema(value_type = AccountKindWord)]
    kind: &'static str,
    /// The org it belongs to.
    #[schema(value_type = String, pattern = "^org_[0-9a-z]{26}$")]
    org: OrgId,
    /// The address to sign in with; for a service a name that is no address.
    email: &'a str,
    /// The name.
    #[schema(value_type = String)]
    name: &'a DisplayName,
    /// In one word.
    #[schema(value_type = AccountState)]
    state: &'static str,
    /// The roles it holds where you may see who can manage.
    grants: Vec<GrantView<'a>>,
    /// When the person last signed in.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sign_in_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Since when it is switched off.
    #[schema(value_type = Option<String>, format = DateTime)]
    suspended_at: Option<Timestamp>,
    /// Counts its changes; the same number is its `ETag`.
    version: i64,
    /// Where to go from here.
    links: AccountLinks,
}

/// Where to go from an account.
#[derive(Serialize, ToSchema)]
struct AccountLinks {
    /// The account itself.
    #[serde(rename = "self")]
    #[schema(value_type = String)]
    own: Path<AccountId>,
}

/// Who stands behind an account.
#[derive(ToSchema)]
#[schema(as = AccountKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `store::AccountKind`")]
enum AccountKindWord {
    /// Somebody who signs in.
    Person,
    /// A program: it has tokens and never signs in.
    Service,
}

/// What can be said of an account in one word.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `store::Person::state`")]
enum AccountState {
    /// It has a way in.
    Active,
    /// The person has not chosen a password yet.
    Invited,
    /// It has no way in.
    Suspended,
}

/// A role that an account holds on something, and its story.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountGrant)]
struct GrantView<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: GrantId,
    /// The role: a built-in one by its name, an org's own by its id.
    role: String,
    /// What the role is called.
    role_name: &'a str,
    /// On what.
    scope: ScopeView<'a>,
    /// When it ends; null when it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Who gave it; null for what the installation itself gave.
    granted_by: Option<&'a str>,
    /// Why it was given.
    reason: &'a str,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl<'a> GrantView<'a> {
    fn of(held: &'a GrantRecord) -> Self {
        let grant = &held.given.grant;
        Self {
            id: grant.id,
            role: grant.role.key(),
            role_name: grant.role.title(),
            scope: ScopeView::of(&grant.scope),
            expires_at: grant.expires_at,
            granted_by: held.giver.as_deref(),
            reason: &held.reason,
            created_at: held.created_at,
        }
    }
}

/// Accounts, page by page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::page` writes")]
struct AccountList {
    /// The accounts of this page.
    data: Vec<Shown>,
    /// Whether there is another page.
    has_more: bool,
    /// What to give as `after` for the next page.
    next_after: Option<String>,
}

type Shown = AccountView<'static>;

impl Resource for Person {
    type View<'a> = AccountView<'a>;

    fn object(&self) -> Option<Uuid> {
        None
    }

    fn pending(&self) -> bool {
        false
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn about(&self) -> About<'_> {
        About::Nothing
    }

    fn path(&self) -> String {
        format!("{BASE}/accounts/{}", self.id)
    }

    fn view<'a>(&'a self, _provisioning: Option<Provisioning<'a>>) -> AccountView<'a> {
        AccountView {
            id: self.id,
            kind: self.kind.as_str(),
            org: self.org_id,
            email: &self.email,
            name: &self.name,
            state: self.state(),
            grants: self.grants.iter().map(GrantView::of).collect(),
            last_sign_in_at: self.last_sign_in_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            suspended_at: self.suspended_at,
            version: self.version,
            links: AccountLinks {
                own: Path("/accounts/", self.id),
            },
        }
    }
}

/// What is to be changed of an account; what is left out stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `change` reads")]
struct AccountChange {
    /// A new name.
    #[schema(min_length = 1)]
    name: String,
}

fn change(fields: &mut Fields<'_>) -> Option<DisplayName> {
    fields.required("name", text::<DisplayName>)
}

/// Which accounts are wanted.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `list` reads")]
struct Words {
    /// Only those whose name or address has this in it.
    #[param(required = false, max_length = 200, example = "maria")]
    q: String,
}

/// List accounts
///
/// Those who belong to what the token may see, or hold a role there, by name.
#[utoipa::path(get, path = "/accounts", operation_id = "listAccounts", tag = "Accounts",
    params(Words, filters::Columns),
    responses((status = 200, description = "A page of accounts.", body = AccountList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let (call, words, paging) = ask.listing_of::<Person, _>(filters::words)?;
    let page = people::list(&ask.app, &call, &words, &paging.page).await?;
    let all = match paging.whole() {
        Some(whole) => Some(people::list(&ask.app, &call, &words, &whole).await?),
        None => None,
    };
    reply::page(&ask, &paging, &page, all).await
}

/// Read an account
#[utoipa::path(get, path = "/accounts/{account}", operation_id = "getAccount", tag = "Accounts",
    responses((status = 200, description = "The account.", body = Shown)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (person, _) = people::get(&ask.app, &call, ask.at("account")?).await?;
    reply::item(&ask, &person).await
}

/// Change an account
///
/// Takes holding at least as much as the account does. Nobody changes their own account here.
#[utoipa::path(patch, path = "/accounts/{account}", operation_id = "updateAccount", tag = "Accounts",
    request_body(content = AccountChange, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The account as it is now.", body = Shown)))]
async fn patch(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("account")?;
    let name = ask.body(change)?;
    let done = people::rename(&ask.app, &call, at, name).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Suspend an account
///
/// No sign-in, no session and no token of it is good any more, from their next request on.
#[utoipa::path(put, path = "/accounts/{account}/suspension", operation_id = "suspendAccount", tag = "Accounts",
    request_body = limits::OffWish,
    responses((status = 200, description = "The account as it is now.", body = Shown)))]
async fn suspend(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("account")?;
    let reason = ask.body(limits::reason)?;
    let done = people::suspend(&ask.app, &call, at, reason).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Resume an account
#[utoipa::path(delete, path = "/accounts/{account}/suspension", operation_id = "resumeAccount", tag = "Accounts",
    responses((status = 200, description = "The account as it is now.", body = Shown)))]
async fn resume(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = people::resume(&ask.app, &call, ask.at("account")?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

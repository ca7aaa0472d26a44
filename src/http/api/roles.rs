//! `/roles`: the built-in ones, and those that orgs define themselves. They are defined in the portal.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::problem::Problem;
use super::reply;
use crate::access::{Action, Permissions, Role};
use crate::error::Error;
use crate::model::OrgId;
use crate::service::grants::RoleName;
use crate::service::{App, roles};
use crate::store::OwnRole;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// A role: a named set of permissions.
#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
struct RoleView<'a> {
    /// What a grant calls it: the name of a built-in role, or the id of an org's own.
    id: String,
    /// Its name on screens.
    name: &'a str,
    /// What it is for.
    description: &'a str,
    /// The org that defines it; null for a built-in role.
    #[schema(value_type = Option<String>, pattern = "^org_[0-9a-z]{26}$")]
    org: Option<OrgId>,
    /// What it holds.
    permissions: Vec<&'static str>,
    /// The same in plain words, to be read after "may".
    may: String,
    /// Counts its changes; a built-in role never changes.
    version: i64,
}

/// Every role that you may see.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `reply::whole` writes")]
struct RoleList {
    /// The built-in roles, then those of orgs by name.
    data: Vec<RoleView<'static>>,
    /// Always false.
    has_more: bool,
    /// Always null.
    next_after: Option<String>,
}

fn names(holds: Permissions) -> Vec<&'static str> {
    holds.iter().map(Action::as_str).collect()
}

impl<'a> RoleView<'a> {
    fn built_in(role: Role) -> Self {
        let holds = Permissions::of(role);
        Self {
            id: role.as_str().to_owned(),
            name: role.title(),
            description: "",
            org: None,
            permissions: names(holds),
            may: holds.spoken(),
            version: 1,
        }
    }

    fn own(role: &'a OwnRole) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name.as_str(),
            description: role.description.as_str(),
            org: Some(role.org_id),
            permissions: names(role.holds),
            may: role.holds.spoken(),
            version: role.version,
        }
    }
}

/// List roles
///
/// The built-in ones, and those of orgs that you look after or could hand on.
#[utoipa::path(get, path = "/roles", operation_id = "listRoles", tag = "Accounts",
    responses((status = 200, description = "The roles.", body = RoleList)))]
async fn list(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let own = roles::visible(&ask.app, &call).await?;
    let built_in = Role::ALL.iter().copied().map(RoleView::built_in);
    let all: Vec<RoleView<'_>> = built_in.chain(own.iter().map(RoleView::own)).collect();
    reply::whole(&all)
}

/// Read a role
#[utoipa::path(get, path = "/roles/{role}", operation_id = "getRole", tag = "Accounts",
    responses((status = 200, description = "The role.", body = RoleView<'static>)))]
async fn get(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let text = ask.segment("role");
    match text.parse().map_err(|_| Error::not_found("role", text))? {
        RoleName::BuiltIn(role) => reply::json(StatusCode::OK, &RoleView::built_in(role)),
        RoleName::Own(id) => {
            let role = roles::get(&ask.app, &call, id).await?;
            reply::json(StatusCode::OK, &RoleView::own(&role))
        }
    }
}

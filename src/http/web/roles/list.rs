//! Every role that can be seen, and one of them.

use super::super::answer::{Answer, page};
use super::super::nav::Here;
use super::super::pages::roles::{HolderRow, PermissionChoice, PermissionGroup, RolePage, RoleRow, Roles};
use super::super::view::words;
use super::super::visitor::{At, Visitor};
use crate::access::{AccountRead, Action, Permission as _, Permissions, Place, Role, RoleManage, Scope};
use crate::error::Error;
use crate::service::grants::RoleName;
use crate::service::{orgs, roles};
use crate::store::{GrantRecord, OwnRole};

pub(in crate::http::web) async fn show_all(visitor: Visitor) -> Answer {
    if !visitor.actor().may_anywhere::<AccountRead>() {
        return Err(Error::Refused(AccountRead::ACTION).into());
    }
    let own = roles::visible(&visitor.app, &visitor.call).await?;
    let mut rows = Vec::with_capacity(own.len());
    for role in &own {
        rows.push(RoleRow {
            path: format!("/roles/{}", role.id),
            name: role.name.to_string(),
            may: may(role.holds),
            org: org_name(&visitor, role).await?,
        });
    }
    page(&Roles {
        chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
        can_define: visitor.actor().may_anywhere::<RoleManage>(),
        own: rows,
        built_in: Role::ALL.iter().map(|role| built_in(*role)).collect(),
    })
}

fn built_in(role: Role) -> RoleRow {
    RoleRow {
        path: format!("/roles/{role}"),
        name: role.title().to_owned(),
        may: built_in_may(role),
        org: String::new(),
    }
}

fn built_in_may(role: Role) -> String {
    match role {
        Role::Operator => "May do everything, everywhere.".to_owned(),
        role => may(Permissions::of(role)),
    }
}

/// What a role allows, in one sentence.
pub(super) fn may(holds: Permissions) -> String {
    format!("May {}, and nothing else.", holds.spoken())
}

/// The name of the org that defines a role, as far as the visitor may see it.
pub(super) async fn org_name(visitor: &Visitor, role: &OwnRole) -> Result<String, Error> {
    match orgs::get(&visitor.app, &visitor.call, role.org_id).await {
        Ok((org, _)) => Ok(org.name.to_string()),
        Err(Error::NotFound(_) | Error::Refused(_)) => Ok("a customer above".to_owned()),
        Err(error) => Err(error),
    }
}

pub(in crate::http::web) async fn show(visitor: Visitor, At(name): At<RoleName>) -> Answer {
    if !visitor.actor().may_anywhere::<AccountRead>() {
        return Err(Error::Refused(AccountRead::ACTION).into());
    }
    let chrome = visitor.chrome(&Here::Everything("Who can manage")).await?;
    let id = match name {
        RoleName::Own(id) => id,
        RoleName::BuiltIn(role) => {
            return page(&RolePage {
                chrome,
                name: role.title().to_owned(),
                summary: "Built in: it is the same everywhere, and nobody changes it.".to_owned(),
                may: built_in_may(role),
                groups: grouped(Permissions::of(role), Permissions::NONE),
                ..RolePage::default()
            });
        }
    };
    let role = roles::get(&visitor.app, &visitor.call, id).await?;
    let holders = roles::holders(&visitor.app, &visitor.call, id).await?;
    let can_change = visitor.actor().may::<RoleManage>(&Place::org(role.path.clone()));
    page(&RolePage {
        chrome,
        path: format!("/roles/{id}"),
        name: role.name.to_string(),
        summary: format!(
            "A role of {}: it is given there and below.",
            org_name(&visitor, &role).await?
        ),
        description: role.description.to_string(),
        may: may(role.holds),
        groups: grouped(role.holds, Permissions::NONE),
        can_change,
        is_own: true,
        holders: holders.iter().map(|held| holder(&visitor, held)).collect(),
    })
}

/// Permissions by what they are about, in their own order; everybody's own tokens are not worth a word.
pub(super) fn grouped(all: Permissions, chosen: Permissions) -> Vec<PermissionGroup> {
    let mut groups: Vec<PermissionGroup> = Vec::new();
    for action in all.iter().filter(|action| *action != Action::TokenManageOwn) {
        let title = topic(action);
        let choice = PermissionChoice {
            value: action.as_str(),
            label: action.meaning(),
            chosen: chosen.has(action),
        };
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.choices.push(choice),
            None => groups.push(PermissionGroup {
                title,
                choices: vec![choice],
            }),
        }
    }
    groups
}

fn topic(action: Action) -> &'static str {
    match action.as_str().split('.').next() {
        Some("org" | "limits" | "support") => "Customers",
        Some("domain") => "Domains",
        Some("mailbox" | "hash") => "Mailboxes",
        Some("alias") => "Aliases and catch-all",
        Some("account" | "grant" | "role" | "token") => "Who can manage",
        Some("audit") => "Activity",
        _ => "The installation",
    }
}

fn holder(visitor: &Visitor, held: &GrantRecord) -> HolderRow {
    let grant = &held.given.grant;
    HolderRow {
        name: held.holder.clone(),
        href: format!("/accounts/{}#{}", held.given.to, grant.id),
        scope: match &grant.scope {
            Scope::Org(..) => format!("{} and all below it", held.scope_name),
            Scope::System | Scope::Domain(..) => held.scope_name.clone(),
        },
        ends: grant.expires_at.map_or_else(
            || "without end".to_owned(),
            |end| words::date(end, visitor.now()).words,
        ),
    }
}

//! Roles, and what they allow.

use askama::Template;

use crate::http::web::view::{Choice, Chrome, Form, Link};

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct RoleRow {
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) may: String,
    /// Who defines it; empty for a built-in one.
    pub(in crate::http::web) org: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/roles.html")]
pub(in crate::http::web) struct Roles {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) can_define: bool,
    pub(in crate::http::web) own: Vec<RoleRow>,
    pub(in crate::http::web) built_in: Vec<RoleRow>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct HolderRow {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) scope: String,
    pub(in crate::http::web) ends: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/role.html")]
pub(in crate::http::web) struct RolePage {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) summary: String,
    pub(in crate::http::web) description: String,
    /// In one sentence.
    pub(in crate::http::web) may: String,
    /// Its permissions one by one.
    pub(in crate::http::web) groups: Vec<PermissionGroup>,
    pub(in crate::http::web) can_change: bool,
    /// Whether somebody defined it.
    pub(in crate::http::web) is_own: bool,
    pub(in crate::http::web) holders: Vec<HolderRow>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct PermissionChoice {
    pub(in crate::http::web) value: &'static str,
    pub(in crate::http::web) label: &'static str,
    pub(in crate::http::web) chosen: bool,
}

/// Permissions about the same kind of thing.
#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct PermissionGroup {
    pub(in crate::http::web) title: &'static str,
    pub(in crate::http::web) choices: Vec<PermissionChoice>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/role_edit.html")]
pub(in crate::http::web) struct RoleEdit {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) version: String,
    /// Whose role it can be; nothing where that stands.
    pub(in crate::http::web) orgs: Vec<Choice>,
    pub(in crate::http::web) groups: Vec<PermissionGroup>,
    /// What the change does; nothing before it was asked.
    pub(in crate::http::web) effects: Vec<String>,
    /// The choice that `effects` are about.
    pub(in crate::http::web) seen: String,
    pub(in crate::http::web) button: String,
}

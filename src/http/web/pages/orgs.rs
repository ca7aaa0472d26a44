//! Customers.

use askama::Template;

use super::domains::DomainRow;
use crate::http::web::view::{Badge, Choice, Chrome, Fact, Form, Happening, Link, Note, Pager, Space};

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct OrgRef {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) slug: String,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) version: String,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct OrgRow {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) detail: String,
    pub(in crate::http::web) badges: Vec<Badge>,
    pub(in crate::http::web) domains: String,
    pub(in crate::http::web) mailboxes: String,
    pub(in crate::http::web) space: Space,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/orgs.html")]
pub(in crate::http::web) struct Orgs {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) summary: String,
    pub(in crate::http::web) can_create: bool,
    pub(in crate::http::web) filter: String,
    pub(in crate::http::web) rows: Vec<OrgRow>,
    pub(in crate::http::web) pager: Pager,
}

#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a button that is there or is not"
)]
pub(in crate::http::web) struct OrgVerbs {
    pub(in crate::http::web) add_domain: bool,
    pub(in crate::http::web) add_org: bool,
    pub(in crate::http::web) assist: bool,
    pub(in crate::http::web) update: bool,
    pub(in crate::http::web) suspend: bool,
    pub(in crate::http::web) resume: bool,
    pub(in crate::http::web) relocate: bool,
    pub(in crate::http::web) delete: bool,
    pub(in crate::http::web) restore: bool,
    pub(in crate::http::web) invite: bool,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct Person {
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) email: String,
    pub(in crate::http::web) role: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/org.html")]
pub(in crate::http::web) struct OrgPage {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) org: OrgRef,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) badges: Vec<Badge>,
    pub(in crate::http::web) summary: String,
    pub(in crate::http::web) can: OrgVerbs,
    pub(in crate::http::web) notes: Vec<Note>,
    pub(in crate::http::web) rows: Vec<DomainRow>,
    pub(in crate::http::web) pager: Pager,
    /// Nothing when the visitor may not read what happened.
    pub(in crate::http::web) changes: Option<Vec<Happening>>,
    pub(in crate::http::web) space: Space,
    pub(in crate::http::web) limits: Vec<Fact>,
    pub(in crate::http::web) children: Vec<Link>,
    pub(in crate::http::web) people: Vec<Person>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/org_edit.html")]
pub(in crate::http::web) struct OrgEdit {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) version: String,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) parents: Vec<Choice>,
    pub(in crate::http::web) kinds: Vec<Choice>,
    pub(in crate::http::web) can_limits: bool,
    pub(in crate::http::web) pool: String,
    pub(in crate::http::web) button: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/relocation.html")]
pub(in crate::http::web) struct Relocation {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) version: String,
    pub(in crate::http::web) field: &'static str,
    pub(in crate::http::web) label: String,
    pub(in crate::http::web) choices: Vec<Choice>,
    pub(in crate::http::web) nowhere: String,
    pub(in crate::http::web) effects: Vec<String>,
    pub(in crate::http::web) button: String,
}

//! Domains.

use askama::Template;

use crate::http::web::view::{
    Badge, Choice, Chrome, DomainRef, Fact, Form, Happening, Link, Note, Pager, Space, TargetState,
};

#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a button that is there or is not"
)]
pub(in crate::http::web) struct DomainVerbs {
    pub(in crate::http::web) create: bool,
    pub(in crate::http::web) reset_password: bool,
    pub(in crate::http::web) leave: bool,
    pub(in crate::http::web) restore: bool,
    pub(in crate::http::web) see_mailboxes: bool,
    pub(in crate::http::web) see_people: bool,
    pub(in crate::http::web) invite: bool,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct NearlyFull {
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) address: String,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) version: String,
    pub(in crate::http::web) space: Space,
    pub(in crate::http::web) more: Option<MoreSpace>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct MoreSpace {
    pub(in crate::http::web) quota: String,
    pub(in crate::http::web) label: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/domain_home.html")]
pub(in crate::http::web) struct DomainHome {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) org: Option<Link>,
    pub(in crate::http::web) summary: String,
    pub(in crate::http::web) notes: Vec<Note>,
    pub(in crate::http::web) can: DomainVerbs,
    pub(in crate::http::web) empty: bool,
    pub(in crate::http::web) nearly_full: Vec<NearlyFull>,
    /// Nothing when the visitor may not read what happened.
    pub(in crate::http::web) changes: Option<Vec<Happening>>,
    pub(in crate::http::web) space: Space,
    pub(in crate::http::web) facts: Vec<Fact>,
    pub(in crate::http::web) targets: Vec<TargetState>,
    /// The domain's name as URLs have it.
    pub(in crate::http::web) domain_name: String,
}

#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a button that is there or is not"
)]
pub(in crate::http::web) struct SettingsVerbs {
    pub(in crate::http::web) update: bool,
    pub(in crate::http::web) names: bool,
    pub(in crate::http::web) limits: bool,
    pub(in crate::http::web) suspend: bool,
    pub(in crate::http::web) resume: bool,
    pub(in crate::http::web) transfer: bool,
    pub(in crate::http::web) delete: bool,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct DomainAlias {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) remove: String,
    pub(in crate::http::web) badges: Vec<Badge>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/domain_settings.html")]
pub(in crate::http::web) struct DomainSettings {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) notes: Vec<Note>,
    pub(in crate::http::web) can: SettingsVerbs,
    pub(in crate::http::web) limits: Vec<Fact>,
    pub(in crate::http::web) limits_by: String,
    pub(in crate::http::web) domain_aliases: Vec<DomainAlias>,
    pub(in crate::http::web) targets: Vec<TargetState>,
    pub(in crate::http::web) suspension: String,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct DomainRow {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) org: String,
    pub(in crate::http::web) badges: Vec<Badge>,
    pub(in crate::http::web) mailboxes: String,
    pub(in crate::http::web) space: Space,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/domains.html")]
pub(in crate::http::web) struct Domains {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) summary: String,
    pub(in crate::http::web) add: String,
    pub(in crate::http::web) filter: String,
    pub(in crate::http::web) rows: Vec<DomainRow>,
    pub(in crate::http::web) pager: Pager,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/domain_new.html")]
pub(in crate::http::web) struct DomainNew {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) orgs: Vec<Choice>,
    pub(in crate::http::web) more_open: bool,
}

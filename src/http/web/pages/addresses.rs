//! Aliases, groups and catch-alls.

use askama::Template;

use crate::http::web::view::{Badge, Choice, Chrome, DomainRef, Form, Happening, Note, Pager, TargetState};

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct AddressVerbs {
    pub(in crate::http::web) write: bool,
    pub(in crate::http::web) catch_all: bool,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct AddressRow {
    pub(in crate::http::web) address: String,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) kind: String,
    pub(in crate::http::web) destinations: String,
    pub(in crate::http::web) badges: Vec<Badge>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/addresses.html")]
pub(in crate::http::web) struct Addresses {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) summary: String,
    pub(in crate::http::web) can: AddressVerbs,
    pub(in crate::http::web) filter: String,
    pub(in crate::http::web) kinds: Vec<Choice>,
    pub(in crate::http::web) filtered: bool,
    pub(in crate::http::web) rows: Vec<AddressRow>,
    pub(in crate::http::web) pager: Pager,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct AliasRef {
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) version: String,
}

#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a button that is there or is not"
)]
pub(in crate::http::web) struct AliasVerbs {
    pub(in crate::http::web) write: bool,
    pub(in crate::http::web) suspend: bool,
    pub(in crate::http::web) resume: bool,
    pub(in crate::http::web) delete: bool,
    pub(in crate::http::web) restore: bool,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/alias_edit.html")]
pub(in crate::http::web) struct AliasEdit {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) alias: Option<AliasRef>,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) badges: Vec<Badge>,
    pub(in crate::http::web) can: AliasVerbs,
    pub(in crate::http::web) notes: Vec<Note>,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) button: String,
    pub(in crate::http::web) targets: Vec<TargetState>,
    pub(in crate::http::web) timeline: Vec<Happening>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/catch_all.html")]
pub(in crate::http::web) struct CatchAll {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) version: String,
    pub(in crate::http::web) active: bool,
}

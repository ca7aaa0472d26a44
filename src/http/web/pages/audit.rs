//! Whether the audit still is what was written.

use askama::Template;

use crate::http::web::view::{Badge, Chrome, Fact, Link, Note};

/// Something that is wrong with the audit.
#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct DamageRow {
    pub(in crate::http::web) place: String,
    pub(in crate::http::web) what: String,
    pub(in crate::http::web) next: String,
    /// What stands there now, if anything does.
    pub(in crate::http::web) entry: String,
    pub(in crate::http::web) at: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/audit.html")]
pub(in crate::http::web) struct AuditPage {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) badge: Badge,
    pub(in crate::http::web) note: Option<Note>,
    pub(in crate::http::web) facts: Vec<Fact>,
    pub(in crate::http::web) damages: Vec<DamageRow>,
}

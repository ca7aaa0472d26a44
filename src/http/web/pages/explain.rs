//! Why somebody can or can't do something.

use askama::Template;

use crate::http::web::view::{Badge, Chrome, Form, Link};

/// One permission, and where it comes from or what stands against it.
#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct ExplainedRow {
    pub(in crate::http::web) what: String,
    pub(in crate::http::web) permission: String,
    pub(in crate::http::web) badge: Badge,
    pub(in crate::http::web) why: String,
    /// The roles that allow it.
    pub(in crate::http::web) by: Vec<Link>,
    /// Who can instead.
    pub(in crate::http::web) helpers: Vec<Link>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/explain.html")]
pub(in crate::http::web) struct ExplainPage {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) form: Form,
    /// Whether the visitor may ask about others.
    pub(in crate::http::web) asks_others: bool,
    /// Empty while nothing was asked.
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) person: String,
    /// Whether that person may hold more than the visitor sees.
    pub(in crate::http::web) only_seen: bool,
    pub(in crate::http::web) rows: Vec<ExplainedRow>,
}

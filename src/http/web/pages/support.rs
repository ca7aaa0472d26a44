//! Looking after a customer as their support.

use askama::Template;

use crate::http::web::view::{Chrome, Form, Link, Moment};

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/support_begin.html")]
pub(in crate::http::web) struct SupportBegin {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) minutes: u64,
    pub(in crate::http::web) form: Form,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct LookedAfterRow {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) from: Moment,
    pub(in crate::http::web) until: String,
    pub(in crate::http::web) ticket: String,
    pub(in crate::http::web) reason: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/looked_after.html")]
pub(in crate::http::web) struct LookedAfter {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) activity: String,
    pub(in crate::http::web) rows: Vec<LookedAfterRow>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/caller_code.html")]
pub(in crate::http::web) struct CallerCode {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) minutes: u64,
    /// Empty until one is made; shown this once.
    pub(in crate::http::web) code: String,
    pub(in crate::http::web) until: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/caller_check.html")]
pub(in crate::http::web) struct CallerCheck {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) email: String,
    /// Whether a letter can bring the code.
    pub(in crate::http::web) by_letter: bool,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) form: Form,
}

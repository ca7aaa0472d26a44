//! Tokens: one's own, and those of service accounts.

use askama::Template;

use super::roles::PermissionChoice;
use crate::http::web::view::{Badge, Chrome, Fact, Form, Link, Note};

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct TokenRow {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) hint: String,
    pub(in crate::http::web) badge: Badge,
    pub(in crate::http::web) ends: String,
    pub(in crate::http::web) last_used: String,
    /// Whether it is good for something.
    pub(in crate::http::web) live: bool,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/tokens.html")]
pub(in crate::http::web) struct Tokens {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) lead: String,
    /// Where these tokens stand.
    pub(in crate::http::web) base: String,
    pub(in crate::http::web) can_make: bool,
    pub(in crate::http::web) can_replace: bool,
    pub(in crate::http::web) rows: Vec<TokenRow>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/token_new.html")]
pub(in crate::http::web) struct TokenNew {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) lead: String,
    pub(in crate::http::web) choices: Vec<PermissionChoice>,
    pub(in crate::http::web) more_open: bool,
}

/// What a token may do on one part of the tree.
#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct TokenPart {
    pub(in crate::http::web) scope: String,
    /// The page of that part, or empty.
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) may: Vec<&'static str>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/token.html")]
pub(in crate::http::web) struct TokenPage {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) badge: Badge,
    pub(in crate::http::web) notes: Vec<Note>,
    pub(in crate::http::web) parts: Vec<TokenPart>,
    pub(in crate::http::web) facts: Vec<Fact>,
    pub(in crate::http::web) can_replace: bool,
    pub(in crate::http::web) can_revoke: bool,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/token_rotate.html")]
pub(in crate::http::web) struct TokenRotate {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) ends: String,
    /// Whether it was replaced already.
    pub(in crate::http::web) again: bool,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/token_shown.html")]
pub(in crate::http::web) struct TokenShown {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) token: String,
    pub(in crate::http::web) ends: String,
    pub(in crate::http::web) example: String,
}

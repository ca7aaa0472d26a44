//! Pages about more than one kind of thing.

use askama::Template;

use crate::http::web::view::{Badge, Choice, Chrome, Form, Link, Moment, Note, Pager};

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/confirm.html")]
pub(in crate::http::web) struct Confirm {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) version: String,
    pub(in crate::http::web) lead: String,
    pub(in crate::http::web) effects: Vec<String>,
    pub(in crate::http::web) typed: String,
    pub(in crate::http::web) button: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/suspend.html")]
pub(in crate::http::web) struct Suspend {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) version: String,
    pub(in crate::http::web) lead: String,
    pub(in crate::http::web) button: String,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct ActivityRow {
    pub(in crate::http::web) at: Moment,
    pub(in crate::http::web) text: String,
    pub(in crate::http::web) detail: String,
    pub(in crate::http::web) object: String,
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) actor: String,
    pub(in crate::http::web) via: String,
}

/// What is looked for in the activity, as it was typed.
#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct ActivityFilter {
    pub(in crate::http::web) kinds: Vec<Choice>,
    pub(in crate::http::web) kind: String,
    pub(in crate::http::web) who: String,
    pub(in crate::http::web) about: String,
    pub(in crate::http::web) from: String,
    pub(in crate::http::web) until: String,
    /// Where it is taken away from; nothing for those who may not.
    pub(in crate::http::web) export: Option<String>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/activity.html")]
pub(in crate::http::web) struct Activity {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) place: String,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) action: String,
    /// What can be looked for; nothing where everything is about one thing.
    pub(in crate::http::web) filter: Option<ActivityFilter>,
    pub(in crate::http::web) filtered: bool,
    /// Whether it can be checked that nobody changed it.
    pub(in crate::http::web) checkable: bool,
    pub(in crate::http::web) rows: Vec<ActivityRow>,
    pub(in crate::http::web) pager: Pager,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct BinRow {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) detail: String,
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) kind: String,
    pub(in crate::http::web) deleted: Moment,
    pub(in crate::http::web) purge: Moment,
    pub(in crate::http::web) restore: Option<String>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/bin.html")]
pub(in crate::http::web) struct Bin {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) place: String,
    pub(in crate::http::web) back: Link,
    pub(in crate::http::web) rows: Vec<BinRow>,
    pub(in crate::http::web) pager: Pager,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct Hit {
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) text: String,
    pub(in crate::http::web) detail: String,
    pub(in crate::http::web) place: String,
    pub(in crate::http::web) icon: &'static str,
    pub(in crate::http::web) badges: Vec<Badge>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct HitGroup {
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) more: bool,
    pub(in crate::http::web) hits: Vec<Hit>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/search.html")]
pub(in crate::http::web) struct Search {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) query: String,
    pub(in crate::http::web) did_you_mean: Option<Link>,
    pub(in crate::http::web) groups: Vec<HitGroup>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "parts/suggestions.html")]
pub(in crate::http::web) struct Suggestions {
    pub(in crate::http::web) query: String,
    pub(in crate::http::web) hits: Vec<Hit>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct TargetFailure {
    pub(in crate::http::web) object: String,
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) kind: String,
    pub(in crate::http::web) reason: String,
    pub(in crate::http::web) tries: String,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct Target {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) badge: Badge,
    pub(in crate::http::web) note: Option<Note>,
    pub(in crate::http::web) schema: String,
    pub(in crate::http::web) in_sync: String,
    pub(in crate::http::web) pending: String,
    pub(in crate::http::web) oldest: String,
    pub(in crate::http::web) failed: String,
    pub(in crate::http::web) last_written: String,
    /// Where it is written anew from; nothing for those who may not.
    pub(in crate::http::web) resync: Option<String>,
    pub(in crate::http::web) failures: Vec<TargetFailure>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/targets.html")]
pub(in crate::http::web) struct TargetsPage {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) targets: Vec<Target>,
    pub(in crate::http::web) can_repair: bool,
    pub(in crate::http::web) failed: bool,
}

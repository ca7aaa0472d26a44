//! Who can manage.

use askama::Template;

use crate::http::web::view::{Badge, Choice, Chrome, Fact, Form, Happening, Note, Pager};
use crate::service::people::Verbs;

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct AccountRow {
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) email: String,
    pub(in crate::http::web) roles: String,
    pub(in crate::http::web) badge: Badge,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/accounts.html")]
pub(in crate::http::web) struct Accounts {
    pub(in crate::http::web) chrome: Chrome,
    /// What the list is about; empty when it is about everything.
    pub(in crate::http::web) place: String,
    pub(in crate::http::web) scope: String,
    pub(in crate::http::web) can_invite: bool,
    /// Whether the visitor can make accounts for programs.
    pub(in crate::http::web) can_serve: bool,
    pub(in crate::http::web) filter: String,
    pub(in crate::http::web) rows: Vec<AccountRow>,
    pub(in crate::http::web) pager: Pager,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct RoleChoice {
    pub(in crate::http::web) value: String,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) text: String,
}

/// The fields that say which role is given, on what and until when.
#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct RoleFields {
    /// The scope, where there is nothing to choose.
    pub(in crate::http::web) scope: String,
    pub(in crate::http::web) scope_name: String,
    pub(in crate::http::web) scopes: Vec<Choice>,
    pub(in crate::http::web) roles: Vec<RoleChoice>,
    pub(in crate::http::web) more_open: bool,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/account_new.html")]
pub(in crate::http::web) struct Invite {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) fields: RoleFields,
    /// Whether there is a mail server that takes letters.
    pub(in crate::http::web) by_letter: bool,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/service_new.html")]
pub(in crate::http::web) struct NewService {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) fields: RoleFields,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/invitation_shown.html")]
pub(in crate::http::web) struct InvitationShown {
    pub(in crate::http::web) chrome: Chrome,
    /// Whether it is for a first password, not for a new one.
    pub(in crate::http::web) is_first: bool,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) email: String,
    pub(in crate::http::web) link: String,
    pub(in crate::http::web) until: String,
    pub(in crate::http::web) path: String,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct GrantRow {
    pub(in crate::http::web) id: String,
    pub(in crate::http::web) role: String,
    pub(in crate::http::web) may: String,
    pub(in crate::http::web) scope: String,
    /// The page of the scope, or empty.
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) ends: String,
    pub(in crate::http::web) giver: String,
    pub(in crate::http::web) since: String,
    pub(in crate::http::web) reason: String,
    /// Where it is taken away; nothing for those who may not.
    pub(in crate::http::web) revoke: Option<String>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/account_of.html")]
pub(in crate::http::web) struct AccountPage {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) version: String,
    pub(in crate::http::web) badge: Badge,
    pub(in crate::http::web) notes: Vec<Note>,
    pub(in crate::http::web) can: Verbs,
    /// Whether there is a mail server that takes letters.
    pub(in crate::http::web) by_letter: bool,
    /// Where it is told what the account may do, and why.
    pub(in crate::http::web) explain: String,
    pub(in crate::http::web) can_give: bool,
    /// Where its tokens are, for those who may look after them.
    pub(in crate::http::web) tokens: Option<String>,
    /// Where it is deleted, if it can be.
    pub(in crate::http::web) delete: Option<String>,
    /// Whether the visitor may ask a caller for the code of this account.
    pub(in crate::http::web) can_check: bool,
    pub(in crate::http::web) facts: Vec<Fact>,
    pub(in crate::http::web) grants: Vec<GrantRow>,
    /// Nothing when the visitor may not read what happened.
    pub(in crate::http::web) changes: Option<Vec<Happening>>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/role_give.html")]
pub(in crate::http::web) struct GiveRole {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) path: String,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) fields: RoleFields,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/invitation.html")]
pub(in crate::http::web) struct InvitationPage {
    pub(in crate::http::web) csrf: String,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) email: String,
    pub(in crate::http::web) may: Vec<String>,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/invitation_gone.html")]
pub(in crate::http::web) struct InvitationGone {}

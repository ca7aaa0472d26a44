//! Signing in, one's own account, errors and help.

use askama::Template;

use crate::http::web::view::{Choice, Chrome, Fact, Form, Link, MailSettings, Note};

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/sign_in.html")]
pub(in crate::http::web) struct SignIn {
    pub(in crate::http::web) csrf: String,
    pub(in crate::http::web) next: String,
    pub(in crate::http::web) note: Option<Note>,
    /// Whether a letter can bring a new password.
    pub(in crate::http::web) by_letter: bool,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/setup.html")]
pub(in crate::http::web) struct Setup {
    pub(in crate::http::web) csrf: String,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/setup_gone.html")]
pub(in crate::http::web) struct SetupGone {
    pub(in crate::http::web) command: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/account.html")]
pub(in crate::http::web) struct Account {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) form: Form,
    /// What stands on the way to the tokens.
    pub(in crate::http::web) tokens: String,
    pub(in crate::http::web) themes: Vec<Choice>,
    /// What letters may be written in.
    pub(in crate::http::web) languages: Vec<Choice>,
    pub(in crate::http::web) grants: Vec<Fact>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct Failure {
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) text: String,
    pub(in crate::http::web) next: String,
    pub(in crate::http::web) helpers: String,
    pub(in crate::http::web) permission: String,
    /// Where it is missing, or empty.
    pub(in crate::http::web) scope: String,
    pub(in crate::http::web) request_id: String,
    /// What became of what was to be taken back, field by field.
    pub(in crate::http::web) conflicts: Vec<Conflict>,
    pub(in crate::http::web) links: Vec<Link>,
}

/// What an event made of a field, what it is now, and what taking it back would have made of it.
#[derive(Clone, Debug)]
pub(in crate::http::web) struct Conflict {
    pub(in crate::http::web) field: String,
    pub(in crate::http::web) then: String,
    pub(in crate::http::web) now: String,
    pub(in crate::http::web) undo: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/error.html")]
pub(in crate::http::web) struct ErrorPage {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) failure: Failure,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/error_blank.html")]
pub(in crate::http::web) struct ErrorBlank {
    pub(in crate::http::web) failure: Failure,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/in_choose.html")]
pub(in crate::http::web) struct InChoose {
    pub(in crate::http::web) csrf: String,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) address: String,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) help: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/in_done.html")]
pub(in crate::http::web) struct InDone {
    pub(in crate::http::web) address: String,
    pub(in crate::http::web) settings: MailSettings,
    pub(in crate::http::web) help: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/in_gone.html")]
pub(in crate::http::web) struct InGone {
    pub(in crate::http::web) help: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/help.html")]
pub(in crate::http::web) struct Help {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) support: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/forgot.html")]
pub(in crate::http::web) struct Forgot {
    pub(in crate::http::web) csrf: String,
    /// Whether letters are sent here at all.
    pub(in crate::http::web) by_letter: bool,
    /// The address that was typed, once it was; empty before.
    pub(in crate::http::web) sent_to: String,
    pub(in crate::http::web) minutes: u64,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/reset.html")]
pub(in crate::http::web) struct Reset {
    pub(in crate::http::web) csrf: String,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) email: String,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/address_new.html")]
pub(in crate::http::web) struct AddressNew {
    pub(in crate::http::web) chrome: Chrome,
    /// Whether letters are sent here at all.
    pub(in crate::http::web) by_letter: bool,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/address_proof.html")]
pub(in crate::http::web) struct AddressProof {
    pub(in crate::http::web) csrf: String,
    pub(in crate::http::web) action: String,
    pub(in crate::http::web) former: String,
    pub(in crate::http::web) email: String,
}

//! One mailbox.

use askama::Template;

use crate::http::web::view::{
    Badge, Chrome, DomainRef, Fact, Form, Happening, Link, MailboxRef, Note, SetUpLink, Space, TargetState,
};

#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a button that is there or is not"
)]
pub(in crate::http::web) struct MailboxVerbs {
    pub(in crate::http::web) restore: bool,
    pub(in crate::http::web) reset_password: bool,
    pub(in crate::http::web) forward: bool,
    pub(in crate::http::web) leave: bool,
    pub(in crate::http::web) edit: bool,
    pub(in crate::http::web) rename: bool,
    pub(in crate::http::web) suspend: bool,
    pub(in crate::http::web) resume: bool,
    pub(in crate::http::web) delete: bool,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/mailbox.html")]
pub(in crate::http::web) struct MailboxPage {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) mailbox: MailboxRef,
    pub(in crate::http::web) badges: Vec<Badge>,
    pub(in crate::http::web) can: MailboxVerbs,
    pub(in crate::http::web) notes: Vec<Note>,
    pub(in crate::http::web) timeline: Vec<Happening>,
    pub(in crate::http::web) activity: String,
    pub(in crate::http::web) space: Space,
    pub(in crate::http::web) aliases: Vec<Link>,
    pub(in crate::http::web) forwarding: String,
    pub(in crate::http::web) protocols: String,
    pub(in crate::http::web) last_login: String,
    pub(in crate::http::web) facts: Vec<Fact>,
    pub(in crate::http::web) targets: Vec<TargetState>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/mailbox_edit.html")]
pub(in crate::http::web) struct MailboxEdit {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) mailbox: MailboxRef,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) can_set_quota: bool,
    pub(in crate::http::web) quota_hint: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/mailbox_password.html")]
pub(in crate::http::web) struct MailboxPassword {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) mailbox: MailboxRef,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/mailbox_password_done.html")]
pub(in crate::http::web) struct MailboxPasswordDone {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) mailbox: MailboxRef,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) password: Option<String>,
    pub(in crate::http::web) link: Option<SetUpLink>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/mailbox_forwarding.html")]
pub(in crate::http::web) struct MailboxForwarding {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) mailbox: MailboxRef,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) note: Option<Note>,
    pub(in crate::http::web) active: bool,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/mailbox_suspend.html")]
pub(in crate::http::web) struct MailboxSuspend {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) mailbox: MailboxRef,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/mailbox_leave.html")]
pub(in crate::http::web) struct MailboxLeave {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) mailbox: MailboxRef,
    pub(in crate::http::web) form: Form,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/rename.html")]
pub(in crate::http::web) struct Rename {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) mailbox: MailboxRef,
    pub(in crate::http::web) form: Form,
}

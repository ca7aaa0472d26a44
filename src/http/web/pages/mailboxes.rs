//! Many mailboxes, and new ones.

use askama::Template;

use crate::http::web::view::{
    Badge, Choice, Chrome, DomainRef, Form, MailSettings, MailboxRef, Pager, SetUpLink, Space, Undo,
};

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct ListVerbs {
    pub(in crate::http::web) create: bool,
    pub(in crate::http::web) suspend: bool,
    pub(in crate::http::web) delete: bool,
}

impl ListVerbs {
    pub(in crate::http::web) fn bulk(&self) -> bool {
        self.suspend || self.delete
    }
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct MailboxRow {
    pub(in crate::http::web) address: String,
    pub(in crate::http::web) name: String,
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) badges: Vec<Badge>,
    pub(in crate::http::web) space: Space,
    pub(in crate::http::web) last_login: String,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/mailboxes.html")]
pub(in crate::http::web) struct Mailboxes {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) summary: String,
    pub(in crate::http::web) purpose: String,
    pub(in crate::http::web) can: ListVerbs,
    pub(in crate::http::web) filter: String,
    pub(in crate::http::web) filtered: bool,
    pub(in crate::http::web) states: Vec<Choice>,
    pub(in crate::http::web) rows: Vec<MailboxRow>,
    pub(in crate::http::web) pager: Pager,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct BulkRow {
    pub(in crate::http::web) address: String,
    pub(in crate::http::web) href: String,
    pub(in crate::http::web) badge: Badge,
    pub(in crate::http::web) detail: String,
    pub(in crate::http::web) undo: Option<Undo>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/bulk_result.html")]
pub(in crate::http::web) struct BulkResult {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) title: String,
    pub(in crate::http::web) rows: Vec<BulkRow>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct AddressCheck {
    pub(in crate::http::web) free: bool,
    pub(in crate::http::web) address: String,
    pub(in crate::http::web) reason: String,
    pub(in crate::http::web) alternatives: Vec<String>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "parts/address_check.html")]
pub(in crate::http::web) struct AddressCheckPart {
    pub(in crate::http::web) check: Option<AddressCheck>,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/mailbox_new.html")]
pub(in crate::http::web) struct MailboxNew {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) domain: DomainRef,
    pub(in crate::http::web) form: Form,
    pub(in crate::http::web) check: Option<AddressCheck>,
    pub(in crate::http::web) room: String,
    pub(in crate::http::web) quota_hint: String,
    pub(in crate::http::web) more_open: bool,
}

#[derive(Template, Clone, Debug, Default)]
#[template(path = "pages/handover.html")]
pub(in crate::http::web) struct Handover {
    pub(in crate::http::web) chrome: Chrome,
    pub(in crate::http::web) mailbox: MailboxRef,
    pub(in crate::http::web) advice: String,
    pub(in crate::http::web) another: String,
    pub(in crate::http::web) password: Option<String>,
    pub(in crate::http::web) link: Option<SetUpLink>,
    pub(in crate::http::web) settings: MailSettings,
    pub(in crate::http::web) help: String,
}

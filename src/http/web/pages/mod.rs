//! The pages: each struct is what one template shows.

pub(super) mod accounts;
pub(super) mod addresses;
pub(super) mod audit;
pub(super) mod common;
pub(super) mod domains;
pub(super) mod explain;
pub(super) mod mailbox;
pub(super) mod mailboxes;
pub(super) mod orgs;
pub(super) mod people;
pub(super) mod roles;
pub(super) mod support;
pub(super) mod tokens;

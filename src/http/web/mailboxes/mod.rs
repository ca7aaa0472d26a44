//! Many mailboxes, and new ones.

pub(super) mod list;

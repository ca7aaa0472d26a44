//! Many mailboxes, and new ones.

pub(super) mod list;
pub(super) mod new;

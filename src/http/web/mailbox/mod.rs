//! One mailbox.

pub(super) mod show;

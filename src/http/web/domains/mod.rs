//! Domains.

pub(super) mod home;
pub(super) mod list;
pub(super) mod settings;

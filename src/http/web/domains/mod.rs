//! Domains.

pub(super) mod home;

//! Roles: the built-in ones, and those that customers define themselves.

pub(super) mod edit;
pub(super) mod list;

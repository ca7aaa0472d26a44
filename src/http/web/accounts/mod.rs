//! Who can manage: the people, their roles, and how somebody new comes in.

pub(super) mod invitation;
pub(super) mod invite;
pub(super) mod list;
pub(super) mod roles;
pub(super) mod service;
pub(super) mod show;
pub(super) mod state;

pub(super) mod wish;

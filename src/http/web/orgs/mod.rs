//! Customers.

pub(super) mod edit;
pub(super) mod moves;
pub(super) mod show;
pub(super) mod state;

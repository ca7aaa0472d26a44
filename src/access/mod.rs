//! Who may do what. Pure: the decision is a function of an actor, an action and a place.

mod actor;
mod call;
mod permission;
mod permit;
mod place;
mod policy;
mod role;

pub use actor::{Actor, Ceiling, Credential, Grant, Identity};
pub use call::{Call, IdempotencyKey};
pub use permission::*;
pub use permit::{Denied, Guarded, Permit, Reach, Span};
pub use place::{OrgPath, Place, Scope};
pub use policy::holds;
pub use role::Role;

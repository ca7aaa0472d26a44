//! Who may do what. Pure: the decision is a function of an actor, an action and a place.

mod actor;
mod call;
mod delegation;
mod explain;
mod permission;
mod permissions;
mod permit;
mod place;
mod policy;
mod role;

pub use actor::{Actor, Ceiling, Credential, Grant, Identity};
pub use call::{Call, IdempotencyKey};
pub use delegation::{Beyond, Given, Offer, ends_with, may_hand_on, outranks};
pub use explain::{Object, Verdict};
pub use permission::*;
pub use permissions::{Permissions, UnknownPermission};
pub use permit::{Among, Denied, Guarded, Permit, Reach, Span};
pub use place::{OrgPath, Place, Scope};
pub use policy::{Against, holds};
pub use role::{Role, RoleRef, UnknownRole};

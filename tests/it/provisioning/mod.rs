//! What the worker makes of changes, on each engine that a target can be.

mod faults;
mod projection;
pub(crate) mod target;

//! Pushes what the portal knows into the provisioning databases of the cluster.
//!
//! Level-triggered: a note says "look at this object"; the worker reads it as it is now and writes the whole of it.
//! Repeats and another order are harmless. Each object's rows are fenced by the version they were made from, in the
//! transaction that writes them, so that a stale worker never overwrites newer state.

pub mod backoff;
mod dialect;
pub mod native;
pub mod projection;
mod recent;
pub mod target;
pub mod usage;
pub mod verify;
pub mod worker;

pub use target::{Target, TargetError};
pub use worker::run;

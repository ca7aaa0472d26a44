//! The one integration test binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it stands"
)]

mod api;
mod architecture;
mod browser;
mod cluster;
mod commands;
mod delegation;
mod policy;
mod provisioning;
mod sql;
mod stories;
mod support;
mod traps;
mod web;

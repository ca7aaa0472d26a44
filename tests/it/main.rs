//! The one integration test binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it stands"
)]

mod api;
mod cluster;
mod commands;
mod provisioning;
mod sql;
mod stories;
mod support;
mod web;

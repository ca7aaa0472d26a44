//! Postdesk over HTTP.

pub mod api;
pub mod identity;
pub mod limits;
pub mod peer;
pub mod refusal;
pub mod security;
pub mod server;
pub mod static_files;
mod watched;

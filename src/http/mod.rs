//! Postdesk over HTTP.

pub mod limits;
pub mod peer;
pub mod refusal;
pub mod security;
pub mod server;
pub mod session;
pub mod static_files;
mod watched;
pub mod web;

//! The REST API, asked as its clients ask it: the router in process, with tokens.

pub(crate) mod client;
mod conventions;
mod courtesies;
mod document;
mod doors;
mod examples;
mod resources;
mod strangers;
mod verification;

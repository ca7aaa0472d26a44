//! The REST API, asked as its clients ask it: the router in process, with tokens.

mod client;
mod conventions;
mod document;
mod examples;
mod resources;

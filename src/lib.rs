//! Postdesk: the delegated administration portal and REST API of a mail hosting cluster.
//!
//! Layers, one way: [`model`] ← [`access`] ← [`store`] ← [`service`] ← [`http`]; [`db`] is a leaf under [`store`];
//! [`provisioning`] stands beside [`http`]; [`cli`] and [`commands`] are on top.
//!
//! What always holds:
//!
//! 1. `model` does no I/O, is not async and knows neither SQL nor HTTP.
//! 2. A string from outside becomes a domain type at the edge, once, or is refused with the field's name.
//! 3. Nothing reads or changes tenant data without a permit; a permit is made only by the policy.
//! 4. A change commits only together with its audit entry and its notes to the targets.
//! 5. Between the begin and the commit of a change nothing but the database is awaited.
//! 6. The portal never writes to a provisioning database; only the worker does, and it writes only what the projection says.
//! 7. The browser and the API can do the same things because they call the same functions.
//! 8. Time, randomness and ids come from the [`App`](service::App), never from the air.

pub mod access;
pub mod cli;
pub mod cluster_config;
pub mod commands;
pub mod config;
pub mod db;
pub mod error;
pub mod http;
pub mod ids;
pub mod language;
pub mod letters;
pub mod model;
pub mod out;
pub mod provisioning;
pub mod service;
pub mod signals;
pub mod start;
pub mod store;
pub mod telemetry;

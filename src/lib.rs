//! Postdesk: the delegated administration portal and REST API of a mail hosting cluster.

pub mod cli;
pub mod cluster_config;
pub mod commands;
pub mod config;
pub mod db;
pub mod http;
pub mod model;
pub mod out;
pub mod signals;
pub mod telemetry;

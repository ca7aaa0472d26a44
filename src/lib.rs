//! Postdesk: the delegated administration portal and REST API of a mail hosting cluster.

pub mod cluster_config;
pub mod config;
pub mod model;

//! What all tests stand on.

pub(crate) mod daemon;
pub(crate) mod mariadb;
pub(crate) mod postgres;

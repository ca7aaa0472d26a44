//! What all tests stand on.

pub(crate) mod app;
pub(crate) mod backend;
pub(crate) mod daemon;
pub(crate) mod mariadb;
pub(crate) mod person;
pub(crate) mod postgres;
pub(crate) mod sink;
pub(crate) mod verify;

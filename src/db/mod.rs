//! One SQL text, two drivers. Knows the databases, and nothing of what is in them.

mod connect;
mod error;
mod migrate;
mod query;
pub mod url;

pub use connect::{Db, Ear, Tx};
pub use error::DbError;
pub use query::{Bind, Query, Row};

pub(crate) use query::row;

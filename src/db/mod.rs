//! One SQL text, two drivers. Knows the databases, and nothing of what is in them.

mod connect;
mod error;
mod migrate;
pub mod packed;
mod pool;
mod query;
mod tx;
pub mod url;

pub use connect::{Db, Ear};
pub use error::DbError;
pub use query::{Bind, Query, Row};
pub use tx::{Step, Tx};

pub(crate) use query::row;

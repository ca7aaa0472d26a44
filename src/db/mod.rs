//! One SQL, several drivers. Knows no domain.
pub mod url;

//! What people can ask for, on both databases.

mod people;

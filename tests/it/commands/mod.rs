//! The program from outside: what is typed, what is printed, how it ends.

pub(crate) mod binary;
mod demo;
mod kill;
mod lines;
mod serve;

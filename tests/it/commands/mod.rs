//! The program from outside: what is typed, what is printed, how it ends.

mod attack;
pub(crate) mod binary;
mod demo;
mod kill;
mod lines;
mod outage;
mod races;
mod serve;
mod wire;

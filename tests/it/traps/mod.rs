//! Traps of the ground that Postdesk stands on, each measured once, each with a test that fails without its cure.
//!
//! Others stand beside what they are about: counting before inserting in `stories::races`, unbounded hashing in
//! `service::passwords`, heads that never come in `http::server`, taking over a session in `web`.

mod cancelled_begin;
mod outbox;

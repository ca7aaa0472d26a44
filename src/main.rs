//! Postdesk.
fn main() {}

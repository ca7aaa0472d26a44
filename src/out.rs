//! What commands print: to standard output and standard error, quietly when nobody listens.

use std::io::{self, ErrorKind, Write};

/// Prints a line to standard output.
pub fn line(text: impl std::fmt::Display) -> io::Result<()> {
    quiet(writeln!(io::stdout().lock(), "{text}"))
}

/// Prints a value as indented JSON to standard output.
pub fn json(value: &impl serde::Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    line(text)
}

/// Prints a line to standard error. If even that fails there is nowhere left to say so.
pub fn complain(text: impl std::fmt::Display) {
    writeln!(io::stderr().lock(), "{text}").unwrap_or(());
}

/// `postdesk … | head` is no failure: the reader has seen enough.
fn quiet(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

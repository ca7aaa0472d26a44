//! Postdesk.

use std::process::ExitCode;

/// Fewer instructions per request than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    postdesk::cli::run(std::env::args_os())
}

//! When to stop: Ctrl-C at a terminal, SIGTERM from systemd.

use std::io;

use tokio_util::sync::CancellationToken;

/// A token that is cancelled when the process is asked to stop.
pub fn stop() -> io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // Without a handler a hang-up would kill the process.
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("a hang-up changes nothing; restart to read the configuration again");
        }
    });
    let token = CancellationToken::new();
    let stopping = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        stopping.cancel();
    });
    Ok(token)
}

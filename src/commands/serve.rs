//! Running the portal: from a free port to the last answer.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Context, Failure, audit, worker};
use crate::cli::ServeArgs;
use crate::config::Settings;
use crate::http::limits::HttpLimits;
use crate::http::security::{self, Guard};
use crate::http::server;
use crate::http::session::SessionEnds;
use crate::service::{App, accounts};
use crate::{http, out, signals, start};

/// Time for handlers whose clients have gone, for the worker's last transaction, and for closing the database.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// The file of the first operator's link.
const LINK_FILE: &str = "setup-link.txt";

/// Runs the portal, the API and, unless switched off, the worker.
pub async fn serve(context: &Context, _args: &ServeArgs) -> Result<(), Failure> {
    let settings = &context.settings;
    let shutdown = signals::stop().map_err(Failure::Runtime)?;
    // Before the database, so that a second portal on the same port changes nothing.
    let (listener, bound) = bind(settings.listen).await?;
    let app = start::app(settings, settings.base_url(bound).to_string()).await?;
    offer_setup(&app, &settings.data_dir).await?;
    run(app, settings, listener, shutdown).await
}

/// A socket, or what to do about it.
pub(super) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let failed = |source: io::Error| {
        let fix = match source.kind() {
            io::ErrorKind::AddrInUse => {
                "another program listens there: stop it, or choose another port with --listen"
            }
            io::ErrorKind::PermissionDenied => {
                "choose a port above 1023 with --listen, and put a proxy in front of it"
            }
            io::ErrorKind::AddrNotAvailable => "choose an address of this machine with --listen",
            _ => "choose another address with --listen",
        };
        Failure::Listen { address, fix, source }
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Serves until `shutdown`, then lets what is under way come to its end.
pub(super) async fn run(
    app: App,
    settings: &Settings,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let bound = listener.local_addr()?;
    let tasks = TaskTracker::new();
    let guard = Guard::new(settings, bound, tasks.clone());
    let ends = SessionEnds {
        idle: Duration::from_mins(settings.session.idle_min.into()),
        absolute: Duration::from_hours(settings.session.absolute_h.into()),
    };
    let router = security::harden(http::router(app.clone(), ends), &guard);
    let limits = HttpLimits::from(&settings.http);
    let stop_worker = CancellationToken::new();
    let worker = settings.worker.enabled.then(|| {
        tokio::spawn(worker::keep_working(
            app.clone(),
            settings.clone(),
            stop_worker.clone(),
        ))
    });
    let checkpoints = tokio::spawn(audit::keep_checkpoints(app.clone(), stop_worker.clone()));
    tracing::info!(
        listen = %bound,
        url = app.base_url,
        database = %settings.database,
        worker = settings.worker.enabled,
        targets = settings.targets.len(),
        "serving"
    );

    let served = server::serve(listener, router, &limits, shutdown).await;

    // Changes that are under way are carried to their end, though nobody waits for their answers any more.
    tasks.close();
    if timeout(LAST_WORDS, tasks.wait()).await.is_err() {
        tracing::warn!(requests = tasks.len(), "left requests unfinished");
    }
    stop_worker.cancel();
    if let Some(worker) = worker
        && timeout(LAST_WORDS, worker).await.is_err()
    {
        tracing::warn!("the worker did not stop in time");
    }
    audit::last_checkpoint(&app, checkpoints).await;
    if timeout(LAST_WORDS, app.store.db().close()).await.is_err() {
        tracing::warn!("the database was not given back in time");
    }
    tracing::info!("stopped");
    Ok(served?)
}

/// While nobody can sign in, a link with which the first operator is made; it is said here and nowhere else.
async fn offer_setup(app: &App, data_dir: &Path) -> Result<(), Failure> {
    let file = data_dir.join(LINK_FILE);
    let Some(link) = accounts::first_operator_link(app).await? else {
        // It opens nothing any more, so nobody should find it.
        return match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        };
    };
    write_private(&file, &format!("{link}\n"))?;
    out::line(format_args!(
        "Nobody can sign in yet. Open this link within {} minutes to become the first operator:\n\n  {link}\n\nIt is \
         in {} too.",
        accounts::SETUP_HOURS * 60,
        file.display()
    ))?;
    Ok(())
}

/// Writes a file that only its owner can read, whole or not at all.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

//! The worker, alone or inside `serve`.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Context, Failure, audit};
use crate::config::Settings;
use crate::service::App;
use crate::{provisioning, signals, start};

/// Pause before a worker that died is started again.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs only the worker.
pub async fn worker(context: &Context) -> Result<(), Failure> {
    let settings = &context.settings;
    let shutdown = signals::stop().map_err(Failure::Runtime)?;
    let base_url = settings.base_url(settings.listen).to_string();
    let app = start::app(settings, base_url).await?;
    tracing::info!(database = %settings.database, targets = settings.targets.len(), "working");

    let checkpoints = tokio::spawn(audit::keep_checkpoints(app.clone(), shutdown.clone()));
    work(app.clone(), settings.clone(), "worker", shutdown).await;

    audit::last_checkpoint(&app, checkpoints).await;
    app.store.db().close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Works until `stop`. A worker that fails is started again, because people must not notice.
pub(super) async fn keep_working(app: App, settings: Settings, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let task = tokio::spawn(work(app.clone(), settings.clone(), "serve", stop.clone()));
        match task.await {
            Ok(()) if stop.is_cancelled() => {}
            Ok(()) => tracing::error!("the worker ended, starting it again"),
            Err(error) => tracing::error!(%error, "the worker broke, starting it again"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// One run of the worker.
async fn work(app: App, settings: Settings, role: &str, stop: CancellationToken) {
    let holder = holder(&app, &settings.data_dir, role);
    provisioning::run(app, settings.targets, settings.worker, holder, stop).await;
}

/// Under which id this worker holds its targets: the same after a restart, so that one that was killed takes its
/// targets up again at once, where another would wait until they are free.
fn holder(app: &App, data_dir: &Path, role: &str) -> Uuid {
    let file = data_dir.join(format!("{role}.id"));
    let kept = std::fs::read_to_string(&file)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    kept.unwrap_or_else(|| {
        let id: Uuid = app.ids.next();
        if let Err(error) = std::fs::write(&file, format!("{id}\n")) {
            tracing::warn!(%error, file = %file.display(), "a restart will wait for the targets: their holder's id cannot be kept");
        }
        id
    })
}

//! What has reached a target, and what has not.

use serde::Serialize;

use super::chosen;
use crate::cli::TargetArgs;
use crate::commands::{Context, Failure, command_line, open};
use crate::config::TargetSettings;
use crate::model::Timestamp;
use crate::out;
use crate::service::{App, provisioning};
use crate::store::{ObjectState, PageRequest, TargetStatus};

/// The most failed objects that are listed.
const MOST_LISTED: usize = 50;

#[derive(Serialize)]
struct Status {
    target: String,
    engine: String,
    state: &'static str,
    pending: i64,
    failed: i64,
    pending_since: Option<String>,
    failing_since: Option<String>,
    error: Option<String>,
    last_written_at: Option<String>,
}

impl Status {
    fn of(target: &TargetStatus) -> Self {
        let text = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
        let state = match (target.failing_since, target.parked, target.pending) {
            (Some(_), ..) => "failing",
            (None, 1.., _) => "failed",
            (None, _, 1..) => "pending",
            _ => "in_sync",
        };
        Self {
            target: target.name.clone(),
            engine: target.engine.clone(),
            state,
            pending: target.pending,
            failed: target.parked,
            pending_since: text(target.oldest_pending),
            failing_since: text(target.failing_since),
            error: target.error.clone(),
            last_written_at: text(target.last_ok_at),
        }
    }

    fn line(&self) -> String {
        let mut line = format!(
            "{}: {}, {} pending, {} failed",
            self.target,
            self.state.replace('_', " "),
            self.pending,
            self.failed
        );
        if let Some(since) = &self.pending_since {
            line = format!("{line}, the oldest since {since}");
        }
        if let (Some(since), Some(error)) = (&self.failing_since, &self.error) {
            line = format!("{line}; failing since {since}: {error}");
        }
        line
    }
}

/// Shows what has reached a target.
pub async fn status(context: &Context, args: &TargetArgs) -> Result<(), Failure> {
    let targets = chosen(&context.settings, args.name.as_deref())?;
    let app = open(context).await?;
    let outcome = show(context, &app, &targets).await;
    app.store.db().close().await;
    outcome
}

async fn show(context: &Context, app: &App, targets: &[&TargetSettings]) -> Result<(), Failure> {
    let call = command_line(app);
    let known = provisioning::targets(app, &call).await?;
    let known = known
        .iter()
        .filter(|known| targets.iter().any(|target| target.name == known.name));
    let report: Vec<Status> = known.map(Status::of).collect();
    if context.is_json {
        out::json(&report)?;
    } else {
        for status in &report {
            out::line(status.line())?;
        }
        let failed = provisioning::open_objects(
            app,
            &call,
            Some(ObjectState::Failed),
            &PageRequest::first(MOST_LISTED),
        )
        .await?;
        for object in failed.items {
            let error = object.state.error.unwrap_or_default();
            out::line(format_args!(
                "  {} {} in {}: {error}",
                object.kind.as_str(),
                object.name,
                object.state.target
            ))?;
        }
    }
    if report.is_empty() {
        let text =
            "nothing is known of this target yet; it begins with `postdesk serve` or `postdesk worker`";
        return Err(Failure::Said(text.to_owned()));
    }
    match report
        .iter()
        .find(|status| matches!(status.state, "failing" | "failed"))
    {
        Some(status) => Err(Failure::Said(format!(
            "the target {} lacks changes",
            status.target
        ))),
        None => Ok(()),
    }
}

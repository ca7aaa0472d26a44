//! The audit: its checkpoints, written while a server runs, and whether it still says what was written.

use std::io::IsTerminal as _;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Context, Failure, command_line, open};
use crate::out;
use crate::service::App;
use crate::service::audit::{self, Checkpoints, Finding, Verification};
use crate::start::StartError;

/// How often it is looked whether a checkpoint is due.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Time for the last checkpoint of a server.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Writes checkpoints until `stop`.
pub(super) async fn keep_checkpoints(app: App, stop: CancellationToken) {
    loop {
        write(&app, false).await;
        if timeout(LOOK_EVERY, stop.cancelled()).await.is_ok() {
            return;
        }
    }
}

/// Writes the checkpoint of a server that ends, after it has changed its last thing.
pub(super) async fn last_checkpoint(app: &App, keeper: JoinHandle<()>) {
    keeper.abort();
    if timeout(LAST_WORDS, write(app, true)).await.is_err() {
        tracing::warn!("the last checkpoint of the audit was not written in time");
    }
}

async fn write(app: &App, now: bool) {
    if let Err(error) = audit::write_checkpoint(app, now).await {
        tracing::error!(error = %super::with_causes(&error), "the audit goes on without a checkpoint");
    }
}

#[derive(Serialize)]
struct Report {
    sound: bool,
    entries: i64,
    hash: String,
    checkpoints: Option<usize>,
    findings: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    damage: &'static str,
    seq: i64,
    until: i64,
    line: Option<usize>,
    at: Option<String>,
    kind: Option<String>,
    subject: Option<String>,
    actor: Option<String>,
    what: &'static str,
    next: &'static str,
}

impl Report {
    fn of(found: &Verification) -> Self {
        Self {
            sound: found.is_sound(),
            entries: found.entries,
            hash: data_encoding::HEXLOWER.encode(&found.newest.hash),
            checkpoints: found.checkpoints,
            findings: found.findings.iter().map(Shown::of).collect(),
        }
    }
}

impl Shown {
    fn of(finding: &Finding) -> Self {
        let entry = finding.entry.clone();
        Self {
            damage: finding.broken.damage.as_str(),
            seq: finding.broken.seq,
            until: finding.broken.until,
            line: finding.line,
            at: entry.as_ref().map(|entry| entry.at.rfc3339()),
            kind: entry.as_ref().map(|entry| entry.kind.clone()),
            subject: entry.as_ref().map(|entry| entry.subject.clone()),
            actor: entry.map(|entry| entry.actor),
            what: finding.broken.damage.sentence(),
            next: finding.broken.damage.next(),
        }
    }

    fn text(&self) -> String {
        let place = match (self.line, self.until > self.seq) {
            (Some(line), _) => format!("line {line} of the checkpoint file"),
            (None, true) => format!("entries {} to {}", self.seq, self.until),
            (None, false) => format!("entry {}", self.seq),
        };
        let mut text = format!("{place}: {}: {}", self.damage.replace('_', " "), self.what);
        if let (Some(at), Some(kind), Some(subject), Some(actor)) =
            (&self.at, &self.kind, &self.subject, &self.actor)
        {
            text = format!("{text}\n  What stands there: {at} {kind} {subject:?} by {actor:?}");
        }
        format!("{text}\n  {}", self.next)
    }
}

/// Says whether the audit still is what was written.
pub async fn verify(context: &Context) -> Result<(), Failure> {
    let settings = &context.settings.audit;
    let kept = Checkpoints::existing(&settings.key_file, &settings.checkpoint_file);
    let kept = kept.map_err(StartError::from)?;
    let app = open(context).await?;
    let outcome = check(context, &app, kept.as_ref()).await;
    app.store.db().close().await;
    outcome
}

async fn check(context: &Context, app: &App, kept: Option<&Checkpoints>) -> Result<(), Failure> {
    let watched = std::io::stderr().is_terminal();
    let mut told = 0;
    let mut progress = |done: i64, all: i64| {
        if watched && done - told >= 50_000 {
            told = done;
            out::complain(format_args!("{done} of {all} entries are sound so far"));
        }
    };
    let found = audit::verify(app, &command_line(app), kept, &mut progress).await?;
    let report = Report::of(&found);
    if context.is_json {
        out::json(&report)?;
    } else {
        for finding in &report.findings {
            out::line(finding.text())?;
        }
        let checkpoints = match report.checkpoints {
            None => "no checkpoints are kept yet; `postdesk serve` writes them".to_owned(),
            Some(count) => format!("{count} checkpoints agree"),
        };
        let hash = &report.hash;
        out::line(format_args!(
            "{} entries are as they were written, the newest with the hash {hash}; {checkpoints}",
            report.entries
        ))?;
    }
    if report.sound {
        Ok(())
    } else {
        Err(Failure::Damaged)
    }
}

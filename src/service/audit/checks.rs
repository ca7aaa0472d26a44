//! Checks of the audit that people ask for while a server runs: one at a time, and what the newest found.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::super::App;
use super::checkpoints::Checkpoint;
use super::verification::{Verification, verify};
use crate::access::{AuditExport, Call, Place};
use crate::error::Error;
use crate::model::Timestamp;

/// What a check found, and when.
#[derive(Clone, Debug)]
pub struct Checked {
    /// When it ended.
    pub at: Timestamp,
    /// What it found.
    pub found: Arc<Verification>,
}

/// A turn for the one check that may be under way, for it reads the whole audit, and the newest that ended on this server.
#[derive(Debug)]
pub struct Checks {
    turn: Semaphore,
    newest: Mutex<Option<Checked>>,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            turn: Semaphore::new(1),
            newest: Mutex::default(),
        }
    }
}

/// How far the audit has got, how far that is written down elsewhere, and what was last found.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The number of the newest entry.
    pub entries: i64,
    /// Whether this server keeps checkpoints.
    pub keeps: bool,
    /// The newest checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// The newest check that ended on this server since it was started.
    pub checked: Option<Checked>,
}

/// Checks the audit as soon as no other check is under way.
pub async fn check(app: &App, call: &Call) -> Result<Checked, Error> {
    may(call)?;
    let turn = app.checks.turn.acquire().await;
    let _turn = turn.map_err(|_| Error::Overloaded { retry_after_s: 5 })?;
    let found = verify(app, call, app.checkpoints.get(), &mut |_, _| ()).await?;
    let checked = Checked {
        at: app.clock.now(),
        found: Arc::new(found),
    };
    let mut newest = app.checks.newest.lock().unwrap_or_else(PoisonError::into_inner);
    *newest = Some(checked.clone());
    Ok(checked)
}

/// How the audit stands, without a walk along it.
pub async fn standing(app: &App, call: &Call) -> Result<Standing, Error> {
    may(call)?;
    let entries = app.store.chain_head().await?.seq;
    let kept = app.checkpoints.get().cloned();
    let keeps = kept.is_some();
    let newest = tokio::task::spawn_blocking(move || kept.map_or(Ok(None), |kept| kept.newest())).await;
    let failed = |error: String| Error::defect(format!("the checkpoints cannot be read: {error}"));
    let checkpoint = newest
        .map_err(|error| failed(error.to_string()))?
        .map_err(|error| failed(error.to_string()))?;
    let checked = app
        .checks
        .newest
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    Ok(Standing {
        entries,
        keeps,
        checkpoint,
        checked,
    })
}

fn may(call: &Call) -> Result<(), Error> {
    match call.actor.permit::<AuditExport>(Place::system()) {
        Ok(_) => Ok(()),
        Err(denied) => Err(Error::denied(denied, "audit", "system")),
    }
}

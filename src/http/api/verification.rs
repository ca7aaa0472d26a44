//! `/audit/verification`: whether the audit still is what was written.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::problem::Problem;
use super::reply;
use crate::model::Timestamp;
use crate::service::App;
use crate::service::audit::{self, Finding};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(verify))
}

/// Whether the audit still is what was written.
#[derive(Serialize, ToSchema)]
struct Verification {
    /// Whether nothing is wrong.
    sound: bool,
    /// When that was found.
    #[schema(value_type = String, format = DateTime)]
    checked_at: Timestamp,
    /// How many entries are as they were written.
    entries: i64,
    /// How many checkpoints agree; null where this server keeps none.
    checkpoints: Option<usize>,
    /// What is wrong, the first bad entry first.
    findings: Vec<Wrong>,
}

/// Something that is wrong with the audit.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditDamage)]
struct Wrong {
    /// Which kind of damage.
    damage: &'static str,
    /// The number of the first bad entry.
    seq: i64,
    /// The number of the last one that is known to be bad.
    until: i64,
    /// The line of the checkpoint file, if it is about one.
    line: Option<usize>,
    /// What stands there now, in a few words; null where nothing does.
    entry: Option<Stands>,
    /// What is wrong, in one sentence.
    what: &'static str,
    /// What to do next.
    next: &'static str,
}

/// An entry as it stands there now.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntryNow)]
struct Stands {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What.
    kind: String,
    /// To what.
    subject: String,
    /// By whom.
    actor: String,
}

impl Wrong {
    fn of(finding: &Finding) -> Self {
        let broken = finding.broken;
        Self {
            damage: broken.damage.as_str(),
            seq: broken.seq,
            until: broken.until,
            line: finding.line,
            entry: finding.entry.clone().map(|entry| Stands {
                at: entry.at,
                kind: entry.kind,
                subject: entry.subject,
                actor: entry.actor,
            }),
            what: broken.damage.sentence(),
            next: broken.damage.next(),
        }
    }
}

/// Check the audit
///
/// Walks along all of it, page by page, and holds every entry against the one before it and against the checkpoints that
/// this server keeps. Takes `audit.export` on the whole installation. One check runs at a time.
#[utoipa::path(get, path = "/audit/verification", operation_id = "verifyAudit", tag = "Events",
    responses((status = 200, description = "What was found.", body = Verification)))]
async fn verify(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let audit::Checked { at, found } = audit::check(&ask.app, &call).await?;
    let view = Verification {
        sound: found.is_sound(),
        checked_at: at,
        entries: found.entries,
        checkpoints: found.checkpoints,
        findings: found.findings.iter().map(Wrong::of).collect(),
    };
    reply::json(StatusCode::OK, &view)
}

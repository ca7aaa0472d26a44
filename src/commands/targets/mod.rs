//! Looking after the databases that the mail servers read.

use std::time::Duration;

use serde::Serialize;

use super::{Context, Failure, command_line, open, with_causes};
use crate::cli::TargetArgs;
use crate::config::{Settings, TargetSettings};
use crate::model::count;
use crate::out;
use crate::provisioning::target::Patience;
use crate::provisioning::{Target, TargetError, verify as compared};
use crate::service::{App, provisioning};

mod init;
mod status;

pub(super) use init::ROLES;
pub use init::init;
pub use status::status;

/// The targets that are meant: the one of this name, or all.
fn chosen<'a>(settings: &'a Settings, name: Option<&str>) -> Result<Vec<&'a TargetSettings>, Failure> {
    let known: Vec<&str> = settings
        .targets
        .iter()
        .map(|target| target.name.as_str())
        .collect();
    if known.is_empty() {
        let text = "the configuration names no target; add a [[targets]] section with a name and a url";
        return Err(Failure::Said(text.to_owned()));
    }
    let wanted = |target: &&TargetSettings| name.is_none_or(|name| target.name == name);
    let chosen: Vec<_> = settings.targets.iter().filter(wanted).collect();
    if chosen.is_empty() {
        let name = name.unwrap_or_default();
        let known = known.join(", ");
        return Err(Failure::Said(format!(
            "the configuration names no target {name:?}; it names {known}"
        )));
    }
    Ok(chosen)
}

/// The target of this name.
pub(super) fn one<'a>(settings: &'a Settings, name: &str) -> Result<&'a TargetSettings, Failure> {
    let chosen = chosen(settings, Some(name))?;
    let first = chosen.first().copied();
    first.ok_or_else(|| Failure::Said(format!("there is no target {name:?}")))
}

async fn connect(settings: &Settings, target: &TargetSettings) -> Result<Target, Failure> {
    let patience = Patience {
        connect: Duration::from_secs(settings.worker.connect_timeout_s),
        statement: Duration::from_secs(settings.worker.statement_timeout_s),
    };
    let link = Target::connect(&target.url, patience).await;
    link.map_err(|error| trouble(target, "cannot be opened", &error))
}

fn trouble(target: &TargetSettings, what: &str, error: &TargetError) -> Failure {
    Failure::Said(format!(
        "the target {} ({}) {what}: {error}",
        target.name, target.url
    ))
}

#[derive(Serialize)]
struct Noted {
    target: String,
    objects: u64,
}

/// Has everything written anew, by the worker.
pub async fn resync(context: &Context, args: &TargetArgs) -> Result<(), Failure> {
    let targets = chosen(&context.settings, args.name.as_deref())?;
    let app = open(context).await?;
    let mut report = Vec::new();
    for target in targets {
        report.push(Noted {
            target: target.name.clone(),
            objects: provisioning::resync(&app, &command_line(&app), &target.name)
                .await?
                .value,
        });
    }
    app.store.db().close().await;
    if context.is_json {
        out::json(&report)?;
        return Ok(());
    }
    for noted in report {
        out::line(format_args!(
            "{}: {} written anew; `postdesk target status` shows how far it is",
            noted.target,
            count(noted.objects, "object is", "objects are")
        ))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Verified {
    target: String,
    compared: u64,
    pending: u64,
    differing: u64,
    differences: Vec<String>,
    foreign_domains: i64,
    foreign_mailboxes: i64,
    foreign_aliases: i64,
}

/// Asks a target the mail servers' own questions, and compares.
pub async fn verify(context: &Context, args: &TargetArgs) -> Result<(), Failure> {
    let targets = chosen(&context.settings, args.name.as_deref())?;
    let app = open(context).await?;
    let mut report = Vec::new();
    for target in targets {
        report.push(compare(context, &app, target).await?);
    }
    app.store.db().close().await;
    if context.is_json {
        out::json(&report)?;
    } else {
        for verified in &report {
            out::line(verified.text())?;
        }
    }
    match report.iter().find(|verified| verified.differing > 0) {
        Some(verified) => Err(Failure::Said(format!(
            "the target {} differs; `postdesk target resync {}` writes everything anew",
            verified.target, verified.target
        ))),
        None => Ok(()),
    }
}

async fn compare(context: &Context, app: &App, target: &TargetSettings) -> Result<Verified, Failure> {
    let known = provisioning::targets(app, &command_line(app)).await?;
    let known = known.into_iter().find(|known| known.name == target.name);
    let known = known.ok_or_else(|| {
        Failure::Said(format!(
            "nothing was ever written to the target {}; run `postdesk serve` or `postdesk worker`",
            target.name
        ))
    })?;
    let mut link = connect(&context.settings, target).await?;
    let report = compared::verify(app, known.id, &mut link).await;
    link.close().await;
    let report = report.map_err(|error| {
        Failure::Said(format!(
            "the target {} cannot be compared: {}",
            target.name,
            with_causes(&error)
        ))
    })?;
    let [foreign_domains, foreign_mailboxes, foreign_aliases] = report.foreign;
    Ok(Verified {
        target: target.name.clone(),
        compared: report.compared,
        pending: report.pending,
        differing: report.differing,
        differences: report
            .differences
            .into_iter()
            .map(|difference| difference.text)
            .collect(),
        foreign_domains,
        foreign_mailboxes,
        foreign_aliases,
    })
}

impl Verified {
    fn text(&self) -> String {
        let mut text = format!(
            "{}: {} compared, {}, {} pending; not Postdesk's there: {}, {} and {}",
            self.target,
            count(self.compared, "object", "objects"),
            count(self.differing, "differs", "differ"),
            count(self.pending, "is", "are"),
            count(self.foreign_domains, "domain", "domains"),
            count(self.foreign_mailboxes, "mailbox", "mailboxes"),
            count(self.foreign_aliases, "alias", "aliases")
        );
        for difference in &self.differences {
            text = format!("{text}\n  {difference}");
        }
        text
    }
}

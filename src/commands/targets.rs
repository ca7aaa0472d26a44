//! Looking after the databases that the mail servers read.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::serve::write_private;
use super::{Context, Failure};
use crate::cli::{TargetArgs, TargetInitArgs};
use crate::config::{Settings, TargetSettings};
use crate::db::url::{DatabaseUrl, Engine};
use crate::ids::Ids;
use crate::model::{Clock as _, SystemClock};
use crate::provisioning::target::Patience;
use crate::provisioning::{Target, TargetError, native, verify as compared};
use crate::service::{App, provisioning};
use crate::store::{ObjectState, PageRequest, TargetStatus};
use crate::{out, start};

/// The roles of the daemons: a placeholder in the grants, and the file of its password.
pub(super) const ROLES: [(&str, &str); 3] = [
    ("{mta_password}", "mta-password"),
    ("{imap_password}", "imap-password"),
    ("{dkim_password}", "dkim-password"),
];
/// The most failed objects that are listed.
const MOST_LISTED: usize = 50;

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
struct Made {
    target: String,
    created: bool,
    schema_version: i64,
    roles: bool,
}

/// Creates a target's tables and views, and with a directory for their passwords the daemons' roles.
pub async fn init(context: &Context, args: &TargetInitArgs) -> Result<(), Failure> {
    let targets = chosen(&context.settings, args.name.as_deref())?;
    let mut report = Vec::new();
    for target in targets {
        if args.print {
            out::line(sql(target.url.engine()))?;
            continue;
        }
        report.push(make(&context.settings, target, args.secrets.as_deref()).await?);
    }
    if context.is_json && !args.print {
        out::json(&report)?;
        return Ok(());
    }
    for made in report {
        let what = if made.created {
            "tables and views are made".to_owned()
        } else {
            format!("is there already, in version {}", made.schema_version)
        };
        out::line(format_args!("{}: {what}", made.target))?;
        if made.roles {
            out::line(format_args!(
                "{}: the daemons' roles are made, with their grants",
                made.target
            ))?;
        }
    }
    Ok(())
}

async fn make(settings: &Settings, target: &TargetSettings, secrets: Option<&Path>) -> Result<Made, Failure> {
    let mut link = connect(settings, target).await?;
    let made = link.init(SystemClock.now()).await;
    let created = made.map_err(|error| trouble(target, "cannot be made", &error))?;
    let version = link.schema_version().await;
    let version = version.map_err(|error| trouble(target, "does not answer", &error))?;
    let grants = native::grants(target.url.engine());
    let roles = match secrets {
        Some(dir) if !grants.is_empty() => {
            let passwords = passwords(dir)?;
            for statement in grants {
                let statement = filled(&without_comments(statement), &passwords, &target.url);
                grant(&mut link, target, statement).await?;
            }
            true
        }
        _ => false,
    };
    link.close().await;
    Ok(Made {
        target: target.name.clone(),
        created,
        schema_version: version.unwrap_or(native::VERSION),
        roles,
    })
}

/// Runs one grant. A role that is there already gets the password anew.
async fn grant(link: &mut Target, target: &TargetSettings, statement: String) -> Result<(), Failure> {
    let again = statement
        .strip_prefix("CREATE ")
        .map(|rest| format!("ALTER {rest}"));
    let Err(error) = link.run_as_given(statement).await else {
        return Ok(());
    };
    if let Some(again) = again
        && link.run_as_given(again).await.is_ok()
    {
        return Ok(());
    }
    let what = "has its tables, but the daemons' roles cannot be made; let an administrator run what `postdesk \
                target init --print` prints";
    Err(trouble(target, what, &error))
}

/// The passwords of the daemons' roles, each in a file of its own, made where there is none yet.
fn passwords(dir: &Path) -> Result<Vec<(&'static str, String)>, Failure> {
    let ids = Ids::new(Arc::new(SystemClock));
    start::directory(dir)?;
    let mut passwords = Vec::new();
    for (placeholder, name) in ROLES {
        let path = dir.join(name);
        if !path.exists() {
            write_private(&path, &format!("{}\n", ids.key(32)))?;
        }
        let text = fs::read_to_string(&path)
            .map_err(|error| Failure::Said(format!("cannot read {}: {error}", path.display())))?;
        let password = text.trim();
        // It goes into SQL and into the daemons' files, where quotes would end it.
        if password.len() < 8 || !password.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Failure::Said(format!(
                "the password in {} must be at least 8 letters and digits; delete the file for a new one",
                path.display()
            )));
        }
        passwords.push((placeholder, password.to_owned()));
    }
    Ok(passwords)
}

fn without_comments(statement: &str) -> String {
    let code: Vec<&str> = statement.lines().filter(|line| !line.starts_with("--")).collect();
    code.join("\n")
}

fn filled(statement: &str, passwords: &[(&str, String)], url: &DatabaseUrl) -> String {
    let mut text = statement.replace("{database}", &url.database().unwrap_or_default());
    for (placeholder, password) in passwords {
        text = text.replace(placeholder, password);
    }
    text
}

/// Everything to be run by hand.
fn sql(engine: Engine) -> String {
    let tables = native::schema(engine).join(";\n\n");
    let version = native::VERSION;
    let mut text =
        format!("{tables};\n\nINSERT INTO postdesk_schema (version, applied_at) VALUES ({version}, 0);");
    for grant in native::grants(engine) {
        text = format!("{text}\n{grant};");
    }
    text
}

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
        let text = |at: Option<crate::model::Timestamp>| at.map(crate::model::Timestamp::rfc3339);
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
    let app = super::open(context).await?;
    let outcome = show(context, &app, &targets).await;
    app.store.db().close().await;
    outcome
}

async fn show(context: &Context, app: &App, targets: &[&TargetSettings]) -> Result<(), Failure> {
    let call = super::command_line(app);
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

#[derive(Serialize)]
struct Noted {
    target: String,
    objects: u64,
}

/// Has everything written anew, by the worker.
pub async fn resync(context: &Context, args: &TargetArgs) -> Result<(), Failure> {
    let targets = chosen(&context.settings, args.name.as_deref())?;
    let app = super::open(context).await?;
    let mut report = Vec::new();
    for target in targets {
        report.push(Noted {
            target: target.name.clone(),
            objects: app.store.resync(&target.name).await?,
        });
    }
    app.store.db().close().await;
    if context.is_json {
        out::json(&report)?;
        return Ok(());
    }
    for noted in report {
        out::line(format_args!(
            "{}: {} objects are written anew; `postdesk target status` shows how far it is",
            noted.target, noted.objects
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
    let app = super::open(context).await?;
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
    let known = provisioning::targets(app, &super::command_line(app)).await?;
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
            super::with_causes(&error)
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
            "{}: {} objects compared, {} differ, {} are pending; {} domains, {} mailboxes and {} aliases there are \
             not Postdesk's",
            self.target,
            self.compared,
            self.differing,
            self.pending,
            self.foreign_domains,
            self.foreign_mailboxes,
            self.foreign_aliases
        );
        for difference in &self.differences {
            text = format!("{text}\n  {difference}");
        }
        text
    }
}

//! What the commands do. Each takes the settings and its own arguments.

use std::io;
use std::net::SocketAddr;

use serde::Serialize;

use crate::access::{Actor, Call, Credential};
use crate::config::{self, ConfigError, Settings, Sources};
use crate::error::Error;
use crate::service::App;
use crate::start::StartError;
use crate::{http, out, start};

mod accounts;
mod audit;
mod cluster_config;
mod demo;
mod migrate;
mod recount;
mod serve;
mod targets;
mod tokens;
mod worker;

pub use accounts::create as account_create;
pub use audit::verify as audit_verify;
pub use cluster_config::write as cluster_config;
pub use demo::demo;
pub use migrate::migrate;
pub use recount::recount;
pub use serve::serve;
pub use targets::{
    init as target_init, resync as target_resync, status as target_status, verify as target_verify,
};
pub use tokens::create as token_create;
pub use worker::worker;

/// What every command gets.
#[derive(Clone, Debug)]
pub struct Context {
    /// The settings.
    pub settings: Settings,
    /// What they were read from, for a command that adds its own and reads again.
    pub sources: Sources,
    /// Whether programs read the output.
    pub is_json: bool,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration is wrong; there is a line for each problem.
    #[error("the configuration cannot be used\n{0}")]
    Config(ConfigError),
    /// The faults were printed already.
    #[error("the configuration is wrong")]
    Checked,
    /// The audit was changed by somebody else than Postdesk; what is wrong was printed already.
    #[error("the audit is damaged")]
    Damaged,
    /// Standard output cannot be written to.
    #[error("cannot print")]
    Print(#[from] io::Error),
    /// No threads to be had.
    #[error("cannot start")]
    Runtime(#[source] io::Error),
    /// Nobody can listen there.
    #[error("cannot listen on {address}; {fix}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What to do about it.
        fix: &'static str,
        /// Why.
        source: io::Error,
    },
    /// There is no application.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A wish was not granted, or something else that was said in full.
    #[error("{0}")]
    Said(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Said(said(&error))
    }
}

/// An error in the words of a person at a terminal: everything that is wrong, and what to do next.
fn said(error: &Error) -> String {
    match error {
        Error::Invalid(invalid) => invalid.to_string(),
        Error::Against(refusal) => format!("{} {}", refusal.detail, refusal.next),
        error => with_causes(error),
    }
}

/// An error with all that is behind it.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Prints the OpenAPI document of the REST API.
pub fn openapi() -> Result<(), Failure> {
    Ok(out::line(http::api::document().trim_end())?)
}

/// An application for a command that runs beside a server.
async fn open(context: &Context) -> Result<App, Failure> {
    let settings = &context.settings;
    let base_url = settings.base_url(settings.listen).to_string();
    Ok(start::open(settings, base_url).await?)
}

/// The person at the command line, who may do everything.
fn command_line(app: &App) -> Call {
    let actor = Actor::system(Credential::CommandLine, "Command line", app.clock.now());
    Call::new(actor, "command-line")
}

// By hand, because the problems are told once and are no cause behind the failure.
impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// Says whether the configuration is right, and everything that is wrong with it.
pub fn check_config(sources: &Sources, is_json: bool) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Report {
        valid: bool,
        file: Option<String>,
        problems: Vec<String>,
        advice: Vec<String>,
    }

    let file = sources.file.as_ref().map(|path| path.display().to_string());
    let (problems, advice) = match config::load(sources) {
        Ok(loaded) => (Vec::new(), loaded.advice),
        Err(ConfigError(problems)) => problems.into_iter().partition(|problem| !problem.is_advice),
    };
    let valid = problems.is_empty();
    let texts = |problems: Vec<config::Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    let report = Report {
        valid,
        file,
        problems: texts(problems),
        advice: texts(advice),
    };
    if is_json {
        out::json(&report)?;
    } else {
        for problem in &report.problems {
            out::line(format_args!("wrong: {problem}"))?;
        }
        for advice in &report.advice {
            out::line(format_args!("advice: {advice}"))?;
        }
        if valid {
            let file = report.file.as_deref().unwrap_or("no file, defaults only");
            out::line(format_args!("the configuration is right ({file})"))?;
        }
    }
    if valid { Ok(()) } else { Err(Failure::Checked) }
}

/// Shows every setting, its value and where it came from, and what is wrong with it.
pub fn config_explain(sources: &Sources, is_json: bool) -> Result<(), Failure> {
    let (entries, problems) = config::entries(sources);
    if is_json {
        out::json(&config::explain::json(&entries, &problems))?;
    } else {
        out::line(config::explain::table(&entries, &problems))?;
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::Checked)
    }
}

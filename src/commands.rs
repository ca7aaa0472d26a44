//! What the commands do. Each takes the settings and its own arguments.
#![expect(
    clippy::unused_async,
    reason = "the commands that are not wired yet have nothing to wait for"
)]

use std::io;

use serde::Serialize;

use crate::cli::{
    AccountCreateArgs, ClusterConfigArgs, DemoArgs, MigrateArgs, ServeArgs, TargetArgs, TargetInitArgs,
    TokenCreateArgs,
};
use crate::config::{self, ConfigError, Settings, Sources};
use crate::out;

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
    /// Standard output cannot be written to.
    #[error("cannot print")]
    Print(#[from] io::Error),
    /// No threads to be had.
    #[error("cannot start")]
    Runtime(#[source] io::Error),
    /// Nobody has connected this command yet.
    #[error("{0} is not wired yet")]
    NotWired(&'static str),
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

/// Shows every setting, its value and where it came from.
pub fn config_explain(sources: &Sources, is_json: bool) -> Result<(), Failure> {
    let loaded = config::load(sources)?;
    if is_json {
        out::json(&config::explain::json(&loaded.entries))?;
    } else {
        out::line(config::explain::table(&loaded.entries))?;
    }
    Ok(())
}

/// Runs the portal, the API and, unless switched off, the worker.
pub async fn serve(_context: &Context, _args: &ServeArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("serve"))
}

/// Runs everything with example data in one directory.
pub async fn demo(_context: &Context, _args: &DemoArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("demo"))
}

/// Runs only the worker.
pub async fn worker(_context: &Context) -> Result<(), Failure> {
    Err(Failure::NotWired("worker"))
}

/// Brings the database to this version's tables.
pub async fn migrate(_context: &Context, _args: &MigrateArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("migrate"))
}

/// Lets a person sign in.
pub async fn account_create(_context: &Context, _args: &AccountCreateArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("account create"))
}

/// Makes a key for the API.
pub async fn token_create(_context: &Context, _args: &TokenCreateArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("token create"))
}

/// Creates a target's tables, views and roles.
pub async fn target_init(_context: &Context, _args: &TargetInitArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("target init"))
}

/// Shows what has reached a target.
pub async fn target_status(_context: &Context, _args: &TargetArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("target status"))
}

/// Writes everything anew.
pub async fn target_resync(_context: &Context, _args: &TargetArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("target resync"))
}

/// Compares a target's answers with what they should be.
pub async fn target_verify(_context: &Context, _args: &TargetArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("target verify"))
}

/// Writes Postfix and Dovecot configuration.
pub async fn cluster_config(_context: &Context, _args: &ClusterConfigArgs) -> Result<(), Failure> {
    Err(Failure::NotWired("cluster-config"))
}

/// Prints the OpenAPI document.
pub async fn openapi(_context: &Context) -> Result<(), Failure> {
    Err(Failure::NotWired("openapi"))
}

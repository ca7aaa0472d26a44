//! The command line: what can be typed, and nothing of how it is done (that is in `commands`).

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};

use crate::access::Role;
use crate::commands::{self, Context, Failure};
use crate::config::{self, Flag, Sources};
use crate::model::{BadDomainName, DisplayName, DomainName};
use crate::{out, telemetry};

const EXAMPLES: &str = "\
Examples:
  postdesk demo                              try it: example customers, nothing to set up
  postdesk serve                             run the portal; the first start prints a set-up link
  postdesk check-config                      is the configuration right?
  postdesk config explain                    every setting, its value, and where it came from
  postdesk serve --database postgres://postdesk@db.example/postdesk --listen 127.0.0.1:8025
  postdesk account create --email anna@example.org --name \"Anna Berg\" --role operator --scope system
  postdesk target status                     has every change reached the mail servers?

Settings come from a TOML file (--config, else $POSTDESK_CONFIG, else ./postdesk.toml, else
/etc/postdesk/config.toml), then from the environment (POSTDESK__HTTP__DRAIN_S=5 is http.drain_s),
then from flags (--set http.drain_s=5). The later one wins.

Exit codes: 0 it worked, 1 it failed, 2 the command line was wrong.";

/// Postdesk: the administration portal and REST API of a mail hosting cluster.
///
/// Hosting staff and customers manage domains, mailboxes and aliases here; a worker writes every change into the
/// databases that the mail servers read.
#[derive(Debug, Parser)]
#[command(name = "postdesk", version, after_help = EXAMPLES, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// The flags of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The flags of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Read this configuration file instead of the usual ones
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the portal keeps its data.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Keep the portal's data here: sqlite:FILE or postgres://USER@HOST/NAME"
    )]
    pub database: Option<String>,
    /// Listen on this address and port
    #[arg(long, global = true, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Any settings.
    #[arg(
        long,
        global = true,
        value_name = "KEY=VALUE",
        value_parser = assignment,
        help = "Set any setting, as in --set http.drain_s=5 (can be repeated)"
    )]
    pub set: Vec<(String, String)>,
    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the portal and the API, and the worker that writes changes to the mail servers' databases
    ///
    /// Migrates the database first. The first start on an empty database prints a link with which you become its
    /// first operator.
    Serve(ServeArgs),
    /// Try Postdesk with example customers, domains and mailboxes, without setting anything up
    ///
    /// Everything is kept in one directory, which you can delete. The log-ins are printed.
    Demo(DemoArgs),
    /// Run only the worker, for instance beside a portal that was started with --no-worker
    Worker,
    /// Bring the portal's database to the tables this version needs (serve does this by itself)
    Migrate(MigrateArgs),
    /// Say whether the configuration is right, and everything that is wrong with it
    CheckConfig,
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Manage the people who sign in to the portal
    #[command(subcommand)]
    Account(AccountCommand),
    /// Manage the keys with which programs use the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manage the databases that the mail servers read
    #[command(subcommand)]
    Target(TargetCommand),
    /// Write ready Postfix and Dovecot configuration for mail servers that read a target
    ClusterConfig(ClusterConfigArgs),
    /// Print the OpenAPI document of the REST API
    Openapi,
}

/// How to serve.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Do not write to targets in this process; run `postdesk worker` somewhere
    #[arg(long)]
    pub no_worker: bool,
}

/// How to demonstrate.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Throw the earlier demonstration away and begin anew
    #[arg(long)]
    pub fresh: bool,
    /// Keep everything in this directory
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    pub dir: PathBuf,
}

/// How to migrate.
#[derive(Args, Debug)]
pub struct MigrateArgs {
    /// Change nothing; fail if something would have to be changed
    #[arg(long)]
    pub check: bool,
}

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting, its value, and where that came from; passwords stay hidden
    Explain,
}

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Let a person sign in; without --password-file a one-time password is printed
    #[command(
        after_help = "Example:\n  postdesk account create --email anna@example.org --name Anna \
                            --role operator --scope system"
    )]
    Create(AccountCreateArgs),
}

/// Who shall sign in.
#[derive(Args, Debug)]
pub struct AccountCreateArgs {
    /// The address the person signs in with
    #[arg(long, value_name = "ADDRESS")]
    pub email: String,
    /// The person's name
    #[arg(long, value_name = "NAME")]
    pub name: DisplayName,
    /// What the person may do.
    #[arg(
        long,
        value_name = "ROLE",
        requires = "scope",
        help = "What the person may do, for instance operator or domain_admin; needs --scope"
    )]
    pub role: Option<Role>,
    /// Where: system, org:NAME or domain:NAME
    #[arg(long, value_name = "SCOPE", requires = "role")]
    pub scope: Option<ScopeName>,
    /// Take the password from the first line of this file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// A scope as it is typed; what it names is looked up later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeName {
    /// Everything.
    System,
    /// An org, by its id or name, and all below it.
    Org(String),
    /// One domain.
    Domain(DomainName),
}

impl FromStr for ScopeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "system" => Ok(Self::System),
            Some(("org", name)) if !name.trim().is_empty() => Ok(Self::Org(name.trim().to_owned())),
            Some(("domain", name)) => name
                .parse()
                .map(Self::Domain)
                .map_err(|bad: BadDomainName| bad.to_string()),
            _ => Err("write system, org:NAME or domain:NAME".to_owned()),
        }
    }
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a key for the API; it is printed once and can do no more than its account
    #[command(
        after_help = "Example:\n  postdesk token create --account anna@example.org --name backup --read-only"
    )]
    Create(TokenCreateArgs),
}

/// Whose token it is.
#[derive(Args, Debug)]
pub struct TokenCreateArgs {
    /// The address of the account it belongs to
    #[arg(long, value_name = "ADDRESS")]
    pub account: String,
    /// What it is for
    #[arg(long, value_name = "NAME")]
    pub name: DisplayName,
    /// Days until it stops working
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub expires_days: u32,
    /// It can look, but change nothing
    #[arg(long)]
    pub read_only: bool,
}

/// What can be done with targets; without a name, with all of them.
#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// Create the tables, views and roles that the mail servers need
    Init(TargetInitArgs),
    /// Show what has reached a target and what has not, and why
    Status(TargetArgs),
    /// Write everything anew, for instance into a restored or empty target
    Resync(TargetArgs),
    /// Ask a target the mail servers' own questions and compare the answers with what they should be
    Verify(TargetArgs),
}

/// Which target.
#[derive(Args, Debug)]
pub struct TargetArgs {
    /// The target's name in the configuration; all of them without it
    pub name: Option<String>,
}

/// Which target to create.
#[derive(Args, Debug)]
pub struct TargetInitArgs {
    /// The target's name in the configuration; all of them without it
    pub name: Option<String>,
    /// Print the SQL for somebody else to run, and change nothing
    #[arg(long)]
    pub print: bool,
    /// Make the roles of the mail servers too, with passwords that are kept in this directory
    #[arg(long, value_name = "DIR", conflicts_with = "print")]
    pub secrets: Option<PathBuf>,
}

/// For which mail servers.
#[derive(Args, Debug)]
pub struct ClusterConfigArgs {
    /// The target that the mail servers read
    #[arg(long, value_name = "NAME")]
    pub target: String,
    /// The hosts of the cluster; without it, one host that does everything
    #[arg(long, value_name = "FILE")]
    pub layout: Option<PathBuf>,
    /// The full name of that one host; without it, the host of the base URL
    #[arg(long, value_name = "NAME", conflicts_with = "layout")]
    pub host: Option<String>,
    /// Where `target init --secrets` keeps the passwords of the mail servers' roles
    #[arg(long, value_name = "DIR")]
    pub secrets: Option<PathBuf>,
    /// Write the files into this directory, one subdirectory per host
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Does what was typed and says how it went: the whole of `main`.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to standard output, complaints to standard error; a closed pipe is no failure.
            error.print().unwrap_or(());
            return if error.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match perform(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::complain(format_args!("postdesk: {}", commands::with_causes(&failure)));
            ExitCode::FAILURE
        }
    }
}

fn perform(cli: &Cli) -> Result<(), Failure> {
    let is_json = cli.global.json;
    let sources = sources(cli, environment());
    // These two speak about the configuration, so they have to see it with its faults.
    match &cli.command {
        Command::CheckConfig => return commands::check_config(&sources, is_json),
        Command::Config(ConfigCommand::Explain) => return commands::config_explain(&sources, is_json),
        _ => {}
    }
    let loaded = config::load(&sources)?;
    if matches!(
        cli.command,
        Command::Serve(_) | Command::Demo(_) | Command::Worker | Command::Migrate(_)
    ) {
        telemetry::start(&loaded.settings.log);
        for advice in &loaded.advice {
            tracing::warn!("{advice}");
        }
    }
    let context = Context {
        settings: loaded.settings,
        sources,
        is_json,
    };
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?
        .block_on(dispatch(&cli.command, &context))
}

async fn dispatch(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => commands::serve(context, args).await,
        Command::Demo(args) => commands::demo(context, args).await,
        Command::Worker => commands::worker(context).await,
        Command::Migrate(args) => commands::migrate(context, args).await,
        Command::CheckConfig => commands::check_config(&context.sources, context.is_json),
        Command::Config(ConfigCommand::Explain) => {
            commands::config_explain(&context.sources, context.is_json)
        }
        Command::Account(AccountCommand::Create(args)) => commands::account_create(context, args).await,
        Command::Token(TokenCommand::Create(args)) => commands::token_create(context, args).await,
        Command::Target(TargetCommand::Init(args)) => commands::target_init(context, args).await,
        Command::Target(TargetCommand::Status(args)) => commands::target_status(context, args).await,
        Command::Target(TargetCommand::Resync(args)) => commands::target_resync(context, args).await,
        Command::Target(TargetCommand::Verify(args)) => commands::target_verify(context, args).await,
        Command::ClusterConfig(args) => commands::cluster_config(context, args),
        Command::Openapi => commands::openapi(),
    }
}

/// A demonstration must not touch a real installation, so it reads no file that it was not told to.
fn sources(cli: &Cli, environment: Vec<(String, String)>) -> Sources {
    let global = &cli.global;
    let file = match cli.command {
        Command::Demo(_) => global.config.clone(),
        _ => config::find_file(global.config.clone(), &environment),
    };
    let mut flags = Vec::new();
    for (key, value) in &global.set {
        flags.push(Flag {
            name: format!("--set {key}"),
            key: key.clone(),
            value: value.clone(),
        });
    }
    if let Some(url) = &global.database {
        flags.push(Flag {
            name: "--database".to_owned(),
            key: "database".to_owned(),
            value: url.clone(),
        });
    }
    if let Some(address) = &global.listen {
        flags.push(Flag {
            name: "--listen".to_owned(),
            key: "listen".to_owned(),
            value: address.to_string(),
        });
    }
    if let Command::Serve(ServeArgs { no_worker: true }) = cli.command {
        let (name, key) = ("--no-worker".to_owned(), "worker.enabled".to_owned());
        flags.push(Flag {
            name,
            key,
            value: "false".to_owned(),
        });
    }
    Sources {
        file,
        environment,
        flags,
    }
}

/// The part of the environment that is text.
fn environment() -> Vec<(String, String)> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE, for instance http.drain_s=5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_fits_together() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_behind_the_command() {
        for line in [
            "postdesk --listen 127.0.0.1:1 serve",
            "postdesk serve --listen 127.0.0.1:1",
        ] {
            let sources = sources(&parse(line).unwrap(), Vec::new());
            assert_eq!(config::load(&sources).unwrap().settings.listen.port(), 1);
        }
    }

    #[test]
    fn a_well_known_flag_beats_a_set_flag() {
        let cli =
            parse("postdesk --set database=sqlite:a.db --database sqlite:b.db serve --no-worker").unwrap();
        let settings = config::load(&sources(&cli, Vec::new())).unwrap().settings;
        assert_eq!(settings.database.to_string(), "sqlite:b.db");
        assert!(!settings.worker.enabled);
    }

    #[test]
    fn a_wrong_command_line_says_what_is_right() {
        for line in [
            "postdesk sevre",
            "postdesk --set http.drain_s serve",
            "postdesk account create --email a@example.org --name A --role operator",
            "postdesk token create --account a@example.org --name A --expires-days 0",
            "postdesk --listen 8025 serve",
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.use_stderr(), "{line}");
        }
    }

    #[test]
    fn a_demonstration_leaves_a_real_installation_alone() {
        let environment = vec![("POSTDESK_CONFIG".to_owned(), "/etc/real.toml".to_owned())];
        assert_eq!(
            sources(&parse("postdesk demo").unwrap(), environment.clone()).file,
            None
        );
        let serve = sources(&parse("postdesk serve").unwrap(), environment);
        assert_eq!(serve.file, Some("/etc/real.toml".into()));
    }
}

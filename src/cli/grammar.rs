//! What can be typed, and the help for it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};

use crate::access::{Permissions, Role};
use crate::model::{BadDomainName, DisplayName, DomainName, IpRange};
use crate::service::grants;

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
    /// Check the audit
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Manage the databases that the mail servers read
    #[command(subcommand)]
    Target(TargetCommand),
    /// Count anew what limits count, and say which counters are wrong
    #[command(after_help = "Exit codes: 0 all counters are right, or are now; 1 some are wrong.")]
    Recount(RecountArgs),
    /// Write ready Postfix and Dovecot configuration for mail servers that read a target
    ClusterConfig(ClusterConfigArgs),
    /// Print the OpenAPI document of the REST API
    Openapi,
}

/// How to serve.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Listen on this address and port
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Do not write to targets in this process; run `postdesk worker` somewhere
    #[arg(long)]
    pub no_worker: bool,
}

/// How to demonstrate.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Listen on this address and port
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
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

/// How to count anew.
#[derive(Args, Debug)]
pub struct RecountArgs {
    /// Put right what is wrong; without it nothing is changed
    #[arg(long)]
    pub repair: bool,
}

/// What can be done with the audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that nobody changed, removed or inserted entries behind Postdesk's back
    #[command(after_help = "Exit codes: 0 the audit is sound, 1 it is damaged, 2 it could not be checked.")]
    Verify,
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
    /// It can do this and nothing else, such as mailbox.create; may be given several times
    #[arg(long = "permission", value_name = "PERMISSION")]
    pub permissions: Vec<Permissions>,
    /// It reaches this domain, or the org with this id, and nothing else; may be given several times
    #[arg(long = "scope", value_name = "DOMAIN|ORG")]
    pub scopes: Vec<grants::ScopeName>,
    /// It works from these addresses and from nowhere else, such as 192.0.2.0/24; may be given several times
    #[arg(long = "cidr", value_name = "RANGE")]
    pub cidrs: Vec<IpRange>,
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

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE, for instance http.drain_s=5".to_owned()),
    }
}

//! The command line: what can be typed and how it is carried out; what the commands do is in `commands`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::{self, Context, Failure};
use crate::config::{self, Flag, Sources};
use crate::{out, telemetry};

mod grammar;

pub use grammar::{
    AccountCommand, AccountCreateArgs, AuditCommand, Cli, ClusterConfigArgs, Command, ConfigCommand,
    DemoArgs, Global, MigrateArgs, RecountArgs, ScopeName, ServeArgs, TargetArgs, TargetCommand,
    TargetInitArgs, TokenCommand, TokenCreateArgs,
};

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
            match (&cli.command, failure) {
                (Command::Audit(_), Failure::Damaged) => ExitCode::FAILURE,
                // Not to know is another answer than damage.
                (Command::Audit(_), _) => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
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
        // The document is the same whatever the configuration says.
        Command::Openapi => return commands::openapi(),
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
        .worker_threads(worker_threads())
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?
        .block_on(dispatch(&cli.command, &context))
}

/// Threads that serve requests: half of the processors. The other half is the database's own threads', and handing work
/// from one idle thread to the next costs more than the work.
fn worker_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |all| (all.get() / 2).max(1))
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
        Command::Audit(AuditCommand::Verify) => commands::audit_verify(context).await,
        Command::Recount(args) => commands::recount(context, args).await,
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
    if let Command::Serve(ServeArgs { listen, .. }) | Command::Demo(DemoArgs { listen, .. }) = &cli.command
        && let Some(address) = listen
    {
        flags.push(Flag {
            name: "--listen".to_owned(),
            key: "listen".to_owned(),
            value: address.to_string(),
        });
    }
    if let Command::Serve(ServeArgs { no_worker: true, .. }) = cli.command {
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
            "postdesk --set listen=127.0.0.1:1 serve",
            "postdesk serve --set listen=127.0.0.1:1",
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
            "postdesk serve --listen 8025",
            "postdesk target status --listen 127.0.0.1:1",
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

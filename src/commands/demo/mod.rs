//! A demonstration: a whole installation in one directory, filled with customers that do not exist.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::serve::{bind, run, write_private};
use super::{Context, Failure};
use crate::cli::DemoArgs;
use crate::config::{self, Flag, Settings, Sources};
use crate::{out, signals, start};

mod customers;
mod fill;
mod people;
mod story;
mod usage;

/// Made first: this directory is a demonstration, and may be thrown away.
const MARK: &str = "demonstration";
/// Made last: the demonstration is complete, and this is how to get in.
const KEYS: &str = "keys.json";
/// The key of its audit's checkpoints, and they themselves.
const AUDIT_KEY: &str = "audit.key";
const CHECKPOINTS: &str = "audit.checkpoints";
/// The portal's database.
const STORE: &str = "postdesk.db";
/// The database that mail servers would read.
const TARGET: &str = "cluster.db";

/// How to get in: kept, so that the second start prints the same.
#[derive(Debug, Deserialize, Serialize)]
struct Keys {
    accounts: Vec<Key>,
    token: String,
}

/// How one person gets in.
#[derive(Debug, Deserialize, Serialize)]
struct Key {
    role: String,
    email: String,
    password: String,
}

/// Runs everything with example data in one directory.
pub async fn demo(context: &Context, args: &DemoArgs) -> Result<(), Failure> {
    let home = Home::open(&args.dir)?;
    let settings = home.settings(&context.sources)?;
    let shutdown = signals::stop().map_err(Failure::Runtime)?;
    let (listener, bound) = bind(settings.listen).await?;
    let base_url = settings.base_url(bound).to_string();
    if args.fresh {
        home.clear()?;
    }
    let keys = match home.keys()? {
        Some(keys) => keys,
        None => home.furnish(&settings, &base_url).await?,
    };
    let app = start::app(&settings, base_url).await?;
    if context.is_json {
        #[derive(Serialize)]
        struct Ready<'a> {
            url: &'a str,
            #[serde(flatten)]
            keys: &'a Keys,
        }
        let url = app.base_url.as_str();
        out::json(&Ready { url, keys: &keys })?;
    } else {
        out::line(greeting(&app.base_url, &keys, &args.dir))?;
    }
    run(app, &settings, listener, shutdown).await
}

/// The directory of a demonstration, which no other process uses meanwhile.
struct Home {
    dir: PathBuf,
    _turn: File,
}

impl Home {
    /// The directory, if it is a demonstration or can become one.
    fn open(dir: &Path) -> Result<Self, Failure> {
        let dir = std::path::absolute(dir)?;
        start::directory(&dir)?;
        let mark = dir.join(MARK);
        if !mark.exists() {
            if dir.join(STORE).exists() {
                return Err(Failure::Said(format!(
                    "{} holds another installation; choose another directory with --dir",
                    dir.display()
                )));
            }
            write_private(
                &mark,
                "Everything here belongs to `postdesk demo` and can be deleted.\n",
            )?;
        }
        let turn = File::options().write(true).open(&mark)?;
        match turn.try_lock() {
            Ok(()) => Ok(Self { dir, _turn: turn }),
            Err(fs::TryLockError::WouldBlock) => Err(Failure::Said(format!(
                "a demonstration is running in {}; stop it first, or choose another directory with --dir",
                dir.display()
            ))),
            Err(fs::TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// The settings of the demonstration. Nobody's own database is touched, whatever the environment says.
    fn settings(&self, given: &Sources) -> Result<Settings, Failure> {
        if given.flags.iter().any(|flag| flag.key == "database") {
            return Err(Failure::Said(
                "a demonstration keeps its data in --dir; leave --database out, or run `postdesk serve`"
                    .to_owned(),
            ));
        }
        let mut sources = given.clone();
        sources.environment.retain(|(name, _)| {
            let own = [
                "POSTDESK__DATA",
                "POSTDESK__AUDIT",
                "POSTDESK__TARGETS",
                "POSTDESK__NODES",
                "POSTDESK__WORKER",
            ];
            !own.iter().any(|prefix| name.starts_with(prefix))
        });
        let dir = self.dir.display();
        let own = [
            ("data_dir", format!("{dir}")),
            ("database", format!("sqlite:{STORE}")),
            ("audit.key_file", AUDIT_KEY.to_owned()),
            ("audit.checkpoint_file", CHECKPOINTS.to_owned()),
            ("mail_policy.special_use_tlds", "example".to_owned()),
            ("targets.0.name", "cluster".to_owned()),
            ("targets.0.url", format!("sqlite:{dir}/{TARGET}")),
            ("targets.0.usage_from", "true".to_owned()),
        ];
        for (key, value) in own {
            sources.flags.push(Flag {
                name: "demo".to_owned(),
                key: key.to_owned(),
                value,
            });
        }
        let settings = config::load(&sources)?.settings;
        if settings.targets.len() > 1 {
            return Err(Failure::Said(
                "a demonstration writes to its own target and no other; leave targets out of --config and --set"
                    .to_owned(),
            ));
        }
        Ok(settings)
    }

    /// Throws away what was made here before, and nothing else.
    fn clear(&self) -> io::Result<()> {
        let mut names = [KEYS, AUDIT_KEY, CHECKPOINTS].map(ToOwned::to_owned).to_vec();
        for file in [STORE, TARGET] {
            names.extend(["", "-wal", "-shm", "-journal", ".lock"].map(|end| format!("{file}{end}")));
        }
        for name in names {
            match fs::remove_file(self.dir.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The keys of a complete demonstration.
    fn keys(&self) -> Result<Option<Keys>, Failure> {
        let path = self.dir.join(KEYS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let keys = serde_json::from_str(&text).map_err(|error| {
            Failure::Said(format!(
                "{} cannot be read ({error}); begin anew with --fresh",
                path.display()
            ))
        })?;
        Ok(Some(keys))
    }

    /// Makes the demonstration. What an earlier attempt left half done is thrown away.
    async fn furnish(&self, settings: &Settings, base_url: &str) -> Result<Keys, Failure> {
        self.clear()?;
        out::complain("Making the demonstration's customers, domains and mailboxes …");
        let keys = fill::fill(settings, base_url).await?;
        let text = serde_json::to_string_pretty(&keys).map_err(io::Error::other)?;
        write_private(&self.dir.join(KEYS), &text)?;
        Ok(keys)
    }
}

/// What a person needs to look around.
fn greeting(url: &str, keys: &Keys, dir: &Path) -> String {
    let wide = keys
        .accounts
        .iter()
        .map(|key| key.email.len())
        .max()
        .unwrap_or_default();
    let people: Vec<String> = keys
        .accounts
        .iter()
        .map(|key| format!("  {:16} {:wide$}  {}", key.role, key.email, key.password))
        .collect();
    let people = people.join("\n");
    let token = &keys.token;
    let dir = dir.display();
    format!(
        r#"
Postdesk is at {url}

Sign in as
{people}

The operator's API token is {token}

  curl -H 'Authorization: Bearer {token}' '{url}/api/v1/mailboxes?domain=brightwater.example&limit=3'

  curl -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' {url}/api/v1/mailboxes \
    -d '{{"address": "zoe.martin@brightwater.example", "display_name": "Zoe Martin"}}'

Everything is kept in {dir}. Ctrl-C stops; `demo --fresh` begins anew.
"#
    )
}

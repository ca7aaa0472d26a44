//! Ready configuration for the mail servers that read a target.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::targets::{self, ROLES};
use super::{Context, Failure, with_causes};
use crate::cli::ClusterConfigArgs;
use crate::cluster_config::{self as config, ConfPath, Database, Engine, Hostname, Layout, NodeName};
use crate::config::{Settings, TargetSettings};
use crate::db::url;
use crate::model::count;
use crate::out;

#[derive(Serialize)]
struct Written {
    host: String,
    path: String,
    mode: String,
    group: &'static str,
}

/// Writes Postfix and Dovecot configuration.
pub fn write(context: &Context, args: &ClusterConfigArgs) -> Result<(), Failure> {
    let settings = &context.settings;
    let target = targets::one(settings, &args.target)?;
    let mut layout = match &args.layout {
        Some(path) => read(path)?,
        None => one_host(settings, args)?,
    };
    complete(&mut layout.database, target, args.secrets.as_deref())?;
    let files = config::files(&layout, engine(target)).map_err(|error| Failure::Said(with_causes(&error)))?;
    config::write(&files, &args.out).map_err(|error| Failure::Said(with_causes(&error)))?;
    let written: Vec<Written> = files
        .iter()
        .map(|file| Written {
            host: file.host.to_string(),
            path: format!("/{}", file.path),
            mode: format!("{:04o}", file.mode),
            group: file.group.as_str(),
        })
        .collect();
    if context.is_json {
        out::json(&written)?;
        return Ok(());
    }
    for file in &written {
        out::line(format_args!(
            "{} {:8} {}:{}",
            file.mode, file.group, file.host, file.path
        ))?;
    }
    out::complain(format_args!(
        "{} in {}, a directory for each host; install them with the mode and group above, owned by root",
        count(written.len(), "file is", "files are"),
        args.out.display()
    ));
    Ok(())
}

fn read(path: &Path) -> Result<Layout, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Said(format!("{}: {error}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    text.parse().map_err(|error| wrong(&error))
}

/// One host that does everything: the one named, or that of the base URL.
fn one_host(settings: &Settings, args: &ClusterConfigArgs) -> Result<Layout, Failure> {
    let base_url = settings.base_url(settings.listen);
    let name = args.host.as_deref().unwrap_or_else(|| base_url.host());
    let host: Hostname = match name.parse() {
        Ok(host) if name.contains('.') && name.parse::<std::net::IpAddr>().is_err() => host,
        _ => {
            return Err(Failure::Said(format!(
                "other mail servers need the full name of this host, and {name:?} is none; write it as --host \
                 mail.example.org"
            )));
        }
    };
    let node = settings.nodes.first().map_or("node-a", |node| node.name.as_str());
    let node: NodeName = node
        .parse()
        .map_err(|bad: config::BadValue| Failure::Said(bad.to_string()))?;
    Ok(Layout::one_host_default(host, node, Database::default()))
}

/// What the layout leaves out of the database is the target's.
fn complete(database: &mut Database, target: &TargetSettings, secrets: Option<&Path>) -> Result<(), Failure> {
    let bad = |error: config::BadValue| Failure::Said(format!("the target {}: {error}", target.name));
    if let Some(file) = target.url.file() {
        if database.path.is_none() {
            database.path = Some(absolute(file)?);
        }
        return Ok(());
    }
    if database.host.is_none() {
        database.host = target.url.host().map(str::parse).transpose().map_err(bad)?;
    }
    database.port = database.port.or(target.url.port());
    if database.name.is_none() {
        database.name = target
            .url
            .database()
            .map(|name| name.parse())
            .transpose()
            .map_err(bad)?;
    }
    if let Some(dir) = secrets {
        let [(_, mta), (_, imap), _] = ROLES;
        for (role, name) in [(&mut database.mta, mta), (&mut database.imap, imap)] {
            if role.password.is_none() && role.password_file.is_none() {
                role.password_file = Some(absolute(&dir.join(name))?);
            }
        }
    }
    Ok(())
}

fn absolute(path: &Path) -> Result<ConfPath, Failure> {
    let path = std::path::absolute(path)?;
    let text = path.display().to_string();
    text.parse()
        .map_err(|bad: config::BadValue| Failure::Said(format!("{text}: {bad}")))
}

fn engine(target: &TargetSettings) -> Engine {
    match target.url.engine() {
        url::Engine::Sqlite => Engine::Sqlite,
        url::Engine::Postgres => Engine::Postgres,
        url::Engine::Mysql => Engine::Mariadb,
    }
}

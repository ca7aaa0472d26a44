//! Making a target: tables, views, and the roles of the daemons.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::{chosen, connect, trouble};
use crate::cli::TargetInitArgs;
use crate::commands::serve::write_private;
use crate::commands::{Context, Failure};
use crate::config::{Settings, TargetSettings};
use crate::db::url::{DatabaseUrl, Engine};
use crate::ids::Ids;
use crate::model::{Clock as _, SystemClock};
use crate::provisioning::{Target, native};
use crate::{out, start};

/// The roles of the daemons: a placeholder in the grants, and the file of its password.
pub(in crate::commands) const ROLES: [(&str, &str); 3] = [
    ("{mta_password}", "mta-password"),
    ("{imap_password}", "imap-password"),
    ("{dkim_password}", "dkim-password"),
];
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

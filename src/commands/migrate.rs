//! Bringing the portal's database to this version's tables.

use serde::Serialize;

use super::{Context, Failure};
use crate::cli::MigrateArgs;
use crate::{out, start};

#[derive(Serialize)]
struct Report {
    database: String,
    up_to_date: bool,
    missing: usize,
}

/// Brings the database to this version's tables, or says whether that is needed.
pub async fn migrate(context: &Context, args: &MigrateArgs) -> Result<(), Failure> {
    let database = context.settings.database.to_string();
    let missing = if args.check {
        missing(context).await?
    } else {
        start::database(&context.settings).await?.close().await;
        0
    };
    let report = Report {
        database,
        up_to_date: missing == 0,
        missing,
    };
    if context.is_json {
        out::json(&report)?;
    } else if report.up_to_date {
        out::line(format_args!("{} is up to date", report.database))?;
    }
    if missing > 0 {
        let text = format!(
            "{} needs {missing} of this version's migrations; run `postdesk migrate`",
            report.database
        );
        return Err(Failure::Said(text));
    }
    Ok(())
}

/// A check makes no file.
async fn missing(context: &Context) -> Result<usize, Failure> {
    let database = &context.settings.database;
    if database.file().is_some_and(|path| !path.exists()) {
        return Err(Failure::Said(format!(
            "there is no {database} yet; run `postdesk migrate`"
        )));
    }
    Ok(start::migrations_missing(&context.settings).await?)
}

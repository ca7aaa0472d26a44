//! Counting anew what limits count.

use serde::Serialize;

use super::{Context, Failure, command_line, open};
use crate::cli::RecountArgs;
use crate::model::count;
use crate::out;
use crate::service::recount::{self, Miscount, Recount};

#[derive(Serialize)]
struct Report {
    right: bool,
    repaired: bool,
    looked_at: usize,
    miscounts: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    kind: &'static str,
    name: String,
    counter: &'static str,
    stored: i64,
    counted: i64,
}

impl From<Miscount> for Shown {
    fn from(wrong: Miscount) -> Self {
        Self {
            kind: wrong.kind,
            name: wrong.name,
            counter: wrong.counter,
            stored: wrong.stored,
            counted: wrong.counted,
        }
    }
}

/// Says whether the counters of the limits say what is there, and puts them right if that is asked for.
pub async fn recount(context: &Context, args: &RecountArgs) -> Result<(), Failure> {
    let app = open(context).await?;
    let mut call = command_line(&app);
    call.dry_run = !args.repair;
    let found = recount::recount(&app, &call).await;
    app.store.db().close().await;
    let Recount { looked_at, miscounts } = found?;
    let report = Report {
        right: miscounts.is_empty(),
        repaired: !miscounts.is_empty() && args.repair,
        looked_at,
        miscounts: miscounts.into_iter().map(Shown::from).collect(),
    };
    if context.is_json {
        out::json(&report)?;
    } else {
        for wrong in &report.miscounts {
            out::line(format_args!(
                "{} {}: {} is {}, and there are {}",
                wrong.kind, wrong.name, wrong.counter, wrong.stored, wrong.counted
            ))?;
        }
        let looked_at = count(
            u64::try_from(looked_at).unwrap_or(u64::MAX),
            "org or domain was",
            "orgs and domains were",
        );
        out::line(format_args!("{looked_at} counted anew"))?;
    }
    match report.miscounts.len() {
        0 => Ok(()),
        _ if report.repaired => {
            out::complain(format_args!("what was wrong is right now"));
            Ok(())
        }
        wrong => Err(Failure::Said(format!(
            "{} wrong; `postdesk recount --repair` puts them right",
            count(
                u64::try_from(wrong).unwrap_or(u64::MAX),
                "counter is",
                "counters are"
            )
        ))),
    }
}

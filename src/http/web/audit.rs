//! Whether the audit still is what was written.

use super::answer::{Answer, page};
use super::forms::{CsrfForm, Plain};
use super::nav::Here;
use super::pages::audit::{AuditPage, DamageRow};
use super::view::{Badge, Fact, Flash, Link, Note, words};
use super::visitor::Visitor;
use crate::http::session::Tone;
use crate::model::Timestamp;
use crate::service::audit::{self, Checked, Finding, Standing};

pub(super) async fn show(visitor: Visitor) -> Answer {
    let standing = audit::standing(&visitor.app, &visitor.call).await?;
    let now = visitor.now();
    let damages = standing
        .checked
        .iter()
        .flat_map(|checked| &checked.found.findings);
    page(&AuditPage {
        chrome: visitor.chrome(&Here::Everything("All activity")).await?,
        back: Link::new("/system/activity", "All activity"),
        badge: badge(standing.checked.as_ref()),
        note: note(&standing),
        damages: damages.map(|finding| damage(finding, now)).collect(),
        facts: facts(&standing, now),
    })
}

/// Walks along all of it, and tells what was found on the page of the audit.
pub(super) async fn check(visitor: Visitor, _form: CsrfForm<Plain>) -> Answer {
    let checked = audit::check(&visitor.app, &visitor.call).await?;
    let flash = if checked.found.is_sound() {
        Flash::done("The audit is as it was written.")
    } else {
        Flash {
            tone: Tone::Bad,
            ..Flash::done("The audit was changed behind Postdesk’s back.")
        }
    };
    visitor.tell("/system/audit", flash).await
}

fn badge(checked: Option<&Checked>) -> Badge {
    match checked {
        None => Badge::neutral("clock", "Not checked yet"),
        Some(checked) if checked.found.is_sound() => Badge::ok("As it was written"),
        Some(_) => Badge::bad("triangle-alert", "Damaged"),
    }
}

fn note(standing: &Standing) -> Option<Note> {
    if let Some(checked) = standing
        .checked
        .as_ref()
        .filter(|checked| !checked.found.is_sound())
    {
        let first = checked.found.findings.first()?;
        return Some(Note {
            kind: "bad",
            icon: "triangle-alert",
            title: format!("The first bad one is {}", place(first)),
            text: "Somebody who can write to the database changed it, or an older backup was restored. Keep a copy of \
                   the database and of the checkpoints as they are now before anything else is done."
                .to_owned(),
            links: Vec::new(),
        });
    }
    (!standing.keeps).then(|| Note {
        kind: "info",
        icon: "info",
        title: "This server writes no checkpoints".to_owned(),
        text: "Without them, whoever can write to the database could make every hash in it anew.".to_owned(),
        links: Vec::new(),
    })
}

fn facts(standing: &Standing, now: Timestamp) -> Vec<Fact> {
    let moment = |at| words::moment(at, now).words;
    let checkpoint = match &standing.checkpoint {
        Some(newest) => format!("{}, up to entry {}", moment(newest.at), newest.link.seq),
        None => "none yet".to_owned(),
    };
    let mut facts = vec![
        Fact::new("Entries", standing.entries.to_string()),
        Fact::new("Newest checkpoint", checkpoint),
    ];
    match &standing.checked {
        None => facts.push(Fact::new("Last checked", "not since this server was started")),
        Some(checked) => {
            facts.push(Fact::new("Last checked", moment(checked.at)));
            facts.push(Fact::new("As they were written", entries(checked.found.entries)));
            if let Some(agree) = checked.found.checkpoints {
                let agree = i64::try_from(agree).unwrap_or(i64::MAX);
                facts.push(Fact::new(
                    "Checkpoints that agree",
                    words::count(agree, "checkpoint", "checkpoints"),
                ));
            }
        }
    }
    facts
}

fn entries(count: i64) -> String {
    words::count(count, "entry", "entries")
}

fn place(finding: &Finding) -> String {
    let broken = finding.broken;
    match finding.line {
        Some(line) => format!("line {line} of the checkpoint file"),
        None if broken.until > broken.seq => format!("entries {} to {}", broken.seq, broken.until),
        None => format!("entry {}", broken.seq),
    }
}

fn damage(finding: &Finding, now: Timestamp) -> DamageRow {
    let entry = finding.entry.as_ref();
    DamageRow {
        place: place(finding),
        what: finding.broken.damage.sentence().to_owned(),
        next: finding.broken.damage.next().to_owned(),
        entry: entry.map_or_else(String::new, |entry| {
            format!("{} {} by {}", entry.kind, entry.subject, entry.actor)
        }),
        at: entry.map_or_else(String::new, |entry| words::moment(entry.at, now).words),
    }
}

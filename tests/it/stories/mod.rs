//! What people can ask for, on both databases.

use postdesk::error::Error;
use postdesk::model::{Limit, Limits, Quota};

mod accounts;
mod aliases;
mod audit;
mod bin;
mod chain;
mod changes;
mod clock;
mod delegation;
mod domains;
mod explain;
mod exports;
mod letters;
mod limits;
mod links;
mod lists;
mod mailboxes;
mod moves;
mod nodes;
mod orgs;
mod people;
mod pools;
mod races;
mod recount;
mod removals;
mod rotation;
mod search;
mod services;
mod support;
mod tokens;
mod transfers;
mod undo;
mod ways_in;

/// What a wish was answered with, in a word: `done`, the code of the rule that refused it, or what was wrong.
fn word<T>(answer: &Result<T, Error>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(Error::Against(refusal)) => refusal.code.to_owned(),
        Err(Error::Refused(action)) => format!("{action} is missing"),
        Err(Error::NotFound(_)) => "not found".to_owned(),
        Err(Error::Moved(to)) => format!("now {to}"),
        Err(Error::Stale { current, .. }) => format!("stale, is {current}"),
        Err(Error::Unknown) => "unknown".to_owned(),
        Err(Error::Invalid(invalid)) => invalid
            .iter()
            .map(|problem| format!("{} {}", problem.pointer, problem.code))
            .collect::<Vec<_>>()
            .join(", "),
        Err(other) => format!("{other:?}"),
    }
}

/// No limit but these: mailboxes, aliases, all space, space of one mailbox. Empty means none.
fn limits(mailboxes: &str, aliases: &str, quota: &str, mailbox_quota: &str) -> Limits {
    let count = |text: &str| match text {
        "" => Limit::Unlimited,
        number => Limit::from_db(Some(number.parse().unwrap())).unwrap(),
    };
    let bytes = |text: &str| match text {
        "" => Quota::Unlimited,
        text => text.parse().unwrap(),
    };
    Limits {
        mailboxes: count(mailboxes),
        aliases: count(aliases),
        quota: bytes(quota),
        mailbox_quota: bytes(mailbox_quota),
        ..Limits::UNLIMITED
    }
}

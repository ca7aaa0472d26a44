//! Every setting, its value and where it came from: for `postdesk config explain`.

use serde::Serialize;

use super::{Problem, Source};

/// One setting as it stands.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key, as in `http.header_timeout_s`.
    pub key: String,
    /// The value as one would write it in the file, passwords hidden; empty if it has none.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

#[derive(Serialize)]
struct Shown<'a> {
    key: &'a str,
    value: &'a str,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// The entries as lines of a table, each with what is wrong with it; what belongs to none of them stands at the end.
#[must_use]
pub fn table(entries: &[Entry], problems: &[Problem]) -> String {
    let width = |text: fn(&Entry) -> &str| entries.iter().map(|e| text(e).chars().count()).max().unwrap_or(0);
    let keys = width(|entry| &entry.key);
    let values = width(|entry| value(entry)).min(48);
    let line = |entry: &Entry| {
        let wrong = wrong(&entry.key, problems).map(|text| format!("; wrong: {text}"));
        format!(
            "{:keys$} = {:values$}  # {}{}",
            entry.key,
            value(entry),
            entry.source,
            wrong.unwrap_or_default()
        )
    };
    let more = alone(entries, problems);
    let more = more.iter().map(|problem| format!("# wrong: {problem}"));
    entries
        .iter()
        .map(line)
        .chain(more)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The same as something that serialises to JSON.
#[must_use]
pub fn json<'a>(entries: &'a [Entry], problems: &'a [Problem]) -> impl Serialize + 'a {
    let mut shown = Vec::new();
    for Entry { key, value, source } in entries {
        shown.push(Shown {
            key,
            value,
            source: source.to_string(),
            problem: wrong(key, problems),
        });
    }
    for problem in alone(entries, problems) {
        shown.push(Shown {
            key: &problem.key,
            value: "",
            source: problem.source.as_ref().unwrap_or(&Source::Default).to_string(),
            problem: Some(problem.text.clone()),
        });
    }
    shown
}

/// What is wrong with a key.
fn wrong(key: &str, problems: &[Problem]) -> Option<String> {
    let texts: Vec<&str> = problems
        .iter()
        .filter(|problem| problem.key == key)
        .map(|problem| problem.text.as_str())
        .collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// The problems of what is no setting.
fn alone<'a>(entries: &[Entry], problems: &'a [Problem]) -> Vec<&'a Problem> {
    let is_entry = |problem: &Problem| entries.iter().any(|entry| entry.key == problem.key);
    problems.iter().filter(|problem| !is_entry(problem)).collect()
}

fn value(entry: &Entry) -> &str {
    if entry.value.is_empty() {
        "(not set)"
    } else {
        &entry.value
    }
}

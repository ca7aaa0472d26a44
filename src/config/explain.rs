//! Every setting, its value and where it came from: for `postdesk config explain`.

use serde::Serialize;

use super::Source;

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
}

/// The entries as lines of a table.
#[must_use]
pub fn table(entries: &[Entry]) -> String {
    let width = |text: fn(&Entry) -> &str| entries.iter().map(|e| text(e).chars().count()).max().unwrap_or(0);
    let keys = width(|entry| &entry.key);
    let values = width(|entry| value(entry)).min(48);
    let line = |entry: &Entry| {
        format!(
            "{:keys$} = {:values$}  # {}",
            entry.key,
            value(entry),
            entry.source
        )
    };
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The entries as something that serialises to JSON.
#[must_use]
pub fn json(entries: &[Entry]) -> impl Serialize {
    let mut shown = Vec::new();
    for Entry { key, value, source } in entries {
        shown.push(Shown {
            key,
            value,
            source: source.to_string(),
        });
    }
    shown
}

fn value(entry: &Entry) -> &str {
    if entry.value.is_empty() {
        "(not set)"
    } else {
        &entry.value
    }
}

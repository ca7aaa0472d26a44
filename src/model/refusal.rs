//! A rule that says no.

use serde_json::Value;

/// A rule refused a change. Says which, and what to do next.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// A stable name for programs, such as `limit_reached`.
    pub code: &'static str,
    /// One sentence: what is in the way.
    pub detail: String,
    /// One sentence: what to do next.
    pub next: String,
    /// The field concerned, as a JSON pointer.
    pub pointer: Option<&'static str>,
    /// The largest value that would have been taken.
    pub max: Option<i64>,
    /// What somebody changed meanwhile, field by field.
    pub conflicts: Option<Box<Conflicts>>,
}

/// What became of several fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflicts(pub Vec<Conflict>);

/// A field that something newer may have touched.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The field.
    pub field: String,
    /// What it was made then.
    pub then: Value,
    /// What it is now.
    pub now: Value,
    /// What taking it back would have made of it.
    pub undo: Value,
}

impl Refusal {
    /// A refusal with its way out.
    pub fn new(code: &'static str, detail: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            next: next.into(),
            pointer: None,
            max: None,
            conflicts: None,
        }
    }

    /// The same, concerning a field.
    #[must_use]
    pub fn at(mut self, pointer: &'static str) -> Self {
        self.pointer = Some(pointer);
        self
    }

    /// The same, with the largest value that would do.
    #[must_use]
    pub fn at_most(mut self, max: i64) -> Self {
        self.max = Some(max);
        self
    }

    /// What somebody changed meanwhile, field by field.
    pub fn conflicts(&self) -> &[Conflict] {
        self.conflicts.as_ref().map_or(&[], |conflicts| &conflicts.0)
    }

    /// An address or a name that somebody has already.
    pub fn taken(what: &str, name: &str, next: impl Into<String>) -> Self {
        Self::new("already_exists", format!("{what} {name} already exists."), next)
    }

    /// What the field problem list of the API carries besides code and detail.
    pub fn extra(&self) -> Option<serde_json::Map<String, Value>> {
        self.max
            .map(|max| serde_json::Map::from_iter([("max".to_owned(), Value::from(max))]))
    }
}

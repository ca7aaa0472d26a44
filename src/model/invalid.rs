//! Problems with single fields, collected so that a caller hears all of them at once.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// What every `Bad…` error of the vocabulary can say: one sentence (its `Display`) and a stable code.
pub trait Problem: fmt::Display {
    /// A stable `snake_case` code that programs may compare.
    fn code(&self) -> &'static str;
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// A JSON pointer to the field, such as `/quota_bytes`; empty for the whole document.
    pub pointer: String,
    /// A stable `snake_case` code.
    pub code: String,
    /// One sentence: what is wrong and what to do.
    pub detail: String,
    /// Further members of the JSON object, such as `"max": 5368709120`.
    #[serde(flatten)]
    pub extra: Option<Map<String, Value>>,
}

/// All the problems of one request. Empty means that nothing is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Invalid(Vec<FieldProblem>);

impl Invalid {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many problems there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a problem.
    pub fn push(&mut self, pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldProblem {
            pointer: pointer.into(),
            code: code.into(),
            detail: detail.into(),
            extra: None,
        });
    }

    /// Adds a problem that somebody else described, perhaps with extra members.
    pub fn push_problem(&mut self, problem: FieldProblem) {
        self.0.push(problem);
    }

    /// Takes the value out of a parser's answer, or writes its problem down and returns `None`.
    pub fn check<T, E: Problem>(&mut self, pointer: impl Into<String>, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problem) => {
                self.push(pointer, problem.code(), problem.to_string());
                None
            }
        }
    }

    /// Adds all problems of another collection.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Keeps the problems for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&FieldProblem) -> bool) {
        self.0.retain(keep);
    }

    /// The problems in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldProblem> {
        self.0.iter()
    }

    /// `Ok` when nothing is wrong, else itself as the error.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl<'a> IntoIterator for &'a Invalid {
    type Item = &'a FieldProblem;
    type IntoIter = std::slice::Iter<'a, FieldProblem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Invalid {
    type Item = FieldProblem;
    type IntoIter = std::vec::IntoIter<FieldProblem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<FieldProblem> for Invalid {
    fn from(problem: FieldProblem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            if !problem.pointer.is_empty() {
                write!(f, "{}: ", problem.pointer)?;
            }
            f.write_str(&problem.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DomainName;

    #[test]
    fn all_problems_are_reported_at_once_and_good_values_come_through() {
        let mut invalid = Invalid::default();

        let good = invalid.check("/domain", "brightwater.example".parse::<DomainName>());
        let bad = invalid.check("/target", "bright water.example".parse::<DomainName>());
        invalid.push("/quota_bytes", "over_limit", "at most 5 GB are left");

        assert!(good.is_some());
        assert!(bad.is_none());
        assert_eq!(invalid.len(), 2);
        assert_eq!(invalid.iter().next().unwrap().pointer, "/target");
        assert!(
            invalid
                .to_string()
                .ends_with("; /quota_bytes: at most 5 GB are left")
        );
        assert!(invalid.into_result().is_err());
    }

    #[test]
    fn nothing_wrong_is_no_error() {
        assert_eq!(Invalid::default().into_result(), Ok(()));
    }

    #[test]
    fn merged_problems_keep_their_order() {
        let mut first = Invalid::default();
        first.push("/a", "x", "first");
        let mut second = Invalid::default();
        second.push("/b", "x", "second");

        first.merge(second);

        assert_eq!(
            first.into_iter().map(|p| p.pointer).collect::<Vec<_>>(),
            ["/a", "/b"]
        );
    }

    #[test]
    fn extra_members_stand_beside_the_others_in_json() {
        let mut invalid = Invalid::default();
        invalid.push_problem(FieldProblem {
            pointer: "/quota_bytes".to_owned(),
            code: "over_limit".to_owned(),
            detail: "too much".to_owned(),
            extra: serde_json::json!({"max": 5}).as_object().cloned(),
        });
        invalid.push("", "unknown_field", "leave it out");

        assert_eq!(
            serde_json::to_value(&invalid).unwrap(),
            serde_json::json!([
                {"pointer": "/quota_bytes", "code": "over_limit", "detail": "too much", "max": 5},
                {"pointer": "", "code": "unknown_field", "detail": "leave it out"},
            ])
        );
    }
}

//! JSON bodies, read strictly: a tree in which every key stands once, and then field by field.

mod fields;
mod tree;

use std::str::FromStr;

use serde_json::Value;

pub(super) use fields::{Fields, nearest};
use tree::{once_for_nul, parse};

use super::problem::Problem;
use crate::model::{Invalid, Limit, Problem as ModelProblem, Quota};

/// What is wrong with one value: a code and a sentence.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    code: String,
    detail: String,
}

impl Wrong {
    pub(super) fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            detail: detail.into(),
        }
    }

    pub(super) fn into_parts(self) -> (String, String) {
        (self.code, self.detail)
    }

    fn kind(wanted: &str) -> Self {
        Self::new("type", format!("give {wanted} here"))
    }
}

impl<E: ModelProblem> From<E> for Wrong {
    fn from(problem: E) -> Self {
        Self::new(problem.code(), problem.to_string())
    }
}

/// Reads a body as an object and hands it to `read`; every problem of every field is told at once.
pub(super) fn read<T>(bytes: &[u8], read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Result<T, Problem> {
    if bytes.is_empty() {
        let detail = "the request has no body; send a JSON object";
        return Err(Problem::bad_request("bad_json", detail));
    }
    let mut invalid = Invalid::default();
    let tree = parse(bytes, &mut invalid).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::bad_request("bad_json", format!("the body is not JSON: look at {place}"))
    })?;
    let Value::Object(mut members) = tree else {
        invalid.push("", "type", "the body must be a JSON object");
        return Err(invalid.into());
    };
    let mut fields = Fields::new(&mut members, "", &mut invalid);
    let value = read(&mut fields);
    fields.finish();
    once_for_nul(&mut invalid);
    match value {
        Some(value) if invalid.is_empty() => Ok(value),
        _ => Err(invalid.into()),
    }
}

/// A text that parses as `T`.
pub(super) fn text<T>(value: &Value) -> Result<T, Wrong>
where
    T: FromStr,
    T::Err: ModelProblem,
{
    Ok(plain(value)?.parse::<T>()?)
}

/// A text as it is.
pub(super) fn plain(value: &Value) -> Result<&str, Wrong> {
    value
        .as_str()
        .ok_or_else(|| Wrong::kind("a text in quotation marks"))
}

/// One of several words.
pub(super) fn word<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Value) -> Result<T, Wrong> {
    move |value| {
        let text = plain(value)?;
        let known = words.iter().find(|(word, _)| *word == text);
        known.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            Wrong::new("unknown_value", format!("give one of {}", words.join(", ")))
        })
    }
}

/// `true` or `false`.
pub(super) fn switch(value: &Value) -> Result<bool, Wrong> {
    value
        .as_bool()
        .ok_or_else(|| Wrong::kind("true or false, without quotation marks,"))
}

/// A number of bytes or `"unlimited"`.
pub(super) fn quota(value: &Value) -> Result<Quota, Wrong> {
    Ok(Quota::from_json(value)?)
}

/// A count or `"unlimited"`.
pub(super) fn limit(value: &Value) -> Result<Limit, Wrong> {
    Ok(Limit::from_json(value)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::DisplayName;

    fn problems(body: &str) -> String {
        let mut invalid = Invalid::default();
        let mut tree = match parse(body.as_bytes(), &mut invalid) {
            Ok(Value::Object(tree)) => tree,
            Ok(_) => return "no object".to_owned(),
            Err(_) => return "no JSON".to_owned(),
        };
        let mut fields = Fields::new(&mut tree, "", &mut invalid);
        fields.required("display_name", text::<DisplayName>);
        fields.optional("quota_bytes", quota);
        fields.object("protocols", |fields| fields.optional("imap", switch));
        fields.list("labels", text::<crate::model::Label>);
        fields.finish();
        once_for_nul(&mut invalid);
        let told = invalid
            .iter()
            .map(|problem| format!("{} {}", problem.pointer, problem.code));
        told.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn every_problem_is_named_with_its_place() {
        let table = [
            (r#"{"display_name": "Ana"}"#, ""),
            ("{}", "/display_name required"),
            (r#"{"display_name": 5}"#, "/display_name type"),
            (
                r#"{"display_name": "A", "display_name": "B"}"#,
                "/display_name duplicate_field",
            ),
            (r#"{"display_name": "A", "quota": 5}"#, "/quota unknown_field"),
            (r#"{"display_name": "A", "a/b~c": 5}"#, "/a~1b~0c unknown_field"),
            (r#"{"display_name": "A\u0000"}"#, "/display_name nul"),
            (
                r#"{"display_name": "", "labels": ["a\u0000", "b\u0000"], "b": "\u0000"}"#,
                "/labels/0 nul, /labels/1 nul, /b nul, /display_name text_empty",
            ),
            (
                r#"{"display_name": "A", "quota_bytes": null}"#,
                "/quota_bytes amount_type",
            ),
            (
                r#"{"display_name": "A", "quota_bytes": -1}"#,
                "/quota_bytes amount_negative",
            ),
            (
                r#"{"display_name": "A", "quota_bytes": 1.5}"#,
                "/quota_bytes amount_fraction",
            ),
            (
                r#"{"display_name": "A", "quota_bytes": 1e300}"#,
                "/quota_bytes amount_too_large",
            ),
            (r#"{"display_name": "A", "quota_bytes": 1048576.0}"#, ""),
            (
                r#"{"display_name": "A", "protocols": {"imap": "no", "pop": true}}"#,
                "/protocols/imap type, /protocols/pop unknown_field",
            ),
            (r#"{"display_name": "A", "protocols": []}"#, "/protocols type"),
            (
                r#"{"display_name": "A", "labels": ["a", 5, ""]}"#,
                "/labels/1 type, /labels/2 text_empty",
            ),
            ("[]", "no object"),
            (r#"{"display_name": "A",}"#, "no JSON"),
            (r#"{"display_name": "A"} x"#, "no JSON"),
            (r#"{"display_name": 1e999}"#, "no JSON"),
        ];
        for (body, expected) in table {
            assert_eq!(problems(body), expected, "{body}");
        }
    }

    #[test]
    fn a_deep_body_is_refused_before_it_costs_anything() {
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(problems(&format!("{{\"display_name\": {deep}}}")), "no JSON");
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = ["display_name", "quota_bytes", "labels"];
        assert_eq!(nearest("quota", &known), Some("quota_bytes"));
        assert_eq!(nearest("displayName", &known), Some("display_name"));
        assert_eq!(nearest("zzz", &known), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let result = read(&bytes, |fields| fields.optional("a", switch).or(Some(true)));
            let told = result.is_err_and(|problem| problem.is_about("bad_json") || problem.is_about("invalid"));
            prop_assert!(told || serde_json::from_slice::<Value>(&bytes).is_ok());
        }
    }
}

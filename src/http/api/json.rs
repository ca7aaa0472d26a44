//! JSON bodies, read strictly: a tree in which every key stands once, and then field by field.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::Problem;
use crate::model::{FieldProblem, Invalid, Limit, Problem as ModelProblem, Quota};

/// The code of a text with the character U+0000.
const NUL: &str = "nul";
/// Most items of a list whose problems are told one by one.
const MOST_PROBLEMS: usize = 100;

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

/// A text with a NUL breaks other rules too; to say that it has one is enough.
fn once_for_nul(invalid: &mut Invalid) {
    let is_nul = |problem: &FieldProblem| problem.code == NUL;
    let told: HashSet<String> = invalid
        .iter()
        .filter(|problem| is_nul(problem))
        .map(|problem| problem.pointer.clone())
        .collect();
    if !told.is_empty() {
        invalid.retain(|problem| is_nul(problem) || !told.contains(&problem.pointer));
    }
}

fn parse(bytes: &[u8], invalid: &mut Invalid) -> Result<Value, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let tree = Tree { pointer: "", invalid };
    let value = tree.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// Builds a tree, and writes down keys that stand twice and texts that no database takes.
struct Tree<'a> {
    pointer: &'a str,
    invalid: &'a mut Invalid,
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        if text.contains('\0') {
            let detail = "a text cannot contain the character U+0000; take it out";
            self.invalid.push(self.pointer, NUL, detail);
        }
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let pointer = format!("{}/{}", self.pointer, list.len());
            let item = Tree {
                pointer: &pointer,
                invalid: self.invalid,
            };
            let Some(item) = items.next_element_seed(item)? else {
                return Ok(Value::Array(list));
            };
            list.push(item);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let pointer = pointer_to(self.pointer, &key);
            if key.contains('\0') {
                return Err(A::Error::custom("a key has a NUL"));
            }
            let member = Tree {
                pointer: &pointer,
                invalid: self.invalid,
            };
            let value = members.next_value_seed(member)?;
            if map.insert(key, value).is_some() {
                let detail = "this field stands more than once; leave one";
                self.invalid.push(pointer, "duplicate_field", detail);
            }
        }
        Ok(Value::Object(map))
    }
}

fn pointer_to(parent: &str, key: &str) -> String {
    format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The fields of an object. Each is taken out once; what is left over at the end was not known.
pub(super) struct Fields<'a> {
    members: &'a mut Map<String, Value>,
    pointer: &'a str,
    known: Vec<&'static str>,
    invalid: &'a mut Invalid,
}

impl<'a> Fields<'a> {
    fn new(members: &'a mut Map<String, Value>, pointer: &'a str, invalid: &'a mut Invalid) -> Self {
        Self {
            members,
            pointer,
            known: Vec::new(),
            invalid,
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.members.remove(name)
    }

    /// Whether a field is given at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Whether a field is given as null.
    pub(super) fn is_null(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(Value::is_null)
    }

    /// Writes down a problem with a field, or with the whole for an empty name.
    pub(super) fn wrong(&mut self, name: &str, wrong: Wrong) {
        let pointer = if name.is_empty() {
            self.pointer.to_owned()
        } else {
            pointer_to(self.pointer, name)
        };
        self.invalid.push(pointer, wrong.code, wrong.detail);
    }

    fn parsed<T>(&mut self, name: &str, parsed: Result<T, Wrong>) -> Option<T> {
        parsed.map_err(|wrong| self.wrong(name, wrong)).ok()
    }

    /// A field that has to be there.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        if let Some(value) = self.take(name) {
            return self.parsed(name, parse(&value));
        }
        self.wrong(name, Wrong::new("required", "this field is needed"));
        None
    }

    /// A field that may be left out.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        let value = self.take(name)?;
        self.parsed(name, parse(&value))
    }

    /// A field that may be left out, and whose null takes the value away.
    #[expect(
        clippy::option_option,
        reason = "left out, null and a value are three different things to a merge-patch"
    )]
    pub(super) fn nullable<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<Option<T>> {
        match self.take(name)? {
            Value::Null => Some(None),
            value => self.parsed(name, parse(&value)).map(Some),
        }
    }

    /// A list, with the problems of each item.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&Value) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = self.take(name)? else {
            self.wrong(name, Wrong::kind("a list"));
            return None;
        };
        let pointer = pointer_to(self.pointer, name);
        let mut list = Vec::with_capacity(items.len());
        let before = self.invalid.len();
        for (index, item) in items.iter().enumerate() {
            match parse(item) {
                Ok(item) => list.push(item),
                Err(wrong) => self
                    .invalid
                    .push(format!("{pointer}/{index}"), wrong.code, wrong.detail),
            }
            if self.invalid.len() - before == MOST_PROBLEMS {
                break;
            }
        }
        (self.invalid.len() == before).then_some(list)
    }

    /// A list that has to be there.
    pub(super) fn required_list<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&Value) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        if !self.has(name) {
            return self.required(name, |_| Ok(Vec::new()));
        }
        self.list(name, parse)
    }

    /// An object inside the object.
    pub(super) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let Value::Object(mut members) = self.take(name)? else {
            self.wrong(name, Wrong::kind("an object"));
            return None;
        };
        let pointer = pointer_to(self.pointer, name);
        let mut fields = Fields::new(&mut members, &pointer, self.invalid);
        let value = read(&mut fields);
        fields.finish();
        value
    }

    fn finish(self) {
        for name in self.members.keys() {
            let detail = match nearest(name, &self.known) {
                Some(known) => format!("there is no such field; did you mean {known}?"),
                None if self.known.is_empty() => "there is no such field; this takes none".to_owned(),
                None => format!("there is no such field; the fields are {}", self.known.join(", ")),
            };
            self.invalid
                .push(pointer_to(self.pointer, name), "unknown_field", detail);
        }
    }
}

/// The known name that somebody who wrote `name` probably meant.
pub(super) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let scored = known
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known), *known));
    let (score, best) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score > 0.85).then_some(best)
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

//! The fields of an object, taken out one by one.

use serde_json::{Map, Value};

use super::Wrong;
use super::tree::pointer_to;
use crate::model::Invalid;

/// Most items of a list whose problems are told one by one.
const MOST_PROBLEMS: usize = 100;

/// The fields of an object. Each is taken out once; what is left over at the end was not known.
pub(in crate::http::api) struct Fields<'a> {
    members: &'a mut Map<String, Value>,
    pointer: &'a str,
    known: Vec<&'static str>,
    invalid: &'a mut Invalid,
}

impl<'a> Fields<'a> {
    pub(super) fn new(
        members: &'a mut Map<String, Value>,
        pointer: &'a str,
        invalid: &'a mut Invalid,
    ) -> Self {
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
    pub(in crate::http::api) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Whether a field is given as null.
    pub(in crate::http::api) fn is_null(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(Value::is_null)
    }

    /// Writes down a problem with a field, or with the whole for an empty name.
    pub(in crate::http::api) fn wrong(&mut self, name: &str, wrong: Wrong) {
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
    pub(in crate::http::api) fn required<T>(
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
    pub(in crate::http::api) fn optional<T>(
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
    pub(in crate::http::api) fn nullable<T>(
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
    pub(in crate::http::api) fn list<T>(
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
    pub(in crate::http::api) fn required_list<T>(
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
    pub(in crate::http::api) fn object<T>(
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

    /// Whatever nobody asked for is not known.
    pub(super) fn finish(self) {
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
pub(in crate::http::api) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let scored = known
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known), *known));
    let (score, best) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score > 0.85).then_some(best)
}

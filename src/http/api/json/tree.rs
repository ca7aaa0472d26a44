//! The tree of a body: every key stands once, and no text has a NUL.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::model::{FieldProblem, Invalid};

/// The code of a text with the character U+0000.
const NUL: &str = "nul";

/// A text with a NUL breaks other rules too; to say that it has one is enough.
pub(super) fn once_for_nul(invalid: &mut Invalid) {
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

/// Reads a body, and writes down what is wrong with its keys and texts.
pub(super) fn parse(bytes: &[u8], invalid: &mut Invalid) -> Result<Value, serde_json::Error> {
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

/// The JSON pointer to a member.
pub(super) fn pointer_to(parent: &str, key: &str) -> String {
    format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
}

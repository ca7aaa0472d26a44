//! The reference of the REST API, rendered from its OpenAPI document.

use std::sync::LazyLock;

use askama::Template;
use serde_json::Value;

use super::answer::{Answer, page};
use crate::http::api;

/// Most characters of an example; what is longer is in the document itself.
const MOST_OF_AN_EXAMPLE: usize = 4_000;

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
    let document = serde_json::from_str(&api::document()).unwrap_or_default();
    Reference::of(&document)
});

#[derive(Debug, Default)]
struct Reference {
    title: String,
    paragraphs: Vec<String>,
    groups: Vec<Group>,
}

#[derive(Debug, Default)]
struct Group {
    name: String,
    about: String,
    calls: Vec<Described>,
}

/// One thing that can be asked for.
#[derive(Debug, Default)]
struct Described {
    id: String,
    method: String,
    path: String,
    summary: String,
    about: String,
    parameters: Vec<Parameter>,
    /// What is sent, as an example.
    body: String,
    status: String,
    /// What comes back, as an example.
    answer: String,
}

#[derive(Debug, Default)]
struct Parameter {
    name: String,
    about: String,
}

#[derive(Template)]
#[template(path = "pages/docs_api.html")]
struct DocsApi<'a> {
    reference: &'a Reference,
}

pub(super) async fn show() -> Answer {
    let reference = &REFERENCE;
    page(&DocsApi { reference })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Reference {
    fn of(document: &Value) -> Self {
        let tags = document["tags"].as_array().into_iter().flatten();
        let mut groups: Vec<Group> = tags
            .map(|tag| Group {
                name: text(&tag["name"]),
                about: text(&tag["description"]),
                calls: Vec::new(),
            })
            .collect();
        let base = text(&document["servers"][0]["url"]);
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in ["get", "post", "put", "patch", "delete"] {
                let Some(operation) = item.get(method) else {
                    continue;
                };
                let call = Described::of(document, operation, method, &format!("{base}{path}"));
                let tag = text(&operation["tags"][0]);
                if let Some(group) = groups.iter_mut().find(|group| group.name == tag) {
                    group.calls.push(call);
                }
            }
        }
        groups.retain(|group| !group.calls.is_empty());
        let about = text(&document["info"]["description"]);
        Self {
            title: text(&document["info"]["title"]),
            paragraphs: about.split("\n\n").map(ToOwned::to_owned).collect(),
            groups,
        }
    }
}

impl Described {
    fn of(document: &Value, operation: &Value, method: &str, path: &str) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameter = |given: &Value| {
            let given = resolved(document, given);
            Parameter {
                name: text(&given["name"]),
                about: text(&given["description"]),
            }
        };
        let (status, answer) = answer(document, operation);
        let body = resolved(document, &operation["requestBody"]);
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            about: text(&operation["description"]),
            parameters: parameters.map(parameter).collect(),
            body: example(&body["content"]),
            status,
            answer,
        }
    }
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
    target
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(value)
}

/// The first answer that says yes.
fn answer(document: &Value, operation: &Value) -> (String, String) {
    let mut all = operation["responses"].as_object().into_iter().flatten();
    let Some((status, answer)) = all.find(|(status, _)| status.starts_with('2')) else {
        return (String::new(), String::new());
    };
    (status.clone(), example(&resolved(document, answer)["content"]))
}

fn example(content: &Value) -> String {
    let kinds = content.as_object().into_iter().flatten();
    let mut examples = kinds.filter_map(|(_, kind)| {
        let named = kind["examples"].as_object().and_then(|all| all.values().next());
        kind.get("example").or(named.map(|example| &example["value"]))
    });
    let shown = examples
        .next()
        .and_then(|example| serde_json::to_string_pretty(example).ok());
    shown
        .filter(|text| text.len() <= MOST_OF_AN_EXAMPLE)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_document_is_in_the_reference() {
        let document: Value = serde_json::from_str(&api::document()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let operations: usize = paths
            .map(|item| {
                item.as_object()
                    .unwrap()
                    .iter()
                    .filter(|(_, o)| o.get("operationId").is_some())
                    .count()
            })
            .sum();
        let shown: usize = REFERENCE.groups.iter().map(|group| group.calls.len()).sum();
        assert_eq!(shown, operations);
        assert!(shown > 20);
    }
}

//! The published OpenAPI document is the one that the code makes.

use std::path::PathBuf;

use postdesk::http::api;
use serde_json::Value;

/// Where the document is kept.
pub(crate) fn kept(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("openapi")
        .join(name)
}

/// Whether the kept files are to be written anew instead of compared.
pub(crate) fn is_update() -> bool {
    std::env::vars_os().any(|(name, _)| name == "UPDATE_OPENAPI")
}

#[test]
fn the_published_document_is_the_one_that_the_code_makes() {
    if is_update() {
        // The examples are recorded first; see `examples`.
        return;
    }
    let published = std::fs::read_to_string(kept("postdesk.json")).unwrap();
    assert!(
        published == api::document(),
        "run UPDATE_OPENAPI=1 cargo test --test it api::examples and look at the difference"
    );
}

#[test]
fn every_operation_has_an_example_and_a_summary_of_its_own() {
    let document: Value = serde_json::from_str(&api::document()).unwrap();
    let mut summaries = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap();
            assert!(
                !summaries.contains(&summary.to_owned()),
                "{method} {path}: {summary}"
            );
            summaries.push(summary.to_owned());
            let content = operation["responses"].as_object().unwrap();
            let has_example = content
                .values()
                .filter_map(|answer| answer["content"].as_object())
                .flat_map(|kinds| kinds.values())
                .any(|kind| !kind["example"].is_null());
            assert!(
                has_example,
                "{method} {path} has no example; add one to `examples`"
            );
        }
    }
}

//! The layers are one-way: who may know whom, checked against what the files say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A part of the crate, and the parts that it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("access", &["model"]),
    ("db", &[]),
    ("ids", &["model"]),
    ("error", &["access", "db", "model"]),
    ("config", &["db", "model"]),
    ("store", &["access", "config", "db", "error", "ids", "model"]),
    ("service", &["access", "error", "ids", "model", "store"]),
    (
        "provisioning",
        &["config", "db", "error", "model", "service", "store"],
    ),
    ("language", &["model"]),
    (
        "letters",
        &["access", "config", "error", "language", "model", "service"],
    ),
    (
        "http",
        &["access", "config", "error", "ids", "model", "service", "store"],
    ),
    ("cluster_config", &["config", "db"]),
    ("telemetry", &["config"]),
    ("signals", &[]),
    ("out", &[]),
];

/// What is on top: it puts everything together and may name everything.
const ON_TOP: &[&str] = &["cli", "commands", "lib", "main", "start", "serve", "demo"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The part that a file belongs to: the first folder, or the file at the top.
fn part(file: &Path) -> String {
    let inside = file.strip_prefix(source()).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The parts of the crate that a file names, outside of comments and its own tests.
fn named(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut parts = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => {
                let list = list.split("};").next().unwrap();
                parts.extend(list.split(',').map(|item| first_word(item.trim())));
            }
            None => drop(parts.insert(first_word(after))),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn first_word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn the_layers_are_one_way() {
    let table: BTreeMap<&str, &[&str]> = MAY_NAME.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in files(&source()) {
        let own = part(&file);
        if ON_TOP.contains(&own.as_str()) || file.ends_with("tests.rs") {
            continue;
        }
        let Some(may) = table.get(own.as_str()) else {
            wrong.push(format!("{} belongs to no part of the table", file.display()));
            continue;
        };
        for other in named(&file) {
            if other != own && !may.contains(&other.as_str()) {
                let file = file.strip_prefix(source()).unwrap().display();
                wrong.push(format!("{file} names {other}, which {own} must not know"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_model_neither_waits_nor_asks() {
    for file in files(&source().join("model")) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for word in [
            "async fn", ".await", "sqlx::", "axum::", "tokio::", "std::fs", "std::net",
        ] {
            assert!(!code.contains(word), "{} has {word}", file.display());
        }
    }
}

#[test]
fn only_the_database_layer_names_the_drivers() {
    for file in files(&source()) {
        let own = part(&file);
        if ["db", "provisioning", "store"].contains(&own.as_str()) || ON_TOP.contains(&own.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("sqlx::"), "{} names sqlx", file.display());
    }
}

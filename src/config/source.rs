//! Where settings are written: a file, the environment, flags. Later ones win, key by key.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::Problem;

/// The prefix of environment variables that are settings.
const PREFIX: &str = "POSTDESK__";

/// Lists of tables, whose entries are addressed by number: `targets.0.url`.
const LISTS: [&str; 2] = ["targets", "nodes"];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A line of a configuration file.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
    /// The contents of a secret's own file.
    Secret(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File(path, line) => write!(out, "{}:{line}", path.display()),
            Self::Environment(name) => write!(out, "environment variable {name}"),
            Self::Flag(flag) => write!(out, "flag {flag}"),
            Self::Secret(path) => write!(out, "secret file {}", path.display()),
        }
    }
}

/// A setting given on the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// What the person typed, as in `--listen`.
    pub name: String,
    /// The key it sets.
    pub key: String,
    /// The value.
    pub value: String,
}

/// Everything that settings are read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The configuration file, if there is one.
    pub file: Option<PathBuf>,
    /// The whole environment; only `POSTDESK__…` is looked at.
    pub environment: Vec<(String, String)>,
    /// The flags, in the order typed.
    pub flags: Vec<Flag>,
}

/// A value as it was written.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    /// From the environment or a flag: a text that may mean a number or a list.
    Loose(String),
    Text(String),
    Integer(i64),
    Bool(bool),
    List(Vec<Raw>),
    /// Something no setting takes.
    Other(&'static str),
}

/// A value and where it was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) raw: Raw,
    pub(super) source: Source,
}

pub(super) type Layers = BTreeMap<String, Found>;

/// Reads all sources into one map from key to the value that wins.
pub(super) fn gather(sources: &Sources) -> (Layers, Vec<Problem>) {
    let mut layers = Layers::new();
    let mut problems = Vec::new();
    if let Some(path) = &sources.file
        && let Err(problem) = read_file(path, &mut layers)
    {
        problems.push(problem);
    }
    for (name, value) in &sources.environment {
        if let Some(rest) = name.strip_prefix(PREFIX) {
            let key = rest.to_lowercase().replace("__", ".");
            let source = Source::Environment(name.clone());
            layers.insert(
                key,
                Found {
                    raw: Raw::Loose(value.clone()),
                    source,
                },
            );
        }
    }
    for flag in &sources.flags {
        let found = Found {
            raw: Raw::Loose(flag.value.clone()),
            source: Source::Flag(flag.name.clone()),
        };
        layers.insert(flag.key.clone(), found);
    }
    (layers, problems)
}

fn read_file(path: &Path, layers: &mut Layers) -> Result<(), Problem> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Problem::error("", &format!("cannot read {}: {error}", path.display())))?;
    let table = DeTable::parse(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(&text, span.start));
        Problem::error(
            "",
            &format!("{}:{line}: not valid TOML: {}", path.display(), error.message()),
        )
    })?;
    let file = File { path, text: &text };
    file.flatten("", table.get_ref(), layers);
    Ok(())
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn flatten(&self, prefix: &str, table: &DeTable<'_>, layers: &mut Layers) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let line = line_of(self.text, name.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => self.flatten(&format!("{key}."), inner, layers),
                DeValue::Array(items) if LISTS.contains(&key.as_str()) => {
                    for (index, item) in items.iter().enumerate() {
                        self.entry(&format!("{key}.{index}"), item.get_ref(), line, layers);
                    }
                }
                other => self.insert(key, raw(other), line, layers),
            }
        }
    }

    fn entry(&self, key: &str, item: &DeValue<'_>, line: usize, layers: &mut Layers) {
        match item {
            DeValue::Table(inner) => self.flatten(&format!("{key}."), inner, layers),
            other => self.insert(key.to_owned(), raw(other), line, layers),
        }
    }

    fn insert(&self, key: String, raw: Raw, line: usize, layers: &mut Layers) {
        layers.insert(
            key,
            Found {
                raw,
                source: Source::File(self.path.to_owned(), line),
            },
        );
    }
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Boolean(truth) => Raw::Bool(*truth),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("a huge number"), Raw::Integer),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| raw(item.get_ref())).collect()),
        DeValue::Float(_) => Raw::Other("a fraction"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.get(..offset).unwrap_or_default().matches('\n').count()
}

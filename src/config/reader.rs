//! Takes typed values out of the layers, key by key, collecting what is wrong and what came from where.

use std::path::PathBuf;

use super::source::{Found, Layers, Raw, Source};
use super::values::{BaseUrl, LetterSender, LogFormat, NodeState, SmtpSecurity, TargetSchema};
use super::{Entry, Problem};
use crate::db::url::{BadDatabaseUrl, DatabaseUrl};
use crate::model::IpRange;

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    /// What a person has to write.
    const EXPECTED: &'static str;

    /// The value, or what is wrong with it if that is more than its type.
    fn read(raw: &Raw) -> Result<Self, Option<String>>;

    /// The value as one would write it in the file.
    fn show(&self) -> String;
}

/// Reads keys; every key read is a known key.
pub(super) struct Reader {
    layers: Layers,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn new(layers: Layers, problems: Vec<Problem>) -> Self {
        Self {
            layers,
            entries: Vec::new(),
            problems,
        }
    }

    /// The value of a key, if anybody set it.
    pub(super) fn optional<T: Setting>(&mut self, key: &str) -> Option<T> {
        let (value, source) = self.take(key);
        self.explain(key, value.as_ref().map_or_else(String::new, T::show), source);
        value
    }

    /// The value of a key, or its default.
    pub(super) fn or<T: Setting>(&mut self, key: &str, default: T) -> T {
        let (value, source) = self.take(key);
        let value = value.unwrap_or(default);
        self.explain(key, value.show(), source);
        value
    }

    /// Says what a derived value became.
    pub(super) fn explain(&mut self, key: &str, value: String, source: Source) {
        self.entries.retain(|entry| entry.key != key);
        self.entries.push(Entry {
            key: key.to_owned(),
            value,
            source,
        });
    }

    pub(super) fn problem(&mut self, key: &str, text: &str) {
        let source = self.source(key);
        self.problems.push(Problem {
            source,
            ..Problem::error(key, text)
        });
    }

    /// Where the value of a key that was read came from.
    pub(super) fn source(&self, key: &str) -> Option<Source> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| entry.source.clone())
    }

    /// How many entries a list of tables has.
    pub(super) fn length(&self, list: &str) -> usize {
        let prefix = format!("{list}.");
        self.layers
            .keys()
            .filter_map(|key| {
                key.strip_prefix(&prefix)?
                    .split('.')
                    .next()?
                    .parse::<usize>()
                    .ok()
            })
            .filter(|index| *index < MAX_ENTRIES)
            .max()
            .map_or(0, |last| last + 1)
    }

    /// What was read, and every problem: what nobody asked for is unknown.
    pub(super) fn finish(mut self, more_keys: &[&str]) -> (Vec<Entry>, Vec<Problem>) {
        let left = std::mem::take(&mut self.layers);
        for (key, found) in left {
            let nearest = self.nearest(&key, more_keys);
            let text = match nearest {
                Some(near) => format!("is not a setting; did you mean {near}?"),
                None => "is not a setting; `postdesk config explain` lists all of them".to_owned(),
            };
            self.problems.push(Problem {
                source: Some(found.source),
                ..Problem::error(&key, &text)
            });
        }
        (self.entries, self.problems)
    }

    fn take<T: Setting>(&mut self, key: &str) -> (Option<T>, Source) {
        let Some(Found { raw, source }) = self.layers.remove(key) else {
            return (None, Source::Default);
        };
        match T::read(&raw) {
            Ok(value) => (Some(value), source),
            Err(reason) => {
                let text = reason.unwrap_or_else(|| format!("expects {}, not {}", T::EXPECTED, raw.kind()));
                self.problems.push(Problem {
                    source: Some(source.clone()),
                    ..Problem::error(key, &text)
                });
                (None, source)
            }
        }
    }

    fn nearest(&self, key: &str, more_keys: &[&str]) -> Option<String> {
        let known = self
            .entries
            .iter()
            .map(|entry| entry.key.as_str())
            .chain(more_keys.iter().copied());
        known
            .map(|known| (distance(key, known), known))
            .min()
            .filter(|(distance, _)| *distance <= 4.max(key.len() / 3))
            .map(|(_, known)| known.to_owned())
    }
}

/// More targets or nodes than this are a typing error.
const MAX_ENTRIES: usize = 1000;

/// A key in the wrong section is nearer than its letters say.
fn distance(key: &str, known: &str) -> usize {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    if last(key) == last(known) {
        1
    } else {
        strsim::damerau_levenshtein(key, known)
    }
}

impl Raw {
    fn kind(&self) -> String {
        match self {
            Self::Loose(text) => format!("{text:?}"),
            Self::Text(text) => format!("the text {text:?}"),
            Self::Integer(number) => format!("the number {number}"),
            Self::Bool(truth) => format!("{truth}"),
            Self::List(_) => "a list".to_owned(),
            Self::Other(kind) => (*kind).to_owned(),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Loose(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

macro_rules! integers {
    ($($kind:ty),+) => {$(
        impl Setting for $kind {
            const EXPECTED: &'static str = "a whole number";

            fn read(raw: &Raw) -> Result<Self, Option<String>> {
                let number = match raw {
                    Raw::Integer(number) => *number,
                    Raw::Loose(text) => text.trim().parse().map_err(|_| None)?,
                    _ => return Err(None),
                };
                Self::try_from(number).map_err(|_| {
                    Some(if number < 0 {
                        format!("expects a whole number of 0 or more, not {number}")
                    } else {
                        format!("expects a whole number up to {}, not {number}", Self::MAX)
                    })
                })
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}
integers!(u16, u32, u64, usize);

impl Setting for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        match raw {
            Raw::Bool(truth) => Ok(*truth),
            Raw::Loose(text) => text.trim().parse().map_err(|_| None),
            _ => Err(None),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// Settings that are written as one text, with a parser that says what is wrong.
macro_rules! texts {
    ($($kind:ty, $expected:literal;)+) => {$(
        impl Setting for $kind {
            const EXPECTED: &'static str = $expected;

            fn read(raw: &Raw) -> Result<Self, Option<String>> {
                let text = raw.text().ok_or(None)?;
                text.parse().map_err(|error: <Self as std::str::FromStr>::Err| Some(error.to_string()))
            }

            fn show(&self) -> String {
                format!("\"{self}\"")
            }
        }
    )+};
}
texts! {
    BaseUrl, "an origin such as \"https://portal.example\"";
    DatabaseUrl, "a database such as \"sqlite:postdesk.db\"";
    LetterSender, "an address such as \"Postdesk <postdesk@mail.example>\"";
    LogFormat, "\"text\" or \"json\"";
    NodeState, "\"up\", \"drain\" or \"down\"";
    SmtpSecurity, "\"starttls\", \"tls\" or \"none\"";
    TargetSchema, "\"native\"";
}

/// The portal's own database: MariaDB is not offered where it is not taken.
#[derive(Clone, Debug)]
pub(super) struct OwnDatabase(pub(super) DatabaseUrl);

impl Setting for OwnDatabase {
    const EXPECTED: &'static str = DatabaseUrl::EXPECTED;

    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        match raw.text().ok_or(None)?.parse() {
            Ok(url) => Ok(Self(url)),
            Err(BadDatabaseUrl::Scheme) => Err(Some(
                "must begin with sqlite: or postgres://, as in sqlite:postdesk.db or \
                 postgres://user@host/postdesk"
                    .to_owned(),
            )),
            Err(error) => Err(Some(error.to_string())),
        }
    }

    fn show(&self) -> String {
        self.0.show()
    }
}

impl Setting for String {
    const EXPECTED: &'static str = "a text in quotes";

    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        raw.text().map(str::to_owned).ok_or(None)
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Setting for PathBuf {
    const EXPECTED: &'static str = "a path in quotes";

    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        raw.text()
            .filter(|text| !text.is_empty())
            .map(Self::from)
            .ok_or(None)
    }

    fn show(&self) -> String {
        format!("\"{}\"", self.display())
    }
}

impl Setting for std::net::SocketAddr {
    const EXPECTED: &'static str = "an address and port such as \"127.0.0.1:8025\"";

    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        raw.text().ok_or(None)?.parse().map_err(|_| None)
    }

    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Setting for Vec<String> {
    const EXPECTED: &'static str = "a list of texts such as [\"a\", \"b\"]";

    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        match raw {
            Raw::List(items) => items
                .iter()
                .map(|item| String::read(item).map_err(|_| None))
                .collect(),
            // In the environment a list is written with commas, or as in the file.
            Raw::Loose(text) if text.trim_start().starts_with('[') => {
                let line = format!("list = {text}");
                let mut table: std::collections::BTreeMap<String, Self> =
                    toml::from_str(&line).map_err(|_| None)?;
                table.remove("list").ok_or(None)
            }
            Raw::Loose(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(items.map(str::to_owned).collect())
            }
            _ => Err(None),
        }
    }

    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(String::show).collect();
        format!("[{}]", items.join(", "))
    }
}

impl Setting for Vec<IpRange> {
    const EXPECTED: &'static str = "a list of address ranges such as [\"10.0.0.0/8\"]";

    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        let texts = Vec::<String>::read(raw).map_err(|_| None)?;
        let parse = |text: &String| {
            text.parse()
                .map_err(|error| Some(format!("{error}, and {text:?} is none")))
        };
        texts.iter().map(parse).collect()
    }

    fn show(&self) -> String {
        self.iter()
            .map(ToString::to_string)
            .collect::<Vec<String>>()
            .show()
    }
}

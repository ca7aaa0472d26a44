//! Query parameters, read strictly, and the cursors of lists.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::json::{Wrong, nearest};
use super::problem::Problem;
use crate::model::{FieldProblem, Invalid, Timestamp};
use crate::store::{Cursor, PageRequest};

/// How many items a page has when nothing else is said.
const USUAL_LIMIT: usize = 50;
/// The most items of a page.
pub(super) const MOST_LIMIT: usize = 500;
/// The most items that are counted.
pub(super) const MOST_COUNTED: usize = 10_000;
/// Bytes of the digest that ties a cursor to its list.
const BINDING: usize = 9;

/// The query parameters of a request. Each is taken out once; what is left over at the end was not known.
#[derive(Debug)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    given: Vec<String>,
    known: Vec<&'static str>,
    invalid: Invalid,
}

impl Query {
    /// The parameters of a request's address.
    pub(super) fn of(uri: &http::Uri) -> Self {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let pairs: Vec<(String, String)> = pairs.into_owned().collect();
        Self {
            given: pairs.iter().map(|(name, _)| name.clone()).collect(),
            pairs,
            known: Vec::new(),
            invalid: Invalid::default(),
        }
    }

    /// A parameter as it is.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let mut values = Vec::new();
        self.pairs.retain(|(key, value)| {
            let is_it = key == name;
            if is_it {
                values.push(value.clone());
            }
            !is_it
        });
        if values.len() > 1 {
            self.wrong(
                name,
                Wrong::new("duplicate_parameter", "give this parameter once"),
            );
            return None;
        }
        let value = values.pop()?;
        if value.contains('\0') {
            self.wrong(name, Wrong::new("nul", "take out the character U+0000"));
            return None;
        }
        Some(value)
    }

    /// A parameter that has its own parser.
    pub(super) fn parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).map_err(|wrong| self.wrong(name, wrong)).ok()
    }

    /// `true` or `false`; left out it is `false`.
    pub(super) fn switch(&mut self, name: &'static str) -> bool {
        self.parsed(name, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Wrong::new("type", "give true or false")),
        })
        .unwrap_or(false)
    }

    /// A moment.
    pub(super) fn moment(&mut self, name: &'static str) -> Option<Timestamp> {
        self.parsed(name, |text| Ok(text.parse::<Timestamp>()?))
    }

    /// Writes down that a parameter is missing, if it is.
    pub(super) fn needs(&mut self, name: &'static str) {
        if !self.has(name) {
            self.wrong(name, Wrong::new("required", "this parameter is needed"));
        }
    }

    /// Whether a parameter is, or was, there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.given.iter().any(|known| known == name)
    }

    /// Writes down that a parameter is missing or wrong.
    pub(super) fn wrong(&mut self, name: &str, wrong: Wrong) {
        let (code, detail) = wrong.into_parts();
        self.invalid.push_problem(FieldProblem {
            pointer: String::new(),
            code,
            detail: format!("{name}: {detail}"),
            extra: Some(Map::from_iter([("parameter".to_owned(), Value::from(name))])),
        });
    }

    /// Refuses what was not known, and everything that was wrong.
    pub(super) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            let detail = match nearest(&name, &self.known) {
                Some(known) => format!("there is no such parameter; did you mean {known}?"),
                None if self.known.is_empty() => "this takes no parameters".to_owned(),
                None => format!("there is no such parameter; there are {}", self.known.join(", ")),
            };
            self.wrong(&name, Wrong::new("unknown_parameter", detail));
        }
        if self.invalid.is_empty() {
            Ok(())
        } else {
            Err(Problem::parameters(self.invalid))
        }
    }
}

/// Which page of a list is wanted, and what its cursors are bound to.
#[derive(Debug)]
pub(super) struct Paging {
    /// The page.
    pub(super) page: PageRequest,
    /// The fields that are wanted of each item; all of them if nothing is said.
    pub(super) fields: Option<Vec<String>>,
    /// Whether all items are to be counted.
    pub(super) count: bool,
    binding: [u8; BINDING],
    link: String,
}

impl Paging {
    /// Reads `limit` and `after`. A cursor is good only for the very list (path, filters, order) that gave it.
    pub(super) fn read(uri: &http::Uri, query: &mut Query) -> Result<Self, Problem> {
        let mut rest: Vec<(String, String)> = query.pairs.clone();
        rest.retain(|(name, _)| name != "limit" && name != "after" && name != "wait");
        rest.sort();
        let mut digest = Sha256::new();
        digest.update(uri.path());
        // What is shown of an item does not change which items there are.
        let narrowing = |(name, _): &&(String, String)| name != "fields" && name != "count";
        for (name, value) in rest.iter().filter(narrowing) {
            digest.update([0]);
            digest.update(name);
            digest.update([1]);
            digest.update(value);
        }
        let mut binding = [0; BINDING];
        binding.copy_from_slice(&digest.finalize()[..BINDING]);

        let limit = query.parsed("limit", |text| match text.parse() {
            Ok(limit @ 1..=MOST_LIMIT) => Ok(limit),
            _ => Err(Wrong::new(
                "out_of_range",
                format!("give a number from 1 to {MOST_LIMIT}"),
            )),
        });
        let limit = limit.unwrap_or(USUAL_LIMIT);
        let after = match query.text("after") {
            Some(text) => Some(opened(&text, binding)?),
            None => None,
        };
        let mut link = url::form_urlencoded::Serializer::new(format!("{}?", uri.path()));
        link.extend_pairs(&rest).append_pair("limit", &limit.to_string());
        Ok(Self {
            page: PageRequest { limit, after },
            fields: None,
            count: false,
            binding,
            link: link.finish(),
        })
    }

    /// The page by which all items are counted, if they are to be: everything that is counted exactly, and one more.
    pub(super) fn whole(&self) -> Option<PageRequest> {
        self.count.then(|| PageRequest::first(MOST_COUNTED))
    }

    /// The cursor as clients see it.
    pub(super) fn sealed(&self, cursor: &Cursor) -> String {
        let mut bytes = self.binding.to_vec();
        bytes.extend(serde_json::to_vec(&cursor.key).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Path and query of the page that begins there.
    pub(super) fn link(&self, sealed: &str) -> String {
        format!("{}&after={sealed}", self.link)
    }
}

fn opened(text: &str, binding: [u8; BINDING]) -> Result<Cursor, Problem> {
    let bad = |detail: &str| Problem::bad_request("bad_cursor", format!("after: {detail}"));
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let key: Option<Vec<String>> = bytes
        .split_at_checked(BINDING)
        .and_then(|(_, key)| serde_json::from_slice(key).ok());
    let Some(key) = key else {
        return Err(bad("this is no cursor; take next_after of the page before"));
    };
    if !bytes.starts_with(&binding) {
        return Err(bad(
            "this cursor belongs to another list; keep path, filters and sort as they were",
        ));
    }
    Ok(Cursor { key })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paging(uri: &str) -> Result<Paging, Problem> {
        let uri: http::Uri = uri.parse().unwrap();
        Paging::read(&uri, &mut Query::of(&uri))
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let first = paging("/api/v1/mailboxes?q=an&limit=2").unwrap();
        let sealed = first.sealed(&Cursor {
            key: vec!["/".to_owned(), "b.example".to_owned()],
        });

        let next = paging(&first.link(&sealed)).unwrap();
        assert_eq!(next.page.after.unwrap().key, ["/", "b.example"]);
        assert_eq!(next.page.limit, 2);
        for other in [
            "mailboxes?q=bo",
            "mailboxes",
            "aliases?q=an",
            "mailboxes?q=an&sort=-usage",
        ] {
            let sign = if other.contains('?') { '&' } else { '?' };
            assert!(
                paging(&format!("/api/v1/{other}{sign}after={sealed}")).is_err(),
                "{other}"
            );
        }
    }

    #[test]
    fn the_limit_is_a_number_within_bounds() {
        for (limit, fits) in [
            ("1", true),
            ("500", true),
            ("0", false),
            ("501", false),
            ("-1", false),
            ("x", false),
        ] {
            let uri: http::Uri = format!("/x?limit={limit}").parse().unwrap();
            let mut query = Query::of(&uri);
            Paging::read(&uri, &mut query).unwrap();
            assert_eq!(query.finish().is_ok(), fits, "{limit}");
        }
    }

    proptest! {
        #[test]
        fn any_cursor_is_opened_or_refused(text in "[A-Za-z0-9_-]{0,60}") {
            prop_assert!(opened(&text, [0; BINDING]).is_err() || text.starts_with("AAAAAAAAAAAA"));
        }
    }
}

//! Pages of lists in URLs: where the next one begins, in a form that nobody needs to read.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use super::view::{Pager, words};
use crate::model::Invalid;
use crate::store::{Cursor, Page, PageRequest};

/// Rows of one page.
pub(super) const ROWS: usize = 50;

/// The part of a URL that says which page is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    pub(super) after: String,
}

impl Wanted {
    /// The page that is asked for.
    pub(super) fn page(&self) -> Result<PageRequest, Invalid> {
        if self.after.is_empty() {
            return Ok(PageRequest::first(ROWS));
        }
        let key = BASE64URL_NOPAD.decode(self.after.as_bytes()).ok();
        let key = key.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Some(key) = key else {
            let mut invalid = Invalid::default();
            let text = "this page of the list does not exist; begin with the first";
            invalid.push("", "cursor", text);
            return Err(invalid);
        };
        Ok(PageRequest {
            limit: ROWS,
            after: Some(Cursor { key }),
        })
    }
}

/// The ways on from a page of a list that is at `path`, with the same filters.
pub(super) fn pager<T>(page: &Page<T>, wanted: &Wanted, path: &str, filters: &[(&str, &str)]) -> Pager {
    let url = |after: Option<&str>| {
        let given = filters.iter().filter(|(_, value)| !value.is_empty());
        let pairs = given.map(|(name, value)| format!("{name}={}", words::query(value)));
        let all: Vec<String> = pairs.chain(after.map(|after| format!("after={after}"))).collect();
        if all.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", all.join("&"))
        }
    };
    let next = page.next.as_ref().map(|cursor| {
        let key = serde_json::to_vec(&cursor.key).unwrap_or_default();
        url(Some(&BASE64URL_NOPAD.encode(&key)))
    });
    Pager {
        first: (!wanted.after.is_empty()).then(|| url(None)),
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_to_the_next_with_the_same_filters() {
        let page: Page<()> = Page {
            items: Vec::new(),
            next: Some(Cursor {
                key: vec!["/".to_owned(), "ü".to_owned()],
            }),
        };
        let pager = pager(
            &page,
            &Wanted::default(),
            "/x",
            &[("filter", "a b"), ("state", "")],
        );
        let next = pager.next.unwrap();
        assert!(next.starts_with("/x?filter=a+b&after="), "{next}");
        let after = next.rsplit('=').next().unwrap().to_owned();
        let request = Wanted { after }.page().unwrap();
        assert_eq!(request.after.unwrap().key, ["/", "ü"]);
        assert_eq!(pager.first, None);
    }

    #[test]
    fn a_made_up_cursor_is_refused() {
        let after = "!!".to_owned();
        assert!(Wanted { after }.page().is_err());
    }
}

//! Pages of lists in URLs: where the next one begins, in a form that nobody needs to read.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use super::view::{Pager, words};
use crate::model::Invalid;
use crate::store::{Cursor, Page, PageRequest};

/// Rows of one page.
pub(super) const ROWS: usize = 50;

/// The part of a URL that says which page is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
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

/// Pages that are looked through for what is wanted before the reader is asked whether to go on.
const MOST_LOOKED_THROUGH: usize = 20;

/// Gathers what is wanted out of several pages. Where that is rare the outcome may be short or empty and still have a
/// next: nothing walks to the end of a long list on one click.
#[derive(Debug)]
pub(super) struct Sieve<T> {
    request: PageRequest,
    items: Vec<T>,
    looked_through: usize,
    is_over: bool,
}

impl<T> Sieve<T> {
    pub(super) fn new(request: PageRequest) -> Self {
        Self {
            request,
            items: Vec::new(),
            looked_through: 0,
            is_over: false,
        }
    }

    /// The page to look through next, if there is one and it is needed.
    pub(super) fn next(&self) -> Option<PageRequest> {
        let is_enough = self.items.len() >= self.request.limit || self.looked_through >= MOST_LOOKED_THROUGH;
        (!self.is_over && !is_enough).then(|| self.request.clone())
    }

    pub(super) fn add(&mut self, found: Page<T>, is_wanted: impl Fn(&T) -> bool) {
        self.looked_through += 1;
        self.items.extend(found.items.into_iter().filter(is_wanted));
        self.is_over = found.next.is_none();
        self.request.after = found.next;
    }

    pub(super) fn page(self) -> Page<T> {
        Page {
            items: self.items,
            next: self.request.after.filter(|_| !self.is_over),
        }
    }
}

/// Shows several lists one after the other, as one.
#[derive(Debug)]
pub(super) struct Turns<T> {
    lists: usize,
    list: usize,
    after: Option<Cursor>,
    items: Vec<T>,
    limit: usize,
}

impl<T> Turns<T> {
    /// The cursor of a request says in which list it begins, and after what in it.
    pub(super) fn new(request: &PageRequest, lists: usize) -> Self {
        let key = request.after.as_ref().map_or(&[][..], |cursor| &cursor.key);
        let (list, after) = match key.split_first() {
            None => (0, None),
            Some((list, rest)) => (
                list.parse().unwrap_or(lists),
                (!rest.is_empty()).then(|| Cursor { key: rest.to_vec() }),
            ),
        };
        Self {
            lists,
            list,
            after,
            items: Vec::new(),
            limit: request.limit,
        }
    }

    /// The list to read next and the page of it, if there is one and it is needed.
    pub(super) fn next(&self) -> Option<(usize, PageRequest)> {
        let limit = self.limit.saturating_sub(self.items.len());
        let request = PageRequest {
            limit,
            after: self.after.clone(),
        };
        (self.list < self.lists && limit > 0).then_some((self.list, request))
    }

    pub(super) fn add(&mut self, found: Page<T>) {
        self.items.extend(found.items);
        self.after = found.next;
        if self.after.is_none() {
            self.list += 1;
        }
    }

    pub(super) fn page(self) -> Page<T> {
        let mut key = vec![self.list.to_string()];
        key.extend(self.after.into_iter().flat_map(|cursor| cursor.key));
        Page {
            items: self.items,
            next: (self.list < self.lists).then_some(Cursor { key }),
        }
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

    fn numbers(request: &PageRequest, end: usize) -> Page<usize> {
        let from = request
            .after
            .as_ref()
            .map_or(0, |cursor| cursor.key[0].parse().unwrap());
        let until = end.min(from + request.limit);
        Page {
            items: (from..until).collect(),
            next: (until < end).then(|| Cursor {
                key: vec![until.to_string()],
            }),
        }
    }

    #[test]
    fn what_is_wanted_is_gathered_from_several_pages_and_never_from_all() {
        let sifted = |end, is_wanted: fn(&usize) -> bool| {
            let mut sieve = Sieve::new(PageRequest::first(10));
            while let Some(request) = sieve.next() {
                sieve.add(numbers(&request, end), is_wanted);
            }
            let page = sieve.page();
            (page.items.len(), page.next.map(|cursor| cursor.key.concat()))
        };
        assert_eq!(sifted(1000, |n| n % 2 == 0), (10, Some("20".to_owned())));
        assert_eq!(sifted(1000, |_| false), (0, Some("200".to_owned())));
        assert_eq!(sifted(15, |_| true), (10, Some("10".to_owned())));
        assert_eq!(sifted(15, |n| n % 2 == 0), (8, None));
    }

    #[test]
    fn lists_follow_each_other_until_all_is_shown() {
        let mut shown = Vec::new();
        let mut after = None;
        loop {
            let mut turns = Turns::new(&PageRequest { limit: 4, after }, 3);
            while let Some((list, request)) = turns.next() {
                let found = numbers(&request, [5, 0, 6][list]);
                turns.add(Page {
                    items: found.items.iter().map(|n| (list, *n)).collect(),
                    next: found.next,
                });
            }
            let page = turns.page();
            assert!(page.items.len() <= 4);
            shown.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let first = (0..5).map(|n| (0, n));
        assert_eq!(shown, first.chain((0..6).map(|n| (2, n))).collect::<Vec<_>>());
    }

    #[test]
    fn a_made_up_cursor_is_refused() {
        let after = "!!".to_owned();
        assert!(Wanted { after }.page().is_err());
    }
}

//! Pages of lists: a keyset, never an offset.

/// Where a page begins: after this key, in the order of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The parts of the key of the last item seen.
    pub key: Vec<String>,
}

/// Which page is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at most.
    pub limit: usize,
    /// After which item; `None` is the first page.
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// The first page.
    pub fn first(limit: usize) -> Self {
        Self { limit, after: None }
    }

    /// The part `n` of the cursor, or nothing.
    pub(super) fn part(&self, n: usize) -> Option<&str> {
        self.after
            .as_ref()
            .and_then(|cursor| cursor.key.get(n))
            .map(String::as_str)
    }

    /// How many rows to ask the database for, to know whether there are more.
    pub(super) fn rows(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(500) + 1
    }
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Cuts off the item too many that tells that there is a next page.
    pub(super) fn of(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> Vec<String>) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more {
            items.last().map(|item| Cursor { key: key(item) })
        } else {
            None
        };
        Self { items, next }
    }

    /// The same page with other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
        }
    }
}

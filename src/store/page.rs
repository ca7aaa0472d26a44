//! Pages of lists: a keyset, never an offset.

use crate::access::Span;

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

    /// The key after which the page begins inside `span`, in the order (org path, domain, local part, id).
    ///
    /// It is one bound and not two: a database walks an index from one of them, and might choose the lower.
    pub(super) fn beyond(&self, span: &Span) -> (String, String, String, uuid::Uuid) {
        let (path, domain) = span.low();
        let part = |n| self.part(n).unwrap_or_default().to_owned();
        if (part(0), part(1)) < (path.clone(), domain.clone()) {
            return (path, domain, String::new(), uuid::Uuid::nil());
        }
        let id = self.part(3).and_then(|part| part.parse().ok());
        (part(0), part(1), part(2), id.unwrap_or(uuid::Uuid::nil()))
    }

    /// How many rows are wanted from the next span of a reach, when so many are there; none when they are enough.
    pub(super) fn wanted(&self, have: usize) -> Option<i64> {
        let wanted = self.rows() - i64::try_from(have).unwrap_or(i64::MAX);
        (wanted > 0).then_some(wanted)
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

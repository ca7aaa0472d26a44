//! Pages in one piece.
//!
//! The SQLite driver hands rows over one by one, with an allocation for each value: for a page of fifty mailboxes that is
//! most of its cost. So SQLite writes the page as one JSON text, which is read here: a third of the time, measured.
//! PostgreSQL hands over its rows as they are.

use data_encoding::HEXUPPER;
use serde::de::{DeserializeOwned, Error as _, SeqAccess};
use uuid::Uuid;

use super::query::Row;

/// A row that can travel as a JSON array. [`row!`](crate::db) writes it.
pub trait Packed: Row + DeserializeOwned {
    /// For each column, whether it holds bytes, which JSON cannot.
    const BYTES: &'static [bool];
}

/// `sql` as a statement that returns all its rows in one text. The rows keep their order: a statement with a `LIMIT` is
/// carried out as it stands, before they are gathered.
pub(super) fn in_one_piece<R: Packed>(sql: &str) -> String {
    let names: Vec<String> = (0..R::BYTES.len()).map(|n| format!("c{n}")).collect();
    let value = |(name, bytes): (&String, &bool)| {
        if *bytes {
            format!("hex({name})")
        } else {
            name.clone()
        }
    };
    let values: Vec<String> = names.iter().zip(R::BYTES).map(value).collect();
    let (names, values) = (names.join(","), values.join(","));
    format!("WITH page({names}) AS (\n{sql}\n) SELECT json_group_array(json_array({values})) FROM page")
}

/// A value of a column, as it stands in a packed row.
pub trait Column: Sized {
    /// Whether the database holds bytes.
    const BYTES: bool = false;
    /// Its form in JSON.
    type Wire: DeserializeOwned;
    /// The value, if the form is right.
    fn unpack(wire: Self::Wire) -> Option<Self>;
}

macro_rules! as_it_is {
    ($($type:ty),*) => {
        $(impl Column for $type {
            type Wire = Self;
            fn unpack(wire: Self) -> Option<Self> {
                Some(wire)
            }
        })*
    };
}
as_it_is!(i64, String, Option<i64>, Option<String>);

impl Column for bool {
    type Wire = i64;
    fn unpack(wire: i64) -> Option<Self> {
        Some(wire != 0)
    }
}

impl Column for Vec<u8> {
    const BYTES: bool = true;
    type Wire = String;
    fn unpack(wire: String) -> Option<Self> {
        HEXUPPER.decode(wire.as_bytes()).ok()
    }
}

impl Column for Uuid {
    const BYTES: bool = true;
    type Wire = String;
    fn unpack(wire: String) -> Option<Self> {
        Self::try_parse(&wire).ok()
    }
}

impl Column for Option<Uuid> {
    const BYTES: bool = true;
    type Wire = String;
    /// No bytes are written as an empty text.
    fn unpack(wire: String) -> Option<Self> {
        if wire.is_empty() {
            return Some(None);
        }
        Uuid::unpack(wire).map(Some)
    }
}

/// The next column of a packed row.
pub fn next<'de, T: Column, A: SeqAccess<'de>>(row: &mut A) -> Result<T, A::Error> {
    let wire = row
        .next_element()?
        .ok_or_else(|| A::Error::custom("a column is missing"))?;
    T::unpack(wire).ok_or_else(|| A::Error::custom("a column has another form"))
}

//! How much: the bytes of a mailbox, and how many of something an org or a domain may hold.

mod read;
#[cfg(test)]
mod tests;

use std::fmt;

use super::invalid::Problem;

/// Units with their number of bytes, the largest first. Mail people say GB and mean 1024 MB, so does this.
const UNITS: [(&str, u64); 5] = [
    ("PB", 1 << 50),
    ("TB", 1 << 40),
    ("GB", 1 << 30),
    ("MB", 1 << 20),
    ("KB", 1 << 10),
];

/// A number of bytes, at least 0 and at most what databases hold.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuotaBytes(i64);

impl QuotaBytes {
    /// 1 GB, as mail people count.
    pub const GIBIBYTE: Self = Self(1 << 30);

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Both together, unless that is more than databases hold.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl TryFrom<i64> for QuotaBytes {
    type Error = BadAmount;

    fn try_from(bytes: i64) -> Result<Self, BadAmount> {
        if bytes < 0 {
            Err(BadAmount::Negative)
        } else {
            Ok(Self(bytes))
        }
    }
}

/// How much mail a mailbox may hold. `0` means nothing at all, never "no limit".
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quota {
    /// So many bytes.
    Bytes(QuotaBytes),
    /// As much as there is.
    Unlimited,
}

impl Quota {
    /// Both together: unlimited if one of them is; `None` if the sum is more than databases hold.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Bytes(a), Self::Bytes(b)) => a.checked_add(b).map(Self::Bytes),
            (Self::Unlimited, _) | (_, Self::Unlimited) => Some(Self::Unlimited),
        }
    }

    /// From a database column, where NULL is unlimited.
    pub fn from_db(value: Option<i64>) -> Result<Self, BadAmount> {
        value.map_or(Ok(Self::Unlimited), |bytes| bytes.try_into().map(Self::Bytes))
    }

    /// For a database column, where NULL is unlimited.
    pub fn to_db(self) -> Option<i64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.get()),
            Self::Unlimited => None,
        }
    }
}

/// The largest unit in which an amount is written with at most two decimals and without many digits before them.
fn exact_unit(bytes: u64) -> Option<(&'static str, u64)> {
    let is_exact = |unit: u64| (u128::from(bytes) * 100).is_multiple_of(u128::from(unit));
    UNITS
        .into_iter()
        .find(|(_, unit)| bytes >= *unit && bytes / unit < 10_000 && is_exact(*unit))
}

/// `5 GB`, `1.25 GB`, `1088 MB`, `512 B`, `unlimited`: always exact, so that what is read can be typed in again and
/// means the same.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Bytes(bytes) = self else {
            return f.write_str("unlimited");
        };
        let bytes = bytes.get().unsigned_abs();
        let Some((name, unit)) = exact_unit(bytes) else {
            return write!(f, "{bytes} B");
        };
        let whole = bytes / unit;
        let hundredths = u128::from(bytes % unit) * 100 / u128::from(unit);
        match (hundredths / 10, hundredths % 10) {
            (0, 0) => write!(f, "{whole} {name}"),
            (tenths, 0) => write!(f, "{whole}.{tenths} {name}"),
            (tenths, rest) => write!(f, "{whole}.{tenths}{rest} {name}"),
        }
    }
}

/// How many of something there may be. `0` means none, never "no limit".
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// At most so many.
    AtMost(i64),
    /// As many as one likes.
    Unlimited,
}

impl Limit {
    /// From a database column, where NULL is unlimited.
    pub fn from_db(value: Option<i64>) -> Result<Self, BadAmount> {
        match value {
            None => Ok(Self::Unlimited),
            Some(most) if most < 0 => Err(BadAmount::Negative),
            Some(most) => Ok(Self::AtMost(most)),
        }
    }

    /// For a database column, where NULL is unlimited.
    pub fn to_db(self) -> Option<i64> {
        match self {
            Self::AtMost(most) => Some(most),
            Self::Unlimited => None,
        }
    }

    /// Whether there may be so many.
    pub fn allows(self, count: i64) -> bool {
        match self {
            Self::AtMost(most) => count <= most,
            Self::Unlimited => true,
        }
    }

    /// Both together: unlimited if one of them is; `None` if the sum is more than databases hold.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::AtMost(a), Self::AtMost(b)) => a.checked_add(b).map(Self::AtMost),
            (Self::Unlimited, _) | (_, Self::Unlimited) => Some(Self::Unlimited),
        }
    }
}

/// `50`, `unlimited`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "{most}"),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

/// Why something is no quota or no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    /// Below zero.
    #[error("an amount cannot be negative: give 0 or more, or \"unlimited\"")]
    Negative,
    /// Not a whole number.
    #[error("an amount is a whole number: leave the fraction out")]
    Fraction,
    /// More than databases hold.
    #[error("an amount is at most {}: give a smaller number, or \"unlimited\"", i64::MAX)]
    TooLarge,
    /// So large a floating-point number that its last digits are lost.
    #[error("write large amounts as whole numbers without a decimal point or an exponent")]
    Inexact,
    /// In JSON: null, a boolean, a list, an object.
    #[error("an amount is a whole number of 0 or more, or the text \"unlimited\"")]
    Type,
    /// In JSON: a text that is not "unlimited".
    #[error("an amount is a number without quotation marks, or the text \"unlimited\"")]
    Text,
    /// In a form: nothing.
    #[error("an amount is needed, or the word \"unlimited\"")]
    Empty,
    /// In a form: no amount of bytes.
    #[error(
        "an amount is a number with a unit (B, KB, MB, GB, TB, PB) and perhaps a decimal point, such as 5 GB or 1.5 GB, or \"unlimited\""
    )]
    SizeForm,
    /// In a form: no count.
    #[error("a limit is a whole number of 0 or more, or \"unlimited\"")]
    CountForm,
}

impl Problem for BadAmount {
    fn code(&self) -> &'static str {
        match self {
            Self::Negative => "amount_negative",
            Self::Fraction => "amount_fraction",
            Self::TooLarge => "amount_too_large",
            Self::Inexact => "amount_inexact",
            Self::Type | Self::Text => "amount_type",
            Self::Empty => "amount_empty",
            Self::SizeForm | Self::CountForm => "amount_form",
        }
    }
}

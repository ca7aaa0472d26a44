//! Reading amounts: from JSON, where they are integers or `"unlimited"`, and from forms, where they have units.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::{BadAmount, Limit, Quota, QuotaBytes};

/// 2^53: from here on a floating-point number no longer tells every integer from the next.
const EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;
/// More decimals than this say nothing about bytes of any unit.
const MAX_DECIMALS: usize = 18;

impl Quota {
    /// Reads a JSON value, for those who report problems field by field.
    pub fn from_json(value: &Value) -> Result<Self, BadAmount> {
        Self::from_db(amount_of(value)?)
    }
}

impl Limit {
    /// Reads a JSON value, for those who report problems field by field.
    pub fn from_json(value: &Value) -> Result<Self, BadAmount> {
        Self::from_db(amount_of(value)?)
    }
}

/// A JSON value as an amount, where `None` is unlimited.
fn amount_of(value: &Value) -> Result<Option<i64>, BadAmount> {
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), _, _) => from_integer(number).map(Some),
            (None, Some(_), _) => Err(BadAmount::TooLarge),
            (None, None, Some(number)) => from_float(number).map(Some),
            (None, None, None) => Err(BadAmount::Type),
        },
        Value::String(text) => from_word(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(BadAmount::Type),
    }
}

fn from_integer(number: i64) -> Result<i64, BadAmount> {
    if number < 0 {
        Err(BadAmount::Negative)
    } else {
        Ok(number)
    }
}

/// `1048576.0` is an integer to JSON Schema, and some programs write it so.
fn from_float(number: f64) -> Result<i64, BadAmount> {
    if !number.is_finite() {
        return Err(BadAmount::Type);
    }
    if number < 0.0 {
        return Err(BadAmount::Negative);
    }
    if number.fract() != 0.0 {
        return Err(BadAmount::Fraction);
    }
    if number > EXACT_FLOAT {
        let fits = number < 9_223_372_036_854_775_808.0;
        return Err(if fits {
            BadAmount::Inexact
        } else {
            BadAmount::TooLarge
        });
    }
    // A whole number of at most 2^53 has at most 16 digits, so the text is exact.
    format!("{:.0}", number.abs())
        .parse()
        .map_err(|_| BadAmount::Type)
}

fn from_word(text: &str) -> Result<Option<i64>, BadAmount> {
    if text == "unlimited" {
        Ok(None)
    } else {
        Err(BadAmount::Text)
    }
}

/// What serde hands over, by the same rules as [`amount_of`].
struct Amount;

impl Visitor<'_> for Amount {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of 0 or more, or \"unlimited\"")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        from_integer(number).map(Some).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        i64::try_from(number)
            .map(Some)
            .map_err(|_| E::custom(BadAmount::TooLarge))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        from_float(number).map(Some).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        from_word(text).map_err(E::custom)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Err(E::custom(BadAmount::Type))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Err(E::custom(BadAmount::Type))
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Err(E::custom(BadAmount::Type))
    }
}

macro_rules! json_amounts {
    ($($name:ident),+) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let amount = deserializer.deserialize_any(Amount)?;
                Self::from_db(amount).map_err(D::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.to_db() {
                    Some(amount) => serializer.serialize_i64(amount),
                    None => serializer.serialize_str("unlimited"),
                }
            }
        }
    )+};
}

json_amounts!(Quota, Limit);

impl FromStr for Quota {
    type Err = BadAmount;

    /// Reads what people type into forms: `5 GB`, `500 MB`, `5g`, `1.5 GiB`, `1073741824`, `unlimited`.
    ///
    /// All units are powers of 1024, with and without the `i`, because that is what mail people mean by them.
    /// A fraction of a byte is dropped.
    fn from_str(text: &str) -> Result<Self, BadAmount> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadAmount::Empty);
        }
        if text.eq_ignore_ascii_case("unlimited") {
            return Ok(Self::Unlimited);
        }
        if text.starts_with('-') {
            return Err(BadAmount::Negative);
        }
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let unit = bytes_of(unit.trim_start()).ok_or(BadAmount::SizeForm)?;
        let bytes = multiply(number, unit)?;
        i64::try_from(bytes)
            .map(|bytes| Self::Bytes(QuotaBytes(bytes)))
            .map_err(|_| BadAmount::TooLarge)
    }
}

fn bytes_of(unit: &str) -> Option<u128> {
    let exponent = match unit.to_ascii_lowercase().as_str() {
        "" | "b" | "byte" | "bytes" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        "p" | "pb" | "pib" => 50,
        _ => return None,
    };
    Some(1 << exponent)
}

/// A decimal number times a unit, without the rounding of floating point.
fn multiply(number: &str, unit: u128) -> Result<u128, BadAmount> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(decimals) {
        return Err(BadAmount::SizeForm);
    }
    if unit == 1 && decimals.bytes().any(|b| b != b'0') {
        return Err(BadAmount::Fraction);
    }
    let decimals = decimals.get(..MAX_DECIMALS).unwrap_or(decimals);
    let scale = u32::try_from(decimals.len()).map_or(1, |places| 10_u128.pow(places));

    let whole: u128 = whole
        .parse::<i64>()
        .map_err(|_| BadAmount::TooLarge)?
        .unsigned_abs()
        .into();
    let fraction: u128 = decimals.parse().map_err(|_| BadAmount::SizeForm)?;
    Ok(whole * unit + fraction * unit / scale)
}

impl FromStr for Limit {
    type Err = BadAmount;

    /// Reads what people type into forms: a whole number, or `unlimited`.
    fn from_str(text: &str) -> Result<Self, BadAmount> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadAmount::Empty);
        }
        if text.eq_ignore_ascii_case("unlimited") {
            return Ok(Self::Unlimited);
        }
        if text.starts_with('-') {
            return Err(BadAmount::Negative);
        }
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadAmount::CountForm);
        }
        text.parse().map(Self::AtMost).map_err(|_| BadAmount::TooLarge)
    }
}

//! Time: microseconds since 1970, as the database keeps them, and the clocks that tell them.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::invalid::Problem;
use super::macros::serde_as_text;

/// 0000-01-01T00:00:00Z
const FIRST: i64 = -62_167_219_200_000_000;
/// 9999-12-31T23:59:59.999999Z
const LAST: i64 = 253_402_300_799_999_999;

/// A moment, in microseconds since the epoch.
///
/// It always lies in the years 0 to 9999, which is what RFC 3339 can write; what would lie beyond is held at
/// the border.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment so many microseconds after (or before) 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        if micros < FIRST {
            Self(FIRST)
        } else if micros > LAST {
            Self(LAST)
        } else {
            Self(micros)
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The moment so much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(micros(duration)))
    }

    /// The moment so much earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(micros(duration)))
    }

    /// How long it is since `earlier`; nothing when that has yet to come.
    pub fn since(self, earlier: Self) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0)).map_or(Duration::ZERO, Duration::from_micros)
    }

    /// RFC 3339 in UTC, always with six decimals, so that texts sort as moments do.
    pub fn rfc3339(self) -> String {
        self.to_string()
    }

    fn date_time(self) -> OffsetDateTime {
        // The range of this type makes the conversion succeed.
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.date_time();
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, micro) = at.to_hms_micro();
        let (date, clock) = ([u8::from(month), day], [hour, minute, second]);
        let numbers = [(4, year.unsigned_abs())]
            .into_iter()
            .chain(date.into_iter().chain(clock).map(|number| (2, u32::from(number))))
            .chain([(6, micro)]);
        // In one piece: a page of a list has hundreds of these, and each number by itself is a call.
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let mut places = text.iter_mut().filter(|place| **place == b'0');
        for (width, number) in numbers {
            for power in (0..width).rev() {
                let digit = number / 10_u32.pow(power) % 10;
                if let (Some(place), Ok(digit)) = (places.next(), u8::try_from(digit)) {
                    *place += digit;
                }
            }
        }
        if year < 0 {
            f.write_str("-")?;
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTimestamp {
    /// It is not written as RFC 3339 wants it.
    #[error("a time is written as RFC 3339 says, such as 2026-11-23T15:04:05Z")]
    Form,
}

impl Problem for BadTimestamp {
    fn code(&self) -> &'static str {
        match self {
            Self::Form => "time_form",
        }
    }
}

impl FromStr for Timestamp {
    type Err = BadTimestamp;

    /// Reads RFC 3339 with any offset; what is finer than a microsecond is cut off.
    fn from_str(text: &str) -> Result<Self, BadTimestamp> {
        let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| BadTimestamp::Form)?;
        let micros = at.unix_timestamp_nanos().div_euclid(1_000);
        i64::try_from(micros)
            .ok()
            .filter(|micros| (FIRST..=LAST).contains(micros))
            .map(Self)
            .ok_or(BadTimestamp::Form)
    }
}

serde_as_text!(Timestamp);

/// Tells the time. The App holds one; nothing else asks the system.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Copy, Clone, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the system's clock; everything else asks a Clock"
    )]
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::now();
        match now.duration_since(UNIX_EPOCH) {
            Ok(after) => Timestamp::from_micros(micros(after)),
            Err(before) => Timestamp::from_micros(-micros(before.duration())),
        }
    }
}

/// A clock that stands still until it is set: for tests.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows this moment.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Sets the clock.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// Puts the clock forward and returns what it shows then.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let later = |now| Timestamp::from_micros(now).plus(by);
        match self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(later(now).0))
        {
            Ok(before) | Err(before) => later(before),
        }
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_written_in_utc_with_six_decimals() {
        let table = [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1, "1970-01-01T00:00:00.000001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (1_130_803_200_000_000, "2005-11-01T00:00:00.000000Z"),
            (FIRST, "0000-01-01T00:00:00.000000Z"),
            (i64::MIN, "0000-01-01T00:00:00.000000Z"),
            (LAST, "9999-12-31T23:59:59.999999Z"),
            (i64::MAX, "9999-12-31T23:59:59.999999Z"),
        ];
        for (micros, text) in table {
            assert_eq!(Timestamp::from_micros(micros).rfc3339(), text);
        }
    }

    #[test]
    fn other_offsets_and_precisions_are_understood() {
        let table = [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T19:00:00-05:00", 0),
            ("1970-01-01T00:00:00.5Z", 500_000),
            ("1970-01-01T00:00:00.0000019Z", 1),
            ("1970-01-01t00:00:01z", 1_000_000),
        ];
        for (text, micros) in table {
            assert_eq!(text.parse(), Ok(Timestamp::from_micros(micros)), "{text}");
        }
    }

    #[test]
    fn what_is_no_rfc_3339_is_refused() {
        let table = [
            "",
            "now",
            "2026-11-23",
            "2026-11-23T15:04:05",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-23T25:00:00Z",
            "2026-11-23T15:04:05Z\n",
            " 2026-11-23T15:04:05Z",
            "10000-01-01T00:00:00Z",
            "-001-01-01T00:00:00Z",
            "0000-01-01T00:00:00+23:00",
            "9999-12-31T23:59:59-01:00",
            "1732374245",
        ];
        for text in table {
            assert_eq!(text.parse::<Timestamp>(), Err(BadTimestamp::Form), "{text:?}");
        }
    }

    #[test]
    fn time_since_something_to_come_is_nothing() {
        let noon = Timestamp::from_micros(43_200_000_000);
        let later = noon.plus(Duration::from_secs(90));
        assert_eq!(later.since(noon), Duration::from_secs(90));
        assert_eq!(noon.since(later), Duration::ZERO);
        assert_eq!(later.minus(Duration::from_secs(90)), noon);
        assert_eq!(noon.plus(Duration::MAX), Timestamp::from_micros(LAST));
        assert_eq!(noon.minus(Duration::MAX), Timestamp::from_micros(FIRST));
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = FixedClock::at(Timestamp::from_micros(5));
        assert_eq!(clock.now(), clock.now());
        assert_eq!(clock.advance(Duration::from_micros(2)), Timestamp::from_micros(7));
        assert_eq!(clock.now(), Timestamp::from_micros(7));
        clock.set(Timestamp::from_micros(1));
        assert_eq!(clock.now(), Timestamp::from_micros(1));
    }

    #[test]
    fn the_system_clock_is_past_the_promise_of_2005() {
        assert!(SystemClock.now() > "2005-11-01T00:00:00Z".parse().unwrap());
    }

    proptest! {
        #[test]
        fn a_moment_survives_its_text(micros: i64) {
            let at = Timestamp::from_micros(micros);
            prop_assert_eq!(at.to_string().parse(), Ok(at));
            let json = serde_json::to_string(&at).unwrap();
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at);
        }

        #[test]
        fn texts_sort_as_moments_do(a: i64, b: i64) {
            let (a, b) = (Timestamp::from_micros(a), Timestamp::from_micros(b));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            if let Ok(at) = text.parse::<Timestamp>() {
                prop_assert_eq!(at.to_string().parse(), Ok(at));
            }
        }
    }
}

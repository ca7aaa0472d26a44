//! How numbers and moments are said.

use time::{Date, Month, OffsetDateTime, Weekday};

use super::{Moment, Space};
use crate::model::{Limit, Quota, Timestamp, fullness};

/// A moment as people say it, seen from `now`: `today 09:12`, `yesterday 16:40`, `Sun 16:40`, `20 November`.
pub(in crate::http::web) fn moment(at: Timestamp, now: Timestamp) -> Moment {
    let (then, today) = (date_time(at), date_time(now));
    let days = today.date().to_julian_day() - then.date().to_julian_day();
    let clock = format!("{:02}:{:02}", then.hour(), then.minute());
    let words = match days {
        0 => format!("today {clock}"),
        1 => format!("yesterday {clock}"),
        2..=6 => format!("{} {clock}", weekday(then.weekday())),
        -1 => format!("tomorrow {clock}"),
        _ => day(then.date(), today.date()),
    };
    Moment {
        exact: at.rfc3339(),
        words,
    }
}

/// A day: `23 December`, with the year when it is another one.
pub(in crate::http::web) fn date(at: Timestamp, now: Timestamp) -> Moment {
    Moment {
        exact: at.rfc3339(),
        words: day(date_time(at).date(), date_time(now).date()),
    }
}

/// A day as a form's date field writes it, `2026-12-07`.
pub(in crate::http::web) fn form_date(at: Timestamp) -> String {
    at.rfc3339()[..10].to_owned()
}

fn date_time(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.as_micros()) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn day(date: Date, today: Date) -> String {
    let text = format!("{} {}", date.day(), month(date.month()));
    if date.year() == today.year() {
        text
    } else {
        format!("{text} {}", date.year())
    }
}

fn month(month: Month) -> &'static str {
    match month {
        Month::January => "January",
        Month::February => "February",
        Month::March => "March",
        Month::April => "April",
        Month::May => "May",
        Month::June => "June",
        Month::July => "July",
        Month::August => "August",
        Month::September => "September",
        Month::October => "October",
        Month::November => "November",
        Month::December => "December",
    }
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

/// Several names as people say them: `a, b and c`.
pub(in crate::http::web) fn and(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// How long something takes or took: `4 seconds`, `41 minutes`, `3 hours`, `2 days`.
pub(in crate::http::web) fn duration(of: std::time::Duration) -> String {
    let seconds = of.as_secs();
    match seconds {
        0..120 => count(i64::try_from(seconds).unwrap_or(0), "second", "seconds"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `1 mailbox`, `34 mailboxes`, `no mailboxes`.
pub(in crate::http::web) fn count(number: i64, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {many}"),
        _ => crate::model::count(number, one, many),
    }
}

/// `34 of 50`, or just `34` where there is no limit.
pub(in crate::http::web) fn used_of(used: i64, limit: Limit) -> String {
    match limit {
        Limit::AtMost(most) => format!("{used} of {most}"),
        Limit::Unlimited => used.to_string(),
    }
}

/// Bytes with one decimal at most: `4.4 GB`.
pub(in crate::http::web) fn bytes(bytes: i64) -> String {
    let (name, unit) = unit_of(bytes);
    format!("{} {name}", in_units(bytes, unit))
}

fn unit_of(bytes: i64) -> (&'static str, i64) {
    [("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)]
        .into_iter()
        .find(|(_, unit)| bytes >= *unit)
        .unwrap_or(("B", 1))
}

fn in_units(bytes: i64, unit: i64) -> String {
    let tenths = i128::from(bytes) * 10 / i128::from(unit);
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}

/// How full something with this quota is; `used` is `None` as long as the cluster said nothing.
pub(in crate::http::web) fn space(quota: Quota, used: Option<i64>) -> Space {
    let percent = fullness(quota, used).and_then(|tenths| u64::try_from(tenths / 10).ok());
    let text = match (quota, used) {
        (Quota::Unlimited, None) => "no limit".to_owned(),
        (Quota::Unlimited, Some(used)) => format!("{}, no limit", bytes(used)),
        (Quota::Bytes(_), None) => quota.to_string(),
        (Quota::Bytes(most), Some(used)) => {
            let ((name, unit), most) = (unit_of(most.get()), quota.to_string());
            if most.ends_with(&format!(" {name}")) {
                format!("{} of {most}", in_units(used, unit))
            } else {
                format!("{} of {most}", bytes(used))
            }
        }
    };
    let kind = match percent {
        Some(95..) => "bad",
        Some(80..) => "warn",
        _ => "",
    };
    Space { text, percent, kind }
}

/// `a`, `a and b`, `a, b and 3 more`.
pub(in crate::http::web) fn list(all: &[String], most: usize) -> String {
    let shown: Vec<&str> = all.iter().take(most).map(String::as_str).collect();
    match all.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A text as it stands in the query of a URL.
pub(in crate::http::web) fn query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn said(then: &str) -> String {
        moment(at(then), at("2026-11-23T15:00:00Z")).words
    }

    #[test]
    fn a_moment_is_said_as_people_say_it() {
        assert_eq!(said("2026-11-23T09:12:00Z"), "today 09:12");
        assert_eq!(said("2026-11-22T23:59:00Z"), "yesterday 23:59");
        assert_eq!(said("2026-11-18T16:40:00Z"), "Wed 16:40");
        assert_eq!(said("2026-11-16T16:40:00Z"), "16 November");
        assert_eq!(said("2023-04-03T16:40:00Z"), "3 April 2023");
        assert_eq!(said("2026-11-24T00:10:00Z"), "tomorrow 00:10");
        assert_eq!(said("2026-12-23T00:10:00Z"), "23 December");
    }

    #[test]
    fn how_full_something_is_reads_in_one_unit() {
        let gb = |tenths: i64| ((1_i64 << 30) * tenths + 9) / 10;
        let quota = |bytes: i64| Quota::Bytes(bytes.try_into().unwrap());
        let full = |used, kind| (space(quota(gb(50)), Some(used)).kind == kind, used);
        assert_eq!(space(quota(gb(50)), Some(gb(44))).text, "4.4 of 5 GB");
        assert_eq!(space(quota(gb(50)), Some(gb(44))).percent, Some(88));
        assert_eq!(space(quota(gb(15)), Some(0)).text, "0 of 1.5 GB");
        let quarter = quota((5 << 30) / 4);
        assert_eq!(
            space(quarter, Some(gb(10))).text,
            "1 of 1.25 GB",
            "the quota is exact"
        );
        assert_eq!(space(quarter, None).text, "1.25 GB");
        let odd = quota((17 << 30) / 16);
        assert_eq!(space(odd, Some(gb(5))).text, "512 MB of 1088 MB");
        assert_eq!(space(Quota::Unlimited, Some(gb(12))).text, "1.2 GB, no limit");
        assert_eq!(space(Quota::Unlimited, None).text, "no limit");
        assert_eq!(space(quota(0), Some(1)).percent, Some(100));
        for (fits, used) in [
            full(gb(39), ""),
            full(gb(40), "warn"),
            full(gb(48), "bad"),
            full(gb(99), "bad"),
        ] {
            assert!(fits, "{used}");
        }
        assert_eq!(space(quota(gb(50)), Some(gb(99))).width(), 100);
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(count(0, "mailbox", "mailboxes"), "no mailboxes");
        assert_eq!(count(1, "mailbox", "mailboxes"), "1 mailbox");
        assert_eq!(count(2, "mailbox", "mailboxes"), "2 mailboxes");
        assert_eq!(
            list(&["a".to_owned(), "b".to_owned(), "c".to_owned()], 2),
            "a, b and 1 more"
        );
        assert_eq!(duration(std::time::Duration::from_secs(4)), "4 seconds");
        assert_eq!(duration(std::time::Duration::from_secs(2_500)), "41 minutes");
    }
}

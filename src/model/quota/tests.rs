//! The borders of amounts.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const GB: i64 = 1 << 30;

fn bytes(number: i64) -> Quota {
    Quota::Bytes(number.try_into().unwrap())
}

#[test]
fn json_amounts_are_whole_numbers_or_the_word_unlimited() {
    let table = [
        ("0", Some(0)),
        ("1", Some(1)),
        ("1048576", Some(1_048_576)),
        ("1048576.0", Some(1_048_576)),
        ("1e3", Some(1000)),
        ("1.5e1", Some(15)),
        ("0.0", Some(0)),
        ("-0", Some(0)),
        ("-0.0", Some(0)),
        ("9007199254740992.0", Some(9_007_199_254_740_992)),
        ("9223372036854775807", Some(i64::MAX)),
        ("\"unlimited\"", None),
    ];
    for (text, amount) in table {
        assert_eq!(
            serde_json::from_str::<Quota>(text).unwrap().to_db(),
            amount,
            "{text}"
        );
        assert_eq!(
            serde_json::from_str::<Limit>(text).unwrap().to_db(),
            amount,
            "{text}"
        );
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Quota::from_json(&value).unwrap().to_db(), amount, "{text}");
    }
}

#[test]
fn other_json_is_refused_with_a_sentence() {
    let table = [
        ("-1", BadAmount::Negative),
        ("-9223372036854775808", BadAmount::Negative),
        ("-1.0", BadAmount::Negative),
        ("-0.5", BadAmount::Negative),
        ("-1e300", BadAmount::Negative),
        ("1.5", BadAmount::Fraction),
        ("1e-3", BadAmount::Fraction),
        ("0.1", BadAmount::Fraction),
        ("9223372036854775808", BadAmount::TooLarge),
        ("18446744073709551615", BadAmount::TooLarge),
        ("18446744073709551616", BadAmount::TooLarge),
        ("9223372036854775808.0", BadAmount::TooLarge),
        ("1e300", BadAmount::TooLarge),
        ("9007199254740994.0", BadAmount::Inexact),
        ("1e18", BadAmount::Inexact),
        ("null", BadAmount::Type),
        ("true", BadAmount::Type),
        ("false", BadAmount::Type),
        ("\"5\"", BadAmount::Text),
        ("\"5 GB\"", BadAmount::Text),
        ("\"\"", BadAmount::Text),
        ("\"Unlimited\"", BadAmount::Text),
        ("\"unlimited \"", BadAmount::Text),
        ("\"NaN\"", BadAmount::Text),
        ("\"-1\"", BadAmount::Text),
    ];
    for (text, problem) in table {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Quota::from_json(&value), Err(problem.clone()), "{text}");
        assert_eq!(Limit::from_json(&value), Err(problem.clone()), "{text}");
        for message in [
            serde_json::from_str::<Quota>(text).unwrap_err().to_string(),
            serde_json::from_str::<Limit>(text).unwrap_err().to_string(),
            serde_json::from_value::<Quota>(value).unwrap_err().to_string(),
        ] {
            assert!(message.starts_with(&problem.to_string()), "{text}: {message}");
        }
    }
    for text in [
        "[]",
        "[1]",
        "{}",
        "{\"bytes\": 1}",
        "NaN",
        "Infinity",
        "01",
        "1e999",
        "",
    ] {
        assert!(serde_json::from_str::<Quota>(text).is_err(), "{text}");
    }
    assert_eq!(Quota::from_json(&json!([1])), Err(BadAmount::Type));
}

#[test]
fn a_missing_quota_is_not_an_unlimited_one() {
    #[derive(serde::Deserialize)]
    struct Draft {
        #[expect(dead_code, reason = "the test reads it, or rather fails to")]
        quota: Quota,
    }
    assert!(serde_json::from_str::<Draft>("{}").is_err());
    assert!(serde_json::from_str::<Draft>(r#"{"quota": null}"#).is_err());
}

#[test]
fn amounts_are_written_as_they_are_read() {
    assert_eq!(serde_json::to_string(&bytes(0)).unwrap(), "0");
    assert_eq!(
        serde_json::to_string(&bytes(i64::MAX)).unwrap(),
        "9223372036854775807"
    );
    assert_eq!(serde_json::to_string(&Quota::Unlimited).unwrap(), "\"unlimited\"");
    assert_eq!(serde_json::to_string(&Limit::AtMost(50)).unwrap(), "50");
    assert_eq!(serde_json::to_string(&Limit::Unlimited).unwrap(), "\"unlimited\"");
}

#[test]
fn a_negative_number_in_the_database_is_not_read_as_anything() {
    assert_eq!(Quota::from_db(Some(-1)), Err(BadAmount::Negative));
    assert_eq!(Limit::from_db(Some(-1)), Err(BadAmount::Negative));
    assert_eq!(Quota::from_db(Some(0)), Ok(bytes(0)));
    assert_eq!(Quota::from_db(None), Ok(Quota::Unlimited));
    assert_eq!(Limit::from_db(Some(0)), Ok(Limit::AtMost(0)));
    assert_eq!(Limit::from_db(None), Ok(Limit::Unlimited));
}

#[test]
fn forms_understand_the_usual_ways_to_write_a_size() {
    let table = [
        ("5 GB", 5 * GB),
        ("5GB", 5 * GB),
        ("5g", 5 * GB),
        ("5 GiB", 5 * GB),
        ("5 gib", 5 * GB),
        (" 5 GB ", 5 * GB),
        ("1.5 GB", GB + GB / 2),
        ("0.5 KB", 512),
        ("500 MB", 500 << 20),
        ("500m", 500 << 20),
        ("10 kb", 10 << 10),
        ("2 TB", 2 << 40),
        ("1 PB", 1 << 50),
        ("1.1 KB", 1126),
        ("0.0001 KB", 0),
        ("1.00000000000000000000000000000001 KB", 1024),
        ("1073741824", GB),
        ("1073741824 B", GB),
        ("12 bytes", 12),
        ("12.0", 12),
        ("0", 0),
        ("007 MB", 7 << 20),
        ("9223372036854775807", i64::MAX),
        ("8191.999 PB", 9_223_370_910_954_868_965),
    ];
    for (text, number) in table {
        assert_eq!(text.parse(), Ok(bytes(number)), "{text}");
    }
    assert_eq!("unlimited".parse(), Ok(Quota::Unlimited));
    assert_eq!(" Unlimited".parse(), Ok(Quota::Unlimited));
}

#[test]
fn forms_refuse_what_could_be_meant_otherwise() {
    let table = [
        ("", BadAmount::Empty),
        ("   ", BadAmount::Empty),
        ("-5 GB", BadAmount::Negative),
        ("-1", BadAmount::Negative),
        ("1.5", BadAmount::Fraction),
        ("1.5 bytes", BadAmount::Fraction),
        ("9223372036854775808", BadAmount::TooLarge),
        ("8192 PB", BadAmount::TooLarge),
        (
            "99999999999999999999999999999999999999999 GB",
            BadAmount::TooLarge,
        ),
        ("9223372036854775807 PB", BadAmount::TooLarge),
        ("1,5 GB", BadAmount::SizeForm),
        ("1,500 MB", BadAmount::SizeForm),
        ("5 000 MB", BadAmount::SizeForm),
        ("5 GBit", BadAmount::SizeForm),
        ("5 X", BadAmount::SizeForm),
        ("GB", BadAmount::SizeForm),
        (".5 GB", BadAmount::SizeForm),
        ("5. GB", BadAmount::SizeForm),
        ("1.2.3 GB", BadAmount::SizeForm),
        ("1e3", BadAmount::SizeForm),
        ("0x10", BadAmount::SizeForm),
        ("+5 GB", BadAmount::SizeForm),
        ("\u{665} GB", BadAmount::SizeForm),
        ("\u{ff15} GB", BadAmount::SizeForm),
        ("NaN", BadAmount::SizeForm),
        ("inf", BadAmount::SizeForm),
        ("none", BadAmount::SizeForm),
        ("5 G\u{212a}", BadAmount::SizeForm),
        ("5 \u{212a}", BadAmount::SizeForm),
    ];
    for (text, problem) in table {
        assert_eq!(text.parse::<Quota>(), Err(problem), "{text}");
    }
}

#[test]
fn counts_in_forms_are_plain_numbers() {
    let table = [
        ("0", Ok(Limit::AtMost(0))),
        (" 50 ", Ok(Limit::AtMost(50))),
        ("unlimited", Ok(Limit::Unlimited)),
        ("", Err(BadAmount::Empty)),
        ("-1", Err(BadAmount::Negative)),
        ("1.0", Err(BadAmount::CountForm)),
        ("5 GB", Err(BadAmount::CountForm)),
        ("9223372036854775807", Ok(Limit::AtMost(i64::MAX))),
        ("9223372036854775808", Err(BadAmount::TooLarge)),
    ];
    for (text, limit) in table {
        assert_eq!(text.parse(), limit, "{text}");
    }
}

#[test]
fn people_read_the_exact_size_in_a_unit_that_they_can_type() {
    let table = [
        (0, "0 B"),
        (512, "512 B"),
        (1023, "1023 B"),
        (1024, "1 KB"),
        (1536, "1.5 KB"),
        (GB, "1 GB"),
        (5_368_709_120, "5 GB"),
        (GB + GB / 2, "1.5 GB"),
        (GB + GB / 4, "1.25 GB"),
        (GB + GB / 16, "1088 MB"),
        (5 * GB, "5 GB"),
        (5 * GB - 1, "5368709119 B"),
        (5_000_000_000, "5000000000 B"),
        ((1 << 40) - 1, "1099511627775 B"),
        (1 << 40, "1 TB"),
        (i64::MAX, "9223372036854775807 B"),
    ];
    for (number, text) in table {
        assert_eq!(bytes(number).to_string(), text);
        assert_eq!(text.parse(), Ok(bytes(number)), "{text}");
    }
    assert_eq!(Quota::Unlimited.to_string(), "unlimited");
    assert_eq!(Limit::AtMost(50).to_string(), "50");
}

#[test]
fn sums_do_not_overflow_and_unlimited_swallows_all() {
    assert_eq!(bytes(1).checked_add(bytes(2)), Some(bytes(3)));
    assert_eq!(bytes(i64::MAX).checked_add(bytes(0)), Some(bytes(i64::MAX)));
    assert_eq!(bytes(i64::MAX).checked_add(bytes(1)), None);
    assert_eq!(
        bytes(i64::MAX).checked_add(Quota::Unlimited),
        Some(Quota::Unlimited)
    );
    assert_eq!(Limit::AtMost(i64::MAX).checked_add(Limit::AtMost(1)), None);
    assert_eq!(
        Limit::Unlimited.checked_add(Limit::AtMost(1)),
        Some(Limit::Unlimited)
    );
}

#[test]
fn unlimited_is_more_than_any_number_and_zero_is_none() {
    assert!(Quota::Unlimited > bytes(i64::MAX));
    assert!(bytes(1) > bytes(0));
    assert!(Limit::AtMost(0).allows(0));
    assert!(!Limit::AtMost(0).allows(1));
    assert!(Limit::Unlimited.allows(i64::MAX));
}

proptest! {
    #[test]
    fn a_quota_survives_form_json_and_database(number in 0..=i64::MAX) {
        let quota = bytes(number);
        prop_assert_eq!(quota.to_string().parse(), Ok(quota));
        prop_assert_eq!(serde_json::from_str::<Quota>(&serde_json::to_string(&quota).unwrap()).unwrap(), quota);
        prop_assert_eq!(Quota::from_db(quota.to_db()), Ok(quota));
    }

    #[test]
    fn round_sizes_survive_their_text(number in 0_i64..1024, unit in 0_u32..50) {
        let quota = bytes(number << unit);
        prop_assert_eq!(quota.to_string().parse(), Ok(quota));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[0-9]{0,22}\\.?\\PC{0,10}") {
        if let Ok(quota) = text.parse::<Quota>() {
            prop_assert_eq!(quota.to_string().parse(), Ok(quota));
        }
        if let Ok(limit) = text.parse::<Limit>() {
            prop_assert_eq!(limit.to_string().parse(), Ok(limit));
        }
    }

    #[test]
    fn any_number_in_json_is_an_amount_or_refused(number: f64) {
        if let Ok(quota) = Quota::from_json(&json!(number)) {
            prop_assert!(number.fract() == 0.0 && quota.to_db().is_some());
        }
    }
}

//! What a domain name is, in tables, and what no text may do.

use proptest::prelude::*;

use super::*;

fn outcome(text: &str) -> String {
    match text.parse::<DomainName>() {
        Ok(name) => name.to_string(),
        Err(problem) => problem.code().to_owned(),
    }
}

/// A name of exactly so many characters, in labels of at most 63.
fn name_of(length: usize) -> String {
    let mut name = "d".repeat(length - 2) + ".e";
    for dot in (63..length - 2).step_by(64) {
        name.replace_range(dot..=dot, ".");
    }
    name
}

/// What is typed, and the canonical form of it.
const GOOD: &[(&str, &str)] = &[
    ("brightwater.example", "brightwater.example"),
    ("Brightwater.EXAMPLE", "brightwater.example"),
    ("a.b", "a.b"),
    ("a.b.c.d.e.f.example", "a.b.c.d.e.f.example"),
    ("1.example", "1.example"),
    ("123.example", "123.example"),
    ("0x7f.example", "0x7f.example"),
    ("a-b.example", "a-b.example"),
    ("a--b.example", "a--b.example"),
    ("abc--d.example", "abc--d.example"),
    ("foo.localhost", "foo.localhost"),
    ("example.e1", "example.e1"),
    ("m\u{fc}nchen.example", "xn--mnchen-3ya.example"),
    ("M\u{dc}NCHEN.example", "xn--mnchen-3ya.example"),
    ("mu\u{308}nchen.example", "xn--mnchen-3ya.example"),
    ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
    ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
    ("stra\u{df}e.example", "xn--strae-oqa.example"),
    ("STRA\u{1e9e}E.example", "xn--strae-oqa.example"),
    ("strasse.example", "strasse.example"),
    ("xn--strae-oqa.example", "xn--strae-oqa.example"),
    // Final and other sigma are two letters.
    (
        "\u{3b2}\u{3cc}\u{3bb}\u{3bf}\u{3c2}.example",
        "xn--nxasmm1c.example",
    ),
    (
        "\u{3b2}\u{3cc}\u{3bb}\u{3bf}\u{3c3}.example",
        "xn--nxasmq6b.example",
    ),
    // What UTS 46 maps: full width, the KELVIN SIGN, ligatures, circled digits.
    ("\u{ff42}\u{ff52}\u{ff49}ght.example", "bright.example"),
    ("\u{ff22}right\u{ff0d}water.example", "bright-water.example"),
    ("\u{212a}elvin.example", "kelvin.example"),
    ("\u{fb01}ne.example", "fine.example"),
    ("a\u{2460}.example", "a1.example"),
    ("a\u{2082}.example", "a2.example"),
    // Scripts of the world, one for each label.
    (
        "\u{43f}\u{43e}\u{447}\u{442}\u{430}.\u{440}\u{444}",
        "xn--80a1acny.xn--p1ai",
    ),
    (
        "\u{43f}\u{43e}\u{447}\u{442}\u{430}.example",
        "xn--80a1acny.example",
    ),
    ("\u{5d3}\u{5d5}\u{5d0}\u{5e8}.example", "xn--4dbfg1f.example"),
    ("\u{645}\u{648}\u{642}\u{639}.example", "xn--4gbrim.example"),
    (
        "\u{928}\u{92e}\u{938}\u{94d}\u{924}\u{947}.example",
        "xn--h2bhs4b8d8a.example",
    ),
    ("\u{e44}\u{e17}\u{e22}.example", "xn--o3cw4h.example"),
    ("\u{4e2d}\u{6587}.example", "xn--fiq228c.example"),
    ("\u{65e5}\u{672c}\u{8a9e}.example", "xn--wgv71a119e.example"),
    (
        "\u{3072}\u{3089}\u{304c}\u{306a}.example",
        "xn--v8j0cwa6g.example",
    ),
    (
        "\u{65e5}\u{672c}\u{306e}\u{30ab}\u{30ca}.example",
        "xn--u9jugsdp58vzlb.example",
    ),
    (
        "\u{30c7}\u{30b8}\u{30bf}\u{30eb}\u{30fc}.example",
        "xn--yckow0m9c.example",
    ),
    ("\u{d55c}\u{ad6d}.example", "xn--3e0b707e.example"),
    ("\u{d55c}\u{56fd}.example", "xn--vcsv450a.example"),
    ("\u{4e2d}\u{3105}.example", "xn--5ek909f.example"),
    ("\u{4e2d}123.example", "xn--123-u68d.example"),
    // Middle dots where they belong.
    ("paral\u{b7}lel.example", "xn--parallel-koa.example"),
    ("\u{30a2}\u{30fb}\u{30a4}.example", "xn--ccke4x.example"),
    ("\u{645}\u{661}\u{662}.example", "xn--hhb0dd.example"),
    ("\u{645}\u{6f1}\u{6f2}.example", "xn--hhb85ad.example"),
];

#[test]
fn good_names_become_lower_case_a_labels() {
    for &(text, canonical) in GOOD {
        assert_eq!(outcome(text), canonical, "{text}");
    }
}

/// What is typed, and the code of the refusal.
const BAD: &[(&str, &str)] = &[
    ("", "domain_empty"),
    (" ", "domain_space"),
    (".", "domain_empty_label"),
    ("..", "domain_empty_label"),
    ("a", "domain_one_label"),
    ("localhost", "domain_one_label"),
    ("m\u{fc}nchen", "domain_one_label"),
    ("a.example.", "domain_trailing_dot"),
    ("example.", "domain_trailing_dot"),
    ("a.example..", "domain_empty_label"),
    (".a.example", "domain_empty_label"),
    ("a..example", "domain_empty_label"),
    (" a.example", "domain_space"),
    ("a.example ", "domain_space"),
    ("a b.example", "domain_space"),
    ("a\u{a0}b.example", "domain_space"),
    ("a\u{3000}b.example", "domain_space"),
    ("a\u{2003}.example", "domain_space"),
    ("a\u{1680}.example", "domain_space"),
    ("a.example\n", "domain_control_character"),
    ("a.example\r\n", "domain_control_character"),
    ("good.example\nevil.example", "domain_control_character"),
    ("a\t.example", "domain_control_character"),
    ("a\0.example", "domain_control_character"),
    ("a.example\0", "domain_control_character"),
    ("a\u{7f}.example", "domain_control_character"),
    ("a\u{85}.example", "domain_control_character"),
    ("a\u{9b}.example", "domain_control_character"),
    ("a\u{2028}.example", "domain_control_character"),
    ("\u{202e}elpmaxe.a", "domain_direction_mark"),
    ("a\u{202c}.example", "domain_direction_mark"),
    ("a\u{200e}.example", "domain_direction_mark"),
    ("\u{5d0}\u{200f}.example", "domain_direction_mark"),
    ("a\u{2066}b\u{2069}.example", "domain_direction_mark"),
    ("\u{61c}a.example", "domain_direction_mark"),
    ("a\u{200b}b.example", "domain_invisible_character"),
    ("a\u{200c}b.example", "domain_invisible_character"),
    ("a\u{200d}b.example", "domain_invisible_character"),
    (
        "\u{915}\u{94d}\u{200d}\u{937}.example",
        "domain_invisible_character",
    ),
    ("a\u{ad}b.example", "domain_invisible_character"),
    ("a\u{2060}b.example", "domain_invisible_character"),
    ("\u{feff}a.example", "domain_invisible_character"),
    ("a\u{fe0f}.example", "domain_invisible_character"),
    ("a\u{34f}.example", "domain_invisible_character"),
    ("\u{3164}.example", "domain_invisible_character"),
    ("\u{115f}.example", "domain_invisible_character"),
    ("a\u{180b}.example", "domain_invisible_character"),
    ("a\u{2800}.example", "domain_invisible_character"),
    ("a\u{e0061}.example", "domain_invisible_character"),
    ("a\u{3002}example", "domain_look_alike"),
    ("a\u{ff0e}example", "domain_look_alike"),
    ("a\u{ff61}example", "domain_look_alike"),
    ("a\u{2024}example", "domain_look_alike"),
    ("a\u{fe52}example", "domain_look_alike"),
    ("a\u{2025}.example", "domain_look_alike"),
    ("a\u{2026}.example", "domain_look_alike"),
    ("\u{2488}.example", "domain_look_alike"),
    ("a\u{6d4}example.b", "domain_look_alike"),
    ("a\u{a4f8}example.b", "domain_look_alike"),
    ("a\u{2100}b.example", "domain_look_alike"),
    ("a\u{2101}b.example", "domain_look_alike"),
    ("a\u{2105}b.example", "domain_look_alike"),
    ("a\u{2106}b.example", "domain_look_alike"),
    ("a\u{ff0f}b.example", "domain_look_alike"),
    ("a\u{2044}b.example", "domain_look_alike"),
    ("a\u{2215}b.example", "domain_look_alike"),
    ("a\u{338}b.example", "domain_look_alike"),
    ("a\u{ff20}b.example", "domain_look_alike"),
    ("a\u{fe6b}b.example", "domain_look_alike"),
    ("a\u{ff05}b.example", "domain_look_alike"),
    ("\u{1c3}.example", "domain_look_alike"),
    ("\u{2474}.example", "domain_look_alike"),
    ("a\u{a8}.example", "domain_look_alike"),
    ("anna@brightwater.example", "domain_is_address"),
    ("@brightwater.example", "domain_is_address"),
    ("https://brightwater.example", "domain_is_url"),
    ("brightwater.example/", "domain_is_url"),
    ("brightwater.example:25", "domain_is_url"),
    ("::1", "domain_is_url"),
    ("_dmarc.brightwater.example", "domain_underscore"),
    ("a_b.example", "domain_underscore"),
    ("*.brightwater.example", "domain_character"),
    ("%.example", "domain_character"),
    ("a%00.example", "domain_character"),
    ("a'b.example", "domain_character"),
    ("a\"b.example", "domain_character"),
    ("a,b.example", "domain_character"),
    ("a;b.example", "domain_character"),
    ("a|b.example", "domain_character"),
    ("a\\b.example", "domain_character"),
    ("a&b.example", "domain_character"),
    ("a+b.example", "domain_character"),
    ("[192.0.2.1]", "domain_character"),
    ("<a.example>", "domain_character"),
    ("$(id).example", "domain_character"),
    ("`id`.example", "domain_character"),
    ("!a.example", "domain_character"),
    ("a\u{fdd0}.example", "domain_character"),
    ("a\u{ffff}.example", "domain_character"),
    ("a\u{fffd}.example", "domain_character"),
    ("-a.example", "domain_edge_hyphen"),
    ("a-.example", "domain_edge_hyphen"),
    ("-.example", "domain_edge_hyphen"),
    ("a.-example", "domain_edge_hyphen"),
    ("\u{ff0d}a.example", "domain_edge_hyphen"),
    ("-\u{fc}.example", "domain_edge_hyphen"),
    ("\u{fc}-.example", "domain_edge_hyphen"),
    ("ab--c.example", "domain_reserved_hyphens"),
    ("a1--.example", "domain_edge_hyphen"),
    ("\u{fc}b--c.example", "domain_reserved_hyphens"),
    ("xm--mnchen-3ya.example", "domain_reserved_hyphens"),
    ("xn--.example", "domain_punycode"),
    ("xn--a.example", "domain_punycode"),
    ("xn--a-.example", "domain_punycode"),
    ("xn--abc-.example", "domain_punycode"),
    ("xn--brightwater-.example", "domain_punycode"),
    ("xn--0.example", "domain_punycode"),
    ("xn--99999999.example", "domain_punycode"),
    ("xn--\u{fc}.example", "domain_punycode"),
    ("xn--mnchen-3y.example", "domain_punycode"),
    ("xn--a-ecp.ru", "domain_punycode"),
    ("xn--iny-zx5a.example", "domain_character"),
    ("xn--mgba3gch31f060k.example", "domain_invisible_character"),
    ("xn--ls8h.example", "domain_character"),
    ("\u{1f4a9}.example", "domain_character"),
    ("i\u{2764}.example", "domain_character"),
    ("\u{2603}.example", "domain_character"),
    ("\u{20ac}uro.example", "domain_character"),
    ("\u{221e}.example", "domain_character"),
    ("a\u{2010}b.example", "domain_character"),
    ("a\u{208f}.example", "domain_character"), // newer than the tables of UTS 46
    ("a\u{378}.example", "domain_character"),  // unassigned
    ("a\u{e000}.example", "domain_character"), // private use
    ("a\u{2013}b.example", "domain_character"),
    ("\u{a9}.example", "domain_character"),
    ("a\u{2019}b.example", "domain_character"),
    ("\u{645}\u{640}.example", "domain_character"),
    ("\u{1100}\u{1161}\u{11aa}\u{1100}.example", "domain_character"),
    ("\u{308}a.example", "domain_label"),
    ("\u{903}.example", "domain_label"),
    ("a\u{b7}b.example", "domain_label"),
    ("l\u{b7}.example", "domain_label"),
    ("\u{b7}l.example", "domain_label"),
    ("a\u{375}.example", "domain_label"),
    ("a\u{5f3}.example", "domain_label"),
    ("a\u{30fb}b.example", "domain_label"),
    ("\u{645}\u{661}\u{6f1}.example", "domain_label"),
    ("p\u{430}ypal.example", "domain_mixed_scripts"),
    ("\u{440}aypal.example", "domain_mixed_scripts"),
    ("xn--pypal-4ve.example", "domain_mixed_scripts"),
    ("\u{3b1}bc.example", "domain_mixed_scripts"),
    ("\u{43f}\u{3bf}.example", "domain_mixed_scripts"),
    ("\u{65e5}abc.example", "domain_mixed_scripts"),
    ("\u{d55c}\u{3042}.example", "domain_mixed_scripts"),
    ("\u{3105}\u{3042}.example", "domain_mixed_scripts"),
    ("\u{561}bc.example", "domain_mixed_scripts"),
    ("1\u{967}\u{928}.example", "domain_mixed_digits"),
    ("\u{5d0}a.example", "domain_label"),
    ("a\u{5d0}.example", "domain_label"),
    ("\u{5d0}.1a", "domain_directions"),
    ("192.0.2.1", "domain_numeric"),
    ("2130706433.1", "domain_numeric"),
    ("example.123", "domain_numeric"),
    ("example.0x7f", "domain_numeric"),
    ("example.0x", "domain_numeric"),
    ("0x7f.0x1", "domain_numeric"),
    ("a.\u{ff11}", "domain_numeric"),
    ("a.\u{967}", "domain_numeric"),
];

#[test]
fn careless_and_hostile_texts_are_refused_for_their_own_reason() {
    let wrong: Vec<String> = BAD
        .iter()
        .map(|(text, code)| (text, *code, outcome(text)))
        .filter(|(_, code, got)| *code != got)
        .map(|(text, code, got)| format!("{text:?}: {got}, not {code}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn lengths_are_counted_in_the_canonical_form() {
    let label = |length: usize| format!("{}.example", "a".repeat(length));
    let umlauts = |length: usize| format!("{}.example", "\u{fc}".repeat(length));

    assert_eq!(outcome(&label(63)), label(63));
    assert_eq!(outcome(&label(64)), "domain_label_too_long");
    assert_eq!(outcome(&umlauts(57)).split('.').next().map(str::len), Some(63));
    assert_eq!(outcome(&umlauts(58)), "domain_label_too_long");
    assert_eq!(outcome(&name_of(253)), name_of(253));
    assert_eq!(outcome(&name_of(254)), "domain_too_long");
    assert_eq!(outcome(&name_of(512)), "domain_too_long");
    assert_eq!(outcome(&name_of(513)), "domain_too_long");
    assert_eq!(outcome(&"a".repeat(1_000_000)), "domain_too_long");
    assert_eq!(outcome(&"\u{fc}".repeat(1_000_000)), "domain_too_long");
}

#[test]
fn people_see_the_letters_and_can_type_them_back() {
    for text in [
        "m\u{fc}nchen.example",
        "stra\u{df}e.example",
        "\u{65e5}\u{672c}.example",
        "a.example",
    ] {
        let name: DomainName = text.parse().unwrap();
        assert_eq!(name.to_unicode(), text);
        assert_eq!(name.to_unicode().parse(), Ok(name));
    }
}

#[test]
fn a_name_is_at_or_below_itself_and_its_parents_only() {
    let name: DomainName = "mail.brightwater.example".parse().unwrap();
    let below = |other: &str| name.is_at_or_below(&other.parse().unwrap());
    assert!(below("mail.brightwater.example"));
    assert!(below("brightwater.example"));
    assert!(!below("water.example"));
    assert!(!below("a.mail.brightwater.example"));
    assert_eq!(name.top_level(), "example");
}

#[test]
fn messages_name_what_cannot_be_seen() {
    let message = |text: &str| text.parse::<DomainName>().unwrap_err().to_string();
    assert_eq!(
        message("a\u{200b}.example"),
        "take the invisible character U+200B out of the domain name"
    );
    assert!(message("a\u{2044}b.example").contains("U+2044"));
    assert!(!message("a\u{202e}.example").contains('\u{202e}'));
    assert!(!message("a\n.example").contains('\n'));
}

#[test]
fn names_are_strings_in_json() {
    let name: DomainName = serde_json::from_str("\"M\u{dc}NCHEN.example\"").unwrap();
    assert_eq!(
        serde_json::to_string(&name).unwrap(),
        "\"xn--mnchen-3ya.example\""
    );
    assert!(serde_json::from_str::<DomainName>("\"a\"").is_err());
    assert!(serde_json::from_str::<DomainName>("{\"name\": \"a.example\"}").is_err());
}

/// Texts that come close to names: letters of many scripts, marks, signs, dots and prefixes.
fn nearly_names() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => "[a-z0-9.-]",
        2 => "[A-Z]",
        2 => "[\u{c0}-\u{24f}]",
        1 => "[\u{370}-\u{3ff}\u{400}-\u{4ff}]",
        1 => "[\u{590}-\u{6ff}]",
        1 => "[\u{900}-\u{97f}\u{3040}-\u{30ff}\u{4e00}-\u{4eff}\u{ac00}-\u{acff}]",
        1 => "[\u{300}-\u{33f}\u{2000}-\u{206f}\u{2100}-\u{214f}\u{ff00}-\u{ffef}]",
        1 => Just("xn--".to_owned()),
    ];
    prop::collection::vec(character, 1..16).prop_map(|parts| parts.concat() + ".example")
}

proptest! {
    #[test]
    fn the_canonical_form_is_a_fixed_point(text in nearly_names()) {
        if let Ok(name) = text.parse::<DomainName>() {
            prop_assert_eq!(name.to_string().parse(), Ok(name.clone()));
            prop_assert_eq!(name.to_unicode().parse(), Ok(name));
        }
    }

    #[test]
    fn case_makes_no_difference(text in nearly_names()) {
        prop_assert_eq!(text.parse::<DomainName>().ok(), text.to_ascii_uppercase().parse().ok());
    }

    #[test]
    fn what_passes_is_what_dns_can_carry(text in nearly_names()) {
        if let Ok(name) = text.parse::<DomainName>() {
            prop_assert!(name.as_str().len() <= MAX_NAME);
            for label in name.as_str().split('.') {
                prop_assert!((1..=MAX_LABEL).contains(&label.len()));
                prop_assert!(label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')));
                prop_assert!(!label.starts_with('-') && !label.ends_with('-'));
            }
        }
    }

    #[test]
    fn invented_a_labels_never_pass_without_round_trip(digits in "[a-z0-9-]{1,20}") {
        if let Ok(name) = format!("xn--{digits}.example").parse::<DomainName>() {
            prop_assert!(!name.to_unicode().is_ascii());
            prop_assert_eq!(name.to_unicode().parse(), Ok(name));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Err(problem) = text.parse::<DomainName>() {
            prop_assert!(!problem.to_string().chars().any(char::is_control));
        }
    }
}

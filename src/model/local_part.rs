//! The part before the `@` of an own address.

use std::fmt;
use std::str::FromStr;

use super::address_policy::AddressPolicy;
use super::characters::Named;
use super::invalid::Problem;
use super::macros::serde_as_text;

/// The longest local part that SMTP carries.
const MAX_LENGTH: usize = 64;

/// The local part of an own mailbox or alias, in lower case.
///
/// Parsing allows the widest alphabet, `[a-z0-9_][a-z0-9._'+-]*`, which cells adopted from older systems may
/// hold; what a new address may have is a question of [`AddressPolicy::local_part`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalPart(String);

impl LocalPart {
    /// The text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AddressPolicy {
    /// Parses the local part of a new own address: `'` and `+` only where the configuration says so.
    pub fn local_part(&self, text: &str) -> Result<LocalPart, BadLocalPart> {
        let local: LocalPart = text.parse()?;
        match local
            .0
            .chars()
            .find(|c| matches!(c, '\'' | '+') && !self.extra_local_characters.contains(*c))
        {
            Some(c) => Err(BadLocalPart::NotConfigured(c)),
            None => Ok(local),
        }
    }
}

impl fmt::Display for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for LocalPart {
    type Err = BadLocalPart;

    fn from_str(text: &str) -> Result<Self, BadLocalPart> {
        // ASCII first: lower-casing turns the KELVIN SIGN into an honest k.
        if let Some(c) = text.chars().find(|c| !c.is_ascii()) {
            return Err(BadLocalPart::NotAscii(c));
        }
        if text.is_empty() {
            return Err(BadLocalPart::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(BadLocalPart::TooLong);
        }
        if let Some(c) = text.chars().find(|c| !is_allowed(*c)) {
            return Err(if c == '@' {
                BadLocalPart::At
            } else {
                BadLocalPart::Character(c)
            });
        }
        if text.starts_with(['.', '\'', '+', '-']) {
            return Err(BadLocalPart::Beginning);
        }
        if text.ends_with('.') || text.contains("..") {
            return Err(BadLocalPart::Dots);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

serde_as_text!(LocalPart);

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '\'' | '+' | '-')
}

/// Why a text is no local part of an own address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLocalPart {
    /// Nothing was given; a catch-all is a resource of its own.
    #[error("the part before the @ is missing: write a name, or set up a catch-all for the domain")]
    Empty,
    /// It is longer than SMTP allows.
    #[error("the part before the @ is longer than {MAX_LENGTH} characters: shorten it")]
    TooLong,
    /// A letter with an accent, of another script, or one that only looks like ASCII.
    #[error("{} cannot be part of an own address: use the letters a to z without accents", Named(*.0))]
    NotAscii(char),
    /// A whole address where only its first part belongs.
    #[error("write only the part before the @")]
    At,
    /// A character that mail systems would interpret, or that nobody can dictate.
    #[error("{} cannot be part of an own address: use letters, digits, dot, hyphen and underscore", Named(*.0))]
    Character(char),
    /// A character that only some installations allow.
    #[error("{} is not allowed in new addresses here: leave it out", Named(*.0))]
    NotConfigured(char),
    /// It begins with a sign.
    #[error(
        "the part before the @ begins with a letter, a digit or an underscore: change its first character"
    )]
    Beginning,
    /// A dot at the end, or two in a row.
    #[error("the part before the @ has no dot at its end and no two dots in a row: take the extra dot out")]
    Dots,
}

impl Problem for BadLocalPart {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "local_part_empty",
            Self::TooLong => "local_part_too_long",
            Self::NotAscii(_) => "local_part_not_ascii",
            Self::At => "local_part_is_address",
            Self::Character(_) => "local_part_character",
            Self::NotConfigured(_) => "local_part_not_configured",
            Self::Beginning => "local_part_beginning",
            Self::Dots => "local_part_dots",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn longest() -> String {
        "a".repeat(MAX_LENGTH)
    }

    #[test]
    fn good_local_parts_are_kept_in_lower_case() {
        let table = [
            ("anna", "anna"),
            ("Anna.Meyer", "anna.meyer"),
            ("ANNA", "anna"),
            ("a", "a"),
            ("7", "7"),
            ("_dmarc", "_dmarc"),
            ("__", "__"),
            ("sales-team", "sales-team"),
            ("sales--team-", "sales--team-"),
            ("a.b.c.d", "a.b.c.d"),
            ("o'brien", "o'brien"),
            ("anna+news", "anna+news"),
            ("a_", "a_"),
            ("postmaster", "postmaster"),
            ("xn--abc", "xn--abc"),
        ];
        for (text, canonical) in table {
            assert_eq!(text.parse::<LocalPart>().unwrap().as_str(), canonical);
        }
    }

    #[test]
    fn a_local_part_has_at_most_64_characters() {
        assert_eq!(longest().parse::<LocalPart>().unwrap().as_str(), longest());
        assert_eq!(
            format!("{}a", longest()).parse::<LocalPart>(),
            Err(BadLocalPart::TooLong)
        );
    }

    /// What is typed, and the code of the refusal.
    const BAD: &[(&str, &str)] = &[
        ("", "local_part_empty"),
        ("\u{212a}elvin", "local_part_not_ascii"),
        ("\u{212a}", "local_part_not_ascii"),
        ("\u{130}", "local_part_not_ascii"),
        ("m\u{fc}ller", "local_part_not_ascii"),
        ("stra\u{df}e", "local_part_not_ascii"),
        ("\u{ff41}nna", "local_part_not_ascii"),
        ("\u{430}nna", "local_part_not_ascii"),
        ("an\u{200d}na", "local_part_not_ascii"),
        ("an\u{200b}na", "local_part_not_ascii"),
        ("\u{202e}anna", "local_part_not_ascii"),
        ("anna\u{feff}", "local_part_not_ascii"),
        ("anna\u{a0}", "local_part_not_ascii"),
        ("\u{1f600}", "local_part_not_ascii"),
        ("anna@brightwater.example", "local_part_is_address"),
        ("@", "local_part_is_address"),
        ("|id", "local_part_character"),
        ("%", "local_part_character"),
        ("a%b", "local_part_character"),
        ("*", "local_part_character"),
        ("a*master", "local_part_character"),
        ("a/b", "local_part_character"),
        ("../x", "local_part_character"),
        ("a\\b", "local_part_character"),
        (":include:", "local_part_character"),
        ("a!b", "local_part_character"),
        ("\"a\"", "local_part_character"),
        ("a b", "local_part_character"),
        (" anna", "local_part_character"),
        ("anna ", "local_part_character"),
        ("anna\n", "local_part_character"),
        ("anna\r\n", "local_part_character"),
        ("an\0na", "local_part_character"),
        ("anna\t", "local_part_character"),
        ("a\u{7f}", "local_part_character"),
        ("a,b", "local_part_character"),
        ("a;b", "local_part_character"),
        ("a&b", "local_part_character"),
        ("a=b", "local_part_character"),
        ("a~b", "local_part_character"),
        ("a#b", "local_part_character"),
        ("a$b", "local_part_character"),
        ("<a>", "local_part_character"),
        ("(a)", "local_part_character"),
        ("[a]", "local_part_character"),
        ("{a}", "local_part_character"),
        ("`id`", "local_part_character"),
        ("a?b", "local_part_character"),
        ("a^b", "local_part_character"),
        (".anna", "local_part_beginning"),
        ("-a", "local_part_beginning"),
        ("+a", "local_part_beginning"),
        ("'a", "local_part_beginning"),
        (".", "local_part_beginning"),
        ("..", "local_part_beginning"),
        ("-", "local_part_beginning"),
        ("anna.", "local_part_dots"),
        ("anna..meyer", "local_part_dots"),
    ];

    #[test]
    fn bad_local_parts_are_refused_for_their_own_reason() {
        for &(text, code) in BAD {
            let problem = text.parse::<LocalPart>().unwrap_err();
            assert_eq!(problem.code(), code, "{text:?}");
        }
    }

    #[test]
    fn apostrophe_and_plus_need_the_configuration() {
        let strict = AddressPolicy::default();
        let plus = AddressPolicy {
            extra_local_characters: "+".to_owned(),
            ..AddressPolicy::default()
        };
        let both = AddressPolicy {
            extra_local_characters: "'+".to_owned(),
            ..AddressPolicy::default()
        };

        assert_eq!(
            strict.local_part("o'brien"),
            Err(BadLocalPart::NotConfigured('\''))
        );
        assert_eq!(strict.local_part("a+b"), Err(BadLocalPart::NotConfigured('+')));
        assert_eq!(plus.local_part("o'brien"), Err(BadLocalPart::NotConfigured('\'')));
        assert!(plus.local_part("a+b").is_ok());
        assert!(both.local_part("o'brien+b").is_ok());
        assert_eq!(strict.local_part("Anna").unwrap().as_str(), "anna");
    }

    #[test]
    fn a_configuration_cannot_open_other_characters() {
        let wild = AddressPolicy {
            extra_local_characters: "*%|/ \u{fc}".to_owned(),
            ..AddressPolicy::default()
        };
        for text in ["*", "a%b", "|id", "a/b", "a b", "m\u{fc}ller", ".a"] {
            assert!(wild.local_part(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_a_fixed_point(text in "[a-zA-Z0-9_][a-zA-Z0-9._'+-]{0,63}") {
            if let Ok(local) = text.parse::<LocalPart>() {
                prop_assert_eq!(local.to_string().parse(), Ok(local.clone()));
                prop_assert_eq!(local.as_str(), text.to_ascii_lowercase());
            } else {
                prop_assert!(text.ends_with('.') || text.contains(".."));
            }
        }

        #[test]
        fn what_passes_has_only_the_documented_alphabet(text in any::<String>()) {
            if let Ok(local) = text.parse::<LocalPart>() {
                prop_assert!(local.as_str().bytes().all(|b| b"abcdefghijklmnopqrstuvwxyz0123456789._'+-".contains(&b)));
                prop_assert!(AddressPolicy::default().local_part(local.as_str()).is_ok() != text.contains(['\'', '+']));
            }
        }
    }
}

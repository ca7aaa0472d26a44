//! An own e-mail address in canonical form.

use std::fmt;
use std::str::FromStr;

use super::domain_name::{BadDomainName, DomainName};
use super::invalid::Problem;
use super::local_part::{BadLocalPart, LocalPart};
use super::macros::serde_as_text;

/// The longest address that SMTP carries (a path of 256 with its angle brackets).
pub(super) const MAX_LENGTH: usize = 254;

/// The address of an own mailbox or alias: both parts in canonical form, so that equal addresses are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress {
    domain: DomainName,
    local: LocalPart,
}

impl EmailAddress {
    /// Puts an address together. Only the length of the whole can be wrong.
    pub fn new(local: LocalPart, domain: DomainName) -> Result<Self, BadEmailAddress> {
        if local.as_str().len() + 1 + domain.as_str().len() > MAX_LENGTH {
            return Err(BadEmailAddress::TooLong);
        }
        Ok(Self { domain, local })
    }

    /// The part before the `@`.
    pub fn local(&self) -> &LocalPart {
        &self.local
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// The address for people: `anna@münchen.example`.
    pub fn to_unicode(&self) -> String {
        format!("{}@{}", self.local, self.domain.to_unicode())
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl FromStr for EmailAddress {
    type Err = BadEmailAddress;

    fn from_str(text: &str) -> Result<Self, BadEmailAddress> {
        let (local, domain) = text.split_once('@').ok_or(BadEmailAddress::NoAt)?;
        if domain.contains('@') {
            return Err(BadEmailAddress::SecondAt);
        }
        Self::new(local.parse()?, domain.parse()?)
    }
}

serde_as_text!(EmailAddress);

/// Why a text is no own address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEmailAddress {
    /// There is no `@`.
    #[error("an address has an @ between name and domain, such as anna@brightwater.example")]
    NoAt,
    /// There are several `@`.
    #[error("an address has only one @: take the others out")]
    SecondAt,
    /// The whole is longer than SMTP allows.
    #[error("an address is at most {MAX_LENGTH} characters long: shorten the part before the @")]
    TooLong,
    /// The part before the `@` is wrong.
    #[error(transparent)]
    Local(#[from] BadLocalPart),
    /// The part after the `@` is wrong.
    #[error(transparent)]
    Domain(#[from] BadDomainName),
}

impl Problem for BadEmailAddress {
    fn code(&self) -> &'static str {
        match self {
            Self::NoAt => "address_without_at",
            Self::SecondAt => "address_second_at",
            Self::TooLong => "address_too_long",
            Self::Local(problem) => problem.code(),
            Self::Domain(problem) => problem.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A name of exactly so many characters.
    fn domain_of(length: usize) -> String {
        let mut name = "d".repeat(length - 2) + ".e";
        for dot in (63..length - 2).step_by(64) {
            name.replace_range(dot..=dot, ".");
        }
        name
    }

    #[test]
    fn both_parts_become_canonical() {
        let table = [
            ("Anna@Brightwater.EXAMPLE", "anna@brightwater.example"),
            ("anna@M\u{dc}NCHEN.example", "anna@xn--mnchen-3ya.example"),
            ("o'brien+x@brightwater.example", "o'brien+x@brightwater.example"),
        ];
        for (text, canonical) in table {
            let address: EmailAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), canonical);
            assert_eq!(address.to_unicode().parse(), Ok(address));
        }
    }

    #[test]
    fn what_is_no_own_address_is_refused_for_its_own_reason() {
        let table = [
            ("", "address_without_at"),
            ("anna", "address_without_at"),
            ("anna.brightwater.example", "address_without_at"),
            ("anna\u{ff20}brightwater.example", "address_without_at"),
            ("a@b@c", "address_second_at"),
            ("a@@brightwater.example", "address_second_at"),
            ("\"a@b\"@brightwater.example", "address_second_at"),
            ("@", "local_part_empty"),
            ("@brightwater.example", "local_part_empty"),
            ("anna@", "domain_empty"),
            ("anna @brightwater.example", "local_part_character"),
            ("anna@ brightwater.example", "domain_space"),
            ("anna@brightwater.example ", "domain_space"),
            ("anna@brightwater.example\n", "domain_control_character"),
            ("anna@brightwater", "domain_one_label"),
            ("anna@brightwater.example.", "domain_trailing_dot"),
            ("..@brightwater.example", "local_part_beginning"),
            ("-a@brightwater.example", "local_part_beginning"),
            ("*@brightwater.example", "local_part_character"),
            ("%@brightwater.example", "local_part_character"),
            ("|id@brightwater.example", "local_part_character"),
            ("anna@[192.0.2.1]", "domain_character"),
            ("anna@192.0.2.1", "domain_numeric"),
            ("anna@[IPv6:2001:db8::1]", "domain_character"),
            ("Anna <anna@brightwater.example>", "local_part_character"),
            ("mailto:anna@brightwater.example", "local_part_character"),
            (
                "anna@brightwater.example,bob@brightwater.example",
                "address_second_at",
            ),
        ];
        for (text, code) in table {
            let problem = text.parse::<EmailAddress>().unwrap_err();
            assert_eq!(problem.code(), code, "{text:?}");
        }
    }

    #[test]
    fn an_address_has_at_most_254_characters() {
        let fits = format!("{}@{}", "a".repeat(64), domain_of(189));
        let does_not = format!("{}@{}", "a".repeat(64), domain_of(190));
        assert_eq!(fits.len(), 254);
        assert!(fits.parse::<EmailAddress>().is_ok());
        assert_eq!(does_not.parse::<EmailAddress>(), Err(BadEmailAddress::TooLong));
        assert!(format!("a@{}", domain_of(252)).parse::<EmailAddress>().is_ok());
        assert_eq!(
            format!("a@{}", domain_of(253)).parse::<EmailAddress>(),
            Err(BadEmailAddress::TooLong)
        );
    }

    #[test]
    fn addresses_are_strings_in_json() {
        let address: EmailAddress = serde_json::from_str("\"Anna@Brightwater.example\"").unwrap();
        assert_eq!(
            serde_json::to_string(&address).unwrap(),
            "\"anna@brightwater.example\""
        );
        assert!(serde_json::from_str::<EmailAddress>("\"anna\"").is_err());
        assert!(serde_json::from_str::<EmailAddress>("[\"anna@brightwater.example\"]").is_err());
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_a_fixed_point(text in "[a-zA-Z][a-z.+]{0,5}@[a-zA-Z\u{e4}-\u{fc}\u{3b1}-\u{3c9}-]{1,6}\\.[a-z]{2,3}") {
            if let Ok(address) = text.parse::<EmailAddress>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address.clone()));
                prop_assert_eq!(address.to_unicode().parse(), Ok(address));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}@\\PC{0,20}") {
            if let Ok(address) = text.parse::<EmailAddress>() {
                prop_assert_eq!(address.to_string().matches('@').count(), 1);
            }
        }
    }
}

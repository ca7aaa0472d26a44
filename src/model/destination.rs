//! Where an alias delivers: an address here or anywhere.

use std::fmt;
use std::str::FromStr;

use super::address::{EmailAddress, MAX_LENGTH};
use super::characters::Named;
use super::domain_name::{BadDomainName, DomainName};
use super::invalid::Problem;
use super::local_part::LocalPart;
use super::macros::serde_as_text;

/// An address to which an alias delivers.
///
/// The domain is canonical; the local part is kept as typed, because only its own mail system knows whether it
/// ignores case. Where the domain is our own, [`Destination::canonical_for`] makes the whole canonical. Nothing
/// that a mail system would interpret (pipes, files, includes, routes, wildcards, quotes) passes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    domain: DomainName,
    local: String,
}

impl Destination {
    /// The part before the `@`.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// The own address it would be if its domain were hosted here; `None` if no own address can look like it.
    pub fn as_own(&self) -> Option<EmailAddress> {
        let local: LocalPart = self.local.parse().ok()?;
        EmailAddress::new(local, self.domain.clone()).ok()
    }

    /// The form to keep: for an own domain the local part in lower case, for others as typed.
    #[must_use]
    pub fn canonical_for(self, own: bool) -> Self {
        match self.as_own() {
            Some(address) if own => Self::from(address),
            _ => self,
        }
    }

    /// The destination for people: `anna@münchen.example`.
    pub fn to_unicode(&self) -> String {
        format!("{}@{}", self.local, self.domain.to_unicode())
    }
}

impl From<EmailAddress> for Destination {
    fn from(address: EmailAddress) -> Self {
        Self {
            domain: address.domain().clone(),
            local: address.local().as_str().to_owned(),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl FromStr for Destination {
    type Err = BadDestination;

    fn from_str(text: &str) -> Result<Self, BadDestination> {
        let (local, domain) = text.split_once('@').ok_or(BadDestination::NoAt)?;
        if domain.contains('@') {
            return Err(BadDestination::SecondAt);
        }
        check_local(local)?;
        let domain: DomainName = domain.parse()?;
        if local.len() + 1 + domain.as_str().len() > MAX_LENGTH {
            return Err(BadDestination::TooLong);
        }
        Ok(Self {
            domain,
            local: local.to_owned(),
        })
    }
}

serde_as_text!(Destination);

fn check_local(local: &str) -> Result<(), BadDestination> {
    if local.is_empty() {
        return Err(BadDestination::Empty);
    }
    if let Some(c) = local.chars().find(|c| !is_allowed(*c)) {
        return Err(match c {
            '"' => BadDestination::Quoted,
            '|' | '/' | ':' | '!' | '%' | '*' => BadDestination::Interpreted(c),
            _ => BadDestination::Character(c),
        });
    }
    if local.starts_with('-') {
        return Err(BadDestination::Hyphen);
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(BadDestination::Dots);
    }
    if local.len() > MAX_LENGTH {
        return Err(BadDestination::TooLong);
    }
    Ok(())
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '\'' | '&' | '=' | '~' | '#')
}

/// Why a text is no destination of an alias.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDestination {
    /// There is no `@`.
    #[error("a destination is a whole address with an @, such as anna@brightwater.example")]
    NoAt,
    /// There are several `@`.
    #[error("a destination is one address with one @: give each address on its own")]
    SecondAt,
    /// Nothing stands before the `@`.
    #[error("the part before the @ is missing: write a whole address")]
    Empty,
    /// A quoted local part.
    #[error("quoted addresses cannot be destinations: use an address without quotation marks")]
    Quoted,
    /// A character that makes mail systems run, write, route or match something.
    #[error("{} cannot be part of a destination, because mail systems give it a meaning of its own: use a plain address", Named(*.0))]
    Interpreted(char),
    /// Any other character that does not belong there.
    #[error("{} cannot be part of a destination: use letters, digits and . _ - + ' & = ~ #", Named(*.0))]
    Character(char),
    /// A hyphen first, which programs take for an option.
    #[error("a destination does not begin with a hyphen: take it away")]
    Hyphen,
    /// A dot at an edge, or two in a row.
    #[error("the part before the @ has no dot at its edges and no two dots in a row: take the extra dot out")]
    Dots,
    /// The whole is longer than SMTP allows.
    #[error("a destination is at most {MAX_LENGTH} characters long: use a shorter address")]
    TooLong,
    /// The part after the `@` is wrong.
    #[error(transparent)]
    Domain(#[from] BadDomainName),
}

impl Problem for BadDestination {
    fn code(&self) -> &'static str {
        match self {
            Self::NoAt => "destination_without_at",
            Self::SecondAt => "destination_second_at",
            Self::Empty => "destination_empty",
            Self::Quoted => "destination_quoted",
            Self::Interpreted(_) => "destination_interpreted",
            Self::Character(_) => "destination_character",
            Self::Hyphen => "destination_hyphen",
            Self::Dots => "destination_dots",
            Self::TooLong => "destination_too_long",
            Self::Domain(problem) => problem.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_domain_becomes_canonical_and_the_local_part_stays_as_typed() {
        let table = [
            ("anna@brightwater.example", "anna@brightwater.example"),
            ("Anna.Meyer@Brightwater.EXAMPLE", "Anna.Meyer@brightwater.example"),
            ("a@M\u{dc}NCHEN.example", "a@xn--mnchen-3ya.example"),
            ("_a@b.example", "_a@b.example"),
            ("+a@b.example", "+a@b.example"),
            ("a&b=c~d#e'f@b.example", "a&b=c~d#e'f@b.example"),
            ("#a@b.example", "#a@b.example"),
            ("a-@b.example", "a-@b.example"),
            ("prvs=0123=anna@b.example", "prvs=0123=anna@b.example"),
            ("SRS0=x=y=z=anna@b.example", "SRS0=x=y=z=anna@b.example"),
            ("root@mail.internal", "root@mail.internal"),
            ("root@mx.localhost", "root@mx.localhost"),
            ("a@co.uk", "a@co.uk"),
            ("a@gmail.com", "a@gmail.com"),
        ];
        for (text, canonical) in table {
            let destination: Destination = text.parse().unwrap();
            assert_eq!(destination.to_string(), canonical);
            assert_eq!(destination.to_unicode().parse(), Ok(destination));
        }
    }

    /// What is typed, and the code of the refusal.
    const BAD: &[(&str, &str)] = &[
        ("", "destination_without_at"),
        ("anna", "destination_without_at"),
        ("|id", "destination_without_at"),
        ("|/bin/sh", "destination_without_at"),
        ("/dev/null", "destination_without_at"),
        (":include:/etc/passwd", "destination_without_at"),
        ("\\anna", "destination_without_at"),
        ("@", "destination_empty"),
        ("@b.example", "destination_empty"),
        ("|id@b.example", "destination_interpreted"),
        ("a|b@b.example", "destination_interpreted"),
        ("/etc/x@b.example", "destination_interpreted"),
        ("../x@b.example", "destination_interpreted"),
        (":include:@b.example", "destination_interpreted"),
        ("a!b@b.example", "destination_interpreted"),
        ("a%c.example@b.example", "destination_interpreted"),
        ("%@b.example", "destination_interpreted"),
        ("*@b.example", "destination_interpreted"),
        ("anna*master@b.example", "destination_interpreted"),
        ("\"|id\"@b.example", "destination_quoted"),
        ("\"a b\"@b.example", "destination_quoted"),
        ("a\"@b.example", "destination_quoted"),
        ("-a@b.example", "destination_hyphen"),
        ("-oQ/tmp@b.example", "destination_interpreted"),
        ("--@b.example", "destination_hyphen"),
        ("..@b.example", "destination_dots"),
        (".a@b.example", "destination_dots"),
        ("a.@b.example", "destination_dots"),
        ("a..b@b.example", "destination_dots"),
        ("a@b@c.example", "destination_second_at"),
        ("a@b.example, c@d.example", "destination_second_at"),
        ("@relay.example:a@b.example", "destination_second_at"),
        ("a b@b.example", "destination_character"),
        (" a@b.example", "destination_character"),
        ("a\n@b.example", "destination_character"),
        ("a\r\nBcc: x@b.example", "destination_character"),
        ("a\0@b.example", "destination_character"),
        ("a\\b@b.example", "destination_character"),
        ("a,b@b.example", "destination_character"),
        ("a;b@b.example", "destination_character"),
        ("$(id)@b.example", "destination_character"),
        ("`id`@b.example", "destination_character"),
        ("{a,b}@b.example", "destination_character"),
        ("a^b@b.example", "destination_character"),
        ("a?b@b.example", "destination_character"),
        ("<a@b.example>", "destination_character"),
        ("a(comment)@b.example", "destination_character"),
        ("m\u{fc}ller@b.example", "destination_character"),
        ("\u{212a}@b.example", "destination_character"),
        ("a\u{200d}@b.example", "destination_character"),
        ("\u{202e}a@b.example", "destination_character"),
        ("a@", "domain_empty"),
        ("a@b", "domain_one_label"),
        ("a@localhost", "domain_one_label"),
        ("a@b.example.", "domain_trailing_dot"),
        ("a@b.example ", "domain_space"),
        ("a@b.example\n", "domain_control_character"),
        ("a@192.0.2.1", "domain_numeric"),
        ("a@[192.0.2.1]", "domain_character"),
        ("a@b_c.example", "domain_underscore"),
        ("a@*.example", "domain_character"),
        ("a@b.example:25", "domain_is_url"),
    ];

    #[test]
    fn what_a_mail_system_would_interpret_is_refused() {
        for &(text, code) in BAD {
            let problem = text.parse::<Destination>().unwrap_err();
            assert_eq!(problem.code(), code, "{text:?}");
        }
    }

    #[test]
    fn a_destination_has_at_most_254_characters() {
        let local = "a".repeat(254 - "@b.example".len());
        assert!(format!("{local}@b.example").parse::<Destination>().is_ok());
        assert_eq!(
            format!("{local}a@b.example").parse::<Destination>(),
            Err(BadDestination::TooLong)
        );
        assert_eq!(
            format!("{}@b.example", "a".repeat(9_999)).parse::<Destination>(),
            Err(BadDestination::TooLong)
        );
    }

    #[test]
    fn own_destinations_are_lower_cased_and_foreign_ones_are_not() {
        let typed: Destination = "Anna@Brightwater.example".parse().unwrap();
        assert_eq!(typed.as_own().unwrap().to_string(), "anna@brightwater.example");
        assert_eq!(
            typed.clone().canonical_for(true).to_string(),
            "anna@brightwater.example"
        );
        assert_eq!(typed.canonical_for(false).to_string(), "Anna@brightwater.example");
    }

    #[test]
    fn what_cannot_be_an_own_address_stays_as_it_is() {
        for text in ["A=B@b.example", "+A@b.example", "A#@b.example"] {
            let typed: Destination = text.parse().unwrap();
            assert_eq!(typed.as_own(), None);
            assert_eq!(typed.clone().canonical_for(true), typed);
        }
    }

    proptest! {
        #[test]
        fn a_destination_survives_its_text(text in "[a-zA-Z0-9._+'&=~#-]{1,20}@[a-zA-Z0-9-]{1,10}\\.[a-z]{2,4}") {
            if let Ok(destination) = text.parse::<Destination>() {
                prop_assert_eq!(destination.to_string().parse(), Ok(destination.clone()));
                let own = destination.canonical_for(true);
                prop_assert_eq!(own.clone().canonical_for(true), own);
            }
        }

        #[test]
        fn every_own_address_can_be_a_destination(text in "[a-z_][a-z0-9_'+-]{0,20}@[a-z]{1,9}\\.[a-z]{2,4}") {
            let address: EmailAddress = text.parse().unwrap();
            let destination: Destination = address.to_string().parse().unwrap();
            prop_assert_eq!(destination.as_own(), Some(address));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(destination) = text.parse::<Destination>() {
                prop_assert!(!destination.to_string().contains(['|', '/', ':', '!', '%', '*', '"', '\n', '\0', ' ']));
            }
        }
    }
}

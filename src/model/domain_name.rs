//! Names of mail domains: the rules of their shape, and one canonical form.

mod label;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

use super::characters::{Named, is_bidi_control, is_invisible, is_line_separator, is_noncharacter};
use super::invalid::Problem;
use super::macros::serde_as_text;

/// More characters than this are not even looked at.
const MAX_INPUT: usize = 512;
/// The longest name DNS can carry as text.
const MAX_NAME: usize = 253;
/// The longest label DNS can carry.
const MAX_LABEL: usize = 63;

/// The name of a mail domain, in canonical form: lower-case A-labels without a final dot.
///
/// Parsing checks the shape only; whether a name may be *hosted* here is a question of
/// [`AddressPolicy::hosted_domain`](super::AddressPolicy::hosted_domain).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

impl DomainName {
    /// The canonical form: `xn--mnchen-3ya.example`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for people: `münchen.example`.
    pub fn to_unicode(&self) -> String {
        decode(&self.0).unwrap_or_else(|| self.0.clone())
    }

    /// The last label: `example`.
    pub fn top_level(&self) -> &str {
        self.0.rsplit_once('.').map_or(self.as_str(), |(_, last)| last)
    }

    /// Whether this name is `other` or lies below it.
    pub fn is_at_or_below(&self, other: &Self) -> bool {
        self.0
            .strip_suffix(other.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for DomainName {
    type Err = BadDomainName;

    fn from_str(text: &str) -> Result<Self, BadDomainName> {
        check_input(text)?;
        let name = Uts46::new()
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::STD3,
                Hyphens::Allow,
                DnsLength::Ignore,
            )
            .map_err(|_| why_unusable(text))?;
        for label in name.split('.') {
            label::check(label)?;
        }
        check_name(&name)?;
        Ok(Self(name.into_owned()))
    }
}

serde_as_text!(DomainName);

/// What can be said before any mapping: empty labels and characters that have no place in a name.
fn check_input(text: &str) -> Result<(), BadDomainName> {
    if text.is_empty() {
        return Err(BadDomainName::Empty);
    }
    if text.chars().nth(MAX_INPUT).is_some() {
        return Err(BadDomainName::InputTooLong);
    }
    text.chars().try_for_each(check_character)?;
    match text
        .strip_suffix('.')
        .unwrap_or(text)
        .split('.')
        .all(|label| !label.is_empty())
    {
        false => Err(BadDomainName::EmptyLabel),
        true if text.ends_with('.') => Err(BadDomainName::TrailingDot),
        true => Ok(()),
    }
}

/// Refuses what never belongs into a name, also when it comes out of a decoded label.
fn check_character(c: char) -> Result<(), BadDomainName> {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' => Ok(()),
        '@' => Err(BadDomainName::At),
        '/' | ':' => Err(BadDomainName::Url),
        '_' => Err(BadDomainName::Underscore),
        _ if c.is_control() || is_line_separator(c) => Err(BadDomainName::ControlCharacter(c)),
        _ if c.is_whitespace() => Err(BadDomainName::Space),
        _ if is_bidi_control(c) => Err(BadDomainName::DirectionMark(c)),
        _ if is_invisible(c) => Err(BadDomainName::Invisible(c)),
        _ if c.is_ascii() || is_noncharacter(c) => Err(BadDomainName::Character(c)),
        _ if imitates_punctuation(c) => Err(BadDomainName::LookAlike(c)),
        _ => Ok(()),
    }
}

/// Characters that become, or look like, a dot, a slash, an "account of", an at sign or other punctuation.
fn imitates_punctuation(c: char) -> bool {
    let stands_for_punctuation = || {
        std::iter::once(c)
            .nfkc()
            .any(|c| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '-')
    };
    let looks_like_punctuation = matches!(
        c,
        '\u{1c0}'..='\u{1c3}' // clicks: bars and an exclamation mark
            | '\u{337}' | '\u{338}' // slashes laid over the letter before
            | '\u{589}' | '\u{5c3}' | '\u{6d4}' | '\u{701}' | '\u{702}' // full stops
            | '\u{2027}' | '\u{2044}' | '\u{2215}' | '\u{2571}' | '\u{29f8}' // dots and slashes
            | '\u{3002}' | '\u{ff61}' // ideographic full stops, which UTS 46 makes dots
            | '\u{a4f8}'..='\u{a4fd}' // Lisu tones: dots, commas, colons
            | '\u{a78f}' | '\u{2cc6}' // a raised dot, a Coptic slash
    );
    looks_like_punctuation || stands_for_punctuation()
}

/// The rules of the whole name, in canonical form.
fn check_name(name: &str) -> Result<(), BadDomainName> {
    let Some((_, last)) = name.rsplit_once('.') else {
        return Err(BadDomainName::OneLabel);
    };
    if name.len() > MAX_NAME {
        return Err(BadDomainName::TooLong);
    }
    let digits_only = decode(last).is_some_and(|last| last.chars().all(char::is_numeric));
    if digits_only || last.starts_with("0x") {
        return Err(BadDomainName::Numeric);
    }
    Ok(())
}

/// Why UTS 46 would not map a name: the first label that fails by itself, else the mix of directions.
fn why_unusable(text: &str) -> BadDomainName {
    let maps = |label: &&str| {
        Uts46::new()
            .to_ascii(
                label.as_bytes(),
                AsciiDenyList::STD3,
                Hyphens::Allow,
                DnsLength::Ignore,
            )
            .is_ok()
    };
    match text.split('.').find(|label| !maps(label)) {
        Some(label) if label::has_ace_prefix(label) => BadDomainName::Punycode(label.to_ascii_lowercase()),
        Some(label) => match label.chars().find(|c| label::is_never_valid(*c)) {
            Some(c) => BadDomainName::Character(c),
            None => BadDomainName::Label(label.to_owned()),
        },
        None => BadDomainName::Directions,
    }
}

/// The U-label form of canonical labels.
fn decode(labels: &str) -> Option<String> {
    let (text, result) = Uts46::new().to_unicode(labels.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow);
    result.is_ok().then(|| text.into_owned())
}

/// Why a text is no domain name, or none that may be hosted here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDomainName {
    /// Nothing was given.
    #[error("a domain name is needed, such as brightwater.example")]
    Empty,
    /// The text is far too long to be a name.
    #[error("a domain name is written in at most {MAX_INPUT} characters: shorten it")]
    InputTooLong,
    /// The canonical form is longer than DNS allows.
    #[error("the domain name is longer than {MAX_NAME} characters (as DNS writes it): shorten it")]
    TooLong,
    /// A label is longer than DNS allows.
    #[error("the part \"{0}\" is longer than {MAX_LABEL} characters (as DNS writes it): shorten it")]
    LabelTooLong(String),
    /// There is only one label.
    #[error("a domain name has at least two parts with a dot between them, such as brightwater.example")]
    OneLabel,
    /// A dot at the beginning, or two in a row.
    #[error("a domain name has no dot at its beginning and no two dots in a row: take the extra dot out")]
    EmptyLabel,
    /// A dot at the end.
    #[error("leave out the dot at the end of the domain name")]
    TrailingDot,
    /// A blank anywhere.
    #[error("a domain name has no spaces, also none before or after it: take them out")]
    Space,
    /// A control character or a line break.
    #[error("a domain name has no control characters or line breaks: take {} out", Named(*.0))]
    ControlCharacter(char),
    /// A character that steers the direction of writing.
    #[error("take the invisible direction mark {} out of the domain name", Named(*.0))]
    DirectionMark(char),
    /// A character of which nothing is seen.
    #[error("take the invisible character {} out of the domain name", Named(*.0))]
    Invisible(char),
    /// A character that becomes or imitates punctuation.
    #[error("{} only looks like a dot, a slash or another sign: type the name without it", Named(*.0))]
    LookAlike(char),
    /// An address instead of a name.
    #[error("write only what follows the @ of an address")]
    At,
    /// A URL or a port.
    #[error("write only the name, without https://, port or path")]
    Url,
    /// An underscore.
    #[error("the name of a mail domain has no underscore: use a hyphen or leave it out")]
    Underscore,
    /// A character that is neither letter, digit nor hyphen.
    #[error("{} cannot be part of a domain name: use letters, digits and hyphens", Named(*.0))]
    Character(char),
    /// A hyphen at the edge of a label.
    #[error("the part \"{0}\" begins or ends with a hyphen: take it away")]
    EdgeHyphen(String),
    /// Hyphens in the third and fourth place without being an A-label.
    #[error("the part \"{0}\" has hyphens in third and fourth place, which only xn-- names may: change it")]
    ReservedHyphens(String),
    /// An A-label that does not decode, or not to what encodes to it.
    #[error(
        "the part \"{0}\" begins with xn-- but is no valid international name: type it in its own letters"
    )]
    Punycode(String),
    /// A label that IDNA refuses for the place of one of its characters.
    #[error("the part \"{0}\" is not a valid international name: check its accents, marks and their places")]
    Label(String),
    /// Letters of several scripts in one label.
    #[error("the part \"{0}\" mixes letters of different scripts: write it in one")]
    Scripts(String),
    /// Digits of several scripts in one label.
    #[error("the part \"{0}\" mixes different kinds of digits: use one kind")]
    Digits(String),
    /// Labels of different directions that cannot stand in one name.
    #[error(
        "the parts of the name mix right-to-left and left-to-right in a way DNS names must not: rearrange it"
    )]
    Directions,
    /// The last label is a number, as in an IP address.
    #[error("the last part of a domain name is not a number: write a name, not an IP address")]
    Numeric,
    /// A top-level domain set aside for other purposes.
    #[error(
        "names under .{0} do not receive mail from the internet: use a registered domain, or allow .{0} in the configuration"
    )]
    SpecialUse(String),
    /// A name under which the public registers names.
    #[error("{0} is a public suffix under which anybody registers names: add a domain below it")]
    PublicSuffix(String),
    /// A name that nobody here can own.
    #[error(
        "{0} is protected because it belongs to a large mail provider or to this one: use a domain of your own"
    )]
    Protected(String),
}

impl Problem for BadDomainName {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "domain_empty",
            Self::InputTooLong | Self::TooLong => "domain_too_long",
            Self::LabelTooLong(_) => "domain_label_too_long",
            Self::OneLabel => "domain_one_label",
            Self::EmptyLabel => "domain_empty_label",
            Self::TrailingDot => "domain_trailing_dot",
            Self::Space => "domain_space",
            Self::ControlCharacter(_) => "domain_control_character",
            Self::DirectionMark(_) => "domain_direction_mark",
            Self::Invisible(_) => "domain_invisible_character",
            Self::LookAlike(_) => "domain_look_alike",
            Self::At => "domain_is_address",
            Self::Url => "domain_is_url",
            Self::Underscore => "domain_underscore",
            Self::Character(_) => "domain_character",
            Self::EdgeHyphen(_) => "domain_edge_hyphen",
            Self::ReservedHyphens(_) => "domain_reserved_hyphens",
            Self::Punycode(_) => "domain_punycode",
            Self::Label(_) => "domain_label",
            Self::Scripts(_) => "domain_mixed_scripts",
            Self::Digits(_) => "domain_mixed_digits",
            Self::Directions => "domain_directions",
            Self::Numeric => "domain_numeric",
            Self::SpecialUse(_) => "domain_special_use",
            Self::PublicSuffix(_) => "domain_public_suffix",
            Self::Protected(_) => "domain_protected",
        }
    }
}

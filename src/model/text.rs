//! Texts that people write: names, notes, reasons, labels. Tidied once, so that what is stored can be shown.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

use super::characters::{Named, is_bidi_control, is_invisible, is_line_separator, is_noncharacter};
use super::invalid::Problem;
use super::macros::serde_as_text;

/// Why a text is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing was given.
    #[error("a text is needed here: write at least one character")]
    Empty,
    /// It is too long.
    #[error("the text is longer than {0} characters: shorten it")]
    TooLong(usize),
    /// A line break where there is one line only.
    #[error("the text is one line: take the line breaks out")]
    LineBreak,
    /// A control character.
    #[error("take the control character {} out of the text", Named(*.0))]
    ControlCharacter(char),
    /// A character that steers the direction of writing.
    #[error("take the invisible direction mark {} out of the text", Named(*.0))]
    DirectionMark(char),
    /// A character of which nothing is seen.
    #[error("take the invisible character {} out of the text", Named(*.0))]
    Invisible(char),
    /// Too many labels.
    #[error("at most {0} labels: take some away")]
    TooManyLabels(usize),
    /// The same label twice.
    #[error("the label \"{0}\" is given twice: take one away")]
    SameLabel(String),
}

impl Problem for BadText {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "text_empty",
            Self::TooLong(_) => "text_too_long",
            Self::LineBreak => "text_line_break",
            Self::ControlCharacter(_) => "text_control_character",
            Self::DirectionMark(_) => "text_direction_mark",
            Self::Invisible(_) => "text_invisible_character",
            Self::TooManyLabels(_) => "labels_too_many",
            Self::SameLabel(_) => "labels_same",
        }
    }
}

/// Whether a text may have several lines.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Lines {
    One,
    Several,
}

/// Trims, composes (NFC) and checks a text.
fn tidy(text: &str, (min, max): (usize, usize), lines: Lines) -> Result<String, BadText> {
    // Four characters can compose into one, of four bytes each; blanks around the text count here too.
    if text.len() > max * 16 + 64 {
        return Err(BadText::TooLong(max));
    }
    let text = match lines {
        Lines::One => text.trim().to_owned(),
        Lines::Several => text.trim().replace("\r\n", "\n"),
    };
    text.chars().try_for_each(|c| check_character(c, lines))?;

    let text: String = if text.is_ascii() {
        text
    } else {
        text.nfc().collect()
    };
    let length = text.chars().count();
    if length > max {
        return Err(BadText::TooLong(max));
    }
    if length < min {
        return Err(BadText::Empty);
    }
    Ok(text)
}

fn check_character(c: char, lines: Lines) -> Result<(), BadText> {
    match c {
        '\n' if lines == Lines::Several => Ok(()),
        '\n' | '\r' => Err(BadText::LineBreak),
        _ if is_line_separator(c) => Err(BadText::LineBreak),
        _ if c.is_control() => Err(BadText::ControlCharacter(c)),
        _ if is_bidi_control(c) => Err(BadText::DirectionMark(c)),
        _ if is_invisible(c) || is_noncharacter(c) => Err(BadText::Invisible(c)),
        _ => Ok(()),
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])+ $name:ident($min:literal..=$max:literal, $lines:ident);)+) => {$(
        $(#[$doc])+
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX: usize = $max;

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = BadText;

            fn from_str(text: &str) -> Result<Self, BadText> {
                tidy(text, ($min, $max), Lines::$lines).map(Self)
            }
        }

        serde_as_text!($name);
    )+};
}

texts! {
    /// What a person, a team or a customer is called.
    DisplayName(1..=100, One);
    /// Free words for colleagues; may be empty and have several lines.
    Note(0..=1000, Several);
    /// Why something was done, such as a suspension.
    Reason(1..=200, One);
    /// What another system (billing, a directory) calls the same thing.
    ExternalId(1..=255, One);
    /// A word to sort and find things by.
    Label(1..=63, One);
}

impl Default for Note {
    /// No words.
    fn default() -> Self {
        Self(String::new())
    }
}

impl Note {
    /// Whether there are no words.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The labels of one thing: distinct, in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Labels(Vec<Label>);

impl Labels {
    /// The most labels one thing may have.
    pub const MAX: usize = 16;

    /// Puts labels together; each may be given once.
    pub fn new(mut labels: Vec<Label>) -> Result<Self, BadText> {
        if labels.len() > Self::MAX {
            return Err(BadText::TooManyLabels(Self::MAX));
        }
        labels.sort();
        if let Some((same, _)) = labels
            .iter()
            .zip(labels.iter().skip(1))
            .find(|(one, next)| one == next)
        {
            return Err(BadText::SameLabel(same.to_string()));
        }
        Ok(Self(labels))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this one is among them.
    pub fn contains(&self, label: &Label) -> bool {
        self.0.binary_search(label).is_ok()
    }

    /// The labels, in alphabetical order.
    pub fn iter(&self) -> std::slice::Iter<'_, Label> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = &'a Label;
    type IntoIter = std::slice::Iter<'a, Label>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl TryFrom<Vec<Label>> for Labels {
    type Error = BadText;

    fn try_from(labels: Vec<Label>) -> Result<Self, BadText> {
        Self::new(labels)
    }
}

impl<'de> serde::Deserialize<'de> for Labels {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_trimmed_and_composed() {
        let table = [
            ("Anna Meyer", "Anna Meyer"),
            ("  Anna Meyer\t", "Anna Meyer"),
            ("\u{3000}Anna\u{a0}", "Anna"),
            ("Mu\u{308}ller", "M\u{fc}ller"),
            ("O'Brien <office> & \"friends\"", "O'Brien <office> & \"friends\""),
            ("=1+1", "=1+1"),
            ("\u{1f600}", "\u{1f600}"),
            ("\u{639}\u{644}\u{64a}", "\u{639}\u{644}\u{64a}"),
            ("\u{212a}", "K"), // composing replaces the KELVIN SIGN
            ("Anna\n", "Anna"),
        ];
        for (typed, kept) in table {
            assert_eq!(typed.parse::<DisplayName>().unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        let table = [
            ("", "text_empty"),
            ("   ", "text_empty"),
            ("\n", "text_empty"),
            ("An\nna", "text_line_break"),
            ("An\r\nna", "text_line_break"),
            ("An\u{2028}na", "text_line_break"),
            ("An\u{2029}na", "text_line_break"),
            ("An\0na", "text_control_character"),
            ("An\tna", "text_control_character"),
            ("An\u{1b}[31mna", "text_control_character"),
            ("An\u{85}na", "text_control_character"),
            ("An\u{7f}na", "text_control_character"),
            ("\u{202e}annA", "text_direction_mark"),
            ("An\u{200f}na", "text_direction_mark"),
            ("An\u{2067}na\u{2069}", "text_direction_mark"),
            ("An\u{61c}na", "text_direction_mark"),
            ("An\u{200b}na", "text_invisible_character"),
            ("An\u{200d}na", "text_invisible_character"),
            ("\u{feff}Anna", "text_invisible_character"),
            ("An\u{ad}na", "text_invisible_character"),
            ("\u{3164}", "text_invisible_character"),
            ("\u{2800}", "text_invisible_character"),
            ("Anna\u{e0041}", "text_invisible_character"),
            ("Anna\u{fff9}", "text_invisible_character"),
            ("Anna\u{fffe}", "text_invisible_character"),
        ];
        for (text, code) in table {
            assert_eq!(text.parse::<DisplayName>().unwrap_err().code(), code, "{text:?}");
        }
    }

    #[test]
    fn every_text_has_its_length() {
        fn most<T: FromStr<Err = BadText>>(max: usize) {
            assert!("\u{fc}".repeat(max).parse::<T>().is_ok());
            assert!("u\u{308}".repeat(max).parse::<T>().is_ok());
            assert!("\u{1f600}".repeat(max).parse::<T>().is_ok());
            assert!(matches!("a".repeat(max + 1).parse::<T>(), Err(BadText::TooLong(most)) if most == max));
            assert!(matches!(
                "a".repeat(1 << 20).parse::<T>(),
                Err(BadText::TooLong(_))
            ));
        }
        most::<DisplayName>(100);
        most::<Note>(1000);
        most::<Reason>(200);
        most::<ExternalId>(255);
        most::<Label>(63);
    }

    #[test]
    fn only_a_note_may_be_empty_or_have_lines() {
        assert_eq!("".parse(), Ok(Note::default()));
        assert_eq!(
            "one\r\ntwo\n\nthree\n".parse::<Note>().unwrap().as_str(),
            "one\ntwo\n\nthree"
        );
        assert_eq!("one\rtwo".parse::<Note>(), Err(BadText::LineBreak));
        assert_eq!("one\ttwo".parse::<Note>(), Err(BadText::ControlCharacter('\t')));
        assert!("".parse::<Reason>().is_err());
        assert!("".parse::<ExternalId>().is_err());
        assert!("one\ntwo".parse::<Reason>().is_err());
    }

    #[test]
    fn labels_are_distinct_and_at_most_sixteen() {
        let label = |n: usize| format!("label {n:02}").parse::<Label>().unwrap();

        let labels = Labels::new((0..16).rev().map(label).collect()).unwrap();
        assert_eq!(labels.len(), 16);
        assert_eq!(labels.iter().next(), Some(&label(0)));
        assert!(labels.contains(&label(7)));
        assert_eq!(
            Labels::new((0..17).map(label).collect()),
            Err(BadText::TooManyLabels(16))
        );
        assert_eq!(
            Labels::new(vec![label(1), label(2), label(1)]),
            Err(BadText::SameLabel("label 01".to_owned()))
        );
        assert!(Labels::default().is_empty());
    }

    #[test]
    fn labels_are_a_list_in_json() {
        let labels: Labels = serde_json::from_str(r#"["vip", " Office "]"#).unwrap();
        assert_eq!(serde_json::to_string(&labels).unwrap(), r#"["Office","vip"]"#);
        for text in [
            r#"["a", "a"]"#,
            r#"["a", " a"]"#,
            r#"[""]"#,
            "\"a\"",
            "null",
            "[1]",
        ] {
            assert!(serde_json::from_str::<Labels>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_kept_for_good(text in any::<String>()) {
            if let Ok(name) = text.parse::<DisplayName>() {
                prop_assert_eq!(name.to_string().parse(), Ok(name));
            }
            if let Ok(note) = text.parse::<Note>() {
                prop_assert_eq!(note.to_string().parse(), Ok(note));
            }
        }
    }
}

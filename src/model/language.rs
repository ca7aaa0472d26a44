//! The languages that Postdesk speaks.

use std::fmt;
use std::str::FromStr;

use super::Problem;

/// A language that Postdesk speaks to people.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// What everybody is spoken to in who chose nothing else.
    #[default]
    English,
    /// German.
    German,
}

/// The text names no language that Postdesk speaks.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("choose en or de: other languages are not spoken here yet")]
pub struct UnknownLanguage;

impl Problem for UnknownLanguage {
    fn code(&self) -> &'static str {
        "unknown_value"
    }
}

impl Language {
    /// Every language there is.
    pub const ALL: &[Self] = &[Self::English, Self::German];

    /// Its tag, after BCP 47: `en`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What those who speak it call it.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        let found = Self::ALL.iter().find(|language| language.as_str() == text);
        found.copied().ok_or(UnknownLanguage)
    }
}

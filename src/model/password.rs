//! Passwords and their hashes: what is accepted, what mail servers understand, and that nobody prints them.

mod hash;
mod words;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::invalid::Problem;

pub use hash::{ARGON2_MEMORY_KIB, ARGON2_PASSES, AccountHash, BadHash, MailboxHash};
pub use words::words_password;

/// The longest password that is hashed.
pub const MAX_LENGTH: usize = 1024;
/// So many characters are looked at to see whether a password can be guessed.
const GUESSED_LENGTH: usize = 100;
/// A password that falls within so many guesses is refused.
const MIN_GUESSES: u64 = 1_000_000;
/// A local part shorter than this may be part of a password by chance.
const MIN_NAME: usize = 4;

/// A password, exactly as it was typed. Something that looks like `{SCHEME}hash` is a password like any other.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// A password that somebody offers to sign in with: no rules but a length worth hashing.
    pub fn offered(text: &str) -> Result<Self, BadPassword> {
        if text.chars().nth(MAX_LENGTH).is_some() {
            return Err(BadPassword::TooLong);
        }
        Ok(Self(text.into()))
    }

    /// The password itself, for hashing and for showing it once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a new password must be like.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    /// The fewest characters.
    pub min: usize,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self { min: 12 }
    }
}

impl PasswordRules {
    /// Checks a new password.
    ///
    /// `context` are words that others know: the address, the name of the person, the domain, the customer. They
    /// make a password easier to guess, and an address among them, or what stands before its `@`, may not be
    /// part of it at all.
    pub fn check(&self, text: &str, context: &[&str]) -> Result<Password, BadPassword> {
        let password = Password::offered(text)?;
        if text.chars().count() < self.min {
            return Err(BadPassword::TooShort(self.min));
        }
        if text.chars().any(char::is_control) {
            return Err(BadPassword::ControlCharacter);
        }
        if contains_address(text, context) {
            return Err(BadPassword::Address);
        }
        if is_guessable(text, context) {
            return Err(BadPassword::Guessable);
        }
        Ok(password)
    }
}

fn contains_address(text: &str, context: &[&str]) -> bool {
    let text = text.to_lowercase();
    let locals = context
        .iter()
        .filter_map(|word| word.rsplit_once('@'))
        .map(|(local, _)| local);
    let addresses = context.iter().copied().filter(|word| word.contains('@'));
    locals
        .chain(addresses)
        .filter(|name| name.chars().count() >= MIN_NAME)
        .any(|name| text.contains(&name.to_lowercase()))
}

/// A long password is looked at in its first characters; it is not let off for being long.
fn is_guessable(text: &str, context: &[&str]) -> bool {
    let start: String = text.chars().take(GUESSED_LENGTH).collect();
    let words: Vec<&str> = context
        .iter()
        .flat_map(|word| std::iter::once(*word).chain(word.split(|c: char| !c.is_alphanumeric())))
        .filter(|word| !word.is_empty())
        .collect();
    zxcvbn::zxcvbn(&start, &words).guesses() < MIN_GUESSES
}

/// Why a password is not taken. The password is never part of the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Too short.
    #[error("a password has at least {0} characters: take four or five words you can remember")]
    TooShort(usize),
    /// Too long.
    #[error("a password has at most {MAX_LENGTH} characters: shorten it")]
    TooLong,
    /// A control character, such as a line break that was copied with it.
    #[error(
        "the password has a line break, a tab or another control character: type it instead of pasting it"
    )]
    ControlCharacter,
    /// It contains the address.
    #[error(
        "the password contains the address or the name before its @: choose words that have nothing to do with it"
    )]
    Address,
    /// It would be guessed soon.
    #[error("this password is easy to guess: take four or five words that do not belong together")]
    Guessable,
}

impl Problem for BadPassword {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort(_) => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::ControlCharacter => "password_control_character",
            Self::Address => "password_contains_address",
            Self::Guessable => "password_guessable",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verdict(text: &str, context: &[&str]) -> &'static str {
        PasswordRules::default()
            .check(text, context)
            .map_or_else(|problem| problem.code(), |_| "taken")
    }

    #[test]
    fn guessable_passwords_are_refused() {
        let table = [
            ("", "password_too_short"),
            ("short", "password_too_short"),
            ("elevenchars", "password_too_short"),
            (
                "\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}",
                "password_too_short",
            ),
            ("aaaaaaaaaaaa", "password_guessable"),
            ("123456789012", "password_guessable"),
            ("passwordpassword", "password_guessable"),
            ("password1234", "password_guessable"),
            ("qwertyuiopasdf", "password_guessable"),
            ("abcabcabcabc", "password_guessable"),
            ("            ", "password_guessable"),
            ("correct horse\nbattery", "password_control_character"),
            ("correct horse battery\n", "password_control_character"),
            ("correct horse\0battery", "password_control_character"),
            ("correct horse\tbattery", "password_control_character"),
            ("correct horse\u{85}battery", "password_control_character"),
            ("amber-tunnel-copper-river-47", "taken"),
            ("wohl kaum erratbar \u{fc}ber Nacht", "taken"),
            ("xK9#mP2$vL5&", "taken"),
            ("{PLAIN}amber-tunnel-copper", "taken"),
            ("  amber tunnel copper  ", "taken"),
        ];
        for (text, expected) in table {
            assert_eq!(verdict(text, &[]), expected, "{text:?}");
        }
    }

    #[test]
    fn a_password_does_not_contain_the_address() {
        let context = ["anna.meyer@brightwater.example", "Anna Meyer", "Brightwater"];
        let table = [
            ("amber-anna.meyer-tunnel", "password_contains_address"),
            ("AMBER-ANNA.MEYER-TUNNEL", "password_contains_address"),
            ("anna.meyer@brightwater.example", "password_contains_address"),
            ("amber-meyer-tunnel-copper", "taken"),
            ("brightwater!", "password_guessable"),
            ("Brightwater1", "password_guessable"),
            ("BrightwaterBrightwater", "password_guessable"),
        ];
        for (text, expected) in table {
            assert_eq!(verdict(text, &context), expected, "{text:?}");
        }
        assert_eq!(
            verdict("amber-info-tunnel-copper", &["info@b.example"]),
            "password_contains_address"
        );
        assert_eq!(verdict("amber-bob-tunnel-copper", &["bob@b.example"]), "taken");
        assert_eq!(
            verdict("amber-bob@b.io-tunnel", &["bob@b.io"]),
            "password_contains_address"
        );
        assert_eq!(verdict("amber-tunnel-copper", &["", "@", "@b.example"]), "taken");
    }

    #[test]
    fn a_long_password_is_checked_like_a_short_one() {
        assert_eq!(verdict(&"a".repeat(100), &[]), "password_guessable");
        assert_eq!(verdict(&"a".repeat(1024), &[]), "password_guessable");
        assert_eq!(verdict(&"password".repeat(128), &[]), "password_guessable");
        assert_eq!(
            verdict(&format!("{}info", "xK9#mP2$vL5&".repeat(20)), &["info@b.example"]),
            "password_contains_address"
        );
        assert_eq!(
            verdict(&format!("{}\n", "xK9#mP2$vL5&".repeat(20)), &[]),
            "password_control_character"
        );
        assert_eq!(verdict(&"\u{fc}".repeat(1025), &[]), "password_too_long");
        let longest: String = ('!'..='~').cycle().step_by(7).take(1024).collect();
        assert_ne!(verdict(&longest, &[]), "password_too_long");
    }

    #[test]
    fn passwords_are_kept_as_typed() {
        let typed = "  {ARGON2ID}u\u{308}ber-amber-tunnel  ";
        assert_eq!(
            PasswordRules::default().check(typed, &[]).unwrap().expose(),
            typed
        );
        assert_eq!(Password::offered("x").unwrap().expose(), "x");
        assert_eq!(
            Password::offered(&"x".repeat(1025)).unwrap_err(),
            BadPassword::TooLong
        );
    }

    #[test]
    fn a_password_is_never_printed() {
        let password = Password::offered("amber-tunnel").unwrap();
        assert_eq!(
            format!("{password:?} {:#?}", Some(&password))
                .matches("amber")
                .count(),
            0
        );
    }

    #[test]
    fn the_configured_minimum_counts() {
        let rules = PasswordRules { min: 15 };
        assert_eq!(
            rules.check("xK9#mP2$vL5&ab", &[]).unwrap_err(),
            BadPassword::TooShort(15)
        );
        assert!(rules.check("xK9#mP2$vL5&abc", &[]).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn any_text_is_taken_or_refused(text in any::<String>(), word in any::<String>()) {
            if let Ok(password) = PasswordRules::default().check(&text, &[&word]) {
                prop_assert_eq!(password.expose(), text);
            }
        }
    }
}

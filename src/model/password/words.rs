//! Passwords that a person can read out over the telephone.

use rand::{Rng, RngExt};

use super::Password;

/// Short, distinct English words without homophones, one a line.
const WORDS: &str = include_str!("../words.txt");
/// How many words make a password.
const COUNT: usize = 4;

/// Invents a password of four words and two digits, such as `amber-tunnel-copper-river-47`: more than 2^46 of
/// them. Give it a cryptographic source of randomness.
pub fn words_password(rng: &mut impl Rng) -> Password {
    let words: Vec<&str> = WORDS.lines().collect();
    let mut text = String::with_capacity(40);
    for _ in 0..COUNT {
        let index = rng.random_range(0..words.len());
        text.push_str(words.get(index).copied().unwrap_or_default());
        text.push('-');
    }
    for _ in 0..2 {
        text.push(char::from(b'0' + rng.random_range(0..10_u8)));
    }
    Password(text.into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::model::PasswordRules;

    #[test]
    fn the_words_are_many_short_and_distinct() {
        let words: Vec<&str> = WORDS.lines().collect();
        assert!(words.len() >= 1024, "{}", words.len());
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len());
        for word in words {
            assert!(
                (4..=7).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()),
                "{word:?}"
            );
        }
    }

    #[test]
    fn invented_passwords_pass_the_rules_and_differ() {
        let mut rng = StdRng::seed_from_u64(7);
        let mut seen = HashSet::new();
        for _ in 0..64 {
            let password = words_password(&mut rng);
            let parts: Vec<&str> = password.expose().split('-').collect();
            assert_eq!(parts.len(), COUNT + 1);
            assert!(parts[COUNT].len() == 2 && parts[COUNT].bytes().all(|b| b.is_ascii_digit()));
            assert!(
                PasswordRules { min: 15 }
                    .check(password.expose(), &["anna@brightwater.example"])
                    .is_ok()
            );
            assert!(seen.insert(password.expose().to_owned()));
        }
    }
}

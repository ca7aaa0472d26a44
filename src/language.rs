//! What Postdesk says to people, in their language: Fluent messages, one file for each language.
//!
//! A further language is a file beside the others and a line in [`Language`]; a test holds the files together.

use std::sync::LazyLock;

pub use fluent_bundle::FluentValue as Word;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::model::Language;

/// The messages of a language.
type Messages = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Messages> =
    LazyLock::new(|| messages(Language::English, include_str!("../templates/languages/en.ftl")));
static GERMAN: LazyLock<Messages> =
    LazyLock::new(|| messages(Language::German, include_str!("../templates/languages/de.ftl")));

fn messages(language: Language, text: &str) -> Messages {
    let tag: LanguageIdentifier = language.as_str().parse().unwrap_or_default();
    let mut messages = Messages::new_concurrent(vec![tag]);
    // What is put in is names and addresses; the marks of direction around them would be seen in a subject.
    messages.set_use_isolating(false);
    // What cannot be read is left out; a test reads both files.
    let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, _)| resource);
    messages.add_resource_overriding(resource);
    messages
}

fn of(language: Language) -> &'static Messages {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
    }
}

/// Says things in one language.
#[derive(Copy, Clone, Debug)]
pub struct Voice(pub Language);

impl Voice {
    /// The message `id`.
    pub fn say(self, id: &str) -> String {
        self.say_with(id, &[])
    }

    /// The message `id` with these words put in; in English where the language lacks it, its name where there is none.
    pub fn say_with(self, id: &str, words: &[(&str, Word<'_>)]) -> String {
        let found = [of(self.0), of(Language::English)]
            .into_iter()
            .find_map(|messages| {
                let pattern = messages.get_message(id)?.value()?;
                Some((messages, pattern))
            });
        let Some((messages, pattern)) = found else {
            return id.to_owned();
        };
        let arguments: FluentArgs<'_> = words.iter().map(|(name, word)| (*name, word.clone())).collect();
        // A word that is missing is seen by its name in what comes out, as everywhere in Fluent.
        let mut errors = Vec::new();
        messages
            .format_pattern(pattern, Some(&arguments), &mut errors)
            .into_owned()
    }

    /// Several things as one: `a, b and c`.
    pub fn list(self, mut all: Vec<String>) -> String {
        match (all.pop(), all.is_empty()) {
            (None, _) => String::new(),
            (Some(last), true) => last,
            (Some(last), false) => self.say_with(
                "list-and",
                &[("most", all.join(", ").into()), ("last", last.into())],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fluent_bundle::FluentResource;

    use super::*;

    /// The messages of a file, each with the names that are put into it.
    fn file(text: &str) -> BTreeMap<String, Vec<String>> {
        assert!(
            FluentResource::try_new(text.to_owned()).is_ok(),
            "a line cannot be read"
        );
        let mut all = BTreeMap::new();
        let mut last = String::new();
        for line in text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            if let Some((id, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                id.clone_into(&mut last);
                assert!(
                    all.insert(last.clone(), Vec::new()).is_none(),
                    "{id} is there twice"
                );
            }
            let names = line.split("{ $").skip(1).map(|rest| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '-')
                    .next()
                    .unwrap()
                    .to_owned()
            });
            all.get_mut(&last).expect("a message begins").extend(names);
        }
        for names in all.values_mut() {
            names.sort();
            names.dedup();
        }
        all
    }

    #[test]
    fn every_language_says_everything_and_puts_the_same_in() {
        let english = file(include_str!("../templates/languages/en.ftl"));
        let german = file(include_str!("../templates/languages/de.ftl"));
        assert_eq!(english, german);
    }

    #[test]
    fn every_permission_is_spoken_of() {
        use crate::access::Action;
        for action in Action::ALL {
            let id = format!("may-{}", action.as_str().replace(['.', '_'], "-"));
            assert_eq!(Voice(Language::English).say(&id), action.meaning());
            assert_ne!(Voice(Language::German).say(&id), action.meaning());
        }
    }

    #[test]
    fn a_code_stays_as_it_is_and_nothing_is_added_around_a_name() {
        let words = [("address", "maria@brightwater.example".into())];
        let said = Voice(Language::German).say_with("letter-sign-in", &words);
        assert_eq!(said, "Sie melden sich an als maria@brightwater.example.");
        assert_eq!(
            Voice(Language::German).list(vec!["a".into(), "b".into(), "c".into()]),
            "a, b und c"
        );
    }
}

//! What stands in a form's fields, and what is wrong with it.

use std::collections::BTreeMap;

use http::StatusCode;

use crate::access::Action;
use crate::error::Error;
use crate::model::{Invalid, Refusal};

/// What stands in a form's fields, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct Form {
    values: BTreeMap<String, String>,
    problems: Vec<Problem>,
    /// It was filled in by somebody: what is not in it was left out on purpose.
    sent: bool,
}

#[derive(Clone, Debug, Default)]
pub(in crate::http::web) struct Problem {
    /// The field's name, which is also its id; empty when no single field is wrong.
    pub(in crate::http::web) field: String,
    pub(in crate::http::web) message: String,
}

impl Form {
    /// A form as somebody sent it. Passwords are not kept: no page ever shows one again.
    pub(in crate::http::web) fn sent(pairs: &[(String, String)]) -> Self {
        let kept = |name: &str| name != "csrf" && !name.contains("password");
        Self {
            values: pairs.iter().filter(|(name, _)| kept(name)).cloned().collect(),
            problems: Vec::new(),
            sent: true,
        }
    }

    #[must_use]
    pub(in crate::http::web) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// What was sent, and for the fields that were not what `below` says.
    #[must_use]
    pub(in crate::http::web) fn over(mut self, below: Self) -> Self {
        for (name, value) in below.values {
            self.values.entry(name).or_insert(value);
        }
        self
    }

    /// The same, where a page calls a field of the vocabulary by another name.
    #[must_use]
    pub(in crate::http::web) fn calling(mut self, field: &str, name: &str) -> Self {
        for problem in self.problems.iter_mut().filter(|problem| problem.field == field) {
            name.clone_into(&mut problem.field);
        }
        self
    }

    /// With a tick box as it is.
    #[must_use]
    pub(in crate::http::web) fn ticking(self, name: &str, on: bool) -> Self {
        self.with(name, if on { "yes" } else { "no" })
    }

    #[must_use]
    pub(in crate::http::web) fn problem(mut self, field: &str, message: &str) -> Self {
        self.problems.push(Problem {
            field: field.to_owned(),
            message: sentence(message),
        });
        self
    }

    /// With everything that is wrong, beside the fields that it is about.
    #[must_use]
    pub(in crate::http::web) fn invalid(self, invalid: &Invalid) -> Self {
        invalid.iter().fold(self, |form, problem| {
            let field = field_of(&problem.pointer);
            form.problem(field, &problem.detail)
        })
    }

    /// With the reason why it was refused, and the status that says so. What is not about the form stays an error.
    pub(in crate::http::web) fn refused(self, error: Error) -> Result<(Self, StatusCode), Error> {
        match error {
            Error::Invalid(invalid) => Ok((self.invalid(&invalid), StatusCode::UNPROCESSABLE_ENTITY)),
            Error::Against(refusal) => Ok((self.against(&refusal), StatusCode::CONFLICT)),
            Error::Forbidden(refusal) => Ok((self.against(&refusal), StatusCode::FORBIDDEN)),
            Error::Stale { what, .. } => {
                let text = format!(
                    "Somebody else changed {what} while this page was open. Look at what it is now, and save \
                     again if your change is still right."
                );
                Ok((self.problem("", &text), StatusCode::PRECONDITION_FAILED))
            }
            Error::Refused(Action::AliasExternal) => {
                let text = "Your role does not let you send mail on to addresses outside of what you look after. \
                            Leave them out, or ask somebody who may.";
                Ok((self.problem("destinations", text), StatusCode::FORBIDDEN))
            }
            other => Err(other),
        }
    }

    fn against(self, refusal: &Refusal) -> Self {
        let text = format!("{} {}", refusal.detail, refusal.next);
        self.problem(field_of(refusal.pointer.unwrap_or_default()), text.trim_end())
    }

    pub(in crate::http::web) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    pub(in crate::http::web) fn error(&self, name: &str) -> Option<&str> {
        self.problems
            .iter()
            .find(|problem| problem.field == name)
            .map(|problem| problem.message.as_str())
    }

    pub(in crate::http::web) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(in crate::http::web) fn failed(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Whether a radio button is on; `fallback` when nothing was chosen yet.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates hand their arguments on by reference"
    )]
    pub(in crate::http::web) fn chosen(&self, name: &str, value: &str, fallback: &bool) -> bool {
        self.values.get(name).map_or(*fallback, |chosen| chosen == value)
    }

    /// Whether a tick box is on; `fallback` in a form that was not sent yet.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates hand their arguments on by reference"
    )]
    pub(in crate::http::web) fn ticked(&self, name: &str, fallback: &bool) -> bool {
        match self.values.get(name) {
            Some(value) => value == "yes",
            None => *fallback && !self.sent,
        }
    }
}

/// The field of a form that a JSON pointer of the vocabulary is about.
fn field_of(pointer: &str) -> &str {
    let name = pointer
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    match name {
        "quota_bytes" => "quota",
        "display_name" => "name",
        "default_quota_bytes" => "default_quota",
        "expires_days" => "token_days",
        "alias" => "alias_name",
        other => other,
    }
}

/// A message as a sentence: the vocabulary writes them small and without a stop. A name at its beginning stays as it is.
fn sentence(message: &str) -> String {
    let first_word = message.split(' ').next().unwrap_or_default();
    let is_name = first_word.contains(['@', '.', '_', '/']);
    let mut characters = message.chars();
    let mut text: String = match characters.next() {
        Some(first) if !is_name => first.to_uppercase().chain(characters).collect(),
        _ => message.to_owned(),
    };
    if !text.is_empty() && !text.ends_with(['.', '?', '!', ':']) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        of.iter().map(own).collect()
    }

    #[test]
    fn a_password_is_never_kept_to_be_shown_again() {
        let form = Form::sent(&pairs(&[
            ("name", "Ana"),
            ("new_password", "hunter2"),
            ("csrf", "x"),
        ]));
        assert_eq!(form.value("name"), "Ana");
        assert_eq!((form.value("new_password"), form.value("csrf")), ("", ""));
        assert!(!format!("{form:?}").contains("hunter2"));
    }

    #[test]
    fn a_box_that_was_left_empty_stays_empty() {
        assert!(Form::default().ticked("keep_copy", &true));
        assert!(!Form::sent(&[]).ticked("keep_copy", &true));
        assert!(Form::sent(&pairs(&[("keep_copy", "yes")])).ticked("keep_copy", &false));
    }

    #[test]
    fn a_refusal_stands_beside_its_field_and_says_what_to_do() {
        let refusal = Refusal::new("limit_reached", "5 GB are left.", "Choose less.").at("/quota_bytes");
        let (form, status) = Form::default().refused(refusal.into()).unwrap();
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!(form.error("quota"), Some("5 GB are left. Choose less."));
    }

    #[test]
    fn what_is_not_about_the_form_stays_an_error() {
        assert!(Form::default().refused(Error::Unknown).is_err());
        assert!(
            Form::default()
                .refused(Error::not_found("mailbox", "a@b"))
                .is_err()
        );
    }

    #[test]
    fn messages_of_the_vocabulary_become_sentences() {
        assert_eq!(
            sentence("write only the part before the @"),
            "Write only the part before the @."
        );
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence("ana@a.example is in use"), "ana@a.example is in use.");
        assert_eq!(sentence(""), "");
    }
}

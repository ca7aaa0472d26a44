//! What a letter looks like.

use std::time::{Duration, SystemTime};

use askama::Template;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::access::{Action, Grant};
use crate::config::LetterSender;
use crate::language::{Voice, Word};
use crate::model::{LetterKind, Timestamp};
use crate::service::letters::{Brings, Ready};
use crate::service::support;
use crate::service::ways_in::{self, OneTimeLink};

/// Why there is no letter.
#[derive(Debug, thiserror::Error)]
pub(super) enum RenderError {
    #[error("the address of the recipient is none that mail can be sent to: {0}")]
    Recipient(#[from] lettre::address::AddressError),
    #[error("the letter could not be written: {0}")]
    Template(#[from] askama::Error),
    #[error("the letter could not be put together: {0}")]
    Message(#[from] lettre::error::Error),
}

#[derive(Template)]
#[template(path = "letters/letter.txt")]
struct Text<'a> {
    letter: &'a View,
}

#[derive(Template)]
#[template(path = "letters/letter.html")]
struct Html<'a> {
    letter: &'a View,
}

/// The words of a letter, in the order in which they are read.
#[derive(Debug)]
struct View {
    language: &'static str,
    subject: String,
    hello: String,
    intro: String,
    /// What introduces the list, if there is one.
    list_title: String,
    list: Vec<String>,
    code: Option<String>,
    button: Option<Button>,
    notes: Vec<String>,
    end: String,
}

#[derive(Debug)]
struct Button {
    label: String,
    link: String,
    plain: String,
}

/// A letter as text and as HTML, in the language of whom it is for.
pub(super) fn letter(
    ready: &Ready,
    portal: &str,
    from: &LetterSender,
    now: Timestamp,
) -> Result<Message, RenderError> {
    let letter = &ready.letter;
    let view = view(ready, portal);
    let text = Text { letter: &view }.render()?;
    let html = Html { letter: &view }.render()?;
    let host = from.mailbox().email.domain();
    let message = Message::builder()
        .from(from.mailbox().clone())
        .to(Mailbox::new(Some(ready.name.clone()), letter.recipient.parse()?))
        .subject(view.subject.clone())
        .date(moment(now))
        // The same in every try, so that a letter that arrives twice is known for one.
        .message_id(Some(format!("<{}@{host}>", letter.id)))
        .raw_header(automatic())
        .multipart(MultiPart::alternative_plain_html(text, html))?;
    Ok(message)
}

fn view(ready: &Ready, portal: &str) -> View {
    let voice = Voice(ready.language);
    let letter = &ready.letter;
    let words: [(&str, Word<'_>); 5] = [
        ("who", letter.asked_by.as_str().into()),
        ("portal", portal.into()),
        ("name", ready.name.as_str().into()),
        ("address", letter.recipient.as_str().into()),
        ("minutes", minutes(letter.kind).into()),
    ];
    let about = format!("letter-{}", letter.kind.as_str().replace('_', "-"));
    let say = |what: &str| voice.say_with(&format!("{about}-{what}"), &words);
    let button = |link: &OneTimeLink| Button {
        label: say("button"),
        link: link.expose().to_owned(),
        plain: voice.say("letter-link-plain"),
    };
    let mut view = View {
        language: ready.language.as_str(),
        subject: say("subject"),
        hello: voice.say_with("letter-hello", &words),
        intro: say("intro"),
        list_title: String::new(),
        list: Vec::new(),
        code: None,
        button: None,
        notes: Vec::new(),
        end: say("end"),
    };
    match &ready.brings {
        Brings::Invitation(link, held) => {
            view.list_title = say("list");
            view.list = held
                .iter()
                .map(|(grant, scope)| line(voice, grant, scope))
                .collect();
            view.button = Some(button(link));
            view.notes = vec![until(voice, link), voice.say_with("letter-sign-in", &words)];
        }
        Brings::Link(link) => {
            view.button = Some(button(link));
            view.notes = match letter.kind {
                LetterKind::PasswordReset => vec![voice.say_with("letter-link-minutes", &words)],
                _ => vec![until(voice, link)],
            };
        }
        Brings::Code(code) => {
            view.code = Some(code.expose().to_owned());
            view.notes = vec![say("note")];
        }
        Brings::News => {}
    }
    view
}

fn minutes(kind: LetterKind) -> u64 {
    match kind {
        LetterKind::CallerCode => support::CODE_MINUTES,
        _ => ways_in::RESET_MINUTES,
    }
}

fn until(voice: Voice, link: &OneTimeLink) -> String {
    let day = link.expires_at.rfc3339()[..10].to_owned();
    voice.say_with("letter-link", &[("until", day.into())])
}

/// What a grant lets somebody do, in one sentence.
fn line(voice: Voice, grant: &Grant, scope: &str) -> String {
    // Everybody may look after their own tokens; it says nothing about anybody.
    let powers = grant
        .holds
        .iter()
        .filter(|action| *action != Action::TokenManageOwn);
    let powers: Vec<String> = powers
        .map(|action| voice.say(&format!("may-{}", action.as_str().replace(['.', '_'], "-"))))
        .collect();
    let powers = if powers.is_empty() {
        voice.say("role-nothing")
    } else {
        voice.list(powers)
    };
    let words = [
        ("role", grant.role.title().into()),
        ("scope", scope.into()),
        ("powers", powers.into()),
    ];
    voice.say_with("role-line", &words)
}

/// RFC 3834, section 5: nobody's holiday answers this.
fn automatic() -> HeaderValue {
    HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    )
}

fn moment(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(at.as_micros().unsigned_abs())
}

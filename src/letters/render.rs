//! What a letter looks like.

use std::time::{Duration, SystemTime};

use askama::Template;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::config::LetterSender;
use crate::model::Timestamp;
use crate::service::letters::Invitation;

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
#[template(path = "letters/invitation.txt")]
struct Text<'a> {
    letter: &'a View<'a>,
}

#[derive(Template)]
#[template(path = "letters/invitation.html")]
struct Html<'a> {
    letter: &'a View<'a>,
}

struct View<'a> {
    subject: String,
    name: &'a str,
    asked_by: &'a str,
    may: &'a [String],
    link: &'a str,
    until: String,
    sign_in: &'a str,
    portal: &'a str,
}

/// An invitation as text and as HTML.
pub(super) fn invitation(
    invitation: &Invitation,
    portal: &str,
    from: &LetterSender,
    now: Timestamp,
) -> Result<Message, RenderError> {
    let letter = &invitation.letter;
    let view = View {
        subject: format!("{} invites you to manage mail", letter.asked_by),
        name: &invitation.name,
        asked_by: &letter.asked_by,
        may: &invitation.may,
        link: invitation.link.expose(),
        until: invitation.link.expires_at.rfc3339()[..10].to_owned(),
        sign_in: &letter.recipient,
        portal,
    };
    let text = Text { letter: &view }.render()?;
    let html = Html { letter: &view }.render()?;
    let host = from.mailbox().email.domain();
    let message = Message::builder()
        .from(from.mailbox().clone())
        .to(Mailbox::new(
            Some(invitation.name.clone()),
            letter.recipient.parse()?,
        ))
        .subject(view.subject.clone())
        .date(moment(now))
        // The same in every try, so that a letter that arrives twice is known for one.
        .message_id(Some(format!("<{}@{host}>", letter.id)))
        .raw_header(automatic())
        .multipart(MultiPart::alternative_plain_html(text, html))?;
    Ok(message)
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

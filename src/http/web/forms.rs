//! Forms, whose content nobody sees before it is proven that the form is one of ours.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;
use tower_sessions::Session;

use super::answer::Oops;
use super::view::Form;
use super::visitor::{FORM_COOKIE, cookie};
use crate::error::Error;
use crate::http::session;
use crate::model::{Invalid, Problem};
use crate::service::App;

/// A form that was sent from one of our own pages, by whoever the page was made for.
#[derive(Debug)]
pub(super) struct CsrfForm<T> {
    /// What it says.
    pub(super) content: T,
    /// What was typed, to be shown again; without secrets.
    pub(super) form: Form,
    /// The version of the thing that the page showed.
    pub(super) version: Option<i64>,
}

impl<T: DeserializeOwned> FromRequest<App> for CsrfForm<T> {
    type Rejection = Oops;

    async fn from_request(request: Request, app: &App) -> Result<Self, Oops> {
        let session = request.extensions().get::<Session>().cloned();
        let from_cookie = cookie(request.headers(), &session::cookie_name(app, FORM_COOKIE));
        let from_cookie = from_cookie.unwrap_or_default().to_owned();
        let expected = expected(session, from_cookie).await?;
        if !is_form(request.headers()) {
            return Err(unreadable());
        }
        let body = Bytes::from_request(request, app)
            .await
            .map_err(|_| unreadable())?;
        let pairs: Vec<(String, String)> = serde_html_form::from_bytes(&body).map_err(|_| unreadable())?;
        let value = |wanted: &str| {
            let found = pairs.iter().find(|(name, _)| name == wanted);
            found.map_or("", |(_, value)| value.as_str())
        };
        let ours = !expected.is_empty() && bool::from(expected.as_bytes().ct_eq(value("csrf").as_bytes()));
        if !ours {
            return Err(Oops::Plain(
                StatusCode::FORBIDDEN,
                "This form is out of date",
                "It was opened before you signed in, or too long ago. Nothing was changed. Go back, load the page \
                 again and send it once more.",
            ));
        }
        let version = match value("version") {
            "" => None,
            text => Some(text.parse().map_err(|_| unreadable())?),
        };
        Ok(Self {
            content: serde_html_form::from_bytes(&body).map_err(|_| unreadable())?,
            form: Form::sent(&pairs),
            version,
        })
    }
}

/// What the form must carry: the session's token, or before that the cookie's.
async fn expected(session: Option<Session>, from_cookie: String) -> Result<String, Error> {
    let session = session.ok_or_else(|| Error::defect("the session layer is missing"))?;
    Ok(session::read(&session)
        .await?
        .map_or(from_cookie, |known| known.csrf))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

fn unreadable() -> Oops {
    Oops::Plain(
        StatusCode::BAD_REQUEST,
        "The form cannot be read",
        "It did not arrive as a browser sends it. Nothing was changed. Load the page again and try once more.",
    )
}

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);
const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// A form that carries nothing but its proof.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Plain {}

/// Reads the fields of a form and remembers everything that is wrong with them.
#[derive(Debug, Default)]
pub(super) struct Reader(Invalid);

impl Reader {
    /// A field that has to be there.
    pub(super) fn required<T>(&mut self, field: &str, text: &str) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: Problem,
    {
        self.0.check(format!("/{field}"), text.trim().parse())
    }

    /// A field that may be left empty.
    pub(super) fn optional<T>(&mut self, field: &str, text: &str) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: Problem,
    {
        if text.trim().is_empty() {
            None
        } else {
            self.required(field, text)
        }
    }

    /// What a parser said about a field.
    pub(super) fn check<T, E: Problem>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        self.0.check(format!("/{field}"), result)
    }

    /// One thing a line; commas are taken for line ends.
    pub(super) fn lines<T>(&mut self, field: &str, text: &str) -> Vec<T>
    where
        T: std::str::FromStr,
        T::Err: Problem,
    {
        let lines = text
            .split(['\n', ',', ';'])
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let mut read = Vec::new();
        for line in lines {
            match line.parse::<T>() {
                Ok(value) => read.push(value),
                Err(problem) => {
                    let text = format!("“{line}”: {problem}");
                    self.0.push(format!("/{field}"), problem.code(), text);
                }
            }
        }
        read
    }

    /// A day in a date field; the moment is its end.
    pub(super) fn day(&mut self, field: &str, text: &str) -> Option<crate::model::Timestamp> {
        if text.trim().is_empty() {
            return None;
        }
        let end = format!("{}T23:59:59Z", text.trim());
        let at = end.parse().ok();
        if at.is_none() {
            let text = "a day is written as 2026-12-07: year, month, day";
            self.0.push(format!("/{field}"), "date_form", text);
        }
        at
    }

    /// A day in a date field; the moment it begins.
    pub(super) fn day_begins(&mut self, field: &str, text: &str) -> Option<crate::model::Timestamp> {
        let end = self.day(field, text)?;
        Some(end.minus(DAY).plus(SECOND))
    }

    /// A day in a date field; the first moment after it.
    pub(super) fn day_is_over(&mut self, field: &str, text: &str) -> Option<crate::model::Timestamp> {
        Some(self.day(field, text)?.plus(SECOND))
    }

    /// Something is wrong that no parser knows of.
    pub(super) fn wrong(&mut self, field: &str, code: &str, text: &str) {
        self.0.push(format!("/{field}"), code, text);
    }

    /// Nothing is wrong, or all of it.
    pub(super) fn finish(self) -> Result<(), Invalid> {
        self.0.into_result()
    }
}

/// All that was wrong was told before: what was read is there.
pub(super) fn read<T>(value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| Error::defect("a form's field was neither read nor refused"))
}

/// Whether a tick box was ticked.
pub(super) fn ticked(text: &str) -> bool {
    text == "yes"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Destination, Quota};

    #[test]
    fn every_wrong_line_is_told_at_once() {
        let mut reader = Reader::default();
        let read: Vec<Destination> = reader.lines("destinations", "a@b.example\n\n c@@d , x\r\n");
        assert_eq!(read.len(), 1);
        let problems = reader.finish().unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(problems.to_string().contains("“c@@d”"), "{problems}");
    }

    #[test]
    fn a_day_lasts_until_its_end() {
        let mut reader = Reader::default();
        let end = reader.day("until", "2026-12-07").unwrap();
        assert_eq!(end.rfc3339(), "2026-12-07T23:59:59.000000Z");
        let rfc = |at: Option<crate::model::Timestamp>| at.unwrap().rfc3339();
        assert_eq!(
            rfc(reader.day_begins("from", "2026-12-07")),
            "2026-12-07T00:00:00.000000Z"
        );
        assert_eq!(
            rfc(reader.day_is_over("until", "2026-12-07")),
            "2026-12-08T00:00:00.000000Z"
        );
        assert_eq!(reader.day("until", " "), None);
        assert_eq!(reader.day("until", "7.12."), None);
        assert_eq!(reader.finish().unwrap_err().len(), 1);
    }

    #[test]
    fn an_empty_field_is_no_problem_where_it_may_be_empty() {
        let mut reader = Reader::default();
        assert_eq!(reader.optional::<Quota>("quota", ""), None);
        assert!(reader.finish().is_ok());
    }
}

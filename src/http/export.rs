//! The audit to take away, as a table or line by line, written while it is read.

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream::try_unfold;
use http::{HeaderName, HeaderValue, header};

use super::api::EventView;
use crate::error::Error;
use crate::model::FieldChange;
use crate::service::App;
use crate::service::audit::Export;
use crate::store::EventRecord;

/// In which form.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::http) enum Format {
    /// A table for a spreadsheet.
    Csv,
    /// An object a line, for programs.
    Ndjson,
}

impl Format {
    /// The form of this name.
    pub(in crate::http) fn parse(text: &str) -> Option<Self> {
        match text {
            "csv" => Some(Self::Csv),
            "ndjson" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// Its name, which is the ending of the file too.
    pub(in crate::http) fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// Its media type.
    pub(in crate::http) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    fn write(self, events: &[EventRecord]) -> Result<String, Error> {
        let mut text = String::new();
        for event in events {
            match self {
                Self::Csv => row(&mut text, &cells(event)),
                Self::Ndjson => {
                    let line = serde_json::to_string(&EventView::of(event));
                    text.push_str(&line.map_err(|error| Error::defect(error.to_string()))?);
                    text.push('\n');
                }
            }
        }
        Ok(text)
    }
}

/// The file. What goes wrong on the way breaks the connection off, so that nobody takes a part for the whole.
pub(in crate::http) fn file(app: &App, format: Format, export: Export) -> Response {
    let head = match format {
        Format::Csv => {
            let mut head = String::new();
            row(&mut head, &COLUMNS.map(str::to_owned));
            Some(head)
        }
        Format::Ndjson => None,
    };
    let pages = try_unfold((head, export), move |(head, mut export)| async move {
        if let Some(head) = head {
            return Ok(Some((Bytes::from(head), (None, export))));
        }
        let page = match export.next().await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(error = %error, "an export of the audit broke off");
                return Err(error);
            }
        };
        let Some(page) = page else { return Ok(None) };
        Ok(Some((Bytes::from(format.write(&page)?), (None, export))))
    });
    let mut response = Response::new(Body::from_stream(pages));
    let day = &app.clock.now().rfc3339()[..10];
    let name = format!(
        "attachment; filename=\"postdesk-activity-{day}.{}\"",
        format.as_str()
    );
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, format.media_type());
    set(header::CONTENT_DISPOSITION, &name);
    set(header::CACHE_CONTROL, "no-store");
    response
}

const COLUMNS: [&str; 13] = [
    "time",
    "event",
    "what",
    "object",
    "object_kind",
    "object_id",
    "by",
    "by_account",
    "how",
    "detail",
    "reason",
    "changes",
    "request_id",
];

fn cells(event: &EventRecord) -> [String; 13] {
    let view = EventView::of(event);
    let changes: Vec<String> = event.detail.changes.iter().map(change).collect();
    [
        event.at.rfc3339(),
        event.kind.as_str().to_owned(),
        event.kind.sentence().to_owned(),
        event.subject.clone(),
        event.subject_kind.clone(),
        view.subject_id().to_owned(),
        event.actor.clone(),
        event.account.map(|id| id.to_string()).unwrap_or_default(),
        event.credential.clone(),
        event.detail.text.clone(),
        event.detail.reason.clone().unwrap_or_default(),
        changes.join(" | "),
        event.request_id.clone(),
    ]
}

fn change(change: &FieldChange) -> String {
    format!("{}: {} -> {}", change.field, change.before, change.after)
}

/// A line of RFC 4180. Every cell stands in quotation marks.
fn row(text: &mut String, cells: &[String]) {
    for (n, cell) in cells.iter().enumerate() {
        text.push_str(if n == 0 { "\"" } else { ",\"" });
        text.push_str(&harmless(cell).replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

/// The text as no spreadsheet takes it for a formula: not where a cell begins, nor where one would begin for a program
/// that cuts elsewhere.
fn harmless(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut begins = true;
    for c in cell.chars() {
        if begins
            && matches!(
                c,
                '=' | '+' | '-' | '@' | '\t' | '\r' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
            )
        {
            text.push('\'');
        }
        text.push(c);
        let cuts = matches!(c, ';' | '\t' | '\r' | '\n');
        begins = cuts || begins && (c.is_whitespace() || c == '"');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_table_is_taken_for_a_formula() {
        for (bad, good) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("  =1", "  '=1"),
            ("\"=1", "\"'=1"),
            ("x;=1", "x;'=1"),
            ("x\n=1", "x\n'=1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
        ] {
            assert_eq!(harmless(bad), good, "{bad:?}");
        }
        for same in ["ana@brightwater.example", "a=b", "1 - 2", "", "x, -y"] {
            assert_eq!(harmless(same), same);
        }
    }

    #[test]
    fn a_quotation_mark_ends_no_cell() {
        let mut text = String::new();
        row(&mut text, &["a\"b".to_owned(), "c,d\ne".to_owned()]);
        assert_eq!(text, "\"a\"\"b\",\"c,d\ne\"\r\n");
    }
}

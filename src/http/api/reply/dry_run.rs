//! What a change would do.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use crate::http::api::problem::Problem;
use crate::model::{Event, EventKind};

/// What a dry run answers.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRun)]
pub(in crate::http::api) struct DryRunView<'a> {
    /// Always true: nothing was written.
    dry_run: bool,
    /// What would have happened.
    effects: Vec<EffectView<'a>>,
    /// What is worth knowing before doing it.
    warnings: Vec<String>,
}

/// One thing that would have happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Effect)]
pub(in crate::http::api) struct EffectView<'a> {
    /// What would be done, such as `mailbox.create`.
    action: String,
    /// To what.
    subject: &'a str,
    /// What it means, in one sentence.
    text: &'a str,
}

impl<'a> EffectView<'a> {
    /// What the event says of what was done, or would be.
    pub(in crate::http::api) fn of(event: &'a Event) -> Self {
        let text = &event.detail.text;
        Self {
            action: action(event.kind),
            subject: &event.subject.name,
            text: if text.is_empty() {
                event.kind.sentence()
            } else {
                text
            },
        }
    }
}

/// What would have happened.
pub(in crate::http::api) fn effects(events: &[Event], warnings: Vec<String>) -> Result<Response, Problem> {
    let view = DryRunView {
        dry_run: true,
        effects: events.iter().map(EffectView::of).collect(),
        warnings,
    };
    json(StatusCode::OK, &view)
}

/// The deed whose result an event is: `mailbox.create` for `mailbox.created`.
fn action(kind: EventKind) -> String {
    let (resource, happened) = kind.as_str().split_once('.').unwrap_or_default();
    let deed = match happened {
        "limits_changed" => "set_limits",
        "alias_added" => "add_alias",
        "alias_removed" => "remove_alias",
        "password_set" => "set_password",
        "setup_link_made" => "make_setup_link",
        "forwarding_set" => "set_forwarding",
        "forwarding_ended" => "end_forwarding",
        "signed_in" => "sign_in",
        "given" => "give",
        "retried" => "retry",
        "suspended" => "suspend",
        "resynced" => "resync",
        // created, updated, deleted, restored, resumed, renamed, purged, revoked
        _ => happened.strip_suffix('d').unwrap_or(happened),
    };
    format!("{resource}.{deed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_is_a_deed_and_not_a_result() {
        for kind in EventKind::ALL {
            let action = action(*kind);
            assert!(!action.ends_with("ed"), "{action}");
        }
        assert_eq!(action(EventKind::MailboxCreated), "mailbox.create");
        assert_eq!(action(EventKind::AliasRestored), "alias.restore");
    }
}

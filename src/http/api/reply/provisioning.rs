//! Whether the mail cluster holds a thing, as it is written out.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::Timestamp;
use crate::store::{ObjectState, TargetState};

/// Whether the mail cluster holds the thing as it should.
#[derive(Serialize, ToSchema)]
pub(in crate::http::api) struct Provisioning<'a> {
    /// In one word: the worst of all targets.
    #[schema(value_type = ProvisioningState)]
    state: &'static str,
    /// Target by target; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    targets: Option<Vec<TargetView<'a>>>,
}

/// Whether a target holds something as it should.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of `store::ObjectState`")]
pub(in crate::http::api) enum ProvisioningState {
    /// It does.
    InSync,
    /// Not yet.
    Pending,
    /// It was given up until somebody tries again.
    Failed,
}

/// Whether one target holds the thing as it should.
#[derive(Serialize, ToSchema)]
#[schema(as = TargetState)]
pub(in crate::http::api) struct TargetView<'a> {
    /// The target's name.
    target: &'a str,
    /// In one word.
    #[schema(value_type = ProvisioningState)]
    state: &'static str,
    /// Since when it is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    pending_since: Option<Timestamp>,
    /// When it was last written.
    #[schema(value_type = Option<String>, format = DateTime)]
    synced_at: Option<Timestamp>,
    /// Why it failed, in one sentence.
    error: Option<&'a str>,
}

impl<'a> Provisioning<'a> {
    /// In every target.
    pub(super) fn of(states: &'a [TargetState]) -> Self {
        let worst = states.iter().map(|state| state.state).max();
        let view = |state: &'a TargetState| TargetView::of(state);
        Self {
            state: worst.unwrap_or(ObjectState::InSync).as_str(),
            targets: Some(states.iter().map(view).collect()),
        }
    }

    /// In one word, for lists.
    pub(super) fn in_short(state: Option<ObjectState>) -> Self {
        Self {
            state: state.unwrap_or(ObjectState::InSync).as_str(),
            targets: None,
        }
    }
}

impl<'a> TargetView<'a> {
    pub(in crate::http::api) fn of(state: &'a TargetState) -> Self {
        Self {
            target: &state.target,
            state: state.state.as_str(),
            pending_since: state.pending_since,
            synced_at: state.synced_at,
            error: state.error.as_deref(),
        }
    }
}

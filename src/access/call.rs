//! One request to the portal: who asks, and how it is to be carried out.

use uuid::Uuid;

use super::Actor;

/// One request: the actor, and what the request says beside its content.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who asks.
    pub actor: Actor,
    /// The id by which logs and the audit find the request.
    pub request_id: String,
    /// Check everything and write nothing.
    pub dry_run: bool,
    /// The version that the object must still have (`If-Match`, or the hidden field of a form).
    pub expected_version: Option<i64>,
    /// Further versions that will do: `If-Match` may name several.
    pub further_versions: Vec<i64>,
    /// The event that this takes back.
    pub undoes: Option<crate::model::EventId>,
    /// How a repeat of this very request is known.
    pub idempotency: Option<IdempotencyKey>,
}

/// What makes two requests the same one.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// The token's or account's id.
    pub owner: Uuid,
    /// Method and path.
    pub route: String,
    /// What the client sent as `Idempotency-Key`.
    pub key: String,
    /// SHA-256 of the body and the query.
    pub request_hash: Vec<u8>,
}

impl Call {
    /// A plain call by `actor`.
    pub fn new(actor: Actor, request_id: &str) -> Self {
        Self {
            actor,
            request_id: request_id.to_owned(),
            dry_run: false,
            expected_version: None,
            further_versions: Vec::new(),
            undoes: None,
            idempotency: None,
        }
    }

    /// Whether an object at this version is what the caller expects.
    pub fn expects(&self, version: i64) -> bool {
        self.expected_version.is_none_or(|expected| expected == version)
            || self.further_versions.contains(&version)
    }
}

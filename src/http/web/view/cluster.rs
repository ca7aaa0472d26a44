//! What the targets hold, and what mail programs have to know.

use super::words::{self, moment};
use super::{Badge, MailServer, MailSettings, TargetState};
use crate::access::{Actor, Place, ProvisioningRepair};
use crate::model::{EmailAddress, Timestamp};
use crate::service::MailHosts;
use crate::store::{self, ObjectState};

/// Where everything that failed is tried again.
pub(in crate::http::web) const RETRY: &str = "/system/targets/retry";

/// One line for each target that is told of the object.
pub(in crate::http::web) fn targets(
    states: &[store::TargetState],
    actor: &Actor,
    now: Timestamp,
) -> Vec<TargetState> {
    let repairs = actor.may::<ProvisioningRepair>(&Place::system());
    let line = |state: &store::TargetState| TargetState {
        name: state.target.clone(),
        badge: badge(state.state),
        detail: detail(state, now),
        retry: (repairs && state.state == ObjectState::Failed).then(|| RETRY.to_owned()),
    };
    states.iter().map(line).collect()
}

fn detail(state: &store::TargetState, now: Timestamp) -> String {
    let because = state.error.as_ref().map(|error| format!("because {error}"));
    match state.state {
        ObjectState::InSync => state
            .synced_at
            .map(|at| format!("since {}", moment(at, now).words))
            .unwrap_or_default(),
        ObjectState::Pending => {
            let waits = state.pending_since.map(|since| words::duration(now.since(since)));
            let waits = waits.map(|waits| format!("for {waits}")).unwrap_or_default();
            because.map_or(waits.clone(), |because| format!("{waits}, {because}"))
        }
        ObjectState::Failed => because.unwrap_or_default(),
    }
}

fn badge(state: ObjectState) -> Badge {
    match state {
        ObjectState::InSync => Badge::ok("In sync"),
        ObjectState::Pending => Badge::neutral("clock", "Pending"),
        ObjectState::Failed => Badge::bad("circle-x", "Failed"),
    }
}

/// The badge of an object that some target does not hold as it should; none when all do.
pub(in crate::http::web) fn open_badge(state: Option<ObjectState>) -> Option<Badge> {
    state.filter(|state| *state != ObjectState::InSync).map(badge)
}

/// What a mail program asks for.
pub(in crate::http::web) fn mail_settings(hosts: &MailHosts, address: &EmailAddress) -> MailSettings {
    let server = |purpose, host: &str, port| MailServer {
        purpose,
        host: host.to_owned(),
        port,
        security: "SSL/TLS",
    };
    MailSettings {
        user: address.to_string(),
        servers: vec![
            server("Incoming (IMAP)", &hosts.imap, 993),
            server("Incoming (POP3)", &hosts.pop3, 995),
            server("Outgoing (SMTP)", &hosts.smtp, 465),
        ],
        webmail: hosts.webmail.clone(),
    }
}

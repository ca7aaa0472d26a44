//! What can be done with a mailbox beside changing its facts.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{bodies, view};
use crate::error::Error;
use crate::http::api::ask::Ask;
use crate::http::api::layers::Secret;
use crate::http::api::problem::Problem;
use crate::http::api::reply::{self, Success};
use crate::model::Timestamp;
use crate::service::App;
use crate::service::mailboxes::{self, MailboxRef};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(set_password))
        .routes(routes!(reset_password))
        .routes(routes!(suspend, resume))
        .routes(routes!(restore))
        .routes(routes!(rename))
        .routes(routes!(get_forwarding, set_forwarding, end_forwarding))
}

/// Set a password
///
/// Open set-up links of the mailbox end.
#[utoipa::path(put, path = "/mailboxes/{mailbox}/password", operation_id = "setMailboxPassword", tag = "Mailboxes",
    request_body = bodies::NewPassword,
    responses((status = 200, description = "The mailbox. The password is not part of it.", body = view::Shown)))]
async fn set_password(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("mailbox")?;
    let (mailbox, _) = mailboxes::get(&ask.app, &call, &at).await?;
    let address = mailbox.address.to_string();
    let context = [
        address.as_str(),
        mailbox.display_name.as_str(),
        mailbox.address.domain().as_str(),
    ];
    let secret = ask.body(|fields| bodies::new_password(&ask.app, fields, &context))?;
    let done = mailboxes::set_password(&ask.app, &call, &at, secret).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// What a reset gave: shown this once.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Reset {
    /// A link by which the owner chooses a password.
    Link {
        /// The address to open in a browser.
        url: String,
        /// When it ends.
        #[schema(value_type = String, format = DateTime)]
        expires_at: Timestamp,
    },
    /// A password that is good at once.
    OneTime {
        /// The password.
        password: String,
    },
}

/// Reset a password
///
/// The answer holds a secret and is given once: a repeat with the same `Idempotency-Key` is told so.
#[utoipa::path(post, path = "/mailboxes/{mailbox}/password-resets", operation_id = "resetMailboxPassword",
    tag = "Mailboxes", request_body = bodies::PasswordReset,
    responses((status = 200, description = "The secret, shown this once.", body = Reset)))]
async fn reset_password(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at: MailboxRef = ask.at("mailbox")?;
    let (events, reset) = match ask.body(bodies::reset)? {
        bodies::ResetKind::Link => {
            let (done, link) = mailboxes::make_setup_link(&ask.app, &call, &at).await?;
            let (url, expires_at) = (link.url, link.expires_at);
            (done.events, Reset::Link { url, expires_at })
        }
        bodies::ResetKind::OneTime => {
            let (done, words) = mailboxes::reset_to_words(&ask.app, &call, &at).await?;
            let password = words.expose().to_owned();
            (done.events, Reset::OneTime { password })
        }
    };
    if call.dry_run {
        return reply::effects(&events, Vec::new());
    }
    let mut response = reply::json(StatusCode::OK, &reset)?;
    response.extensions_mut().insert(Secret);
    Ok(response)
}

/// Suspend a mailbox
///
/// Nobody signs in to it; with `receive` it still takes mail.
#[utoipa::path(put, path = "/mailboxes/{mailbox}/suspension", operation_id = "suspendMailbox", tag = "Mailboxes",
    request_body = bodies::MailboxSuspensionWish,
    responses((status = 200, description = "The mailbox as it is now.", body = view::Shown)))]
async fn suspend(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("mailbox")?;
    let (reason, receive, until) = ask.body(bodies::suspension)?;
    let done = mailboxes::suspend(&ask.app, &call, &at, reason, receive, until).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Resume a mailbox
#[utoipa::path(delete, path = "/mailboxes/{mailbox}/suspension", operation_id = "resumeMailbox", tag = "Mailboxes",
    responses((status = 200, description = "The mailbox as it is now.", body = view::Shown)))]
async fn resume(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = mailboxes::resume(&ask.app, &call, &ask.at("mailbox")?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Restore a mailbox
///
/// Takes it out of the bin as it was. By address it is the newest of that address.
#[utoipa::path(post, path = "/mailboxes/{mailbox}/restoration", operation_id = "restoreMailbox", tag = "Mailboxes",
    responses((status = 200, description = "The mailbox as it is now.", body = view::Shown)))]
async fn restore(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    ask.no_body()?;
    let done = mailboxes::restore(&ask.app, &call, &ask.at("mailbox")?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Rename a mailbox
///
/// Aliases of the domain that deliver to it follow.
#[utoipa::path(post, path = "/mailboxes/{mailbox}/rename", operation_id = "renameMailbox", tag = "Mailboxes",
    request_body = bodies::MailboxRenaming,
    responses((status = 200, description = "The mailbox as it is now.", body = view::Shown)))]
async fn rename(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("mailbox")?;
    let (to, leave_alias) = ask.body(|fields| bodies::renaming(&ask.app, fields))?;
    let done = mailboxes::rename(&ask.app, &call, &at, to, leave_alias).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// Read a forwarding
#[utoipa::path(get, path = "/mailboxes/{mailbox}/forwarding", operation_id = "getForwarding", tag = "Mailboxes",
    responses((status = 200, description = "Where its mail is sent on to.", body = view::Forwarded)))]
async fn get_forwarding(ask: Ask) -> Result<Response, Problem> {
    let call = ask.reading()?;
    let (mailbox, _) = mailboxes::get(&ask.app, &call, &ask.at("mailbox")?).await?;
    let address = mailbox.address.to_string();
    let forwarding = view::forwarding(&mailbox).ok_or_else(|| Error::not_found("forwarding of", &address))?;
    reply::part(&ask, mailbox.version, &forwarding)
}

/// Forward mail
///
/// An address outside takes the permission `alias.external`.
#[utoipa::path(put, path = "/mailboxes/{mailbox}/forwarding", operation_id = "setForwarding", tag = "Mailboxes",
    request_body = bodies::ForwardingWish,
    responses((status = 200, description = "The mailbox as it is now.", body = view::Shown)))]
async fn set_forwarding(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let at = ask.at("mailbox")?;
    let forwarding = ask.body(bodies::forwarding)?;
    let done = mailboxes::set_forwarding(&ask.app, &call, &at, forwarding).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

/// End a forwarding
#[utoipa::path(delete, path = "/mailboxes/{mailbox}/forwarding", operation_id = "endForwarding", tag = "Mailboxes",
    responses((status = 200, description = "The mailbox as it is now.", body = view::Shown)))]
async fn end_forwarding(ask: Ask) -> Result<Response, Problem> {
    let call = ask.writing()?;
    let done = mailboxes::end_forwarding(&ask.app, &call, &ask.at("mailbox")?).await?;
    reply::done(&ask, call.dry_run, &done, Success::Ok).await
}

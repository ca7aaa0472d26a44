//! Pages for programs and those who write them: what each problem of the API means.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use super::answer::{Answer, page, see};
use super::visitor::At;
use crate::error::Error;
use crate::service::App;

/// What a code of the API means, how it comes about, and what to do.
#[derive(Copy, Clone, Debug)]
pub(super) struct ErrorDoc {
    code: &'static str,
    status: u16,
    meaning: &'static str,
    cause: &'static str,
    fix: &'static str,
}

macro_rules! codes {
    ($($code:literal $status:literal $meaning:literal $cause:literal $fix:literal;)*) => {
        /// Every code there is a page for.
        const CODES: &[ErrorDoc] = &[$(ErrorDoc {
            code: $code, status: $status, meaning: $meaning, cause: $cause, fix: $fix,
        },)*];
    };
}

codes! {
    "acting_over" 409 "The time of looking after a customer is over."
        "Support looks after a customer for half an hour at most, and a form was sent after that."
        "Begin again, with the reason and the ticket.";
    "alias_loop" 409 "Mail would run in a circle."
        "A destination leads, over other aliases or forwardings, back to the address itself."
        "Take the destination out that leads back. Ask /resolve where mail for an address goes.";
    "already_done" 409 "The request was carried out before, and its answer held a secret that is shown once."
        "The same Idempotency-Key was sent again for something that makes a secret."
        "Ask with a new Idempotency-Key for a new secret.";
    "already_exists" 409 "The name or address is taken."
        "A mailbox, an alias, a domain or an account of this name exists already, perhaps at another customer."
        "Choose another name, or change what exists.";
    "already_given" 409 "The account holds this role there already."
        "The same role was given on the same scope before, and has not ended."
        "Take the role away first to give it with another end.";
    "bad_condition" 400 "A condition cannot be read."
        "If-Match or If-None-Match holds something else than the ETag of an answer."
        "Send the ETag as it came, with its quotation marks.";
    "bad_cursor" 400 "The page of the list does not exist."
        "The cursor was changed, or belongs to another list or other filters."
        "Begin with the first page, and follow the links of the answers.";
    "bad_json" 400 "The body is not JSON as it is wanted."
        "A bracket is missing, a field is there twice, or a text is not UTF-8."
        "Check the body; the detail names the line and the column.";
    "bad_parameter" 400 "A query parameter or a header is wrong."
        "It is unknown, there twice, or has a value that it cannot have."
        "See under errors which one, and what it takes.";
    "bad_request" 400 "The request cannot be understood."
        "Its head breaks a rule of HTTP, such as two Host headers."
        "Look at what sends the request; a usual HTTP client does not do this.";
    "beyond_own_access" 403 "What is asked for goes beyond what the caller holds there."
        "A role, a permission or an end was chosen that the caller does not hold, or not as long."
        "Choose less, or ask somebody who holds more.";
    "body_broken" 400 "The body did not arrive whole."
        "The connection broke, or the body was not as long as its head said."
        "Send the request again.";
    "body_encoded" 415 "The body is compressed."
        "The request has a Content-Encoding."
        "Send the body as it is.";
    "body_too_large" 413 "The body is too large."
        "It has more than 64 KiB."
        "Send less at once.";
    "body_too_slow" 408 "The body came too slowly."
        "Less than 1 KiB a second arrived."
        "Send the request again over a better connection.";
    "busy" 503 "The portal is busy, or its database is away."
        "Too much is asked at once, or the database is being restarted."
        "Ask again after the seconds that Retry-After names.";
    "credentials_ambiguous" 400 "The request has two credentials."
        "An API token came together with the cookie of a browser."
        "Send the token alone.";
    "cross_site" 403 "The request came from a page of another site."
        "A browser says that something else than the portal sent it."
        "Open the portal itself; programs send a token and no cookie.";
    "deleted" 409 "It is in the bin."
        "What is in the bin can be looked at and restored, not changed."
        "Restore it first.";
    "domain_alias" 409 "The domain was named by its other name."
        "What deletes or limits a domain wants its own name, so that nobody deletes it by mistake."
        "Ask for the domain by its own name, or remove the domain alias.";
    "domain_deleted" 409 "The domain is in the bin."
        "Something in it was to be restored or added."
        "Restore the domain first.";
    "forbidden" 403 "A permission is missing."
        "The thing is there, and your role, or the token, does not let you do this to it."
        "Ask whoever manages access for a role that holds the permission named under required.";
    "idempotency_key_in_use" 409 "The first request with this key is still under way."
        "It was repeated before its answer came."
        "Wait a moment, and send it again.";
    "idempotency_key_reused" 422 "This Idempotency-Key belongs to another request."
        "The same key came with another method, path, query or body."
        "Make a new key for each new request, and keep it for its repeats.";
    "in_use" 409 "Somebody holds the role."
        "A role goes only when nobody holds it."
        "Give its holders another role first.";
    "internal" 500 "The portal made a mistake."
        "It is written down in the log of the portal under the request id."
        "Try again. If it happens again, tell the operator the request id.";
    "invalid" 422 "Fields of the body are wrong."
        "Each one is named under errors, with what is wrong and what to do."
        "Correct them all, and send the request again.";
    "last_operator" 409 "The last operator was to go."
        "Somebody has to be able to do everything, without an end."
        "Make somebody else an operator first.";
    "limit_reached" 409 "A limit of the customer or the domain is reached."
        "What was asked for does not fit any more; the detail says whose limit it is and how much is left."
        "Ask for less, delete something, or have the limit raised by whoever set it.";
    "link_over" 409 "The one-time link has ended."
        "It was used, replaced by a newer one, or is older than its time."
        "Ask whoever sent it for a new one.";
    "method_not_allowed" 405 "The resource does not know this method."
        "A list was to be deleted, for example."
        "The header Allow names the methods that are.";
    "moved" 409 "It was moved at this very moment."
        "The customer or domain went to another place in the tree while something of it was changed."
        "Look again, and try again.";
    "no_letters" 409 "No letter can be sent."
        "There is no mail server that takes letters, or the person cannot sign in."
        "Set up a mail server under smtp, or hand a link or a code over another way.";
    "no_node" 409 "No mail server takes new mailboxes."
        "Every node of the configuration is draining or down."
        "Ask the operator to let a node take mailboxes.";
    "no_password" 409 "There is no password to choose anew."
        "The account is a service, is suspended, or waits for its invitation."
        "Resume it, or send a new invitation.";
    "no_such_path" 404 "The API has no such path."
        "A slip in the path, or a path of another version."
        "The paths are in /api/v1/openapi.json.";
    "no_way_back" 409 "It cannot be taken back."
        "It is of a kind that has no inverse, such as a password that is not kept; the detail says why."
        "The next step is named beside it.";
    "not_a_service" 409 "Nobody makes tokens in the name of a person."
        "A token of somebody else was to be made or replaced, or a person deleted."
        "Make a service account, or have the person make the token.";
    "not_acceptable" 406 "Answers are JSON."
        "The header Accept excludes application/json."
        "Leave it out.";
    "not_by_token" 403 "A token cannot change who may do what."
        "Roles, accounts and tokens were to be changed with an API token."
        "Sign in to the portal and do it there.";
    "not_found" 404 "There is no such thing, or it is not yours to see."
        "It never was, it is gone, or your grants do not reach it. The answer is the same on purpose."
        "Check the name. Ask for access if you expected to see it.";
    "not_in_person" 403 "Only whoever signed in themselves gets a code for support."
        "A code was asked for with a token, or while acting for a customer."
        "Stop acting, or sign in to the portal.";
    "not_invited" 409 "The account waits for no invitation."
        "The person chose a password already, or it is a service."
        "There is nothing to send.";
    "org_deleted" 409 "The customer is in the bin."
        "Something of it was to be restored or added."
        "Restore the customer first.";
    "org_misplaced" 409 "A customer of this kind cannot be there."
        "Customers have no resellers below them, nothing has a provider or itself below it, and the tree has eight levels."
        "Put it below the provider or a reseller.";
    "outranked" 403 "The account may do more than the caller, somewhere."
        "Only who holds at least as much as an account changes it."
        "Ask somebody who holds at least as much.";
    "over_promised" 409 "More would be promised than there is."
        "The limits of a customer come out of those of the one above, which shares them strictly or a number of times."
        "Choose a smaller limit, lower somebody else's, or have the limit above raised.";
    "own_access" 403 "Nobody changes their own access."
        "The role, the limit or the account is the caller's own."
        "Ask somebody else who manages access.";
    "own_org" 409 "You would shut yourself out."
        "Your own account belongs to the customer that was to be suspended or deleted."
        "Ask somebody of the customer above it.";
    "precondition_failed" 412 "What If-Match or If-None-Match asks for is not so."
        "The thing is there and should not be, or is not and should be."
        "Read it, and decide again.";
    "provider" 409 "That is not for the provider."
        "The provider at the top cannot be limited, suspended or deleted."
        "Choose a reseller or a customer.";
    "purged" 410 "It is gone for good."
        "It was in the bin until its purge date."
        "Make it anew if it is needed.";
    "rate_limited" 429 "The token asks too much."
        "It sent more requests in a minute than the portal answers for one token."
        "Wait as long as Retry-After says. RateLimit says in each answer how many requests are left.";
    "renamed" 409 "The mailbox has another address now."
        "It was renamed; the detail names the new address."
        "Ask for the new address.";
    "role_left_behind" 409 "A role of an org above would stay behind."
        "Somebody holds, inside the customer that was to be moved, a role of an org that would no longer be above it."
        "Give them another role, take that one away, and move the customer then.";
    "stale" 412 "Somebody changed it meanwhile."
        "Its version is not the one that If-Match names any more."
        "Read it again, and decide again.";
    "superseded" 409 "It cannot be taken back any more."
        "Something newer touched the same. What became of each field is named under errors."
        "Take the newer change back first, or make the change anew.";
    "token_by_token" 409 "A token cannot make or revoke tokens."
        "The request was sent with an API token, which replaces only itself."
        "Sign in to the portal, or use the command line.";
    "token_over" 409 "The token is not good any more."
        "It was to be replaced, and has ended or was revoked."
        "Make a new token.";
    "token_replaced" 409 "The token has been replaced already."
        "A token has one successor; that one is in use, or was revoked."
        "Replace the newer one. If its secret was lost before anybody used it, say so in the portal.";
    "too_many_headers" 431 "The request has too many header lines."
        "It has more than 64."
        "Look at what stands between you and the portal.";
    "too_many_letters" 409 "Enough letters went there within an hour."
        "The same person was sent the same kind of letter again and again."
        "Look for the letters that are there, or come back in an hour.";
    "unauthenticated" 401 "Nobody knows who you are."
        "There is no token, or it is wrong, expired or revoked."
        "Send Authorization: Bearer with a token that is good. Make one under your account.";
    "unsupported_media_type" 415 "The body is of the wrong kind."
        "The Content-Type is not the one that this path takes."
        "Send the kind that the detail names.";
    "uri_too_long" 414 "The address is too long."
        "It has more than 8192 bytes."
        "Ask with fewer parameters.";
    "wrong_host" 421 "The portal does not answer for this host name."
        "It was asked under a name that is not in its configuration."
        "Use its base URL, or have the name added to http.hosts.";
}

#[derive(Template)]
#[template(path = "pages/docs_error.html")]
struct ErrorDocPage {
    page: ErrorDoc,
}

#[derive(Template)]
#[template(path = "pages/docs_errors.html")]
struct ErrorDocs {
    pages: &'static [ErrorDoc],
}

pub(super) async fn problems() -> Answer {
    page(&ErrorDocs { pages: CODES })
}

pub(super) async fn problem(At(code): At<String>) -> Answer {
    match CODES.iter().find(|page| page.code == code) {
        Some(found) => page(&ErrorDocPage { page: *found }),
        None => Err(Error::not_found("problem", &code).into()),
    }
}

/// Where to report what threatens somebody (RFC 9116).
pub(super) async fn security_txt(State(app): State<App>) -> Response {
    let base = &app.base_url;
    let month = std::time::Duration::from_hours(30 * 24);
    let expires = &app.clock.now().plus(month).rfc3339()[..19];
    let text = format!(
        "Contact: {base}/help\nExpires: {expires}Z\nCanonical: {base}/.well-known/security.txt\nPreferred-Languages: en\n"
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

pub(super) async fn change_password() -> Answer {
    Ok(see("/account"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_each_is_there_once() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
    }
}

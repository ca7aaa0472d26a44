//! What is said about a mailbox in requests: each body as the document describes it, and how it is read.
#![expect(
    dead_code,
    reason = "the structs describe what the functions beside them read"
)]

use serde_json::Value;
use utoipa::ToSchema;

use crate::http::api::json::{Fields, Wrong, plain, quota, switch, text, word};
use crate::http::api::schemas::Amount;
use crate::model::{
    Destination, DisplayName, DomainName, EmailAddress, ExternalId, Forwarding, Label, Labels, LocalPart,
    MailboxDraft, MailboxHash, MailboxPatch, Password, Protocols, ProtocolsPatch, Quota, Reason, Secret,
    Timestamp,
};
use crate::service::App;

/// A mailbox to be made.
#[derive(ToSchema)]
pub(super) struct MailboxCreation {
    /// Its address, in a domain that is there already.
    #[schema(max_length = 254)]
    address: String,
    /// The name of the person or team; left out it is what stands before the @.
    #[schema(nullable = false, min_length = 1)]
    display_name: Option<String>,
    /// A password. Without one nobody can sign in until a link or password is made.
    #[schema(nullable = false, format = Password)]
    password: Option<String>,
    /// A hash made elsewhere, such as `{SHA512-CRYPT}$6$…`; takes the permission `hash.import`. Excludes `password`.
    #[schema(nullable = false)]
    password_hash: Option<String>,
    /// How much mail it may hold; left out it is the domain's default.
    #[schema(value_type = Amount, required = false)]
    quota_bytes: Option<Quota>,
    /// Ways in which it may be used; those left out are on.
    #[schema(nullable = false)]
    protocols: Option<ProtocolSwitches>,
    /// The name that another system has for it.
    external_id: Option<String>,
    /// Words to sort and find it by.
    #[schema(nullable = false, max_items = 16)]
    labels: Option<Vec<String>>,
}

/// A mailbox as it is to be. What is left out takes its default; without a password the present one stays.
#[derive(ToSchema)]
pub(super) struct MailboxReplacement {
    /// Its address; if given, the same as in the path.
    #[schema(nullable = false, max_length = 254)]
    address: Option<String>,
    /// The name of the person or team; left out it is what stands before the @.
    #[schema(nullable = false, min_length = 1)]
    display_name: Option<String>,
    /// A new password.
    #[schema(nullable = false, format = Password)]
    password: Option<String>,
    /// A hash made elsewhere. Excludes `password`.
    #[schema(nullable = false)]
    password_hash: Option<String>,
    /// How much mail it may hold; left out it is the domain's default.
    #[schema(value_type = Amount, required = false)]
    quota_bytes: Option<Quota>,
    /// Ways in which it may be used; those left out are on.
    #[schema(nullable = false)]
    protocols: Option<ProtocolSwitches>,
    /// The name that another system has for it.
    external_id: Option<String>,
    /// Words to sort and find it by.
    #[schema(nullable = false, max_items = 16)]
    labels: Option<Vec<String>>,
}

/// What is to be changed of a mailbox; what is left out stays.
#[derive(ToSchema)]
pub(super) struct MailboxChange {
    /// A new name.
    #[schema(nullable = false, min_length = 1)]
    display_name: Option<String>,
    /// A new quota; takes the permission `mailbox.set_quota`.
    #[schema(value_type = Amount, required = false)]
    quota_bytes: Option<Quota>,
    /// Switches to turn.
    #[schema(nullable = false)]
    protocols: Option<ProtocolSwitches>,
    /// The name that another system has for it; null takes it away.
    external_id: Option<String>,
    /// All labels anew; null takes them away.
    #[schema(max_items = 16)]
    labels: Option<Vec<String>>,
}

/// Switches for the ways in which a mailbox may be used.
#[derive(ToSchema)]
pub(super) struct ProtocolSwitches {
    /// Reading by IMAP.
    #[schema(nullable = false)]
    imap: Option<bool>,
    /// Fetching by POP3.
    #[schema(nullable = false)]
    pop3: Option<bool>,
    /// Sending by submission.
    #[schema(nullable = false)]
    smtp: Option<bool>,
    /// Filters by `ManageSieve`.
    #[schema(nullable = false)]
    sieve: Option<bool>,
    /// The webmail.
    #[schema(nullable = false)]
    webmail: Option<bool>,
}

/// A new password: one of the two.
#[derive(ToSchema)]
pub(super) struct NewPassword {
    /// The password as it is typed.
    #[schema(nullable = false, format = Password)]
    password: Option<String>,
    /// A hash made elsewhere; takes the permission `hash.import`.
    #[schema(nullable = false)]
    password_hash: Option<String>,
}

/// How the owner of a mailbox gets a password.
#[derive(ToSchema)]
pub(super) struct PasswordReset {
    /// `link`: a link by which the owner chooses one. `one_time`: a password of easy words, set at once.
    kind: ResetKind,
}

/// How the owner of a mailbox gets a password.
#[derive(Copy, Clone, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum ResetKind {
    /// A link by which the owner chooses one.
    Link,
    /// A password of easy words, set at once.
    OneTime,
}

/// Why and how a mailbox is switched off.
#[derive(ToSchema)]
pub(super) struct MailboxSuspensionWish {
    /// Why, for the people who look after it.
    #[schema(min_length = 1)]
    reason: String,
    /// Whether it still takes mail; left out it does.
    #[schema(nullable = false, default = true)]
    receive: Option<bool>,
    /// When it resumes by itself.
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// Another name for a mailbox.
#[derive(ToSchema)]
pub(super) struct MailboxRenaming {
    /// What stands before the @ from now on.
    #[schema(max_length = 64)]
    local_part: String,
    /// Whether the old address delivers to the new one; left out it does not.
    #[schema(nullable = false, default = false)]
    leave_alias: Option<bool>,
}

/// Where the mail of a mailbox is to be sent on to.
#[derive(ToSchema)]
pub(super) struct ForwardingWish {
    /// The addresses.
    #[schema(min_items = 1, max_items = 1000)]
    destinations: Vec<String>,
    /// Whether the mailbox keeps a copy; left out it does.
    #[schema(nullable = false, default = true)]
    keep_copy: Option<bool>,
    /// When it ends by itself.
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// A new own address, in its two parts.
pub(in crate::http::api) fn own_address(app: &App, value: &Value) -> Result<(LocalPart, DomainName), Wrong> {
    let whole = plain(value)?;
    let Some((local, domain)) = whole.rsplit_once('@').filter(|(local, _)| !local.contains('@')) else {
        // The parser of whole addresses knows what to say.
        let address: EmailAddress = whole.parse()?;
        return Ok((address.local().clone(), address.domain().clone()));
    };
    let local = app.addresses.local_part(local)?;
    let domain: DomainName = domain.parse()?;
    EmailAddress::new(local.clone(), domain.clone())?;
    Ok((local, domain))
}

/// What one would like to know of a mailbox whether it is made or replaced.
fn facts(
    app: &App,
    fields: &mut Fields<'_>,
    local_part: LocalPart,
    domain: &DomainName,
) -> Option<MailboxDraft> {
    let display_name = match fields.optional("display_name", text::<DisplayName>) {
        Some(name) => Some(name),
        None => local_part.as_str().parse().ok(),
    };
    let address = format!("{local_part}@{domain}");
    let mut context = vec![address.as_str(), domain.as_str()];
    context.extend(display_name.as_ref().map(DisplayName::as_str));
    let secret = secret(app, fields, &context).unwrap_or(Secret::Nothing);
    let quota = fields.optional("quota_bytes", quota);
    let protocols = fields.object("protocols", protocols).unwrap_or_default();
    let external_id = fields.nullable("external_id", text::<ExternalId>).flatten();
    let labels = labels(fields).unwrap_or_default();
    Some(MailboxDraft {
        local_part,
        display_name: display_name?,
        secret,
        quota,
        protocols: protocols.applied_to(Protocols::default()),
        external_id,
        labels,
    })
}

fn labels(fields: &mut Fields<'_>) -> Option<Labels> {
    let labels = fields.list("labels", text::<Label>)?;
    match Labels::new(labels) {
        Ok(labels) => Some(labels),
        Err(problem) => {
            fields.wrong("labels", problem.into());
            None
        }
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "readers of objects may fail, this one has only optional fields"
)]
fn protocols(fields: &mut Fields<'_>) -> Option<ProtocolsPatch> {
    Some(ProtocolsPatch {
        imap: fields.optional("imap", switch),
        pop3: fields.optional("pop3", switch),
        smtp: fields.optional("smtp", switch),
        sieve: fields.optional("sieve", switch),
        webmail: fields.optional("webmail", switch),
    })
}

/// A password or a hash; `context` are the words that a password must not be made of.
fn secret(app: &App, fields: &mut Fields<'_>, context: &[&str]) -> Option<Secret> {
    if fields.has("password") && fields.has("password_hash") {
        fields.wrong(
            "password_hash",
            Wrong::new("exclusive", "give password or password_hash, not both"),
        );
    }
    let checked =
        |value: &Value| -> Result<Password, Wrong> { Ok(app.passwords.check(plain(value)?, context)?) };
    let password = fields.optional("password", checked);
    let hash = fields.optional("password_hash", text::<MailboxHash>);
    password.map(Secret::Password).or(hash.map(Secret::Hash))
}

/// Reads a [`MailboxCreation`].
pub(super) fn creation(app: &App, fields: &mut Fields<'_>) -> Option<(DomainName, MailboxDraft)> {
    let address = fields.required("address", |value| own_address(app, value));
    let Some((local, domain)) = address else {
        // The other fields are looked at all the same, so that every problem is told.
        let nobody = ("nobody".parse().ok()?, "nowhere.example".parse().ok()?);
        facts(app, fields, nobody.0, &nobody.1);
        return None;
    };
    let draft = facts(app, fields, local, &domain)?;
    Some((domain, draft))
}

/// Reads a [`MailboxReplacement`] of the mailbox at `address`.
pub(super) fn replacement(
    app: &App,
    fields: &mut Fields<'_>,
    address: &EmailAddress,
) -> Option<MailboxDraft> {
    fields.optional("address", |value| {
        let same = plain(value)?.parse::<EmailAddress>()? == *address;
        same.then_some(()).ok_or_else(|| {
            Wrong::new(
                "address_differs",
                "give the address of the path, or rename the mailbox",
            )
        })
    });
    facts(app, fields, address.local().clone(), address.domain())
}

/// Reads a [`MailboxChange`].
#[expect(
    clippy::unnecessary_wraps,
    reason = "readers of bodies may fail, this one has only optional fields"
)]
pub(super) fn change(fields: &mut Fields<'_>) -> Option<MailboxPatch> {
    let display_name = fields.optional("display_name", text::<DisplayName>);
    let quota = fields.optional("quota_bytes", quota);
    let protocols = fields.object("protocols", protocols).unwrap_or_default();
    let external_id = fields.nullable("external_id", text::<ExternalId>);
    let labels = if fields.is_null("labels") {
        fields.optional("labels", |_| Ok(Labels::default()))
    } else {
        labels(fields)
    };
    Some(MailboxPatch {
        display_name,
        quota,
        protocols,
        external_id,
        labels,
    })
}

/// Reads a [`NewPassword`] for a mailbox that is described by `context`.
pub(super) fn new_password(app: &App, fields: &mut Fields<'_>, context: &[&str]) -> Option<Secret> {
    if !fields.has("password") && !fields.has("password_hash") {
        fields.wrong(
            "password",
            Wrong::new("required", "give password or password_hash"),
        );
    }
    secret(app, fields, context)
}

/// Reads a [`PasswordReset`].
pub(super) fn reset(fields: &mut Fields<'_>) -> Option<ResetKind> {
    let kinds = [("link", ResetKind::Link), ("one_time", ResetKind::OneTime)];
    fields.required("kind", word(&kinds))
}

/// Reads a [`MailboxSuspensionWish`].
pub(super) fn suspension(fields: &mut Fields<'_>) -> Option<(Reason, bool, Option<Timestamp>)> {
    let reason = fields.required("reason", text::<Reason>);
    let receive = fields.optional("receive", switch).unwrap_or(true);
    let until = fields.nullable("until", text::<Timestamp>).flatten();
    Some((reason?, receive, until))
}

/// Reads a [`MailboxRenaming`].
pub(super) fn renaming(app: &App, fields: &mut Fields<'_>) -> Option<(LocalPart, bool)> {
    let local = fields.required("local_part", |value| {
        Ok(app.addresses.local_part(plain(value)?)?)
    });
    let leave_alias = fields.optional("leave_alias", switch).unwrap_or(false);
    Some((local?, leave_alias))
}

/// Reads a [`ForwardingWish`].
pub(super) fn forwarding(fields: &mut Fields<'_>) -> Option<Forwarding> {
    let destinations = fields.required_list("destinations", text::<Destination>);
    let keep_copy = fields.optional("keep_copy", switch).unwrap_or(true);
    let until = fields.nullable("until", text::<Timestamp>).flatten();
    Some(Forwarding {
        destinations: destinations?,
        keep_copy,
        until,
    })
}

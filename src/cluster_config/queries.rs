//! The daemons' SQL: the whole contract with the native schema, the same text on all three engines.
//!
//! Postfix: `%s` is the key, `%u` its local part, `%d` its domain, `%%` a percent sign; a query whose part is
//! missing is not run, which is why the catch-all has a map of its own. Dovecot: `%n` local part, `%d` domain,
//! `%s` service, `%{real_lport}` the port the connection arrived at, whatever a PROXY header says.

/// One Postfix map: the name of its file and its query.
pub(super) const POSTFIX: [(&str, &str); 10] = [
    (
        "domains",
        "SELECT domain FROM mta_domains WHERE domain = '%s' AND transport IS NULL",
    ),
    (
        "relay",
        "SELECT domain FROM mta_domains WHERE domain = '%s' AND transport IS NOT NULL",
    ),
    (
        "relay_transport",
        "SELECT transport FROM mta_domains WHERE domain = '%s' AND transport IS NOT NULL",
    ),
    (
        "mailboxes",
        "SELECT 1 FROM mta_mailboxes WHERE local_part = '%u' AND domain = '%d'",
    ),
    (
        "virtual",
        "SELECT destination FROM mta_virtual WHERE local_part = '%u' AND domain = '%d'",
    ),
    (
        "catchall",
        "SELECT destination FROM mta_virtual WHERE local_part = '' AND domain = '%d' AND '%s' LIKE '@%%'",
    ),
    (
        "rcpt_access",
        "SELECT action FROM mta_rcpt_access WHERE local_part = '%u' AND domain = '%d'",
    ),
    (
        "senders",
        "SELECT login FROM mta_senders WHERE local_part IN ('%u', '') AND domain = '%d'",
    ),
    (
        "bcc_in",
        "SELECT destination FROM bcc_rules WHERE local_part IN ('%u', '') AND domain = '%d' AND direction = 'in' \
         ORDER BY local_part DESC LIMIT 1",
    ),
    (
        "bcc_out",
        "SELECT destination FROM bcc_rules WHERE local_part IN ('%u', '') AND domain = '%d' AND direction = 'out' \
         ORDER BY local_part DESC LIMIT 1",
    ),
];

/// LMTP through a front: no password is involved.
pub(super) const LMTP_PROXY: &str = "SELECT username AS user, NULL AS password, 'y' AS nopassword, 'y' AS proxy, \
     host, lmtp_port AS port FROM imap_users WHERE '%s' = 'lmtp' AND local_part = '%n' AND domain = '%d'";

/// Where a mailbox lives on its node.
pub(super) const USER: &str =
    "SELECT username AS user, storage, quota_rule FROM imap_users WHERE local_part = '%n' AND domain = '%d'";

/// All mailboxes a node serves.
pub(super) fn iterate(node: &str) -> String {
    format!("SELECT username AS user FROM imap_users WHERE node = '{node}' OR served_by = '{node}'")
}

/// Logs in with an app password; never from webmail.
pub(super) fn app_password(webmail_port: u16, proxy_secret: Option<&str>) -> String {
    let proxy = proxy_fields(proxy_secret);
    format!(
        "SELECT username AS user, NULL AS password, 'y' AS nopassword{proxy} FROM imap_app_logins \
         WHERE local_part = '%n' AND domain = '%d' AND token_sha256 = '%{{sha256:password}}' \
         AND '%{{real_lport}}' <> '{webmail_port}' AND CASE '%s' WHEN 'imap' THEN imap WHEN 'pop3' THEN pop3 \
         WHEN 'sieve' THEN sieve WHEN 'smtp' THEN smtp ELSE FALSE END"
    )
}

/// Logs in with the mailbox's own password.
pub(super) fn password(webmail_port: u16, proxy_secret: Option<&str>) -> String {
    let proxy = proxy_fields(proxy_secret);
    format!(
        "SELECT username AS user, password{proxy} FROM imap_users WHERE local_part = '%n' AND domain = '%d' \
         AND active AND password IS NOT NULL \
         AND (NOT app_passwords_only OR '%s' = 'webmail' OR '%{{real_lport}}' = '{webmail_port}') \
         AND CASE '%s' WHEN 'imap' THEN (CASE '%{{real_lport}}' WHEN '{webmail_port}' THEN webmail ELSE imap END) \
         WHEN 'pop3' THEN pop3 WHEN 'sieve' THEN sieve WHEN 'smtp' THEN smtp WHEN 'webmail' THEN webmail \
         ELSE FALSE END"
    )
}

/// Sends a session on to its node. Postfix asks as `smtp` or `webmail` and gets no address, or it would be redirected.
/// On a single host nothing is sent on, and there are no such columns.
fn proxy_fields(secret: Option<&str>) -> String {
    let Some(secret) = secret else {
        return String::new();
    };
    format!(
        ", CASE WHEN '%s' IN ('smtp','webmail') THEN NULL ELSE 'y' END AS proxy, \
         CASE WHEN '%s' IN ('smtp','webmail') THEN NULL ELSE host END AS host, \
         CASE '%s' WHEN 'imap' THEN imap_port WHEN 'pop3' THEN pop3_port WHEN 'sieve' THEN sieve_port END AS port, \
         CASE WHEN '%s' IN ('smtp','webmail') THEN NULL ELSE '{secret}' END AS pass"
    )
}

//! The secrets a layout refers to.

use std::fs;

use super::error::RenderError;
use super::values::{ConfPath, SecretText};
use super::{Engine, Layout};

/// What was found; only what the layout and engine need is demanded.
#[derive(Debug)]
pub(super) struct Secrets {
    pub(super) mta_password: Option<SecretText>,
    pub(super) imap_password: Option<SecretText>,
    pub(super) proxy_password: Option<SecretText>,
    pub(super) doveadm_password: Option<SecretText>,
    pub(super) doveadm_api_key: Option<SecretText>,
    pub(super) webmail_key: Option<SecretText>,
}

impl Secrets {
    pub(super) fn load(layout: &Layout, engine: Engine) -> Result<Self, RenderError> {
        let [mta, imap, proxy, doveadm, api, webmail] = references(layout);
        let several = !layout.is_single();
        let server = engine != Engine::Sqlite;
        Ok(Self {
            mta_password: mta.load(server, "the database password of Postfix")?,
            imap_password: imap.load(server, "the database password of Dovecot")?,
            proxy_password: proxy.load(
                several,
                "what fronts show to nodes instead of the user's password",
            )?,
            doveadm_password: doveadm.load(layout.replicates(), "the password of doveadm between nodes")?,
            doveadm_api_key: api.load(false, "the key of doveadm's HTTP interface")?,
            webmail_key: webmail.load(
                !layout.webmail.is_empty(),
                "24 characters that Roundcube encrypts with",
            )?,
        })
    }
}

/// Where a layout says that a secret is: in a file, or in a lab on the spot.
pub(super) struct Reference<'a> {
    pub(super) key: &'static str,
    pub(super) inline: Option<&'a SecretText>,
    pub(super) file: Option<&'a ConfPath>,
}

/// Every secret that a layout can refer to.
pub(super) fn references(layout: &Layout) -> [Reference<'_>; 6] {
    let (mta, imap, secrets) = (&layout.database.mta, &layout.database.imap, &layout.secrets);
    [
        ("database.mta.password", &mta.password, &mta.password_file),
        ("database.imap.password", &imap.password, &imap.password_file),
        (
            "secrets.proxy_password",
            &secrets.proxy_password,
            &secrets.proxy_password_file,
        ),
        (
            "secrets.doveadm_password",
            &secrets.doveadm_password,
            &secrets.doveadm_password_file,
        ),
        (
            "secrets.doveadm_api_key",
            &secrets.doveadm_api_key,
            &secrets.doveadm_api_key_file,
        ),
        (
            "secrets.webmail_key",
            &secrets.webmail_key,
            &secrets.webmail_key_file,
        ),
    ]
    .map(|(key, inline, file)| Reference {
        key,
        inline: inline.as_ref(),
        file: file.as_ref(),
    })
}

impl Reference<'_> {
    fn load(&self, needed: bool, purpose: &'static str) -> Result<Option<SecretText>, RenderError> {
        let key = self.key;
        match (self.inline, self.file) {
            (Some(secret), _) => Ok(Some(secret.clone())),
            (None, Some(path)) => read(key, path).map(Some),
            (None, None) if needed => Err(RenderError::NoSecret { key, purpose }),
            (None, None) => Ok(None),
        }
    }
}

fn read(key: &'static str, path: &ConfPath) -> Result<SecretText, RenderError> {
    let text = fs::read_to_string(path.as_str()).map_err(|source| RenderError::Unreadable {
        key,
        path: path.to_string(),
        source,
    })?;
    text.trim_end().parse().map_err(|problem| RenderError::BadSecret {
        path: path.to_string(),
        problem,
    })
}

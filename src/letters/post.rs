//! The way to the mail server.

use std::error::Error as _;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;

use crate::config::{SmtpSecurity, SmtpSettings};

/// Why a letter did not go.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(String),
    /// The mail server will never take it.
    #[error("{0}")]
    Never(String),
    /// It may go another time.
    #[error("{0}")]
    Later(String),
}

/// A mail server that takes letters.
#[derive(Debug)]
pub struct Post(AsyncSmtpTransport<Tokio1Executor>);

impl Post {
    /// The mail server of the settings; nothing is connected yet.
    pub fn new(settings: &SmtpSettings) -> Result<Self, PostError> {
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls(settings)?)
            .timeout(Some(Duration::from_secs(settings.timeout_s)))
            // One connection, and none while there is nothing to send.
            .pool_config(
                PoolConfig::new()
                    .min_idle(0)
                    .max_size(1)
                    .idle_timeout(Duration::from_secs(20)),
            );
        if let Some((user, password)) = &settings.login {
            builder = builder.credentials(Credentials::new(
                user.clone(),
                password.expose_secret().to_owned(),
            ));
        }
        Ok(Self(builder.build()))
    }

    /// Hands a letter over. It is the mail server's business when this comes back well.
    pub async fn send(&self, message: Message) -> Result<(), PostError> {
        match self.0.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(judge(&error)),
        }
    }
}

fn tls(settings: &SmtpSettings) -> Result<Tls, PostError> {
    let wrong = |error: &dyn std::fmt::Display| PostError::Settings(format!("smtp.ca_file: {error}"));
    let mut parameters = TlsParameters::builder(settings.host.clone());
    if let Some(file) = &settings.ca_file {
        let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
        let authority = Certificate::from_pem(&pem).map_err(|error| wrong(&error))?;
        parameters = parameters.add_root_certificate(authority);
    }
    let parameters = parameters
        .build_rustls()
        .map_err(|error| PostError::Settings(format!("smtp.host: {error}")))?;
    Ok(match settings.security {
        SmtpSecurity::StartTls => Tls::Required(parameters),
        SmtpSecurity::Tls => Tls::Wrapper(parameters),
        SmtpSecurity::None => Tls::None,
    })
}

/// Only an answer of the 5xx kind is for ever. A wrong password or certificate is too, until somebody mends it, and then
/// nothing should have been lost.
fn judge(error: &smtp::Error) -> PostError {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    // RFC 4954, section 6: 530, 534, 535 and 538 are about signing in, not about the letter.
    let about_sign_in = error
        .status()
        .is_some_and(|code| matches!(code.to_string().as_str(), "530" | "534" | "535" | "538"));
    if error.is_permanent() && !about_sign_in {
        return PostError::Never(said);
    }
    PostError::Later(said)
}

//! Sends the letters that Postdesk itself writes, one after the other, to the mail server of the configuration.
//!
//! A letter arrives at least once: who was killed between the mail server's yes and noting it sends it again, under the
//! same `Message-ID`.

mod post;
mod render;

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use post::{Post, PostError};

use crate::config::SmtpSettings;
use crate::error::Error;
use crate::service::{App, letters};

/// How often letters that have come due, or that another node wrote, are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Sends letters until `shutdown`.
pub async fn run(app: App, settings: SmtpSettings, shutdown: CancellationToken) {
    let post = match Post::new(&settings) {
        Ok(post) => post,
        Err(error) => {
            tracing::error!(%error, "no letters are sent: the settings under smtp cannot be used");
            return;
        }
    };
    let mut bell = app.store.letters.listen();
    while !shutdown.is_cancelled() {
        // What rings from here on is news: nothing is missed between looking and waiting.
        bell.mark_unchanged();
        match deliver(&app, &post, &settings).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a letter could not be looked after, and is tried again"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = timeout(LOOK_EVERY, bell.changed()) => {}
        }
    }
}

/// Sends the letter that is due; `false` when none is.
async fn deliver(app: &App, post: &Post, settings: &SmtpSettings) -> Result<bool, Error> {
    let Some(ready) = letters::next(app).await? else {
        return Ok(false);
    };
    let now = app.clock.now();
    let message = match render::letter(&ready, &app.base_url, &settings.from, now) {
        Ok(message) => message,
        Err(error) => {
            letters::refused(app, &ready, &error.to_string()).await?;
            return Ok(true);
        }
    };
    match post.send(message).await {
        Ok(()) => letters::sent(app, &ready).await?,
        Err(PostError::Never(said)) => {
            tracing::info!(letter = %ready.letter.id, said, "a letter was refused");
            letters::refused(app, &ready, &said).await?;
        }
        Err(error) => {
            tracing::warn!(letter = %ready.letter.id, %error, "a letter waits for its next try");
            let dice = f64::from(u32::from_be_bytes(app.ids.random())) / f64::from(u32::MAX);
            letters::not_yet(app, &ready, &error.to_string(), dice).await?;
        }
    }
    Ok(true)
}

//! What the daemons count, read back: bytes and messages of each mailbox, and the last sign-in.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::target::{Target, TargetError};
use crate::error::Error;
use crate::service::App;
use crate::store::outbox::MailboxCounted;

/// Rows read at once.
const PAGE: i64 = 500;

/// What a target said last, so that only what changed is carried over.
#[derive(Debug, Default)]
pub struct Counted {
    seen: HashMap<u64, (i64, i64, i64)>,
}

/// Why counts could not be carried over.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The target could not be read.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The store could not be written.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Counted {
    /// Carries over what changed since the last time; how many mailboxes that was.
    pub async fn carry_over(&mut self, app: &App, target: &mut Target) -> Result<usize, UsageError> {
        let mut after = String::new();
        let mut changed = 0;
        loop {
            let page = page(target, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.address);
            let full = i64::try_from(page.len()).unwrap_or(0) == PAGE;
            let news: Vec<MailboxCounted> = page.into_iter().filter(|row| self.is_news(row)).collect();
            if !news.is_empty() {
                app.store.counted(&news).await?;
                changed += news.len();
                for row in &news {
                    self.seen
                        .insert(key(&row.address), (row.bytes, row.messages, row.last_login_s));
                }
            }
            if !full {
                break;
            }
        }
        Ok(changed)
    }

    fn is_news(&self, row: &MailboxCounted) -> bool {
        self.seen.get(&key(&row.address)) != Some(&(row.bytes, row.messages, row.last_login_s))
    }
}

fn key(address: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    address.hash(&mut hasher);
    hasher.finish()
}

async fn page(target: &mut Target, after: &str) -> Result<Vec<MailboxCounted>, TargetError> {
    let rows: Vec<(String, i64, i64, i64)> = target
        .query(
            "SELECT u.username, u.bytes, u.messages, COALESCE((SELECT MAX(l.last_at) FROM last_login l
               WHERE l.username = u.username), 0)
             FROM quota_usage u WHERE u.username > $1 ORDER BY u.username LIMIT 500",
        )
        .bind(after)
        .fetch()
        .await?;
    let counted = |(address, bytes, messages, last_login_s)| MailboxCounted {
        address,
        bytes,
        messages,
        last_login_s,
    };
    Ok(rows.into_iter().map(counted).collect())
}

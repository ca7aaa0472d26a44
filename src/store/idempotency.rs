//! (No permit.) The answers to requests that carried an Idempotency-Key; keyed by the credential that asks.

use super::Store;
use crate::access::IdempotencyKey;
use crate::db::row;
use crate::error::Error;

/// What is known of a request with the same key.
#[derive(Debug)]
pub struct Remembered {
    /// SHA-256 of what was asked.
    pub request_hash: Vec<u8>,
    /// The answer, once it was given: status, headers as JSON, body.
    pub answer: Option<(u16, String, String)>,
}

row! {
    struct RememberedRow {
        request_hash: Vec<u8>, status: Option<i64>, headers: Option<String>, body: Option<String>,
    }
}

impl Store {
    /// What is known of a request with this key.
    pub async fn remembered(&self, key: &IdempotencyKey) -> Result<Option<Remembered>, Error> {
        let row: Option<RememberedRow> = self
            .db
            .read(
                "SELECT request_hash, status, headers, body FROM idempotency
                 WHERE owner = $1 AND route = $2 AND key = $3",
            )
            .bind(key.owner)
            .bind(key.route.clone())
            .bind(key.key.clone())
            .fetch_optional()
            .await?;
        Ok(row.map(|row| Remembered {
            request_hash: row.request_hash,
            answer: row
                .status
                .and_then(|status| u16::try_from(status).ok())
                .map(|status| {
                    (
                        status,
                        row.headers.unwrap_or_default(),
                        row.body.unwrap_or_default(),
                    )
                }),
        }))
    }

    /// Keeps the answer for a repeat of the request.
    pub async fn remember_answer(
        &self,
        key: &IdempotencyKey,
        status: u16,
        headers: String,
        body: String,
    ) -> Result<(), Error> {
        self.db
            .write(
                "UPDATE idempotency SET status = $4, headers = $5, body = $6
                 WHERE owner = $1 AND route = $2 AND key = $3",
            )
            .bind(key.owner)
            .bind(key.route.clone())
            .bind(key.key.clone())
            .bind(i64::from(status))
            .bind(headers)
            .bind(body)
            .execute()
            .await?;
        Ok(())
    }
}

//! How much one token may ask: a number of requests in a minute, and headers that say how many are left
//! (draft-ietf-httpapi-ratelimit-headers).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

use super::problem::Problem;
use crate::model::Timestamp;

/// The seconds that are counted together.
const WINDOW_S: u32 = 60;
/// With so many tokens, those that are silent are forgotten.
const MOST_KEPT: usize = 10_000;

/// Counts the requests of each token.
#[derive(Debug)]
pub(super) struct Rates {
    per_minute: u32,
    windows: Mutex<HashMap<Uuid, Window>>,
}

/// The requests of one token since a moment.
#[derive(Copy, Clone, Debug)]
struct Window {
    begun: Timestamp,
    used: u32,
}

/// What a token may still ask.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    most: u32,
    count: u32,
    reset_s: u32,
}

impl Rates {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            windows: Mutex::default(),
        }
    }

    /// Counts one request at `now`; what is left, or that there is nothing left.
    pub(super) fn take(&self, token: Uuid, now: Timestamp) -> Result<Left, Left> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |window: &Window| now.since(window.begun).as_secs() >= WINDOW_S.into();
        if windows.len() >= MOST_KEPT {
            windows.retain(|_, window| !is_over(window));
        }
        let new = Window { begun: now, used: 0 };
        let window = windows.entry(token).or_insert(new);
        if is_over(window) {
            *window = new;
        }
        let gone = u32::try_from(now.since(window.begun).as_secs()).unwrap_or(WINDOW_S);
        let reset_s = WINDOW_S.saturating_sub(gone);
        let most = self.per_minute;
        if window.used >= most {
            return Err(Left {
                most,
                count: 0,
                reset_s,
            });
        }
        window.used += 1;
        let count = most - window.used;
        Ok(Left { most, count, reset_s })
    }
}

impl Left {
    /// The refusal of one request too many.
    pub(super) fn refusal(self) -> Problem {
        Problem::rate_limited(self.most, self.reset_s)
    }

    /// Says so in the headers of an answer.
    pub(super) fn tell(self, response: &mut Response) {
        let policy = format!("\"token\";q={};w={WINDOW_S}", self.most);
        let left = format!("\"token\";r={};t={}", self.count, self.reset_s);
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", left)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response
                    .headers_mut()
                    .insert(HeaderName::from_static(name), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_token_has_its_own_minute() {
        let rates = Rates::new(2);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let start = Timestamp::from_micros(1_767_603_600_000_000);
        let later = start.plus(Duration::from_secs(20));
        let left = |count, reset_s| Left {
            most: 2,
            count,
            reset_s,
        };
        assert_eq!(rates.take(one, start), Ok(left(1, 60)));
        assert_eq!(rates.take(one, later), Ok(left(0, 40)));
        assert_eq!(rates.take(one, later), Err(left(0, 40)));
        assert_eq!(rates.take(other, later), Ok(left(1, 60)));
        assert_eq!(
            rates.take(one, start.plus(Duration::from_mins(1))),
            Ok(left(1, 60))
        );
    }

    #[test]
    fn silent_tokens_are_forgotten() {
        let rates = Rates::new(1);
        let start = Timestamp::from_micros(0);
        for n in 0..MOST_KEPT {
            assert!(rates.take(Uuid::from_u128(n as u128), start).is_ok());
        }
        assert!(
            rates
                .take(Uuid::max(), start.plus(Duration::from_mins(2)))
                .is_ok()
        );
        assert_eq!(rates.windows.lock().unwrap().len(), 1);
    }
}

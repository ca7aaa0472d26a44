//! New ids and random secrets: the only place that asks the machine for randomness.

use std::sync::{Arc, Mutex};

use rand::{RngExt as _, SeedableRng as _};
use uuid::{ContextV7, Uuid};

use crate::model::{Clock, Timestamp};

/// Makes ids that grow with time, and secrets that cannot be guessed. Cheap to clone.
#[derive(Clone)]
pub struct Ids(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    order: Mutex<ContextV7>,
    random: Mutex<rand::rngs::StdRng>,
}

impl Ids {
    /// Ids on the time of `clock`, with the machine's randomness.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with(clock, rand::rngs::StdRng::from_rng(&mut rand::rng()))
    }

    /// The same ids in every run, for tests.
    pub fn seeded(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self::with(clock, rand::rngs::StdRng::seed_from_u64(seed))
    }

    fn with(clock: Arc<dyn Clock>, random: rand::rngs::StdRng) -> Self {
        Self(Arc::new(Inner {
            clock,
            order: Mutex::new(ContextV7::new()),
            random: Mutex::new(random),
        }))
    }

    /// A new id, greater than every one this process made before.
    pub fn next<T: From<Uuid>>(&self) -> T {
        let micros = self.0.clock.now().as_micros().max(0).unsigned_abs();
        let (seconds, nanos) = (
            micros / 1_000_000,
            u32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000,
        );
        let order = self
            .0
            .order
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*order, seconds, nanos)).into()
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.with_random(|random| random.fill(&mut bytes[..]));
        bytes
    }

    /// `length` random lower-case letters and digits that are not mistaken for one another.
    pub fn key(&self, length: usize) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        self.with_random(|random| {
            (0..length)
                .map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]))
                .collect()
        })
    }

    /// Lends the source of randomness.
    pub fn with_random<T>(&self, f: impl FnOnce(&mut rand::rngs::StdRng) -> T) -> T {
        f(&mut self
            .0
            .random
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// The time, as ids see it.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ids(..)")
    }
}

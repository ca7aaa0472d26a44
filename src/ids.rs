//! New ids and random secrets: the only place that asks the machine for randomness.

use std::sync::{Arc, Mutex};

use rand::{RngExt as _, SeedableRng as _};
use uuid::{Builder, Uuid};

use crate::model::{Clock, Timestamp};

/// Makes ids that grow with time, and secrets that cannot be guessed. Cheap to clone.
#[derive(Clone)]
pub struct Ids(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    order: Mutex<Last>,
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
            order: Mutex::default(),
            random: Mutex::new(random),
        }))
    }

    /// A new id, greater than every one this process made before.
    pub fn next<T: From<Uuid>>(&self) -> T {
        let millis = self.0.clock.now().as_micros().max(0).unsigned_abs() / 1000;
        let [r0, r1, r2, r3, r4, r5, r6] = self.random();
        let order = self.0.order.lock();
        let last = order
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .after(millis);
        // RFC 9562, 6.2: what makes ids of one millisecond grow comes before what makes them hard to guess.
        // Of the counter, 12 bits fit before the variant and 6 behind it.
        let [_, high, middle, low] = (last.count << 2).to_be_bytes();
        let bytes = [high, middle, low >> 2, r0, r1, r2, r3, r4, r5, r6];
        Builder::from_unix_timestamp_millis(last.millis, &bytes)
            .into_uuid()
            .into()
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

/// Which id was made last.
#[derive(Copy, Clone, Debug, Default)]
struct Last {
    millis: u64,
    /// How many of this millisecond there were before.
    count: u32,
}

/// So many ids fit into one millisecond; what is beyond counts for the next.
const MOST_PER_MILLISECOND: u32 = 1 << 18;

impl Last {
    /// The one after it, not before `millis`. A clock that goes back does not take the ids with it.
    fn after(&mut self, millis: u64) -> Self {
        if millis > self.millis {
            *self = Self { millis, count: 0 };
        } else if self.count + 1 < MOST_PER_MILLISECOND {
            self.count += 1;
        } else {
            *self = Self {
                millis: self.millis + 1,
                count: 0,
            };
        }
        *self
    }
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ids(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FixedClock;

    fn ids(seed: u64) -> (Arc<FixedClock>, Ids) {
        let clock = Arc::new(FixedClock::at(Timestamp::from_micros(1_767_603_600_000_000)));
        let ids = Ids::seeded(Arc::clone(&clock) as Arc<dyn Clock>, seed);
        (clock, ids)
    }

    #[test]
    fn ids_grow_also_within_a_millisecond_and_when_the_clock_goes_back() {
        let (clock, ids) = ids(1);
        let mut made: Vec<Uuid> = (0..1000).map(|_| ids.next()).collect();
        clock.set(Timestamp::from_micros(1_767_603_599_000_000));
        made.extend((0..10).map(|_| ids.next::<Uuid>()));
        clock.set(Timestamp::from_micros(1_767_603_601_000_000));
        made.push(ids.next());
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(
            made.iter()
                .all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122)
        );
    }

    #[test]
    fn the_order_of_a_millisecond_is_kept_through_every_bit_of_the_counter() {
        let (_, ids) = ids(1);
        let mut before: Uuid = ids.next();
        for _ in 0..MOST_PER_MILLISECOND + 10 {
            let id = ids.next();
            assert!(before < id);
            before = id;
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_ids() {
        let made = |seed| (0..5).map(|_| ids(seed).1.next()).collect::<Vec<Uuid>>();
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
    }
}

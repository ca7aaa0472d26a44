//! What was written lately. A target that goes away may have forgotten what it had taken for written: it was told to
//! answer before its disk does, or another machine that lagged behind has taken its place.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// How far back a target may forget: both servers write to their disk within a second unless they are told otherwise.
const FORGETS: Duration = Duration::from_secs(10);
/// The most objects that are kept in mind.
const MOST: usize = 20_000;

/// The objects that were written last.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(Instant, Uuid)>);

impl Recent {
    /// Keeps in mind that these were written at `now`.
    pub(super) fn written(&mut self, now: Instant, objects: impl Iterator<Item = Uuid>) {
        self.0.extend(objects.map(|object| (now, object)));
        let is_old = |at: &Instant| now.duration_since(*at) > FORGETS;
        while self.0.len() > MOST || self.0.front().is_some_and(|(at, _)| is_old(at)) {
            self.0.pop_front();
        }
    }

    /// What was written in the last moments before the last of it was.
    pub(super) fn objects(&self) -> Vec<Uuid> {
        self.0.iter().map(|(_, object)| *object).collect()
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_moments_are_kept_in_mind_and_no_more() {
        let mut recent = Recent::default();
        let (start, one, two) = (Instant::now(), Uuid::from_u128(1), Uuid::from_u128(2));
        recent.written(start, [one].into_iter());
        recent.written(start + FORGETS, [two].into_iter());
        assert_eq!(recent.objects(), [one, two]);
        recent.written(start + FORGETS * 2, std::iter::empty());
        assert_eq!(recent.objects(), [two]);
        recent.written(start + FORGETS * 2, std::iter::repeat_n(one, MOST));
        assert_eq!(recent.objects().len(), MOST);
        recent.clear();
        assert!(recent.objects().is_empty());
    }
}

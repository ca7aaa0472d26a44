//! When to try again. Pure.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait after `tries` failures: 1 s, 2 s, 4 s … up to `most`.
pub fn ceiling(tries: u32, most: Duration) -> Duration {
    FIRST
        .saturating_mul(1u32.checked_shl(tries.min(31)).unwrap_or(u32::MAX))
        .min(most)
}

/// Full jitter: a wait anywhere between nothing and the ceiling, so that many failures do not come back at once.
/// `dice` is a random number from 0 up to but not including 1.
pub fn jittered(tries: u32, most: Duration, dice: f64) -> Duration {
    ceiling(tries, most).mul_f64(dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most() {
        let most = Duration::from_mins(5);
        let waits: Vec<u64> = (0..12).map(|tries| ceiling(tries, most).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        assert_eq!(ceiling(u32::MAX, most), most);
    }

    #[test]
    fn the_dice_decide_how_much_of_the_wait() {
        let most = Duration::from_mins(5);
        assert_eq!(jittered(5, most, 0.0), Duration::ZERO);
        assert_eq!(jittered(5, most, 0.5), Duration::from_secs(16));
        assert!(jittered(5, most, 0.999) < ceiling(5, most));
    }
}

//! How many there are, as people say it.

use std::fmt;

/// `1 mailbox`, `34 mailboxes`, `0 mailboxes`.
pub fn count<N: Copy + fmt::Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let what = if number == N::from(1) { one } else { many };
    format!("{number} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_one() {
        assert_eq!(count(0_i64, "mailbox", "mailboxes"), "0 mailboxes");
        assert_eq!(count(1_u64, "mailbox", "mailboxes"), "1 mailbox");
        assert_eq!(count(2_usize, "mailbox", "mailboxes"), "2 mailboxes");
    }
}

//! The first line of every file: what the rest must hash to, so that a changed or outdated file can be told.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

const MARK: &str = "postdesk cluster-config sha256:";

/// `rest` below a comment line with its checksum; `opening` is what starts a comment in this kind of file.
pub(super) fn seal(opening: &str, rest: &str) -> String {
    let rest = format!("{}\n", rest.trim_end());
    format!("{opening} {MARK}{}\n{rest}", digest(&rest))
}

/// The checksum a file says it was written with.
pub fn sealed_with(text: &str) -> Option<&str> {
    let (first, _) = text.split_once('\n')?;
    first.split_once(MARK).map(|(_, sum)| sum)
}

/// Whether a file is as it was written.
pub fn is_unchanged(text: &str) -> bool {
    match (sealed_with(text), text.split_once('\n')) {
        (Some(sum), Some((_, rest))) => sum == digest(rest),
        _ => false,
    }
}

fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

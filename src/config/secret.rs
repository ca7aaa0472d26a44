//! Secrets live in files of their own that only their owner can read.

use std::io::Read;
use std::path::Path;

/// Here systemd puts what `LoadCredential=` names. It lets the service in by an access list, which looks like
/// group permissions, and nobody else gets through the directory.
const CREDENTIALS: &str = "/run/credentials";

/// Reads a secret once, without the line end that editors add.
pub(super) fn read(path: &Path) -> Result<String, String> {
    const LONGEST: u64 = 64 * 1024;
    let name = path.display();
    let file = std::fs::File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    let metadata = file
        .metadata()
        .map_err(|error| format!("cannot be read: {error}"))?;
    if others_can_read(&metadata) && !path.starts_with(CREDENTIALS) {
        return Err(format!(
            "names a file that others can read; run `chmod 600 {name}`"
        ));
    }
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| format!("cannot be read: {error}"))?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(format!("names an empty file; write the secret into {name}"));
    }
    Ok(secret.to_owned())
}

#[cfg(unix)]
pub(super) fn others_can_read(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o077 != 0
}

#[cfg(not(unix))]
pub(super) fn others_can_read(_metadata: &std::fs::Metadata) -> bool {
    false
}

//! Files on disk.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::{File, WriteError};

/// Writes every file to `dir/HOST/path` with its mode; groups are for whoever installs them.
pub fn write(files: &[File], dir: &Path) -> Result<(), WriteError> {
    for file in files {
        let path = dir.join(file.host.as_str()).join(&file.path);
        place(file, &path).map_err(|source| WriteError {
            path: path.display().to_string(),
            source,
        })?;
    }
    Ok(())
}

/// A file is never readable by more than its mode says, not even while it is written, and never half there.
fn place(file: &File, path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
    }
    let draft = path.with_extension("new");
    match fs::remove_file(&draft) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
        _ => {}
    }
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    out.write_all(file.text.as_bytes())?;
    out.set_permissions(Permissions::from_mode(file.mode))?;
    out.sync_all()?;
    fs::rename(&draft, path)
}

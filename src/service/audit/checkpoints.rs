//! Signed checkpoints: outside the database it is written down, again and again, how far the audit had got and what its
//! hash was. Whoever can write to the database can make every hash in it anew, but not these.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::model::{Hash, Link, Timestamp};

/// What every signed text begins with, so that no other signature of this key is ever taken for one of these.
const FORM: &str = "postdesk audit checkpoint 1";
/// Longer lines are none of ours.
const LONGEST_LINE: u64 = 1024;

/// A secret of which the key is made, as it stands in its file.
type Seed = [u8; 32];

/// The key and the file of the checkpoints. Cheap to clone.
#[derive(Clone)]
pub struct Checkpoints(Arc<Inner>);

struct Inner {
    pair: Ed25519KeyPair,
    file: PathBuf,
}

impl fmt::Debug for Checkpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoints")
            .field("file", &self.0.file)
            .finish_non_exhaustive()
    }
}

/// Why there are no checkpoints.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointTrouble {
    /// The key is gone and its signatures are not.
    #[error(
        "the audit's key {key} is gone, but there are checkpoints signed with it in {file}; put the key back, or move \
         the checkpoints away to begin anew"
    )]
    KeyGone {
        /// Where the key should be.
        key: String,
        /// Where the checkpoints are.
        file: String,
    },
    /// Others can read the key.
    #[error("others can read the audit's key; run `chmod 600 {0}`")]
    KeyOpen(String),
    /// The file holds something else.
    #[error("{0} is not a key of the audit; put the right file back from a backup")]
    KeyBroken(String),
    /// A file cannot be used.
    #[error("cannot use {path}; let Postdesk read and write it")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// A checkpoint with a good signature.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// How far the audit had got.
    pub link: Link,
    /// When it was written.
    pub at: Timestamp,
}

/// What the file of the checkpoints holds.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Those that were signed with the key, by their numbers.
    pub good: Vec<Checkpoint>,
    /// Lines that were not: which line, and the number that it speaks of if it can be read.
    pub bad: Vec<(usize, Option<i64>)>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    seq: i64,
    hash: String,
    time: String,
    signature: String,
}

impl Line {
    fn signed_text(&self) -> String {
        format!("{FORM}\n{}\n{}\n{}\n", self.seq, self.hash, self.time)
    }

    fn checkpoint(&self) -> Option<Checkpoint> {
        let hash = HEXLOWER.decode(self.hash.as_bytes()).ok()?;
        Some(Checkpoint {
            link: Link {
                seq: self.seq,
                hash: Hash::try_from(hash).ok()?,
            },
            at: self.time.parse().ok()?,
        })
    }
}

impl Checkpoints {
    /// The key in its file with the checkpoints in theirs. A key that is not there yet is made of `seed`.
    pub fn open(key: &Path, file: &Path, seed: &Seed) -> Result<Self, CheckpointTrouble> {
        if let Some(kept) = Self::existing(key, file)? {
            return Ok(kept);
        }
        match make_key(key, seed) {
            // Another process that starts at the same time was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::existing(key, file)?
                .ok_or_else(|| CheckpointTrouble::KeyBroken(key.display().to_string())),
            Err(error) => Err(trouble(key, error)),
            Ok(()) => Self::of(seed, key, file),
        }
    }

    /// The same, but nothing is made: nothing if there is neither a key nor a checkpoint.
    pub fn existing(key: &Path, file: &Path) -> Result<Option<Self>, CheckpointTrouble> {
        let mut opened = match File::open(key) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let length = fs::metadata(file).map_or(0, |found| found.len());
                let gone = || CheckpointTrouble::KeyGone {
                    key: key.display().to_string(),
                    file: file.display().to_string(),
                };
                return if length == 0 { Ok(None) } else { Err(gone()) };
            }
            opened => opened.map_err(|error| trouble(key, error))?,
        };
        let metadata = opened.metadata().map_err(|error| trouble(key, error))?;
        if metadata.mode() & 0o077 != 0 {
            return Err(CheckpointTrouble::KeyOpen(key.display().to_string()));
        }
        let mut text = String::new();
        let read = (&mut opened).take(LONGEST_LINE).read_to_string(&mut text);
        read.map_err(|error| trouble(key, error))?;
        let seed = BASE64.decode(text.trim().as_bytes()).unwrap_or_default();
        Self::of(&seed, key, file).map(Some)
    }

    fn of(seed: &[u8], key: &Path, file: &Path) -> Result<Self, CheckpointTrouble> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        let pair = pair.map_err(|_| CheckpointTrouble::KeyBroken(key.display().to_string()))?;
        let file = file.to_owned();
        Ok(Self(Arc::new(Inner { pair, file })))
    }

    /// Where the checkpoints are.
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// The newest checkpoint, as far as it can be read.
    pub fn newest(&self) -> io::Result<Option<Checkpoint>> {
        match File::open(self.file()) {
            Ok(mut file) => newest_in(&mut file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes down that the audit had got to `head`, unless as much was written down already. When this returns, it
    /// is on the disk.
    pub fn write(&self, head: &Link, at: Timestamp) -> io::Result<bool> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.file())?;
        file.lock()?;
        drop_torn_line(&mut file)?;
        if newest_in(&mut file)?.is_some_and(|newest| newest.link.seq >= head.seq) {
            return Ok(false);
        }
        let mut line = Line {
            seq: head.seq,
            hash: HEXLOWER.encode(&head.hash),
            time: at.rfc3339(),
            signature: String::new(),
        };
        line.signature = BASE64.encode(self.0.pair.sign(line.signed_text().as_bytes()).as_ref());
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if let Some(folder) = self
            .file()
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            File::open(folder)?.sync_all()?;
        }
        Ok(true)
    }

    /// Everything that was written down, and whether it was signed with the key.
    pub fn read(&self) -> io::Result<Kept> {
        let file = match File::open(self.file()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
            opened => opened?,
        };
        let mut kept = Kept::default();
        let mut reader = BufReader::new(file);
        let mut text = Vec::new();
        for number in 1.. {
            text.clear();
            if reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let line = serde_json::from_slice::<Line>(&text).ok();
            let good = line
                .as_ref()
                .filter(|line| self.signed(line))
                .and_then(Line::checkpoint);
            match good {
                Some(checkpoint) => kept.good.push(checkpoint),
                // The power went while it was written: the next one takes its place.
                None if !text.ends_with(b"\n") && line.is_none() => {}
                None => kept.bad.push((number, line.map(|line| line.seq))),
            }
        }
        kept.good.sort_by_key(|checkpoint| checkpoint.link.seq);
        Ok(kept)
    }

    fn signed(&self, line: &Line) -> bool {
        let signature = BASE64.decode(line.signature.as_bytes()).unwrap_or_default();
        UnparsedPublicKey::new(&ED25519, self.0.pair.public_key())
            .verify(line.signed_text().as_bytes(), &signature)
            .is_ok()
    }
}

/// Writes the key whole or not at all, for its owner alone.
fn make_key(path: &Path, seed: &Seed) -> io::Result<()> {
    let draft = path.with_extension(format!("new{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(format!("{}\n", BASE64.encode(seed)).as_bytes())?;
    file.sync_all()?;
    // Unlike renaming, this fails if another process made one meanwhile.
    let made = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    made
}

/// The end of the file, with room for two lines.
fn end_of(file: &mut File) -> io::Result<(u64, Vec<u8>)> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(2 * LONGEST_LINE);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.take(2 * LONGEST_LINE).read_to_end(&mut end)?;
    Ok((length, end))
}

fn newest_in(file: &mut File) -> io::Result<Option<Checkpoint>> {
    let (_, end) = end_of(file)?;
    let lines = end.split(|byte| *byte == b'\n').rev();
    let mut read = lines.filter_map(|line| serde_json::from_slice::<Line>(line).ok()?.checkpoint());
    Ok(read.next())
}

/// Takes away what was half written when the power went.
fn drop_torn_line(file: &mut File) -> io::Result<()> {
    let (length, end) = end_of(file)?;
    let torn = end.iter().rev().take_while(|byte| **byte != b'\n').count();
    if torn > 0 {
        file.set_len(length - torn as u64)?;
    }
    Ok(())
}

fn trouble(path: &Path, source: io::Error) -> CheckpointTrouble {
    CheckpointTrouble::File {
        path: path.display().to_string(),
        source,
    }
}

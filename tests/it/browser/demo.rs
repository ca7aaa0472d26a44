//! The demonstration that the browser looks at: made once by the program itself, copied for every test that changes it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use super::tab::Tab;
use crate::commands::binary::Portal;

/// The files of a demonstration, and how everybody gets in.
struct Made {
    files: Vec<(String, Vec<u8>)>,
    keys: Value,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let portal = Portal::start(dir.path(), "demo --json");
        portal.get_until("/readyz?verbose", "target cluster: 0 pending, 0 failed");
        portal.stop();
        let home = dir.path().join("demo-data");
        let files = fs::read_dir(&home).unwrap().map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        });
        Made {
            files: files.collect(),
            keys: serde_json::from_slice(&fs::read(home.join("keys.json")).unwrap()).unwrap(),
        }
    })
}

/// A running demonstration of one test.
pub(super) struct Demo {
    portal: Portal,
    _dir: TempDir,
}

impl Demo {
    /// Starts a copy of the demonstration.
    pub(super) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(dir.path());
        Self {
            portal: Portal::start(dir.path(), "demo --json"),
            _dir: dir,
        }
    }

    /// Where it is reached.
    pub(super) fn address(&self) -> &str {
        &self.portal.address
    }
}

fn copy(dir: &Path) {
    let home = dir.join("demo-data");
    fs::create_dir(&home).unwrap();
    for (name, content) in &made().files {
        let path = home.join(name);
        fs::write(&path, content).unwrap();
        // The demonstration's own files are nobody else's, and keys that others can read are refused.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// Everybody whom the demonstration prints, by role.
pub(super) fn roles() -> Vec<&'static str> {
    let accounts = made().keys["accounts"].as_array().unwrap();
    accounts
        .iter()
        .map(|account| account["role"].as_str().unwrap())
        .collect()
}

/// Signs somebody in by what the demonstration prints.
pub(super) async fn sign_in(tab: &Tab, role: &str) {
    let accounts = made().keys["accounts"].as_array().unwrap();
    let account = accounts.iter().find(|account| account["role"] == role).unwrap();
    tab.open("/sign-in").await;
    tab.fill("E-mail", account["email"].as_str().unwrap()).await;
    tab.fill("Password", account["password"].as_str().unwrap()).await;
    tab.click("Sign in").await;
    tab.arrives(|path| path != "/sign-in").await;
}

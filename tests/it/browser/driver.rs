//! One `chromedriver` for all tests of the process, and a browser with a profile of its own for each.

use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use super::tab::Tab;
use crate::support::daemon::{self, Keeper};

/// What Chromium is started with: no window, no strangers on the network, nothing of this machine's own.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--lang=en-US",
    "--password-store=basic",
    // Over a pipe, the browser ends with its driver, however that ended.
    "--remote-debugging-pipe",
    "--window-size=1280,900",
];

struct Driver {
    keeper: Keeper,
    port: u16,
    profiles: AtomicU32,
}

/// The driver. It is gone, with its folder, when the process is.
fn driver() -> &'static Driver {
    static DRIVER: OnceLock<Driver> = OnceLock::new();
    DRIVER.get_or_init(|| {
        let keeper = Keeper::new("browser");
        let port = daemon::free_port();
        let log = keeper.dir.join("chromedriver.log");
        let mut command = Command::new("chromedriver");
        command
            .arg(format!("--port={port}"))
            .env("HOME", &keeper.dir)
            .env("TMPDIR", &keeper.dir);
        keeper.watch("TERM", -daemon::start(command, &log));
        daemon::wait_for_port(Ipv4Addr::LOCALHOST, port, &log);
        Driver {
            keeper,
            port,
            profiles: AtomicU32::new(0),
        }
    })
}

/// Runs a test in a browser of its own, and closes that whatever became of the test.
pub(super) fn in_browser(address: &str, test: impl AsyncFnOnce(&Tab)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = runtime.block_on(open());
    let tab = Tab::new(client.clone(), address);
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(test(&tab))));
    drop(runtime.block_on(client.close()));
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

async fn open() -> Client {
    let driver = driver();
    let number = driver.profiles.fetch_add(1, Ordering::Relaxed);
    let profile = driver.keeper.dir.join(format!("profile-{number}"));
    let mut arguments: Vec<String> = ARGUMENTS.iter().map(|&argument| argument.to_owned()).collect();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    if daemon::is_root() {
        arguments.push("--no-sandbox".to_owned());
    }
    let wanted = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    let wanted: Capabilities = serde_json::from_value(wanted).unwrap();
    let opened = ClientBuilder::new(HttpConnector::new())
        .capabilities(wanted)
        .connect(&format!("http://127.0.0.1:{}", driver.port))
        .await;
    opened.unwrap_or_else(|problem| {
        let log = daemon::tail(&driver.keeper.dir.join("chromedriver.log"));
        panic!("chromium does not start: {problem}; run tests/run, which installs what is missing\n{log}")
    })
}

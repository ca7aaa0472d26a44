//! A tab: what a person does in it, counted, and what may never be seen in it.

use std::cell::Cell;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::support::daemon::PATIENCE;

/// One tab of one browser.
pub(super) struct Tab {
    client: Client,
    base: String,
    clicks: Cell<u32>,
    fields: Cell<u32>,
}

/// A command that only `chromedriver` knows.
#[derive(Debug)]
struct Own(&'static str, Value);

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap(), self.0))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.1.to_string()))
    }
}

impl Tab {
    pub(super) fn new(client: Client, address: &str) -> Self {
        Self {
            client,
            base: format!("http://{address}"),
            clicks: Cell::new(0),
            fields: Cell::new(0),
        }
    }

    /// Opens a page of the portal, as if by a bookmark.
    pub(super) async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Path and query of the page that is shown.
    pub(super) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        }
    }

    /// Starts to count clicks and fields.
    pub(super) fn begin(&self) {
        self.clicks.set(0);
        self.fields.set(0);
    }

    /// Asserts what it took since [`Tab::begin`], at most.
    #[track_caller]
    pub(super) fn took(&self, clicks: u32, fields: u32) {
        let (clicked, typed) = (self.clicks.get(), self.fields.get());
        assert!(
            clicked <= clicks && typed <= fields,
            "{clicked} clicks and {typed} fields instead of {clicks} and {fields}"
        );
    }

    /// Clicks what is called so: a link, a button, or what opens a menu.
    pub(super) async fn click(&self, name: &str) {
        self.clicks.set(self.clicks.get() + 1);
        let element = self.seen(&control(name), name).await;
        element.click().await.unwrap();
    }

    /// Clicks what is called so in the row or line that says this.
    pub(super) async fn click_in(&self, line: &str, name: &str) {
        self.clicks.set(self.clicks.get() + 1);
        let line = literal(line);
        let path = format!(
            "//*[self::tr or self::li][contains(normalize-space(.), {line})]{}",
            control(name)
        );
        let element = self.seen(&path, name).await;
        element.click().await.unwrap();
    }

    /// Types into the field with this label.
    pub(super) async fn fill(&self, label: &str, text: &str) {
        self.fields.set(self.fields.get() + 1);
        let path = format!("//*[@id=//label[normalize-space(.)={}]/@for]", literal(label));
        let field = self.seen(&path, label).await;
        field.send_keys(text).await.unwrap();
    }

    /// Types into the field with this label, and presses Enter.
    pub(super) async fn fill_and_enter(&self, label: &str, text: &str) {
        self.fill(label, &format!("{text}{}", char::from(Key::Enter)))
            .await;
    }

    /// Types where the page has put the focus. It counts as a field.
    pub(super) async fn type_here(&self, text: &str) {
        self.fields.set(self.fields.get() + 1);
        self.press(text).await;
    }

    /// Presses keys, without any pointer.
    pub(super) async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// Presses Tab until that has the focus which is called so; asserts that the focus is seen at every stop.
    pub(super) async fn tab_to(&self, name: &str) {
        const STOP: &str = "const e = document.activeElement, s = getComputedStyle(e);
            const label = e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent;
            return { name: label.trim().replace(/\\s+/g, ' '), tag: e.tagName,
              seen: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 };";
        let mut stops = Vec::new();
        for _ in 0..80 {
            self.press(&char::from(Key::Tab).to_string()).await;
            let stop = self.run(STOP).await;
            if stop["tag"] != "BODY" {
                assert_eq!(stop["seen"], true, "nobody sees that {stop} has the focus");
            }
            if stop["name"].as_str().unwrap().starts_with(name) {
                return;
            }
            stops.push(stop["name"].clone());
        }
        panic!("no way to {name:?} by Tab: {stops:?}");
    }

    /// Waits for the page that `is_it`; its path.
    pub(super) async fn arrives(&self, is_it: impl Fn(&str) -> bool) -> String {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let path = self.path().await;
            let is_there = self.run("return document.readyState").await == "complete";
            if is_there && is_it(&path) && self.path().await == path {
                return path;
            }
            let is_late = tokio::time::Instant::now() > deadline;
            assert!(!is_late, "still at {path}: {}", self.words().await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until the page says this.
    pub(super) async fn says(&self, text: &str) {
        let path = format!("//*[contains(normalize-space(.), {})]", literal(text));
        self.seen(&path, text).await;
    }

    /// What the page says.
    pub(super) async fn words(&self) -> String {
        let text = self.run("return document.body.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits for an element that can be seen.
    async fn seen(&self, path: &str, name: &str) -> Element {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found = self
                .client
                .find_all(Locator::XPath(path))
                .await
                .unwrap_or_default();
            for element in found {
                if element.is_displayed().await.unwrap_or(false) {
                    return element;
                }
            }
            if tokio::time::Instant::now() > deadline {
                let path = self.path().await;
                panic!("{path} shows no {name:?}:\n{}", self.words().await);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Runs a script as the driver, which no policy of the page forbids.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Runs a script that calls its last argument when it is done.
    pub(super) async fn run_async(&self, script: &str) -> Value {
        self.client.execute_async(script, Vec::new()).await.unwrap()
    }

    /// A command of the browser's own protocol.
    pub(super) async fn command(&self, name: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": name, "params": parameters });
        let command = Own("goog/cdp/execute", body);
        self.client.issue_cmd(command).await.unwrap()
    }

    /// From now on no page runs a script.
    pub(super) async fn without_scripts(&self) {
        self.command("Emulation.setScriptExecutionDisabled", json!({ "value": true }))
            .await;
    }

    /// Shows pages so wide, by day or by night.
    pub(super) async fn look(&self, width: u32, is_dark: bool) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.command("Emulation.setEmulatedMedia", json!({ "features": features }))
            .await;
    }

    /// What the browser complained of since it was last asked: scripts that failed, policies that were broken.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let log = self
            .client
            .issue_cmd(Own("se/log", json!({ "type": "browser" })))
            .await
            .unwrap();
        let entries = log.as_array().unwrap().iter();
        entries
            .map(|entry| format!("{}: {}", entry["level"], entry["message"]))
            .collect()
    }

    /// A picture of the whole page.
    pub(super) async fn picture(&self) -> Vec<u8> {
        let wanted = json!({ "format": "png", "captureBeyondViewport": true });
        let shot = self.command("Page.captureScreenshot", wanted).await;
        data_encoding::BASE64
            .decode(shot["data"].as_str().unwrap().as_bytes())
            .unwrap()
    }
}

/// What can be clicked, by its name: what it says, without what stands in it for those who hear it only.
fn control(name: &str) -> String {
    let name = literal(name);
    format!(
        "//*[self::a or self::button or self::summary][normalize-space(.)={name} or starts-with(normalize-space(.), concat({name}, ' '))]"
    )
}

fn literal(text: &str) -> String {
    assert!(!text.contains('"'), "{text}");
    format!("\"{text}\"")
}

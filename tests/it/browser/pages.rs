//! What is true of every page, for everybody: it can be read by day and by night, with and without eyes, on a
//! telephone and on a screen, and the browser has nothing to complain of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

use super::demo::{Demo, sign_in};
use super::driver::in_browser;
use super::tab::Tab;

/// Pages of one kind that are looked at for each role: things differ by what became of them.
const OF_A_KIND: usize = 2;
/// Pages of one kind that are read with axe, whoever looks: that takes longest, and roles see much the same.
const READ_OF_A_KIND: usize = 3;

#[test]
fn every_page_of_an_operator_is_sound() {
    every_page_of(
        "Operator",
        &[
            "/docs/api",
            "/docs/errors",
            "/nowhere",
            "/mailboxes/nobody@brightwater.example",
        ],
    );
}

#[test]
fn every_page_of_support_is_sound() {
    every_page_of(
        "Support",
        &["/search?q=ma", "/search?q=nothing-like-it", "/search?q=olivre"],
    );
}

#[test]
fn every_page_of_an_auditor_is_sound() {
    every_page_of("Auditor", &["/domains/brightwater.example/mailboxes/new"]);
}

#[test]
fn every_page_of_a_reseller_is_sound() {
    every_page_of("Reseller admin", &["/bin"]);
}

#[test]
fn every_page_of_a_domain_admin_is_sound() {
    every_page_of(
        "Domain admin",
        &[
            "/domains/brightwater.example/mailboxes?filter=nobody-like-this",
            "/domains/brightwater.example/addresses?filter=nobody-like-this",
        ],
    );
}

#[test]
fn every_page_of_the_smaller_roles_is_sound() {
    for role in ["Mailbox creator", "Help desk", "Alias manager"] {
        every_page_of(role, &["/domains/brightwater.example/delete"]);
    }
}

#[test]
fn every_page_of_strangers_is_sound() {
    let demo = Demo::start();
    in_browser(demo.address(), async |tab| {
        let mut eye = Eye::new("stranger");
        for path in [
            "/sign-in",
            "/sign-in?next=/orgs",
            "/in/abcdefghjkmnpqrstvwxyz0123",
            "/invitation/abcdefghjkmnpqrstvwxyz0123",
            "/forgot",
            "/reset/abcdefghjkmnpqrstvwxyz0123",
            "/address/abcdefghjkmnpqrstvwxyz0123",
            "/setup/abcdefghjkmnpqrstvwxyz0123",
            "/docs/api",
            "/docs/errors",
            "/docs/errors/not_found",
            "/nowhere",
        ] {
            tab.open(path).await;
            eye.looks_at(tab).await;
        }
        tab.open("/sign-in").await;
        tab.fill("E-mail", "nobody@brightwater.example").await;
        tab.fill("Password", "not the password").await;
        tab.click("Sign in").await;
        tab.says("do not match").await;
        eye.looks_at(tab).await;
        eye.is_content();
    });
}

#[test]
fn every_page_that_follows_a_form_is_sound() {
    let demo = Demo::start();
    in_browser(demo.address(), async |tab| {
        let mut eye = Eye::new("forms");
        sign_in(tab, "Domain admin").await;
        let home = "/domains/brightwater.example";
        let oliver = "/mailboxes/oliver.clarke@brightwater.example";

        tab.open(&format!("{home}/mailboxes/new")).await;
        tab.fill("Name of the person or team", "Oliver Clarke").await;
        tab.fill("Address", "oliver.clarke").await;
        tab.says("is in use").await;
        eye.looks_at(tab).await;
        tab.click("Create mailbox").await;
        tab.says("There is a problem").await;
        eye.looks_at(tab).await;

        tab.open(&format!("{home}/mailboxes/new")).await;
        tab.fill("Name of the person or team", "Ana Silva").await;
        tab.click("Create mailbox").await;
        tab.says("Welcome, Ana Silva").await;
        let link = tab
            .run("return document.querySelector('#set-up-link').textContent")
            .await;
        eye.looks_at(tab).await;

        tab.open(&format!("{oliver}/password")).await;
        tab.click("Make a new password").await;
        tab.says("New password").await;
        eye.looks_at(tab).await;
        tab.open(&format!("{oliver}/password")).await;
        tab.click("Make a set-up link").await;
        tab.arrives(|path| path.ends_with("/done")).await;
        eye.looks_at(tab).await;

        tab.open(&format!("{oliver}/forwarding")).await;
        tab.fill("Forward new mail to", "not an address").await;
        tab.click("Save forwarding").await;
        tab.says("There is a problem").await;
        eye.looks_at(tab).await;

        tab.open(&format!("{oliver}/delete")).await;
        tab.click("Delete mailbox").await;
        tab.says("was deleted").await;
        eye.looks_at(tab).await;
        tab.open(oliver).await;
        eye.looks_at(tab).await;

        looks_at_a_token(tab, &mut eye).await;

        let link = url::Url::parse(link.as_str().unwrap()).unwrap();
        tab.open(link.path()).await;
        eye.looks_at(tab).await;
        tab.fill("Password", "a long and quiet river 19").await;
        tab.click("Set password").await;
        tab.arrives(|path| path.starts_with("/in/")).await;
        tab.says("ana.silva@brightwater.example").await;
        eye.looks_at(tab).await;
        eye.is_content();
    });
}

/// A token as it is made, read, replaced wrongly, and listed.
async fn looks_at_a_token(tab: &Tab, eye: &mut Eye) {
    tab.open("/account/tokens/new").await;
    tab.fill("What it is for", "Nightly report").await;
    tab.click("Create token").await;
    tab.says("pdk_").await;
    eye.looks_at(tab).await;
    tab.click("What it may do").await;
    tab.says("What it may do now").await;
    eye.looks_at(tab).await;
    tab.click("Replace").await;
    tab.fill("The old one goes on for", "99").await;
    tab.click("Replace token").await;
    tab.says("There is a problem").await;
    eye.looks_at(tab).await;
    tab.open("/account/tokens").await;
    tab.says("Nightly report").await;
    eye.looks_at(tab).await;
}

/// Follows every link from where this role lands, and looks at some pages of each kind.
fn every_page_of(role: &str, also: &[&str]) {
    let demo = Demo::start();
    in_browser(demo.address(), async |tab| {
        sign_in(tab, role).await;
        let mut eye = Eye::new(role);
        let mut ways: VecDeque<String> = [tab.path().await, "/help".to_owned(), "/account".to_owned()].into();
        ways.extend(also.iter().map(|&path| path.to_owned()));
        let mut seen = BTreeSet::new();
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(path) = ways.pop_front() {
            let kind = kinds.entry(kind_of(&path)).or_default();
            if *kind >= OF_A_KIND || !seen.insert(path.clone()) {
                continue;
            }
            *kind += 1;
            tab.open(&path).await;
            if also.contains(&path.as_str()) {
                eye.looks_at(tab).await;
            } else {
                eye.looks_at_what_was_linked(tab).await;
            }
            ways.extend(links(tab).await);
        }
        assert!(seen.len() > 8, "{role} sees but {seen:?}");
        eye.is_content();
    });
}

/// What a page is, whatever it is about: its path without names, with the names of what is asked.
fn kind_of(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let named = [
        "domains",
        "mailboxes",
        "aliases",
        "orgs",
        "errors",
        "domain-aliases",
    ];
    let mut kind = String::new();
    let mut last = "";
    for part in path.split('/').skip(1) {
        let is_name = named.contains(&last) && (part.contains(['.', '@', '_', '%']) || last == "errors");
        kind.push('/');
        kind.push_str(if is_name { "*" } else { part });
        last = if is_name { "" } else { part };
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        kind.push('?');
        kind.push_str(pair.split('=').next().unwrap_or_default());
    }
    kind
}

#[test]
fn pages_are_of_a_kind_whatever_they_are_about() {
    let kinds = [
        ("/domains/a.example/mailboxes/new", "/domains/*/mailboxes/new"),
        ("/mailboxes/x@a.example/edit", "/mailboxes/*/edit"),
        ("/mailboxes/mbx_0123/", "/mailboxes/*/"),
        ("/orgs/new", "/orgs/new"),
        (
            "/domains/a.example/mailboxes?for=leave&after=x",
            "/domains/*/mailboxes?for?after",
        ),
        ("/docs/errors/not_found", "/docs/errors/*"),
    ];
    for (path, kind) in kinds {
        assert_eq!(kind_of(path), kind);
    }
}

async fn links(tab: &Tab) -> Vec<String> {
    const LINKS: &str = "return [...document.links].filter(a => a.origin === location.origin
        && !a.pathname.startsWith('/static/') && !a.pathname.startsWith('/api/') && !a.download)
        .map(a => a.pathname + a.search)";
    serde_json::from_value(tab.run(LINKS).await).unwrap()
}

/// Looks at pages and remembers what is wrong with them.
struct Eye {
    who: String,
    wrong: Vec<String>,
    pictures: Option<PathBuf>,
    count: usize,
}

impl Eye {
    fn new(who: &str) -> Self {
        let pictures = std::env::var_os("POSTDESK_SHOTS").map(PathBuf::from);
        Self {
            who: who.to_lowercase().replace(' ', "-"),
            wrong: Vec::new(),
            pictures,
            count: 0,
        }
    }

    /// Nothing was wrong with any page.
    #[track_caller]
    fn is_content(&self) {
        assert!(self.count > 0);
        assert!(
            self.wrong.is_empty(),
            "of {} pages:\n{}",
            self.count,
            self.wrong.join("\n")
        );
    }

    /// Looks at a page to which another page leads: it is there.
    async fn looks_at_what_was_linked(&mut self, tab: &Tab) {
        let status = tab
            .run("return performance.getEntriesByType('navigation')[0].responseStatus")
            .await;
        if status != 200 {
            let path = tab.path().await;
            self.wrong.push(format!("{path}: {status}"));
        }
        let reads = is_to_be_read(&kind_of(&tab.path().await));
        self.looks(tab, reads).await;
    }

    /// Looks at the page as it is.
    async fn looks_at(&mut self, tab: &Tab) {
        self.looks(tab, true).await;
    }

    /// On a screen by day, on a telephone by night, on a small one.
    async fn looks(&mut self, tab: &Tab, with_axe: bool) {
        self.count += 1;
        let path = tab.path().await;
        let mut wrong = Vec::new();
        // A refusal is an answer: the browser notes its status, and nothing is wrong with that.
        let complaints = tab.complaints().await;
        let note = format!("{path} - Failed to load resource: the server responded with a status of 4");
        // Leaving a page while it is still being faded in ends the fading, which the browser tells as well.
        let faded = "Transition was aborted because of invalid state";
        let is_note = |line: &&String| line.contains(&note) || line.contains(faded);
        wrong.extend(complaints.iter().filter(|line| !is_note(line)).cloned());
        for (width, is_dark, reads) in [(1280, false, true), (390, true, true), (320, false, false)] {
            tab.look(width, is_dark).await;
            wrong.extend(overflow(tab, width).await);
            if reads && with_axe {
                wrong.extend(axe(tab).await);
            }
            self.keep(tab, &path, width).await;
        }
        tab.look(1280, false).await;
        let complaints = tab.complaints().await;
        wrong.extend(complaints.into_iter().filter(|line| !is_note(&line)));
        self.wrong
            .extend(wrong.iter().map(|text| format!("{path}: {text}")));
    }

    async fn keep(&self, tab: &Tab, path: &str, width: u32) {
        let Some(dir) = &self.pictures else { return };
        fs::create_dir_all(dir).unwrap();
        let name: String = path
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .take(70)
            .collect();
        let file = dir.join(format!("{}-{:03}{name}-{width}.png", self.who, self.count));
        fs::write(file, tab.picture().await).unwrap();
    }
}

/// Whether a page of this kind is among the first that anybody saw.
fn is_to_be_read(kind: &str) -> bool {
    static READ: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap();
    let times = read.entry(kind.to_owned()).or_default();
    *times += 1;
    *times <= READ_OF_A_KIND
}

/// What is wider than the window.
async fn overflow(tab: &Tab, width: u32) -> Option<String> {
    const WIDEST: &str = "const over = document.documentElement.scrollWidth - innerWidth;
        if (over <= 0) return null;
        const wide = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1);
        return over + ' px: ' + wide.slice(-3).map(e => e.outerHTML.slice(0, 120)).join(' | ')";
    let over = tab.run(WIDEST).await;
    over.as_str().map(|over| format!("wider than {width} by {over}"))
}

/// What axe finds.
async fn axe(tab: &Tab) -> Vec<String> {
    const RUN: &str = "const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations'] }).then(
          result => done(result.violations.map(v => v.id + ': ' + v.help + ' | '
            + v.nodes.map(n => n.html.slice(0, 160) + ' (' + (n.any[0] ?? n.all[0] ?? n.none[0])?.message + ')').join(' | '))),
          error => done(['axe failed: ' + error]))";
    if tab.run("return typeof axe").await == "undefined" {
        tab.run(source()).await;
    }
    let found: Value = tab.run_async(RUN).await;
    serde_json::from_value(found).unwrap()
}

fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/tools/node_modules/axe-core/axe.min.js"
        );
        fs::read_to_string(file).unwrap_or_else(|problem| {
            panic!("{file}: {problem}; run tests/run, which installs what is missing")
        })
    })
}

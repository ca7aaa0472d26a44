//! Every problem that a program is told has a page that explains it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::browser::Browser;
use crate::support::app::TestApp;
use crate::support::backend::Backend;

/// What stands before the code of a problem where one is made.
const BEFORE: [&str; 4] = [
    "Refusal::new(",
    "Refusal::new(status,",
    "bad_request(",
    "StatusCode::",
];

/// What a file of the portal gives as codes: the first word in quotation marks of each problem that it makes.
fn codes_in(text: &str, codes: &mut BTreeSet<String>) {
    let text = text.split("#[cfg(test)]").next().unwrap();
    for before in BEFORE {
        for after in text.split(before).skip(1) {
            let constant = |c: char| c.is_ascii_uppercase() || c == '_';
            let after = match before {
                "StatusCode::" => match after.trim_start_matches(constant).strip_prefix(',') {
                    Some(after) => after,
                    None => continue,
                },
                _ => after,
            };
            let Some(quoted) = after.trim_start().strip_prefix('"') else {
                continue;
            };
            let code = quoted.split('"').next().unwrap();
            if !code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                codes.insert(code.to_owned());
            }
        }
    }
}

fn codes(folder: &Path, codes_found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes(&path, codes_found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            codes_in(&fs::read_to_string(&path).unwrap(), codes_found);
        }
    }
}

#[tokio::test]
async fn each_code_that_is_sent_has_its_page_and_each_page_its_code() {
    let app = TestApp::new(Backend::Sqlite).await;
    let mut browser = Browser::new(&app);
    let mut sent = BTreeSet::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for part in ["model", "store", "service", "http"] {
        codes(&source.join(part), &mut sent);
    }
    let list = browser.get("/docs/errors").await.text;
    let links = list.split("href=\"/docs/errors/").skip(1);
    let explained: BTreeSet<String> = links
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();

    assert!(sent.len() > 40, "{sent:?}");
    assert_eq!(
        sent.difference(&explained).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "no page"
    );
    assert_eq!(
        explained.difference(&sent).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "never sent"
    );
    for code in &sent {
        let page = browser.get(&format!("/docs/errors/{code}")).await;
        assert!(page.status.is_success() && page.text.contains(code), "{code}");
    }
}

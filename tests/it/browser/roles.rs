//! In and out, as everybody whom the demonstration prints.

use super::demo::{self, Demo, sign_in};
use super::driver::in_browser;

/// Where each role lands: where its work is.
const LANDING: &[(&str, &str, &str)] = &[
    ("Operator", "/orgs", "Customers"),
    ("Support", "/search", "Find anything"),
    ("Auditor", "/orgs", "Customers"),
    ("Reseller admin", "/orgs/org_", "Northwind"),
    ("Domain admin", "/domains/brightwater.example", "Add mailbox"),
    ("Mailbox creator", "/domains/brightwater.example", "Add mailbox"),
    ("Help desk", "/domains/brightwater.example", "Reset a password"),
    (
        "Alias manager",
        "/domains/brightwater.example",
        "brightwater.example",
    ),
];

#[test]
fn everybody_gets_in_lands_at_their_work_and_gets_out() {
    let demo = Demo::start();
    let known: Vec<&str> = LANDING.iter().map(|(role, ..)| *role).collect();
    assert_eq!(demo::roles(), known);
    in_browser(demo.address(), async |tab| {
        for (role, landing, words) in LANDING {
            sign_in(tab, role).await;
            let path = tab.path().await;
            assert!(path.starts_with(landing), "{role} lands on {path}");
            tab.says(words).await;

            let name = tab
                .run("return document.querySelector('header details.menu summary').innerText")
                .await;
            tab.click(name.as_str().unwrap().trim()).await;
            tab.click("Sign out").await;
            tab.arrives(|path| path == "/sign-in").await;
            tab.open(landing).await;
            let path = tab.path().await;
            assert!(path.starts_with("/sign-in?next="), "{role} is still in: {path}");
            tab.complaints().await;
        }
    });
}

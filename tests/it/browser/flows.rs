//! What people come for, each from their landing page to the solved problem, with clicks and typed fields counted:
//! with scripts, without, and without a pointer.

use fantoccini::key::Key;

use super::demo::{Demo, sign_in};
use super::driver::in_browser;
use super::tab::Tab;

const HOME: &str = "/domains/brightwater.example";
const OLIVER: &str = "/mailboxes/oliver.clarke@brightwater.example";

/// Makes two tests out of each flow: with scripts and without.
macro_rules! flows {
    ($($flow:ident: $role:literal),+ $(,)?) => { $(
        mod $flow {
            #[test]
            fn with_scripts() {
                super::landed($role, true, super::$flow);
            }

            #[test]
            fn without_scripts() {
                super::landed($role, false, super::$flow);
            }
        }
    )+ };
}

flows! {
    a_mailbox_is_added_and_handed_over: "Domain admin",
    a_password_is_reset_on_the_phone: "Domain admin",
    mail_is_forwarded_for_two_weeks: "Domain admin",
    a_mailbox_that_is_nearly_full_gets_more_space: "Domain admin",
    any_mailbox_is_found: "Support",
    a_mailbox_deleted_by_mistake_is_back_at_once: "Domain admin",
    a_deleted_mailbox_comes_back_from_the_bin: "Domain admin",
    a_mailbox_is_added_without_a_pointer: "Domain admin",
    a_password_is_reset_without_a_pointer: "Domain admin",
    a_token_is_made_replaced_and_revoked: "Domain admin",
    a_program_gets_an_account_and_a_token: "Reseller admin",
}

/// Runs a flow from where somebody lands who has just signed in.
fn landed(role: &str, with_scripts: bool, flow: impl AsyncFnOnce(&Tab, bool)) {
    let demo = Demo::start();
    in_browser(demo.address(), async |tab| {
        if !with_scripts {
            tab.without_scripts().await;
        }
        sign_in(tab, role).await;
        tab.complaints().await;
        tab.begin();
        flow(tab, with_scripts).await;
        assert_eq!(tab.complaints().await, [""; 0]);
    });
}

// 1 in ui.md
async fn a_mailbox_is_added_and_handed_over(tab: &Tab, _scripts: bool) {
    tab.click("Add mailbox").await;
    tab.fill("Name of the person or team", "Chloé Marchand").await;
    tab.click("Create mailbox").await;
    is_handed_over(tab).await;
    tab.took(2, 2);
}

async fn is_handed_over(tab: &Tab) {
    tab.arrives(|path| path == "/mailboxes/chloe.marchand@brightwater.example/handover")
        .await;
    tab.says("Welcome, Chloé Marchand").await;
    tab.says("Works once, until").await;
    let code = tab
        .run("return document.querySelector('svg.qr')?.getAttribute('aria-label')")
        .await;
    assert_eq!(code, "QR code: opens the set-up page");
}

// 2
async fn a_password_is_reset_on_the_phone(tab: &Tab, _scripts: bool) {
    tab.click("Reset a password").await;
    tab.arrives(|path| path.starts_with(&format!("{HOME}/mailboxes?")))
        .await;
    tab.fill_and_enter("Name or address", "oliver").await;
    tab.arrives(|path| path == format!("{OLIVER}/password")).await;
    tab.click("Make a new password").await;
    is_reset(tab).await;
    tab.took(2, 1);
}

async fn is_reset(tab: &Tab) {
    tab.arrives(|path| path == format!("{OLIVER}/password/done"))
        .await;
    let password = tab
        .run("return document.querySelector('.secret').textContent")
        .await;
    let words = password.as_str().unwrap().split('-').count();
    assert_eq!(words, 5, "four words and a number: {password}");
}

// 4
async fn mail_is_forwarded_for_two_weeks(tab: &Tab, _scripts: bool) {
    tab.fill_and_enter("Find a mailbox, address or domain", "oliver.clarke")
        .await;
    tab.arrives(|path| path == OLIVER || path.starts_with("/mailboxes/mbx_"))
        .await;
    tab.click("Forward").await;
    tab.fill("Forward new mail to", "emeka.eze@brightwater.example")
        .await;
    tab.click("Forward for two weeks").await;
    tab.arrives(|path| path == OLIVER).await;
    tab.says("emeka.eze@brightwater.example until").await;
    tab.took(2, 2);
}

// 5
async fn a_mailbox_that_is_nearly_full_gets_more_space(tab: &Tab, _scripts: bool) {
    let words = tab.words().await;
    let (_, nearly_full) = words.split_once("Nearly full").unwrap();
    let full = nearly_full.lines().find(|line| line.contains('@')).unwrap();
    tab.click_in(full, "Give").await;
    tab.says(&format!("{full}brightwater.example has 20 GB now"))
        .await;
    assert_eq!(tab.path().await, HOME);
    tab.took(1, 0);
}

// 6
async fn any_mailbox_is_found(tab: &Tab, _scripts: bool) {
    tab.type_here(&format!("lindqv{}", char::from(Key::Enter))).await;
    tab.arrives(|path| path != "/search").await;
    tab.says("ingrid.lindqvist@brightwater.example").await;
    tab.took(0, 1);
}

// 11
async fn a_mailbox_deleted_by_mistake_is_back_at_once(tab: &Tab, _scripts: bool) {
    tab.open(&format!("{OLIVER}/delete")).await;
    tab.click("Delete mailbox").await;
    tab.says("was deleted").await;
    tab.begin();
    tab.click("Undo").await;
    tab.arrives(|path| path == OLIVER).await;
    tab.says("is back, with its mail").await;
    tab.took(1, 0);
}

async fn a_deleted_mailbox_comes_back_from_the_bin(tab: &Tab, _scripts: bool) {
    tab.open(&format!("{OLIVER}/delete")).await;
    tab.click("Delete mailbox").await;
    tab.says("was deleted").await;
    tab.open("/").await;
    tab.begin();
    tab.click("Bin").await;
    tab.click_in("oliver.clarke@", "Restore").await;
    tab.arrives(|path| path == OLIVER).await;
    tab.says("is back, with its mail").await;
    tab.took(3, 0);
}

async fn a_mailbox_is_added_without_a_pointer(tab: &Tab, scripts: bool) {
    if scripts {
        tab.press("c").await;
    } else {
        tab.tab_to("Add mailbox").await;
        tab.press(&char::from(Key::Enter).to_string()).await;
    }
    tab.arrives(|path| path == format!("{HOME}/mailboxes/new")).await;
    tab.type_here(&format!("Chloé Marchand{}", char::from(Key::Enter)))
        .await;
    is_handed_over(tab).await;
    tab.tab_to("Open the mailbox").await;
    tab.press(&char::from(Key::Enter).to_string()).await;
    tab.arrives(|path| path == "/mailboxes/chloe.marchand@brightwater.example")
        .await;
    tab.took(0, 2);
}

async fn a_password_is_reset_without_a_pointer(tab: &Tab, scripts: bool) {
    if scripts {
        tab.press("p").await;
    } else {
        tab.tab_to("Reset a password").await;
        tab.press(&char::from(Key::Enter).to_string()).await;
    }
    tab.arrives(|path| path.starts_with(&format!("{HOME}/mailboxes?")))
        .await;
    tab.type_here(&format!("oliver{}", char::from(Key::Enter))).await;
    tab.arrives(|path| path == format!("{OLIVER}/password")).await;
    tab.tab_to("Make a new password").await;
    tab.press(&char::from(Key::Enter).to_string()).await;
    is_reset(tab).await;
    tab.took(0, 1);
}

async fn shown_token(tab: &Tab) -> String {
    tab.says("is ready").await;
    let token = tab
        .run("return document.querySelector('#token').textContent")
        .await;
    let token = token.as_str().unwrap().to_owned();
    assert!(token.starts_with("pdk_"), "{token}");
    token
}

async fn a_token_is_made_replaced_and_revoked(tab: &Tab, _scripts: bool) {
    tab.open("/account/tokens").await;
    tab.click("New token").await;
    tab.fill("What it is for", "Nightly report").await;
    tab.click("Create token").await;
    let old = shown_token(tab).await;
    tab.click("What it may do").await;
    tab.says("What it may do now").await;
    tab.says("reset the passwords of mailboxes").await;
    let page = tab.path().await;

    tab.click("Replace").await;
    // The caret stands before the 24 that is there.
    let delete = char::from(Key::Delete);
    tab.fill("The old one goes on for", &format!("{delete}{delete}2"))
        .await;
    tab.click("Replace token").await;
    tab.arrives(|path| !path.ends_with("/rotate")).await;
    assert_ne!(shown_token(tab).await, old);
    tab.open(&page).await;
    tab.says("Another took its place").await;
    tab.click("The new token").await;
    tab.arrives(|path| path != page).await;
    tab.click("Revoke").await;
    tab.says("The token is revoked").await;
    tab.arrives(|path| path == "/account/tokens").await;
    tab.click_in("Replaced", "Revoke Nightly report").await;
    tab.says("The token is revoked").await;
}

async fn a_program_gets_an_account_and_a_token(tab: &Tab, _scripts: bool) {
    tab.open("/accounts").await;
    tab.click("New service account").await;
    tab.fill("What it is called", "Billing system").await;
    tab.fill("For", "Northwind Hosting").await;
    tab.run("document.querySelector('input[value=help_desk]').click()")
        .await;
    tab.click("Create service account").await;
    tab.says("Tokens of Billing system").await;
    tab.click("New token").await;
    tab.fill("What it is for", "invoices").await;
    tab.click("Create token").await;
    shown_token(tab).await;
    tab.click("What it may do").await;
    tab.says("and all below it").await;
    tab.says("see mailboxes").await;
}

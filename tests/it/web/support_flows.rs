//! Support in the portal: a banner on every page, a way to stop, and a page that tells the customer.

use http::StatusCode;
use postdesk::access::{Role, Scope};

use super::browser::Browser;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    support_looks_after_a_customer_and_stops,
    a_form_that_is_sent_after_the_end_changes_nothing,
    a_caller_reads_out_a_code,
}

const ANNA: &str = "/mailboxes/anna@brightwater.example";

async fn begun(app: &TestApp, browser: &mut Browser) -> String {
    let org = app.mailbox("anna@brightwater.example").await.org_id;
    app.mailbox("eve@elsewhere.example").await;
    let assist = format!("/orgs/{org}/assist");
    let page = browser.get(&assist).await;
    let refused = browser
        .send(&page, &assist, &[("reason", "x"), ("ticket", " ")])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("reason", "Cannot send"), ("ticket", "T-17")];
    let page = browser.send(&page, &assist, &fields).await;
    page.says("You look after brightwater.example")
        .says("on ticket T-17, until");
    format!("/orgs/{org}")
}

async fn support_looks_after_a_customer_and_stops(app: &TestApp) {
    let desk = app.role(Role::Support, Scope::System).await;
    let mut browser = Browser::of(app, &desk).await;
    let org = begun(app, &mut browser).await;
    browser.get(ANNA).await.says("You look after brightwater.example");
    let other = browser.get("/mailboxes/eve@elsewhere.example").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    let reset = browser.get(&format!("{ANNA}/password")).await;
    assert_eq!(reset.status, StatusCode::FORBIDDEN);
    let page = browser.get(ANNA).await;
    let after = browser.send(&page, "/support/stop", &[]).await;
    after
        .says("You stopped looking after")
        .keeps_quiet_about("on ticket T-17, until");
    let other = browser.get("/mailboxes/eve@elsewhere.example").await;
    assert_eq!(other.status, StatusCode::OK);
    let seen = browser.get(&format!("{org}/support")).await;
    seen.says("Cannot send")
        .says("T-17")
        .says(&desk.call.actor.identity().name);
}

async fn a_form_that_is_sent_after_the_end_changes_nothing(app: &TestApp) {
    let desk = app.role(Role::Support, Scope::System).await;
    let mut browser = Browser::of(app, &desk).await;
    begun(app, &mut browser).await;
    let edit = format!("{ANNA}/edit");
    let page = browser.get(&edit).await;
    app.later(std::time::Duration::from_mins(31));
    let late = browser.send(&page, &edit, &[("name", "Other")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    late.says("is over, and nothing was changed");
    let anna = app.mailbox_now("anna@brightwater.example").await;
    assert_eq!(anna.version, 1);
}

async fn a_caller_reads_out_a_code(app: &TestApp) {
    app.domain("brightwater.example").await;
    let owner = app.domain_admin("brightwater.example").await;
    let mut theirs = Browser::of(app, &owner).await;
    let page = theirs.get("/account/caller-code").await;
    let page = theirs.send(&page, "/account/caller-code", &[]).await;
    let code = page.inside("id=\"caller-code\"");
    assert_eq!(code.len(), 6);
    theirs.get("/account/caller-code").await.keeps_quiet_about(&code);
    let desk = app.role(Role::Support, Scope::System).await;
    let mut browser = Browser::of(app, &desk).await;
    let path = format!("/accounts/{}/caller", owner.account);
    let page = browser.get(&path).await;
    let wrong = browser.send(&page, &path, &[("code", "none")]).await;
    wrong.says("That is not the code");
    let right = browser.send(&wrong, &path, &[("code", &code)]).await;
    right.says("the caller is who they say");
}

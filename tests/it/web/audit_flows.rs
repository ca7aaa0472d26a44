//! The page that tells whether the audit still is what was written.

use http::StatusCode;
use postdesk::access::{Role, Scope};

use super::browser::Browser;
use crate::support::app::TestApp;
use crate::support::backend::{Backend, both, sql};

both! {
    an_auditor_checks_the_audit_and_reads_what_was_found,
    the_audit_is_checked_by_whoever_may_export_all_of_it,
}

const PAGE: &str = "/system/audit";
const CHECK: &str = "/system/audit/check";

async fn an_auditor_checks_the_audit_and_reads_what_was_found(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let auditor = app.role(Role::Auditor, Scope::System).await;
    let mut browser = Browser::of(app, &auditor).await;
    let activity = browser.get("/system/activity").await;
    activity.says("href=\"/system/audit\"");
    let page = browser.get(PAGE).await;
    page.says("Not checked yet")
        .says("not since this server was started")
        .says("This server writes no checkpoints");
    let page = browser.send(&page, CHECK, &[]).await;
    page.says("The audit is as it was written.")
        .says("As it was written")
        .says("Last checked");
}

async fn the_audit_is_checked_by_whoever_may_export_all_of_it(app: &TestApp) {
    app.domain("brightwater.example").await;
    let desk = app.role(Role::Support, Scope::System).await;
    let mut browser = Browser::of(app, &desk).await;
    let page = browser.get("/system/activity").await;
    assert!(!page.text.contains(PAGE), "a link that leads nowhere");
    assert_eq!(browser.get(PAGE).await.status, StatusCode::FORBIDDEN);
    let help = browser.get("/help").await;
    let (_, csrf) = help.text.split_once("name=\"csrf\" value=\"").unwrap();
    let (csrf, _) = csrf.split_once('"').unwrap();
    let sent = browser.post(CHECK, &format!("csrf={csrf}")).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_first_bad_entry_is_named_on_sqlite() {
    the_first_bad_entry_is_named(&TestApp::new(Backend::Sqlite).await).await;
}

#[tokio::test]
async fn the_first_bad_entry_is_named_on_postgres() {
    the_first_bad_entry_is_named(&TestApp::new(Backend::Postgres).await).await;
}

/// Not among `both!`, which looks at the end whether the audit is as it was written.
async fn the_first_bad_entry_is_named(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let page = browser.get(PAGE).await;
    let page = browser.send(&page, CHECK, &[]).await;
    page.says("As it was written");

    unguarded(app).await;
    let tamper = "UPDATE events SET actor = 'Mallory' WHERE seq = 2";
    app.db().write(tamper).execute().await.unwrap();
    let page = browser.send(&page, CHECK, &[]).await;
    page.says("changed behind Postdesk’s back")
        .says("Damaged")
        .says("The first bad one is entry 2")
        .says("by Mallory");
    // What was found stays on the page until the next check.
    browser.get(PAGE).await.says("The first bad one is entry 2");
}

/// Takes the database's own guards away, as only the owner of its tables can.
async fn unguarded(app: &TestApp) {
    let statements: Vec<String> = match app.backend {
        Backend::Sqlite => {
            let query = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
            let triggers: Vec<(String,)> = app.db().read(query).fetch_all().await.unwrap();
            let each = triggers.into_iter();
            each.map(|(name,)| format!("DROP TRIGGER {name}")).collect()
        }
        Backend::Postgres => vec!["ALTER TABLE events DISABLE TRIGGER USER".to_owned()],
    };
    for statement in statements {
        app.db().write(sql(statement)).execute().await.unwrap();
    }
}

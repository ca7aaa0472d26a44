//! What is changed in the audit behind the portal's back is named by the API.

use super::client::Client;
use crate::support::app::TestApp;
use crate::support::backend::{Backend, sql};

#[tokio::test]
async fn the_first_bad_entry_is_named_on_sqlite() {
    the_first_bad_entry_is_named(&TestApp::new(Backend::Sqlite).await).await;
}

#[tokio::test]
async fn the_first_bad_entry_is_named_on_postgres() {
    the_first_bad_entry_is_named(&TestApp::new(Backend::Postgres).await).await;
}

async fn run(app: &TestApp, text: &str) {
    app.db().write(sql(text.to_owned())).execute().await.unwrap();
}

async fn the_first_bad_entry_is_named(app: &TestApp) {
    app.mailbox("ana@brightwater.example").await;
    let client = Client::operator(app).await;
    let found = client.get("/audit/verification").expect(200).await;
    assert_eq!(found.body["sound"], true);
    assert!(found.body["entries"].as_i64() >= Some(3), "{}", found.body);

    match app.backend {
        Backend::Sqlite => {
            let query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'";
            let triggers: Vec<(String,)> = app.db().read(query).fetch_all().await.unwrap();
            for (name,) in triggers {
                run(app, &format!("DROP TRIGGER {name}")).await;
            }
        }
        Backend::Postgres => run(app, "ALTER TABLE events DISABLE TRIGGER USER").await,
    }
    run(app, "UPDATE events SET actor = 'nobody' WHERE seq = 2").await;

    let found = client.get("/audit/verification").expect(200).await;
    let first = &found.body["findings"][0];
    assert_eq!(found.body["sound"], false);
    assert_eq!((&first["seq"], &first["damage"]), (&2.into(), &"changed".into()));
    assert_eq!(first["entry"]["actor"], "nobody");
}

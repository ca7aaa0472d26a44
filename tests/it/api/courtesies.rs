//! What the API does to save its clients work: parts and counts of lists, waiting for events, warnings, and saying how
//! much may still be asked.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use crate::support::app::TestApp;
use crate::support::backend::{Backend, both};
use crate::support::daemon::PATIENCE;

both!(
    a_list_is_shown_in_part_and_counted,
    what_was_purged_is_gone_and_not_just_missing,
    mail_that_goes_nowhere_is_warned_of,
    a_catch_all_is_warned_of_and_reckoned_with,
    a_dry_run_says_what_is_worth_knowing_before,
    what_is_added_under_another_name_of_its_domain_says_so,
    what_is_in_a_binned_domain_is_told_so,
);

fn warnings(answer: &Answer) -> Vec<String> {
    let warnings = answer.body["warnings"].as_array().cloned().unwrap_or_default();
    warnings
        .iter()
        .map(|warning| warning.as_str().unwrap().to_owned())
        .collect()
}

async fn a_list_is_shown_in_part_and_counted(app: &TestApp) {
    for local in ["ana", "ben", "eve"] {
        app.mailbox(&format!("{local}@brightwater.example")).await;
    }
    app.alias("sales@brightwater.example", &["ana@brightwater.example"])
        .await;
    let client = Client::operator(app).await;

    let page = client
        .get("/mailboxes?fields=address,version&count=true&limit=2")
        .expect(200)
        .await;
    assert_eq!(
        page.body["data"][0],
        json!({"address": "ana@brightwater.example", "version": 1})
    );
    assert_eq!(
        (&page.body["count"], &page.body["count_is_exact"]),
        (&json!(3), &json!(true))
    );
    assert!(page.header("link").contains("fields=address%2Cversion"));
    // What is shown may change from page to page.
    let next = format!("/mailboxes?limit=2&after={}", page.text("/next_after"));
    let next = client.get(&next).expect(200).await;
    assert_eq!(next.text("/data/0/display_name"), "eve");
    assert!(next.body["count"].is_null());

    for (list, count) in [("aliases", 1), ("domains", 1), ("orgs", 2)] {
        let page = client
            .get(&format!("/{list}?count=true&fields=id"))
            .expect(200)
            .await;
        assert_eq!(page.body["count"], count, "{list}");
        assert_eq!(page.body["data"][0].as_object().unwrap().len(), 1, "{list}");
    }
    let told = client
        .get("/mailboxes?fields=address,quota")
        .problem(400, "bad_parameter")
        .await;
    assert!(told.text("/detail").contains("quota_bytes"), "{}", told.body);
}

async fn what_was_purged_is_gone_and_not_just_missing(app: &TestApp) {
    let ana = app.mailbox("ana@brightwater.example").await;
    let sales = app.alias("sales@brightwater.example", &["x@outside.test"]).await;
    let admin = Client::of(app, &app.domain_admin("brightwater.example").await).await;
    let stranger = Client::of(app, &app.stranger().await).await;
    let paths = [format!("/mailboxes/{}", ana.id), format!("/aliases/{}", sales.id)];
    for path in &paths {
        admin.delete(path).expect(200).await;
        assert_eq!(admin.get(path).expect(200).await.text("/state"), "deleted");
    }
    app.days_later(40);
    postdesk::service::housekeeping::keep_promises(app).await.unwrap();
    for path in &paths {
        let told = admin.get(path).problem(410, "purged").await;
        assert!(
            told.text("/detail").contains("brightwater.example"),
            "{}",
            told.body
        );
        stranger.get(path).problem(404, "not_found").await;
    }
    admin
        .get("/mailboxes/mbx_00000000000000000000000000")
        .problem(404, "not_found")
        .await;
}

async fn mail_that_goes_nowhere_is_warned_of(app: &TestApp) {
    app.mailbox("ana@brightwater.example").await;
    app.mailbox("gone@brightwater.example").await;
    let client = Client::operator(app).await;
    client
        .delete("/mailboxes/gone@brightwater.example")
        .expect(200)
        .await;
    let made = async |to: Value| {
        let body = json!({"destinations": to});
        warnings(
            &client
                .put("/aliases/sales@brightwater.example", body)
                .send()
                .await,
        )
    };

    assert_eq!(
        made(json!(["ana@brightwater.example"])).await,
        Vec::<String>::new()
    );
    let told = made(json!(["gone@brightwater.example"])).await;
    assert_eq!(
        told,
        [
            "gone@brightwater.example is in the bin: its mail is refused. Restore it, or choose another address."
        ]
    );
    let told = made(json!(["nobody@brightwater.example"])).await;
    assert_eq!(
        told,
        [
            "nobody@brightwater.example does not exist: its mail is refused. Add it, or choose another address."
        ]
    );
    let told = made(json!(["a@outside.test", "b@outside.test"])).await;
    assert_eq!(
        told,
        ["a@outside.test and 1 more are outside: nobody here sees what becomes of their mail."]
    );
}

async fn a_catch_all_is_warned_of_and_reckoned_with(app: &TestApp) {
    app.mailbox("ana@brightwater.example").await;
    let client = Client::operator(app).await;
    let catch_all = json!({"address": "@brightwater.example", "destinations": ["ana@brightwater.example"]});
    let told = warnings(&client.post("/aliases", catch_all).expect(201).await);
    assert!(told[0].contains("spam"), "{told:?}");
    let body = json!({"destinations": ["nobody@brightwater.example"]});
    let told = warnings(
        &client
            .put("/aliases/sales@brightwater.example", body)
            .expect(201)
            .await,
    );
    assert_eq!(
        told,
        ["nobody@brightwater.example does not exist: the catch-all of brightwater.example gets its mail."]
    );
    let forwarding = json!({"destinations": ["nobody@brightwater.example"]});
    let answer = client
        .put("/mailboxes/ana@brightwater.example/forwarding", forwarding)
        .send()
        .await;
    assert!(
        answer.status.as_u16() == 409 || warnings(&answer).len() == 1,
        "{}",
        answer.body
    );
    let read = client.get("/aliases/sales@brightwater.example").expect(200).await;
    assert!(read.body["warnings"].is_null(), "a warning is about a deed");
}

async fn a_dry_run_says_what_is_worth_knowing_before(app: &TestApp) {
    let org = app.customer("Brightwater").await;
    app.domain("brightwater.example").of(&org).await;
    for local in ["ana", "ben"] {
        app.mailbox(&format!("{local}@brightwater.example")).await;
    }
    app.alias("sales@brightwater.example", &["ana@brightwater.example"])
        .await;
    let client = Client::operator(app).await;
    client
        .put("/domains/brightwater.example/limits", json!({"mailboxes": 3}))
        .expect(200)
        .await;

    let body = json!({"address": "eve@brightwater.example"});
    let told = warnings(&client.post("/mailboxes?dry_run=true", body).expect(200).await);
    assert_eq!(
        told,
        [
            "brightwater.example then holds 3 of 3 mailboxes.",
            "Nobody can sign in to eve@brightwater.example until a password or a link is made.",
        ]
    );
    let told = warnings(
        &client
            .delete("/mailboxes/ana@brightwater.example?dry_run=true")
            .expect(200)
            .await,
    );
    assert_eq!(
        told,
        ["sales@brightwater.example delivers to ana@brightwater.example, and loses that mail."]
    );
    let told = warnings(
        &client
            .delete("/mailboxes/ben@brightwater.example?dry_run=true")
            .expect(200)
            .await,
    );
    assert_eq!(told, Vec::<String>::new());
    let told = warnings(
        &client
            .delete("/domains/brightwater.example?dry_run=true")
            .expect(200)
            .await,
    );
    assert_eq!(
        told,
        ["brightwater.example takes 2 mailboxes and 1 alias into the bin with it."]
    );
}

async fn what_is_added_under_another_name_of_its_domain_says_so(app: &TestApp) {
    app.mailbox("ana@brightwater.example").await;
    let client = Client::operator(app).await;
    let other = json!({"name": "other.example"});
    client
        .post("/domains/brightwater.example/aliases", other)
        .expect(201)
        .await;
    let says = |answer: &Answer, address: &str| {
        let told = warnings(answer);
        let expected = format!(
            "other.example is a domain alias of brightwater.example: the address is {address}, and gets the mail \
             for both names."
        );
        assert_eq!(told.first(), Some(&expected), "{:#}", answer.body);
    };

    let ben = json!({"address": "ben@other.example"});
    let dry = client.post("/mailboxes?dry_run=true", &ben).expect(200).await;
    says(&dry, "ben@brightwater.example");
    let made = client.post("/mailboxes", &ben).expect(201).await;
    says(&made, "ben@brightwater.example");
    assert_eq!(made.text("/address"), "ben@brightwater.example");
    let put = client
        .put("/mailboxes/eve@other.example", json!({}))
        .expect(201)
        .await;
    says(&put, "eve@brightwater.example");
    let to = json!({"destinations": ["ana@brightwater.example"]});
    let put = client.put("/aliases/sales@other.example", &to).expect(201).await;
    says(&put, "sales@brightwater.example");
    let all = json!({"address": "@other.example", "destinations": ["ana@brightwater.example"]});
    says(
        &client.post("/aliases", all).expect(201).await,
        "@brightwater.example",
    );

    let own = client.post("/mailboxes", json!({"address": "dan@brightwater.example"}));
    assert_eq!(warnings(&own.expect(201).await), Vec::<String>::new());
}

async fn what_is_in_a_binned_domain_is_told_so(app: &TestApp) {
    app.mailbox("ana@brightwater.example").await;
    app.alias("out@harbour.example", &["ana@brightwater.example"])
        .await;
    let client = Client::operator(app).await;
    client.delete("/domains/brightwater.example").expect(200).await;
    let body = json!({"address": "eve@brightwater.example"});
    client
        .post("/mailboxes", body)
        .problem(409, "domain_deleted")
        .await;
    client
        .patch("/domains/brightwater.example", json!({"note": "x"}))
        .problem(409, "domain_deleted")
        .await;
    let way = client
        .get("/resolve?address=out@harbour.example")
        .expect(200)
        .await;
    assert_eq!(way.text("/next/0/kind"), "unknown", "{}", way.body);
}

#[tokio::test]
async fn whoever_follows_may_wait_for_what_happens_next() {
    let app = TestApp::new(Backend::Sqlite).await;
    app.domain("brightwater.example").await;
    let client = Client::operator(&app).await;
    let all = client.get("/events").expect(200).await;
    let after = format!("/events?wait=30&after={}", all.text("/next_after"));
    let (followed, ()) = tokio::join!(client.get(&after).expect(200), async {
        tokio::task::yield_now().await;
        app.mailbox("ana@brightwater.example").await;
    });
    assert_eq!(followed.text("/data/0/type"), "mailbox.created");
    client.get("/events?wait=31").problem(400, "bad_parameter").await;
    let past = format!(
        "/events?wait=30&type=audit.exported&until={}",
        app.clock_now().rfc3339()
    );
    let answer = tokio::time::timeout(PATIENCE / 2, client.get(&past).expect(200)).await;
    answer.expect("nobody waits for what can happen no more");
}

#[tokio::test]
async fn a_token_is_told_how_much_it_may_still_ask() {
    let app = TestApp::with(Backend::Sqlite, |settings| settings.http.api_per_minute = 3).await;
    let client = Client::operator(&app).await;
    let answer = client.get("/me").expect(200).await;
    assert_eq!(answer.header("ratelimit-policy"), "\"token\";q=3;w=60");
    assert_eq!(answer.header("ratelimit"), "\"token\";r=2;t=60");
    client.get("/nothing").problem(404, "no_such_path").await;
    let problem = client
        .get("/mailboxes/x@y.example")
        .problem(404, "not_found")
        .await;
    assert_eq!(problem.header("ratelimit"), "\"token\";r=1;t=60");
    client.get("/me").expect(200).await;
    let told = client.get("/me").problem(429, "rate_limited").await;
    assert_eq!(
        (told.header("retry-after"), told.header("ratelimit")),
        ("60", "\"token\";r=0;t=60")
    );
    app.later(std::time::Duration::from_mins(1));
    client.get("/me").expect(200).await;
}

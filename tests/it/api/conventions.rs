//! What holds for every resource, tried on mailboxes.

use serde_json::json;

use super::client::Client;
use crate::support::app::TestApp;
use crate::support::backend::both;

both!(
    a_mailbox_is_added_read_changed_and_deleted,
    every_wrong_field_is_named_at_once,
    a_quota_is_a_whole_number_or_unlimited,
    only_a_live_token_opens_the_api,
    what_is_not_understood_is_said_in_problem_json,
    a_stale_change_is_refused,
    what_the_client_has_is_not_sent_again,
    a_repeat_with_the_same_key_is_answered_as_before,
    a_repeat_never_shows_a_secret_again,
    a_token_that_replaces_itself_is_shown_once,
    pages_follow_one_another_and_cursors_belong_to_their_list,
    a_dry_run_says_what_it_would_do_and_leaves_nothing,
    what_belongs_to_others_is_like_what_is_not_there,
    put_by_address_adds_or_replaces,
    a_renamed_mailbox_says_where_it_is,
    the_bin_is_listed_with_the_rest_when_asked_for,
);

const ANA: &str = "/mailboxes/ana@brightwater.example";

async fn with_ana(app: &TestApp) -> Client {
    app.mailbox("ana@brightwater.example").name("Ana Silva").await;
    Client::operator(app).await
}

async fn a_mailbox_is_added_read_changed_and_deleted(app: &TestApp) {
    app.domain("brightwater.example").await;
    let client = Client::operator(app).await;
    let wish = json!({
        "address": "Ana@Brightwater.example", "display_name": "Ana Silva", "password": "amber-tunnel-copper-river",
        "quota_bytes": 1_048_576.0, "protocols": {"pop3": false}, "labels": ["staff"], "external_id": "4711",
    });

    let added = client.post("/mailboxes", &wish).expect(201).await;
    assert_eq!(added.text("/address"), "ana@brightwater.example");
    assert_eq!(added.body["quota_bytes"], 1_048_576);
    assert_eq!(added.body["protocols"]["pop3"], false);
    assert_eq!(added.body["has_password"], true);
    assert_eq!(
        added.text("/provisioning/state"),
        "pending",
        "no worker runs here"
    );
    assert_eq!(added.header("etag"), "\"1\"");
    assert_eq!(added.header("cache-control"), "no-store");
    let location = added
        .header("location")
        .strip_prefix("http://postdesk.example/api/v1");

    let read = client.get(location.unwrap()).expect(200).await;
    assert_eq!(read.body, added.body);
    assert_eq!(
        client
            .get("/mailboxes/ana%40brightwater.example")
            .expect(200)
            .await
            .body,
        added.body
    );
    assert!(!read.body.to_string().contains("amber"));

    let changed = json!({"display_name": "Ana Costa", "external_id": null, "quota_bytes": "unlimited"});
    let changed = client.patch(ANA, changed).expect(200).await;
    assert_eq!(changed.text("/display_name"), "Ana Costa");
    assert_eq!(changed.text("/quota_bytes"), "unlimited");
    assert!(changed.body["external_id"].is_null());
    assert_eq!(changed.header("etag"), "\"2\"");

    let same = client
        .patch(ANA, json!({"display_name": "Ana Costa"}))
        .expect(200)
        .await;
    assert_eq!(same.header("etag"), "\"2\"", "nothing changed, nothing counted");

    let gone = client.delete(ANA).expect(200).await;
    assert_eq!(
        (gone.text("/state"), gone.body["purge_at"].is_null()),
        ("deleted", false)
    );
    client.get(ANA).problem(404, "not_found").await;
    client.get(location.unwrap()).expect(200).await;
    let back = client.post(&format!("{ANA}/restoration"), "").expect(200).await;
    assert_eq!(back.text("/state"), "active");
    client.get(ANA).expect(200).await;
}

async fn every_wrong_field_is_named_at_once(app: &TestApp) {
    let client = with_ana(app).await;
    let body = r#"{"address": "b b@brightwater.example", "display_name": 5, "quota_bytes": null, "labels": ["a", 7],
        "protocols": {"imap": "yes", "pop": true}, "quota": 5, "external_id": "a", "external_id": "b",
        "password": "short"}"#;

    let told = client.post("/mailboxes", body).problem(422, "invalid").await;

    assert_eq!(
        told.errors(),
        [
            "/external_id duplicate_field",
            "/address local_part_character",
            "/display_name type",
            "/password password_too_short",
            "/quota_bytes amount_type",
            "/protocols/imap type",
            "/protocols/pop unknown_field",
            "/labels/1 type",
            "/quota unknown_field",
        ]
    );
    assert!(told.body.to_string().contains("did you mean quota_bytes?"));
    let told = client.patch(ANA, "[]").problem(422, "invalid").await;
    assert_eq!(told.errors(), [" type"]);
    client.post("/mailboxes", "{").problem(400, "bad_json").await;
    client.post("/mailboxes", "").problem(400, "bad_json").await;
    let nested = "[".repeat(10_000);
    client.post("/mailboxes", nested).problem(400, "bad_json").await;
}

async fn a_quota_is_a_whole_number_or_unlimited(app: &TestApp) {
    let client = with_ana(app).await;
    for (quota, code) in [
        ("-1", "amount_negative"),
        ("1.5", "amount_fraction"),
        ("null", "amount_type"),
        ("\"5\"", "amount_type"),
        ("\"5 GB\"", "amount_type"),
        ("true", "amount_type"),
        ("9223372036854775808", "amount_too_large"),
        ("1e19", "amount_too_large"),
        ("9e18", "amount_inexact"),
        ("-0.5", "amount_negative"),
        ("[1]", "amount_type"),
    ] {
        let body = format!("{{\"quota_bytes\": {quota}}}");
        let told = client.patch(ANA, body).problem(422, "invalid").await;
        assert_eq!(told.errors(), [format!("/quota_bytes {code}")], "{quota}");
    }
    for quota in ["0", "5", "9223372036854775807", "\"unlimited\"", "2.0"] {
        client
            .patch(ANA, format!("{{\"quota_bytes\": {quota}}}"))
            .expect(200)
            .await;
    }
}

async fn only_a_live_token_opens_the_api(app: &TestApp) {
    let client = with_ana(app).await;
    let nobody = Client::anonymous(app);

    let told = nobody.get(ANA).problem(401, "unauthenticated").await;
    assert_eq!(told.header("www-authenticate"), "Bearer");
    nobody
        .get(ANA)
        .header("cookie", "session=abc")
        .problem(401, "unauthenticated")
        .await;
    nobody
        .get(ANA)
        .header("authorization", "Basic YTpi")
        .problem(401, "unauthenticated")
        .await;
    nobody
        .get(ANA)
        .header("authorization", "Bearer pdk_x")
        .problem(401, "unauthenticated")
        .await;
    client
        .get(ANA)
        .header("cookie", "a=b; session=abc")
        .problem(400, "credentials_ambiguous")
        .await;
    client.get(ANA).header("cookie", "a=b").expect(200).await;

    let reader = app.operator().await;
    let reader = Client::with_token(app, &reader.read_only_token().await);
    reader.get(ANA).expect(200).await;
    let told = reader.delete(ANA).problem(403, "forbidden").await;
    assert_eq!(told.text("/required/permission"), "mailbox.delete");
    assert_eq!(told.text("/required/scope"), "domain:brightwater.example");
}

async fn what_is_not_understood_is_said_in_problem_json(app: &TestApp) {
    let client = with_ana(app).await;
    client.get("/nothing").problem(404, "no_such_path").await;
    let told = client.post(ANA, "{}").problem(405, "method_not_allowed").await;
    assert_eq!(told.header("allow"), "GET,HEAD,PUT,PATCH,DELETE");
    client
        .get(ANA)
        .header("accept", "text/html")
        .problem(406, "not_acceptable")
        .await;
    client
        .get(&format!("{ANA}?pretty=1"))
        .problem(400, "bad_parameter")
        .await;
    let told = client
        .get("/mailboxes?stat=active")
        .problem(400, "bad_parameter")
        .await;
    assert!(
        told.text("/detail").contains("did you mean state?"),
        "{}",
        told.text("/detail")
    );
    client
        .get("/mailboxes?state=actve")
        .problem(400, "bad_parameter")
        .await;
    client
        .get("/mailboxes?state=active&state=deleted")
        .problem(400, "bad_parameter")
        .await;
    client
        .get("/mailboxes?limit=501")
        .problem(400, "bad_parameter")
        .await;
    client
        .get("/mailboxes?sort=-usage")
        .problem(400, "bad_parameter")
        .await;
    let told = client.put(ANA, "{}").header("x", "y").expect(200).await;
    assert_eq!(told.text("/display_name"), "ana");
    let told = client
        .patch_as(ANA, "application/json", "{}")
        .problem(415, "unsupported_media_type")
        .await;
    assert_eq!(told.header("accept-patch"), "application/merge-patch+json");
    let told = client
        .get("/mailboxes/nobody@brightwater.example")
        .problem(404, "not_found")
        .await;
    assert_eq!(
        told.text("/type"),
        "http://postdesk.example/docs/errors/not_found"
    );
}

async fn a_stale_change_is_refused(app: &TestApp) {
    let client = with_ana(app).await;
    let change = |name: &str| json!({"display_name": name});
    client
        .patch(ANA, change("A"))
        .header("if-match", "\"1\"")
        .expect(200)
        .await;

    let told = client
        .patch(ANA, change("B"))
        .header("if-match", "\"1\"")
        .problem(412, "stale")
        .await;
    assert_eq!(told.header("etag"), "\"2\"");
    client
        .patch(ANA, change("C"))
        .header("if-match", "W/\"2\"")
        .problem(412, "stale")
        .await;
    client
        .patch(ANA, change("D"))
        .header("if-match", "2")
        .problem(400, "bad_condition")
        .await;
    client
        .delete(ANA)
        .header("if-match", "\"1\"")
        .problem(412, "stale")
        .await;
    client
        .patch(ANA, change("E"))
        .header("if-match", "\"9\", \"2\"")
        .expect(200)
        .await;
    let now = client
        .patch(ANA, change("F"))
        .header("if-match", "*")
        .expect(200)
        .await;
    assert_eq!((now.text("/display_name"), now.header("etag")), ("F", "\"4\""));
}

async fn what_the_client_has_is_not_sent_again(app: &TestApp) {
    let client = with_ana(app).await;
    let same = client.get(ANA).header("if-none-match", "\"1\"").expect(304).await;
    assert!(same.body.is_null());
    assert_eq!(same.header("etag"), "\"1\"");
    client
        .get(ANA)
        .header("if-none-match", "\"7\", W/\"1\"")
        .expect(304)
        .await;
    client.get(ANA).header("if-none-match", "\"2\"").expect(200).await;
}

async fn a_repeat_with_the_same_key_is_answered_as_before(app: &TestApp) {
    app.domain("brightwater.example").await;
    let client = Client::operator(app).await;
    let wish = json!({"address": "ana@brightwater.example"});
    let bad = json!({"address": "ana@brightwater.example", "quota_bytes": -1});
    client
        .post("/mailboxes", bad)
        .header("idempotency-key", "k1")
        .problem(422, "invalid")
        .await;

    let first = client
        .post("/mailboxes", &wish)
        .header("idempotency-key", "k1")
        .expect(201)
        .await;
    let again = client
        .post("/mailboxes", &wish)
        .header("idempotency-key", "k1")
        .expect(201)
        .await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(
        (
            first.header("idempotency-replayed"),
            again.header("idempotency-replayed")
        ),
        ("", "true")
    );

    let other = json!({"address": "bob@brightwater.example"});
    let told = client.post("/mailboxes", other).header("idempotency-key", "k1");
    told.problem(422, "idempotency_key_reused").await;
    let twice = client.post("/mailboxes", &wish).header("idempotency-key", "k2");
    twice.problem(409, "already_exists").await;
    let long = "k".repeat(256);
    client
        .post("/mailboxes", &wish)
        .header("idempotency-key", &long)
        .problem(400, "bad_parameter")
        .await;
    let stranger = Client::operator(app).await;
    stranger
        .post("/mailboxes", &wish)
        .header("idempotency-key", "k1")
        .problem(409, "already_exists")
        .await;
}

async fn a_repeat_never_shows_a_secret_again(app: &TestApp) {
    let client = with_ana(app).await;
    let resets = format!("{ANA}/password-resets");
    let reset = |key: &str| {
        client
            .post(&resets, json!({"kind": "one_time"}))
            .header("idempotency-key", key)
    };

    let first = reset("k1").expect(200).await;
    assert!(!first.text("/password").is_empty());
    let again = reset("k1").problem(409, "already_done").await;
    assert_eq!(again.header("idempotency-replayed"), "true");

    let link = client.post(&resets, json!({"kind": "link"})).expect(200).await;
    assert!(link.text("/url").starts_with("http://postdesk.example/in/"));
    let told = client
        .post(&resets, json!({"kind": "sms"}))
        .problem(422, "invalid")
        .await;
    assert_eq!(told.errors(), ["/kind unknown_value"]);
}

async fn a_token_that_replaces_itself_is_shown_once(app: &TestApp) {
    let client = with_ana(app).await;
    let id = client.get("/me").expect(200).await.text("/token").to_owned();
    let path = format!("/tokens/{id}/rotate");
    let wrong = client
        .post(&path, json!({"overlap_hours": 169}))
        .problem(422, "invalid")
        .await;
    assert_eq!(wrong.errors(), ["/overlap_hours out_of_range"]);

    let dry = client.post(&format!("{path}?dry_run=true"), "").expect(200).await;
    assert_eq!(dry.text("/effects/1/action"), "token.rotate");
    let first = client
        .post(&path, "")
        .header("idempotency-key", "k1")
        .expect(201)
        .await;
    assert_eq!(first.text("/replaced/state"), "replaced");
    assert_eq!(first.text("/replaced/successor"), first.text("/token/id"));
    let new = first.text("/token/id");
    assert!(
        first
            .header("location")
            .ends_with(&format!("/api/v1/tokens/{new}"))
    );
    let again = client
        .post(&path, "")
        .header("idempotency-key", "k1")
        .problem(409, "already_done")
        .await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    client.post(&path, "").problem(409, "token_replaced").await;

    let successor = Client::with_token(app, first.text("/secret"));
    assert_eq!(successor.get("/me").expect(200).await.text("/token"), new);
    successor.get(&format!("/tokens/{id}")).expect(200).await;
}

async fn pages_follow_one_another_and_cursors_belong_to_their_list(app: &TestApp) {
    let client = with_ana(app).await;
    for local in ["bob", "cleo", "dan", "eva"] {
        app.mailbox(&format!("{local}@brightwater.example")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/mailboxes?limit=2&domain=brightwater.example".to_owned();
    loop {
        let page = client.get(&path).expect(200).await;
        let data = page.body["data"].as_array().unwrap();
        seen.extend(
            data.iter()
                .map(|item| item["address"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page.body["has_more"], !page.body["next_after"].is_null());
        let Some(link) = page.header("link").strip_suffix(">; rel=\"next\"") else {
            break;
        };
        link.strip_prefix("<http://postdesk.example/api/v1")
            .unwrap()
            .clone_into(&mut path);
        assert!(path.ends_with(page.text("/next_after")));
    }
    let locals: Vec<&str> = seen
        .iter()
        .map(|address| address.split('@').next().unwrap())
        .collect();
    assert_eq!(locals, ["ana", "bob", "cleo", "dan", "eva"]);

    let first = client.get("/mailboxes?limit=2").expect(200).await;
    let after = first.text("/next_after");
    for other in [
        "/mailboxes?limit=2&q=a",
        "/mailboxes?state=active",
        "/mailboxes?domain=brightwater.example",
    ] {
        client
            .get(&format!("{other}&after={after}"))
            .problem(400, "bad_cursor")
            .await;
    }
    client
        .get("/mailboxes?after=AAAA")
        .problem(400, "bad_cursor")
        .await;
}

async fn a_dry_run_says_what_it_would_do_and_leaves_nothing(app: &TestApp) {
    let client = with_ana(app).await;
    let before = app.mailbox_now("ana@brightwater.example").await;
    let wish = json!({"address": "bob@brightwater.example", "quota_bytes": 1_073_741_824});

    let told = client.post("/mailboxes?dry_run=true", &wish).expect(200).await;
    assert_eq!(told.body["dry_run"], true);
    assert_eq!(
        told.body["effects"],
        json!([{"action": "mailbox.create", "subject": "bob@brightwater.example",
            "text": "Mailbox bob@brightwater.example with 1 GB"}])
    );
    assert_eq!(told.header("location"), "");
    client
        .get("/mailboxes/bob@brightwater.example")
        .problem(404, "not_found")
        .await;

    client.delete(&format!("{ANA}?dry_run=true")).expect(200).await;
    client
        .patch(&format!("{ANA}?dry_run=true"), json!({"display_name": "X"}))
        .expect(200)
        .await;
    client
        .post(
            &format!("{ANA}/rename?dry_run=true"),
            json!({"local_part": "eva"}),
        )
        .expect(200)
        .await;
    let told = client.post(
        &format!("{ANA}/password-resets?dry_run=true"),
        json!({"kind": "one_time"}),
    );
    assert!(told.expect(200).await.body.get("password").is_none());
    let after = app.mailbox_now("ana@brightwater.example").await;
    assert_eq!(format!("{before:?}"), format!("{after:?}"));

    let taken = json!({"address": "ana@brightwater.example"});
    client
        .post("/mailboxes?dry_run=true", taken)
        .problem(409, "already_exists")
        .await;
    client
        .post("/mailboxes?dry_run=yes", &wish)
        .problem(400, "bad_parameter")
        .await;
}

async fn what_belongs_to_others_is_like_what_is_not_there(app: &TestApp) {
    with_ana(app).await;
    let stranger = Client::of(app, &app.stranger().await).await;
    let ana = app.mailbox_now("ana@brightwater.example").await;

    let hidden = stranger.get(ANA).problem(404, "not_found").await;
    let absent = stranger
        .get("/mailboxes/bob@brightwater.example")
        .problem(404, "not_found")
        .await;
    let text = hidden.body.to_string().replace("ana@", "bob@");
    assert_eq!(text, absent.body.to_string());
    stranger
        .get(&format!("/mailboxes/{}", ana.id))
        .problem(404, "not_found")
        .await;
    stranger.delete(ANA).problem(404, "not_found").await;
    stranger
        .patch(ANA, json!({"display_name": "X"}))
        .problem(404, "not_found")
        .await;
    stranger
        .put(ANA, json!({"display_name": "X"}))
        .problem(404, "not_found")
        .await;
    stranger
        .put(
            &format!("{ANA}/password"),
            json!({"password": "amber-tunnel-copper"}),
        )
        .problem(404, "not_found")
        .await;
    stranger
        .post("/mailboxes", json!({"address": "c@brightwater.example"}))
        .problem(404, "not_found")
        .await;
    stranger
        .get("/mailboxes?domain=brightwater.example")
        .problem(404, "not_found")
        .await;
    let all = stranger.get("/mailboxes").expect(200).await;
    assert_eq!(all.body["data"], json!([]));
}

async fn put_by_address_adds_or_replaces(app: &TestApp) {
    app.domain("brightwater.example").default_quota("2 GB").await;
    let client = Client::operator(app).await;
    let wish = json!({"display_name": "Ana", "labels": ["a"], "password": "amber-tunnel-copper-river"});

    client
        .put(ANA, &wish)
        .header("if-match", "*")
        .problem(412, "precondition_failed")
        .await;
    let added = client.put(ANA, &wish).expect(201).await;
    assert_eq!(added.body["quota_bytes"], 2_147_483_648_u64);
    client
        .put(ANA, &wish)
        .header("if-none-match", "*")
        .problem(412, "precondition_failed")
        .await;

    let replaced = client
        .put(
            ANA,
            json!({"address": "ana@brightwater.example", "quota_bytes": 5}),
        )
        .expect(200)
        .await;
    assert_eq!(replaced.body["labels"], json!([]));
    assert_eq!(replaced.text("/display_name"), "ana");
    assert_eq!(replaced.body["quota_bytes"], 5);
    assert_eq!(
        replaced.body["has_password"], true,
        "a password that is not given stays"
    );
    let told = client
        .put(ANA, json!({"address": "eva@brightwater.example"}))
        .problem(422, "invalid")
        .await;
    assert_eq!(told.errors(), ["/address address_differs"]);
    client
        .put("/mailboxes/a%20b@brightwater.example", "{}")
        .problem(422, "invalid")
        .await;
    client
        .put("/mailboxes/mbx_00000000000000000000000000", "{}")
        .problem(404, "not_found")
        .await;
}

async fn a_renamed_mailbox_says_where_it_is(app: &TestApp) {
    let client = with_ana(app).await;
    let renamed = client
        .post(&format!("{ANA}/rename"), json!({"local_part": "eva"}))
        .expect(200)
        .await;
    assert_eq!(renamed.text("/address"), "eva@brightwater.example");

    let moved = client.get(ANA).expect(301).await;
    assert_eq!(
        moved.header("location"),
        "http://postdesk.example/api/v1/mailboxes/eva@brightwater.example"
    );
    client
        .patch(ANA, json!({"display_name": "X"}))
        .problem(409, "renamed")
        .await;
    let stranger = Client::of(app, &app.stranger().await).await;
    stranger.get(ANA).problem(404, "not_found").await;
    client.put(ANA, "{}").expect(201).await;
}

async fn the_bin_is_listed_with_the_rest_when_asked_for(app: &TestApp) {
    let client = with_ana(app).await;
    app.mailbox("bob@brightwater.example").await;
    for _ in 0..2 {
        client.delete(ANA).expect(200).await;
        app.mailbox("ana@brightwater.example").await;
    }
    let mut seen = Vec::new();
    let mut path = "/mailboxes?include_deleted=true&limit=1".to_owned();
    loop {
        let page = client.get(&path).expect(200).await;
        seen.push((
            page.text("/data/0/address").to_owned(),
            page.text("/data/0/state").to_owned(),
        ));
        let after = page.text("/next_after");
        if after.is_empty() {
            break;
        }
        path = format!("/mailboxes?include_deleted=true&limit=1&after={after}");
    }
    let states: Vec<&str> = seen.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(states, ["deleted", "deleted", "active", "active"], "{seen:?}");
    let usual = client.get("/mailboxes").expect(200).await;
    assert_eq!(usual.body["data"].as_array().unwrap().len(), 2);
}

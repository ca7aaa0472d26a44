//! What is particular to a resource.

use postdesk::access::Role;
use serde_json::json;

use super::client::Client;
use crate::support::app::TestApp;
use crate::support::backend::both;

both!(
    a_domain_belongs_to_an_org_and_is_named_by_name_or_id,
    a_catch_all_is_an_alias_without_a_local_part,
    members_come_and_go_one_by_one,
    whoever_looks_after_one_domain_sees_its_history_and_no_other,
    the_feed_goes_on_where_it_ended,
    an_export_is_a_table_without_formulas_or_an_event_a_line,
    nobody_learns_of_the_orgs_domains_and_aliases_of_others,
    a_token_neither_makes_nor_revokes_tokens,
    an_answer_waits_for_the_targets_as_long_as_was_said,
    what_is_missing_in_a_role_is_named,
    a_problem_without_a_body_points_at_no_field,
);

async fn an_export_is_a_table_without_formulas_or_an_event_a_line(app: &TestApp) {
    let client = Client::operator(app).await;
    app.mailbox("ana@brightwater.example").await;
    let note = json!({"note": "=HYPERLINK(\"http://evil.example\")"});
    client
        .patch("/domains/brightwater.example", note)
        .expect(200)
        .await;
    let reason = json!({"reason": "=1+1"});
    let path = "/domains/brightwater.example/suspension";
    client.put(path, reason).expect(200).await;

    let export = "/audit/export?domain=brightwater.example";
    let table = client.get(export).header("accept", "text/csv").expect(200).await;
    assert!(table.header("content-type").starts_with("text/csv"));
    assert!(table.header("content-disposition").ends_with("-2026-01-05.csv\""));
    let text = table.text("");
    assert!(text.starts_with("\"time\",\"event\""), "{text}");
    assert!(text.contains("\"'=1+1\"") && !text.contains("\"=1+1"), "{text}");
    assert_eq!(text.matches("\r\n").count(), 6, "{text}");

    let lines = client.get(&format!("{export}&type=domain")).expect(200).await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let lines: Vec<serde_json::Value> = lines
        .text("")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["domain.suspended", "domain.updated", "domain.created"]);
    let told = client.get("/audit/export?format=pdf&type=x&from=yesterday");
    assert_eq!(told.problem(400, "bad_parameter").await.errors().len(), 3);
    let admin = Client::of(app, &app.domain_admin("brightwater.example").await).await;
    admin.get(export).problem(403, "forbidden").await;
}

async fn a_problem_without_a_body_points_at_no_field(app: &TestApp) {
    let client = Client::operator(app).await;
    let ana = app.mailbox("ana@brightwater.example").quota("2 GB").await;
    let ana = format!("/mailboxes/{}", ana.id);
    client.delete(&ana).expect(200).await;
    app.alias("ana@brightwater.example", &["x@outside.test"]).await;

    let back = client.post(&format!("{ana}/restoration"), "");
    let told = back.problem(409, "already_exists").await;
    assert_eq!(told.errors(), [" already_exists"]);
    let anew = client.post("/mailboxes", json!({"address": "ana@brightwater.example"}));
    let told = anew.problem(409, "already_exists").await;
    assert_eq!(told.errors(), ["/address already_exists"]);

    client
        .delete("/aliases/ana@brightwater.example")
        .expect(200)
        .await;
    client
        .put(
            "/domains/brightwater.example/limits",
            json!({"quota_bytes": 1_048_576}),
        )
        .expect(200)
        .await;
    let full = client.post(&format!("{ana}/restoration"), "");
    let told = full.problem(409, "limit_reached").await;
    assert_eq!(told.errors(), [" limit_reached"]);
    assert_eq!(told.body["errors"][0]["max"], 1_048_576);
}

async fn a_domain_belongs_to_an_org_and_is_named_by_name_or_id(app: &TestApp) {
    let client = Client::operator(app).await;
    let org = client
        .post("/orgs", json!({"name": "Brightwater"}))
        .expect(201)
        .await;
    let wish = json!({"name": "BRIGHTWATER.example", "org": org.text("/id"), "limits": {"mailboxes": 1}});
    let domain = client.post("/domains", wish).expect(201).await;
    assert_eq!(
        (domain.text("/name"), domain.text("/org")),
        ("brightwater.example", org.text("/id"))
    );
    assert_eq!(domain.body["limits"]["mailboxes"], 1);
    assert_eq!(domain.body["limits"]["aliases"], "unlimited");

    let by_id = client
        .get(&format!("/domains/{}", domain.text("/id")))
        .expect(200)
        .await;
    assert_eq!(by_id.body, domain.body);
    client
        .post("/mailboxes", json!({"address": "a@brightwater.example"}))
        .expect(201)
        .await;
    let full = client.post("/mailboxes", json!({"address": "b@brightwater.example"}));
    let full = full.problem(409, "limit_reached").await;
    assert!(
        full.text("/detail").contains("may hold 1 mailbox and holds 1"),
        "{}",
        full.text("/detail")
    );
    assert!(!full.text("/next").is_empty());

    for bad in ["-1", "1.5", "null", "\"all\"", "9223372036854775808"] {
        let told = client.put(
            "/domains/brightwater.example/limits",
            format!("{{\"mailboxes\": {bad}}}"),
        );
        assert!(told.problem(422, "invalid").await.errors()[0].starts_with("/mailboxes amount_"));
    }
    client
        .post("/domains", json!({"name": "gmail.com", "org": org.text("/id")}))
        .problem(422, "invalid")
        .await;
    client
        .post("/domains", json!({"name": "b.example"}))
        .problem(422, "invalid")
        .await;
    client
        .delete(&format!("/orgs/{}", org.text("/id")))
        .expect(200)
        .await;
}

async fn a_catch_all_is_an_alias_without_a_local_part(app: &TestApp) {
    app.mailbox("ana@brightwater.example").await;
    let client = Client::operator(app).await;
    let to_ana = json!({"destinations": ["Ana@Brightwater.example"]});

    let made = client
        .put("/aliases/@brightwater.example", &to_ana)
        .expect(201)
        .await;
    assert_eq!(
        (made.text("/address"), &made.body["catch_all"]),
        ("@brightwater.example", &json!(true))
    );
    assert_eq!(made.body["destinations"], json!(["ana@brightwater.example"]));
    let again = client
        .put("/aliases/@brightwater.example", &to_ana)
        .expect(200)
        .await;
    assert_eq!(again.header("etag"), made.header("etag"), "nothing changed");
    let way = client
        .get("/resolve?address=nobody@brightwater.example")
        .expect(200)
        .await;
    assert_eq!(
        (way.text("/kind"), way.text("/next/0/kind")),
        ("catch_all", "mailbox")
    );

    let wish = json!({"address": "ana@brightwater.example", "destinations": ["x@elsewhere.example"]});
    client.post("/aliases", wish).problem(409, "already_exists").await;
    let wish = json!({"address": "a@brightwater.example", "destinations": ["a@brightwater.example"]});
    client.post("/aliases", wish).problem(409, "alias_loop").await;
    let wish =
        json!({"address": "a@brightwater.example", "destinations": ["|id", "b@x.example", "c d@x.example"]});
    let told = client.post("/aliases", wish).problem(422, "invalid").await;
    assert_eq!(told.errors().len(), 2);
    assert!(told.errors()[1].starts_with("/destinations/2 "));
}

async fn members_come_and_go_one_by_one(app: &TestApp) {
    app.alias("team@brightwater.example", &["a@elsewhere.example"])
        .await;
    let client = Client::operator(app).await;
    let members = "/aliases/team@brightwater.example/members";
    let add = async |member: &str| client.put(&format!("{members}/{member}"), "").expect(200).await;

    // All of them at the same time, and none is lost.
    tokio::join!(
        add("b@x.example"),
        add("c@x.example"),
        add("d@x.example"),
        add("e@x.example")
    );
    let all = client.get(members).expect(200).await;
    assert_eq!(all.body["data"].as_array().unwrap().len(), 5);
    client
        .delete(&format!("{members}/a@elsewhere.example"))
        .expect(200)
        .await;
    client
        .delete(&format!("{members}/a@elsewhere.example"))
        .problem(404, "not_found")
        .await;
    let set = client
        .put(members, json!({"members": ["z@x.example"]}))
        .expect(200)
        .await;
    assert_eq!(set.body["destinations"], json!(["z@x.example"]));
    client
        .put(members, json!({"members": []}))
        .problem(422, "invalid")
        .await;
    client
        .delete(&format!("{members}/z@x.example"))
        .problem(422, "invalid")
        .await;
}

async fn whoever_looks_after_one_domain_sees_its_history_and_no_other(app: &TestApp) {
    let ana = app.mailbox("ana@brightwater.example").await;
    app.mailbox("bob@elsewhere.example").await;
    let admin = Client::of(app, &app.domain_admin("elsewhere.example").await).await;

    let list = admin.get("/audit").expect(200).await;
    let text = list.body.to_string();
    assert!(
        text.contains("bob@elsewhere.example") && !text.contains("brightwater"),
        "{text}"
    );
    let other = admin.get(&format!("/audit?subject={}", ana.id)).expect(200).await;
    assert_eq!(other.body["data"], json!([]));
    admin
        .get("/audit?domain=brightwater.example")
        .problem(404, "not_found")
        .await;
    admin.get("/provisioning/targets").problem(404, "not_found").await;
}

async fn the_feed_goes_on_where_it_ended(app: &TestApp) {
    app.mailbox("ana@brightwater.example").await;
    let client = Client::operator(app).await;
    app.later(std::time::Duration::from_mins(1));
    let first = client
        .get("/events?domain=brightwater.example&limit=500")
        .expect(200)
        .await;
    let kinds: Vec<&str> = (0..2)
        .map(|n| first.body["data"][n]["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["domain.created", "mailbox.created"]);
    assert_eq!(first.body["has_more"], false);

    let after = first.text("/next_after").to_owned();
    let follow = format!("/events?domain=brightwater.example&limit=500&after={after}");
    let nothing = client.get(&follow).expect(200).await;
    assert_eq!(
        (&nothing.body["data"], nothing.text("/next_after")),
        (&json!([]), after.as_str())
    );
    client
        .delete("/mailboxes/ana@brightwater.example")
        .expect(200)
        .await;
    app.later(std::time::Duration::from_mins(1));
    let more = client.get(&follow).expect(200).await;
    assert_eq!(more.text("/data/0/type"), "mailbox.deleted");
    assert_eq!(more.text("/data/0/subject/name"), "ana@brightwater.example");
}

async fn nobody_learns_of_the_orgs_domains_and_aliases_of_others(app: &TestApp) {
    app.mailbox("ana@brightwater.example").await;
    let alias = app
        .alias("sales@brightwater.example", &["ana@brightwater.example"])
        .await;
    let domain = app.domain_now("brightwater.example").await;
    let stranger = Client::of(app, &app.stranger().await).await;
    let paths = [
        "/domains/brightwater.example".to_owned(),
        format!("/domains/{}", domain.id),
        "/domains/brightwater.example/limits".to_owned(),
        "/domains/brightwater.example/aliases".to_owned(),
        format!("/orgs/{}", domain.org_id),
        format!("/orgs/{}/usage", domain.org_id),
        "/aliases/sales@brightwater.example".to_owned(),
        format!("/aliases/{}", alias.id),
        "/aliases/sales@brightwater.example/members".to_owned(),
        "/resolve?address=sales@brightwater.example".to_owned(),
        "/me/permissions?object=brightwater.example".to_owned(),
        format!("/domains?org={}", domain.org_id),
        format!("/events?org={}", domain.org_id),
        "/aliases?domain=brightwater.example".to_owned(),
    ];
    for path in paths {
        stranger.get(&path).problem(404, "not_found").await;
    }
    let to = json!({"destinations": ["a@x.example"]});
    stranger
        .put("/aliases/new@brightwater.example", to)
        .problem(404, "not_found")
        .await;
    stranger
        .delete("/domains/brightwater.example")
        .problem(404, "not_found")
        .await;
    stranger
        .put("/domains/brightwater.example/suspension", json!({"reason": "x"}))
        .problem(404, "not_found")
        .await;
    let found = stranger.get("/search?q=ana").expect(200).await;
    assert_eq!(found.body["data"], json!([]));
}

async fn a_token_neither_makes_nor_revokes_tokens(app: &TestApp) {
    let client = Client::operator(app).await;
    let tokens = client.get("/tokens").expect(200).await;
    let id = tokens.text("/data/0/id");
    assert!(!tokens.body.to_string().contains("digest"));
    client.get(&format!("/tokens/{id}")).expect(200).await;
    client
        .post("/tokens", json!({"name": "x"}))
        .problem(405, "method_not_allowed")
        .await;
    client
        .delete(&format!("/tokens/{id}"))
        .problem(405, "method_not_allowed")
        .await;
    let me = client.get("/me").expect(200).await;
    assert_eq!((me.text("/token"), me.text("/grants/0/role")), (id, "operator"));
}

async fn an_answer_waits_for_the_targets_as_long_as_was_said(app: &TestApp) {
    // Without a target there is nothing to wait for.
    app.store.sync_targets(&[]).await.unwrap();
    app.domain("brightwater.example").await;
    let client = Client::operator(app).await;
    let wish = json!({"address": "ana@brightwater.example"});
    let waited = client
        .post("/mailboxes", wish)
        .header("prefer", "wait=5")
        .expect(201)
        .await;
    assert_eq!(waited.header("preference-applied"), "wait=5");
    assert_eq!(waited.text("/provisioning/state"), "in_sync");
    let change = json!({"display_name": "Ana"});
    let other = client
        .patch("/mailboxes/ana@brightwater.example", &change)
        .header("prefer", "handling=strict");
    assert_eq!(other.expect(200).await.header("preference-applied"), "");
    let long = client
        .patch("/mailboxes/ana@brightwater.example", &change)
        .header("prefer", "wait=3600");
    assert_eq!(long.expect(200).await.header("preference-applied"), "wait=30");
    let bad = client
        .patch("/mailboxes/ana@brightwater.example", &change)
        .header("prefer", "wait=soon");
    bad.problem(400, "bad_parameter").await;
}

async fn what_is_missing_in_a_role_is_named(app: &TestApp) {
    app.mailbox("ana@brightwater.example").await;
    let scope = app.domain_scope("brightwater.example").await;
    let desk = Client::of(app, &app.role(Role::Support, scope).await).await;
    let ana = "/mailboxes/ana@brightwater.example";

    desk.get(ana).expect(200).await;
    desk.post(&format!("{ana}/password-resets"), json!({"kind": "one_time"}))
        .expect(200)
        .await;
    let admin = app.domain_admin("brightwater.example").await;
    let told = desk.delete(ana).problem(403, "forbidden").await;
    assert_eq!(told.text("/required/permission"), "mailbox.delete");
    assert_eq!(told.text("/required/scope"), "domain:brightwater.example");
    let who = [&admin.call.actor.identity().name];
    assert_eq!(told.body["required"]["who_can"], json!(who));
    let help_desk = Client::of(app, &app.help_desk("brightwater.example").await).await;
    let told = help_desk.delete(ana).problem(403, "forbidden").await;
    assert_eq!(
        told.body["required"].get("who_can"),
        None,
        "who may not see who manages is told nobody"
    );
    let told = desk
        .post("/mailboxes", json!({"address": "b@brightwater.example"}))
        .problem(403, "forbidden")
        .await;
    assert_eq!(told.text("/required/scope"), "domain:brightwater.example");
    let hash = json!({"password_hash": format!("{{BLF-CRYPT}}$2y$12${}", "a".repeat(53))});
    let told = desk
        .put(&format!("{ana}/password"), hash)
        .problem(403, "forbidden")
        .await;
    assert_eq!(told.text("/required/permission"), "hash.import");
    let mine = desk
        .get("/me/permissions?object=ana@brightwater.example")
        .expect(200)
        .await;
    let listed = mine.body["permissions"].to_string();
    assert!(
        listed.contains("mailbox.set_quota") && !listed.contains("mailbox.delete"),
        "{listed}"
    );
    let explained = mine.body["explained"].as_array().unwrap();
    let of = |name: &str| explained.iter().find(|one| one["permission"] == name).unwrap();
    assert_eq!(of("mailbox.set_quota")["against"], json!(null));
    assert!(
        of("mailbox.set_quota")["by"][0]
            .as_str()
            .unwrap()
            .starts_with("grt_")
    );
    assert_eq!(of("mailbox.delete")["against"], "missing");
    assert_eq!(of("mailbox.delete")["by"], json!([]));
}

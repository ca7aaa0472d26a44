//! What people and programs write at the doors of the API: each name, address, destination and hash is taken in its
//! canonical form or refused for its own reason, and a refusal leaves nothing behind.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use crate::support::app::TestApp;
use crate::support::backend::Backend;

const CASES: &str = include_str!("doors.txt");

/// The cases of one door: what is given, and what is expected.
fn cases(door: &str) -> Vec<(String, &'static str)> {
    let mut at = "";
    let mut found = Vec::new();
    for line in CASES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(name) = line.strip_prefix('[') {
            at = name.trim_end_matches(']');
        } else if at == door {
            let mut given = serde_json::Deserializer::from_str(line).into_iter::<String>();
            let text = given.next().unwrap().unwrap();
            found.push((text, line[given.byte_offset()..].trim()));
        }
    }
    found
}

/// What is wrong with an answer, if anything is.
fn fault(text: &str, expected: &str, pointer: &str, kept: &str, answer: &Answer) -> Option<String> {
    let told: Vec<String> = answer.errors();
    let shown = answer.text(kept);
    let Some(codes) = expected.strip_prefix('!') else {
        let canonical = if expected == "=" { text } else { expected };
        let is_kept = [canonical, "ok"].contains(&shown.trim_end_matches("@anchor.test")) || expected == "ok";
        let good = answer.status == 201 && (is_kept || shown == canonical);
        return (!good).then(|| format!("{text:?} is not {canonical}: {} {told:?} {shown}", answer.status));
    };
    let expected: Vec<String> = codes.split(' ').map(|code| format!("{pointer} {code}")).collect();
    if answer.status.as_u16() != 422 || told != expected {
        return Some(format!(
            "{text:?} is not {codes}: {} {told:?} {}",
            answer.status,
            answer.text(kept)
        ));
    }
    let details = answer.body["errors"]
        .as_array()?
        .iter()
        .map(|error| error["detail"].as_str().unwrap());
    let unclear = |detail: &str| detail.len() < 20 || detail.chars().any(char::is_control);
    details
        .clone()
        .any(unclear)
        .then(|| format!("{text:?} is refused unclearly: {:?}", details.collect::<Vec<_>>()))
}

/// How a text is given at a door: the path, the body, the field that it stands in, and where it is shown.
struct Door {
    name: &'static str,
    path: &'static str,
    body: fn(&str, usize, &str) -> Value,
    pointer: &'static str,
    kept: &'static str,
}

const DOORS: [Door; 4] = [
    Door {
        name: "domain",
        path: "/domains",
        body: |text, _, org| json!({"name": text, "org": org}),
        pointer: "/name",
        kept: "/name",
    },
    Door {
        name: "mailbox",
        path: "/mailboxes",
        body: |text, _, _| json!({"address": format!("{text}@anchor.test")}),
        pointer: "/address",
        kept: "/address",
    },
    Door {
        name: "destination",
        path: "/aliases",
        body: |text, n, _| json!({"address": format!("alias{n}@anchor.test"), "destinations": [text]}),
        pointer: "/destinations/0",
        kept: "/destinations/0",
    },
    Door {
        name: "hash",
        path: "/mailboxes",
        body: |text, n, _| json!({"address": format!("hash{n}@anchor.test"), "password_hash": text}),
        pointer: "/password_hash",
        kept: "/address",
    },
];

#[tokio::test]
async fn each_text_is_taken_in_its_canonical_form_or_refused_for_its_own_reason() {
    let app = TestApp::new(Backend::Sqlite).await;
    let client = Client::operator(&app).await;
    let org = app.domain("anchor.test").await.org_id.to_string();
    let mut faults = Vec::new();
    let mut tried = 0;
    for door in &DOORS {
        for (n, (text, expected)) in cases(door.name).into_iter().enumerate() {
            let before = app.dump().await;
            let answer = client.post(door.path, (door.body)(&text, n, &org)).send().await;
            faults.extend(fault(&text, expected, door.pointer, door.kept, &answer));
            if expected.starts_with('!') && app.dump().await != before {
                faults.push(format!("{text:?} left something behind"));
            }
            tried += 1;
        }
    }
    assert!(faults.is_empty(), "{} of {tried}: {faults:#?}", faults.len());
    assert!(tried >= 270, "{tried}");
}

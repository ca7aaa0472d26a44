//! Many clients of a running portal who want the same thing at the same moment.

use std::collections::BTreeMap;
use std::sync::Barrier;

use serde_json::{Value, json};
use tempfile::tempdir;

use super::wire::{self, Wire};
use crate::support::postgres;

/// What one client asks for: method, path, further lines of the head, body.
type Wish = (&'static str, String, String, String);

fn wish(method: &'static str, path: &str, body: Option<Value>) -> Wish {
    let body = body.map_or_else(String::new, |body| body.to_string());
    (method, path.to_owned(), String::new(), body)
}

/// Asks for all of it at the same moment; how often each status and code came back.
fn together(wire: &Wire, wishes: &[Wish]) -> BTreeMap<String, usize> {
    let barrier = Barrier::new(wishes.len());
    let ask = |(method, path, head, body): &Wish| {
        barrier.wait();
        let reply = wire.try_ask(method, path, head, body).expect("an answer");
        format!("{} {}", reply.status, reply.code()).trim().to_owned()
    };
    let mut counted = BTreeMap::new();
    std::thread::scope(|scope| {
        let running: Vec<_> = wishes.iter().map(|wish| scope.spawn(|| ask(wish))).collect();
        for answer in running {
            *counted.entry(answer.join().unwrap()).or_default() += 1;
        }
    });
    counted
}

fn counted<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.map(|(answer, count)| (answer.to_owned(), count)).into()
}

/// Runs the same against a portal on each kind of store.
fn on_both(story: impl Fn(&Wire)) {
    for url in [
        "sqlite:postdesk.db".to_owned(),
        postgres::server().create_database().url(),
    ] {
        let dir = tempdir().unwrap();
        let (portal, wire) = wire::portal(dir.path(), &format!("database = \"{url}\"\n"), &[], "");
        story(&wire);
        portal.stop();
    }
}

#[test]
fn sixteen_clients_get_one_last_place_of_a_domain_and_of_an_org() {
    on_both(|wire| {
        let org = wire
            .ask("POST", "/orgs", &json!({"name": "Brightwater"}).to_string())
            .body;
        let org = org["id"].as_str().unwrap();
        for name in ["two.example", "three.example"] {
            let domain = json!({"name": name, "org": org}).to_string();
            assert_eq!(wire.ask("POST", "/domains", &domain).status, 201);
        }
        for round in 0..3 {
            for (path, limit, domains) in [
                (
                    "/domains/one.example",
                    2 * round + 1,
                    ["one.example", "one.example"],
                ),
                (
                    &format!("/orgs/{org}"),
                    round + 1,
                    ["two.example", "three.example"],
                ),
            ] {
                let limits = json!({"mailboxes": limit}).to_string();
                assert_eq!(wire.ask("PUT", &format!("{path}/limits"), &limits).status, 200);
                let places = limit
                    - wire.ask("GET", path, "").body["usage"]["mailboxes"]
                        .as_u64()
                        .unwrap();
                let create = |n: usize| {
                    let address = format!("r{round}m{n}@{}", domains[n % 2]);
                    wish("POST", "/mailboxes", Some(json!({"address": address})))
                };
                let wishes: Vec<Wish> = (0..16).map(create).collect();
                let answers = together(wire, &wishes);
                let places = usize::try_from(places).unwrap();
                assert_eq!(
                    answers,
                    counted([("201", places), ("409 limit_reached", 16 - places)]),
                    "{path}"
                );
                let usage = &wire.ask("GET", path, "").body["usage"];
                assert_eq!(usage["mailboxes"], limit, "{usage}");
            }
        }
    });
}

#[test]
fn of_those_who_delete_one_thing_at_once_one_is_told_so() {
    on_both(|wire| {
        for round in 0..4 {
            let body = json!({"address": format!("m{round}@one.example")});
            let made = wire.ask("POST", "/mailboxes", &body.to_string()).body;
            let by_address = format!("/mailboxes/m{round}@one.example");
            let by_id = format!("/mailboxes/{}", made["id"].as_str().unwrap());
            let (path, other) = if round % 2 == 0 {
                (by_address, "404 not_found")
            } else {
                (by_id, "409 deleted")
            };
            let answers = together(wire, &vec![wish("DELETE", &path, None); 4]);
            assert_eq!(answers, counted([("200", 1), (other, 3)]), "{path}");
        }
        let usage = &wire.ask("GET", "/domains/one.example", "").body["usage"];
        assert_eq!(usage["mailboxes"], 0);
        let told = wire.ask("GET", "/audit?limit=100", "").body;
        let deleted = |event: &&Value| event["type"] == "mailbox.deleted";
        assert_eq!(told["data"].as_array().unwrap().iter().filter(deleted).count(), 4);
    });
}

#[test]
fn one_address_is_made_once_whoever_puts_it() {
    on_both(|wire| {
        let put = |n: usize| {
            wish(
                "PUT",
                "/mailboxes/ana@one.example",
                Some(json!({"display_name": format!("Ana {n}")})),
            )
        };
        let answers = together(wire, &(0..8).map(put).collect::<Vec<_>>());
        assert_eq!(answers, counted([("200", 7), ("201", 1)]));

        // A mailbox and an alias never share an address: what is deleted meanwhile is made anew by one of them, or by
        // nobody where the delete came last.
        let mut wishes = vec![wish("DELETE", "/mailboxes/ana@one.example", None)];
        for n in 0..4 {
            wishes.push(put(n));
            let alias = json!({"address": "ana@one.example", "destinations": ["x@elsewhere.example"]});
            wishes.push(wish("POST", "/aliases", Some(alias)));
        }
        let answers = together(wire, &wishes);
        let known = ["200", "201", "409 already_exists", "404 not_found"];
        assert!(
            answers.keys().all(|answer| known.contains(&answer.as_str())),
            "{answers:?}"
        );
        let usage = &wire.ask("GET", "/domains/one.example", "").body["usage"];
        let held = usage["mailboxes"].as_u64().unwrap() + usage["aliases"].as_u64().unwrap();
        let made = answers.get("201").copied().unwrap_or(0);
        assert!(made <= 1, "{answers:?}");
        assert_eq!(held, made as u64, "{usage} {answers:?}");
    });
}

#[test]
fn one_idempotency_key_is_one_deed_however_many_send_it() {
    on_both(|wire| {
        let wish = |key: &str, local: &str| {
            let body = json!({"address": format!("{local}@one.example")});
            let head = format!("Idempotency-Key: {key}\r\n");
            ("POST", "/mailboxes".to_owned(), head, body.to_string())
        };
        let answers = together(wire, &vec![wish("one", "ana"); 8]);
        assert_eq!(answers, counted([("201", 8)]));
        let answers = together(wire, &[wish("two", "ben"), wish("two", "eve")]);
        assert_eq!(answers, counted([("201", 1), ("422 idempotency_key_reused", 1)]));
        let held = wire.ask("GET", "/mailboxes", "").body["data"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(held, 2);
    });
}

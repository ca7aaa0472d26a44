//! The examples of the OpenAPI document, carried out in order on a new installation.

use std::collections::BTreeMap;

use http::Method;
use postdesk::access::{Role, Scope};
use postdesk::http::api;
use postdesk::service::accounts::{self, NewAccount};
use serde_json::{Map, Value, json};

use super::client::Client;
use super::document::{is_update, kept};
use crate::support::app::TestApp;
use crate::support::backend::{Backend, block_on};

/// One example: the operation, how it is asked, and the status of its answer.
type Example = (&'static str, Method, &'static str, Value, u16);

const GET: Method = Method::GET;
const PUT: Method = Method::PUT;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// `{customer}`, `{token}` stand for ids that the first steps gave.
#[expect(clippy::too_many_lines, reason = "a table: one line for each operation")]
fn story() -> Vec<Example> {
    let none = || Value::Null;
    vec![
        ("getMeta", GET, "/meta", none(), 200),
        ("getMe", GET, "/me", none(), 200),
        ("listTokens", GET, "/tokens", none(), 200),
        ("getToken", GET, "/tokens/{token}", none(), 200),
        (
            "rotateToken",
            POST,
            "/tokens/{token}/rotate",
            json!({"overlap_hours": 24}),
            201,
        ),
        (
            "listAccountTokens",
            GET,
            "/accounts/{service}/tokens",
            none(),
            200,
        ),
        (
            "getAccountToken",
            GET,
            "/accounts/{service}/tokens/{service_token}",
            none(),
            200,
        ),
        (
            "revokeAccountToken",
            DELETE,
            "/accounts/{service}/tokens/{service_token}",
            none(),
            200,
        ),
        ("deleteAccount", DELETE, "/accounts/{service}", none(), 200),
        ("listRoles", GET, "/roles", none(), 200),
        ("getRole", GET, "/roles/help_desk", none(), 200),
        ("listAccounts", GET, "/accounts?q=maria", none(), 200),
        ("getAccount", GET, "/accounts/{account}", none(), 200),
        (
            "updateAccount",
            PATCH,
            "/accounts/{account}",
            json!({"name": "Maria Keller"}),
            200,
        ),
        (
            "suspendAccount",
            PUT,
            "/accounts/{account}/suspension",
            json!({"reason": "on leave until May"}),
            200,
        ),
        (
            "resumeAccount",
            DELETE,
            "/accounts/{account}/suspension",
            none(),
            200,
        ),
        (
            "createOrg",
            POST,
            "/orgs",
            json!({"name": "Brightwater", "external_id": "C-4711",
            "limits": {"domains": 5, "mailboxes": 50, "quota_bytes": 536_870_912_000_u64}}),
            201,
        ),
        ("getOrg", GET, "/orgs/{customer}", none(), 200),
        (
            "updateOrg",
            PATCH,
            "/orgs/{customer}",
            json!({"contact": "Maria Keller, +351 21 000 00 00"}),
            200,
        ),
        ("listOrgs", GET, "/orgs?q=bright", none(), 200),
        (
            "setOrgLimits",
            PUT,
            "/orgs/{customer}/limits",
            json!({"domains": 10, "mailboxes": 100,
            "aliases": "unlimited", "quota_bytes": 1_099_511_627_776_u64, "mailbox_quota_bytes": "unlimited"}),
            200,
        ),
        ("getOrgLimits", GET, "/orgs/{customer}/limits", none(), 200),
        ("getOrgPool", GET, "/orgs/{customer}/pool", none(), 200),
        (
            "suspendOrg",
            PUT,
            "/orgs/{customer}/suspension",
            json!({"reason": "invoice 4711 is not paid"}),
            200,
        ),
        ("resumeOrg", DELETE, "/orgs/{customer}/suspension", none(), 200),
        ("deleteOrg", DELETE, "/orgs/{customer}", none(), 200),
        ("restoreOrg", POST, "/orgs/{customer}/restoration", none(), 200),
        (
            "moveOrg",
            POST,
            "/orgs/{customer}/move",
            json!({"parent": "{provider}"}),
            200,
        ),
        (
            "createDomain",
            POST,
            "/domains",
            json!({"name": "brightwater.example", "org": "{customer}",
            "default_quota_bytes": 5_368_709_120_u64, "limits": {"mailboxes": 34}}),
            201,
        ),
        ("getDomain", GET, "/domains/brightwater.example", none(), 200),
        (
            "updateDomain",
            PATCH,
            "/domains/brightwater.example",
            json!({"note": "moves to the new office in May"}),
            200,
        ),
        ("listDomains", GET, "/domains?state=active", none(), 200),
        (
            "setDomainLimits",
            PUT,
            "/domains/brightwater.example/limits",
            json!({"mailboxes": 40}),
            200,
        ),
        (
            "transferDomain",
            POST,
            "/domains/brightwater.example/transfer",
            json!({"org": "{customer}"}),
            200,
        ),
        (
            "getDomainPool",
            GET,
            "/domains/brightwater.example/pool",
            none(),
            200,
        ),
        (
            "getDomainLimits",
            GET,
            "/domains/brightwater.example/limits",
            none(),
            200,
        ),
        (
            "createDomainAlias",
            POST,
            "/domains/brightwater.example/aliases",
            json!({"name": "brightwater-mail.example"}),
            201,
        ),
        (
            "listDomainAliases",
            GET,
            "/domains/brightwater.example/aliases",
            none(),
            200,
        ),
        (
            "deleteDomainAlias",
            DELETE,
            "/domains/brightwater.example/aliases/brightwater-mail.example",
            none(),
            200,
        ),
        (
            "suspendDomain",
            PUT,
            "/domains/brightwater.example/suspension",
            json!({"reason": "sends spam"}),
            200,
        ),
        (
            "resumeDomain",
            DELETE,
            "/domains/brightwater.example/suspension",
            none(),
            200,
        ),
        (
            "deleteDomain",
            DELETE,
            "/domains/brightwater.example",
            none(),
            200,
        ),
        (
            "restoreDomain",
            POST,
            "/domains/brightwater.example/restoration",
            none(),
            200,
        ),
        (
            "createMailbox",
            POST,
            "/mailboxes",
            json!({"address": "ana@brightwater.example",
            "display_name": "Ana Silva", "password": "amber-tunnel-copper-river", "quota_bytes": 5_368_709_120_u64,
            "protocols": {"pop3": false}, "labels": ["office"]}),
            201,
        ),
        (
            "getMailbox",
            GET,
            "/mailboxes/ana@brightwater.example",
            none(),
            200,
        ),
        (
            "putMailbox",
            PUT,
            "/mailboxes/james@brightwater.example",
            json!({"display_name": "James Okafor",
            "quota_bytes": 1_073_741_824_u64}),
            201,
        ),
        (
            "updateMailbox",
            PATCH,
            "/mailboxes/ana@brightwater.example",
            json!({"display_name": "Ana Costa",
            "quota_bytes": 10_737_418_240_u64}),
            200,
        ),
        (
            "listMailboxes",
            GET,
            "/mailboxes?domain=brightwater.example&limit=1",
            none(),
            200,
        ),
        (
            "setMailboxPassword",
            PUT,
            "/mailboxes/ana@brightwater.example/password",
            json!({"password": "harbour-velvet-onion-sledge"}),
            200,
        ),
        (
            "resetMailboxPassword",
            POST,
            "/mailboxes/ana@brightwater.example/password-resets",
            json!({"kind": "link"}),
            200,
        ),
        (
            "suspendMailbox",
            PUT,
            "/mailboxes/ana@brightwater.example/suspension",
            json!({"reason": "password was seen in a leak", "receive": true}),
            200,
        ),
        (
            "resumeMailbox",
            DELETE,
            "/mailboxes/ana@brightwater.example/suspension",
            none(),
            200,
        ),
        (
            "setForwarding",
            PUT,
            "/mailboxes/ana@brightwater.example/forwarding",
            json!({"destinations": ["james@brightwater.example"], "keep_copy": true,
                "until": "2026-02-28T00:00:00Z"}),
            200,
        ),
        (
            "getForwarding",
            GET,
            "/mailboxes/ana@brightwater.example/forwarding",
            none(),
            200,
        ),
        (
            "endForwarding",
            DELETE,
            "/mailboxes/ana@brightwater.example/forwarding",
            none(),
            200,
        ),
        (
            "renameMailbox",
            POST,
            "/mailboxes/james@brightwater.example/rename",
            json!({"local_part": "j.okafor", "leave_alias": true}),
            200,
        ),
        (
            "deleteMailbox",
            DELETE,
            "/mailboxes/j.okafor@brightwater.example",
            none(),
            200,
        ),
        (
            "restoreMailbox",
            POST,
            "/mailboxes/j.okafor@brightwater.example/restoration",
            none(),
            200,
        ),
        (
            "createAlias",
            POST,
            "/aliases",
            json!({"address": "sales@brightwater.example",
            "destinations": ["ana@brightwater.example"], "description": "the shop's form sends here"}),
            201,
        ),
        ("getAlias", GET, "/aliases/sales@brightwater.example", none(), 200),
        (
            "putAlias",
            PUT,
            "/aliases/@brightwater.example",
            json!({"destinations": ["ana@brightwater.example"]}),
            201,
        ),
        (
            "updateAlias",
            PATCH,
            "/aliases/sales@brightwater.example",
            json!({"enabled": false}),
            200,
        ),
        (
            "addAliasMember",
            PUT,
            "/aliases/sales@brightwater.example/members/j.okafor@brightwater.example",
            none(),
            200,
        ),
        (
            "listAliasMembers",
            GET,
            "/aliases/sales@brightwater.example/members",
            none(),
            200,
        ),
        (
            "removeAliasMember",
            DELETE,
            "/aliases/sales@brightwater.example/members/j.okafor@brightwater.example",
            none(),
            200,
        ),
        (
            "setAliasMembers",
            PUT,
            "/aliases/sales@brightwater.example/members",
            json!({"members": ["ana@brightwater.example", "partner@elsewhere.example"]}),
            200,
        ),
        (
            "listAliases",
            GET,
            "/aliases?domain=brightwater.example&q=sales",
            none(),
            200,
        ),
        (
            "deleteAlias",
            DELETE,
            "/aliases/sales@brightwater.example",
            none(),
            200,
        ),
        (
            "restoreAlias",
            POST,
            "/aliases/sales@brightwater.example/restoration",
            none(),
            200,
        ),
        ("getOrgUsage", GET, "/orgs/{customer}/usage", none(), 200),
        (
            "getMyPermissions",
            GET,
            "/me/permissions?object=brightwater.example",
            none(),
            200,
        ),
        (
            "resolveAddress",
            GET,
            "/resolve?address=hello@brightwater.example",
            none(),
            200,
        ),
        ("search", GET, "/search?q=ana", none(), 200),
        (
            "listEvents",
            GET,
            "/events?domain=brightwater.example&limit=2",
            none(),
            200,
        ),
        (
            "listAudit",
            GET,
            "/audit?domain=brightwater.example&limit=2",
            none(),
            200,
        ),
        (
            "undoEvent",
            POST,
            "/events/{event}/undo?dry_run=true",
            none(),
            200,
        ),
        (
            "exportAudit",
            GET,
            "/audit/export?domain=brightwater.example&type=mailbox.renamed",
            none(),
            200,
        ),
        ("verifyAudit", GET, "/audit/verification", none(), 200),
        ("recount", POST, "/recount?dry_run=true", none(), 200),
        ("listTargets", GET, "/provisioning/targets", none(), 200),
        (
            "listOpenObjects",
            GET,
            "/provisioning/objects?state=failed",
            none(),
            200,
        ),
    ]
}

/// Replaces what differs from run to run by what is always the same, in the order in which it is met.
#[derive(Default)]
struct Steady(BTreeMap<String, String>);

impl Steady {
    fn text(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('_') {
            let (start, tail) = rest.split_at(at + 1);
            let begins = start.len().saturating_sub(4);
            let is_prefix = start.is_char_boundary(begins) && start[begins..start.len() - 1].len() == 3;
            let id: String = tail.chars().take_while(char::is_ascii_alphanumeric).collect();
            out.push_str(start);
            if is_prefix && id.len() == 26 {
                let number = self.0.len() + 1;
                let steady = self
                    .0
                    .entry(id.clone())
                    .or_insert_with(|| format!("01kaz3w8h0{number:016}"));
                out.push_str(steady);
                rest = &tail[26..];
            } else {
                rest = tail;
            }
        }
        out + rest
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let members = members.iter().map(|(name, member)| {
                    let member = match (name.as_str(), member) {
                        ("url", Value::String(_)) => {
                            "http://postdesk.example/in/0123456789abcdefghjkmnpqrs".into()
                        }
                        ("hint", Value::String(_)) => "pdk_0123".into(),
                        ("secret", Value::String(_)) => {
                            "pdk_0123456789abcdefghjkmnpqrstvwxyz0123_7k3mpq".into()
                        }
                        ("next_after", Value::String(_)) => {
                            "kQxV3mPq7sHcWyIvIiwiYnJpZ2h0d2F0ZXIuZXhhbXBsZSJd".into()
                        }
                        (_, member) => self.value(member),
                    };
                    (name.clone(), member)
                });
                Value::Object(members.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }
}

#[test]
fn every_example_is_carried_out_and_answered_as_published() {
    let recorded = block_on(async {
        let app = TestApp::new(Backend::Sqlite).await;
        let recorded = carry_out(&app).await;
        app.verify().await;
        recorded
    });
    let text = serde_json::to_string_pretty(&recorded).unwrap() + "\n";
    if is_update() {
        std::fs::write(kept("examples.json"), &text).unwrap();
        std::fs::write(kept("postdesk.json"), api::document_with(&text)).unwrap();
        return;
    }
    let published: Value =
        serde_json::from_str(&std::fs::read_to_string(kept("examples.json")).unwrap()).unwrap();
    for (operation, example) in recorded.as_object().unwrap() {
        assert_eq!(&published[operation], example, "{operation}");
    }
}

async fn carry_out(app: &TestApp) -> Value {
    let client = Client::operator(app).await;
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    let maria = NewAccount {
        email: "maria.keller@brightwater.example".to_owned(),
        name: "Maria".parse().unwrap(),
        password: None,
        grant: Some((Role::Auditor, Scope::System)),
    };
    let maria = accounts::create(app, &app.root(), maria).await.unwrap();
    known.insert("account", maria.value.to_string());
    let provider = app.provider().await.id.to_string();
    let (service, token) = app.service(Role::DomainAdmin, &provider).await;
    known.insert("service", service.to_string());
    known.insert("service_token", token.to_string());
    let mut steady = Steady::default();
    let mut recorded = Map::new();
    for (operation, method, path, body, status) in story() {
        let filled = |text: &str| {
            known.iter().fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
        };
        let (path, sent) = (filled(path), filled(&body.to_string()));
        let sent = if body.is_null() { String::new() } else { sent };
        let asked = match method.as_str() {
            "GET" => client.get(&path),
            "PUT" => client.put(&path, &sent),
            "POST" => client.post(&path, &sent),
            "PATCH" => client.patch(&path, &sent),
            _ => client.delete(&path),
        };
        let answer = asked.expect(status).await;
        match operation {
            "listTokens" => known.insert("token", answer.text("/data/0/id").to_owned()),
            "listAudit" => known.insert("event", answer.text("/data/0/id").to_owned()),
            "createOrg" => {
                known.insert("provider", answer.text("/parent").to_owned());
                known.insert("customer", answer.text("/id").to_owned())
            }
            _ => None,
        };
        let mut example = json!({"status": status, "response": steady.value(&answer.body)});
        if !sent.is_empty() {
            let sent: Value = serde_json::from_str(&sent).unwrap();
            example["request"] = steady.value(&sent);
        }
        recorded.insert(operation.to_owned(), example);
    }
    Value::Object(recorded)
}

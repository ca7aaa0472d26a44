//! Every operation of the document × every role × whose the thing is: what is not yours is as if it were not, what is
//! yours opens as far as your role goes, and a refusal names the permission.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use postdesk::access::{Action, Role, Scope, holds};
use postdesk::http::api;
use postdesk::model::AliasPatch;
use postdesk::service::{aliases, mailboxes, tokens};
use serde_json::{Value, json};

use super::client::{Answer, Client};
use crate::support::app::TestApp;
use crate::support::backend::Backend;
use crate::support::person::Person;

/// What an operation takes: the permissions in the order in which they are asked for, and its body. A new operation of
/// the document belongs here.
struct Operation {
    id: &'static str,
    takes: &'static [Action],
    body: fn(&Things) -> Value,
    about: About,
}

/// What an operation is about.
#[derive(Copy, Clone, PartialEq, Eq)]
enum About {
    /// One thing, named by its path.
    Path,
    /// One thing, named by its body.
    Body,
    /// One thing, named by this parameter.
    Parameter(&'static str),
    /// A list, which may be narrowed to an org or a domain.
    List,
    /// The asker.
    Asker,
    /// The whole installation.
    System,
}

/// The names of one customer's things.
#[derive(Clone, Debug)]
struct Things {
    org: String,
    account: String,
    domain: String,
    other_name: String,
    mailbox: String,
    alias: String,
    ids: BTreeMap<&'static str, String>,
}

fn none(_: &Things) -> Value {
    Value::Null
}

fn reason(_: &Things) -> Value {
    json!({"reason": "x"})
}

fn to_ana(things: &Things) -> Value {
    json!({"destinations": [things.mailbox]})
}

const fn on(id: &'static str, takes: &'static [Action], body: fn(&Things) -> Value) -> Operation {
    Operation {
        id,
        takes,
        body,
        about: About::Path,
    }
}

const fn about(
    about: About,
    id: &'static str,
    takes: &'static [Action],
    body: fn(&Things) -> Value,
) -> Operation {
    Operation {
        id,
        takes,
        body,
        about,
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one line for each operation")]
fn operations() -> Vec<Operation> {
    use About::{Asker, Body, List, Parameter, System};
    use Action as A;
    vec![
        about(List, "listAccounts", &[A::AccountRead], none),
        on("getAccount", &[A::AccountRead], none),
        on("updateAccount", &[A::AccountUpdate], |_| json!({"name": "x"})),
        on("suspendAccount", &[A::AccountSuspend], reason),
        on("resumeAccount", &[A::AccountSuspend], none),
        on("deleteAccount", &[A::TokenManageAny], none),
        on("listAccountTokens", &[A::TokenManageAny], none),
        on("getAccountToken", &[A::TokenManageAny], none),
        on("revokeAccountToken", &[A::TokenManageAny], none),
        about(Asker, "listRoles", &[], none),
        about(Asker, "getRole", &[], none),
        about(List, "listAliases", &[A::AliasRead], none),
        about(
            Body,
            "createAlias",
            &[A::AliasWrite],
            |things| json!({"address": format!("new@{}", things.domain), "destinations": [things.mailbox]}),
        ),
        on("deleteAlias", &[A::AliasRead, A::AliasDelete], none),
        on("getAlias", &[A::AliasRead], none),
        on(
            "updateAlias",
            &[A::AliasRead, A::AliasWrite],
            |_| json!({"description": "x"}),
        ),
        on("putAlias", &[A::AliasRead, A::AliasWrite], to_ana),
        on("listAliasMembers", &[A::AliasRead], none),
        on(
            "setAliasMembers",
            &[A::AliasRead, A::AliasWrite],
            |things| json!({"members": [things.mailbox]}),
        ),
        on("removeAliasMember", &[A::AliasRead, A::AliasWrite], none),
        on("addAliasMember", &[A::AliasRead, A::AliasWrite], none),
        on("restoreAlias", &[A::AliasRead, A::AliasDelete], none),
        about(List, "listAudit", &[A::AuditRead], none),
        about(System, "verifyAudit", &[A::AuditExport], none),
        about(System, "recount", &[A::SystemManage], none),
        about(List, "exportAudit", &[A::AuditExport], none),
        on("undoEvent", &[A::AuditRead, A::AliasRead, A::AliasWrite], none),
        about(List, "listEvents", &[A::AuditRead], none),
        about(List, "listDomains", &[A::DomainRead], none),
        about(
            Body,
            "createDomain",
            &[A::DomainCreate],
            |things| json!({"name": "new.example", "org": things.org}),
        ),
        on("deleteDomain", &[A::DomainDelete], none),
        on("getDomain", &[A::DomainRead], none),
        on("updateDomain", &[A::DomainUpdate], |_| json!({"note": "x"})),
        on("listDomainAliases", &[A::DomainRead], none),
        on(
            "createDomainAlias",
            &[A::DomainUpdate, A::DomainCreate],
            |_| json!({"name": "another.example"}),
        ),
        on("deleteDomainAlias", &[A::DomainUpdate, A::DomainCreate], none),
        on("getDomainLimits", &[A::DomainRead], none),
        on("setDomainLimits", &[A::LimitsAssign], |_| json!({"mailboxes": 7})),
        on(
            "transferDomain",
            &[A::DomainTransfer, A::DomainCreate],
            |things| json!({"org": things.org}),
        ),
        on("restoreDomain", &[A::DomainDelete], none),
        on("resumeDomain", &[A::DomainSuspend], none),
        on("suspendDomain", &[A::DomainSuspend], reason),
        about(List, "listMailboxes", &[A::MailboxRead], none),
        about(
            Body,
            "createMailbox",
            &[A::MailboxCreate],
            |things| json!({"address": format!("new@{}", things.domain)}),
        ),
        on("deleteMailbox", &[A::MailboxDelete], none),
        on("getMailbox", &[A::MailboxRead], none),
        on(
            "updateMailbox",
            &[A::MailboxUpdate],
            |_| json!({"display_name": "x"}),
        ),
        on("putMailbox", &[A::MailboxRead, A::MailboxUpdate], |_| json!({})),
        on("endForwarding", &[A::MailboxUpdate], none),
        on("getForwarding", &[A::MailboxRead], none),
        on(
            "setForwarding",
            &[A::MailboxUpdate],
            |things| json!({"destinations": [format!("ben@{}", things.domain)]}),
        ),
        on(
            "setMailboxPassword",
            &[A::MailboxRead, A::MailboxResetPassword],
            |_| json!({"password": "amber-tunnel-copper-river"}),
        ),
        on(
            "resetMailboxPassword",
            &[A::MailboxResetPassword],
            |_| json!({"kind": "link"}),
        ),
        on(
            "renameMailbox",
            &[A::MailboxRename],
            |_| json!({"local_part": "annette"}),
        ),
        on("restoreMailbox", &[A::MailboxDelete], none),
        on("resumeMailbox", &[A::MailboxSuspend], none),
        on("suspendMailbox", &[A::MailboxSuspend], reason),
        about(Asker, "getMe", &[], none),
        about(Parameter("object"), "getMyPermissions", &[A::DomainRead], none),
        about(Asker, "getMeta", &[], none),
        about(List, "listOrgs", &[A::OrgRead], none),
        about(
            Body,
            "createOrg",
            &[A::OrgCreate],
            |things| json!({"name": "New", "parent": things.org}),
        ),
        on("deleteOrg", &[A::OrgDelete], none),
        on("getOrg", &[A::OrgRead], none),
        on("updateOrg", &[A::OrgUpdate], |_| json!({"contact": "x"})),
        on("getOrgLimits", &[A::OrgRead], none),
        on("setOrgLimits", &[A::LimitsAssign], |_| json!({"mailboxes": 7})),
        on("restoreOrg", &[A::OrgDelete], none),
        on(
            "moveOrg",
            &[A::OrgDelete, A::OrgCreate],
            |things| json!({"parent": things.org}),
        ),
        on("resumeOrg", &[A::OrgSuspend], none),
        on("suspendOrg", &[A::OrgSuspend], reason),
        on("getOrgPool", &[A::OrgRead], none),
        on("getDomainPool", &[A::DomainRead], none),
        on("getOrgUsage", &[A::OrgRead], none),
        about(System, "listOpenObjects", &[A::ProvisioningRead], none),
        about(System, "listTargets", &[A::ProvisioningRead], none),
        about(Parameter("address"), "resolveAddress", &[A::AliasRead], none),
        about(Asker, "search", &[], none),
        about(Asker, "listTokens", &[], none),
        about(Asker, "getToken", &[], none),
        about(Asker, "rotateToken", &[A::TokenManageOwn], none),
    ]
}

/// Method and path of each operation, as the document says.
fn document() -> BTreeMap<String, (Method, String)> {
    let document: Value = serde_json::from_str(&api::document()).unwrap();
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let method = method.to_ascii_uppercase().parse().unwrap();
            found.insert(id, (method, path.clone()));
        }
    }
    found
}

impl Operation {
    /// The path for these things, by their names or by their ids; what is changed is changed in a dry run.
    fn path(&self, (method, pattern): &(Method, String), things: &Things, by_id: bool) -> String {
        let named = |kind: &str, name: &String| {
            if by_id {
                things.ids[kind].clone()
            } else {
                name.clone()
            }
        };
        let path = pattern
            .replace("{mailbox}", &named("mailbox", &things.mailbox))
            .replace("{alias}", &named("alias", &things.alias))
            .replace("{domain}", &named("domain", &things.domain))
            .replace("{org}", &things.org)
            .replace("{account}", &things.account)
            .replace("{role}", "help_desk")
            .replace("{name}", &things.other_name)
            .replace("{address}", &things.mailbox)
            .replace("{event}", &things.ids["event"])
            .replace("{token}", &things.ids["token"]);
        let parameters = match self.about {
            About::Parameter(name) if name == "object" => format!("?{name}={}", things.domain),
            About::Parameter(name) => format!("?{name}={}", things.mailbox),
            _ if self.id == "search" => "?q=an".to_owned(),
            _ if *method != Method::GET => "?dry_run=true".to_owned(),
            _ => String::new(),
        };
        path + &parameters
    }

    async fn ask(&self, client: &Client, route: &(Method, String), things: &Things, by_id: bool) -> Answer {
        let body = (self.body)(things);
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        client
            .any(route.0.clone(), &self.path(route, things, by_id), &body)
            .send()
            .await
    }
}

/// Two customers with one of each, and the names of a third that is not there.
struct World {
    app: TestApp,
    ours: Things,
    theirs: Things,
    absent: Things,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new(Backend::Sqlite).await;
        let ours = customer(&app, "brightwater.example").await;
        let theirs = customer(&app, "elsewhere.example").await;
        let absent = Things {
            org: "org_00000000000000000000000000".to_owned(),
            account: "acc_00000000000000000000000000".to_owned(),
            domain: "nowhere.example".to_owned(),
            other_name: "mail.nowhere.example".to_owned(),
            mailbox: "ana@nowhere.example".to_owned(),
            alias: "sales@nowhere.example".to_owned(),
            ids: [
                ("mailbox", "mbx"),
                ("alias", "als"),
                ("domain", "dom"),
                ("event", "evt"),
                ("token", "tok"),
            ]
            .map(|(kind, prefix)| (kind, format!("{prefix}_00000000000000000000000000")))
            .into(),
        };
        Self {
            app,
            ours,
            theirs,
            absent,
        }
    }

    async fn role(&self, role: Role) -> Person<'_> {
        let domain = self.app.domain_now(&self.ours.domain).await;
        let org = postdesk::service::orgs::get(&self.app, &self.app.root(), domain.org_id)
            .await
            .unwrap()
            .0;
        self.app.role(role, self.app.org_scope(&org).await).await
    }
}

async fn customer(app: &TestApp, name: &str) -> Things {
    let domain = app.domain(name).await;
    let other_name = format!("mail.{name}");
    let root = app.root();
    postdesk::service::domains::add_alias(app, &root, &domain.name, other_name.parse().unwrap())
        .await
        .unwrap();
    let ana = app.mailbox(&format!("ana@{name}")).await;
    app.mailbox(&format!("ben@{name}")).await;
    let forwarding = postdesk::model::Forwarding {
        destinations: vec![crate::support::app::destination(&format!("ben@{name}"))],
        keep_copy: true,
        until: None,
    };
    let at = ana.address.to_string().parse().unwrap();
    mailboxes::set_forwarding(app, &root, &at, forwarding)
        .await
        .unwrap();
    let ben = format!("ben@{name}");
    let sales = app
        .alias(&format!("sales@{name}"), &[&ana.address.to_string(), &ben])
        .await;
    let switched_off = AliasPatch {
        enabled: Some(false),
        ..AliasPatch::default()
    };
    let at = sales.address.to_string().parse().unwrap();
    aliases::update(app, &root, &at, switched_off).await.unwrap();
    let event = app.newest_event(sales.id.uuid()).await.to_string();
    let org = postdesk::service::orgs::get(app, &root, domain.org_id)
        .await
        .unwrap()
        .0;
    let desk = app.role(Role::HelpDesk, app.org_scope(&org).await).await;
    desk.token().await;
    let token = tokens::list(app, &desk.again().await).await.unwrap().remove(0);
    Things {
        account: desk.account.to_string(),
        org: domain.org_id.to_string(),
        domain: domain.name.to_string(),
        other_name,
        mailbox: ana.address.to_string(),
        alias: sales.address.to_string(),
        ids: [
            ("mailbox", ana.id.to_string()),
            ("alias", sales.id.to_string()),
            ("domain", domain.id.to_string()),
            ("event", event),
            ("token", token.id.to_string()),
        ]
        .into(),
    }
}

/// An answer without the request's id and the names that the asker gave.
fn anonymous(answer: &Answer, things: &Things) -> String {
    let mut body = answer.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    let mut text = format!("{} {body}", answer.status);
    let names = [
        &things.mailbox,
        &things.alias,
        &things.other_name,
        &things.domain,
        &things.org,
        &things.account,
    ];
    for (n, name) in names.into_iter().chain(things.ids.values()).enumerate() {
        text = text.replace(name.as_str(), &format!("<{n}>"));
    }
    text
}

#[test]
fn every_operation_of_the_document_is_probed() {
    let known: BTreeSet<String> = operations()
        .iter()
        .map(|operation| operation.id.to_owned())
        .collect();
    let published: BTreeSet<String> = document().into_keys().collect();
    assert_eq!(known, published, "a new operation belongs into the table above");
}

#[tokio::test]
async fn what_is_another_customers_is_as_if_it_were_not() {
    let world = World::new().await;
    let admin = Client::of(&world.app, &world.role(Role::DomainAdmin).await).await;
    let document = document();
    admin.get("/me").expect(200).await;
    let before = world.app.dump().await;
    for operation in operations() {
        let route = &document[operation.id];
        for by_id in [false, true] {
            let foreign = operation.ask(&admin, route, &world.theirs, by_id).await;
            let absent = operation.ask(&admin, route, &world.absent, by_id).await;
            let told = (
                anonymous(&foreign, &world.theirs),
                anonymous(&absent, &world.absent),
            );
            assert_eq!(told.0, told.1, "{} tells them apart", operation.id);
            let is_about_one = !matches!(operation.about, About::List | About::Asker | About::System);
            assert!(
                !is_about_one || foreign.status == 404,
                "{}: {told:?}",
                operation.id
            );
        }
    }
    assert_eq!(world.app.dump().await, before, "nothing was changed");
}

#[tokio::test]
async fn a_condition_on_what_is_anothers_tells_nothing_either() {
    let world = World::new().await;
    let admin = Client::of(&world.app, &world.role(Role::DomainAdmin).await).await;
    let document = document();
    for operation in operations()
        .iter()
        .filter(|operation| operation.about == About::Path)
    {
        let route = &document[operation.id];
        for (header, value) in [
            ("if-match", "\"1\""),
            ("if-none-match", "*"),
            ("if-none-match", "\"1\""),
        ] {
            let mut told = Vec::new();
            for things in [&world.theirs, &world.absent] {
                let body = (operation.body)(things);
                let body = if body.is_null() {
                    String::new()
                } else {
                    body.to_string()
                };
                let asked = admin.any(route.0.clone(), &operation.path(route, things, false), &body);
                told.push(anonymous(&asked.header(header, value).send().await, things));
            }
            assert_eq!(told[0], told[1], "{} {header}", operation.id);
        }
    }
}

#[tokio::test]
async fn a_filter_by_what_is_anothers_finds_what_one_by_nothing_finds() {
    let world = World::new().await;
    let admin = Client::of(&world.app, &world.role(Role::DomainAdmin).await).await;
    let document = document();
    for operation in operations()
        .iter()
        .filter(|operation| operation.about == About::List)
    {
        let path = &document[operation.id].1;
        for filter in ["org", "domain", "subject", "q"] {
            let mut told = Vec::new();
            for things in [&world.theirs, &world.absent] {
                let value = match filter {
                    "org" => &things.org,
                    "subject" => &things.ids["mailbox"],
                    _ => &things.domain,
                };
                let answer = admin.get(&format!("{path}?{filter}={value}")).send().await;
                assert!(
                    !answer.body.to_string().contains("elsewhere.example\""),
                    "{path}?{filter}"
                );
                told.push(anonymous(&answer, things));
            }
            assert_eq!(told[0], told[1], "{path}?{filter}");
        }
    }
}

#[tokio::test]
async fn anothers_address_as_a_destination_is_one_outside() {
    let world = World::new().await;
    let admin = Client::of(&world.app, &world.role(Role::DomainAdmin).await).await;
    let mut told = Vec::new();
    for things in [&world.theirs, &world.absent] {
        let to = things.mailbox.replace("ana", "Ana");
        let body = json!({"address": "out@brightwater.example", "destinations": [to]});
        let answer = admin.post("/aliases?dry_run=true", body).send().await;
        told.push(anonymous(&answer, things));
        let body = json!({"destinations": [to]});
        let answer = admin
            .put("/mailboxes/ana@brightwater.example/forwarding?dry_run=true", body)
            .send()
            .await;
        told.push(anonymous(&answer, things));
        let answer = admin
            .get(&format!("/resolve?address={}", things.alias))
            .send()
            .await;
        told.push(anonymous(&answer, things));
    }
    assert_eq!(told[..3], told[3..]);
}

#[tokio::test]
async fn anothers_cursor_and_token_show_nothing_of_theirs() {
    let world = World::new().await;
    let scope = world.app.domain_scope(&world.theirs.domain).await;
    let theirs = world.app.role(Role::DomainAdmin, scope).await;
    let theirs_client = Client::of(&world.app, &theirs).await;
    let admin = Client::of(&world.app, &world.role(Role::DomainAdmin).await).await;
    for path in ["/mailboxes", "/aliases", "/domains", "/audit", "/events"] {
        let page = theirs_client.get(&format!("{path}?limit=1")).expect(200).await;
        let cursor = page.text("/next_after");
        if !cursor.is_empty() {
            let answer = admin
                .get(&format!("{path}?limit=1&after={cursor}"))
                .expect(200)
                .await;
            assert!(
                !answer.body.to_string().contains("elsewhere.example"),
                "{path}: {}",
                answer.body
            );
        }
    }
    let tokens = theirs_client.get("/tokens").expect(200).await;
    let token = tokens.text("/data/0/id");
    assert!(!token.is_empty());
    let foreign = admin
        .get(&format!("/tokens/{token}"))
        .problem(404, "not_found")
        .await;
    let absent = admin
        .get("/tokens/tok_00000000000000000000000000")
        .problem(404, "not_found")
        .await;
    assert_eq!(
        foreign.text("/detail").replace(token, ""),
        absent
            .text("/detail")
            .replace("tok_00000000000000000000000000", "")
    );
}

#[tokio::test]
async fn a_token_that_is_not_good_opens_nothing() {
    let world = World::new().await;
    let person = world.role(Role::DomainAdmin).await;
    let (expired, revoked) = (person.token().await, person.token().await);
    let id = postdesk::service::sign_in::with_token(&world.app, &revoked)
        .await
        .unwrap();
    let postdesk::access::Credential::Token(id) = id.credential().clone() else {
        panic!("a token is a token");
    };
    tokens::revoke(&world.app, &person.again().await, id)
        .await
        .unwrap();
    world.app.days_later(91);
    let good = Client::of(&world.app, &person).await;
    let document = document();
    let mut clients = vec![Client::anonymous(&world.app)];
    for token in [
        "",
        "x",
        "pdk_x",
        &expired,
        &revoked,
        &format!("{expired}x"),
        "pdk_000000000000000000000000000000000000_000000",
    ] {
        clients.push(Client::with_token(&world.app, token));
    }
    for operation in operations() {
        let route = &document[operation.id];
        let answer = operation.ask(&good, route, &world.ours, false).await;
        assert_ne!(answer.status, 401, "{}", operation.id);
        let mut told = BTreeSet::new();
        for client in &clients {
            let answer = operation.ask(client, route, &world.ours, false).await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("www-authenticate")),
                (401, "Bearer"),
                "{}",
                operation.id
            );
            told.insert(anonymous(&answer, &world.ours));
        }
        assert_eq!(told.len(), 1, "{}: {told:?}", operation.id);
    }
}

#[tokio::test]
async fn each_role_goes_as_far_as_it_holds_and_is_told_what_is_missing() {
    let world = World::new().await;
    let document = document();
    let before = world.app.dump().await.len();
    for role in Role::ALL {
        let person = match role {
            Role::Operator => world.app.operator().await,
            _ => world.role(*role).await,
        };
        for read_only in [false, true] {
            let token = if read_only {
                person.read_only_token().await
            } else {
                person.token().await
            };
            let client = Client::with_token(&world.app, &token);
            for operation in operations() {
                let lets = |action: &Action| holds(*role, *action) && (!read_only || action.reads());
                // Nobody lifts the limits of the org that they hold their role on, nor moves it out of its place.
                let from_above = ["setOrgLimits", "moveOrg"].contains(&operation.id);
                let own_limits = from_above && *role != Role::Operator;
                let missing = operation.takes.iter().find(|action| !lets(action) || own_limits);
                let answer = operation
                    .ask(&client, &document[operation.id], &world.ours, false)
                    .await;
                let what = format!(
                    "{role} {} (read only: {read_only}): {} {}",
                    operation.id, answer.status, answer.body
                );
                match (operation.about, missing) {
                    // A list holds what one may see: nothing at all where that is nothing.
                    (About::List, Some(_)) if answer.status == 200 => {
                        assert_eq!(answer.body["data"], json!([]), "{what}");
                    }
                    // Who holds nothing on the whole installation does not learn of it.
                    (About::System, _) if *role != Role::Operator => assert_eq!(answer.status, 404, "{what}"),
                    (_, Some(missing)) => {
                        assert_eq!(answer.status, 403, "{what}");
                        assert_eq!(answer.text("/required/permission"), missing.as_str(), "{what}");
                    }
                    // A rule may be in the way, or a token that is not there; a permission is not.
                    (About::Asker, None) => assert!([200, 404].contains(&answer.status.as_u16()), "{what}"),
                    (_, None) => assert!([200, 409].contains(&answer.status.as_u16()), "{what}"),
                }
            }
        }
    }
    let grown = world.app.dump().await.len() - before;
    assert!(grown > 0, "people and tokens were added");
    let ana = world.app.mailbox_now(&world.ours.mailbox).await;
    assert_eq!(
        (ana.version, ana.deleted.is_none()),
        (2, true),
        "a dry run changes nothing"
    );
}

#[tokio::test]
async fn a_grant_reaches_down_the_tree_and_never_up_or_aside() {
    let world = World::new().await;
    let app = &world.app;
    let reseller = app.reseller("Reseller").await;
    let child = app.customer("Child").below(&reseller).await;
    app.domain("child.example").of(&child).await;
    app.mailbox("ana@child.example").await;
    let above = Client::of(
        app,
        &app.role(Role::ResellerAdmin, app.org_scope(&reseller).await)
            .await,
    )
    .await;
    let inside = Client::of(
        app,
        &app.role(Role::DomainAdmin, app.org_scope(&child).await).await,
    )
    .await;
    let domain_only = Client::of(
        app,
        &app.role(Role::DomainAdmin, app.domain_scope("child.example").await)
            .await,
    )
    .await;
    let system = Client::of(app, &app.role(Role::Auditor, Scope::System).await).await;

    let (reseller, child) = (format!("/orgs/{}", reseller.id), format!("/orgs/{}", child.id));
    let cases = [
        (
            &above,
            vec![
                &*reseller,
                &child,
                "/domains/child.example",
                "/mailboxes/ana@child.example",
            ],
            vec!["/domains/brightwater.example"],
        ),
        (
            &inside,
            vec!["/domains/child.example", "/mailboxes/ana@child.example"],
            vec![&*reseller, "/domains/brightwater.example"],
        ),
        (
            &domain_only,
            vec!["/domains/child.example", "/mailboxes/ana@child.example"],
            vec![&*reseller, &child],
        ),
        (
            &system,
            vec![
                &*reseller,
                &child,
                "/domains/child.example",
                "/domains/brightwater.example",
            ],
            vec![],
        ),
    ];
    for (client, seen, hidden) in cases {
        reaches(client, &seen, &hidden).await;
    }
}

async fn reaches(client: &Client, seen: &[&str], hidden: &[&str]) {
    for path in seen {
        client.get(path).expect(200).await;
    }
    for path in hidden {
        client.get(path).problem(404, "not_found").await;
        client.delete(path).problem(404, "not_found").await;
    }
}

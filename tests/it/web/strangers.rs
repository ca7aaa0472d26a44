//! What is not yours does not exist; what is yours opens, for each role as far as it goes.

use http::{Method, StatusCode};
use postdesk::access::{Role, Scope};
use postdesk::model::Note;
use postdesk::service::roles::{self, RoleDraft};

use super::browser::Browser;
use crate::support::app::TestApp;
use crate::support::backend::Backend;
use crate::support::person::Person;

/// Every page about one thing. A new one belongs here.
const PAGES: &[&str] = &[
    "/domains/{domain}",
    "/domains/{domain}/mailboxes",
    "/domains/{domain}/mailboxes/new",
    "/domains/{domain}/mailboxes/check?name=x",
    "/domains/{domain}/addresses",
    "/domains/{domain}/addresses/new",
    "/domains/{domain}/catch-all",
    "/domains/{domain}/activity",
    "/domains/{domain}/bin",
    "/domains/{domain}/settings",
    "/domains/{domain}/transfer",
    "/domains/{domain}/delete",
    "/mailboxes/{mailbox}",
    "/mailboxes/{mailbox}/edit",
    "/mailboxes/{mailbox}/rename",
    "/mailboxes/{mailbox}/password",
    "/mailboxes/{mailbox}/password/done",
    "/mailboxes/{mailbox}/handover",
    "/mailboxes/{mailbox}/forwarding",
    "/mailboxes/{mailbox}/leave",
    "/mailboxes/{mailbox}/suspend",
    "/mailboxes/{mailbox}/delete",
    "/mailboxes/{mailbox}/activity",
    "/aliases/{alias}",
    "/orgs/{org}",
    "/orgs/{org}/edit",
    "/orgs/{org}/activity",
    "/orgs/{org}/move",
    "/orgs/{org}/suspend",
    "/orgs/{org}/delete",
    "/accounts?scope={domain}",
    "/accounts?scope={org}",
    "/accounts/new?scope={domain}",
    "/accounts/new?scope={org}",
    "/accounts/{account}",
    "/accounts/{account}/invitation",
    "/accounts/{account}/roles/new",
    "/accounts/{account}/roles/{grant}/revoke",
    "/accounts/{account}/suspend",
    "/orgs/{org}/assist",
    "/orgs/{org}/support",
    "/accounts/{account}/caller",
    "/accounts/{account}/tokens",
    "/accounts/{service}/tokens",
    "/accounts/{service}/tokens/new",
    "/accounts/{service}/tokens/{token}",
    "/accounts/{service}/tokens/{token}/rotate",
    "/accounts/{service}/delete",
    "/accounts/new-service?scope={org}",
    "/roles/{role}",
    "/roles/{role}/edit",
    "/roles/{role}/delete",
    "/roles/new?org={org}",
    "/explain?object={domain}",
    "/explain?object={mailbox}",
    "/explain?object={org}",
    "/explain?object={account}",
    "/explain?account={account}&object={domain}",
];

/// Every form about one thing, with what it needs to get as far as the question who asks.
const FORMS: &[(&str, &str)] = &[
    (
        "/domains/{domain}/mailboxes/bulk",
        "verb=delete&mailbox={mailbox}",
    ),
    ("/system/audit/check", ""),
    ("/domains/{domain}/mailboxes/new", "name=Eve"),
    (
        "/domains/{domain}/addresses/new",
        "local_part=eve&destinations=e@x.example",
    ),
    ("/domains/{domain}/catch-all", "destinations=e@x.example"),
    ("/domains/{domain}/settings", "default_quota=1+GB"),
    ("/domains/{domain}/domain-aliases", "alias_name=other.example"),
    ("/domains/{domain}/domain-aliases/other.example/remove", ""),
    ("/domains/{domain}/suspend", "reason=x"),
    ("/domains/{domain}/resume", ""),
    ("/domains/{domain}/transfer", "org={org}"),
    ("/domains/{domain}/delete", ""),
    ("/domains/{domain}/restore", ""),
    ("/mailboxes/{mailbox}/edit", "name=Eve"),
    ("/mailboxes/{mailbox}/quota", "quota=1+GB"),
    ("/mailboxes/{mailbox}/rename", "local_part=eve"),
    ("/mailboxes/{mailbox}/password", "kind=one_time"),
    ("/mailboxes/{mailbox}/password", "kind=link"),
    ("/mailboxes/{mailbox}/forwarding", "destinations=e@x.example"),
    ("/mailboxes/{mailbox}/forwarding/end", ""),
    ("/mailboxes/{mailbox}/leave", "destinations=e@x.example"),
    ("/mailboxes/{mailbox}/suspend", "reason=x"),
    ("/mailboxes/{mailbox}/resume", ""),
    ("/mailboxes/{mailbox}/delete", ""),
    ("/mailboxes/{mailbox}/restore", ""),
    ("/undo/evt_00000000000000000000000000", ""),
    ("/aliases/{alias}", "destinations=e@x.example"),
    ("/aliases/{alias}/suspend", ""),
    ("/aliases/{alias}/resume", ""),
    ("/aliases/{alias}/delete", ""),
    ("/aliases/{alias}/restore", ""),
    ("/orgs/{org}/edit", "name=Eve"),
    ("/orgs/{org}/move", "parent={org}"),
    ("/orgs/{org}/suspend", "reason=x"),
    ("/orgs/{org}/resume", ""),
    ("/orgs/{org}/delete", ""),
    ("/orgs/{org}/restore", ""),
    ("/domains/{domain}/activity/export", "format=csv"),
    ("/orgs/{org}/activity/export", "format=csv"),
    (
        "/accounts/new?scope={domain}",
        "name=Eve&email=eve@x.example&role=help_desk&scope={domain}",
    ),
    ("/accounts/{account}/invitation", ""),
    ("/accounts/{account}/roles/new", "role=help_desk&scope={domain}"),
    ("/accounts/{account}/roles/{grant}/revoke", ""),
    ("/accounts/{account}/suspend", "reason=x"),
    ("/accounts/{account}/resume", ""),
    ("/orgs/{org}/assist", "reason=x&ticket=T-1"),
    ("/accounts/{account}/caller", "code=123456"),
    ("/accounts/{account}/caller/code", ""),
    ("/accounts/{account}/password", "by=link"),
    (
        "/accounts/new-service?scope={org}",
        "name=Eve&role=help_desk&scope={org}",
    ),
    ("/accounts/{service}/tokens/new", "token_name=x&token_days=9"),
    ("/accounts/{service}/tokens/{token}/rotate", "overlap_hours=0"),
    ("/accounts/{service}/tokens/{token}/revoke", ""),
    ("/accounts/{service}/delete", ""),
    ("/account/tokens/{token}/rotate", "overlap_hours=0"),
    ("/account/tokens/{token}/revoke", ""),
    ("/roles/{role}/edit", "name=Eve&permission=mailbox.read"),
    ("/roles/{role}/delete", ""),
    ("/roles/new", "name=Eve&permission=mailbox.read&org={org}"),
];

/// Brightwater with one of each.
struct World {
    app: TestApp,
    org: String,
    account: String,
    grant: String,
    role: String,
    service: String,
    token: String,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new(Backend::Sqlite).await;
        let mailbox = app.mailbox("anna@brightwater.example").await;
        app.alias("sales@brightwater.example", &["anna@brightwater.example"])
            .await;
        let org = mailbox.org_id.to_string();
        let manager = app.domain_admin("brightwater.example").await;
        let id = manager.call.actor.identity().account.unwrap();
        let grant = manager.call.actor.grants()[0].id.to_string();
        drop(manager);
        let draft = RoleDraft {
            name: "Counter".parse().unwrap(),
            description: Note::default(),
            holds: "mailbox.read".parse().unwrap(),
        };
        let role = roles::create(&app, &app.root(), mailbox.org_id, draft).await;
        let role = role.unwrap().value.id.to_string();
        let (service, token) = app.service(Role::HelpDesk, &org).await;
        Self {
            app,
            org,
            account: id.to_string(),
            grant,
            role,
            service: service.to_string(),
            token: token.to_string(),
        }
    }

    fn real(&self, pattern: &str) -> String {
        let pattern = pattern
            .replace("{account}", &self.account)
            .replace("{grant}", &self.grant)
            .replace("{role}", &self.role)
            .replace("{service}", &self.service)
            .replace("{token}", &self.token);
        filled(&pattern, "brightwater.example", "anna", "sales", &self.org)
    }

    fn absent(pattern: &str) -> String {
        let org = "org_00000000000000000000000000";
        let pattern = pattern
            .replace("{account}", "acc_00000000000000000000000000")
            .replace("{grant}", "grt_00000000000000000000000000")
            .replace("{role}", "rol_00000000000000000000000000")
            .replace("{service}", "acc_00000000000000000000000000")
            .replace("{token}", "tok_00000000000000000000000000");
        filled(&pattern, "nowhere.example", "nobody", "nothing", org)
    }

    async fn admin(&self) -> Person<'_> {
        self.app.domain_admin("brightwater.example").await
    }
}

fn filled(pattern: &str, domain: &str, mailbox: &str, alias: &str, org: &str) -> String {
    pattern
        .replace("{domain}", domain)
        .replace("{mailbox}", &format!("{mailbox}@{domain}"))
        .replace("{alias}", &format!("{alias}@{domain}"))
        .replace("{org}", org)
}

/// The proof that a browser's forms carry.
async fn token(browser: &mut Browser) -> String {
    let page = browser.get("/help").await;
    let after = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn for_a_stranger_every_page_of_another_customer_is_as_if_it_were_not() {
    let world = World::new().await;
    let stranger = world.app.stranger().await;
    let mut browser = Browser::of(&world.app, &stranger).await;
    for pattern in PAGES {
        let foreign = browser.get(&world.real(pattern)).await;
        let absent = browser.get(&World::absent(pattern)).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{pattern}");
        assert_eq!(absent.status, StatusCode::NOT_FOUND, "{pattern}");
        assert_eq!(foreign.text, absent.text, "{pattern} tells them apart");
    }
}

#[tokio::test]
async fn a_stranger_changes_nothing_by_any_form() {
    let world = World::new().await;
    let stranger = world.app.stranger().await;
    let mut browser = Browser::of(&world.app, &stranger).await;
    let csrf = token(&mut browser).await;
    for (pattern, fields) in FORMS {
        let body = format!("csrf={csrf}&{}", world.real(fields).replace('@', "%40"));
        let foreign = browser.post(&world.real(pattern), &body).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{pattern}");
    }
    let anna = world.app.mailbox_now("anna@brightwater.example").await;
    assert_eq!((anna.version, anna.deleted.is_none()), (1, true));
    assert_eq!(world.app.domain_now("brightwater.example").await.version, 1);
}

#[tokio::test]
async fn somebody_who_is_not_signed_in_is_sent_to_the_door() {
    let world = World::new().await;
    let mut browser = Browser::new(&world.app);
    let others = [
        "/",
        "/search",
        "/domains",
        "/orgs",
        "/accounts",
        "/accounts/new",
        "/account",
        "/account/tokens",
        "/account/tokens/new",
        "/accounts/new-service",
        "/explain",
        "/roles",
        "/roles/new",
        "/account/caller-code",
        "/system/targets",
        "/system/audit",
        "/bin",
        "/help",
    ];
    for path in PAGES
        .iter()
        .map(|pattern| world.real(pattern))
        .chain(others.map(ToOwned::to_owned))
    {
        let (status, headers, text) = browser.once(Method::GET, &path, "").await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}");
        assert!(
            headers["location"].to_str().unwrap().starts_with("/sign-in"),
            "{path}"
        );
        assert!(text.is_empty(), "{path}");
    }
    for (pattern, fields) in FORMS {
        let (status, ..) = browser.once(Method::POST, &world.real(pattern), fields).await;
        assert!(
            status == StatusCode::SEE_OTHER || status == StatusCode::FORBIDDEN,
            "{pattern}: {status}"
        );
    }
}

#[tokio::test]
async fn the_operator_opens_every_page() {
    let world = World::new().await;
    let operator = world.app.operator().await;
    let mut browser = Browser::of(&world.app, &operator).await;
    let others = [
        "/",
        "/search",
        "/search?q=anna",
        "/search/suggest?q=an",
        "/domains",
        "/domains/new",
        "/orgs",
        "/orgs/new",
        "/accounts",
        "/accounts/new",
        "/account",
        "/account/tokens",
        "/account/tokens/new",
        "/accounts/new-service",
        "/explain",
        "/roles",
        "/roles/new",
        "/roles/help_desk",
        "/system/targets",
        "/system/activity",
        "/system/audit",
        "/bin",
        "/help",
        "/docs/api",
        "/docs/errors",
        "/docs/errors/limit_reached",
        "/.well-known/security.txt",
        "/.well-known/change-password",
    ];
    for path in PAGES
        .iter()
        .map(|pattern| world.real(pattern))
        .chain(others.map(ToOwned::to_owned))
    {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}:\n{}", page.text);
    }
}

#[tokio::test]
async fn a_refused_page_names_the_permission_and_who_has_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    let name = admin.call.actor.identity().name.clone();
    let auditor = world
        .app
        .role(Role::Auditor, world.app.domain_scope("brightwater.example").await)
        .await;
    let mut browser = Browser::of(&world.app, &auditor).await;
    let page = browser.get("/mailboxes/anna@brightwater.example/delete").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("You may not do that")
        .says("<code>mailbox.delete</code>")
        .says(&format!("{name} can."))
        .says("on anna@brightwater.example");
    let why = browser.get("/explain?object=anna@brightwater.example").await;
    why.says("Delete and restore mailboxes")
        .says("No role that you hold here allows it");

    // Who may not see who manages is not told either.
    let desk = world.app.help_desk("brightwater.example").await;
    let mut browser = Browser::of(&world.app, &desk).await;
    let page = browser.get("/mailboxes/anna@brightwater.example/delete").await;
    page.says("<code>mailbox.delete</code>").keeps_quiet_about(&name);
}

#[tokio::test]
async fn a_page_offers_only_what_its_reader_may_do() {
    let world = World::new().await;
    let desk = world.app.help_desk("brightwater.example").await;
    let mut browser = Browser::of(&world.app, &desk).await;
    let page = browser.get("/mailboxes/anna@brightwater.example").await;
    assert!(page.leads_to("/mailboxes/anna@brightwater.example/password"));
    for verb in ["forwarding", "leave", "edit", "rename", "suspend", "delete"] {
        assert!(
            !page.leads_to(&format!("/mailboxes/anna@brightwater.example/{verb}")),
            "{verb}"
        );
    }
    let page = browser.get("/domains/brightwater.example").await;
    assert!(!page.leads_to("/domains/brightwater.example/mailboxes/new"));
    assert!(!page.leads_to("/domains/brightwater.example/activity\" data-key=\"g l"));
}

#[tokio::test]
async fn each_role_has_a_front_door_of_its_own() {
    let world = World::new().await;
    let app = &world.app;
    let domain = app.domain_scope("brightwater.example").await;
    let org = app.customer("Northwind").await;
    let customer = format!("/orgs/{}", org.id);
    let doors = [
        (Role::Operator, Scope::System, "/orgs"),
        (Role::ResellerAdmin, app.org_scope(&org).await, customer.as_str()),
        (Role::Support, Scope::System, "/search"),
        (Role::DomainAdmin, domain.clone(), "/domains/brightwater.example"),
        (Role::HelpDesk, domain.clone(), "/domains/brightwater.example"),
        (Role::AliasManager, domain.clone(), "/domains/brightwater.example"),
        (Role::MailboxCreator, domain, "/domains/brightwater.example"),
    ];
    for (role, scope, path) in doors {
        let person = app.role(role, scope).await;
        let mut browser = Browser::of(app, &person).await;
        let home = browser.get("/").await;
        assert_eq!(
            (home.path.as_str(), home.status),
            (path, StatusCode::OK),
            "{role}"
        );
    }
    let nobody = app.nobody().await;
    let mut browser = Browser::of(app, &nobody).await;
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_page_that_is_not_there_is_a_page() {
    let world = World::new().await;
    let mut browser = Browser::new(&world.app);
    for path in [
        "/nothing",
        "/domains/a_b",
        "/mailboxes/not-an-address",
        "/orgs/x",
        "/docs/errors/none",
    ] {
        let page = browser.get(path).await;
        assert!(
            page.status == StatusCode::NOT_FOUND || page.path.starts_with("/sign-in"),
            "{path}: {}",
            page.status
        );
        page.says("Postdesk");
    }
    let (status, _, text) = browser.once(Method::POST, "/help", "").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(text.contains("does not work that way"));
}

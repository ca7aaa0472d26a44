//! One box that finds everything, inside what one may see.

use postdesk::access::{Call, Role, Scope};
use postdesk::model::MailboxPatch;
use postdesk::service::{aliases, domains, mailboxes, orgs, search};

use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    things_are_found_by_the_beginnings_of_their_words,
    one_finds_only_what_one_may_see,
    each_kind_is_found_by_whoever_may_read_it,
    what_changed_its_name_is_found_by_the_new_one,
    what_is_in_the_bin_is_found_as_such,
}

async fn find(app: &TestApp, call: &Call, text: &str) -> Vec<String> {
    let hits = search::find(app, call, text, 50).await.unwrap();
    let mut titles: Vec<String> = hits
        .into_iter()
        .map(|hit| {
            format!(
                "{} {}{}",
                hit.kind.as_str(),
                hit.title,
                if hit.deleted { " (bin)" } else { "" }
            )
        })
        .collect();
    titles.sort();
    titles
}

async fn filled(app: &TestApp) {
    let okafor = app.customer("Okafor & Sons").await;
    app.domain("okafor.example").of(&okafor).await;
    app.mailbox("j.okafor@brightwater.example")
        .name("James Okafor")
        .await;
    app.alias("okapi@brightwater.example", &["j.okafor@brightwater.example"])
        .await;
}

async fn things_are_found_by_the_beginnings_of_their_words(app: &TestApp) {
    filled(app).await;
    let root = app.root();

    assert_eq!(
        find(app, &root, "oka").await,
        [
            "alias okapi@brightwater.example",
            "domain okafor.example",
            "mailbox j.okafor@brightwater.example",
            "org Okafor & Sons",
        ]
    );
    assert_eq!(
        find(app, &root, " JAMES ").await,
        ["mailbox j.okafor@brightwater.example"]
    );
    let pasted = find(app, &root, "\"J. Okafor\" <J.Okafor@Brightwater.example>:").await;
    assert!(
        pasted.contains(&"mailbox j.okafor@brightwater.example".to_owned()),
        "{pasted:?}"
    );
    assert!(find(app, &root, "%").await.is_empty());
    assert!(find(app, &root, "").await.is_empty());
}

async fn one_finds_only_what_one_may_see(app: &TestApp) {
    filled(app).await;
    let admin = app.domain_admin("brightwater.example").await;
    let stranger = app.stranger().await;
    let org = app.domain_now("okafor.example").await.org_id;
    let org = orgs::get(app, &app.root(), org).await.unwrap().0;
    let reseller = app.role(Role::ResellerAdmin, app.org_scope(&org).await).await;

    assert_eq!(find(app, &admin.call, "oka").await.len(), 2);
    assert_eq!(
        find(app, &reseller.call, "oka").await,
        ["domain okafor.example", "org Okafor & Sons"]
    );
    assert!(find(app, &stranger.call, "oka").await.is_empty());
}

async fn each_kind_is_found_by_whoever_may_read_it(app: &TestApp) {
    filled(app).await;
    let here = app.domain_scope("brightwater.example").await;
    let sees = async |role| {
        let person = app.role(role, here.clone()).await;
        let mut found = find(app, &person.call, "oka").await;
        found.extend(find(app, &person.call, "brightwater.example").await);
        found
    };
    let (alias, domain) = ("alias okapi@brightwater.example", "domain brightwater.example");
    let mailbox = "mailbox j.okafor@brightwater.example";

    assert_eq!(sees(Role::AliasManager).await, [alias, domain]);
    assert_eq!(sees(Role::HelpDesk).await, [mailbox, domain]);
    assert_eq!(sees(Role::DomainAdmin).await, [alias, mailbox, domain]);

    // Roles of several places add up, and nothing is found twice.
    let both = app.role(Role::AliasManager, here.clone()).await;
    let org = app.domain_now("okafor.example").await.org_id;
    let org = orgs::get(app, &app.root(), org).await.unwrap().0;
    let everywhere = app.role(Role::HelpDesk, Scope::System).await;
    let customer = app.role(Role::DomainAdmin, app.org_scope(&org).await).await;
    assert_eq!(find(app, &both.call, "oka").await, [alias]);
    assert_eq!(
        find(app, &everywhere.call, "oka").await,
        ["domain okafor.example", mailbox]
    );
    assert_eq!(find(app, &customer.call, "oka").await, ["domain okafor.example"]);
}

async fn what_changed_its_name_is_found_by_the_new_one(app: &TestApp) {
    filled(app).await;
    let root = app.root();
    let james = "j.okafor@brightwater.example".parse().unwrap();
    let patch = MailboxPatch {
        display_name: Some("James Smith".parse().unwrap()),
        ..MailboxPatch::default()
    };
    mailboxes::update(app, &root, &james, patch).await.unwrap();
    mailboxes::rename(app, &root, &james, "j.smith".parse().unwrap(), false)
        .await
        .unwrap();
    let domain = "okafor.example".parse().unwrap();
    domains::add_alias(app, &root, &domain, "zebra.example".parse().unwrap())
        .await
        .unwrap();

    assert_eq!(
        find(app, &root, "smith").await,
        ["mailbox j.smith@brightwater.example"]
    );
    assert_eq!(find(app, &root, "zeb").await, ["domain okafor.example"]);
    assert!(find(app, &root, "j.okafor@").await.is_empty());

    domains::remove_alias(app, &root, &domain, &"zebra.example".parse().unwrap())
        .await
        .unwrap();
    assert!(find(app, &root, "zeb").await.is_empty());
}

async fn what_is_in_the_bin_is_found_as_such(app: &TestApp) {
    filled(app).await;
    let root = app.root();
    aliases::delete(app, &root, &"okapi@brightwater.example".parse().unwrap())
        .await
        .unwrap();
    domains::delete(app, &root, &"okafor.example".parse().unwrap())
        .await
        .unwrap();

    assert_eq!(
        find(app, &root, "oka").await,
        [
            "alias okapi@brightwater.example (bin)",
            "domain okafor.example (bin)",
            "mailbox j.okafor@brightwater.example",
            "org Okafor & Sons",
        ]
    );
    domains::delete(app, &root, &"brightwater.example".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        find(app, &root, "james").await,
        ["mailbox j.okafor@brightwater.example (bin)"]
    );
    domains::restore(app, &root, &"brightwater.example".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        find(app, &root, "okapi").await,
        ["alias okapi@brightwater.example (bin)"]
    );
    assert_eq!(
        find(app, &root, "james").await,
        ["mailbox j.okafor@brightwater.example"]
    );
}

//! The other flows: addresses, settings, customers, search, the bin, the account, and the links of mailbox owners.

use http::StatusCode;

use super::browser::{Browser, Shown};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    an_older_change_is_taken_back_while_nothing_newer_touched_the_same,
    what_was_touched_again_is_not_taken_back_out_of_turn,
    every_kind_of_change_of_a_mailbox_has_a_way_back,
    what_happened_can_be_narrowed_to_a_kind,
    addresses_can_be_narrowed_to_a_kind,
    a_long_bin_goes_on_page_by_page_through_mailboxes_and_addresses,
    a_target_is_written_anew_by_who_may,
    a_deleted_mailbox_is_found_under_its_old_address,
    an_alias_is_added_changed_switched_off_deleted_and_brought_back,
    a_refused_alias_says_which_line_is_wrong_and_keeps_the_others,
    a_catch_all_is_set_and_switched_off,
    the_settings_of_a_domain_are_saved_or_refused_field_by_field,
    a_domain_gets_another_name_and_loses_it,
    a_domain_is_suspended_with_a_reason_and_resumed,
    a_domain_is_deleted_and_brought_back_with_everything_in_it,
    a_customer_and_its_domain_are_added,
    a_customer_is_changed_suspended_resumed_deleted_and_brought_back,
    a_customer_is_moved_and_a_domain_handed_over,
    a_customer_is_deleted_with_everything_and_comes_back,
    enter_on_the_search_opens_the_only_hit,
    a_deleted_mailbox_is_found_in_the_bin_and_by_the_search,
    the_owner_of_a_mailbox_chooses_a_password_by_the_link_once,
    a_new_password_ends_the_other_sessions_and_keeps_this_one,
    a_look_is_kept_in_the_browser_and_with_the_account,
    all_that_happened_can_be_read_and_leads_to_what_it_is_about,
    a_list_goes_on_page_by_page,
}

const DOMAIN: &str = "/domains/brightwater.example";

async fn brightwater(app: &TestApp) {
    app.mailbox("anna@brightwater.example").name("Anna Okafor").await;
}

async fn admin(app: &TestApp) -> Browser {
    let admin = app.domain_admin("brightwater.example").await;
    Browser::of(app, &admin).await
}

async fn operator(app: &TestApp) -> Browser {
    let operator = app.operator().await;
    Browser::of(app, &operator).await
}

async fn fill(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Shown {
    let page = browser.get(path).await;
    browser.send(&page, &page.form_to(path), fields).await
}

async fn an_alias_is_added_changed_switched_off_deleted_and_brought_back(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let fields = [
        ("local_part", "sales"),
        ("destinations", "anna@brightwater.example"),
        ("name", "Shop"),
    ];
    let list = fill(&mut browser, &format!("{DOMAIN}/addresses/new"), &fields).await;
    list.says("sales@<wbr>brightwater.example").says("Shop");

    let alias = "/aliases/sales@brightwater.example";
    let page = fill(
        &mut browser,
        alias,
        &[("destinations", "anna@brightwater.example\nbob@x.example")],
    )
    .await;
    page.says("is saved");
    assert_eq!(
        app.alias_now("sales@brightwater.example")
            .await
            .destinations
            .len(),
        2
    );

    let page = browser.send(&page, &format!("{alias}/suspend"), &[]).await;
    page.says("is switched off");
    let page = browser.send(&page, &format!("{alias}/resume"), &[]).await;
    let list = browser.send(&page, &format!("{alias}/delete"), &[]).await;
    let page = browser.send(&list, &list.form_to("/restore"), &[]).await;
    page.says("is back");
    assert!(app.alias_now("sales@brightwater.example").await.deleted.is_none());
}

async fn a_refused_alias_says_which_line_is_wrong_and_keeps_the_others(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let fields = [("local_part", "anna"), ("destinations", "bob@x.example")];
    let page = fill(&mut browser, &format!("{DOMAIN}/addresses/new"), &fields).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.says("already exists").says("bob@x.example</textarea>");
    let page = fill(
        &mut browser,
        &format!("{DOMAIN}/addresses/new"),
        &[("destinations", "|sh")],
    )
    .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("href=\"#local_part\"").says("“|sh”");
}

async fn a_catch_all_is_set_and_switched_off(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let path = format!("{DOMAIN}/catch-all");
    let fields = [("destinations", "anna@brightwater.example"), ("do", "save")];
    fill(&mut browser, &path, &fields)
        .await
        .says("*@<wbr>brightwater.example");
    let list = fill(&mut browser, &path, &[("do", "remove")]).await;
    list.says("was deleted");
    browser.get(&path).await.says("is refused");
}

async fn the_settings_of_a_domain_are_saved_or_refused_field_by_field(app: &TestApp) {
    brightwater(app).await;
    let mut browser = operator(app).await;
    let path = format!("{DOMAIN}/settings");
    let fields = [
        ("default_quota", "2 GB"),
        ("max_mailboxes", "50"),
        ("max_quota", "100 GB"),
    ];
    fill(&mut browser, &path, &fields)
        .await
        .says("The settings are saved");
    let domain = app.domain_now("brightwater.example").await;
    assert_eq!(
        (
            domain.default_quota.to_string(),
            domain.limits.mailboxes.to_string()
        ),
        ("2 GB".to_owned(), "50".to_owned())
    );

    let page = fill(
        &mut browser,
        &path,
        &[("default_quota", "-1"), ("max_mailboxes", "many")],
    )
    .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("href=\"#default_quota\"")
        .says("href=\"#max_mailboxes\"")
        .says("value=\"many\"");
}

async fn a_domain_gets_another_name_and_loses_it(app: &TestApp) {
    brightwater(app).await;
    let mut browser = operator(app).await;
    let page = browser.get(&format!("{DOMAIN}/settings")).await;
    let add = format!("{DOMAIN}/domain-aliases");
    let page = browser
        .send(&page, &add, &[("alias_name", "brightwater.test")])
        .await;
    page.says("Every address works under brightwater.test too");
    let again = browser
        .send(&page, &add, &[("alias_name", "brightwater.test")])
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    again.says("href=\"#alias_name\"");
    let remove = page.form_to("/brightwater.test/remove");
    browser
        .send(&page, &remove, &[])
        .await
        .says("receives no mail any more");
}

async fn a_domain_is_suspended_with_a_reason_and_resumed(app: &TestApp) {
    brightwater(app).await;
    let mut browser = operator(app).await;
    let page = browser.get(&format!("{DOMAIN}/settings")).await;
    let suspend = format!("{DOMAIN}/suspend");
    let refused = browser.send(&page, &suspend, &[("reason", " ")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = browser.send(&page, &suspend, &[("reason", "not paid")]).await;
    page.says("not paid");
    let page = browser.send(&page, &format!("{DOMAIN}/resume"), &[]).await;
    page.says("receives mail again");
}

async fn a_domain_is_deleted_and_brought_back_with_everything_in_it(app: &TestApp) {
    brightwater(app).await;
    let mut browser = operator(app).await;
    let list = fill(&mut browser, &format!("{DOMAIN}/delete"), &[]).await;
    list.says("was deleted, with everything in it");
    browser.get("/bin").await.says("brightwater.example");
    let page = browser.get(DOMAIN).await;
    let page = browser.send(&page, &format!("{DOMAIN}/restore"), &[]).await;
    page.says("is back, with everything in it");
    assert!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .deleted
            .is_none()
    );
}

async fn a_customer_and_its_domain_are_added(app: &TestApp) {
    brightwater(app).await;
    let mut browser = operator(app).await;
    let org = fill(
        &mut browser,
        "/orgs/new",
        &[("name", "Little Brook"), ("max_mailboxes", "3")],
    )
    .await;
    org.says("Little Brook is a customer now").says("0 of 3");
    let page = browser
        .get(
            &org.text
                .split("\"/domains/new?org=")
                .nth(1)
                .map(|rest| format!("/domains/new?org={}", rest.split('"').next().unwrap()))
                .unwrap(),
        )
        .await;
    let page = browser
        .send(&page, "/domains/new", &[("name", "brook.example")])
        .await;
    assert_eq!(page.path, "/domains/brook.example");
    page.says("No mailboxes yet").says("Little Brook");

    let refused = fill(&mut browser, "/domains/new", &[("name", "gmail.com")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.says("href=\"#name\"").says("value=\"gmail.com\"");
}

async fn a_customer_is_changed_suspended_resumed_deleted_and_brought_back(app: &TestApp) {
    let org = app.customer("Little Brook").await;
    let mut browser = operator(app).await;
    let path = format!("/orgs/{}", org.id);
    fill(
        &mut browser,
        &format!("{path}/edit"),
        &[("name", "Big Brook"), ("max_domains", "5")],
    )
    .await
    .says("Big Brook is saved");
    let page = fill(
        &mut browser,
        &format!("{path}/suspend"),
        &[("reason", "not paid")],
    )
    .await;
    page.says("Suspended since").says("not paid");
    let page = browser.send(&page, &page.form_to("/resume"), &[]).await;
    page.says("is in use again");
    let list = fill(&mut browser, &format!("{path}/delete"), &[]).await;
    browser
        .send(&list, &list.form_to("/restore"), &[])
        .await
        .says("Big Brook is back");
}

async fn a_customer_is_moved_and_a_domain_handed_over(app: &TestApp) {
    brightwater(app).await;
    let org = app.domain_now("brightwater.example").await.org_id;
    let to = app.reseller("Northlight").await;
    let mut browser = operator(app).await;
    let parent = to.id.to_string();
    let page = fill(&mut browser, &format!("/orgs/{org}/move"), &[("parent", &parent)]).await;
    page.says("was moved, with everything below it");
    let page = fill(
        &mut browser,
        "/domains/brightwater.example/transfer",
        &[("org", &parent)],
    )
    .await;
    page.says("was handed over, with everything in it");
    assert_eq!(app.domain_now("brightwater.example").await.org_id, to.id);
    let page = browser.get(&format!("/orgs/{parent}/move")).await;
    page.says("There is no other place");
}

async fn a_customer_is_deleted_with_everything_and_comes_back(app: &TestApp) {
    brightwater(app).await;
    let org = app.domain_now("brightwater.example").await.org_id;
    let mut browser = operator(app).await;
    browser.get(&format!("/orgs/{org}/delete")).await.says("1 domain");
    let list = fill(&mut browser, &format!("/orgs/{org}/delete"), &[]).await;
    assert_eq!(app.domain_now("brightwater.example").await.state(), "deleted");
    browser
        .send(&list, &list.form_to("/restore"), &[])
        .await
        .says("is back");
    assert_eq!(app.domain_now("brightwater.example").await.state(), "active");
}

async fn enter_on_the_search_opens_the_only_hit(app: &TestApp) {
    brightwater(app).await;
    app.mailbox("annabel@elsewhere.example").await;
    let mut browser = operator(app).await;
    assert_eq!(
        browser.get("/search?q=Okafor").await.path,
        "/mailboxes/anna@brightwater.example"
    );
    let pasted = "/search?q=Anna+%3Canna%40brightwater.example%3E%3A+mailbox+full";
    assert_eq!(
        browser.get(pasted).await.path,
        "/mailboxes/anna@brightwater.example"
    );
    assert_eq!(browser.get("/search?q=%40brightwater.example").await.path, DOMAIN);
    browser.get("/search?q=ann").await.says("anna@").says("annabel@");
    browser
        .get("/search?q=okafr")
        .await
        .says("Nothing matches")
        .says("Did you mean")
        .says(">okafor<");
    browser
        .get("/search/suggest?q=ann")
        .await
        .says("annabel@elsewhere.example");

    let mut browser = admin(app).await;
    browser
        .get("/search?q=annabel")
        .await
        .keeps_quiet_about("elsewhere");
}

async fn a_deleted_mailbox_is_found_in_the_bin_and_by_the_search(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    fill(&mut browser, "/mailboxes/anna@brightwater.example/delete", &[]).await;
    browser.get("/search?q=okafor").await.says("Deleted");
    let bin = browser.get(&format!("{DOMAIN}/bin")).await;
    let page = browser.send(&bin, &bin.form_to("/restore"), &[]).await;
    assert_eq!(page.path, "/mailboxes/anna@brightwater.example");
    page.says("is back");
}

async fn the_owner_of_a_mailbox_chooses_a_password_by_the_link_once(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let page = fill(
        &mut browser,
        "/mailboxes/anna@brightwater.example/password",
        &[("kind", "link")],
    )
    .await;
    let url = page
        .text
        .split("id=\"set-up-link\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let path = url.split(".example").nth(1).unwrap().to_owned();
    assert!(path.starts_with("/in/"), "{url}");

    let mut owner = Browser::new(app);
    let refused = fill(&mut owner, &path, &[("password", "anna-anna-anna")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.keeps_quiet_about("anna-anna-anna");
    let done = fill(&mut owner, &path, &[("password", "tulip harbor forty seven")]).await;
    done.says("Your mailbox is ready")
        .keeps_quiet_about("tulip harbor");
    assert!(app.mailbox_now("anna@brightwater.example").await.has_password);
    let gone = owner.get(&path).await;
    assert_eq!(gone.status, StatusCode::GONE);
    gone.keeps_quiet_about("anna@");
}

async fn a_new_password_ends_the_other_sessions_and_keeps_this_one(app: &TestApp) {
    brightwater(app).await;
    let person = app.domain_admin("brightwater.example").await;
    let (mut here, mut there) = (Browser::of(app, &person).await, Browser::of(app, &person).await);
    let before = here.cookies["session"].clone();
    let page = here.get("/account").await;
    let new = "copper river amber tunnel";
    let wrong = [("current_password", "guess"), ("new_password", new)];
    let refused = here.send(&page, "/account/password", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.says("href=\"#current_password\"").keeps_quiet_about(new);

    let right = [
        ("current_password", person.password.as_str()),
        ("new_password", new),
    ];
    let page = here.send(&page, "/account/password", &right).await;
    page.says("Your password is changed");
    assert_ne!(before, here.cookies["session"]);
    assert_eq!(here.get("/account").await.path, "/account");
    assert!(there.get("/account").await.path.starts_with("/sign-in"));
    assert!(
        Browser::new(app)
            .sign_in(&person.email, new)
            .await
            .path
            .starts_with(DOMAIN)
    );
}

async fn a_look_is_kept_in_the_browser_and_with_the_account(app: &TestApp) {
    brightwater(app).await;
    let person = app.domain_admin("brightwater.example").await;
    let mut browser = Browser::of(app, &person).await;
    let page = browser.get("/account").await;
    let likes = [("theme", "dark"), ("compact", "yes"), ("shortcuts", "no")];
    let page = browser.send(&page, "/account/appearance", &likes).await;
    let page = browser.get(&page.path).await;
    page.says("data-theme=\"dark\" data-density=\"compact\" data-shortcuts=\"off\"");
    let mut elsewhere = Browser::of(app, &person).await;
    elsewhere.get("/help").await.says("data-theme=\"dark\"");
}

async fn all_that_happened_can_be_read_and_leads_to_what_it_is_about(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    fill(
        &mut browser,
        "/mailboxes/anna@brightwater.example/suspend",
        &[("reason", "on leave")],
    )
    .await;
    let page = browser.get(&format!("{DOMAIN}/activity")).await;
    page.says("Mailbox suspended")
        .says("because: on leave")
        .says("in the browser")
        .says("/mailboxes/mbx_");
    let page = browser.get("/mailboxes/anna@brightwater.example").await;
    page.says("Suspended since");
    let page = browser.send(&page, &page.form_to("/resume"), &[]).await;
    page.says("can be used again");
}

async fn a_list_goes_on_page_by_page(app: &TestApp) {
    brightwater(app).await;
    for n in 0..55 {
        app.mailbox(&format!("user{n:02}@brightwater.example")).await;
    }
    let mut browser = admin(app).await;
    let first = browser.get(&format!("{DOMAIN}/mailboxes")).await;
    first.says("user48@").keeps_quiet_about("user49@");
    let next = first
        .text
        .split("href=\"")
        .find(|part| part.contains("after="))
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let second = browser.get(&next).await;
    second
        .says("user49@")
        .says("user54@")
        .says("First page")
        .keeps_quiet_about("user48@");
    let wrong = browser.get(&format!("{DOMAIN}/mailboxes?after=nonsense")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

async fn what_happened_can_be_narrowed_to_a_kind(app: &TestApp) {
    brightwater(app).await;
    app.alias("sales@brightwater.example", &["anna@brightwater.example"])
        .await;
    let mut browser = admin(app).await;
    let path = format!("{DOMAIN}/activity");

    let all = browser.get(&path).await;
    all.says("Mailbox added").says("Alias added").says("Domain added");
    let aliases = browser.get(&format!("{path}?kind=alias")).await;
    aliases.says("Alias added").says("selected>Addresses");
    aliases.keeps_quiet_about("Mailbox added");
    browser
        .get(&format!("{path}?kind=bin"))
        .await
        .says("Nothing like this");
    all.keeps_quiet_about(">Customers</option>");
}

async fn addresses_can_be_narrowed_to_a_kind(app: &TestApp) {
    brightwater(app).await;
    for (address, to) in [
        ("sales@brightwater.example", &["anna@brightwater.example"][..]),
        (
            "team@brightwater.example",
            &["anna@brightwater.example", "x@elsewhere.example"],
        ),
        ("@brightwater.example", &["anna@brightwater.example"]),
    ] {
        app.alias(address, to).await;
    }
    let mut browser = admin(app).await;
    for (kind, there) in [("alias", "sales@"), ("group", "team@"), ("catch-all", "*@")] {
        let page = browser.get(&format!("{DOMAIN}/addresses?kind={kind}")).await;
        for address in ["sales@", "team@", "*@"] {
            assert_eq!(
                page.text.contains(&format!(">{address}<wbr>")),
                address == there,
                "{kind}"
            );
        }
    }
    browser
        .get(&format!("{DOMAIN}/addresses?kind=group&filter=sales"))
        .await
        .says("No address matches");
}

async fn a_long_bin_goes_on_page_by_page_through_mailboxes_and_addresses(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    for number in 0..52 {
        let address = format!("m{number:02}@brightwater.example");
        app.mailbox(&address).await;
        let at = address.parse().unwrap();
        postdesk::service::mailboxes::delete(app, &app.root(), &at)
            .await
            .unwrap();
    }
    for number in 0..3 {
        let address = format!("a{number}@brightwater.example");
        app.alias(&address, &["anna@brightwater.example"]).await;
        let at = address.parse().unwrap();
        postdesk::service::aliases::delete(app, &app.root(), &at)
            .await
            .unwrap();
    }
    let mut seen = Vec::new();
    let mut path = format!("{DOMAIN}/bin");
    loop {
        let page = browser.get(&path).await;
        let names = page.text.split("class=\"vh\"> ").skip(1);
        let names = names.map(|rest| rest.split('<').next().unwrap().to_owned());
        seen.extend(names.filter(|name| name.contains('@')));
        let Some((before, _)) = page.text.split_once("rel=\"next\"") else {
            break;
        };
        let link = before.rsplit("href=\"").next().unwrap();
        link.split('"').next().unwrap().clone_into(&mut path);
    }
    assert_eq!(seen.len(), 55, "{seen:?}");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 55);
}

async fn a_target_is_written_anew_by_who_may(app: &TestApp) {
    brightwater(app).await;
    let mut browser = operator(app).await;
    let page = browser.get("/system/targets").await;
    page.says("In sync").says("north").says("south");
    let done = browser.send(&page, "/system/targets/north/resync", &[]).await;
    done.says("written to north anew");
    let page = browser.get("/system/activity?kind=provisioning").await;
    page.says("Target resynced");
    let csrf = page.csrf();
    let none = browser
        .post("/system/targets/nowhere/resync", &format!("csrf={csrf}"))
        .await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);

    let mut admin = admin(app).await;
    let csrf = admin.get("/help").await.csrf();
    let refused = admin
        .post("/system/targets/north/resync", &format!("csrf={csrf}"))
        .await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

async fn a_deleted_mailbox_is_found_under_its_old_address(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let at = "anna@brightwater.example".parse().unwrap();
    postdesk::service::mailboxes::delete(app, &app.root(), &at)
        .await
        .unwrap();
    let page = browser.get("/mailboxes/anna@brightwater.example").await;
    assert!(page.path.starts_with("/mailboxes/mbx_"), "{}", page.path);
    page.says("Restore mailbox");

    let stranger = app.stranger().await;
    let mut stranger = Browser::of(app, &stranger).await;
    let page = stranger.get("/mailboxes/anna@brightwater.example").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

const ANNA: &str = "/mailboxes/anna@brightwater.example";

/// Where the buttons of a timeline post to, newest first.
fn ways_back(page: &Shown) -> Vec<String> {
    let forms = page.text.split("action=\"").skip(1);
    let actions = forms.map(|rest| rest.split('"').next().unwrap().to_owned());
    actions.filter(|action| action.contains("/undo/")).collect()
}

async fn an_older_change_is_taken_back_while_nothing_newer_touched_the_same(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    fill(&mut browser, &format!("{ANNA}/edit"), &[("name", "Anna Smith")]).await;
    fill(&mut browser, &format!("{ANNA}/edit"), &[("quota", "7 GB")]).await;
    let page = browser.get(ANNA).await;
    let ways = ways_back(&page);
    assert_eq!(ways.len(), 2, "{ways:?}");

    let done = browser.send(&page, &ways[1], &[]).await;
    done.says("It is taken back");
    let now = app.mailbox_now("anna@brightwater.example").await;
    assert_eq!(now.display_name.as_str(), "Anna Okafor");
    assert_eq!(now.quota.to_string(), "7 GB");
}

async fn what_was_touched_again_is_not_taken_back_out_of_turn(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    fill(&mut browser, &format!("{ANNA}/edit"), &[("quota", "7 GB")]).await;
    let before = browser.get(ANNA).await;
    let old = ways_back(&before);
    fill(&mut browser, &format!("{ANNA}/edit"), &[("quota", "8 GB")]).await;
    let page = browser.get(ANNA).await;
    let ways = ways_back(&page);
    assert_eq!(ways.len(), 1);
    assert_ne!(ways, old);

    let refused = browser.send(&before, &old[0], &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.says("came after it and touched the same");
    assert_eq!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .quota
            .to_string(),
        "8 GB"
    );

    browser.send(&page, &ways[0], &[]).await.says("taken back");
    assert_eq!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .quota
            .to_string(),
        "7 GB"
    );
}

async fn every_kind_of_change_of_a_mailbox_has_a_way_back(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let before = app.mailbox_now("anna@brightwater.example").await;
    let forward = [("destinations", "x@brightwater.example"), ("for", "")];
    app.mailbox("x@brightwater.example").await;
    for (form, fields) in [
        ("edit", &[("imap", "")][..]),
        ("forwarding", &forward),
        ("suspend", &[("reason", "on leave")]),
        ("delete", &[]),
    ] {
        fill(&mut browser, &format!("{ANNA}/{form}"), fields).await;
        let page = browser.get(ANNA).await;
        let ways = ways_back(&page);
        browser.send(&page, &ways[0], &[]).await.says("taken back");
    }
    let after = app.mailbox_now("anna@brightwater.example").await;
    assert_eq!(after.protocols, before.protocols);
    assert_eq!(after.forwarding, None);
    assert!(after.suspension.is_none() && after.deleted.is_none());

    // Ending a forwarding has one too.
    fill(&mut browser, &format!("{ANNA}/forwarding"), &forward).await;
    let page = browser.get(&format!("{ANNA}/forwarding")).await;
    browser
        .send(&page, &format!("{ANNA}/forwarding"), &[("for", "none")])
        .await;
    assert_eq!(app.mailbox_now("anna@brightwater.example").await.forwarding, None);
    let page = browser.get(ANNA).await;
    browser
        .send(&page, &ways_back(&page)[0], &[])
        .await
        .says("taken back");
    assert!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .forwarding
            .is_some()
    );
}

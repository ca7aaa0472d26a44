//! Who can manage: inviting, giving and taking roles, switching off.

use http::StatusCode;
use postdesk::access::Role;

use super::browser::{Browser, Shown};
use crate::support::app::TestApp;
use crate::support::backend::both;
use crate::support::person::Person;

both! {
    somebody_is_invited_in_four_fields_and_comes_in_by_the_link_once,
    a_refused_invitation_keeps_what_was_typed,
    only_what_may_be_handed_on_is_offered,
    a_role_is_given_and_taken_away_with_all_that_follows,
    nobody_takes_from_themselves_or_from_those_above,
    somebody_is_suspended_with_a_reason_and_resumed,
    the_list_is_searched_and_narrowed_to_a_place,
}

const DOMAIN: &str = "brightwater.example";
const NEW: &str = "/accounts/new?scope=brightwater.example";

async fn admin(app: &TestApp) -> Browser {
    app.domain(DOMAIN).await;
    let admin = app.domain_admin(DOMAIN).await;
    Browser::of(app, &admin).await
}

async fn invite(browser: &mut Browser, name: &str, email: &str, role: &str) -> Shown {
    let page = browser.get(NEW).await;
    let fields = [("name", name), ("email", email), ("role", role)];
    browser.send(&page, NEW, &fields).await
}

/// The path of an account's page.
fn account(person: &Person<'_>) -> String {
    format!("/accounts/{}", person.call.actor.identity().account.unwrap())
}

async fn somebody_is_invited_in_four_fields_and_comes_in_by_the_link_once(app: &TestApp) {
    let mut browser = admin(app).await;
    let domain = browser.get("/domains/brightwater.example").await;
    assert!(domain.leads_to(NEW));
    let page = browser.get(NEW).await;
    let form = page.text.split("action=\"/accounts/new").nth(1).unwrap();
    let seen = form.split("<details").next().unwrap();
    let texts = seen.matches("class=\"input").count();
    assert_eq!(texts, 2, "a name and an address are typed, a role is chosen");

    let page = invite(&mut browser, "Maria Keller", "maria@x.example", "help_desk").await;
    page.says("Maria Keller is invited").says("It works once, until");
    let link = page.inside("id=\"invitation-link\"");
    let (_, path) = link.split_once("/invitation/").unwrap();
    let path = format!("/invitation/{path}");
    let again = browser.get(&page.path).await;
    again.says("shown once").keeps_quiet_about(&path);
    again.says("Maria Keller has not chosen a password yet");

    let mut maria = Browser::new(app);
    let page = maria.get(&path).await;
    page.says("Welcome, Maria Keller")
        .says("Help desk on brightwater.example: you may")
        .says("reset the passwords of mailboxes");
    let refused = maria.send(&page, &path, &[("password", "short")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let door = maria
        .send(&page, &path, &[("password", "a long and quiet river 19")])
        .await;
    door.says("Your password is set").says("Sign in");
    let gone = maria.get(&path).await;
    assert_eq!(gone.status, StatusCode::GONE);
    gone.says("This invitation has ended");
    let home = maria
        .sign_in("maria@x.example", "a long and quiet river 19")
        .await;
    assert_eq!(home.path, "/domains/brightwater.example");
}

async fn a_refused_invitation_keeps_what_was_typed(app: &TestApp) {
    let mut browser = admin(app).await;
    let page = invite(&mut browser, "Maria Keller", "no address", "help_desk").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("href=\"#email\"")
        .says("value=\"Maria Keller\"")
        .says("value=\"help_desk\" checked");
    let page = invite(&mut browser, "Maria Keller", "maria@x.example", "").await;
    page.says("href=\"#role\"").says("Choose a role");
    invite(&mut browser, "Maria Keller", "maria@x.example", "help_desk")
        .await
        .says("is invited");
    let page = invite(&mut browser, "Another", "maria@x.example", "help_desk").await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.says("href=\"#email\"").says("value=\"Another\"");
    let page = invite(&mut browser, "Olga", "olga@x.example", "reseller_admin").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("you may not yourself").says("value=\"olga@x.example\"");
}

async fn only_what_may_be_handed_on_is_offered(app: &TestApp) {
    let mut browser = admin(app).await;
    let page = browser.get(NEW).await;
    page.says("value=\"help_desk\"")
        .keeps_quiet_about("value=\"operator\"")
        .keeps_quiet_about("value=\"reseller_admin\"");
    let desk = app.help_desk(DOMAIN).await;
    let mut browser = Browser::of(app, &desk).await;
    assert_eq!(browser.get("/accounts").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get(NEW).await.status, StatusCode::FORBIDDEN);
    assert!(!browser.get("/domains/brightwater.example").await.leads_to(NEW));
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let page = browser.get("/accounts/new").await;
    page.says("value=\"operator\"")
        .says("value=\"brightwater.example\"");
}

async fn a_role_is_given_and_taken_away_with_all_that_follows(app: &TestApp) {
    app.domain(DOMAIN).await;
    let operator = app.operator().await;
    let second = app.nobody().await;
    let mut browser = Browser::of(app, &operator).await;
    let path = account(&second);
    let to = format!("{path}/roles/new?scope={DOMAIN}");
    let page = browser.get(&to).await;
    let fields = [("role", "domain_admin"), ("reason", "Looks after the shop")];
    let page = browser.send(&page, &to, &fields).await;
    page.says("is Domain admin on brightwater.example now")
        .says("Looks after the shop");
    let again = browser.get(&to).await;
    let again = browser.send(&again, &to, &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    again.says("there already").says("Looks after the shop");

    let mut theirs = Browser::of(app, &second).await;
    invite(&mut theirs, "Maria Keller", "maria@x.example", "help_desk")
        .await
        .says("is invited");
    let (_, revoke) = page.text.split_once(&format!("{path}/roles/grt")).unwrap();
    let revoke = format!("{path}/roles/grt{}", revoke.split('"').next().unwrap());
    let page = browser.get(&revoke).await;
    page.says("1 role given by")
        .says("Maria Keller: Help desk on brightwater.example");
    let page = browser.send(&page, &revoke, &[]).await;
    page.says("2 roles have ended").says("holds no role");
}

async fn nobody_takes_from_themselves_or_from_those_above(app: &TestApp) {
    app.domain(DOMAIN).await;
    let admin = app.domain_admin(DOMAIN).await;
    let mut browser = Browser::of(app, &admin).await;
    let own = account(&admin);
    let page = browser.get(&own).await;
    page.says("This is your own account");
    assert!(!page.leads_to(&format!("{own}/suspend")) && !page.text.contains("Take away"));
    let page = browser.get(&format!("{own}/suspend")).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);

    let operator = app.operator().await;
    let path = account(&operator);
    let mut browser = Browser::of(app, &operator).await;
    let grant = operator.call.actor.grants()[0].id;
    let page = browser.get(&format!("{path}/roles/{grant}/revoke")).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("Nobody changes their own access");
}

async fn somebody_is_suspended_with_a_reason_and_resumed(app: &TestApp) {
    app.domain(DOMAIN).await;
    let desk = app.role(Role::HelpDesk, app.domain_scope(DOMAIN).await).await;
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let path = account(&desk);
    let to = format!("{path}/suspend");
    let page = browser.get(&to).await;
    let refused = browser.send(&page, &to, &[("reason", " ")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = browser.send(&page, &to, &[("reason", "Left us")]).await;
    page.says("has no way in any more")
        .says("Suspended since")
        .says("Left us");
    let page = browser.send(&page, &format!("{path}/resume"), &[]).await;
    page.says("can sign in again").says("Active");
}

async fn the_list_is_searched_and_narrowed_to_a_place(app: &TestApp) {
    app.domain("other.example").await;
    let mut browser = admin(app).await;
    invite(&mut browser, "Maria Keller", "maria@x.example", "help_desk").await;
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let list = browser.get("/accounts?filter=maria").await;
    list.says("maria@x.example")
        .says("Help desk on brightwater.example")
        .says("Invited");
    browser
        .get("/accounts?scope=brightwater.example&filter=maria")
        .await
        .says("Maria Keller");
    browser
        .get("/accounts?scope=other.example&filter=maria")
        .await
        .says("Nobody matches")
        .keeps_quiet_about("Maria Keller");
}

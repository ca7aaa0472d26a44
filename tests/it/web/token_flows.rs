//! Tokens in the portal: made, shown once, told in plain words, replaced, revoked; and those of service accounts.

use http::StatusCode;
use postdesk::access::Role;
use postdesk::service::{sign_in, tokens};

use super::browser::{Browser, Shown};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_token_is_made_shown_once_replaced_and_revoked,
    a_narrowed_token_is_told_in_plain_words,
    what_is_wrong_with_a_new_token_is_told_at_its_field,
    who_has_no_token_is_told_what_one_is_for,
    a_service_account_gets_a_token_and_goes_with_it,
    only_who_may_look_after_services_is_offered_it,
    tokens_of_people_are_ended_and_never_made_by_others,
}

const TOKENS: &str = "/account/tokens";

fn secret(page: &Shown) -> String {
    let text = page.says("is ready").text.split("pdk_").nth(1).unwrap();
    let rest: String = text
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    format!("pdk_{rest}")
}

async fn a_token_is_made_shown_once_replaced_and_revoked(app: &TestApp) {
    app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let mut browser = Browser::of(app, &admin).await;
    let page = browser.get(&format!("{TOKENS}/new")).await;
    let fields = [("token_name", "backup"), ("read_only", "yes")];
    let made = browser.send(&page, &format!("{TOKENS}/new"), &fields).await;
    let old = secret(&made);
    assert!(sign_in::with_token(app, &old).await.is_ok());
    let shown = browser.get(&made.path).await;
    shown.says("A token is shown once").keeps_quiet_about(&old);
    shown
        .says("In <a href=\"/domains/brightwater.example\">")
        .says("see mailboxes");
    shown.keeps_quiet_about("delete");

    let page = browser.get(&format!("{}/rotate", made.path)).await;
    page.says("value=\"24\"");
    let rotate = format!("{}/rotate", made.path);
    let new = browser.send(&page, &rotate, &[("overlap_hours", "2")]).await;
    let new_secret = secret(&new);
    assert!(sign_in::with_token(app, &old).await.is_ok());
    let list = browser.get(TOKENS).await;
    list.says("Replaced").says("Active").says("may only read");
    browser
        .get(&made.path)
        .await
        .says("Another took its place")
        .says(&new.path);
    let again = browser.send(&page, &rotate, &[("overlap_hours", "2")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    again
        .says("has been replaced already")
        .says("was lost before anybody used it");

    app.later(std::time::Duration::from_hours(2));
    assert!(sign_in::with_token(app, &old).await.is_err());
    let mut browser = Browser::of(app, &admin).await;
    let list = browser.get(TOKENS).await;
    list.says("Ended");
    let page = browser.send(&list, &format!("{}/revoke", new.path), &[]).await;
    page.says("is revoked").says("Revoked");
    assert!(sign_in::with_token(app, &new_secret).await.is_err());
    browser
        .get(&new.path)
        .await
        .says("Nothing can be done with it any more");
}

async fn a_narrowed_token_is_told_in_plain_words(app: &TestApp) {
    app.domain("brightwater.example").await;
    app.domain("harbour.example").await;
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let page = browser.get(&format!("{TOKENS}/new")).await;
    let fields = [
        ("token_name", "desk"),
        ("permission", "mailbox.read"),
        ("permission", "mailbox.reset_password"),
        ("scopes", "brightwater.example"),
        ("cidrs", "192.0.2.0/24"),
    ];
    let body: Vec<(&str, String)> = fields
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .chain([("csrf", page.csrf()), ("token_days", "30".to_owned())])
        .collect();
    let body = serde_html_form::to_string(&body).unwrap();
    let made = browser.post(&format!("{TOKENS}/new"), &body).await;
    let path = made.path.clone();
    made.says("is ready");

    let shown = browser.get(&path).await;
    shown
        .says("<li>see mailboxes</li><li>reset the passwords of mailboxes</li></ul>")
        .says("In <a href=\"/domains/brightwater.example\">brightwater.example</a>")
        .says("192.0.2.0/24")
        .keeps_quiet_about("harbour.example");
    assert_eq!(
        shown.text.matches("<h3>").count(),
        1,
        "one part, and nothing else"
    );

    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let token = tokens::get(app, &operator.call, id).await.unwrap();
    let told = tokens::effective(app, operator.account, &token).await.unwrap();
    assert_eq!(
        told[0].holds,
        "mailbox.read mailbox.reset_password".parse().unwrap()
    );

    let grant = operator.call.actor.grants()[0].id;
    app.operator().await;
    postdesk::service::grants::revoke(app, &app.root(), operator.account, grant)
        .await
        .unwrap();
    browser.get(&path).await.says("Just now it can do nothing");
}

async fn what_is_wrong_with_a_new_token_is_told_at_its_field(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let form = format!("{TOKENS}/new");
    let page = browser.get(&form).await;
    let fields = [("token_name", ""), ("token_days", "400"), ("cidrs", "here")];
    let wrong = browser.send(&page, &form, &fields).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong
        .says("href=\"#token_name\"")
        .says("href=\"#cidrs\"")
        .says("value=\"400\"");
    let wrong = browser
        .send(&page, &form, &[("token_name", "x"), ("token_days", "400")])
        .await;
    wrong.says("href=\"#token_days\"");
    let made = browser.send(&page, &form, &[("token_name", "x")]).await;
    let rotate = format!("{}/rotate", made.path);
    let page = browser.get(&rotate).await;
    let wrong = browser.send(&page, &rotate, &[("overlap_hours", "169")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says("href=\"#overlap_hours\"").says("value=\"169\"");
}

async fn who_has_no_token_is_told_what_one_is_for(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    browser.get("/account").await.says("Make a token");
    let page = browser.get(TOKENS).await;
    page.says("No token yet");
    assert!(page.leads_to(&format!("{TOKENS}/new")));
}

async fn a_service_account_gets_a_token_and_goes_with_it(app: &TestApp) {
    let org = app.customer("Northwind").await;
    let admin = app.role(Role::ResellerAdmin, app.org_scope(&org).await).await;
    let mut browser = Browser::of(app, &admin).await;
    let form = format!("/accounts/new-service?scope={}", org.id);
    let page = browser.get(&form).await;
    let fields = [("name", "Billing"), ("role", "help_desk")];
    let page = browser.send(&page, &form, &fields).await;
    page.says("Tokens of Billing").says("No token yet");
    let base = page.path.clone();
    let page = browser.get(&format!("{base}/new")).await;
    let made = browser
        .send(&page, &format!("{base}/new"), &[("token_name", "invoices")])
        .await;
    let token = secret(&made);
    let actor = sign_in::with_token(app, &token).await.unwrap();
    assert_eq!(actor.identity().name, "Billing");
    browser
        .get(&made.path)
        .await
        .says("In <a href=\"/orgs/")
        .says("Northwind and all below it");

    let account = base.strip_suffix("/tokens").unwrap();
    let page = browser.get(account).await;
    page.says("never; it acts by tokens")
        .keeps_quiet_about("on the telephone");
    let page = browser.get(&format!("{account}/delete")).await;
    page.says("with its token").says("no longer Help desk");
    let page = browser.send(&page, &format!("{account}/delete"), &[]).await;
    page.says("Billing is deleted");
    assert!(sign_in::with_token(app, &token).await.is_err());
    assert_eq!(browser.get(account).await.status, StatusCode::NOT_FOUND);
}

async fn only_who_may_look_after_services_is_offered_it(app: &TestApp) {
    app.domain("brightwater.example").await;
    let (service, _) = app.service(Role::HelpDesk, "brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let mut browser = Browser::of(app, &admin).await;
    assert!(!browser.get("/accounts").await.leads_to("/accounts/new-service"));
    let page = browser.get(&format!("/accounts/{service}")).await;
    assert!(!page.leads_to(&format!("/accounts/{service}/tokens")));
    assert!(!page.leads_to(&format!("/accounts/{service}/delete")));
    for path in ["tokens", "tokens/new", "delete"] {
        let page = browser.get(&format!("/accounts/{service}/{path}")).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        page.says("<code>token.manage_any</code>");
    }
    let page = browser.get("/accounts/new-service").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

async fn tokens_of_people_are_ended_and_never_made_by_others(app: &TestApp) {
    app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let leaked = admin.token().await;
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let base = format!("/accounts/{}/tokens", admin.account);
    let list = browser.get(&base).await;
    assert!(!list.leads_to(&format!("{base}/new")));
    let refused = browser.get(&format!("{base}/new")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.says("nobody else makes tokens in their name");

    let page = browser.send(&list, &list.form_to("/revoke"), &[]).await;
    page.says("is revoked");
    assert!(sign_in::with_token(app, &leaked).await.is_err());
}

//! A forgotten password and another address, in a browser: what the pages say, and what they keep to themselves.

use http::StatusCode;
use postdesk::access::{Role, Scope};
use postdesk::service::App;
use postdesk::service::letters::{self, Brings};

use super::browser::Browser;
use crate::support::app::TestApp;
use crate::support::backend::both;
use crate::support::daemon::free_port;
use crate::support::sink;

both! {
    a_forgotten_password_is_chosen_anew,
    the_page_says_the_same_to_everybody,
    without_letters_the_pages_say_whom_to_ask,
    another_address_is_proved_by_its_link,
    a_colleague_hands_over_a_link_for_a_new_password,
    the_desk_sends_a_caller_a_code,
}

fn with_letters(app: &TestApp) -> App {
    app.with_letters(sink::settings(free_port()))
}

/// The path of the link in the next letter.
async fn path(app: &App) -> String {
    let ready = letters::next(app).await.unwrap().expect("a letter waits");
    letters::sent(app, &ready).await.unwrap();
    let Brings::Link(link) = &ready.brings else {
        panic!("{ready:?}");
    };
    link.expose().strip_prefix(&app.base_url).unwrap().to_owned()
}

async fn a_forgotten_password_is_chosen_anew(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.operator().await;
    let mut browser = Browser::new(&app);
    let page = browser.get("/sign-in").await;
    assert!(page.leads_to("/forgot"));
    let page = browser.get("/forgot").await;
    let wrong = browser.send(&page, "/forgot", &[("login", "anna")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says("Give the e-mail address");
    browser
        .send(&page, "/forgot", &[("login", &anna.email)])
        .await
        .says("Look for a letter")
        .says("30 minutes");

    let path = path(&app).await;
    let page = browser.get(&path).await;
    page.says("Choose a new password").says(&anna.email);
    let short = browser.send(&page, &path, &[("password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = browser
        .send(&page, &path, &[("password", "amber tunnel copper")])
        .await;
    done.says("Your new password is set").says("Sign in");
    assert_eq!(browser.get(&path).await.status, StatusCode::GONE);
    let home = browser.sign_in(&anna.email, "amber tunnel copper").await;
    assert_eq!(home.status, StatusCode::OK);
    home.keeps_quiet_about("do not match");
}

async fn the_page_says_the_same_to_everybody(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.operator().await;
    let mut browser = Browser::new(&app);
    let page = browser.get("/forgot").await;
    let known = browser.send(&page, "/forgot", &[("login", &anna.email)]).await;
    let unknown = browser
        .send(&page, "/forgot", &[("login", "nobody@people.example")])
        .await;
    let same = |text: &str, email: &str| {
        text.replace(email, "X")
            .replace(&email.replace('@', "@<wbr>"), "X")
    };
    assert_eq!(known.status, unknown.status);
    assert_eq!(
        same(&known.text, &anna.email),
        same(&unknown.text, "nobody@people.example")
    );
}

async fn without_letters_the_pages_say_whom_to_ask(app: &TestApp) {
    let anna = app.operator().await;
    let mut browser = Browser::new(app);
    let page = browser.get("/sign-in").await;
    assert!(!page.leads_to("/forgot"));
    browser.get("/forgot").await.says("No letters are sent here");
    browser.sign_in(&anna.email, &anna.password).await;
    browser
        .get("/account/address")
        .await
        .says("No letters are sent here");
    for path in [
        "/reset/abcdefghjkmnpqrstvwxyz0123",
        "/address/abcdefghjkmnpqrstvwxyz0123",
    ] {
        assert_eq!(browser.get(path).await.status, StatusCode::GONE, "{path}");
    }
}

async fn another_address_is_proved_by_its_link(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.operator().await;
    let mut browser = Browser::of(&app, &anna).await;
    let page = browser.get("/account/address").await;
    let wrong = [("email", "anna@new.example"), ("current_password", "guessed")];
    let refused = browser.send(&page, "/account/address", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.says("This is not your password");
    let right = [
        ("email", "anna@new.example"),
        ("current_password", &anna.password),
    ];
    browser
        .send(&page, "/account/address", &right)
        .await
        .says("A letter is on its way to anna@new.example");

    let path = path(&app).await;
    let mut elsewhere = Browser::new(&app);
    let page = elsewhere.get(&path).await;
    page.says("Is this your new address?");
    elsewhere
        .send(&page, &path, &[])
        .await
        .says("Your new address counts from now on");
    browser.get("/account").await.says("Sign in");
    let home = elsewhere.sign_in("anna@new.example", &anna.password).await;
    home.keeps_quiet_about("do not match");
}

async fn a_colleague_hands_over_a_link_for_a_new_password(app: &TestApp) {
    let (one, other) = (app.operator().await, app.operator().await);
    let mut browser = Browser::of(app, &one).await;
    let account = format!("/accounts/{}", other.account);
    let page = browser.get(&account).await;
    let shown = browser
        .send(&page, &format!("{account}/password"), &[("by", "link")])
        .await;
    shown.says("can choose a new password");
    let link = shown.inside("id=\"invitation-link\"");
    let path = link.strip_prefix(&app.base_url).unwrap().to_owned();
    let mut theirs = Browser::new(app);
    let page = theirs.get(&path).await;
    theirs
        .send(&page, &path, &[("password", "amber tunnel copper")])
        .await
        .says("Your new password is set");
}

async fn the_desk_sends_a_caller_a_code(test: &TestApp) {
    let app = with_letters(test);
    let desk = test.role(Role::Support, Scope::System).await;
    let anna = test.nobody().await;
    let mut browser = Browser::of(&app, &desk).await;
    let caller = format!("/accounts/{}/caller", anna.account);
    let page = browser.get(&caller).await;
    let told = browser.send(&page, &format!("{caller}/code"), &[]).await;
    told.says("A letter with a code is on its way to");
    let ready = letters::next(&app).await.unwrap().unwrap();
    let Brings::Code(code) = &ready.brings else {
        panic!("{ready:?}");
    };
    told.keeps_quiet_about(code.expose());
    let page = browser.get(&caller).await;
    browser
        .send(&page, &caller, &[("code", code.expose())])
        .await
        .says("The code is right");
}

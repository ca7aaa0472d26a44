//! One-time links.

use std::time::Duration;

use postdesk::model::Password;
use postdesk::service::accounts::NewAccount;
use postdesk::service::{accounts, mailboxes, sign_in};

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_mailbox_owner_chooses_a_password_once,
    a_link_ends_after_a_week,
    a_newer_link_ends_the_older,
    a_new_password_ends_the_link,
    the_link_of_a_deleted_mailbox_opens_nothing,
    a_mailbox_owners_link_makes_no_operator,
    the_first_operator_is_made_once,
    the_first_operators_link_ends_with_the_first_account,
}

async fn link(app: &TestApp) -> String {
    let made =
        mailboxes::make_setup_link(app, &app.root(), &"anna@brightwater.example".parse().unwrap()).await;
    let url = made.unwrap().1.url;
    assert!(url.starts_with("http://postdesk.example/in/"), "{url}");
    url.rsplit('/').next().unwrap().to_owned()
}

fn password() -> Password {
    Password::offered("chosen by its owner").unwrap()
}

async fn choose(app: &TestApp, code: &str) -> String {
    word(&sign_in::choose_password(app, "test", code, password()).await)
}

async fn a_mailbox_owner_chooses_a_password_once(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let code = link(app).await;
    assert_eq!(
        sign_in::mailbox_link(app, &code)
            .await
            .unwrap()
            .unwrap()
            .address
            .to_string(),
        "anna@brightwater.example"
    );

    assert_eq!(choose(app, &code).await, "done");
    assert_eq!(choose(app, &code).await, "link_over");
    assert!(app.mailbox_now("anna@brightwater.example").await.has_password);
    assert!(sign_in::mailbox_link(app, &code).await.unwrap().is_none());
    assert!(!app.dump().await.join("\n").contains(&code));
}

async fn a_link_ends_after_a_week(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let code = link(app).await;

    app.later(Duration::from_secs(7 * 86_400 - 1));
    assert!(sign_in::mailbox_link(app, &code).await.unwrap().is_some());
    app.later(Duration::from_secs(1));
    assert_eq!(choose(app, &code).await, "link_over");
}

async fn a_newer_link_ends_the_older(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let (older, newer) = (link(app).await, link(app).await);

    assert_eq!(choose(app, &older).await, "link_over");
    assert_eq!(choose(app, &newer).await, "done");
}

async fn a_new_password_ends_the_link(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let code = link(app).await;

    mailboxes::reset_to_words(app, &app.root(), &"anna@brightwater.example".parse().unwrap())
        .await
        .unwrap();

    assert_eq!(choose(app, &code).await, "link_over");
}

async fn the_link_of_a_deleted_mailbox_opens_nothing(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let code = link(app).await;

    mailboxes::delete(app, &app.root(), &"anna@brightwater.example".parse().unwrap())
        .await
        .unwrap();

    assert_eq!(choose(app, &code).await, "link_over");
}

fn new_operator() -> NewAccount {
    NewAccount {
        email: "First@people.example".to_owned(),
        name: "The First".parse().unwrap(),
        password: Some(password()),
        grant: None,
    }
}

async fn set_up(app: &TestApp, code: &str) -> String {
    let provider = "Provider".parse().unwrap();
    word(&accounts::set_up_first_operator(app, "test", code, provider, new_operator()).await)
}

async fn a_mailbox_owners_link_makes_no_operator(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let code = link(app).await;

    assert_eq!(set_up(app, &code).await, "link_over");
    assert_eq!(app.store.accounts_count().await.unwrap(), 0);
    assert_eq!(choose(app, &code).await, "done");
}

async fn first_link(app: &TestApp) -> Option<String> {
    let url = accounts::first_operator_link(app).await.unwrap();
    url.map(|url| url.rsplit('/').next().unwrap().to_owned())
}

async fn the_first_operator_is_made_once(app: &TestApp) {
    let older = first_link(app).await.unwrap();
    let code = first_link(app).await.unwrap();
    assert!(accounts::setup_link_is_good(app, &code).await.unwrap());
    assert!(!accounts::setup_link_is_good(app, &older).await.unwrap());

    assert_eq!(set_up(app, &older).await, "link_over");
    assert_eq!(set_up(app, &code).await, "done");
    assert_eq!(set_up(app, &code).await, "link_over");
    assert!(first_link(app).await.is_none());

    let account = sign_in::with_password(app, "first@people.example", "chosen by its owner".to_owned()).await;
    let actor = sign_in::with_session(app, account.unwrap()).await.unwrap();
    assert!(actor.may::<postdesk::access::SystemManage>(&postdesk::access::Place::system()));
}

async fn the_first_operators_link_ends_with_the_first_account(app: &TestApp) {
    let code = first_link(app).await.unwrap();
    app.nobody().await;

    assert_eq!(set_up(app, &code).await, "link_over");
}

//! Who people are, and what they see.

use postdesk::error::Error;
use postdesk::service::{mailboxes, sign_in};

use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_domain_admin_sees_their_domain_and_a_stranger_does_not,
    a_person_signs_in_with_their_password_and_nobody_else_does,
}

async fn a_domain_admin_sees_their_domain_and_a_stranger_does_not(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let (admin, stranger) = (
        app.domain_admin("brightwater.example").await,
        app.stranger().await,
    );
    let anna = "anna@brightwater.example".parse().unwrap();

    let (seen, _) = mailboxes::get(app, &admin.call, &anna).await.unwrap();
    let hidden = mailboxes::get(app, &stranger.call, &anna).await.unwrap_err();

    assert_eq!(seen.address.to_string(), "anna@brightwater.example");
    assert_eq!(
        hidden.to_string(),
        "mailbox \"anna@brightwater.example\" not found"
    );
}

async fn a_person_signs_in_with_their_password_and_nobody_else_does(app: &TestApp) {
    let operator = app.operator().await;

    let account =
        sign_in::with_password(app, &operator.email.to_uppercase(), operator.password.clone()).await;
    let wrong = sign_in::with_password(app, &operator.email, "another long password".to_owned()).await;
    let unknown = sign_in::with_password(app, "x@people.example", operator.password.clone()).await;

    assert_eq!(account.unwrap(), operator.account);
    assert!(matches!(wrong, Err(Error::Unknown)));
    assert!(matches!(unknown, Err(Error::Unknown)));
}

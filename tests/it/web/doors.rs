//! In and out, and what is never let through.

use http::{HeaderMap, Method, StatusCode, header};
use postdesk::http::session::{SessionEnds, Sessions};
use sha2::{Digest as _, Sha256};
use tower_sessions::SessionStore as _;
use tower_sessions::session::Id;

use super::browser::Browser;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    signing_in_gives_the_session_a_new_id_and_ends_the_old_one,
    an_id_that_somebody_made_up_is_not_adopted,
    the_store_never_holds_the_id_of_a_session,
    a_wrong_password_says_nothing_about_the_account_and_is_not_echoed,
    a_form_without_its_token_changes_nothing,
    nobody_is_signed_in_by_a_form_of_another_site,
    signing_out_ends_the_session_everywhere,
    over_https_the_cookie_comes_and_goes_as_its_prefix_demands,
    a_session_that_was_ended_meanwhile_stays_ended,
    a_session_ends_when_nobody_is_there_and_after_a_day_in_any_case,
    signing_in_leads_back_to_the_page_that_was_asked_for_and_nowhere_else,
    a_token_never_opens_a_page,
}

async fn signing_in_gives_the_session_a_new_id_and_ends_the_old_one(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let first = browser.cookies["session"].clone();
    let page = browser.get("/help").await;
    assert_eq!(page.status, StatusCode::OK);

    // The sign-in page leads on; the form itself can still be sent.
    let token = page
        .text
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let body = [
        ("csrf", token.as_str()),
        ("login", &operator.email),
        ("password", &operator.password),
    ];
    let body = serde_html_form::to_string(body).unwrap();
    browser.once(Method::POST, "/sign-in", &body).await;
    let second = browser.cookies["session"].clone();
    assert_ne!(first, second);

    browser.cookies.insert("session".to_owned(), first);
    let page = browser.get("/help").await;
    assert!(page.path.starts_with("/sign-in?next="), "{}", page.path);
}

async fn an_id_that_somebody_made_up_is_not_adopted(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::new(app);
    let made_up = "AAAAAAAAAAAAAAAAAAAAAA";
    browser.cookies.insert("session".to_owned(), made_up.to_owned());
    browser.sign_in(&operator.email, &operator.password).await;
    assert_ne!(browser.cookies["session"], made_up);
}

async fn the_store_never_holds_the_id_of_a_session(app: &TestApp) {
    let operator = app.operator().await;
    let browser = Browser::of(app, &operator).await;
    let id = &browser.cookies["session"];
    let raw = data_encoding::BASE64URL_NOPAD.decode(id.as_bytes()).unwrap();
    let digest = Sha256::digest(&raw);
    assert!(app.store.session(&digest).await.unwrap().is_some());
    assert!(app.store.session(&raw).await.unwrap().is_none());
}

async fn a_wrong_password_says_nothing_about_the_account_and_is_not_echoed(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::new(app);
    let wrong = browser.sign_in(&operator.email, "not-the-password").await;
    let unknown = browser.sign_in("nobody@people.example", "not-the-password").await;
    for page in [&wrong, &unknown] {
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        page.says("E-mail and password do not match")
            .keeps_quiet_about("not-the-password");
    }
    wrong.says(&operator.email);
    let same = |text: &str, email: &str| text.replace(email, "");
    assert_eq!(
        same(&wrong.text, &operator.email),
        same(&unknown.text, "nobody@people.example")
    );
}

async fn a_form_without_its_token_changes_nothing(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let mut browser = Browser::of(app, &admin).await;
    for body in ["", "csrf=", "csrf=0123456789abcdefghjkmnpqrs", "csrf=x&csrf=y"] {
        let page = browser
            .post("/mailboxes/anna@brightwater.example/delete", body)
            .await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{body}");
        page.says("This form is out of date");
    }
    assert!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .deleted
            .is_none()
    );
}

async fn nobody_is_signed_in_by_a_form_of_another_site(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::new(app);
    let body = [
        ("login", operator.email.as_str()),
        ("password", &operator.password),
        ("csrf", ""),
    ];
    let page = browser
        .post("/sign-in", &serde_html_form::to_string(body).unwrap())
        .await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(!browser.cookies.contains_key("session"));
}

async fn signing_out_ends_the_session_everywhere(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let id = browser.cookies["session"].clone();
    let page = browser.get("/help").await;
    let page = browser.send(&page, "/sign-out", &[]).await;
    assert_eq!(page.path, "/sign-in");
    browser.cookies.insert("session".to_owned(), id);
    assert!(browser.get("/help").await.path.starts_with("/sign-in"));
}

/// What an answer says of the cookie of the session, by https; browsers refuse the prefix without these attributes.
fn secure_cookie(headers: &HeaderMap) -> String {
    let set = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|cookie| cookie.to_str().unwrap());
    let mut ours = set.filter(|cookie| cookie.starts_with("__Host-session="));
    let cookie = ours.next().unwrap().to_owned();
    assert_eq!(ours.next(), None);
    for rule in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert_eq!(cookie.matches(rule).count(), 1, "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    cookie
}

async fn over_https_the_cookie_comes_and_goes_as_its_prefix_demands(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::by_https(app);
    let csrf = browser.get("/sign-in").await.csrf();
    let body = [
        ("csrf", csrf.as_str()),
        ("login", &operator.email),
        ("password", &operator.password),
    ];
    let body = serde_html_form::to_string(body).unwrap();
    let (_, headers, _) = browser.once(Method::POST, "/sign-in", &body).await;
    let came = secure_cookie(&headers);
    assert!(came.contains(&browser.cookies["__Host-session"]));
    assert!(!came.contains("Max-Age"), "{came}");

    let csrf = browser.get("/help").await.csrf();
    let body = serde_html_form::to_string([("csrf", csrf)]).unwrap();
    let (_, headers, _) = browser.once(Method::POST, "/sign-out", &body).await;
    let went = secure_cookie(&headers);
    assert!(went.starts_with("__Host-session=;"), "{went}");
    assert!(went.contains("; Max-Age=0"), "{went}");
}

/// As when a new password ends it elsewhere, between its reading and its writing.
async fn a_session_that_was_ended_meanwhile_stays_ended(app: &TestApp) {
    let operator = app.operator().await;
    let browser = Browser::of(app, &operator).await;
    let id: Id = browser.cookies["session"].parse().unwrap();
    let sessions = Sessions::new(app, SessionEnds::default());
    let record = sessions.load(&id).await.unwrap().unwrap();
    sessions.delete(&id).await.unwrap();
    sessions.save(&record).await.unwrap();
    assert!(sessions.load(&id).await.unwrap().is_none());
}

async fn a_session_ends_when_nobody_is_there_and_after_a_day_in_any_case(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let minutes = |n: u64| std::time::Duration::from_secs(n * 60);
    app.later(minutes(61));
    assert!(browser.get("/help").await.path.starts_with("/sign-in"), "idle");

    let mut browser = Browser::of(app, &operator).await;
    for _ in 0..28 {
        app.later(minutes(50));
        assert_eq!(browser.get("/help").await.path, "/help");
    }
    app.later(minutes(50));
    assert!(
        browser.get("/help").await.path.starts_with("/sign-in"),
        "absolute"
    );
}

async fn signing_in_leads_back_to_the_page_that_was_asked_for_and_nowhere_else(app: &TestApp) {
    app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let mut browser = Browser::new(app);
    let page = browser
        .get("/domains/brightwater.example/mailboxes?state=full")
        .await;
    page.says("Sign in to see this page");
    let fields = [("login", admin.email.as_str()), ("password", &admin.password)];
    let page = browser.send(&page, "/sign-in", &fields).await;
    assert_eq!(page.path, "/domains/brightwater.example/mailboxes?state=full");

    let mut browser = Browser::new(app);
    let page = browser.get("/sign-in?next=//evil.example/").await;
    let page = browser.send(&page, "/sign-in", &fields).await;
    assert_eq!(page.path, "/domains/brightwater.example");
}

async fn a_token_never_opens_a_page(app: &TestApp) {
    let operator = app.operator().await;
    let token = operator.token().await;
    let router = postdesk::http::web::router((*app).clone());
    for (cookie, expected) in [
        (None, StatusCode::SEE_OTHER),
        (Some("session=x"), StatusCode::BAD_REQUEST),
    ] {
        let mut request = http::Request::builder()
            .uri("/help")
            .header("authorization", format!("Bearer {token}"));
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
        assert_eq!(response.status(), expected);
    }
}

//! What is shown once is nowhere else: whoever reads the database learns no password, no link and no token.

use http::{Method, StatusCode, header};

use super::browser::{Browser, Shown};
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_first_password_is_nowhere_in_the_database,
    a_new_password_is_nowhere_in_the_database,
    a_set_up_link_is_nowhere_in_the_database,
    a_token_is_nowhere_in_the_database,
    a_session_cannot_be_taken_over_from_the_database,
    an_id_of_a_session_is_shown_to_its_browser_and_nobody_else,
}

const NEW: &str = "/domains/brightwater.example/mailboxes/new";

async fn admin(app: &TestApp) -> Browser {
    app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    Browser::of(app, &admin).await
}

/// Sends a form and does not look at the page that shows what it made: what the database holds meanwhile, and the page.
async fn made(app: &TestApp, browser: &mut Browser, form: &str, body: &[(&str, &str)]) -> (String, Shown) {
    let page = browser.get("/help").await;
    let mut pairs = vec![("csrf", page.csrf())];
    pairs.extend(body.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let body = serde_html_form::to_string(&pairs).unwrap();
    let (status, headers, _) = browser.once(Method::POST, form, &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{form}");
    let dump = app.dump().await.join("\n");
    assert!(dump.contains("sessions: "), "{dump}");
    let to = headers[header::LOCATION].to_str().unwrap().to_owned();
    (dump, browser.get(&to).await)
}

/// No piece of the secret that is long enough to be of use is in the dump, neither as text nor as bytes.
#[track_caller]
fn is_not_in(dump: &str, secret: &str) {
    assert!(secret.len() >= 12, "{secret:?}");
    let bytes = data_encoding::HEXLOWER.encode(secret.as_bytes());
    let dump = dump.to_lowercase();
    for form in [secret.to_lowercase(), bytes] {
        assert!(!dump.contains(&form), "{secret:?} is in the database:\n{dump}");
    }
}

async fn a_first_password_is_nowhere_in_the_database(app: &TestApp) {
    let mut browser = admin(app).await;
    let fields = [("name", "Ana Silva"), ("hand_over", "sheet")];
    let (meanwhile, sheet) = made(app, &mut browser, NEW, &fields).await;
    let password = sheet.says("Your first password").inside("class=\"secret\"");
    is_not_in(&meanwhile, &password);
    is_not_in(&app.dump().await.join("\n"), &password);
}

async fn a_new_password_is_nowhere_in_the_database(app: &TestApp) {
    app.mailbox("j.okafor@brightwater.example").await;
    let operator = app.operator().await;
    let mut browser = Browser::of(app, &operator).await;
    let form = "/mailboxes/j.okafor@brightwater.example/password";
    let (meanwhile, page) = made(app, &mut browser, form, &[("kind", "one_time")]).await;
    is_not_in(&meanwhile, &page.says("New password").inside("class=\"secret\""));
}

async fn a_set_up_link_is_nowhere_in_the_database(app: &TestApp) {
    let mut browser = admin(app).await;
    let (meanwhile, sheet) = made(app, &mut browser, NEW, &[("name", "Ana Silva")]).await;
    let code = sheet.text.split("/in/").nth(1).unwrap();
    let code: String = code.chars().take_while(char::is_ascii_alphanumeric).collect();
    is_not_in(&meanwhile, &code);
}

async fn a_token_is_nowhere_in_the_database(app: &TestApp) {
    let mut browser = admin(app).await;
    let fields = [("token_name", "nightly"), ("token_days", "30")];
    let (meanwhile, page) = made(app, &mut browser, "/account/tokens/new", &fields).await;
    let token = page.text.split("pdk_").nth(1).unwrap();
    let token: String = token.chars().take_while(char::is_ascii_alphanumeric).collect();
    is_not_in(&meanwhile, &token);
}

async fn a_session_cannot_be_taken_over_from_the_database(app: &TestApp) {
    let browser = admin(app).await;
    let id = &browser.cookies["session"];
    let dump = app.dump().await.join("\n");
    is_not_in(&dump, id);
    let raw = data_encoding::BASE64URL_NOPAD.decode(id.as_bytes()).unwrap();
    assert_eq!(raw.len(), 16, "128 bits");
    is_not_in(&dump, &data_encoding::HEXLOWER.encode(&raw));

    // Nor by what the database finds it under.
    let stored = dump.lines().find(|line| line.starts_with("sessions: ")).unwrap();
    let digests = stored.split(|c: char| !c.is_ascii_hexdigit());
    let digest = digests.max_by_key(|text| text.len()).unwrap().to_lowercase();
    let digest = data_encoding::HEXLOWER.decode(digest.as_bytes()).unwrap();
    assert!(app.store.session(&digest).await.unwrap().is_some());
    for piece in [&digest[..], &digest[..16], &digest[16..]] {
        let mut thief = Browser::new(app);
        let forged = data_encoding::BASE64URL_NOPAD.encode(piece);
        thief.cookies.insert("session".to_owned(), forged);
        assert!(thief.get("/help").await.path.starts_with("/sign-in"));
    }
}

async fn an_id_of_a_session_is_shown_to_its_browser_and_nobody_else(app: &TestApp) {
    let operator = app.operator().await;
    let mut browser = Browser::new(app);
    let page = browser.get("/sign-in").await;
    let pairs = [
        ("csrf", page.csrf()),
        ("login", operator.email.clone()),
        ("password", operator.password.clone()),
    ];
    let body = serde_html_form::to_string(&pairs).unwrap();
    let (_, headers, _) = browser.once(Method::POST, "/sign-in", &body).await;
    let set: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
    let cookie = set
        .iter()
        .find(|cookie| cookie.to_str().unwrap().starts_with("session="));
    let cookie = cookie.unwrap();
    let text = cookie.to_str().unwrap();
    for rule in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
        assert!(text.contains(rule), "{text}");
    }
    assert!(
        !format!("{cookie:?}").contains(&browser.cookies["session"]),
        "in a log"
    );

    // It is handed over once, not with every answer.
    let (_, headers, _) = browser.once(Method::GET, "/help", "").await;
    assert!(!headers.contains_key(header::SET_COOKIE));
}

//! What people come for, each from their landing page, without a script; links and buttons are counted.

use http::StatusCode;

use super::browser::Browser;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_mailbox_is_added_and_handed_over_with_two_clicks_and_a_name,
    a_first_password_is_on_the_sheet_once,
    a_refused_mailbox_keeps_what_was_typed_and_offers_free_addresses,
    whoever_adds_under_another_name_of_a_domain_is_told_its_own,
    a_password_is_reset_on_the_phone_with_two_clicks,
    typing_a_name_after_reset_a_password_leads_straight_to_it,
    mail_is_forwarded_for_two_weeks_with_two_clicks_and_that_can_be_undone,
    a_wrong_destination_is_told_by_its_line,
    somebody_left_and_it_takes_two_clicks,
    a_deleted_mailbox_is_brought_back_with_one_click,
    a_change_on_an_old_page_is_refused_and_kept,
    space_is_given_with_one_click_and_taken_back_with_one,
    several_mailboxes_are_suspended_at_once_and_each_is_told,
    a_renamed_mailbox_is_found_under_its_old_address,
}

const DOMAIN: &str = "/domains/brightwater.example";
const OKAFOR: &str = "/mailboxes/j.okafor@brightwater.example";

/// Brightwater with one mailbox, and its admin at the domain's page.
async fn brightwater(app: &TestApp) {
    app.mailbox("j.okafor@brightwater.example").await;
}

async fn admin(app: &TestApp) -> Browser {
    let admin = app.domain_admin("brightwater.example").await;
    let mut browser = Browser::of(app, &admin).await;
    assert_eq!(browser.get("/").await.path, DOMAIN);
    browser
}

async fn a_mailbox_is_added_and_handed_over_with_two_clicks_and_a_name(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let home = browser.get("/").await;
    assert!(home.leads_to(&format!("{DOMAIN}/mailboxes/new")));

    let form = browser.get(&format!("{DOMAIN}/mailboxes/new")).await;
    let sheet = browser
        .send(&form, &form.form_to("/mailboxes/new"), &[("name", "Ana Silva")])
        .await;
    assert_eq!(sheet.path, "/mailboxes/ana.silva@brightwater.example/handover");
    sheet
        .says("Welcome, Ana Silva")
        .says("Choose your password")
        .says("<svg class=\"qr\"");
    assert!(
        !app.mailbox_now("ana.silva@brightwater.example")
            .await
            .has_password
    );

    let again = browser.get(&sheet.path).await;
    again.says("shown once before").keeps_quiet_about("/in/");
}

async fn a_first_password_is_on_the_sheet_once(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let form = browser.get(&format!("{DOMAIN}/mailboxes/new")).await;
    let fields = [("name", "Ana Silva"), ("hand_over", "sheet")];
    let sheet = browser
        .send(&form, &form.form_to("/mailboxes/new"), &fields)
        .await;
    sheet.says("Your first password");
    assert!(
        app.mailbox_now("ana.silva@brightwater.example")
            .await
            .has_password
    );
    browser
        .get(&sheet.path)
        .await
        .keeps_quiet_about("Your first password");
}

async fn a_refused_mailbox_keeps_what_was_typed_and_offers_free_addresses(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let form = browser.get(&format!("{DOMAIN}/mailboxes/new")).await;
    let fields = [
        ("name", "James Okafor"),
        ("local_part", "j.okafor"),
        ("quota", "2 GB"),
    ];
    let page = browser
        .send(&form, &form.form_to("/mailboxes/new"), &fields)
        .await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.says("value=\"James Okafor\"")
        .says("value=\"2 GB\"")
        .says("already exists")
        .says("value=\"james.okafor\"");

    let fields = [("name", ""), ("local_part", "a b"), ("quota", "-1")];
    let page = browser
        .send(&form, &form.form_to("/mailboxes/new"), &fields)
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("There is a problem")
        .says("href=\"#name\"")
        .says("href=\"#local_part\"")
        .says("href=\"#quota\"");
}

async fn whoever_adds_under_another_name_of_a_domain_is_told_its_own(app: &TestApp) {
    brightwater(app).await;
    let own = "brightwater.example".parse().unwrap();
    let other = "other.example".parse().unwrap();
    postdesk::service::domains::add_alias(app, &app.root(), &own, other)
        .await
        .unwrap();
    let mut browser = admin(app).await;
    for page in ["mailboxes/new", "addresses/new"] {
        let form = browser.get(&format!("/domains/other.example/{page}")).await;
        assert_eq!(form.path, format!("{DOMAIN}/{page}"));
        form.says("other.example is a domain alias of brightwater.example.");
        let again = browser.get(&format!("{DOMAIN}/{page}")).await;
        assert!(!again.text.contains("domain alias of"), "{page}");
    }
}

async fn a_password_is_reset_on_the_phone_with_two_clicks(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let mailbox = browser.get(OKAFOR).await;
    assert!(mailbox.leads_to(&format!("{OKAFOR}/password")));
    let choice = browser.get(&format!("{OKAFOR}/password")).await;
    let done = browser
        .send(&choice, &format!("{OKAFOR}/password"), &[("kind", "one_time")])
        .await;
    done.says("New password").says("class=\"secret\"");
    assert!(app.mailbox_now("j.okafor@brightwater.example").await.has_password);
    browser.get(&done.path).await.says("was shown once");
}

async fn typing_a_name_after_reset_a_password_leads_straight_to_it(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let page = browser
        .get(&format!("{DOMAIN}/mailboxes?for=password&filter=okafor"))
        .await;
    assert_eq!(page.path, format!("{OKAFOR}/password"));
}

async fn mail_is_forwarded_for_two_weeks_with_two_clicks_and_that_can_be_undone(app: &TestApp) {
    brightwater(app).await;
    app.mailbox("ana@brightwater.example").await;
    let mut browser = admin(app).await;
    let form = browser.get(&format!("{OKAFOR}/forwarding")).await;
    let fields = [("destinations", "ana@brightwater.example"), ("for", "two_weeks")];
    let page = browser
        .send(&form, &format!("{OKAFOR}/forwarding"), &fields)
        .await;
    page.says("goes to ana@brightwater.example until 19 January");
    let forwarding = app
        .mailbox_now("j.okafor@brightwater.example")
        .await
        .forwarding
        .unwrap();
    assert!(forwarding.keep_copy);
    assert_eq!(forwarding.until.unwrap().rfc3339(), "2026-01-19T23:59:59.000000Z");

    browser.send(&page, &page.form_to("/forwarding/end"), &[]).await;
    assert!(
        app.mailbox_now("j.okafor@brightwater.example")
            .await
            .forwarding
            .is_none()
    );
}

async fn a_wrong_destination_is_told_by_its_line(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let form = browser.get(&format!("{OKAFOR}/forwarding")).await;
    let fields = [("destinations", "a@b.example\nc@@d"), ("until", "never")];
    let page = browser
        .send(&form, &format!("{OKAFOR}/forwarding"), &fields)
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("“c@@d”")
        .says("a@b.example\nc@@d</textarea>")
        .says("href=\"#until\"");
}

async fn somebody_left_and_it_takes_two_clicks(app: &TestApp) {
    brightwater(app).await;
    app.mailbox("ana@brightwater.example").await;
    let mut browser = admin(app).await;
    let form = browser.get(&format!("{OKAFOR}/leave")).await;
    let fields = [
        ("destinations", "ana@brightwater.example"),
        ("until", "2026-03-31"),
    ];
    let page = browser.send(&form, &format!("{OKAFOR}/leave"), &fields).await;
    page.says("Nobody can sign in any more").says("Suspended since");
    let mailbox = app.mailbox_now("j.okafor@brightwater.example").await;
    assert!(mailbox.suspension.unwrap().receive && mailbox.forwarding.is_some());
}

async fn a_deleted_mailbox_is_brought_back_with_one_click(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let confirm = browser.get(&format!("{OKAFOR}/delete")).await;
    let list = browser.send(&confirm, &format!("{OKAFOR}/delete"), &[]).await;
    list.says("was deleted. You can bring it back until 4 February");
    assert!(!list.leads_to(OKAFOR));

    let back = browser.send(&list, &list.form_to("/restore"), &[]).await;
    assert_eq!(back.path, OKAFOR);
    back.says("is back, with its mail");
    browser.get(OKAFOR).await.keeps_quiet_about("note flash");
}

async fn a_change_on_an_old_page_is_refused_and_kept(app: &TestApp) {
    brightwater(app).await;
    let (mut first, mut second) = (admin(app).await, admin(app).await);
    let edit = format!("{OKAFOR}/edit");
    let (mine, theirs) = (first.get(&edit).await, second.get(&edit).await);
    second
        .send(&theirs, &edit, &[("name", "James")])
        .await
        .says("is saved");
    let page = first.send(&mine, &edit, &[("name", "Jim")]).await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    page.says("Somebody else changed").says("value=\"Jim\"");
    assert_eq!(
        app.mailbox_now("j.okafor@brightwater.example")
            .await
            .display_name
            .as_str(),
        "James"
    );
}

async fn space_is_given_with_one_click_and_taken_back_with_one(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let token = browser.get(OKAFOR).await;
    let token = token
        .text
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let body = format!("csrf={token}&version=1&quota=6+GB&back=domain");
    let page = browser.post(&format!("{OKAFOR}/quota"), &body).await;
    assert_eq!(page.path, DOMAIN);
    page.says("has 6 GB now");
    let page = browser.send(&page, &page.form_to("back=domain"), &[]).await;
    page.says("has 1 GB now");
    assert_eq!(
        app.mailbox_now("j.okafor@brightwater.example")
            .await
            .quota
            .to_string(),
        "1 GB"
    );
}

async fn several_mailboxes_are_suspended_at_once_and_each_is_told(app: &TestApp) {
    brightwater(app).await;
    app.mailbox("ana@brightwater.example").await;
    let mut browser = admin(app).await;
    let list = browser.get(&format!("{DOMAIN}/mailboxes")).await;
    let fields = [("verb", "suspend"), ("mailbox", "ana@brightwater.example")];
    let result = browser
        .send(&list, &format!("{DOMAIN}/mailboxes/bulk"), &fields)
        .await;
    result.says("1 of 1 mailbox suspended");
    assert!(
        app.mailbox_now("ana@brightwater.example")
            .await
            .suspension
            .is_some()
    );
    let fields = [("verb", "delete"), ("mailbox", "ana@elsewhere.example")];
    let result = browser
        .send(&list, &format!("{DOMAIN}/mailboxes/bulk"), &fields)
        .await;
    result.says("Not done").says("there is no such mailbox here");
}

async fn a_renamed_mailbox_is_found_under_its_old_address(app: &TestApp) {
    brightwater(app).await;
    let mut browser = admin(app).await;
    let form = browser.get(&format!("{OKAFOR}/rename")).await;
    let page = browser
        .send(
            &form,
            &format!("{OKAFOR}/rename"),
            &[("local_part", "james"), ("keep_old", "no")],
        )
        .await;
    assert_eq!(page.path, "/mailboxes/james@brightwater.example");
    let page = browser.get(&format!("{OKAFOR}/edit")).await;
    assert_eq!(page.path, "/mailboxes/james@brightwater.example/edit");
}

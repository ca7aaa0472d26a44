//! Roles in the portal: seen, defined of what one holds, changed after it was told what that does, deleted.

use http::StatusCode;
use postdesk::access::Role;

use super::browser::Browser;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_role_is_defined_of_what_its_author_holds,
    a_change_tells_whom_it_concerns_before_it_is_saved,
    who_may_not_define_roles_is_not_offered_it,
}

async fn a_role_is_defined_of_what_its_author_holds(app: &TestApp) {
    let org = app.customer("Brightwater").await;
    let boss = app.role(Role::ResellerAdmin, app.org_scope(&org).await).await;
    let mut browser = Browser::of(app, &boss).await;
    let page = browser.get("/roles/new").await;
    page.says("value=\"mailbox.reset_password\"")
        .keeps_quiet_about("value=\"system.manage\"")
        .keeps_quiet_about("value=\"hash.import\"");
    let more = [("name", "Too much"), ("permission", "system.manage")];
    let refused = browser.send(&page, "/roles/new", &more).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    refused.says("You may not manage the installation yourself");
    let none = browser.send(&page, "/roles/new", &[("name", "Nothing")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    none.says("Choose at least one permission");

    let fields = [("name", "Counter"), ("permission", "mailbox.reset_password")];
    let page = browser.send(&page, "/roles/new", &fields).await;
    page.says("Counter is a role now")
        .says("May reset the passwords of mailboxes, and nothing else.")
        .says("Nobody that you can see");
    browser.get("/roles").await.says("Counter").says("Help desk");
    let delete = format!("{}/delete", page.path);
    let page = browser.get(&delete).await;
    browser
        .send(&page, &delete, &[])
        .await
        .says("The role is deleted");
}

async fn a_change_tells_whom_it_concerns_before_it_is_saved(app: &TestApp) {
    let org = app.customer("Brightwater").await;
    app.domain("brightwater.example").of(&org).await;
    let boss = app.role(Role::ResellerAdmin, app.org_scope(&org).await).await;
    let mut browser = Browser::of(app, &boss).await;
    let page = browser.get("/roles/new").await;
    let fields = [("name", "Counter"), ("permission", "mailbox.reset_password")];
    let role = browser.send(&page, "/roles/new", &fields).await.path;
    let key = role.trim_start_matches("/roles/").to_owned();
    let ben = app.help_desk("brightwater.example").await;
    let give = format!("/accounts/{}/roles/new?scope=brightwater.example", ben.account);
    let page = browser.get(&give).await;
    browser
        .send(&page, &give, &[("role", &key)])
        .await
        .says("is Counter on");

    let edit = format!("{role}/edit");
    let page = browser.get(&edit).await;
    let told = browser
        .send(&page, &edit, &[("permission", "mailbox.delete")])
        .await;
    told.says("New: whoever holds it may delete and restore mailboxes")
        .says("Gone: nobody may reset the passwords of mailboxes")
        .says("1 person holds it:")
        .says("on brightwater.example");
    browser
        .get(&role)
        .await
        .says("May reset the passwords of mailboxes");

    // What was told of another choice is told anew.
    let other = browser.send(&told, &edit, &[("permission", "alias.read")]).await;
    other.says("New: whoever holds it may see aliases");
    browser
        .get(&role)
        .await
        .says("May reset the passwords of mailboxes");
    let saved = browser.send(&other, &edit, &[]).await;
    saved
        .says("is changed, for everybody")
        .says("May see aliases, and nothing else.");
    let delete = format!("{role}/delete");
    let page = browser.get(&delete).await;
    let refused = browser.send(&page, &delete, &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.says("holds it. Give them another role first.");
}

async fn who_may_not_define_roles_is_not_offered_it(app: &TestApp) {
    app.domain("brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;
    let mut browser = Browser::of(app, &admin).await;
    assert!(!browser.get("/roles").await.leads_to("/roles/new"));
    assert_eq!(browser.get("/roles/new").await.status, StatusCode::FORBIDDEN);
    let desk = app.help_desk("brightwater.example").await;
    let mut browser = Browser::of(app, &desk).await;
    assert_eq!(browser.get("/roles").await.status, StatusCode::FORBIDDEN);
}

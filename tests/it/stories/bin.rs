//! The bin: what is deleted waits there, and comes back as it was.

use postdesk::model::EmailAddress;
use postdesk::service::mailboxes::MailboxRef;
use postdesk::service::{aliases, domains, mailboxes};

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;

both! {
    a_deleted_mailbox_frees_its_address_and_comes_back,
    the_newest_of_an_address_comes_back_first,
    a_mailbox_does_not_come_back_to_an_address_that_is_taken,
    deleting_twice_is_done_once,
    a_deleted_alias_comes_back_with_its_destinations,
    an_alias_does_not_come_back_into_a_circle,
    a_domain_goes_with_everything_in_it_and_comes_back_with_it,
    what_was_in_the_bin_before_the_domain_stays_there_after_it,
    nothing_comes_back_into_a_deleted_domain,
    nothing_is_changed_in_the_bin,
    what_is_deleted_says_until_when_it_is_kept,
}

fn at(text: &str) -> MailboxRef {
    text.parse().unwrap()
}

async fn a_deleted_mailbox_frees_its_address_and_comes_back(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").await;
    let admin = app.domain_admin("brightwater.example").await;

    mailboxes::delete(app, &admin.call, &at("anna@brightwater.example"))
        .await
        .unwrap();
    let gone = mailboxes::get(app, &admin.call, &at("anna@brightwater.example")).await;
    let in_bin = mailboxes::get_deleted(app, &admin.call, &anna.address)
        .await
        .unwrap();
    let by_id = app.mailbox_now(&anna.id.to_string()).await;
    let back = mailboxes::restore(app, &admin.call, &at("anna@brightwater.example"))
        .await
        .unwrap();

    assert_eq!(word(&gone), "not found");
    assert_eq!((in_bin.id, by_id.state().as_str()), (anna.id, "deleted"));
    assert_eq!((back.value.id, back.value.storage), (anna.id, anna.storage));
    assert_eq!(app.mailbox_now("anna@brightwater.example").await.version, 3);
}

async fn the_newest_of_an_address_comes_back_first(app: &TestApp) {
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(app.mailbox("anna@brightwater.example").await);
        mailboxes::delete(app, &app.root(), &at("anna@brightwater.example"))
            .await
            .unwrap();
    }
    let storages: std::collections::BTreeSet<&str> = made.iter().map(|one| one.storage.as_str()).collect();

    let back = mailboxes::restore(app, &app.root(), &at("anna@brightwater.example"))
        .await
        .unwrap();
    let again = mailboxes::restore(app, &app.root(), &MailboxRef::Id(made[0].id)).await;

    assert_eq!(storages.len(), 3);
    assert_eq!(back.value.id, made[2].id);
    assert_eq!(word(&again), "already_exists");
}

async fn a_mailbox_does_not_come_back_to_an_address_that_is_taken(app: &TestApp) {
    let first = app.mailbox("anna@brightwater.example").await;
    mailboxes::delete(app, &app.root(), &at("anna@brightwater.example"))
        .await
        .unwrap();
    app.alias("anna@brightwater.example", &["x@outside.test"]).await;
    let before = app.dump().await;

    let back = mailboxes::restore(app, &app.root(), &MailboxRef::Id(first.id)).await;

    assert_eq!(word(&back), "already_exists");
    assert_eq!(app.dump().await, before);
}

async fn deleting_twice_is_done_once(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").await;
    let id = MailboxRef::Id(anna.id);

    let first = mailboxes::delete(app, &app.root(), &id).await.unwrap();
    let second = mailboxes::delete(app, &app.root(), &id).await.unwrap();
    mailboxes::restore(app, &app.root(), &id).await.unwrap();
    let again = mailboxes::restore(app, &app.root(), &id).await.unwrap();

    assert_eq!(
        (first.events.len(), second.events.len(), second.value.version),
        (1, 0, 2)
    );
    assert_eq!((again.events.len(), again.value.version), (0, 3));
}

async fn a_deleted_alias_comes_back_with_its_destinations(app: &TestApp) {
    app.alias(
        "all@brightwater.example",
        &["a@brightwater.example", "x@outside.test"],
    )
    .await;
    let all = "all@brightwater.example".parse().unwrap();

    aliases::delete(app, &app.root(), &all).await.unwrap();
    assert_eq!(word(&aliases::get(app, &app.root(), &all).await), "not found");
    aliases::restore(app, &app.root(), &all).await.unwrap();

    assert_eq!(
        app.alias_now("all@brightwater.example").await.destinations.len(),
        2
    );
}

async fn an_alias_does_not_come_back_into_a_circle(app: &TestApp) {
    app.alias("a@brightwater.example", &["b@brightwater.example"])
        .await;
    aliases::delete(app, &app.root(), &"a@brightwater.example".parse().unwrap())
        .await
        .unwrap();
    app.alias("b@brightwater.example", &["a@brightwater.example"])
        .await;

    let back = aliases::restore(app, &app.root(), &"a@brightwater.example".parse().unwrap()).await;

    assert_eq!(word(&back), "alias_loop");
}

async fn a_domain_goes_with_everything_in_it_and_comes_back_with_it(app: &TestApp) {
    let org = app.customer("Brightwater").await;
    let domain = app.domain("brightwater.example").of(&org).await;
    domains::add_alias(app, &app.root(), &domain.name, "bright.example".parse().unwrap())
        .await
        .unwrap();
    app.mailbox("anna@brightwater.example").quota("2 GB").await;
    app.alias("all@brightwater.example", &["anna@brightwater.example"])
        .await;
    app.alias("@brightwater.example", &["anna@brightwater.example"])
        .await;
    let usage = app.org_now(&org).await.usage;

    let gone = domains::delete(app, &app.root(), &domain.name).await.unwrap();
    assert_eq!(gone.events[0].touched.len(), 5);
    assert_eq!(app.domain_now("brightwater.example").await.state(), "deleted");
    assert_eq!(app.org_now(&org).await.usage, postdesk::model::Usage::default());
    for address in ["anna@brightwater.example", "all@brightwater.example"] {
        assert_eq!(
            word(&mailboxes::get(app, &app.root(), &at(address)).await),
            "not found"
        );
    }
    app.verify().await;

    let back = domains::restore(app, &app.root(), &domain.name).await.unwrap();
    assert_eq!((back.value.version, back.events[0].touched.len()), (4, 5));
    assert_eq!(app.org_now(&org).await.usage, usage);
    app.mailbox_now("anna@brightwater.example").await;
    app.alias_now("@brightwater.example").await;
    assert_eq!(app.domain_now("bright.example").await.id, domain.id);
}

async fn what_was_in_the_bin_before_the_domain_stays_there_after_it(app: &TestApp) {
    let domain = app
        .mailbox("anna@brightwater.example")
        .await
        .address
        .domain()
        .clone();
    app.mailbox("bert@brightwater.example").await;
    app.alias("all@brightwater.example", &["bert@brightwater.example"])
        .await;
    mailboxes::delete(app, &app.root(), &at("anna@brightwater.example"))
        .await
        .unwrap();
    aliases::delete(app, &app.root(), &"all@brightwater.example".parse().unwrap())
        .await
        .unwrap();

    app.days_later(1);
    domains::delete(app, &app.root(), &domain).await.unwrap();
    app.days_later(1);
    domains::restore(app, &app.root(), &domain).await.unwrap();

    assert_eq!(
        word(&mailboxes::get(app, &app.root(), &at("anna@brightwater.example")).await),
        "not found"
    );
    assert_eq!(
        app.mailbox_now("bert@brightwater.example").await.state().as_str(),
        "active"
    );
    let usage = app.domain_now("brightwater.example").await.usage;
    assert_eq!((usage.mailboxes, usage.aliases), (1, 0));
    let back = mailboxes::restore(app, &app.root(), &at("anna@brightwater.example")).await;
    assert_eq!(word(&back), "done");
}

async fn nothing_comes_back_into_a_deleted_domain(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").await;
    let alias = app.alias("all@brightwater.example", &["x@outside.test"]).await;
    let domain = anna.address.domain().clone();
    mailboxes::delete(app, &app.root(), &MailboxRef::Id(anna.id))
        .await
        .unwrap();
    domains::delete(app, &app.root(), &domain).await.unwrap();

    let mailbox = mailboxes::restore(app, &app.root(), &MailboxRef::Id(anna.id)).await;
    let alias = aliases::restore(app, &app.root(), &aliases::AliasRef::Id(alias.id)).await;
    let new = mailboxes::create(
        app,
        &app.root(),
        &domain,
        crate::support::app::mailbox_draft("new"),
    )
    .await;

    assert_eq!(
        (word(&mailbox), word(&alias)),
        ("domain_deleted".to_owned(), "domain_deleted".to_owned())
    );
    assert_eq!(word(&new), "domain_deleted");
}

async fn nothing_is_changed_in_the_bin(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").await;
    let alias = app.alias("all@brightwater.example", &["x@outside.test"]).await;
    let (anna, all) = (MailboxRef::Id(anna.id), aliases::AliasRef::Id(alias.id));
    mailboxes::delete(app, &app.root(), &anna).await.unwrap();
    aliases::delete(app, &app.root(), &all).await.unwrap();
    let before = app.dump().await;
    let root = app.root();

    let rename = mailboxes::rename(app, &root, &anna, "ann".parse().unwrap(), false).await;
    let words = mailboxes::reset_to_words(app, &root, &anna).await;
    let link = mailboxes::make_setup_link(app, &root, &anna).await;
    let member = crate::support::app::destination("y@outside.test");
    let member = aliases::add_member(app, &root, &all, member).await;

    assert_eq!(
        (word(&rename), word(&words)),
        ("deleted".to_owned(), "deleted".to_owned())
    );
    assert_eq!(
        (word(&link), word(&member)),
        ("deleted".to_owned(), "deleted".to_owned())
    );
    assert_eq!(app.dump().await, before);
}

async fn what_is_deleted_says_until_when_it_is_kept(app: &TestApp) {
    let address: EmailAddress = "anna@brightwater.example".parse().unwrap();
    app.mailbox("anna@brightwater.example").await;

    let done = mailboxes::delete(app, &app.root(), &at("anna@brightwater.example"))
        .await
        .unwrap();

    let text = "anna@brightwater.example is in the bin until 2026-02-04";
    assert_eq!(done.events[0].detail.text, text);
    let gone = mailboxes::get_deleted(app, &app.root(), &address)
        .await
        .unwrap()
        .deleted
        .unwrap();
    assert_eq!(gone.purge_at.since(gone.at).as_secs(), 30 * 86_400);
}

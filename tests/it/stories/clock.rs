//! What happens by itself when the time comes.

use std::time::Duration;

use postdesk::access::{Role, Scope};
use postdesk::model::Forwarding;
use postdesk::service::{domains, housekeeping, mailboxes};

use super::word;
use crate::support::app::{TestApp, destination};
use crate::support::backend::both;

both! {
    forwarding_ends_on_its_day,
    a_suspension_ends_on_its_day,
    the_bin_is_emptied_when_its_time_is_over,
    a_deleted_domain_goes_with_everything_in_it,
    a_clock_that_goes_back_makes_no_older_ids,
}

async fn day(app: &TestApp, days: u64) {
    app.days_later(days);
    housekeeping::keep_promises(app).await.unwrap();
}

async fn forwarding_ends_on_its_day(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let forwarding = Forwarding {
        destinations: vec![destination("x@outside.test")],
        keep_copy: true,
        until: Some(app.clock_now().plus(Duration::from_hours(48))),
    };
    let anna = "anna@brightwater.example".parse().unwrap();
    mailboxes::set_forwarding(app, &app.root(), &anna, forwarding)
        .await
        .unwrap();

    day(app, 1).await;
    assert!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .forwarding
            .is_some()
    );
    day(app, 1).await;
    assert!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .forwarding
            .is_none()
    );
}

async fn a_suspension_ends_on_its_day(app: &TestApp) {
    app.mailbox("anna@brightwater.example").await;
    let until = Some(app.clock_now().plus(Duration::from_hours(24)));
    let anna = "anna@brightwater.example".parse().unwrap();
    mailboxes::suspend(app, &app.root(), &anna, "leave".parse().unwrap(), true, until)
        .await
        .unwrap();

    day(app, 1).await;

    assert!(
        app.mailbox_now("anna@brightwater.example")
            .await
            .suspension
            .is_none()
    );
}

async fn the_bin_is_emptied_when_its_time_is_over(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").await;
    mailboxes::delete(app, &app.root(), &"anna@brightwater.example".parse().unwrap())
        .await
        .unwrap();

    day(app, 29).await;
    app.mailbox_now(&anna.id.to_string()).await;
    day(app, 1).await;

    let gone = mailboxes::get(app, &app.root(), &mailboxes::MailboxRef::Id(anna.id)).await;
    assert_eq!(word(&gone), "not found");
}

async fn a_deleted_domain_goes_with_everything_in_it(app: &TestApp) {
    let domain = app
        .mailbox("anna@brightwater.example")
        .await
        .address
        .domain()
        .clone();
    app.alias("all@brightwater.example", &["anna@brightwater.example"])
        .await;
    app.domain_admin("brightwater.example").await;
    mailboxes::make_setup_link(app, &app.root(), &"anna@brightwater.example".parse().unwrap())
        .await
        .unwrap();
    mailboxes::rename(
        app,
        &app.root(),
        &"anna@brightwater.example".parse().unwrap(),
        "ann".parse().unwrap(),
        true,
    )
    .await
    .unwrap();
    domains::delete(app, &app.root(), &domain).await.unwrap();

    day(app, 30).await;

    assert_eq!(word(&domains::get(app, &app.root(), &domain).await), "not found");
    app.domain("brightwater.example").await;
}

async fn a_clock_that_goes_back_makes_no_older_ids(app: &TestApp) {
    let first = app.mailbox("a@brightwater.example").await.id;
    app.clock.set(app.clock_now().minus(Duration::from_hours(1)));
    let second = app.mailbox("b@brightwater.example").await.id;
    app.role(Role::Operator, Scope::System).await;

    assert!(second > first);
}

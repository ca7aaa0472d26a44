//! Many at once: nothing is given twice, nothing is counted twice, nobody waits for ever.

use std::sync::Arc;

use postdesk::access::Call;
use postdesk::error::Error;
use postdesk::model::{DomainName, MailboxPatch};
use postdesk::service::mailboxes::MailboxRef;
use postdesk::service::{App, aliases, domains, mailboxes, orgs};
use tokio::sync::Barrier;

use super::{limits, word};
use crate::support::app::{TestApp, alias_draft, mailbox_draft};
use crate::support::backend::both;

both! {
    the_last_place_is_given_once,
    one_address_is_given_once_however_many_ask,
    two_deletes_at_once_are_one,
    deleting_a_domain_and_what_is_in_it_at_once_ends_well,
    suspending_an_org_while_it_fills_forgets_no_domain,
    quotas_that_change_at_once_are_counted_once,
    nothing_is_added_to_an_org_that_goes,
}

/// Runs tasks that start at the same moment; the words for their answers, in order.
async fn together<F>(tasks: Vec<F>) -> Vec<String>
where
    F: Future<Output = String> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(tasks.len()));
    let mut running = tokio::task::JoinSet::new();
    for task in tasks {
        let barrier = Arc::clone(&barrier);
        running.spawn(async move {
            barrier.wait().await;
            task.await
        });
    }
    let mut words = running.join_all().await;
    words.sort();
    words
}

fn times(words: &[String], word: &str) -> usize {
    words.iter().filter(|one| *one == word).count()
}

async fn create(app: App, call: Call, domain: DomainName, local: String) -> String {
    word(&mailboxes::create(&app, &call, &domain, mailbox_draft(&local)).await)
}

async fn the_last_place_is_given_once(app: &TestApp) {
    let neighbour = app.neighbour().await;
    for round in 0..5 {
        let name = format!("round{round}.example");
        let domain = app.domain(&name).limits(limits("3", "", "", "")).await;
        app.mailbox(&format!("a@{name}")).await;
        app.mailbox(&format!("b@{name}")).await;

        let task = |n: usize| {
            let app: &App = if n.is_multiple_of(2) { app } else { &neighbour };
            create(app.clone(), call(app), domain.name.clone(), format!("m{n}"))
        };
        let words = together((0..16).map(task).collect()).await;

        assert_eq!(times(&words, "done"), 1, "{words:?}");
        assert_eq!(times(&words, "limit_reached"), 15, "{words:?}");
        assert_eq!(app.domain_now(&name).await.usage.mailboxes, 3);
    }
    app.verify().await;
    neighbour.store.db().close().await;
}

fn call(app: &App) -> Call {
    let actor = postdesk::access::Actor::system(
        postdesk::access::Credential::CommandLine,
        "Test bench",
        app.clock.now(),
    );
    Call::new(actor, "race")
}

async fn one_address_is_given_once_however_many_ask(app: &TestApp) {
    let domain = app.domain("brightwater.example").await;
    let task = |n: usize| {
        let (app, domain) = (App::clone(app), domain.name.clone());
        async move {
            let call = call(&app);
            if n.is_multiple_of(2) {
                return create(app, call, domain, "anna".to_owned()).await;
            }
            word(&aliases::create(&app, &call, &domain, alias_draft("anna", &["x@outside.test"])).await)
        }
    };

    let words = together((0..12).map(task).collect()).await;

    assert_eq!(
        (times(&words, "done"), times(&words, "already_exists")),
        (1, 11),
        "{words:?}"
    );
}

async fn two_deletes_at_once_are_one(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").await;
    let task = |_| {
        let app = App::clone(app);
        async move {
            let done = mailboxes::delete(&app, &call(&app), &MailboxRef::Id(anna.id)).await;
            done.map_or_else(
                |error| word::<()>(&Err(error)),
                |done| format!("{} events", done.events.len()),
            )
        }
    };

    let words = together((0..6).map(task).collect()).await;

    assert_eq!(
        (times(&words, "1 events"), times(&words, "0 events")),
        (1, 5),
        "{words:?}"
    );
    assert_eq!(app.domain_now("brightwater.example").await.usage.mailboxes, 0);
}

async fn deleting_a_domain_and_what_is_in_it_at_once_ends_well(app: &TestApp) {
    for round in 0..6 {
        let name = format!("round{round}.example");
        let domain = app.domain(&name).await.name;
        let mut ids = Vec::new();
        for n in 0..6 {
            ids.push(app.mailbox(&format!("m{n}@{name}")).await.id);
        }
        let mut tasks: Vec<std::pin::Pin<Box<dyn Future<Output = String> + Send>>> = Vec::new();
        for id in ids {
            let app = App::clone(app);
            tasks.push(Box::pin(async move {
                word(&mailboxes::delete(&app, &call(&app), &MailboxRef::Id(id)).await)
            }));
        }
        for n in 0..4 {
            tasks.push(Box::pin(create(
                App::clone(app),
                call(app),
                domain.clone(),
                format!("n{n}"),
            )));
        }
        let (whole, name) = (App::clone(app), domain.clone());
        tasks.push(Box::pin(async move {
            word(&domains::delete(&whole, &call(&whole), &name).await)
        }));

        let words = together(tasks).await;

        let known = ["done", "domain_deleted", "not found"];
        assert!(
            words.iter().all(|word| known.contains(&word.as_str())),
            "{words:?}"
        );
        app.verify().await;
    }
}

async fn suspending_an_org_while_it_fills_forgets_no_domain(app: &TestApp) {
    let org = app.customer("Brightwater").await.id;
    let mut tasks: Vec<std::pin::Pin<Box<dyn Future<Output = String> + Send>>> = Vec::new();
    for n in 0..8 {
        let app = App::clone(app);
        tasks.push(Box::pin(async move {
            let draft = postdesk::model::DomainDraft {
                name: format!("d{n}.example").parse().unwrap(),
                note: postdesk::model::Note::default(),
                external_id: None,
                default_quota: postdesk::model::Quota::Unlimited,
                limits: postdesk::model::Limits::UNLIMITED,
            };
            word(&domains::create(&app, &call(&app), org, draft).await)
        }));
    }
    let whole = App::clone(app);
    tasks.push(Box::pin(async move {
        word(&orgs::suspend(&whole, &call(&whole), org, "unpaid".parse().unwrap()).await)
    }));

    let words = together(tasks).await;

    assert_eq!(times(&words, "done"), 9, "{words:?}");
    for n in 0..8 {
        assert!(
            app.domain_now(&format!("d{n}.example")).await.org_suspended,
            "d{n}"
        );
    }
}

async fn quotas_that_change_at_once_are_counted_once(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").quota("1 GB").await;
    let task = |n: usize| {
        let app = App::clone(app);
        async move {
            let patch = MailboxPatch {
                quota: Some(format!("{} MB", 100 + n).parse().unwrap()),
                ..MailboxPatch::default()
            };
            word(&mailboxes::update(&app, &call(&app), &MailboxRef::Id(anna.id), patch).await)
        }
    };

    let words = together((0..10).map(task).collect()).await;

    assert_eq!(times(&words, "done"), 10, "{words:?}");
    app.verify().await;
}

async fn nothing_is_added_to_an_org_that_goes(app: &TestApp) {
    for round in 0..6 {
        let org = app.customer(&format!("Round {round}")).await;
        let gone = App::clone(app);
        let added = App::clone(app);
        let draft = postdesk::model::DomainDraft {
            name: format!("round{round}.example").parse().unwrap(),
            note: postdesk::model::Note::default(),
            external_id: None,
            default_quota: postdesk::model::Quota::Unlimited,
            limits: postdesk::model::Limits::UNLIMITED,
        };
        let id = org.id;
        let tasks: Vec<std::pin::Pin<Box<dyn Future<Output = String> + Send>>> = vec![
            Box::pin(async move { word(&orgs::delete(&gone, &call(&gone), id).await) }),
            Box::pin(async move {
                let done: Result<_, Error> = domains::create(&added, &call(&added), id, draft).await;
                word(&done)
            }),
        ];

        let words = together(tasks).await;

        assert!(times(&words, "done") >= 1, "{words:?}");
        let late = domains::get(app, &call(app), &format!("round{round}.example").parse().unwrap()).await;
        assert!(
            late.map_or(true, |(domain, _)| domain.deleted.is_some()),
            "it went with it"
        );
    }
    app.verify().await;
}

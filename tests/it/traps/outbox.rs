//! A cursor over an outbox loses what commits out of order; the state of each row does not.

use postdesk::service::mailboxes::{self, MailboxRef};
use tokio::task::JoinSet;

use crate::support::app::{TestApp, mailbox_draft};
use crate::support::backend::both;

both! {
    notes_that_commit_out_of_order_are_all_found,
    many_changes_of_one_thing_are_one_note,
}

/// What is pending for each target, as a worker would ask for it.
async fn pending(app: &TestApp) -> i64 {
    let sql = "SELECT COUNT(*) FROM projections WHERE pending_since IS NOT NULL AND kind = 'mailbox'";
    let (count,): (i64,) = app.db().read(sql).fetch_one().await.unwrap();
    count
}

async fn notes_that_commit_out_of_order_are_all_found(app: &TestApp) {
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let name = format!("writer{writer}.example");
        let domain = app.domain(&name).await.name;
        let (app, call) = (postdesk::service::App::clone(app), app.root());
        writers.spawn(async move {
            for n in 0..15 {
                mailboxes::create(&app, &call, &domain, mailbox_draft(&format!("m{n}")))
                    .await
                    .unwrap();
            }
        });
    }
    // meanwhile somebody settles whatever they see, as a worker does
    let mut settled = 0;
    let settle = "UPDATE projections SET applied = wanted, pending_since = NULL
        WHERE pending_since IS NOT NULL AND kind = 'mailbox'";
    while !writers.is_empty() {
        settled += app.db().write(settle).execute().await.unwrap();
        tokio::task::yield_now().await;
        while writers.try_join_next().is_some() {}
    }
    settled += app.db().write(settle).execute().await.unwrap();

    assert_eq!((settled, pending(app).await), (4 * 15 * 2, 0));
}

async fn many_changes_of_one_thing_are_one_note(app: &TestApp) {
    let anna = app.mailbox("anna@brightwater.example").await;
    for n in 0..5 {
        let to = format!("anna{n}").parse().unwrap();
        mailboxes::rename(app, &app.root(), &MailboxRef::Id(anna.id), to, false)
            .await
            .unwrap();
    }

    assert_eq!(pending(app).await, 2);
}

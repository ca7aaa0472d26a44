//! A transaction whose beginning is dropped half-way must not leave its connection inside it: what the next borrower
//! writes would vanish with it.

use std::time::Duration;

use postdesk::db::{Db, DbError, Tx};
use postdesk::service::App;

use crate::support::app::{TestApp, mailbox_draft};
use crate::support::backend::{Backend, both};

both! {
    a_cancelled_begin_loses_nothing,
    a_request_that_is_hung_up_on_leaves_all_or_nothing,
}

/// Polls a future for a number of times of its own choosing, then drops it.
async fn drop_after<T>(polls: usize, future: impl Future<Output = T>) -> bool {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

/// Begins a transaction, writes, and leaves it.
async fn begin_and_write(db: &Db, n: i64) -> Result<(), DbError> {
    let mut tx: Tx = db.begin().await?;
    tx.query("INSERT INTO kept VALUES ($1)").bind(n).execute().await?;
    tx.query("INSERT INTO kept VALUES ($1)").bind(n + 1000).later()
}

/// Waits for all, which hold what they have got until the last is there.
async fn all_of(open: impl Iterator<Item = impl Future<Output = Result<Tx, DbError>>>) -> Vec<Tx> {
    let mut held = Vec::new();
    for one in open {
        held.push(one.await.unwrap());
    }
    held
}

async fn a_cancelled_begin_loses_nothing(app: &TestApp) {
    let db = app.db();
    db.write("CREATE TABLE kept (n BIGINT PRIMARY KEY)")
        .execute()
        .await
        .unwrap();
    // With every connection open and idle, a begin is cancelled in its own middle and not in that of a handshake.
    if app.backend == Backend::Postgres {
        let open = (0..8).map(|_| db.begin());
        for tx in all_of(open).await {
            tx.rollback().await.unwrap();
        }
    }
    let mut acknowledged = Vec::new();
    for n in 0..60_i64 {
        let polls = usize::try_from(n % 6).unwrap();
        drop_after(polls, begin_and_write(db, 1000 + n)).await;
        let written = db.write("INSERT INTO kept VALUES ($1)").bind(n).execute().await;
        if written.is_ok() {
            acknowledged.push((n,));
        }
    }

    let neighbour = app.neighbour().await;
    let there: Vec<(i64,)> = neighbour
        .store
        .db()
        .read("SELECT n FROM kept ORDER BY n")
        .fetch_all()
        .await
        .unwrap();
    neighbour.store.db().close().await;
    db.write("DROP TABLE kept").execute().await.unwrap();

    assert_eq!(there, acknowledged);
    assert_eq!(acknowledged.len(), 60);
}

async fn a_request_that_is_hung_up_on_leaves_all_or_nothing(app: &TestApp) {
    let domain = app.domain("brightwater.example").await.name;
    let create = async |app: &App, n: usize| {
        let call = postdesk::access::Call::new(
            postdesk::access::Actor::system(
                postdesk::access::Credential::CommandLine,
                "Test bench",
                app.clock.now(),
            ),
            "hung-up",
        );
        postdesk::service::mailboxes::create(app, &call, &domain, mailbox_draft(&format!("m{n}"))).await
    };
    for polls in 0..40 {
        let hung_up = drop_after(polls, create(app, polls));
        drop(tokio::time::timeout(Duration::from_secs(5), hung_up).await);
        app.verify().await;
        create(app, 1000 + polls).await.unwrap();
    }
    app.verify().await;

    let events = "SELECT COUNT(*) FROM events WHERE kind = 'mailbox.created'";
    let (events,): (i64,) = app.db().read(events).fetch_one().await.unwrap();
    let (mailboxes,): (i64,) = app
        .db()
        .read("SELECT COUNT(*) FROM mailboxes")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(events, mailboxes);
    assert!(mailboxes >= 40);
}

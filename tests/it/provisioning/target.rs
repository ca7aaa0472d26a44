//! A provisioning database of one test, with a worker that writes to it.

use std::process::Command;
use std::time::Duration;

use postdesk::config::{TargetSchema, TargetSettings};
use postdesk::db::url::DatabaseUrl;
use postdesk::provisioning::target::{Patience, Target};
use postdesk::provisioning::worker;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;
use crate::support::{daemon, mariadb, postgres};

/// How long a test waits for the worker.
const DEADLINE: Duration = Duration::from_secs(20);

/// On which engine a target is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Sqlite,
    Postgres,
    Mariadb,
}

/// A provisioning database.
pub(crate) struct TestTarget {
    on: On,
    place: String,
    pub(crate) settings: TargetSettings,
    _dir: Option<tempfile::TempDir>,
}

impl TestTarget {
    /// An empty database of that engine, with the native schema.
    pub(crate) async fn new(name: &str, on: On) -> Self {
        let target = Self::bare(name, on);
        target
            .connect()
            .await
            .init(postdesk::model::Timestamp::from_micros(1))
            .await
            .unwrap();
        target
    }

    /// The same without the schema.
    pub(crate) fn bare(name: &str, on: On) -> Self {
        let (url, place, dir) = match on {
            On::Sqlite => {
                let dir = tempfile::tempdir().unwrap();
                let file = dir.path().join("cluster.db").display().to_string();
                (format!("sqlite:{file}"), file, Some(dir))
            }
            On::Postgres => {
                let database = postgres::server().create_database();
                (database.url(), database.name, None)
            }
            On::Mariadb => {
                let database = mariadb::server().create_database();
                (database.url(), database.name, None)
            }
        };
        let url: DatabaseUrl = url.parse().unwrap();
        let settings = TargetSettings {
            name: name.to_owned(),
            url,
            schema: TargetSchema::Native,
            usage_from: true,
        };
        Self {
            on,
            place,
            settings,
            _dir: dir,
        }
    }

    /// A connection such as the worker makes.
    pub(crate) async fn connect(&self) -> Target {
        let patience = Patience {
            connect: Duration::from_secs(5),
            statement: Duration::from_secs(20),
        };
        Target::connect(&self.settings.url, patience).await.unwrap()
    }

    /// The rows that a statement returns, a line each, the columns divided by a bar.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let text = match self.on {
            On::Sqlite => daemon::run(Command::new("sqlite3").args([&*self.place, sql])),
            On::Postgres => postgres::server().sql(&self.place, sql),
            On::Mariadb => mariadb::server().sql(&self.place, sql).replace('\t', "|"),
        };
        let plain = |line: &str| match self.on {
            // psql says t and f where the others say 1 and 0.
            On::Postgres => {
                let cells = line.split('|').map(|cell| match cell {
                    "t" => "1",
                    "f" => "0",
                    other => other,
                });
                cells.collect::<Vec<_>>().join("|")
            }
            _ => line.to_owned(),
        };
        text.lines().map(plain).collect()
    }
}

/// A worker that writes to targets for as long as it is held.
pub(crate) struct Worker {
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Worker {
    /// Makes the targets known to the store, and starts.
    pub(crate) async fn start(app: &TestApp, targets: &[&TestTarget]) -> Self {
        Self::on(
            app,
            targets.iter().map(|target| target.settings.clone()).collect(),
        )
        .await
    }

    /// The same, on targets that are already there.
    pub(crate) async fn on(app: &TestApp, settings: Vec<TargetSettings>) -> Self {
        app.store.sync_targets(&settings).await.unwrap();
        let stop = CancellationToken::new();
        let mut worker = app.settings.worker.clone();
        worker.poll_ms = 50;
        let running = tokio::spawn(worker::run(
            (**app).clone(),
            settings,
            worker,
            app.ids.next(),
            stop.clone(),
        ));
        Self { stop, running }
    }

    /// Stops in good order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(DEADLINE, self.running)
            .await
            .expect("the worker stops when asked")
            .unwrap();
    }
}

/// Waits until nothing is pending.
pub(crate) async fn settled(app: &TestApp) {
    until(app, "nothing is pending", async || {
        let (open,): (i64,) = app
            .db()
            .read(
                "SELECT COUNT(*) FROM projections p JOIN targets t ON t.id = p.target_id
                   WHERE p.pending_since IS NOT NULL AND t.enabled",
            )
            .fetch_one()
            .await
            .unwrap();
        open == 0
    })
    .await;
}

/// Waits until something holds, looking each time the worker has written something.
pub(crate) async fn until(app: &TestApp, what: &str, holds: impl AsyncFn() -> bool) {
    let mut bell = app.store.settled.listen();
    let waiting = async {
        while !holds().await {
            let rung = tokio::time::timeout(Duration::from_millis(50), bell.changed()).await;
            drop(rung);
        }
    };
    tokio::time::timeout(DEADLINE, waiting)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"));
}

//! The two databases of the store: each story runs on both, each time in a database of its own.

use std::path::Path;
use std::sync::OnceLock;

use postdesk::config::{TargetSchema, TargetSettings};
use postdesk::db::Db;
use postdesk::db::url::DatabaseUrl;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::app::TestApp;
use super::postgres;

/// Where a test's store is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// A file in a folder that goes with the test.
    Sqlite,
    /// A database of this process' own server.
    Postgres,
}

impl Backend {
    /// Both, for tests that compare them.
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// Makes a test per database out of each story: `story::on_sqlite` and `story::on_postgres`.
///
/// A story is an `async fn(&TestApp)`, in an application with the targets `north` and `south`. When it is over, what
/// always holds is checked.
macro_rules! both {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            use $crate::support::backend::{Backend, run};

            #[test]
            fn on_sqlite() {
                run(Backend::Sqlite, super::$story);
            }

            #[test]
            fn on_postgres() {
                run(Backend::Postgres, super::$story);
            }
        }
    )+ };
}
pub(crate) use both;

/// Runs a story in an application of its own, and checks afterwards what always holds.
pub(crate) fn run(backend: Backend, story: impl AsyncFnOnce(&TestApp)) {
    block_on(async {
        let app = TestApp::with(backend, |settings| {
            settings.targets = ["north", "south"].map(target).to_vec();
        })
        .await;
        story(&app).await;
        app.verify().await;
        app.db().close().await;
    });
}

/// A target that is told of everything, and that nobody writes to.
fn target(name: &str) -> TargetSettings {
    TargetSettings {
        name: name.to_owned(),
        url: format!("sqlite:{name}.db").parse().unwrap(),
        schema: TargetSchema::Native,
        usage_from: false,
    }
}

/// Runs a future on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// A database with the schema and nothing in it. The folder is what it lives in.
pub(crate) async fn database(backend: Backend) -> (DatabaseUrl, Option<TempDir>) {
    match backend {
        Backend::Sqlite => {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("postdesk.db");
            std::fs::write(&file, sqlite_template().await).unwrap();
            (sqlite_url(&file), Some(dir))
        }
        Backend::Postgres => {
            let template = postgres_template().await;
            let database = postgres::server().create_database_from(template);
            (database.url().parse().unwrap(), None)
        }
    }
}

fn sqlite_url(file: &Path) -> DatabaseUrl {
    format!("sqlite:{}", file.display()).parse().unwrap()
}

async fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(async || {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("template.db");
            migrate(&sqlite_url(&file)).await;
            std::fs::read(&file).unwrap()
        })
        .await
}

async fn postgres_template() -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(async || {
            let database = postgres::server().create_database();
            migrate(&database.url().parse().unwrap()).await;
            database.name
        })
        .await
}

async fn migrate(url: &DatabaseUrl) {
    let db = Db::connect(url).await.unwrap();
    db.migrate().await.unwrap();
    db.close().await;
}

/// SQL that a test puts together. It is few enough to be kept for as long as the process runs.
pub(crate) fn sql(text: String) -> &'static str {
    static KEPT: OnceLock<std::sync::Mutex<std::collections::HashSet<&'static str>>> = OnceLock::new();
    let mut kept = KEPT.get_or_init(std::sync::Mutex::default).lock().unwrap();
    if let Some(known) = kept.get(text.as_str()) {
        return known;
    }
    let text: &'static str = text.leak();
    kept.insert(text);
    text
}

//! Real Postfix and Dovecot on loopback, configured by `cluster-config`, reading a provisioning database.
//!
//! One story on each engine. It needs root, because Postfix does; `tests/run --fast` leaves it out.

mod direct;
mod lab;
mod probes;
mod story;

use postdesk::cluster_config::Engine;

use direct::Direct;
use lab::Lab;

#[tokio::test]
async fn a_cluster_on_postgresql_serves_what_the_target_says() {
    let (lab, people) = start(Engine::Postgres).await;
    story::tell(&lab, people).await;
}

#[tokio::test]
async fn a_cluster_on_mariadb_serves_what_the_target_says() {
    let (lab, people) = start(Engine::Mariadb).await;
    story::tell(&lab, people).await;
}

#[tokio::test]
async fn a_cluster_on_sqlite_serves_what_the_target_says() {
    let (lab, people) = start(Engine::Sqlite).await;
    story::tell(&lab, people).await;
}

async fn start(engine: Engine) -> (Lab, Direct) {
    let lab = Lab::prepare(engine);
    let people = Direct::init(&lab).await;
    (lab.start(), people)
}

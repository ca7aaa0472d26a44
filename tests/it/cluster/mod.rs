//! Real Postfix and Dovecot on loopback, configured by `cluster-config`, reading what the portal's worker wrote.
//!
//! One story on each engine. It needs root, because Postfix does; `tests/run --fast` leaves it out.

mod lab;
mod portal;
mod probes;
mod story;

use postdesk::cluster_config::Engine;

use lab::Lab;
use portal::Portal;

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

async fn start(engine: Engine) -> (Lab, Portal) {
    let lab = Lab::prepare(engine);
    let people = Portal::start(&lab).await;
    (lab.start(), people)
}

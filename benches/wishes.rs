//! What each wish costs in processor time, on the store alone, at several sizes of installation.
//!
//! Run by `benches/run`. Prints a table; the last column is the ratio to the smallest size, measured in the same run.
//! `WISHES_SIZES=1000,100000` chooses the sizes.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints and stops at trouble"
)]

use std::sync::Arc;
use std::time::Instant;

use postdesk::access::{Actor, Call, Credential};
use postdesk::config::{self, Sources};
use postdesk::db::Db;
use postdesk::ids::Ids;
use postdesk::model::{
    Clock, DomainDraft, DomainName, Labels, Limits, MailboxDraft, MailboxPatch, Note, OrgDraft, OrgKind,
    Protocols, Quota, Secret, SystemClock,
};
use postdesk::service::mailboxes::{self, Inside, MailboxRef};
use postdesk::service::{App, accounts, domains, orgs, search};
use postdesk::start;
use postdesk::store::{MailboxFilter, PageRequest};

/// Mailboxes in one domain.
const PER_DOMAIN: usize = 100;

struct Installation {
    app: App,
    call: Call,
    size: usize,
}

fn cpu_us() -> u64 {
    // utime and stime of this process, in ticks of 10 ms.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<i64> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .filter_map(|f| f.parse().ok())
        .collect();
    // After the name come state and ten numbers before utime; the state is no number.
    u64::try_from(fields[10] + fields[11]).unwrap() * 10_000
}

fn draft(n: usize) -> MailboxDraft {
    MailboxDraft {
        local_part: format!("user{n:07}").parse().unwrap(),
        display_name: format!("Person Number{n}").parse().unwrap(),
        secret: Secret::Nothing,
        quota: Some("1 GB".parse::<Quota>().unwrap()),
        protocols: Protocols::default(),
        external_id: None,
        labels: Labels::default(),
    }
}

fn domain(n: usize) -> DomainName {
    format!("d{n:05}.example").parse().unwrap()
}

async fn installation(dir: &std::path::Path, size: usize) -> Installation {
    let mut settings = config::load(&Sources::default()).unwrap().settings;
    settings.mail_policy.special_use_tlds = vec!["example".to_owned()];
    settings.passwords.argon2_memory_kib = 8;
    settings.database = match std::env::var("WISHES_DATABASE") {
        Ok(url) => url.parse().unwrap(),
        Err(_) => format!("sqlite:{}", dir.join(format!("wishes-{size}.db")).display())
            .parse()
            .unwrap(),
    };
    let db = Db::connect(&settings.database).await.unwrap();
    db.migrate().await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock));
    let app = start::assemble(&settings, "http://localhost".to_owned(), db, clock, ids).unwrap();
    app.store.sync_nodes(&settings.nodes).await.unwrap();
    let target = config::TargetSettings {
        name: "cluster".to_owned(),
        url: "sqlite:unused.db".parse().unwrap(),
        schema: config::TargetSchema::Native,
        usage_from: false,
    };
    app.store.sync_targets(&[target]).await.unwrap();
    let actor = Actor::system(Credential::CommandLine, "bench", app.clock.now());
    let call = Call::new(actor, "bench");
    let provider = accounts::ensure_provider(&app, &call, &"Provider".parse().unwrap())
        .await
        .unwrap();
    let org = OrgDraft {
        kind: OrgKind::Customer,
        name: "Customer".parse().unwrap(),
        contact: Note::default(),
        external_id: None,
        limits: Limits::UNLIMITED,
    };
    let org = orgs::create(&app, &call, provider, org).await.unwrap().value;
    for d in 0..size.div_ceil(PER_DOMAIN) {
        let new = DomainDraft {
            name: domain(d),
            note: Note::default(),
            external_id: None,
            default_quota: Quota::Unlimited,
            limits: Limits::UNLIMITED,
        };
        domains::create(&app, &call, org.id, new).await.unwrap();
        for m in 0..PER_DOMAIN.min(size - d * PER_DOMAIN) {
            mailboxes::create(&app, &call, &domain(d), draft(d * PER_DOMAIN + m))
                .await
                .unwrap();
        }
    }
    Installation { app, call, size }
}

impl Installation {
    fn at(&self, n: usize) -> MailboxRef {
        // Spread over the whole installation.
        let n = n.wrapping_mul(7919) % self.size;
        format!("user{n:07}@{}", domain(n / PER_DOMAIN)).parse().unwrap()
    }

    async fn wish(&self, name: &str, n: usize) {
        let (app, call) = (&self.app, &self.call);
        match name {
            "get" => drop(mailboxes::get(app, call, &self.at(n)).await.unwrap()),
            "list 50 of a domain" => {
                let inside = Inside::Domain(domain(n % self.size.div_ceil(PER_DOMAIN)));
                let page = PageRequest::first(50);
                drop(
                    mailboxes::list(app, call, &inside, &MailboxFilter::default(), &page)
                        .await
                        .unwrap(),
                );
            }
            "list 50 of all" => {
                let page = PageRequest::first(50);
                let filter = MailboxFilter::default();
                drop(
                    mailboxes::list(app, call, &Inside::Everything, &filter, &page)
                        .await
                        .unwrap(),
                );
            }
            "search" => {
                let n = n.wrapping_mul(7919) % self.size;
                drop(search::find(app, call, &format!("user{n:07}"), 20).await.unwrap());
            }
            "create" => drop(
                mailboxes::create(app, call, &domain(0), draft(50_000_000 + n))
                    .await
                    .unwrap(),
            ),
            "update" => {
                let quota = Some(format!("{} MB", 1000 + n).parse::<Quota>().unwrap());
                let patch = MailboxPatch {
                    quota,
                    ..MailboxPatch::default()
                };
                drop(mailboxes::update(app, call, &self.at(n), patch).await.unwrap());
            }
            _ => {
                let at: MailboxRef = format!("user{:07}@{}", 50_000_000 + n, domain(0))
                    .parse()
                    .unwrap();
                drop(mailboxes::delete(app, call, &at).await.unwrap());
            }
        }
    }
}

fn main() {
    let sizes = std::env::var("WISHES_SIZES").unwrap_or_else(|_| "1000,20000".to_owned());
    let sizes: Vec<usize> = sizes.split(',').map(|size| size.parse().unwrap()).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for size in sizes {
            let started = Instant::now();
            all.push(installation(dir.path(), size).await);
            println!(
                "{size} mailboxes made in {:.1} s",
                started.elapsed().as_secs_f64()
            );
        }
        println!(
            "{:<22}{:>12}{:>14}{:>14}{:>8}",
            "wish", "mailboxes", "cpu us", "wall us", "ratio"
        );
        for (name, times) in [
            ("get", 10_000),
            ("list 50 of a domain", 3_000),
            ("list 50 of all", 3_000),
            ("search", 5_000),
            ("create", 3_000),
            ("update", 3_000),
            ("delete", 3_000),
        ] {
            let mut first = None;
            for installation in &all {
                let (cpu, wall) = (cpu_us(), Instant::now());
                for n in 0..times {
                    installation.wish(name, n).await;
                }
                let times_us = u64::try_from(times).unwrap();
                let cpu = (cpu_us() - cpu) / times_us;
                let wall = wall.elapsed().as_micros() / u128::from(times_us);
                let base = *first.get_or_insert(cpu.max(1));
                let ratio = cpu * 100 / base;
                println!(
                    "{name:<22}{:>12}{cpu:>14}{wall:>14}{:>5}.{:02}",
                    installation.size,
                    ratio / 100,
                    ratio % 100
                );
            }
        }
    });
}

//! The worker: one loop for each target, each on its own, so that a target that is down holds up nobody else.

use std::cmp::Reverse;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::backoff;
use super::projection::{self, Rows};
use super::recent::Recent;
use super::target::{Job, Outcome, Patience, Target, TargetError};
use super::usage::{Counted, UsageError};
use crate::config::{TargetSettings, WorkerSettings};
use crate::error::Error;
use crate::service::{App, housekeeping};
use crate::store::outbox::{Note, TargetRow, Trouble};

/// The longest pause before a target that was down is looked at again: looking is cheap, and waiting is not.
const MOST_BETWEEN_PROBES: Duration = Duration::from_secs(5);
/// Changes that follow a round within this time are written together in the next: a transaction for each would cost more
/// than all of them. A change that comes alone is written at once.
const GATHER: Duration = Duration::from_millis(50);
/// How often what the daemons counted is read back.
const USAGE_EVERY: Duration = Duration::from_secs(30);
/// How often a worker asks for a target that another one has.
const LEASE_ASKED_EVERY: Duration = Duration::from_secs(1);
/// How often promises that come due are looked for.
const PROMISES_EVERY: Duration = Duration::from_secs(5);

/// Runs until `shutdown`: every target of the settings, and what the clock asks for. Targets are held as `holder`; no two
/// workers that run at once may have the same.
pub async fn run(
    app: App,
    targets: Vec<TargetSettings>,
    settings: WorkerSettings,
    holder: Uuid,
    shutdown: CancellationToken,
) {
    let mut loops = JoinSet::new();
    let rows = loop {
        match app.store.enabled_targets().await {
            Ok(rows) => break rows,
            Err(error) => tracing::error!(error = %error, "the targets cannot be read"),
        }
        if pause(&shutdown, Duration::from_secs(1)).await {
            return;
        }
    };
    for row in rows {
        let Some(target) = targets.iter().find(|target| target.name == row.name) else {
            continue;
        };
        let deliverer = Deliverer {
            app: app.clone(),
            row,
            target: target.clone(),
            settings: settings.clone(),
            holder,
            link: None,
            recent: Recent::default(),
            counted: Counted::default(),
            usage_at: Instant::now(),
        };
        loops.spawn(deliverer.run(shutdown.clone()));
    }
    loops.spawn(keep_promises(app.clone(), shutdown.clone()));
    loops.spawn(hear_others(app, shutdown));
    while let Some(ended) = loops.join_next().await {
        if let Err(error) = ended {
            tracing::error!(error = %error, "a part of the worker stopped");
        }
    }
}

async fn keep_promises(app: App, shutdown: CancellationToken) {
    while !pause(&shutdown, PROMISES_EVERY).await {
        if let Err(error) = housekeeping::keep_promises(&app).await {
            tracing::warn!(error = %error, "what has come due could not be done, and is tried again");
        }
    }
}

/// Wakes this worker for what other nodes have committed.
async fn hear_others(app: App, shutdown: CancellationToken) {
    loop {
        let heard = tokio::select! {
            () = shutdown.cancelled() => return,
            heard = app.store.hear_others() => heard,
        };
        match heard {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::debug!(error = %error, "not hearing other nodes just now"),
        }
        if pause(&shutdown, Duration::from_secs(1)).await {
            return;
        }
    }
}

/// Waits; `true` when it is time to stop.
async fn pause(shutdown: &CancellationToken, how_long: Duration) -> bool {
    tokio::time::timeout(how_long, shutdown.cancelled()).await.is_ok()
}

/// The loop of one target.
struct Deliverer {
    app: App,
    row: TargetRow,
    target: TargetSettings,
    settings: WorkerSettings,
    holder: Uuid,
    link: Option<Target>,
    recent: Recent,
    counted: Counted,
    usage_at: Instant,
}

/// What a round of the loop came to.
enum Round {
    /// As much was done as goes into one round: there is more, so look again at once.
    Full,
    /// Something was done: look again soon.
    Busy,
    /// Nothing is due.
    Idle,
    /// Another worker has the target: what is due is its business for now.
    Elsewhere,
    /// The target cannot be written; wait before the next try.
    Down(Duration),
}

impl Deliverer {
    async fn run(mut self, shutdown: CancellationToken) {
        let mut pending = self.app.store.pending.listen();
        while !shutdown.is_cancelled() {
            // What rings from here on is news: nothing is missed between looking and waiting.
            pending.mark_unchanged();
            let began = Instant::now();
            let wait = match self.round().await {
                Ok(Round::Busy) => {
                    if pause(&shutdown, GATHER.saturating_sub(began.elapsed())).await {
                        break;
                    }
                    continue;
                }
                Ok(Round::Full) => continue,
                Ok(Round::Elsewhere) => {
                    if pause(&shutdown, LEASE_ASKED_EVERY).await {
                        break;
                    }
                    continue;
                }
                Ok(Round::Idle) => self.until_next().await,
                Ok(Round::Down(wait)) => {
                    if pause(&shutdown, wait).await {
                        break;
                    }
                    continue;
                }
                Err(error) => {
                    tracing::warn!(target.name = %self.row.name, error = %error, "the store does not answer");
                    Duration::from_secs(1)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = pending.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        if let Some(link) = self.link.take() {
            link.close().await;
        }
        if let Err(error) = self.app.store.end_lease(self.row.id, self.holder).await {
            tracing::debug!(error = %error, "the lease ends by itself");
        }
    }

    /// How long to wait when nothing is due: until something is, and never longer than the poll.
    async fn until_next(&self) -> Duration {
        let poll = Duration::from_millis(self.settings.poll_ms);
        match self.app.store.next_due(self.row.id).await {
            Ok(Some(due)) => due.since(self.app.clock.now()).min(poll),
            _ => poll,
        }
    }

    async fn renew_lease(&self) -> Result<bool, Error> {
        let until = self
            .app
            .clock
            .now()
            .plus(Duration::from_secs(self.settings.lease_s));
        Ok(self
            .app
            .store
            .lease(self.row.id, self.holder, until)
            .await?
            .is_some())
    }

    async fn round(&mut self) -> Result<Round, Error> {
        let notes = self.app.store.due(self.row.id, self.settings.batch).await?;
        let read_usage = self.target.usage_from && Instant::now() >= self.usage_at;
        if notes.is_empty() && !read_usage {
            return Ok(Round::Idle);
        }
        if !self.renew_lease().await? {
            return Ok(Round::Elsewhere);
        }
        if self.link.is_none() {
            match Target::connect(&self.target.url, self.patience()).await {
                Ok(link) => self.link = Some(link),
                Err(error) => return self.down(&error).await,
            }
        }
        if read_usage && let Some(error) = self.read_usage().await? {
            return self.down(&error).await;
        }
        if notes.is_empty() {
            return Ok(Round::Idle);
        }
        let jobs = self.jobs(&notes).await?;
        let round = match self.write(&jobs).await {
            Ok(outcomes) => self.settle(&notes, &jobs, &outcomes).await?,
            Err(error) if error.whole => self.down(&error).await?,
            Err(_) => self.one_by_one(&notes, &jobs).await?,
        };
        let is_full = usize::try_from(self.settings.batch).is_ok_and(|most| notes.len() >= most);
        Ok(if is_full && matches!(round, Round::Busy) {
            Round::Full
        } else {
            round
        })
    }

    fn patience(&self) -> Patience {
        Patience {
            connect: Duration::from_secs(self.settings.connect_timeout_s),
            statement: Duration::from_secs(self.settings.statement_timeout_s),
        }
    }

    /// The notes as jobs: what goes before what comes, and in the order in which things depend on each other.
    async fn jobs(&self, notes: &[Note]) -> Result<Vec<Job>, Error> {
        let mut jobs = Vec::with_capacity(notes.len());
        for note in notes {
            let now = self.app.store.projected(note.kind, note.object).await?;
            jobs.push(Job {
                object: note.object,
                kind: note.kind,
                revision: now.version.unwrap_or(note.wanted),
                rows: projection::rows(&now.state),
            });
        }
        jobs.sort_by_key(|job| match job.rows {
            Rows::None => (false, Some(Reverse(job.kind)), None),
            _ => (true, None, Some(job.kind)),
        });
        Ok(jobs)
    }

    async fn write(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, TargetError> {
        let now = self.app.clock.now();
        match &mut self.link {
            Some(link) => link.write(jobs, now).await,
            None => Ok(Vec::new()),
        }
    }

    async fn settle(&mut self, notes: &[Note], jobs: &[Job], outcomes: &[Outcome]) -> Result<Round, Error> {
        let done = jobs.iter().zip(outcomes);
        let written = done.clone().filter(|(_, outcome)| **outcome == Outcome::Written);
        let written: Vec<(Uuid, i64)> = written.map(|(job, _)| (job.object, job.revision)).collect();
        self.app.store.settle(self.row.id, &written).await?;
        let gone = jobs.iter().filter(|job| matches!(job.rows, Rows::None));
        let gone: Vec<Uuid> = gone.map(|job| job.object).collect();
        self.app.store.forget_purged(self.row.id, &gone).await?;
        let objects = written.iter().map(|(object, _)| *object);
        self.recent.written(Instant::now(), objects);
        for (job, _) in done.filter(|(_, outcome)| **outcome == Outcome::Newer) {
            let now = self.app.store.projected(job.kind, job.object).await?;
            // Either a newer version is there meanwhile, and its note is due; or the target knows more than we do.
            if now.version.is_none_or(|version| version <= job.revision)
                && let Some(note) = notes.iter().find(|note| note.object == job.object)
            {
                let text = "the target holds a newer version than the portal knows; was the portal restored from a \
                            backup? compare with `postdesk target verify`";
                let trouble = Trouble {
                    class: "ahead",
                    text: text.to_owned(),
                };
                self.app
                    .store
                    .postpone(self.row.id, note, &trouble, self.app.clock.now(), true)
                    .await?;
            }
        }
        Ok(Round::Busy)
    }

    /// A batch failed: each object on its own, so that the one that fails is found and holds up no other.
    async fn one_by_one(&mut self, notes: &[Note], jobs: &[Job]) -> Result<Round, Error> {
        for job in jobs {
            if !self.renew_lease().await? {
                return Ok(Round::Elsewhere);
            }
            match self.write(std::slice::from_ref(job)).await {
                Ok(outcomes) => {
                    self.settle(notes, std::slice::from_ref(job), &outcomes).await?;
                }
                Err(error) if error.whole => return self.down(&error).await,
                Err(error) => {
                    if let Some(note) = notes.iter().find(|note| note.object == job.object) {
                        self.postpone(note, &error).await?;
                    }
                }
            }
        }
        Ok(Round::Busy)
    }

    async fn postpone(&self, note: &Note, error: &TargetError) -> Result<(), Error> {
        let tries = u32::try_from(note.tries).unwrap_or(u32::MAX);
        let most = Duration::from_secs(self.settings.backoff_max_s);
        let wait = backoff::jittered(tries, most, self.dice());
        let park = tries.saturating_add(1) >= self.settings.max_tries;
        tracing::warn!(target.name = %self.row.name, object.kind = note.kind.as_str(), object.id = %note.object,
            error.class = error.class, error = %error, parked = park, "an object cannot be written");
        let trouble = Trouble {
            class: error.class,
            text: error.text.clone(),
        };
        self.app
            .store
            .postpone(self.row.id, note, &trouble, self.app.clock.now().plus(wait), park)
            .await
    }

    fn dice(&self) -> f64 {
        self.app.ids.with_random(rand::RngExt::random::<f64>)
    }

    async fn down(&mut self, error: &TargetError) -> Result<Round, Error> {
        // Whatever state the connection is in, a new one starts clean.
        self.link = None;
        self.doubt().await?;
        let trouble = Trouble {
            class: error.class,
            text: error.text.clone(),
        };
        let failures = self.app.store.target_failed(self.row.id, &trouble).await?;
        if failures == 1 {
            tracing::warn!(target.name = %self.row.name, error.class = error.class, error = %error, "a target is down");
        }
        let tries = u32::try_from(failures - 1).unwrap_or(u32::MAX);
        let least = Duration::from_millis(100);
        Ok(Round::Down(
            backoff::jittered(tries, MOST_BETWEEN_PROBES, self.dice()).max(least),
        ))
    }

    /// Writes anew what the target may have forgotten when it went away.
    async fn doubt(&mut self) -> Result<(), Error> {
        self.app.store.doubt(self.row.id, &self.recent.objects()).await?;
        self.recent.clear();
        Ok(())
    }

    /// Reads back what the daemons counted; why it could not be read, if so.
    async fn read_usage(&mut self) -> Result<Option<TargetError>, Error> {
        let Some(link) = &mut self.link else {
            return Ok(None);
        };
        let started = Instant::now();
        let read = self.counted.carry_over(&self.app, link).await;
        // A reading that takes long is done the less often.
        self.usage_at = Instant::now() + USAGE_EVERY.max(started.elapsed() * 20);
        match read {
            Ok(changed) if changed > 0 => {
                tracing::debug!(target.name = %self.row.name, changed, "usage read back");
                Ok(None)
            }
            Ok(_) => Ok(None),
            Err(UsageError::Store(error)) => Err(error),
            Err(UsageError::Target(error)) => Ok(Some(error)),
        }
    }
}

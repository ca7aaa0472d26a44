//! Whether the audit still says what was written: every hash, every number, the head and every checkpoint.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::super::App;
use super::checkpoints::{Checkpoint, Checkpoints, Kept};
use crate::access::{AuditExport, Call, Permit, Place};
use crate::error::Error;
use crate::model::chain::{Broken, Damage, Found, follows, judge};
use crate::model::{Link, Timestamp};
use crate::store::ChainEntry;

/// The most bad lines of the checkpoint file that are named.
const MOST_LINES: usize = 20;

/// What a walk along the whole audit found.
#[derive(Clone, Debug)]
pub struct Verification {
    /// How many entries are as they were written.
    pub entries: i64,
    /// The newest entry that is.
    pub newest: Link,
    /// How many checkpoints agree with them; nothing where no checkpoints are kept.
    pub checkpoints: Option<usize>,
    /// What is wrong, the first bad entry first.
    pub findings: Vec<Finding>,
}

/// Something that is wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which kind of damage, and the numbers it is about.
    pub broken: Broken,
    /// What stands there now, if anything does.
    pub entry: Option<Named>,
    /// The line of the checkpoint file, if it is about one.
    pub line: Option<usize>,
}

/// An entry in a few words, as it stands there now.
#[derive(Clone, Debug)]
pub struct Named {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// By whom.
    pub actor: String,
}

impl Finding {
    fn of(broken: Broken) -> Self {
        Self {
            broken,
            entry: None,
            line: None,
        }
    }

    fn with(broken: Broken, entry: &ChainEntry) -> Self {
        let sealed = entry.found().sealed;
        Self {
            entry: Some(Named {
                at: entry.at(),
                kind: sealed.kind.to_owned(),
                subject: sealed.subject.to_owned(),
                actor: sealed.actor.to_owned(),
            }),
            ..Self::of(broken)
        }
    }
}

impl Verification {
    /// Whether everything is as it was written.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Walks along the whole audit, page by page, and tells `progress` how far it is. Without `checkpoints`, only what the
/// database itself says is checked.
pub async fn verify(
    app: &App,
    call: &Call,
    checkpoints: Option<&Checkpoints>,
    progress: &mut (dyn FnMut(i64, i64) + Send),
) -> Result<Verification, Error> {
    let permit = call.actor.permit::<AuditExport>(Place::system());
    let permit = permit.map_err(|denied| Error::denied(denied, "audit", "system"))?;

    let kept = match checkpoints.cloned() {
        None => None,
        Some(checkpoints) => Some(read(checkpoints).await?),
    };
    let Kept { good, bad } = kept.clone().unwrap_or_default();

    let mut walk = Walk {
        app,
        permit,
        last: Link::START,
        agreed: Link::START,
        agreeing: 0,
        good: good.into_iter().peekable(),
    };
    let found = walk.reach_the_end(progress).await?;
    let mut findings: Vec<Finding> = found.into_iter().collect();
    findings.extend(bad.into_iter().take(MOST_LINES).map(|(line, seq)| Finding {
        line: Some(line),
        ..Finding::of(Broken::at(Damage::Signature, seq.unwrap_or(0)))
    }));
    Ok(Verification {
        entries: walk.last.seq,
        newest: walk.last,
        checkpoints: kept.map(|_| walk.agreeing),
        findings,
    })
}

async fn read(checkpoints: Checkpoints) -> Result<Kept, Error> {
    let read = tokio::task::spawn_blocking(move || checkpoints.read()).await;
    let failed = |error: String| Error::defect(format!("the checkpoints cannot be read: {error}"));
    read.map_err(|error| failed(error.to_string()))?
        .map_err(|error| failed(error.to_string()))
}

struct Walk<'a> {
    app: &'a App,
    permit: Permit<AuditExport>,
    /// The newest entry that is right.
    last: Link,
    /// The newest entry that a checkpoint agrees with.
    agreed: Link,
    agreeing: usize,
    good: Peekable<IntoIter<Checkpoint>>,
}

impl Walk<'_> {
    /// Walks to the first damage, or to the end.
    async fn reach_the_end(
        &mut self,
        progress: &mut (dyn FnMut(i64, i64) + Send),
    ) -> Result<Option<Finding>, Error> {
        let store = &self.app.store;
        let all = store.chain_end(&self.permit).await?.greatest;
        let mut from = i64::MIN;
        let mut seen = None;
        loop {
            let mut page = store.chain_from(&self.permit, from).await?;
            // Of a number that is there twice both entries are looked at.
            page.retain(|entry| Some(entry.found().sealed.id) != seen);
            if page.is_empty() {
                let end = store.chain_end(&self.permit).await?;
                if end.greatest > self.last.seq && end.greatest >= from {
                    continue;
                }
                return Ok(self.judge_end(end).map(Finding::of));
            }
            for at in 0..page.len() {
                if follows(&self.last, &page[at].found()) {
                    self.last = page[at].found().link;
                    if let Some(broken) = self.judge_checkpoints() {
                        return Ok(Some(Finding::with(broken, &page[at])));
                    }
                    continue;
                }
                return self.judge_entry(page.split_off(at)).await.map(Some);
            }
            let end = page.last().map(|entry| entry.found());
            let end = end.map(|found| (found.link.seq, found.sealed.id));
            (from, seen) = end.map_or((from, None), |(seq, id)| (seq, Some(id)));
            progress(self.last.seq, all);
        }
    }

    /// What is wrong with the first of these entries. It takes a look at some that follow to say so.
    async fn judge_entry(&self, mut rest: Vec<ChainEntry>) -> Result<Finding, Error> {
        let from = rest.last().map_or(self.last.seq, |entry| entry.found().link.seq);
        rest.extend(
            self.app
                .store
                .chain_from(&self.permit, from.saturating_add(1))
                .await?,
        );
        let found: Vec<Found<'_>> = rest.iter().map(ChainEntry::found).collect();
        let mut broken = judge(&self.last, &found);
        // Whoever appends moves the head, so what is beyond it now was not appended.
        let head = self.app.store.chain_end(&self.permit).await?.head;
        if head.is_some_and(|head| found[0].link.seq > head.seq) {
            broken = Broken::at(Damage::Inserted, found[0].link.seq);
        }
        Ok(match broken.damage {
            Damage::Missing => Finding::of(broken),
            _ => rest
                .first()
                .map_or(Finding::of(broken), |entry| Finding::with(broken, entry)),
        })
    }

    /// Whether the checkpoints up to here agree.
    fn judge_checkpoints(&mut self) -> Option<Broken> {
        while let Some(checkpoint) = self.good.next_if(|next| next.link.seq <= self.last.seq) {
            if checkpoint.link != self.last {
                return Some(Broken {
                    damage: Damage::Checkpoint,
                    seq: self.agreed.seq + 1,
                    until: self.last.seq,
                });
            }
            self.agreed = self.last;
            self.agreeing += 1;
        }
        None
    }

    /// Whether this is where the audit ends.
    fn judge_end(&mut self, end: crate::store::ChainEnd) -> Option<Broken> {
        let (last, next) = (self.last.seq, self.last.seq + 1);
        let cut_until = |until| Broken {
            damage: Damage::TailCut,
            seq: next,
            until,
        };
        if let Some(checkpoint) = self.good.by_ref().last() {
            return Some(cut_until(checkpoint.link.seq));
        }
        let Some(head) = end.head else {
            return Some(Broken::at(Damage::HeadMoved, last));
        };
        if head.seq > last {
            return Some(cut_until(head.seq));
        }
        if head != self.last {
            return Some(Broken::at(Damage::HeadMoved, last.min(head.seq + 1)));
        }
        end.strays.then(|| Broken::at(Damage::Inserted, 0))
    }
}

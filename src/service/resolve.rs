//! Where mail for an address really goes.

use std::future::Future;
use std::pin::Pin;

use super::App;
use crate::access::{AliasRead, Call, Permit};
use crate::error::Error;
use crate::model::{Destination, DomainName};
use crate::store::Onward;

/// How many steps are followed one after another.
const DEEPEST: usize = 12;
/// How many steps are told in all. Aliases of aliases can make more ways than anybody could read.
const MOST_STEPS: usize = 500;

/// One step of the way of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The address.
    pub address: String,
    /// What it is.
    pub kind: StepKind,
    /// Where it goes on to.
    pub next: Vec<Step>,
}

/// What an address on the way is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Mail stays in this mailbox.
    Mailbox,
    /// A mailbox that refuses mail, or keeps none.
    MailboxPassing,
    /// An alias.
    Alias,
    /// An alias that is switched off.
    AliasOff,
    /// The catch-all answers.
    CatchAll,
    /// Nothing answers: mail is refused.
    Unknown,
    /// Mail leaves this installation, or what the asker can see of it.
    External,
    /// The same address again: mail would run in a circle.
    Loop,
    /// Not followed any further: so much was told already.
    More,
}

impl StepKind {
    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::MailboxPassing => "mailbox_passing",
            Self::Alias => "alias",
            Self::AliasOff => "alias_off",
            Self::CatchAll => "catch_all",
            Self::Unknown => "unknown",
            Self::External => "external",
            Self::Loop => "loop",
            Self::More => "more",
        }
    }
}

/// The way of a mail for `address`.
pub async fn resolve(app: &App, call: &Call, address: &Destination) -> Result<Step, Error> {
    // The first address must be one that the asker looks after; further ones may be anywhere.
    let (_, _permit) = app.live_domain::<AliasRead>(call, address.domain()).await?;
    let mut walk = Walk {
        app,
        call,
        left: MOST_STEPS,
    };
    let address = address.clone().canonical_for(true).to_string();
    walk.follow(address, Vec::new()).await
}

/// Somebody who follows the ways of a mail, and stops when enough has been told.
struct Walk<'a> {
    app: &'a App,
    call: &'a Call,
    left: usize,
}

type Following<'a> = Pin<Box<dyn Future<Output = Result<Step, Error>> + Send + 'a>>;

impl Walk<'_> {
    fn follow(&mut self, address: String, seen: Vec<String>) -> Following<'_> {
        Box::pin(self.step(address, seen))
    }

    async fn step(&mut self, address: String, seen: Vec<String>) -> Result<Step, Error> {
        let end = |kind| Step {
            address: address.clone(),
            kind,
            next: Vec::new(),
        };
        if seen.contains(&address) {
            return Ok(end(StepKind::Loop));
        }
        if seen.len() >= DEEPEST || self.left == 0 {
            return Ok(end(StepKind::More));
        }
        self.left -= 1;
        let domain = address
            .rsplit_once('@')
            .and_then(|(_, domain)| domain.parse::<DomainName>().ok());
        let Some(domain) = domain else {
            return Ok(end(StepKind::External));
        };
        let (hosted, permit) = match self.app.domain::<AliasRead>(self.call, &domain).await {
            Ok((hosted, _)) if hosted.deleted.is_some() => return Ok(end(StepKind::Unknown)),
            Ok(found) => found,
            Err(Error::NotFound(_) | Error::Refused(_)) => return Ok(end(StepKind::External)),
            Err(error) => return Err(error),
        };
        let local = address.rsplit_once('@').map_or("", |(local, _)| local);
        let local = local.split('+').next().unwrap_or(local);
        let own = format!("{local}@{}", hosted.name);
        let (kind, to) = self.onward(&permit, &own, &format!("@{}", hosted.name)).await?;
        let mut way = seen;
        way.push(address.clone());
        let mut next = Vec::with_capacity(to.len());
        for destination in to {
            if self.left == 0 {
                next.push(Step {
                    address: "…".to_owned(),
                    kind: StepKind::More,
                    next: Vec::new(),
                });
                break;
            }
            next.push(self.follow(destination, way.clone()).await?);
        }
        Ok(Step { address, kind, next })
    }

    /// What an own address is, and where its mail goes on to.
    async fn onward(
        &self,
        permit: &Permit<AliasRead>,
        own: &str,
        catch_all: &str,
    ) -> Result<(StepKind, Vec<String>), Error> {
        Ok(match self.app.store.onward(permit, own).await? {
            Onward::Mailbox {
                keeps: true,
                forwards,
                ..
            } => (StepKind::Mailbox, forwards),
            Onward::Mailbox { forwards, .. } => (StepKind::MailboxPassing, forwards),
            Onward::Alias {
                enabled: true,
                destinations,
            } => (StepKind::Alias, destinations),
            Onward::Alias { enabled: false, .. } => (StepKind::AliasOff, Vec::new()),
            Onward::Nothing => match self.app.store.onward(permit, catch_all).await? {
                Onward::Alias {
                    enabled: true,
                    destinations,
                } => (StepKind::CatchAll, destinations),
                _ => (StepKind::Unknown, Vec::new()),
            },
        })
    }
}

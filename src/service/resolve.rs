//! Where mail for an address really goes.

use std::future::Future;
use std::pin::Pin;

use super::App;
use crate::access::{AliasRead, Call};
use crate::error::Error;
use crate::model::{Destination, DomainName};
use crate::store::Onward;

/// How many steps are followed.
const DEEPEST: usize = 12;

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
        }
    }
}

/// The way of a mail for `address`.
pub async fn resolve(app: &App, call: &Call, address: &Destination) -> Result<Step, Error> {
    // The first address must be one that the asker looks after; further ones may be anywhere.
    let (_, _permit) = app.live_domain::<AliasRead>(call, address.domain()).await?;
    follow(
        app,
        call,
        address.clone().canonical_for(true).to_string(),
        Vec::new(),
    )
    .await
}

type Following<'a> = Pin<Box<dyn Future<Output = Result<Step, Error>> + Send + 'a>>;

fn follow<'a>(app: &'a App, call: &'a Call, address: String, seen: Vec<String>) -> Following<'a> {
    Box::pin(async move {
        let end = |kind| Step {
            address: address.clone(),
            kind,
            next: Vec::new(),
        };
        if seen.contains(&address) || seen.len() >= DEEPEST {
            return Ok(end(StepKind::Loop));
        }
        let domain = address
            .rsplit_once('@')
            .and_then(|(_, domain)| domain.parse::<DomainName>().ok());
        let Some(domain) = domain else {
            return Ok(end(StepKind::External));
        };
        let Ok((hosted, permit)) = app.live_domain::<AliasRead>(call, &domain).await else {
            return Ok(end(StepKind::External));
        };
        let local = address.rsplit_once('@').map_or("", |(local, _)| local);
        let local = local.split('+').next().unwrap_or(local);
        let own = format!("{local}@{}", hosted.name);
        let (kind, to) = match app.store.onward(&permit, &own).await? {
            Onward::Mailbox { keeps, forwards, .. } => (
                if keeps {
                    StepKind::Mailbox
                } else {
                    StepKind::MailboxPassing
                },
                forwards,
            ),
            Onward::Alias {
                enabled: true,
                destinations,
            } => (StepKind::Alias, destinations),
            Onward::Alias { enabled: false, .. } => (StepKind::AliasOff, Vec::new()),
            Onward::Nothing => match app.store.onward(&permit, &format!("@{}", hosted.name)).await? {
                Onward::Alias {
                    enabled: true,
                    destinations,
                } => (StepKind::CatchAll, destinations),
                _ => (StepKind::Unknown, Vec::new()),
            },
        };
        let mut way = seen;
        way.push(address.clone());
        let mut next = Vec::with_capacity(to.len());
        for destination in to {
            next.push(follow(app, call, destination, way.clone()).await?);
        }
        Ok(Step {
            address: address.clone(),
            kind,
            next,
        })
    })
}

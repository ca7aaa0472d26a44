//! One account: who it is, what it holds, and what happened to it.

use super::super::answer::{Answer, page};
use super::super::nav::Here;
use super::super::pages::accounts::{AccountPage, GrantRow};
use super::super::view::history::happening;
use super::super::view::{Fact, Happening, Note, words};
use super::super::visitor::{At, Visitor};
use super::list::{address, badge};
use crate::access::{AuditRead, GrantManage, Scope, SupportAssist};
use crate::error::Error;
use crate::model::AccountId;
use crate::service::mailboxes::Inside;
use crate::service::{audit, letters, people, service_accounts};
use crate::store::{AccountKind, EventFilter, GrantRecord, LetterFate, LetterState, PageRequest, Person};

/// Lines of what happened.
const EVENTS: usize = 10;

pub(in crate::http::web) async fn show(visitor: Visitor, At(id): At<AccountId>) -> Answer {
    let (person, permit) = people::get(&visitor.app, &visitor.call, id).await?;
    let letter = letters::last(&visitor.app, &permit, id).await?;
    let verbs = people::verbs(&visitor.app, &visitor.call, id).await?;
    let looks_after = service_accounts::may_look_after(&visitor.app, &visitor.call, id).await?;
    let is_service = person.kind == AccountKind::Service;
    let is_self = visitor.actor().identity().account == Some(id);
    page(&AccountPage {
        chrome: visitor.chrome(&Here::Everything("Who can manage")).await?,
        name: person.name.to_string(),
        path: format!("/accounts/{id}"),
        version: person.version.to_string(),
        badge: badge(&person),
        notes: notes(&visitor, &person, is_self, verbs.invite_again(), letter.as_ref()),
        by_letter: visitor.app.sends_letters,
        can: verbs,
        explain: explain(&person),
        tokens: looks_after.then(|| format!("/accounts/{id}/tokens")),
        delete: (looks_after && is_service).then(|| format!("/accounts/{id}/delete")),
        can_check: !is_self && !is_service && visitor.actor().may_anywhere::<SupportAssist>(),
        can_give: !is_self && visitor.actor().may_anywhere::<GrantManage>(),
        facts: facts(&visitor, &person),
        grants: person
            .grants
            .iter()
            .map(|held| grant(&visitor, held, is_self))
            .collect(),
        changes: changes(&visitor, id).await?,
    })
}

/// By the address, which is what one types there; whoever has none is known by the id.
fn explain(person: &Person) -> String {
    if person.email.is_empty() {
        return format!("/explain?account={}", person.id);
    }
    format!("/explain?account={}", words::query(&person.email))
}

fn facts(visitor: &Visitor, person: &Person) -> Vec<Fact> {
    let now = visitor.now();
    let belongs = Fact::new("Belongs to", person.org.as_str());
    let since = Fact::new("Here since", words::date(person.created_at, now).words);
    if person.kind == AccountKind::Service {
        return vec![Fact::new("Signs in", "never; it acts by tokens"), belongs, since];
    }
    let seen = person.last_sign_in_at.map(|at| words::moment(at, now).words);
    vec![
        Fact::new("Signs in as", address(person)),
        belongs,
        Fact::new("Last signed in", seen.unwrap_or_else(|| "never".to_owned())),
        since,
    ]
}

fn notes(
    visitor: &Visitor,
    person: &Person,
    is_self: bool,
    again: bool,
    letter: Option<&LetterFate>,
) -> Vec<Note> {
    let own = is_self.then(|| Note {
        icon: "info",
        title: "This is your own account".to_owned(),
        text: "Nobody changes their own access. Ask somebody else who manages access.".to_owned(),
        ..Note::default()
    });
    let off = person.suspended_at.map(|at| Note {
        kind: "warn",
        icon: "circle-pause",
        title: format!("Suspended since {}", words::moment(at, visitor.now()).words),
        text: "There is no way in: no sign-in, no session, no token. The roles are kept.".to_owned(),
        ..Note::default()
    });
    let waits = (person.invited && person.suspended_at.is_none()).then(|| Note {
        icon: "clock",
        title: format!("{} has not chosen a password yet", person.name),
        text: if again {
            "An invitation link is good for seven days. A new one ends the one before.".to_owned()
        } else {
            "An invitation link is good for seven days.".to_owned()
        },
        ..Note::default()
    });
    let waits = waits.map(|note| match letter {
        Some(letter) => of_letter(visitor, note, letter),
        None => note,
    });
    [own, off, waits].into_iter().flatten().collect()
}

/// What became of the letter, and what to do if it did not arrive.
fn of_letter(visitor: &Visitor, note: Note, letter: &LetterFate) -> Note {
    let to = &letter.recipient;
    let since = words::moment(letter.since, visitor.now()).words;
    match letter.state {
        LetterState::Waiting if letter.trouble.is_empty() => Note {
            text: format!("The letter to {to} is being sent. {}", note.text),
            ..note
        },
        LetterState::Waiting => Note {
            kind: "warn",
            icon: "triangle-alert",
            text: format!(
                "The letter to {to} could not be sent yet: {}. It is tried again {}.",
                letter.trouble,
                words::moment(letter.due_at, visitor.now()).words
            ),
            ..note
        },
        LetterState::Sent => Note {
            text: format!("The letter to {to} went out {since}. {}", note.text),
            ..note
        },
        LetterState::Failed => Note {
            kind: "bad",
            icon: "triangle-alert",
            title: "The invitation could not be delivered".to_owned(),
            text: format!(
                "The letter to {to} was refused: {}. Check the address, or make a new link and hand it over yourself.",
                letter.trouble
            ),
            ..note
        },
    }
}

fn grant(visitor: &Visitor, held: &GrantRecord, is_self: bool) -> GrantRow {
    let (actor, now) = (visitor.actor(), visitor.now());
    let given = &held.given.grant;
    let may = !is_self
        && actor.may::<GrantManage>(&given.scope.place())
        && actor.outranks(std::slice::from_ref(given));
    let verb = if given.is_live(now) { "until" } else { "ended" };
    let ends = given
        .expires_at
        .map(|end| format!("{verb} {}", words::date(end, now).words));
    GrantRow {
        id: given.id.to_string(),
        role: given.role.title().to_owned(),
        may: format!("May {}.", given.holds.spoken()),
        scope: held.scope_name.clone(),
        href: match &given.scope {
            Scope::System => String::new(),
            Scope::Org(id, _) => format!("/orgs/{id}"),
            Scope::Domain(_, name, _) => format!("/domains/{name}"),
        },
        ends: ends.unwrap_or_else(|| "without end".to_owned()),
        giver: held
            .giver
            .clone()
            .unwrap_or_else(|| "the installation".to_owned()),
        since: words::date(held.created_at, now).words,
        reason: held.reason.clone(),
        revoke: may.then(|| format!("/accounts/{}/roles/{}/revoke", held.given.to, given.id)),
    }
}

async fn changes(visitor: &Visitor, id: AccountId) -> Result<Option<Vec<Happening>>, Error> {
    if !visitor.actor().may_anywhere::<AuditRead>() {
        return Ok(None);
    }
    let (app, call) = (&visitor.app, &visitor.call);
    let first = PageRequest::first(EVENTS);
    let filter = EventFilter {
        subject: Some(id.uuid()),
        ..EventFilter::default()
    };
    let found = audit::search(app, call, &Inside::Everything, &filter, &first).await?;
    let lines = found.items.iter().map(|event| happening(event, visitor.now()));
    Ok(Some(lines.collect()))
}

//! The letters that Postdesk itself writes: each arrives, or it is said why not.

use std::future::Future;
use std::time::Duration;

use postdesk::access::Role;
use postdesk::config::SmtpSettings;
use postdesk::letters;
use postdesk::model::{AccountId, Password, Timestamp};
use postdesk::service::grants::{GrantWish, RoleName, ScopeName};
use postdesk::service::letters::{Brings, Ready};
use postdesk::service::people::{self, HandOver, Invitation, Invited};
use postdesk::service::{self, App, sign_in, ways_in};
use postdesk::store::{AccountKind, EventFilter, LetterFate, LetterState, PageRequest};
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;
use crate::support::backend::both;
use crate::support::daemon::{PATIENCE, free_port};
use crate::support::sink::{self, Sink};

both! {
    an_invitation_arrives_by_letter_and_its_link_lets_in,
    a_letter_waits_for_a_mail_server_that_is_away,
    a_refused_letter_is_told_and_not_tried_again,
    a_letter_whose_sender_was_killed_is_sent_by_another,
    a_new_link_ends_the_letter_and_a_new_letter_the_link,
    nobody_is_written_to_who_needs_no_letter_any_more,
    a_letter_that_nobody_takes_is_given_up_before_its_link_ends,
    without_a_mail_server_the_link_is_shown,
}

const DOMAIN: &str = "brightwater.example";

/// Sends letters while `work` goes on.
async fn sending<T>(app: &App, smtp: SmtpSettings, work: impl Future<Output = T>) -> T {
    let stop = CancellationToken::new();
    let sender = tokio::spawn(letters::run(app.clone(), smtp, stop.clone()));
    let done = work.await;
    stop.cancel();
    sender.await.unwrap();
    done
}

async fn invite(test: &TestApp, app: &App, email: &str, by: HandOver) -> Invited {
    let maria = test.domain_admin(DOMAIN).await;
    let new = Invitation {
        kind: AccountKind::Person,
        email: email.to_owned(),
        name: "Eve Ädams".parse().unwrap(),
        grant: GrantWish {
            role: RoleName::BuiltIn(Role::HelpDesk),
            scope: ScopeName::Domain(DOMAIN.parse().unwrap()),
            expires_at: None,
            reason: None,
        },
        by,
    };
    people::invite(app, &maria.call, new).await.unwrap().value
}

async fn fate(test: &TestApp, app: &App, id: AccountId) -> Option<LetterFate> {
    let root = test.root();
    let (_, permit) = people::get(app, &root, id).await.unwrap();
    service::letters::last(app, &permit, id).await.unwrap()
}

/// Waits until the last letter to an account is as it should be.
async fn until(test: &TestApp, app: &App, id: AccountId, wanted: impl Fn(&LetterFate) -> bool) -> LetterFate {
    let mut bell = app.store.letters.listen();
    let outcome = tokio::time::timeout(PATIENCE, async {
        loop {
            bell.mark_unchanged();
            match fate(test, app, id).await {
                Some(fate) if wanted(&fate) => return fate,
                _ => bell.changed().await.unwrap(),
            }
        }
    });
    outcome.await.expect("the letter does not become what it should")
}

/// The text part of a letter, decoded.
fn text_of(letter: &str) -> String {
    let (_, after) = letter.split_once("text/plain").unwrap();
    let part = after.split("\n--").next().unwrap();
    let (heads, body) = part.split_once("\n\n").unwrap();
    if heads.contains("quoted-printable") {
        return from_quoted_printable(body);
    }
    body.to_owned()
}

/// RFC 2045, section 6.7.
fn from_quoted_printable(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend(before.bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).unwrap()
}

fn code_in(letter: &str) -> String {
    let text = text_of(letter);
    let (_, after) = text.split_once("http://postdesk.example/invitation/").unwrap();
    after.split_whitespace().next().unwrap().to_owned()
}

/// The code of the link that a letter brings.
fn code_of(letter: &Ready) -> String {
    let (Brings::Invitation(link, _) | Brings::Link(link)) = &letter.brings else {
        panic!("{letter:?} brings no link");
    };
    link.expose().rsplit('/').next().unwrap().to_owned()
}

async fn opens(app: &App, code: &str) -> bool {
    ways_in::invitation(app, code).await.unwrap().is_some()
}

async fn an_invitation_arrives_by_letter_and_its_link_lets_in(test: &TestApp) {
    test.domain(DOMAIN).await;
    let sink = Sink::new();
    let app = test.with_letters(sink.settings());

    let invited = sending(&app, sink.settings(), async {
        let invited = invite(test, &app, "eve@people.example", HandOver::Letter).await;
        until(test, &app, invited.person.id, |fate| {
            fate.state == LetterState::Sent
        })
        .await;
        invited
    })
    .await;

    assert!(
        invited.link.is_none(),
        "the link goes to its owner and nobody else"
    );
    let letters = sink.letters();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert!(letter.contains("X-Rcpt-Args: <eve@people.example>"), "{letter}");
    assert!(
        letter.contains("X-Mail-Args: <postdesk@portal.example>"),
        "{letter}"
    );
    assert!(letter.contains("\nAuto-Submitted: auto-generated\n"), "{letter}");
    assert!(letter.contains("@portal.example>\n"), "{letter}");
    let words = text_of(letter);
    assert!(words.starts_with("Hello Eve Ädams,\n"), "{words}");
    assert!(
        words.contains("- Help desk on brightwater.example: you may "),
        "{words}"
    );
    assert!(letter.contains("Content-Type: text/html"), "{letter}");

    let password = Password::offered("amber tunnel copper").unwrap();
    ways_in::accept(&app, "test", &code_in(letter), password)
        .await
        .unwrap();
    let id = sign_in::with_password(&app, "eve@people.example", "amber tunnel copper".to_owned()).await;
    assert_eq!(id.unwrap(), invited.person.id);
    let again = Password::offered("amber tunnel silver").unwrap();
    assert!(
        ways_in::accept(&app, "test", &code_in(letter), again)
            .await
            .is_err()
    );
}

async fn a_letter_waits_for_a_mail_server_that_is_away(test: &TestApp) {
    test.domain(DOMAIN).await;
    let port = free_port();
    let app = test.with_letters(sink::settings(port));
    let invited = invite(test, &app, "eve@people.example", HandOver::Letter).await;
    let id = invited.person.id;

    let waiting = sending(
        &app,
        sink::settings(port),
        until(test, &app, id, |fate| !fate.trouble.is_empty()),
    )
    .await;
    assert_eq!(waiting.state, LetterState::Waiting);
    assert!(
        waiting.trouble.contains("Connection refused"),
        "{}",
        waiting.trouble
    );
    assert!(waiting.due_at > test.clock_now());

    test.later(Duration::from_secs(31));
    let sink = Sink::on(port, &[]);
    sending(
        &app,
        sink.settings(),
        until(test, &app, id, |fate| fate.state == LetterState::Sent),
    )
    .await;
    let letters = sink.letters();
    assert_eq!(letters.len(), 1);
    assert!(opens(&app, &code_in(&letters[0])).await);
}

async fn a_refused_letter_is_told_and_not_tried_again(test: &TestApp) {
    test.domain(DOMAIN).await;
    let sink = Sink::that_refuses();
    let app = test.with_letters(sink.settings());
    let invited = invite(test, &app, "eve@people.example", HandOver::Letter).await;
    let id = invited.person.id;

    let failed = sending(
        &app,
        sink.settings(),
        until(test, &app, id, |fate| fate.state == LetterState::Failed),
    )
    .await;

    assert!(failed.trouble.contains("500"), "{}", failed.trouble);
    test.days_later(1);
    assert!(service::letters::next(&app).await.unwrap().is_none());
    let root = test.root();
    let first = PageRequest::first(5);
    let inside = service::mailboxes::Inside::Everything;
    let filter = EventFilter {
        subject: Some(id.uuid()),
        ..EventFilter::default()
    };
    let told = service::audit::search(&app, &root, &inside, &filter, &first)
        .await
        .unwrap();
    assert_eq!(told.items[0].kind.as_str(), "account.invitation_failed");
}

async fn a_letter_whose_sender_was_killed_is_sent_by_another(test: &TestApp) {
    test.domain(DOMAIN).await;
    let sink = Sink::new();
    let app = test.with_letters(sink.settings());
    let invited = invite(test, &app, "eve@people.example", HandOver::Letter).await;

    let taken = service::letters::next(&app).await.unwrap().unwrap();
    assert!(
        service::letters::next(&app).await.unwrap().is_none(),
        "one sender at a time"
    );
    test.later(Duration::from_mins(11));
    let id = invited.person.id;
    sending(
        &app,
        sink.settings(),
        until(test, &app, id, |fate| fate.state == LetterState::Sent),
    )
    .await;

    // The first comes back from the dead: what it has to say is not believed any more.
    service::letters::refused(&app, &taken, "550 too late")
        .await
        .unwrap();
    assert_eq!(fate(test, &app, id).await.unwrap().state, LetterState::Sent);
    let code = code_in(&sink.letters()[0]);
    assert!(opens(&app, &code).await);
    let earlier = &code_of(&taken);
    assert!(opens(&app, earlier).await, "nobody knows which of both arrived");
    let password = Password::offered("amber tunnel copper").unwrap();
    ways_in::accept(&app, "test", &code, password).await.unwrap();
    assert!(!opens(&app, earlier).await, "with one, all end");
}

async fn a_new_link_ends_the_letter_and_a_new_letter_the_link(test: &TestApp) {
    test.domain(DOMAIN).await;
    let app = test.with_letters(sink::settings(free_port()));
    let invited = invite(test, &app, "eve@people.example", HandOver::Letter).await;
    let id = invited.person.id;
    let on_its_way = service::letters::next(&app).await.unwrap().unwrap();
    let maria = test.domain_admin(DOMAIN).await;

    let shown = people::invite_again(&app, &maria.call, id, HandOver::Shown)
        .await
        .unwrap()
        .value;
    let code = |link: &ways_in::OneTimeLink| link.expose().rsplit('/').next().unwrap().to_owned();
    let shown = code(&shown.link.unwrap());
    assert!(opens(&app, &shown).await);
    assert!(!opens(&app, &code_of(&on_its_way)).await);
    test.later(Duration::from_mins(11));
    assert!(service::letters::next(&app).await.unwrap().is_none());

    let maria = maria.again().await;
    let again = people::invite_again(&app, &maria, id, HandOver::Letter)
        .await
        .unwrap()
        .value;
    assert!(again.link.is_none());
    assert!(!opens(&app, &shown).await);
    assert!(service::letters::next(&app).await.unwrap().is_some());
}

async fn nobody_is_written_to_who_needs_no_letter_any_more(test: &TestApp) {
    test.domain(DOMAIN).await;
    let app = test.with_letters(sink::settings(free_port()));
    let invited = invite(test, &app, "eve@people.example", HandOver::Letter).await;
    let reason = "left before she came".parse().unwrap();
    people::suspend(&app, &test.root(), invited.person.id, reason)
        .await
        .unwrap();

    assert!(service::letters::next(&app).await.unwrap().is_none());
    assert!(fate(test, &app, invited.person.id).await.is_none());
}

async fn a_letter_that_nobody_takes_is_given_up_before_its_link_ends(test: &TestApp) {
    test.domain(DOMAIN).await;
    let app = test.with_letters(sink::settings(free_port()));
    let invited = invite(test, &app, "eve@people.example", HandOver::Letter).await;
    let start: Timestamp = test.clock_now();
    let mut tries = 0;
    while let Some(letter) = service::letters::next(&app).await.unwrap() {
        service::letters::not_yet(&app, &letter, "the mail server is away", 0.0)
            .await
            .unwrap();
        tries += 1;
        test.later(Duration::from_hours(1));
    }

    let end = fate(test, &app, invited.person.id).await.unwrap();
    assert_eq!(end.state, LetterState::Failed);
    assert_eq!(end.trouble, "given up: the mail server is away");
    assert!(tries > 100, "{tries} tries in a week");
    assert!(end.since > start.plus(Duration::from_hours(5 * 24)));
    assert!(end.since < start.plus(Duration::from_hours(7 * 24)));
}

async fn without_a_mail_server_the_link_is_shown(test: &TestApp) {
    test.domain(DOMAIN).await;
    let invited = invite(test, test, "eve@people.example", HandOver::Letter).await;

    assert!(invited.link.is_some());
    assert!(service::letters::next(test).await.unwrap().is_none());
}

//! Ways in for whoever cannot sign in: a letter, a link that works once, and nothing that a stranger learns from it.

use std::time::Duration;

use postdesk::access::{Role, Scope};
use postdesk::model::{AccountId, Language, LetterKind, Password};
use postdesk::service::grants::{GrantWish, RoleName, ScopeName};
use postdesk::service::letters::{self, Brings, Ready};
use postdesk::service::people::{self, HandOver, Invitation};
use postdesk::service::{App, accounts, audit, mailboxes::Inside, sign_in, support, ways_in};
use postdesk::store::{AccountKind, EventFilter, PageRequest};

use super::word;
use crate::support::app::TestApp;
use crate::support::backend::both;
use crate::support::daemon::free_port;
use crate::support::person::Person;
use crate::support::sink;

both! {
    a_new_password_is_chosen_by_the_link_of_a_letter,
    a_new_password_ends_every_session_and_every_other_link,
    nobody_is_written_to_who_does_not_sign_in_with_a_password,
    three_letters_an_hour_are_enough,
    a_link_opens_only_what_it_is_for,
    a_link_for_a_new_password_ends_after_half_an_hour,
    a_new_address_counts_once_it_is_proved,
    an_address_that_somebody_else_signs_in_with_is_not_taken,
    who_does_not_know_the_password_changes_no_address,
    only_who_holds_as_much_lets_somebody_choose_a_new_password,
    a_caller_reads_out_the_code_of_a_letter,
    letters_speak_the_language_of_whom_they_are_for,
}

const DOMAIN: &str = "brightwater.example";
const NEW: &str = "amber tunnel copper";

fn with_letters(test: &TestApp) -> App {
    test.with_letters(sink::settings(free_port()))
}

/// The next letter, taken as sent.
async fn letter(app: &App) -> Ready {
    let ready = letters::next(app).await.unwrap().expect("a letter waits");
    letters::sent(app, &ready).await.unwrap();
    ready
}

async fn none_waits(app: &App) -> bool {
    letters::next(app).await.unwrap().is_none()
}

#[track_caller]
fn code_of(letter: &Ready) -> String {
    match &letter.brings {
        Brings::Invitation(link, _) | Brings::Link(link) => {
            link.expose().rsplit('/').next().unwrap().to_owned()
        }
        Brings::Code(code) => code.expose().to_owned(),
        Brings::News => panic!("{letter:?} brings nothing"),
    }
}

fn password() -> Password {
    Password::offered(NEW).unwrap()
}

async fn lets_in(app: &App, email: &str, password: &str) -> bool {
    sign_in::with_password(app, email, password.to_owned())
        .await
        .is_ok()
}

/// What happened to somebody, by name: two applications wrote it, each with ids of its own.
async fn kinds(test: &TestApp, account: AccountId) -> Vec<&'static str> {
    let filter = EventFilter {
        subject: Some(account.uuid()),
        ..EventFilter::default()
    };
    let first = PageRequest::first(20);
    let found = audit::search(test, &test.root(), &Inside::Everything, &filter, &first).await;
    let found = found.unwrap().items;
    let mut kinds: Vec<&str> = found.iter().map(|event| event.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds
}

async fn a_new_password_is_chosen_by_the_link_of_a_letter(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.nobody().await;
    let typed = format!(" {} ", anna.email.to_uppercase());
    ways_in::forgot(&app, "test", &typed).await.unwrap();
    assert!(
        lets_in(&app, &anna.email, &anna.password).await,
        "asking changes nothing"
    );

    let asked = letter(&app).await;
    assert_eq!(asked.letter.kind, LetterKind::PasswordReset);
    assert_eq!(asked.letter.recipient, anna.email);
    let code = code_of(&asked);
    assert_eq!(
        ways_in::reset(&app, &code).await.unwrap().unwrap().id,
        anna.account
    );
    ways_in::choose_anew(&app, "test", &code, password())
        .await
        .unwrap();

    assert!(!lets_in(&app, &anna.email, &anna.password).await);
    assert!(lets_in(&app, &anna.email, NEW).await);
    let again = ways_in::choose_anew(&app, "test", &code, password()).await;
    assert_eq!(word(&again), "link_over");
    let news = letter(&app).await;
    assert_eq!(news.letter.kind, LetterKind::PasswordChanged);
    assert!(none_waits(&app).await);
    let wanted = [
        "account.created",
        "account.letter_sent",
        "account.letter_sent",
        "account.password_set",
        "account.reset_asked",
    ];
    assert_eq!(kinds(test, anna.account).await, wanted);
}

async fn a_new_password_ends_every_session_and_every_other_link(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.nobody().await;
    let end = test.clock_now().plus(Duration::from_hours(1));
    let session = [7; 32];
    let put = app
        .store
        .put_session(&session, Some(anna.account), "x", end, true)
        .await;
    assert!(put.unwrap());
    ways_in::forgot(&app, "test", &anna.email).await.unwrap();
    let first = code_of(&letter(&app).await);
    ways_in::forgot(&app, "test", &anna.email).await.unwrap();
    let second = code_of(&letter(&app).await);
    ways_in::forgot(&app, "test", &anna.email).await.unwrap();

    assert!(
        ways_in::reset(&app, &first).await.unwrap().is_some(),
        "nobody knows which arrived"
    );
    ways_in::choose_anew(&app, "test", &second, password())
        .await
        .unwrap();
    assert!(ways_in::reset(&app, &first).await.unwrap().is_none());
    assert!(app.store.session(&session).await.unwrap().is_none());
    assert_eq!(letter(&app).await.letter.kind, LetterKind::PasswordChanged);
    assert!(
        none_waits(&app).await,
        "what was not sent yet is not sent any more"
    );
}

async fn nobody_is_written_to_who_does_not_sign_in_with_a_password(test: &TestApp) {
    test.domain(DOMAIN).await;
    let app = with_letters(test);
    let off = test.nobody().await;
    let reason = "on leave".parse().unwrap();
    people::suspend(&app, &test.root(), off.account, reason)
        .await
        .unwrap();
    let invited = Invitation {
        kind: AccountKind::Person,
        email: "eve@people.example".to_owned(),
        name: "Eve".parse().unwrap(),
        grant: GrantWish {
            role: RoleName::BuiltIn(Role::HelpDesk),
            scope: ScopeName::Domain(DOMAIN.parse().unwrap()),
            expires_at: None,
            reason: None,
        },
        by: HandOver::Shown,
    };
    let invited = people::invite(&app, &test.root(), invited)
        .await
        .unwrap()
        .value
        .person;

    for email in [
        off.email.as_str(),
        "eve@people.example",
        "nobody@people.example",
        "",
        "%",
        "x@y@z",
    ] {
        ways_in::forgot(&app, "test", email).await.unwrap();
        assert!(none_waits(&app).await, "{email}");
    }
    for account in [off.account, invited.id] {
        let told = kinds(test, account).await;
        assert!(!told.contains(&"account.reset_asked"), "{told:?}");
    }
}

async fn three_letters_an_hour_are_enough(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.nobody().await;
    for _ in 0..5 {
        ways_in::forgot(&app, "test", &anna.email).await.unwrap();
    }
    for _ in 0..3 {
        letter(&app).await;
    }
    assert!(none_waits(&app).await);
    test.later(Duration::from_mins(61));
    ways_in::forgot(&app, "test", &anna.email).await.unwrap();
    letter(&app).await;
}

async fn a_link_opens_only_what_it_is_for(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.nobody().await;
    ways_in::forgot(&app, "test", &anna.email).await.unwrap();
    let reset = code_of(&letter(&app).await);
    assert!(ways_in::invitation(&app, &reset).await.unwrap().is_none());
    assert!(ways_in::new_address(&app, &reset).await.unwrap().is_none());
    assert_eq!(
        word(&ways_in::accept(&app, "test", &reset, password()).await),
        "link_over"
    );
    assert_eq!(
        word(&ways_in::prove_address(&app, "test", &reset).await),
        "link_over"
    );

    let asked = ways_in::ask_address(&app, &anna.call, anna.password.clone(), "anna@new.example").await;
    asked.unwrap();
    let proof = code_of(&letter(&app).await);
    assert!(ways_in::reset(&app, &proof).await.unwrap().is_none());
    assert!(
        ways_in::reset(&app, &reset).await.unwrap().is_none(),
        "a new wish ends the one before"
    );
    assert_eq!(
        word(&ways_in::choose_anew(&app, "test", &proof, password()).await),
        "link_over"
    );
    assert!(lets_in(&app, &anna.email, &anna.password).await);
}

async fn a_link_for_a_new_password_ends_after_half_an_hour(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.nobody().await;
    ways_in::forgot(&app, "test", &anna.email).await.unwrap();
    let code = code_of(&letter(&app).await);
    test.later(Duration::from_mins(29));
    assert!(ways_in::reset(&app, &code).await.unwrap().is_some());
    test.later(Duration::from_mins(1));
    assert!(ways_in::reset(&app, &code).await.unwrap().is_none());
    assert_eq!(
        word(&ways_in::choose_anew(&app, "test", &code, password()).await),
        "link_over"
    );

    ways_in::forgot(&app, "test", &anna.email).await.unwrap();
    let code = code_of(&letter(&app).await);
    let reason = "gone".parse().unwrap();
    people::suspend(&app, &test.root(), anna.account, reason)
        .await
        .unwrap();
    assert!(ways_in::reset(&app, &code).await.unwrap().is_none(), "suspended");
}

async fn a_new_address_counts_once_it_is_proved(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.nobody().await;
    let asked = ways_in::ask_address(&app, &anna.call, anna.password.clone(), "Anna@New.example").await;
    assert_eq!(asked.unwrap(), "anna@new.example");
    let question = letter(&app).await;
    assert_eq!(question.letter.kind, LetterKind::AddressProof);
    assert_eq!(question.letter.recipient, "anna@new.example");
    assert!(lets_in(&app, &anna.email, &anna.password).await);
    assert!(!lets_in(&app, "anna@new.example", &anna.password).await);

    let code = code_of(&question);
    let (person, email) = ways_in::new_address(&app, &code).await.unwrap().unwrap();
    assert_eq!(
        (person.email.as_str(), email.as_str()),
        (anna.email.as_str(), "anna@new.example")
    );
    ways_in::prove_address(&app, "test", &code).await.unwrap();
    assert!(!lets_in(&app, &anna.email, &anna.password).await);
    assert!(lets_in(&app, "anna@new.example", &anna.password).await);
    let news = letter(&app).await;
    assert_eq!(news.letter.kind, LetterKind::AddressChanged);
    assert_eq!(news.letter.recipient, anna.email, "the address that was is told");
    assert_eq!(
        word(&ways_in::prove_address(&app, "test", &code).await),
        "link_over"
    );
}

async fn an_address_that_somebody_else_signs_in_with_is_not_taken(test: &TestApp) {
    let app = with_letters(test);
    let (anna, bob) = (test.nobody().await, test.nobody().await);
    let asked = ways_in::ask_address(&app, &anna.call, anna.password.clone(), &bob.email).await;
    asked.expect("nobody learns here that there is such an account");
    let code = code_of(&letter(&app).await);
    let proved = ways_in::prove_address(&app, "test", &code).await;
    assert_ne!(word(&proved), "done");
    assert!(lets_in(&app, &anna.email, &anna.password).await);
    assert!(lets_in(&app, &bob.email, &bob.password).await);
}

async fn who_does_not_know_the_password_changes_no_address(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.nobody().await;
    let ask = async |password: &str, email: &str| {
        word(&ways_in::ask_address(&app, &anna.call, password.to_owned(), email).await)
    };
    assert_eq!(
        ask("guessed", "anna@new.example").await,
        "/current_password wrong_password"
    );
    assert_eq!(ask(&anna.password, &anna.email).await, "/email unchanged");
    assert_eq!(ask(&anna.password, "no address").await, "/email email");
    let without = ways_in::ask_address(test, &anna.call, anna.password.clone(), "a@new.example").await;
    assert_eq!(word(&without), "no_letters");
    assert!(none_waits(&app).await);
}

async fn only_who_holds_as_much_lets_somebody_choose_a_new_password(test: &TestApp) {
    test.domain(DOMAIN).await;
    let app = with_letters(test);
    let operator = test.operator().await;
    let maria = test.domain_admin(DOMAIN).await;
    let desk = test.help_desk(DOMAIN).await;
    let stranger = test.stranger().await;
    let allow = async |by: &Person<'_>, whom: &Person<'_>, how| {
        let done = ways_in::let_choose_anew(&app, &by.again().await, whom.account, how).await;
        (word(&done), done.ok().and_then(|done| done.value.link))
    };
    assert_eq!(allow(&maria, &desk, HandOver::Letter).await.0, "done");
    assert_eq!(letter(&app).await.letter.recipient, desk.email);
    let (_, link) = allow(&maria, &desk, HandOver::Shown).await;
    let code = link.unwrap().expose().rsplit('/').next().unwrap().to_owned();
    ways_in::choose_anew(&app, "test", &code, password())
        .await
        .unwrap();
    assert!(lets_in(&app, &desk.email, NEW).await);

    for (by, whom) in [
        (&desk, &maria),
        (&maria, &operator),
        (&stranger, &desk),
        (&maria, &maria),
    ] {
        assert_ne!(allow(by, whom, HandOver::Shown).await.0, "done");
    }
    let token = maria.token().await;
    let by_token = maria.by_token(&token).await;
    let done = ways_in::let_choose_anew(&app, &by_token, desk.account, HandOver::Shown).await;
    assert_ne!(word(&done), "done", "no token hands out ways in");
}

async fn a_caller_reads_out_the_code_of_a_letter(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.nobody().await;
    let desk = test.role(Role::Support, Scope::System).await;
    support::order_code(&app, &desk.call, anna.account).await.unwrap();
    let sent = letter(&app).await;
    assert_eq!(sent.letter.recipient, anna.email);
    let code = code_of(&sent);
    let right = support::check_caller(&app, &desk.call, anna.account, &code).await;
    assert!(right.unwrap().value);
    let twice = support::check_caller(&app, &desk.call, anna.account, &code).await;
    assert!(!twice.unwrap().value);

    support::order_code(&app, &desk.call, anna.account).await.unwrap();
    test.later(Duration::from_mins(11));
    assert!(none_waits(&app).await, "too late for the call");
    let stranger = test.stranger().await;
    assert_eq!(
        word(&support::order_code(&app, &stranger.call, anna.account).await),
        "not found"
    );
    let without = support::order_code(test, &desk.again().await, anna.account).await;
    assert_eq!(word(&without), "no_letters");
}

async fn letters_speak_the_language_of_whom_they_are_for(test: &TestApp) {
    let app = with_letters(test);
    let anna = test.nobody().await;
    let set = accounts::set_preferences(&app, &anna.call, "dark", "compact", false, Language::German);
    set.await.unwrap();
    ways_in::forgot(&app, "test", &anna.email).await.unwrap();
    assert_eq!(letter(&app).await.language, Language::German);
}

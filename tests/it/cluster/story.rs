//! What a cluster must do, told in verbs: who fills the target, and how, is not the story's business.

use super::lab::Lab;
use super::probes::{Message, Reply, eventually};

/// Whoever fills the target.
pub(crate) trait Provisioner {
    async fn add_domain(&mut self, domain: &str);
    async fn add_domain_alias(&mut self, alias: &str, domain: &str);
    async fn set_domain_active(&mut self, domain: &str, active: bool);
    async fn add_mailbox(&mut self, address: &str, password: &str);
    async fn set_mailbox_active(&mut self, address: &str, active: bool);
    async fn set_quota(&mut self, address: &str, bytes: u64);
    async fn delete_mailbox(&mut self, address: &str);
    /// An address with a destination; the address `@domain` is the catch-all.
    async fn add_alias(&mut self, address: &str, destination: &str);
    async fn delete_alias(&mut self, address: &str);
    /// What the target says a mailbox holds.
    async fn usage_bytes(&mut self, address: &str) -> u64;
}

const STRANGER: &str = "stranger@elsewhere.test";
const ANNA: &str = "anna@one.test";
const BEN: &str = "ben@one.test";
const ANNAS: &str = "correct horse battery";
const BENS: &str = "staple of bens";

/// The whole story; it ends with an empty cluster.
pub(crate) async fn tell(lab: &Lab, mut people: impl Provisioner) {
    nobody_is_known_yet(lab).await;
    mail_arrives_and_people_log_in(lab, &mut people).await;
    wrong_passwords_and_strangers_are_refused(lab).await;
    people_send_as_themselves_only(lab).await;
    a_suspended_mailbox_takes_mail_but_lets_nobody_in(lab, &mut people).await;
    other_addresses_deliver(lab, &mut people).await;
    a_full_mailbox_is_refused_at_rcpt(lab, &mut people).await;
    a_suspended_domain_is_gone_and_comes_back(lab, &mut people).await;
    a_deleted_mailbox_stops_existing(lab, &mut people).await;
}

async fn nobody_is_known_yet(lab: &Lab) {
    let reply = lab.smtp_deliver(STRANGER, ANNA, &Message::new("too early")).await;
    assert_eq!(
        reply.code, 554,
        "a domain that is not hosted is not relayed for: {reply}"
    );
}

async fn mail_arrives_and_people_log_in(lab: &Lab, people: &mut impl Provisioner) {
    people.add_domain("one.test").await;
    people.add_mailbox(ANNA, ANNAS).await;
    people.add_mailbox(BEN, BENS).await;

    delivers(lab, ANNA, "welcome").await;
    arrives(lab, ANNA, ANNAS, "welcome").await;
    eventually("anna logs in by IMAP", async || lab.imap_login(ANNA, ANNAS).await).await;
    eventually("anna logs in by POP3", async || lab.pop3_login(ANNA, ANNAS).await).await;
    eventually("the case of an address does not matter", async || {
        lab.imap_login("Anna@ONE.test", ANNAS).await
    })
    .await;
    eventually("anna sends", async || {
        lab.submit(ANNA, ANNAS, ANNA, BEN, "from anna").await
    })
    .await;
    arrives(lab, BEN, BENS, "from anna").await;
}

async fn wrong_passwords_and_strangers_are_refused(lab: &Lab) {
    for (user, password) in [
        (ANNA, BENS),
        (ANNA, ""),
        ("nobody@one.test", ANNAS),
        ("anna@two.test", ANNAS),
    ] {
        refused_everywhere(lab, user, password).await;
    }
    let reply = lab
        .smtp_deliver(STRANGER, "nobody@one.test", &Message::new("who"))
        .await;
    assert_eq!(reply.code, 550, "an unknown address is refused at RCPT: {reply}");
    let reply = lab
        .smtp_deliver(STRANGER, "friend@elsewhere.test", &Message::new("relay"))
        .await;
    assert_eq!(reply.code, 554, "nobody relays without logging in: {reply}");
}

async fn people_send_as_themselves_only(lab: &Lab) {
    let refusal = lab.submit(ANNA, ANNAS, BEN, BEN, "forged").await.unwrap_err();
    assert!(refusal.contains("553"), "anna may not send as ben: {refusal}");
    let reply = lab
        .smtp_deliver(ANNA, BEN, &Message::new("forged from outside"))
        .await;
    assert_eq!(reply.code, 553, "nobody outside may send as anna: {reply}");
}

async fn a_suspended_mailbox_takes_mail_but_lets_nobody_in(lab: &Lab, people: &mut impl Provisioner) {
    people.set_mailbox_active(ANNA, false).await;

    eventually("anna is locked out", async || {
        refused(lab.imap_login(ANNA, ANNAS).await)
    })
    .await;
    refused_everywhere(lab, ANNA, ANNAS).await;
    delivers(lab, ANNA, "while you were away").await;

    people.set_mailbox_active(ANNA, true).await;

    eventually("anna is back", async || lab.imap_login(ANNA, ANNAS).await).await;
    arrives(lab, ANNA, ANNAS, "while you were away").await;
}

async fn other_addresses_deliver(lab: &Lab, people: &mut impl Provisioner) {
    people.add_alias("info@one.test", ANNA).await;
    people.add_alias("info@one.test", BEN).await;
    delivers(lab, "info@one.test", "to info").await;
    arrives(lab, ANNA, ANNAS, "to info").await;
    arrives(lab, BEN, BENS, "to info").await;

    people.add_domain_alias("uno.test", "one.test").await;
    delivers(lab, "anna@uno.test", "to uno").await;
    arrives(lab, ANNA, ANNAS, "to uno").await;
    delivers(lab, "info@uno.test", "info at uno").await;
    arrives(lab, BEN, BENS, "info at uno").await;
    eventually("a domain alias logs in", async || {
        lab.imap_login("anna@uno.test", ANNAS).await
    })
    .await;
    rejects(lab, "nobody@uno.test", 550).await;

    people.add_alias("@one.test", BEN).await;
    delivers(lab, "whoever@one.test", "to whoever").await;
    arrives(lab, BEN, BENS, "to whoever").await;
    delivers(lab, "whoever@uno.test", "to whoever at uno").await;
    arrives(lab, BEN, BENS, "to whoever at uno").await;
    delivers(lab, ANNA, "not for the catch-all").await;
    arrives(lab, ANNA, ANNAS, "not for the catch-all").await;
    assert!(
        !lab.has_message(BEN, BENS, "not for the catch-all").await.unwrap(),
        "it took a mailbox's mail"
    );

    people.delete_alias("@one.test").await;
    rejects(lab, "whoever@one.test", 550).await;
    people.delete_alias("info@one.test").await;
    rejects(lab, "info@one.test", 550).await;
}

async fn a_full_mailbox_is_refused_at_rcpt(lab: &Lab, people: &mut impl Provisioner) {
    let large = Message::of_size("large", 64 * 1024);
    assert_eq!(lab.smtp_deliver(STRANGER, BEN, &large).await.code, 250);
    arrives(lab, BEN, BENS, "large").await;
    eventually("the usage is written back", async || {
        let usage = people.usage_bytes(BEN).await;
        if usage >= 64 * 1024 {
            Ok(())
        } else {
            Err(format!("{usage} bytes"))
        }
    })
    .await;

    people.set_quota(BEN, 32 * 1024).await;
    rejects(lab, BEN, 552).await;
    delivers(lab, ANNA, "anna has room").await;

    people.set_quota(BEN, 1024 * 1024).await;
    delivers(lab, BEN, "room again").await;
    arrives(lab, BEN, BENS, "room again").await;
    let reply = lab.smtp_announce(STRANGER, BEN, 2 * 1024 * 1024).await;
    assert_eq!(
        reply.code, 552,
        "a message that does not fit is refused by its size: {reply}"
    );
}

async fn a_suspended_domain_is_gone_and_comes_back(lab: &Lab, people: &mut impl Provisioner) {
    people.set_domain_active("one.test", false).await;
    rejects(lab, ANNA, 554).await;
    rejects(lab, "anna@uno.test", 554).await;
    refused_everywhere(lab, ANNA, ANNAS).await;

    people.set_domain_active("one.test", true).await;
    delivers(lab, ANNA, "open again").await;
    arrives(lab, ANNA, ANNAS, "open again").await;
}

async fn a_deleted_mailbox_stops_existing(lab: &Lab, people: &mut impl Provisioner) {
    people.delete_mailbox(ANNA).await;
    rejects(lab, ANNA, 550).await;
    rejects(lab, "anna@uno.test", 550).await;
    refused_everywhere(lab, ANNA, ANNAS).await;

    people.add_mailbox(ANNA, "another password").await;
    eventually("the new anna logs in", async || {
        lab.imap_login(ANNA, "another password").await
    })
    .await;
    assert!(
        !lab.has_message(ANNA, "another password", "welcome")
            .await
            .unwrap(),
        "a new mailbox must not show the mail of the old one"
    );
}

async fn delivers(lab: &Lab, to: &str, subject: &str) {
    eventually(&format!("{to} takes mail"), async || {
        let reply = lab.smtp_deliver(STRANGER, to, &Message::new(subject)).await;
        expect(&reply, 250)
    })
    .await;
}

async fn rejects(lab: &Lab, to: &str, code: u16) {
    eventually(&format!("{to} is refused with {code}"), async || {
        let reply = lab.smtp_deliver(STRANGER, to, &Message::new("refused")).await;
        expect(&reply, code)
    })
    .await;
}

async fn arrives(lab: &Lab, user: &str, password: &str, subject: &str) {
    eventually(&format!("{subject:?} arrives at {user}"), async || {
        let found = lab.has_message(user, password, subject).await?;
        found.then_some(()).ok_or_else(|| "not there".to_owned())
    })
    .await;
}

async fn refused_everywhere(lab: &Lab, user: &str, password: &str) {
    let answers = [
        ("IMAP", lab.imap_login(user, password).await),
        ("POP3", lab.pop3_login(user, password).await),
        (
            "submission",
            lab.submit(user, password, user, BEN, "refused").await,
        ),
    ];
    for (service, answer) in answers {
        if let Err(problem) = refused(answer) {
            panic!("{user} by {service}: {problem}");
        }
    }
}

/// Refused because of who it is, and not because something is broken.
fn refused(answer: Result<(), String>) -> Result<(), String> {
    let Err(refusal) = answer else {
        return Err("was let in".to_owned());
    };
    let words = ["AUTHENTICATIONFAILED", "[AUTH]", "535", "Empty"];
    if words.iter().any(|word| refusal.contains(word)) {
        Ok(())
    } else {
        Err(refusal)
    }
}

fn expect(reply: &Reply, code: u16) -> Result<(), String> {
    if reply.code == code {
        Ok(())
    } else {
        Err(reply.to_string())
    }
}

//! What happened since: the everyday of a mail cluster, done by the people whose work it is.

use std::time::Duration;

use super::fill::{Builder, parsed};
use crate::access::Call;
use crate::commands::Failure;
use crate::model::{
    AliasDraft, Clock as _, Destination, EmailAddress, Forwarding, MailboxPatch, Note, Protocols, SystemClock,
};
use crate::service::aliases::{self, AliasRef};
use crate::service::mailboxes::{self, MailboxRef};

const BRIGHTWATER: &str = "brightwater.example";

/// Tells it in the order in which it happened.
pub(super) async fn tell(builder: &mut Builder) -> Result<(), Failure> {
    let operator = builder.person("operator@digital-forest.example").await?;
    addresses(builder, &operator).await?;
    groups(builder).await?;
    comings_and_goings(builder).await?;
    support(builder).await?;
    reseller(builder).await
}

/// What every domain has: an address for everybody to write to, and here and there a catch-all.
async fn addresses(builder: &mut Builder, operator: &Call) -> Result<(), Failure> {
    builder.hours_ago(30 * 24);
    for (domain, local, to, note) in [
        (
            "digital-forest.example",
            "postmaster",
            &["noc@digital-forest.example"][..],
            "",
        ),
        (
            "digital-forest.example",
            "abuse",
            &["noc@digital-forest.example"],
            "Read every day.",
        ),
        (
            "harbour-clinic.example",
            "info",
            &["ward-2@harbour-clinic.example", "pharmacy@harbour-clinic.example"],
            "",
        ),
        (
            "harbour-clinic.example",
            "lab-results",
            &["pharmacy@harbour-clinic.example", "results@lab.example.net"],
            "",
        ),
        (
            "northwind.example",
            "partners",
            &["helpdesk@northwind.example"],
            "",
        ),
        (
            "fjordline.example",
            "hello",
            &["bookings@fjordline.example"],
            "On the web site.",
        ),
        ("fjordline.example", "", &["bookings@fjordline.example"], ""),
        (
            "bäckerei-lindner.example",
            "bestellung",
            &["laden@xn--bckerei-lindner-0kb.example"],
            "",
        ),
        (
            "brightwater-events.example",
            "",
            &["tickets@brightwater-events.example"],
            "",
        ),
    ] {
        let to: Vec<String> = to.iter().map(|to| (*to).to_owned()).collect();
        alias_to(builder, operator, domain, local, &to, note).await?;
    }
    Ok(())
}

async fn alias_to(
    builder: &Builder,
    call: &Call,
    domain: &str,
    local: &str,
    to: &[String],
    note: &str,
) -> Result<(), Failure> {
    let app = &builder.app;
    let local_part = match local {
        "" => None,
        local => Some(parsed(local)?),
    };
    let mut destinations: Vec<Destination> = Vec::with_capacity(to.len());
    for to in to {
        destinations.push(parsed(to)?);
    }
    let draft = AliasDraft {
        local_part,
        destinations,
        description: parsed::<Note>(note)?,
        enabled: true,
        external_id: None,
    };
    aliases::create(app, call, &parsed(domain)?, draft).await?;
    builder.later(7);
    Ok(())
}

/// Groups that Maria keeps at Brightwater.
async fn groups(builder: &mut Builder) -> Result<(), Failure> {
    let maria = builder.person("maria.keller@brightwater.example").await?;
    let staff = addresses_of(builder, BRIGHTWATER);
    let texts = |range: std::ops::Range<usize>| -> Vec<String> {
        staff
            .get(range)
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    builder.hours_ago(21 * 24);
    for (local, to, note) in [
        ("sales", texts(10..16), "The sales team."),
        ("info", texts(3..5), ""),
        ("jobs", texts(20..22), "Applications; HR reads along."),
        ("everybody", texts(3..100), "All staff."),
        ("press", texts(30..31), ""),
    ] {
        alias_to(builder, &maria, BRIGHTWATER, local, &to, note).await?;
    }
    let mut agency = texts(30..31);
    agency.push("brightwater@agency.example.net".to_owned());
    alias_to(
        builder,
        &maria,
        BRIGHTWATER,
        "campaign",
        &agency,
        "With the agency until the fair.",
    )
    .await?;
    Ok(())
}

/// Maria's everyday: a new name, somebody who left, somebody whose mailbox was full.
async fn comings_and_goings(builder: &mut Builder) -> Result<(), Failure> {
    let maria = builder.person("maria.keller@brightwater.example").await?;
    let staff = addresses_of(builder, BRIGHTWATER);
    builder.hours_ago(12 * 24);
    if let Some(address) = staff.get(40) {
        let to = parsed(&format!("{}.new", address.local()))?;
        let done = mailboxes::rename(&builder.app, &maria, &at(address), to, true).await?;
        builder.renamed(address, &done.value.address);
    }
    builder.hours_ago(6 * 24);
    if let (Some(left), Some(takes_over)) = (staff.get(41), staff.get(42)) {
        let until = SystemClock.now().plus(Duration::from_hours(14 * 24));
        let forwarding = Forwarding {
            destinations: vec![parsed(&takes_over.to_string())?],
            keep_copy: true,
            until: Some(until),
        };
        mailboxes::set_forwarding(&builder.app, &maria, &at(left), forwarding).await?;
    }
    builder.hours_ago(50);
    for address in staff.iter().skip(43).take(2) {
        mailboxes::delete(&builder.app, &maria, &at(address)).await?;
        builder.later(3);
    }
    let gone = AliasRef::Address(crate::model::AliasAddress::Of(parsed(
        "press@brightwater.example",
    )?));
    aliases::delete(&builder.app, &maria, &gone).await?;
    builder.hours_ago(26);
    if let Some(address) = staff.get(45) {
        let patch = MailboxPatch {
            quota: Some(parsed("25 GB")?),
            ..MailboxPatch::default()
        };
        mailboxes::update(&builder.app, &maria, &at(address), patch).await?;
    }
    Ok(())
}

/// A stolen password, and a caller who forgot one.
async fn support(builder: &mut Builder) -> Result<(), Failure> {
    let support = builder.person("support@digital-forest.example").await?;
    let staff = addresses_of(builder, "harbour-clinic.example");
    builder.hours_ago(20);
    if let Some(address) = staff.get(12) {
        let reason = parsed("Spam was sent with its password; the owner is informed.")?;
        mailboxes::suspend(&builder.app, &support, &at(address), reason, true, None).await?;
    }
    builder.hours_ago(5);
    if let Some(address) = staff.get(20) {
        mailboxes::reset_to_words(&builder.app, &support, &at(address)).await?;
    }
    Ok(())
}

/// Somebody new at the bakery.
async fn reseller(builder: &mut Builder) -> Result<(), Failure> {
    let operator = builder.person("operator@digital-forest.example").await?;
    builder.hours_ago(3);
    let (domain, name) = ("bäckerei-lindner.example", "Tim Lindner (Ausbildung)");
    builder
        .mailbox(&operator, domain, "tim.lindner", name, Protocols::default())
        .await?;
    Ok(())
}

/// The mailboxes of a domain, in the order in which they were made.
fn addresses_of(builder: &Builder, domain: &str) -> Vec<EmailAddress> {
    let made = builder.made.iter().map(|(address, _)| address);
    made.filter(|address| address.domain().as_str() == domain)
        .cloned()
        .collect()
}

fn at(address: &EmailAddress) -> MailboxRef {
    MailboxRef::Address(address.clone())
}

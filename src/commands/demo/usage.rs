//! What Dovecot would have counted: how full mailboxes are, and when people last signed in.

use std::time::Duration;

use crate::commands::Failure;
use crate::config::TargetSettings;
use crate::db::{Db, DbError, Tx};
use crate::model::{Clock as _, EmailAddress, Quota, SystemClock};

/// What mailboxes without a limit are thought to have.
const PLENTY: i64 = 40 << 30;
/// Bytes of an ordinary message.
const MESSAGE: i64 = 78_000;

/// Writes counts for mailboxes into a target, in the daemons' own tables.
pub(super) async fn count(
    target: &TargetSettings,
    mailboxes: &[(EmailAddress, Quota)],
) -> Result<(), Failure> {
    let written = write(target, mailboxes).await;
    written.map_err(|error| Failure::Said(format!("the demonstration's usage cannot be written: {error}")))
}

async fn write(target: &TargetSettings, mailboxes: &[(EmailAddress, Quota)]) -> Result<(), DbError> {
    let db = Db::connect(&target.url).await?;
    let now = SystemClock.now();
    let mut tx: Tx = db.begin().await?;
    for (number, (address, quota)) in mailboxes.iter().enumerate() {
        let dice = dice(number);
        let space = match quota {
            Quota::Bytes(bytes) => bytes.get(),
            Quota::Unlimited => PLENTY,
        };
        let bytes = space / 1000 * fullness(dice);
        tx.query(
            "INSERT INTO quota_usage (username, bytes, messages) VALUES ($1, $2, $3)
             ON CONFLICT (username) DO UPDATE SET bytes = excluded.bytes, messages = excluded.messages",
        )
        .bind(address.to_string())
        .bind(bytes)
        .bind(bytes / MESSAGE)
        .execute()
        .await?;
        let Some(ago) = last_login(dice) else { continue };
        tx.query(
            "INSERT INTO last_login (username, service, last_at, remote_ip) VALUES ($1, $2, $3, $4)
             ON CONFLICT (username, service, remote_ip) DO UPDATE SET last_at = excluded.last_at",
        )
        .bind(address.to_string())
        .bind(if dice.is_multiple_of(7) { "pop3" } else { "imap" })
        .bind(now.minus(ago).as_micros() / 1_000_000)
        .bind(format!("192.0.2.{}", dice % 200 + 20))
        .execute()
        .await?;
    }
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// The same throw for the same mailbox, in every demonstration.
fn dice(number: usize) -> u64 {
    let mut value = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value ^= value >> 29;
    value = value.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (value ^ (value >> 32)) >> 8
}

/// In thousandths: most have room, some are nearly full, a few are.
fn fullness(dice: u64) -> i64 {
    let (least, width) = match dice % 100 {
        0..5 => (0, 3),
        5..45 => (10, 200),
        45..80 => (200, 400),
        80..92 => (600, 190),
        92..97 => (800, 140),
        _ => (950, 49),
    };
    least + i64::try_from(dice / 100 % width).unwrap_or_default()
}

/// How long ago; a few have not signed in yet.
fn last_login(dice: u64) -> Option<Duration> {
    let minutes = match dice / 1000 % 20 {
        0 => return None,
        1..14 => dice / 3 % (30 * 60),
        14..19 => dice / 3 % (9 * 24 * 60),
        _ => (40 + dice / 3 % 200) * 24 * 60,
    };
    Some(Duration::from_secs(60 * (3 + minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_mailboxes_are_nearly_full_and_none_is_over() {
        let all: Vec<i64> = (0..300).map(|number| fullness(dice(number))).collect();
        assert!(all.iter().all(|tenths| (0..1000).contains(tenths)));
        assert!(
            (5..60).contains(&all.iter().filter(|tenths| **tenths >= 800).count()),
            "{all:?}"
        );
    }
}

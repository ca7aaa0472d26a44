//! Addresses for a name.

use crate::access::{Call, MailboxCreate};
use crate::error::Error;
use crate::model::{DomainName, LocalPart};
use crate::service::App;

/// Addresses that are free in `domain` for somebody of this name, the best first.
pub async fn suggest(
    app: &App,
    call: &Call,
    domain: &DomainName,
    name: &str,
) -> Result<Vec<LocalPart>, Error> {
    let (domain, permit) = app.live_domain::<MailboxCreate>(call, domain).await?;
    let mut free = Vec::new();
    for candidate in candidates(name) {
        let Ok(local) = app.addresses.local_part(&candidate) else {
            continue;
        };
        if !app.store.address_in_use(&permit, &domain.name, &local).await? && !free.contains(&local) {
            free.push(local);
        }
        if free.len() == 3 {
            break;
        }
    }
    Ok(free)
}

/// Whether nobody has this address yet.
pub async fn is_free(app: &App, call: &Call, domain: &DomainName, local: &LocalPart) -> Result<bool, Error> {
    let (domain, permit) = app.live_domain::<MailboxCreate>(call, domain).await?;
    Ok(!app.store.address_in_use(&permit, &domain.name, local).await?)
}

/// Local parts for a name, the best first: first.last, f.last, last, and numbered ones.
pub fn candidates(name: &str) -> Vec<String> {
    let plain = transliterate(name);
    let words: Vec<&str> = plain
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return Vec::new();
    };
    if words.len() == 1 {
        return std::iter::once((*first).to_owned())
            .chain((2..6).map(|n| format!("{first}{n}")))
            .collect();
    }
    let initial = &first[..1];
    let mut all = vec![
        format!("{first}.{last}"),
        format!("{initial}.{last}"),
        (*last).to_owned(),
    ];
    all.push((*first).to_owned());
    all.extend((2..8).map(|n| format!("{first}.{last}{n}")));
    all
}

/// A name in plain ASCII: accents go, and letters that are not accented ones are spelled out.
fn transliterate(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let spell = |c: char| match c {
        'ä' | 'æ' => "ae".to_owned(),
        'ö' | 'ø' | 'œ' => "oe".to_owned(),
        'ü' => "ue".to_owned(),
        'ß' => "ss".to_owned(),
        'ł' => "l".to_owned(),
        'đ' | 'ð' => "d".to_owned(),
        'þ' => "th".to_owned(),
        'ı' => "i".to_owned(),
        _ => c.to_string(),
    };
    let spelled: String = name.nfc().flat_map(char::to_lowercase).map(spell).collect();
    spelled.nfd().filter(char::is_ascii).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_address_that_can_be_typed() {
        assert_eq!(candidates("Ana Silva")[0], "ana.silva");
        assert_eq!(candidates("Chloé Dubois")[0], "chloe.dubois");
        assert_eq!(candidates("Jörg Müller-Weiß")[0], "joerg.weiss");
        assert_eq!(candidates("Łukasz Żak")[0], "lukasz.zak");
        assert_eq!(candidates("Info")[0], "info");
        assert!(candidates("山田").is_empty());
    }
}

//! One box that finds everything.

use super::App;
use crate::access::Call;
use crate::error::Error;
use crate::store::{Hit, Readable, normalise};

/// Most hits of one search.
pub const MOST_HITS: usize = 50;

/// What begins with the text, of what the asker may read. Pasted text such as `Name <a@b>` is understood.
pub async fn find(app: &App, call: &Call, text: &str, limit: usize) -> Result<Vec<Hit>, Error> {
    let wanted = pasted(text);
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let actor = &call.actor;
    let readable = Readable {
        mailboxes: actor.reach(),
        aliases: actor.reach(),
        domains: actor.reach(),
        orgs: actor.reach(),
    };
    app.store.search(&readable, &wanted, limit.min(MOST_HITS)).await
}

/// The part of a pasted text that names something: the address in it, if there is one.
pub fn pasted(text: &str) -> String {
    let text = text.trim();
    let address = text
        .split(|c: char| c.is_whitespace() || "<>,;\"'()[]".contains(c))
        .find(|part| part.contains('@') && part.len() > 2)
        .map(|part| part.trim_start_matches("mailto:").trim_end_matches(['.', ':']));
    normalise(address.unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_pastes_is_understood() {
        assert_eq!(
            pasted("James Okafor <J.Okafor@Brightwater.example>"),
            "j.okafor@brightwater.example"
        );
        assert_eq!(
            pasted("550 5.1.1 <anna@x.example>: Recipient address rejected"),
            "anna@x.example"
        );
        assert_eq!(pasted(" okaf "), "okaf");
        assert_eq!(pasted("mailto:a@b.example."), "a@b.example");
    }
}

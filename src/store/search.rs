//! One box that finds everything, by the beginnings of words, inside what the asker can see.

use super::Store;
use super::change::Change;
use crate::access::{AliasRead, DomainRead, MailboxRead, OrgPath, OrgRead, Permission, Reach, Span};
use crate::error::Error;
use crate::model::{Alias, Domain, Mailbox, Org};

/// Most words by which one thing is found.
const MOST_TERMS: usize = 6;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its id.
    pub id: uuid::Uuid,
    /// Its address or name.
    pub title: String,
    /// What else helps to recognise it.
    pub subtitle: String,
    /// Whether it is in the bin.
    pub deleted: bool,
}

/// The kinds of things that can be found.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HitKind {
    /// A mailbox.
    Mailbox,
    /// An alias or a catch-all.
    Alias,
    /// A domain, by its name or an alias name.
    Domain,
    /// An org.
    Org,
}

impl HitKind {
    /// The word in the API and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Alias => "alias",
            Self::Domain => "domain",
            Self::Org => "org",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Mailbox, Self::Alias, Self::Domain, Self::Org]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// Where somebody may read what: a thing is found where its kind may be read.
#[derive(Clone, Debug)]
pub struct Readable {
    /// Where mailboxes are found.
    pub mailboxes: Reach<MailboxRead>,
    /// Where aliases are found.
    pub aliases: Reach<AliasRead>,
    /// Where domains are found.
    pub domains: Reach<DomainRead>,
    /// Where orgs are found.
    pub orgs: Reach<OrgRead>,
}

impl Readable {
    /// The stretches with the kinds that may be read in them: what is read in the same stretches is found at once.
    fn stretches(&self) -> Vec<(&Span, Vec<HitKind>)> {
        let each = [
            (HitKind::Mailbox, self.mailboxes.spans()),
            (HitKind::Alias, self.aliases.spans()),
            (HitKind::Domain, self.domains.spans()),
            (HitKind::Org, self.orgs.spans()),
        ];
        let mut stretches: Vec<(&Span, Vec<HitKind>)> = Vec::new();
        for (kind, spans) in each {
            for span in spans {
                match stretches.iter_mut().find(|(have, _)| *have == span) {
                    Some((_, kinds)) => kinds.push(kind),
                    None => stretches.push((span, vec![kind])),
                }
            }
        }
        stretches
    }
}

type HitRow = (uuid::Uuid, String, String, String, bool);

impl Store {
    /// The first hits for the beginning of an address, a name or a word of it.
    pub async fn search(&self, readable: &Readable, prefix: &str, limit: usize) -> Result<Vec<Hit>, Error> {
        let most = i64::try_from(limit).unwrap_or(50);
        let mut rows: Vec<HitRow> = Vec::new();
        for (span, kinds) in readable.stretches() {
            rows.extend(self.found_in(span, &kinds, prefix, most).await?);
        }
        let mut hits: Vec<Hit> = Vec::with_capacity(rows.len());
        for (id, kind, title, subtitle, deleted) in rows {
            let kind = HitKind::parse(&kind).ok_or_else(|| super::corrupt("search_terms", "kind", &id))?;
            if !hits.iter().any(|hit| hit.id == id) {
                hits.push(Hit {
                    kind,
                    id,
                    title,
                    subtitle,
                    deleted,
                });
            }
        }
        hits.truncate(limit);
        Ok(hits)
    }

    async fn found_in(
        &self,
        span: &Span,
        kinds: &[HitKind],
        prefix: &str,
        most: i64,
    ) -> Result<Vec<HitRow>, Error> {
        let ((low, high), end) = ((span.low(), span.high()), format!("{prefix}\u{10FFFF}"));
        let query = if span.is_everything() {
            self.db.read(
                "SELECT object_id, kind, title, subtitle, deleted FROM search_terms
                 WHERE term >= $1 AND term < $2 AND kind IN ($4, $5, $6, $7) ORDER BY term LIMIT $3 + 0",
            )
        } else {
            self.db.read(
                "SELECT object_id, kind, title, subtitle, deleted FROM search_terms
                 WHERE (org_path, domain) >= ($8, $9) AND (org_path, domain) < ($10, $11)
                   AND term >= $1 AND term < $2 AND kind IN ($4, $5, $6, $7) ORDER BY term LIMIT $3 + 0",
            )
        };
        let mut query = query.bind(prefix.to_owned()).bind(end).bind(most);
        // The list has four places, whatever they say.
        let first = kinds.first().copied().unwrap_or(HitKind::Mailbox);
        for place in 0..4 {
            query = query.bind(kinds.get(place).copied().unwrap_or(first).as_str());
        }
        if !span.is_everything() {
            query = query.bind(low.0).bind(low.1).bind(high.0).bind(high.1);
        }
        Ok(query.fetch_all().await?)
    }
}

/// A text in the form in which it is found: lower case, and nothing that a word does not have.
pub fn normalise(text: &str) -> String {
    text.trim()
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_control())
        .take(120)
        .collect()
}

/// What is found, and where it is.
struct Entry<'a> {
    id: uuid::Uuid,
    kind: HitKind,
    path: String,
    domain: &'a str,
    title: String,
    subtitle: String,
    deleted: bool,
    words: Vec<String>,
}

/// The words of a text that are worth finding it by, the longest text first; none is the beginning of another.
fn words(texts: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in texts {
        let whole = normalise(text);
        let parts = whole
            .split(|c: char| !c.is_alphanumeric())
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>();
        for word in std::iter::once(whole.clone()).chain(parts) {
            if !word.is_empty()
                && words.len() < MOST_TERMS
                && !words.iter().any(|have| have.starts_with(&word))
            {
                words.push(word);
            }
        }
    }
    words
}

impl<P: Permission> Change<P> {
    fn index(&mut self, entry: Entry<'_>, anew: bool) -> Result<(), Error> {
        if !anew {
            self.tx
                .query("DELETE FROM search_terms WHERE object_id = $1")
                .bind(entry.id)
                .later()?;
        }
        let mut words = entry.words.into_iter();
        let mut next = || words.next();
        self.tx
            .query(
                "INSERT INTO search_terms (object_id, term, kind, org_path, domain, title, subtitle, deleted)
                 SELECT $1, w.term, $2, $3, $4, $5, $6, $7 FROM (SELECT CAST($8 AS TEXT) AS term
                   UNION SELECT CAST($9 AS TEXT) UNION SELECT CAST($10 AS TEXT) UNION SELECT CAST($11 AS TEXT)
                   UNION SELECT CAST($12 AS TEXT) UNION SELECT CAST($13 AS TEXT)) AS w
                 WHERE w.term IS NOT NULL",
            )
            .bind(entry.id)
            .bind(entry.kind.as_str())
            .bind(entry.path)
            .bind(entry.domain.to_owned())
            .bind(entry.title)
            .bind(entry.subtitle)
            .bind(entry.deleted)
            .bind(next())
            .bind(next())
            .bind(next())
            .bind(next())
            .bind(next())
            .bind(next())
            .later()?;
        Ok(())
    }

    pub(super) fn index_mailbox(&mut self, mailbox: &Mailbox, deleted: bool) -> Result<(), Error> {
        let address = mailbox.address.to_string();
        let local = mailbox.address.local().as_str();
        // The address itself, the parts of what stands before the @, and the name; not the domain's parts again.
        let mut found = vec![address.clone()];
        for word in words(&[local, mailbox.display_name.as_str()]) {
            if !address.starts_with(&word) && found.len() < MOST_TERMS {
                found.push(word);
            }
        }
        let entry = Entry {
            id: mailbox.id.uuid(),
            kind: HitKind::Mailbox,
            path: self.permit.place().org.as_str().to_owned(),
            domain: mailbox.address.domain().as_str(),
            subtitle: mailbox.display_name.as_str().to_owned(),
            title: address,
            deleted,
            words: found,
        };
        let anew = mailbox.version == 1;
        self.index(entry, anew)
    }

    pub(super) fn index_alias(&mut self, alias: &Alias, deleted: bool) -> Result<(), Error> {
        let address = alias.address.to_string();
        let mut found = vec![address.clone()];
        found.extend(
            words(&[alias.address.local()])
                .into_iter()
                .filter(|word| !address.starts_with(word.as_str())),
        );
        found.extend(
            alias
                .destinations
                .iter()
                .take(3)
                .map(|to| normalise(&to.to_string())),
        );
        found.truncate(MOST_TERMS);
        let to = alias
            .destinations
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        let subtitle = match alias.destinations.len() {
            0 | 1 => format!("→ {to}"),
            n => format!("→ {to} and {} more", n - 1),
        };
        let entry = Entry {
            id: alias.id.uuid(),
            kind: HitKind::Alias,
            path: self.permit.place().org.as_str().to_owned(),
            domain: alias.address.domain().as_str(),
            title: address,
            subtitle,
            deleted,
            words: found,
        };
        self.index(entry, alias.version == 1)
    }

    pub(super) fn index_domain(&mut self, domain: &Domain, aliases: &[String]) -> Result<(), Error> {
        let name = domain.name.as_str();
        let unicode = domain.name.to_unicode();
        let mut texts = vec![name, unicode.as_str()];
        texts.extend(aliases.iter().map(String::as_str));
        let entry = Entry {
            id: domain.id.uuid(),
            kind: HitKind::Domain,
            path: self.permit.place().org.as_str().to_owned(),
            domain: name,
            title: name.to_owned(),
            subtitle: String::new(),
            deleted: domain.deleted.is_some(),
            words: words(&texts),
        };
        self.index(entry, false)
    }

    pub(super) fn index_org(&mut self, org: &Org, path: &OrgPath) -> Result<(), Error> {
        let number = org
            .external_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .unwrap_or_default();
        let entry = Entry {
            id: org.id.uuid(),
            kind: HitKind::Org,
            path: path.as_str().to_owned(),
            domain: "",
            title: org.name.as_str().to_owned(),
            subtitle: number.clone(),
            deleted: org.deleted.is_some(),
            words: words(&[org.name.as_str(), &number]),
        };
        self.index(entry, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_found_by_each_of_its_words_once() {
        assert_eq!(
            words(&["j.okafor", "James Okafor"]),
            ["j.okafor", "okafor", "james okafor"]
        );
        assert_eq!(words(&["", "  "]), Vec::<String>::new());
        assert!(words(&["a b c d e f g h i"]).len() <= MOST_TERMS);
    }
}

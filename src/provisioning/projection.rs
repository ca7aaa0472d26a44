//! What an object means in rows that Postfix and Dovecot read. Pure.

use crate::store::projected::{MailboxNow, ObjectNow};

/// The rows of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// There are to be none.
    None,
    /// A mail server.
    Node {
        /// Its name.
        name: String,
        /// Its address.
        host: String,
        /// IMAP, POP3, `ManageSieve`, LMTP.
        ports: [i64; 4],
        /// `up`, `drain` or `down`.
        state: String,
    },
    /// A hosted name: a domain, or another name of one.
    Domain {
        /// The name.
        name: String,
        /// The domain it stands for, if it is another name.
        alias_of: Option<String>,
        /// Whether it works.
        active: bool,
    },
    /// A mailbox with the aliases that forward its mail.
    Mailbox(Box<MailboxRows>),
    /// An alias, a row for each destination.
    Alias(AliasRows),
}

/// The row of a mailbox.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "columns that the daemons read one by one"
)]
pub struct MailboxRows {
    /// Before the `@`.
    pub local_part: String,
    /// After it.
    pub domain: String,
    /// `{SCHEME}hash`.
    pub password: Option<String>,
    /// 0 is unlimited here.
    pub quota_bytes: i64,
    /// Whether anybody may sign in.
    pub active: bool,
    /// Whether mail is kept in the mailbox.
    pub deliver: bool,
    /// Sending.
    pub smtp: bool,
    /// Reading by IMAP.
    pub imap: bool,
    /// Fetching by POP3.
    pub pop3: bool,
    /// Filters.
    pub sieve: bool,
    /// The webmail.
    pub webmail: bool,
    /// The key of its mail on the node.
    pub storage: String,
    /// The node.
    pub node: String,
    /// Where its mail is sent on to.
    pub forwards: Option<AliasRows>,
}

impl std::fmt::Debug for MailboxRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let address = format!("{}@{}", self.local_part, self.domain);
        f.debug_struct("MailboxRows")
            .field("address", &address)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// The rows of an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasRows {
    /// Before the `@`; empty for a catch-all.
    pub local_part: String,
    /// After it.
    pub domain: String,
    /// One row each.
    pub destinations: Vec<String>,
    /// Whether they are in force.
    pub active: bool,
    /// Whether a local destination may send as this address.
    pub send_as: bool,
}

/// The rows that an object is to have.
pub fn rows(now: &ObjectNow) -> Rows {
    match now {
        ObjectNow::Absent => Rows::None,
        ObjectNow::Node(node) => Rows::Node {
            name: node.name.clone(),
            host: node.host.clone(),
            ports: node.ports,
            state: node.state.clone(),
        },
        ObjectNow::Domain(domain) => Rows::Domain {
            name: domain.name.clone(),
            alias_of: None,
            active: domain.active,
        },
        ObjectNow::DomainAlias(alias) => Rows::Domain {
            name: alias.name.clone(),
            alias_of: Some(alias.domain.clone()),
            active: true,
        },
        ObjectNow::Mailbox(mailbox) => Rows::Mailbox(Box::new(mailbox_rows(mailbox))),
        ObjectNow::Alias(alias) => Rows::Alias(AliasRows {
            local_part: alias.local_part.clone(),
            domain: alias.domain.clone(),
            destinations: alias.destinations.clone(),
            active: alias.enabled,
            send_as: !alias.local_part.is_empty(),
        }),
    }
}

fn mailbox_rows(mailbox: &MailboxNow) -> MailboxRows {
    let receives = !mailbox.suspended || mailbox.suspended_receive;
    // Who refuses mail sends none on either.
    let forwards = receives && !mailbox.forward_to.is_empty();
    MailboxRows {
        local_part: mailbox.local_part.clone(),
        domain: mailbox.domain.clone(),
        password: mailbox.hash.as_ref().map(|hash| hash.expose().to_owned()),
        // "No space at all" cannot be said there, where 0 is unlimited: one byte comes closest.
        quota_bytes: mailbox.quota_bytes.map_or(0, |bytes| bytes.max(1)),
        active: !mailbox.suspended,
        deliver: receives && (mailbox.forward_keep || !forwards),
        smtp: mailbox.smtp,
        imap: mailbox.imap,
        pop3: mailbox.pop3,
        sieve: mailbox.sieve,
        webmail: mailbox.webmail,
        storage: mailbox.storage.clone(),
        node: mailbox.node.clone(),
        forwards: forwards.then(|| AliasRows {
            local_part: mailbox.local_part.clone(),
            domain: mailbox.domain.clone(),
            destinations: mailbox.forward_to.clone(),
            active: true,
            send_as: false,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anna() -> MailboxNow {
        MailboxNow {
            local_part: "anna".into(),
            domain: "one.test".into(),
            hash: None,
            quota_bytes: Some(5),
            imap: true,
            pop3: true,
            smtp: true,
            sieve: true,
            webmail: true,
            node: "node-a".into(),
            storage: "one.test/anna-x".into(),
            suspended: false,
            suspended_receive: true,
            forward_to: vec![],
            forward_keep: true,
        }
    }

    #[test]
    fn suspension_stops_sign_in_and_mail_only_when_asked() {
        let keeps = mailbox_rows(&MailboxNow {
            suspended: true,
            ..anna()
        });
        assert_eq!((keeps.active, keeps.deliver), (false, true));
        let refuses = mailbox_rows(&MailboxNow {
            suspended: true,
            suspended_receive: false,
            forward_to: vec!["ben@one.test".into()],
            ..anna()
        });
        assert_eq!(
            (refuses.active, refuses.deliver, refuses.forwards),
            (false, false, None)
        );
    }

    #[test]
    fn a_forward_without_a_copy_keeps_nothing() {
        let to = vec!["ben@one.test".to_owned()];
        let copy = mailbox_rows(&MailboxNow {
            forward_to: to.clone(),
            ..anna()
        });
        assert!(copy.deliver && copy.forwards.is_some());
        let moved = mailbox_rows(&MailboxNow {
            forward_to: to,
            forward_keep: false,
            ..anna()
        });
        assert!(!moved.deliver && moved.forwards.is_some());
        assert!(
            mailbox_rows(&MailboxNow {
                forward_keep: false,
                ..anna()
            })
            .deliver,
            "nothing is sent on"
        );
    }

    #[test]
    fn no_space_is_never_unlimited_space() {
        assert_eq!(
            mailbox_rows(&MailboxNow {
                quota_bytes: Some(0),
                ..anna()
            })
            .quota_bytes,
            1
        );
        assert_eq!(
            mailbox_rows(&MailboxNow {
                quota_bytes: None,
                ..anna()
            })
            .quota_bytes,
            0
        );
    }
}

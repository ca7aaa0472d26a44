//! The kinds of values that settings have, beyond numbers and texts.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use url::Url;

/// Where people reach the portal: scheme, host and perhaps a port, nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    host: String,
    secure: bool,
}

impl BaseUrl {
    /// The origin without a final slash, as in `https://portal.example`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// The host name, in lower case, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is https.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether it names this very machine, which browsers trust without https.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback_name(&self.host)
    }

    /// What to open in a browser on this machine when the server listens on `address`.
    #[must_use]
    pub fn of_listener(address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) if ip.is_unspecified() => "[::1]".to_owned(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Self {
            origin: format!("http://{host}:{}", address.port()),
            host,
            secure: false,
        }
    }
}

impl FromStr for BaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "it must be an origin such as https://portal.example, without a path";
        let url = Url::parse(text).map_err(|_| WRONG)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        let host = url.host_str().ok_or(WRONG)?.to_owned();
        if !matches!(url.scheme(), "http" | "https") || !bare || !nobody {
            return Err(WRONG);
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            host,
            secure: url.scheme() == "https",
        })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.origin)
    }
}

/// Whether a host name (as in a URL, IPv6 in brackets) always means this machine.
#[must_use]
pub fn is_loopback_name(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A closed list of words: the words, and the value of each.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// The words that may be written.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word as it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("expects one of {}, not {text:?}", Self::WORDS.join(", "))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How log lines look.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line, for machines.
        Json = "json",
    }
}

words! {
    /// How the way to the mail server that takes letters is protected.
    SmtpSecurity {
        /// The connection begins in the clear and turns to TLS before anything is said; refused without.
        StartTls = "starttls",
        /// TLS from the first byte.
        Tls = "tls",
        /// None: for a mail server on this machine.
        None = "none",
    }
}

impl SmtpSecurity {
    /// The port that is usual for it.
    #[must_use]
    pub fn usual_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// Who the letters are from: an address, perhaps with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterSender(lettre::message::Mailbox);

impl LetterSender {
    /// For the head of a letter.
    #[must_use]
    pub fn mailbox(&self) -> &lettre::message::Mailbox {
        &self.0
    }
}

impl FromStr for LetterSender {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.parse().map(Self);
        parsed.map_err(|_| "expects an address such as \"Postdesk <postdesk@mail.example>\"")
    }
}

impl fmt::Display for LetterSender {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

words! {
    /// The tables and views that a target has.
    TargetSchema {
        /// Postdesk's own.
        Native = "native",
    }
}

words! {
    /// Whether a node of the cluster takes new mailboxes, and whether it runs.
    NodeState {
        /// Runs and takes new mailboxes.
        Up = "up",
        /// Runs, but takes no new mailboxes.
        Drain = "drain",
        /// Does not run.
        Down = "down",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_an_origin_and_nothing_more() {
        let url: BaseUrl = "https://Portal.Example/".parse().unwrap();
        assert_eq!(
            (url.as_str(), url.host(), url.is_secure()),
            ("https://portal.example", "portal.example", true)
        );
        for wrong in [
            "portal.example",
            "ftp://portal.example",
            "https://a.example/x",
            "https://a@b.example",
            "",
        ] {
            assert!(wrong.parse::<BaseUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_server_on_every_address_is_opened_on_loopback() {
        assert_eq!(
            BaseUrl::of_listener(([0, 0, 0, 0], 80).into()).as_str(),
            "http://127.0.0.1:80"
        );
        assert_eq!(
            BaseUrl::of_listener("[::]:80".parse().unwrap()).as_str(),
            "http://[::1]:80"
        );
    }
}

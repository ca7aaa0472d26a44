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

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    first: IpAddr,
    prefix: u32,
}

impl IpRange {
    /// Whether the address lies in the range. An IPv4 address in IPv6 clothes counts as what it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                same(first.to_bits(), address.to_bits(), 32 - self.prefix)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let free = 128 - self.prefix;
                (first.to_bits() ^ address.to_bits())
                    .checked_shr(free)
                    .unwrap_or(0)
                    == 0
            }
            _ => false,
        }
    }
}

fn same(first: u32, address: u32, free: u32) -> bool {
    (first ^ address).checked_shr(free).unwrap_or(0) == 0
}

impl FromStr for IpRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "expects address ranges such as 10.0.0.0/8 or fd00::/8";
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let first: IpAddr = address.trim().parse().map_err(|_| WRONG)?;
        let widest = if first.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(widest), str::parse).map_err(|_| WRONG)?;
        match (first, first.to_canonical()) {
            _ if prefix > widest => Err(WRONG),
            // What never matches an address in its plain clothes is taken off them here.
            (IpAddr::V6(_), plain @ IpAddr::V4(_)) if prefix >= 96 => Ok(Self {
                first: plain,
                prefix: prefix - 96,
            }),
            _ => Ok(Self { first, prefix }),
        }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.first, self.prefix)
    }
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

    #[test]
    fn a_range_holds_its_own_addresses_only() {
        let range: IpRange = "10.0.0.0/8".parse().unwrap();
        assert!(range.contains("10.9.8.7".parse().unwrap()));
        assert!(range.contains("::ffff:10.9.8.7".parse().unwrap()));
        assert!(!range.contains("11.0.0.1".parse().unwrap()));
        assert!(
            "0.0.0.0/0"
                .parse::<IpRange>()
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
        assert!(
            "::/0"
                .parse::<IpRange>()
                .unwrap()
                .contains("2001:db8::1".parse().unwrap())
        );
        assert!(
            !"192.0.2.1"
                .parse::<IpRange>()
                .unwrap()
                .contains("192.0.2.2".parse().unwrap())
        );
        let mapped: IpRange = "::ffff:10.0.0.0/104".parse().unwrap();
        assert!(mapped.contains("10.9.8.7".parse().unwrap()));
        assert!(!mapped.contains("11.9.8.7".parse().unwrap()));
        assert!("10.0.0.0/33".parse::<IpRange>().is_err());
    }
}

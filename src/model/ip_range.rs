//! Ranges of internet addresses, and lists of them. `core::net` has addresses as plain values, and nothing that connects.

use core::net::IpAddr;
use std::fmt;
use std::str::FromStr;

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

/// Where a token may come from: ranges of addresses, or anywhere when there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cidrs(Vec<IpRange>);

impl Cidrs {
    /// These ranges.
    pub fn new(ranges: Vec<IpRange>) -> Self {
        Self(ranges)
    }

    /// Whether whoever is at `address` may come. What comes from nobody knows where may not, if there is a list.
    pub fn lets(&self, address: Option<IpAddr>) -> bool {
        let named = |address| self.0.iter().any(|range| range.contains(address));
        self.0.is_empty() || address.is_some_and(named)
    }

    /// The ranges as they are written.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl FromStr for Cidrs {
    type Err = &'static str;

    /// Ranges with spaces between them, as they are stored.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ranges: Result<_, _> = text.split_whitespace().map(str::parse).collect();
        ranges.map(Self)
    }
}

impl fmt::Display for Cidrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! Which addresses a tenant's own provider may have.
//!
//! A tenant chooses the URL, so without a guard it could make the gateway talk to the cloud's metadata service or to a
//! database next door. The rule: over https, public addresses; over http, or at any other address, only what the operator
//! lists; link-local addresses, where metadata services live, never. It is applied to the addresses that a name resolved to,
//! at the moment of dialing, and the connection is made to these and no others; so neither odd spellings of an address nor a
//! name that changes its answer gets around it.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// What the operator lists: networks, and names that may be wherever they like but at link-local addresses.
#[derive(Debug, Clone, Default)]
pub struct AllowedAddresses {
    networks: Vec<IpNet>,
    hosts: Vec<String>,
}

/// An entry that is neither a network, an address nor a host name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network (10.0.0.0/8), address (10.1.2.3) or host name (ollama.internal)")]
pub struct BadEntry(String);

impl AllowedAddresses {
    /// Reads the operator's list.
    ///
    /// # Errors
    /// With the first entry that makes no sense.
    pub fn parse<'e>(entries: impl IntoIterator<Item = &'e str>) -> Result<Self, BadEntry> {
        let mut allowed = Self::default();
        for entry in entries.into_iter().map(str::trim).filter(|entry| !entry.is_empty()) {
            if let Ok(network) = IpNet::from_str(entry) {
                allowed.networks.push(network);
            } else if let Ok(address) = IpAddr::from_str(entry) {
                allowed.networks.push(address.into());
            } else if entry.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
                allowed.hosts.push(entry.to_ascii_lowercase());
            } else {
                return Err(BadEntry(entry.to_owned()));
            }
        }
        Ok(allowed)
    }

    /// The addresses of this machine itself: what `wardgate dev` allows.
    #[must_use]
    pub fn loopback() -> Self {
        Self { networks: vec![IpNet::from(IpAddr::V6(Ipv6Addr::LOCALHOST)), loopback_v4()], hosts: Vec::new() }
    }

    /// Whether a host may be dialed at an address. `is_tls` says that nobody on the way can read along.
    #[must_use]
    pub fn permits(&self, host: &str, address: IpAddr, is_tls: bool) -> bool {
        let address = address.to_canonical();
        if is_link_local(address) || is_never_a_host(address) {
            return false;
        }
        let is_listed = self.hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host))
            || self.networks.iter().any(|network| network.contains(&address));
        is_listed || (is_tls && is_public(address))
    }
}

fn loopback_v4() -> IpNet {
    ipnet::Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into()
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address == METADATA_V6,
    }
}

/// Where one large cloud keeps its metadata service, inside the unique local range.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

fn is_never_a_host(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_unspecified() || address.is_broadcast() || address.is_multicast(),
        IpAddr::V6(address) => address.is_unspecified() || address.is_multicast(),
    }
}

/// Whether an address belongs to the public internet (the special-purpose registries of RFC 6890 are left out).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(inner) => is_public_v4(inner),
            // Global unicast, but for documentation (2001:db8::/32, 3fff::/20) and Teredo and its like (2001::/23).
            None => {
                let [first, second, ..] = address.segments();
                (first & 0xe000) == 0x2000
                    && !(first == 0x2001 && (second == 0xdb8 || second < 0x200))
                    && !(first == 0x3fff && second < 0x1000)
            }
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !is_special
}

/// The IPv4 address inside a translated (64:ff9b::/96) or tunneled (2002::/16) one.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let at = |from: usize| Ipv4Addr::new(octets[from], octets[from + 1], octets[from + 2], octets[from + 3]);
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(at(12)),
        [0x2002, ..] => Some(at(2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(allowed: &AllowedAddresses, host: &str, address: &str, is_tls: bool) -> bool {
        allowed.permits(host, address.parse().unwrap_or_else(|error| panic!("{address}: {error}")), is_tls)
    }

    #[test]
    fn only_public_addresses_over_tls_without_a_list() {
        let none = AllowedAddresses::default();
        assert!(permits(&none, "api.example.com", "93.184.216.34", true));
        assert!(permits(&none, "api.example.com", "2606:4700::1111", true));
        assert!(!permits(&none, "api.example.com", "93.184.216.34", false));
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(!permits(&none, "evil.example.com", address, true), "{address}");
        }
    }

    #[test]
    fn what_the_operator_lists_is_allowed_but_never_metadata() {
        let allowed = AllowedAddresses::parse(["10.0.0.0/8", "192.168.7.7", "Ollama.Internal", "0.0.0.0/0"])
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(permits(&allowed, "x", "10.9.9.9", false) && permits(&allowed, "ollama.internal", "fc00::5", false));
        assert!(!permits(&allowed, "ollama.internal", "169.254.169.254", true));
        assert!(!permits(&allowed, "x", "::ffff:169.254.169.254", true));
        assert!(permits(&AllowedAddresses::loopback(), "localhost", "::ffff:127.0.0.2", false));
        assert_eq!(AllowedAddresses::parse(["a b"]).err(), Some(BadEntry("a b".to_owned())));
    }
}

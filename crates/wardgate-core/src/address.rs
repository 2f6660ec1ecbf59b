//! Where a request comes from when proxies stand in between.

use ipnet::IpNet;
use std::net::IpAddr;

/// The address of the client, given who holds the connection, what `X-Forwarded-For` lists from first to last, and which
/// networks the operator's own proxies are in.
///
/// Each proxy appends whom it heard from, and a client can write anything in front; so the list is read from its end, and the
/// first address that is none of the operator's proxies is the client. A part that is no address ends the reading: whoever wrote
/// it is as far back as is known.
pub fn client_address<'t>(peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'t str>, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer.to_canonical();
    for text in forwarded.rev() {
        if !is_trusted(client) {
            break;
        }
        match text.trim().parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// Reads a network, as in `10.0.0.0/8`, or a single address. Bits beyond the prefix are cleared.
#[must_use]
pub fn parse_network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let network = text.parse::<IpNet>().ok().map(|network| network.trunc());
    network.or_else(|| text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, forwarded: &str, expected: &str) {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap_or_else(|error| panic!("{text}: {error}"));
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap_or_default()).into();
        assert_eq!(client_address(parse(peer), forwarded.split(','), &trusted), parse(expected), "{peer} {forwarded}");
    }

    #[test]
    fn networks_are_blocks_or_single_addresses() {
        let cases = [
            ("10.1.2.3/8", Some("10.0.0.0/8")),
            ("10.1.2.3", Some("10.1.2.3/32")),
            (" ::ffff:10.1.2.3 ", Some("10.1.2.3/32")),
            ("fd00::1", Some("fd00::1/128")),
            ("10.0.0.0/33", None),
            ("localhost", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_network(text).map(|network| network.to_string()), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn only_the_operators_proxies_are_believed() {
        check("203.0.113.9", "198.51.100.1", "203.0.113.9");
        check("10.0.0.1", "198.51.100.1", "198.51.100.1");
        check("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1");
        check("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3");
        check("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1");
        check("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1");
        check("10.0.0.1", "", "10.0.0.1");
    }
}

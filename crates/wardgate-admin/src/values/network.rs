//! Networks and single addresses.

use crate::body::Parsed;
use ipnet::{IpNet, Ipv4Net};
use serde_json::json;
use std::net::IpAddr;

/// A network such as `10.0.0.0/8`, or a single address.
pub(crate) fn network() -> Parsed<IpNet> {
    Parsed {
        parse: |text| parse(text).ok_or_else(|| "must be a network such as 10.0.0.0/8, or an address".to_owned()),
        code: "bad_network",
        error_code: None,
        schema: || json!({"maxLength": 64, "examples": ["10.0.0.0/8", "2001:db8::1"]}),
    }
}

/// Addresses are compared in their shortest form, so IPv4 that is written as IPv6 is kept as IPv4.
fn parse(text: &str) -> Option<IpNet> {
    let net = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse::<IpNet>().ok()?.trunc(),
    };
    let IpNet::V6(v6) = net else { return Some(net) };
    match (v6.addr().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) {
        (Some(address), Some(length)) => Some(Ipv4Net::new(address, length).ok()?.into()),
        _ => Some(net),
    }
}

/// A network as it is shown: a single address stands for itself.
pub(crate) fn write(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let cases = [
            ("10.1.2.3/8", Some("10.0.0.0/8")),
            ("10.1.2.3", Some("10.1.2.3")),
            ("10.1.2.3/32", Some("10.1.2.3")),
            ("::ffff:10.1.2.3", Some("10.1.2.3")),
            ("::ffff:10.0.0.0/104", Some("10.0.0.0/8")),
            ("2001:db8::1/64", Some("2001:db8::/64")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("10.0.0.0/33", None),
            ("010.0.0.1", None),
            ("example.com", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).map(write).as_deref(), expected, "{text}");
        }
    }
}

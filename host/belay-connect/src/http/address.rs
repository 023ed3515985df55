//! Which addresses a connection may reach. Never trusts a name: what is checked is what is dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::spec::Allow;

/// What kind of address it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// Anybody's.
    Public,
    /// This host, or a private network: with the connection's permission.
    Needs(Allow),
    /// Nothing that a connection should talk to; link-local addresses serve clouds' credentials.
    Never(&'static str),
}

/// The kind of an address. An IPv4 address inside an IPv6 one counts as what it leads to.
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

/// Why the address may not be dialled with these permissions; nothing where it may.
pub(super) fn refusal(address: IpAddr, allow: &[Allow]) -> Option<String> {
    match reach(address) {
        Reach::Public => None,
        Reach::Needs(kind) if allow.contains(&kind) => None,
        Reach::Needs(Allow::Loopback) => {
            Some(format!("{address} is this host; `allow = [\"loopback\"]` on the connection permits it"))
        }
        Reach::Needs(Allow::Private) => {
            Some(format!("{address} is a private address; `allow = [\"private\"]` on the connection permits it"))
        }
        Reach::Never(what) => Some(format!("{address} is {what}, which no connection may reach")),
    }
}

/// IANA's special-purpose registry (RFC 6890 and its updates).
fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [0, ..] => Reach::Never("an unspecified address"),
        [127, ..] => Reach::Needs(Allow::Loopback),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Reach::Needs(Allow::Private),
        [169, 254, ..] => Reach::Never("a link-local address"),
        [192, 0, 0, _] => Reach::Never("reserved for protocols"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Reach::Never("reserved for documentation"),
        [198, 18..=19, ..] => Reach::Never("reserved for benchmarks"),
        [224..=239, ..] => Reach::Never("a multicast address"),
        [240..=255, ..] => Reach::Never("a reserved address"),
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        reach_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Reach::Never("an unspecified address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Needs(Allow::Loopback),
        // IPv4-mapped (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            embedded(high, low)
        }
        [0x64, 0xff9b, ..] => Reach::Needs(Allow::Private),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Reach::Never("reserved for documentation"),
        [0x2001, 0..=0x01ff, ..] => Reach::Never("reserved for protocols"),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Reach::Needs(Allow::Private),
        [0xfe80..=0xfebf, ..] => Reach::Never("a link-local address"),
        [0xff00..=0xffff, ..] => Reach::Never("a multicast address"),
        // What IANA has given out is 2000::/3.
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_is_what_it_leads_to() {
        let (public, loopback, private) = (Some(None), Some(Some(Allow::Loopback)), Some(Some(Allow::Private)));
        for (addresses, expected) in [
            ("1.1.1.1 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 192.167.1.1 2606:4700::1111", public),
            ("::ffff:1.1.1.1 64:ff9b::1.1.1.1 2002:101:101::1", public),
            ("127.0.0.1 127.255.0.9 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::", loopback),
            ("10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255", private),
            ("::ffff:10.0.0.1 64:ff9b::a00:1 2002:c0a8:1::1 64:ff9b:1::1 fc00::1 fdff::1 fec0::1", private),
            ("0.0.0.0 0.1.2.3 169.254.169.254 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255", None),
            ("192.0.0.1 192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 198.19.0.1", None),
            (":: ::2 ::127.0.0.1 ::ffff:0.0.0.0 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe fe80::1 febf::1", None),
            ("ff02::1 2001:db8::1 2001::1 3fff::1 100::1 4000::1", None),
        ] {
            for address in addresses.split(' ') {
                let found = match reach(address.parse().unwrap()) {
                    Reach::Public => Some(None),
                    Reach::Needs(kind) => Some(Some(kind)),
                    Reach::Never(_) => None,
                };
                assert_eq!(found, expected, "{address}");
            }
        }
    }

    #[test]
    fn a_permission_opens_its_own_range_only() {
        let refused = |address: &str, allow: &[Allow]| refusal(address.parse().unwrap(), allow).is_some();
        assert!(!refused("1.1.1.1", &[]));
        assert!(refused("127.0.0.1", &[]) && refused("127.0.0.1", &[Allow::Private]));
        assert!(!refused("127.0.0.1", &[Allow::Loopback]) && !refused("10.0.0.1", &[Allow::Private]));
        assert!(refused("169.254.169.254", &[Allow::Loopback, Allow::Private]));
    }
}

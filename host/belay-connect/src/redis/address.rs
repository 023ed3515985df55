//! A connection's address. Never holds credentials.

use hyper::Uri;

use crate::http::base::Base;

/// `rediss://host:port/database`, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Address {
    pub(super) base: Base,
    pub(super) database: u32,
}

impl Address {
    /// Reads a connection's `url`. The error does not repeat it: it might hold a credential.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("`url` is not an address: {error}"))?;
        let tls = match uri.scheme_str() {
            Some("redis") => false,
            Some("rediss") => true,
            Some(_) | None => return Err("`url` must start with redis:// or rediss://".to_owned()),
        };
        let authority = uri.authority().ok_or("`url` names no host")?.as_str();
        if authority.contains('@') {
            return Err("`url` holds credentials; put them into `auth`".to_owned());
        }
        if uri.query().is_some() || url.contains('#') {
            return Err("`url` must not have a query or a fragment".to_owned());
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err("`url` names no host".to_owned());
        }
        let database = match uri.path().strip_prefix('/').unwrap_or_default() {
            "" => 0,
            number => number.parse().map_err(|_| "`url`: after the host stands the database's number")?,
        };
        let port = uri.port_u16().unwrap_or(6379);
        Ok(Self { base: Base::of_server(tls, host, port, authority.to_owned()), database })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_which_server_and_database() {
        for (url, tls, host, port, database) in [
            ("redis://127.0.0.1:7000", false, "127.0.0.1", 7000, 0),
            ("rediss://cache.shop.example/", true, "cache.shop.example", 6379, 0),
            ("redis://[::1]:1/15", false, "::1", 1, 15),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!((address.base.tls, address.base.host.as_str(), address.base.port), (tls, host, port), "{url}");
            assert_eq!(address.database, database);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for url in [
            "",
            "canary",
            "http://canary/",
            "redis://",
            "redis://u:canary@h/",
            "redis://h/canary",
            "redis://h/-1",
            "redis://h/0/canary",
            "redis://h/0?t=canary",
            "redis://h/0#canary",
        ] {
            let error = Address::parse(url).unwrap_err();
            assert!(!error.contains("canary"), "{url}: {error}");
        }
    }
}

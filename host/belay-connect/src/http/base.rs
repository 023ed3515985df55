//! A connection's address. Never holds credentials, and no request leaves it.

use hyper::Uri;

/// `https://host:port/prefix`, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Base {
    pub(crate) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What the `host` header says.
    pub(crate) authority: String,
    /// What every path starts with: empty, or `/…` without a slash at its end.
    prefix: String,
}

impl Base {
    /// Reads a connection's `url`. The error does not repeat it: it might hold a credential.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("`url` is not an address: {error}"))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) | None => return Err("`url` must start with http:// or https://".to_owned()),
        };
        let authority = uri.authority().ok_or("`url` names no host")?.as_str();
        if authority.contains('@') {
            return Err("`url` holds credentials; put them into `auth`".to_owned());
        }
        if uri.query().is_some() || url.contains('#') {
            return Err("`url` must not have a query or a fragment".to_owned());
        }
        let prefix = uri.path().trim_end_matches('/').to_owned();
        if !prefix.is_empty() {
            super::path::check(&prefix).map_err(|reason| format!("`url`: {reason}"))?;
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err("`url` names no host".to_owned());
        }
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, host, port, authority: authority.to_owned(), prefix })
    }

    /// A server that speaks no HTTP and has no paths.
    pub(crate) const fn of_server(tls: bool, host: String, port: u16, authority: String) -> Self {
        Self { tls, host, port, authority, prefix: String::new() }
    }

    /// The request target for a checked path.
    pub(crate) fn target(&self, path: &str) -> Result<Uri, String> {
        format!("{}{path}", self.prefix).parse().map_err(|error| format!("the path is not one: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_below_what() {
        for (url, tls, host, port, authority, target) in [
            ("http://127.0.0.1:5500", false, "127.0.0.1", 5500, "127.0.0.1:5500", "/x?y"),
            ("https://mlflow.shop.example/", true, "mlflow.shop.example", 443, "mlflow.shop.example", "/x?y"),
            ("http://[::1]:80/base/v1/", false, "::1", 80, "[::1]:80", "/base/v1/x?y"),
        ] {
            let base = Base::parse(url).unwrap();
            assert_eq!((base.tls, base.host.as_str(), base.port), (tls, host, port), "{url}");
            assert_eq!(base.authority, authority);
            assert_eq!(base.target("/x?y").unwrap().to_string(), target);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for url in [
            "",
            "canary",
            "ftp://canary/",
            "/canary",
            "http://",
            "http://u:canary@h/",
            "http://h/?t=canary",
            "http://h/canary/../x",
            "http://h/#canary",
        ] {
            let error = Base::parse(url).unwrap_err();
            assert!(!error.contains("canary"), "{url}: {error}");
        }
    }
}

//! Addresses for servers that are told theirs. Never a number that was fixed in advance.

use std::net::{SocketAddr, TcpListener};

/// An address on loopback that was free just now.
///
/// # Panics
/// Where none is.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

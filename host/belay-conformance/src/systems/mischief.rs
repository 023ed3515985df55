//! What can go wrong with one read.

/// What becomes of a read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mischief {
    /// Nobody is there.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The host forbids it.
    Denied,
    /// A service answers 503, a store is loading.
    Busy,
    /// The answer ends in its middle.
    Truncated,
    /// A proxy's page in place of the answer.
    Page,
    /// No byte.
    Empty,
    /// Four megabytes more than there should be.
    Huge,
    /// A hundred thousand opening brackets.
    Deep,
    /// Bytes that are no text.
    Binary,
}

impl Mischief {
    /// Those after which nothing is known: the plugin must say so, or not have needed the read.
    pub(crate) const UNANSWERED: [Self; 4] = [Self::Unreachable, Self::TimedOut, Self::Denied, Self::Busy];
    /// Those that give another answer than there is: the plugin must not crash on it.
    pub(crate) const GARBLED: [Self; 6] =
        [Self::Truncated, Self::Page, Self::Empty, Self::Huge, Self::Deep, Self::Binary];

    /// For people.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed out",
            Self::Denied => "denied by the host",
            Self::Busy => "answered 503",
            Self::Truncated => "cut in half",
            Self::Page => "answered by a proxy's page",
            Self::Empty => "empty",
            Self::Huge => "4 MiB too long",
            Self::Deep => "nested 100,000 deep",
            Self::Binary => "bytes that are no text",
        }
    }

    /// The bytes that come in place of an answer's.
    pub(crate) fn garble(self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Truncated => {
                bytes.truncate(bytes.len() / 2);
                bytes
            }
            Self::Page => b"<html><body>502 Bad Gateway</body></html>".to_vec(),
            Self::Empty => Vec::new(),
            Self::Huge => {
                bytes.resize(bytes.len() + (4 << 20), b'x');
                bytes
            }
            Self::Deep => vec![b'['; 100_000],
            Self::Binary => (0..=255).rev().collect(),
            Self::Unreachable | Self::TimedOut | Self::Denied | Self::Busy => bytes,
        }
    }
}

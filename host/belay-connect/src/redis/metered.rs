//! A stream that lets in so many bytes and no more: a server's answer says how long it is before it comes.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::dial::Stream;
use crate::http::tls;

/// How many bytes may still come in, and whether the server turned belay away; shared between the stream and whoever
/// asks.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    left: Arc<AtomicU64>,
    turned_away: Arc<OnceLock<String>>,
}

impl Meter {
    pub(super) fn new(bytes: u64) -> Self {
        Self { left: Arc::new(AtomicU64::new(bytes)), turned_away: Arc::default() }
    }

    /// Before the next answer.
    pub(super) fn reset(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// Whether more came than was let in.
    pub(super) fn is_over(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    /// Why the server did not accept who belay says it is. It says so after the handshake, from belay's side (RFC 8446,
    /// section 4.4.2.4), and has looked at no command until then. The client hides what the stream told it.
    pub(super) fn turned_away(&self) -> Option<&str> {
        self.turned_away.get().map(String::as_str)
    }

    fn note(&self, error: &io::Error) {
        if let Some(refusal) = tls::refused_certificate(error) {
            self.turned_away.get_or_init(|| refusal);
        }
    }
}

pub(super) struct Metered {
    inner: Box<dyn Stream>,
    meter: Meter,
}

impl Metered {
    pub(super) fn new(inner: Box<dyn Stream>, meter: Meter) -> Self {
        Self { inner, meter }
    }
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut *self.inner).poll_read(cx, buf)).inspect_err(|error| self.meter.note(error))?;
        let came = (buf.filled().len() - before) as u64;
        let left = self.meter.left.load(Ordering::SeqCst).saturating_sub(came);
        self.meter.left.store(left, Ordering::SeqCst);
        Poll::Ready(if left == 0 { Err(io::Error::other("the answer is too large")) } else { Ok(()) })
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_shutdown(cx)
    }
}

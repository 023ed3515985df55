//! A stream that lets in so many bytes and no more: a server's answer says how long it is before it comes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::dial::Stream;

/// How many bytes may still come in; shared between the stream and whoever asks.
#[derive(Clone, Debug)]
pub(super) struct Meter(Arc<AtomicU64>);

impl Meter {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    /// Before the next answer.
    pub(super) fn reset(&self, bytes: u64) {
        self.0.store(bytes, Ordering::SeqCst);
    }

    /// Whether more came than was let in.
    pub(super) fn is_over(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
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
        ready!(Pin::new(&mut *self.inner).poll_read(cx, buf))?;
        let came = (buf.filled().len() - before) as u64;
        let left = self.meter.0.load(Ordering::SeqCst).saturating_sub(came);
        self.meter.0.store(left, Ordering::SeqCst);
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

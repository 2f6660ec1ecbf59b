//! The bytes of a connection, in clear or encrypted.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A connection's bytes.
pub(crate) enum Stream {
    /// In clear.
    Plain(TcpStream),
    /// Encrypted. In a box, so that connections in clear do not carry the room of it.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether a write that failed has certainly sent nothing. Under TLS it may have sent records before it failed.
    pub(crate) const fn is_failed_write_unsent(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
        }
    }

    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(cx, slices),
        }
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    /// Whether nothing has come and nothing has ended, as far as the runtime knows: it asks the system only if the runtime was
    /// told of something. What has come between calls belongs to no call, so such a connection is of no more use.
    pub(crate) fn is_quiet(&mut self) -> bool {
        match self {
            Self::Plain(stream) => {
                matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
            Self::Tls(stream) => {
                let look = std::future::poll_fn(|cx| {
                    let mut space = [0];
                    Pin::new(&mut **stream).poll_read(cx, &mut ReadBuf::new(&mut space))
                });
                // A task that has used up its turn would be told that there is nothing.
                let look = pin!(tokio::task::unconstrained(look));
                look.poll(&mut Context::from_waker(Waker::noop())).is_pending()
            }
        }
    }
}

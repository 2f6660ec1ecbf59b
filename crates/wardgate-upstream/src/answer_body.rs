//! The body of an answer.

use crate::connection::Connection;
use crate::error::BodyError;
use crate::http1::body::Progress;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The body of an answer, read as it is asked for. Once its last byte has come, its connection serves the next call; dropped
/// before, it closes its connection, which is how a provider learns that nobody listens.
pub struct AnswerBody {
    /// What has come and was not handed on.
    ready: Bytes,
    rest: Rest,
}

enum Rest {
    /// To come from here.
    Open(Box<Connection>),
    /// It will never come.
    Broken(BodyError),
    /// There is none.
    Over,
}

impl AnswerBody {
    /// The body of which this payload has come.
    pub(crate) fn new(connection: Box<Connection>, payload: Bytes, progress: Progress) -> Self {
        let mut body = Self { ready: payload, rest: Rest::Open(connection) };
        body.follow(progress);
        body
    }

    /// The next bytes, of which there is at least one; `None` at the end.
    ///
    /// # Errors
    /// When the answer ends before its end. What came before that is handed on first, and nothing comes behind it.
    pub async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Asks for the next bytes as [`AnswerBody::next`] does.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            if !self.ready.is_empty() {
                return Poll::Ready(Some(Ok(std::mem::take(&mut self.ready))));
            }
            match &mut self.rest {
                Rest::Open(connection) => match ready!(connection.poll_body(cx)) {
                    Ok((payload, progress)) => {
                        self.ready = payload;
                        self.follow(progress);
                    }
                    Err(error) => self.rest = Rest::Broken(BodyError::Broken(error)),
                },
                Rest::Broken(_) | Rest::Over => {
                    let rest = std::mem::replace(&mut self.rest, Rest::Over);
                    return Poll::Ready(if let Rest::Broken(error) = rest { Some(Err(error)) } else { None });
                }
            }
        }
    }

    fn follow(&mut self, progress: Progress) {
        let next = match progress {
            Progress::More => return,
            Progress::Ended => Rest::Over,
            Progress::Malformed(malformed) => Rest::Broken(BodyError::Malformed(malformed)),
        };
        if let Rest::Open(connection) = std::mem::replace(&mut self.rest, next)
            && progress == Progress::Ended
        {
            connection.release();
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.get_mut().poll_next(cx).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && matches!(self.rest, Rest::Over)
    }

    fn size_hint(&self) -> SizeHint {
        let ready = self.ready.len() as u64;
        let rest = match &self.rest {
            Rest::Open(connection) => connection.bytes_left(),
            Rest::Over => Some(0),
            Rest::Broken(_) => None,
        };
        match rest {
            Some(rest) => SizeHint::with_exact(ready.saturating_add(rest)),
            None => {
                let mut hint = SizeHint::new();
                hint.set_lower(ready);
                hint
            }
        }
    }
}

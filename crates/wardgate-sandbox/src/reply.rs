//! The body of an answer, which may break off.
//!
//! Hyper closes a connection when a body fails, and throws away what it has buffered. What was sent before a break has to
//! arrive, so the body pauses once after each frame: hyper flushes whenever it has to wait. That is also what makes each
//! event of a stream a write of its own, as it is with a real model.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Response, StatusCode};
use http_body::{Body, Frame};
use serde_json::Value;

use crate::refusal::{Refusal, Shape};
use crate::sse::Event;

/// The bytes of an answer, frame by frame.
#[derive(Debug)]
pub(crate) struct Reply {
    frames: IntoIter<Bytes>,
    is_cut: bool,
    is_paused: bool,
}

/// The connection is broken off on purpose.
#[derive(Debug)]
pub(crate) struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox broke the connection off, as its model's name says")
    }
}

impl std::error::Error for CutOff {}

impl Body for Reply {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        if self.is_paused {
            self.is_paused = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.frames.next() {
            Some(bytes) => {
                self.is_paused = self.is_cut || self.frames.len() > 0;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            None if self.is_cut => Poll::Ready(Some(Err(CutOff))),
            None => Poll::Ready(None),
        }
    }
}

impl Reply {
    fn new(frames: Vec<Bytes>, is_cut: bool) -> Self {
        Self { frames: frames.into_iter(), is_cut, is_paused: is_cut }
    }
}

/// An answer in one piece. When it is to be cut, half of the announced bytes come.
pub(crate) fn whole(body: &Value, is_cut: bool) -> Response<Reply> {
    let bytes = Bytes::from(body.to_string());
    let length = bytes.len();
    let sent = if is_cut { bytes.slice(..length / 2) } else { bytes };
    let mut response = Response::new(Reply::new(vec![sent], is_cut));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// An answer event by event, cut before the given piece of content.
pub(crate) fn streamed(events: Vec<Event>, cut_at: Option<usize>, media_type: &'static str) -> Response<Reply> {
    let mut content_left = cut_at.unwrap_or(usize::MAX);
    let mut frames = Vec::with_capacity(events.len());
    for event in events {
        if event.is_content {
            if content_left == 0 {
                break;
            }
            content_left -= 1;
        }
        frames.push(event.bytes);
    }
    let mut response = Response::new(Reply::new(frames, cut_at.is_some()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A refusal in a format's shape.
pub(crate) fn refused(refusal: &Refusal, shape: Shape) -> Response<Reply> {
    // These statuses have no body by definition.
    let mut response = match refusal.status {
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
            Response::new(Reply::new(Vec::new(), false))
        }
        _ => whole(&refusal.body(shape), false),
    };
    *response.status_mut() = refusal.status;
    if refusal.status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// The path is right and the method is not.
pub(crate) fn wrong_method(allowed: &Method, shape: Shape) -> Response<Reply> {
    let refusal = Refusal { status: StatusCode::METHOD_NOT_ALLOWED, message: format!("This path takes {allowed}.") };
    let mut response = refused(&refusal, shape);
    if let Ok(value) = HeaderValue::from_str(allowed.as_str()) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

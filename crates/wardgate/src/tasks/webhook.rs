//! Sends events to the operator's webhook, each until the receiver takes it or it is given up.

use crate::outbox::{Event, Outbox};
use bytes::Bytes;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use wardgate_core::time::Clock;
use wardgate_upstream::Upstream;
use wardgate_upstream::webhook::Receiver;

/// How often an event is sent at most.
const TRIES_MAX: u32 = 10;

/// How long it waits before the second time; each further wait is twice as long. Together they are eight and a half minutes.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// Events that are being sent at once, so that one that is not taken keeps no others.
const AT_ONCE_MAX: usize = 16;

/// What sending takes.
pub(crate) struct Sending {
    /// Where events are kept meanwhile.
    pub(crate) outbox: Arc<Outbox>,
    /// What waits.
    pub(crate) waiting: mpsc::Receiver<Event>,
    /// Who is told.
    pub(crate) receiver: Receiver,
    /// How long it may take to answer.
    pub(crate) timeout: Duration,
}

struct Sender {
    outbox: Arc<Outbox>,
    receiver: Receiver,
    timeout: Duration,
    upstream: Upstream,
    clock: Arc<dyn Clock>,
}

pub(super) async fn run(sending: Sending, upstream: Upstream, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let Sending { outbox, mut waiting, receiver, timeout } = sending;
    let sender = Arc::new(Sender { outbox, receiver, timeout, upstream, clock });
    let places = Arc::new(Semaphore::new(AT_ONCE_MAX));
    let mut under_way = JoinSet::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((place, waiting.recv().await?))
        };
        let (place, event) = tokio::select! {
            next = next => match next {
                Some(next) => next,
                None => return,
            },
            // What is under way is dropped with this, and sent at the next start.
            () = stop.cancelled() => return,
        };
        while under_way.try_join_next().is_some() {}
        let sender = Arc::clone(&sender);
        under_way.spawn(async move {
            sender.send(event).await;
            drop(place);
        });
    }
}

impl Sender {
    async fn send(&self, event: Event) {
        let body = Bytes::from(event.body);
        let mut pause = PAUSE_MIN;
        for number in 1..=TRIES_MAX {
            match self.try_once(&event.id, body.clone()).await {
                Ok(()) => {
                    self.outbox.count("delivered");
                    self.outbox.forget(&event.id);
                    return;
                }
                Err(why) => {
                    self.outbox.count("failed");
                    tracing::warn!(event = event.id, try_number = number, why, "the webhook does not take an event");
                }
            }
            if number < TRIES_MAX {
                sleep(pause).await;
                pause *= 2;
            }
        }
        self.outbox.count("given_up");
        tracing::error!(event = event.id, "the webhook has not taken an event in {TRIES_MAX} tries, and is not told any more");
        self.outbox.forget(&event.id);
    }

    async fn try_once(&self, id: &str, body: Bytes) -> Result<(), String> {
        let call = self.receiver.call(id, self.clock.now(), body);
        match timeout(self.timeout, self.upstream.send(call)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(refusal(answer.status())),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("it does not answer within {:?}", self.timeout)),
        }
    }
}

fn refusal(status: StatusCode) -> String {
    let hint = if status.is_redirection() { ", and redirects are not followed" } else { "" };
    format!("it answers {}{hint}", status.as_u16())
}

//! Work on bodies so large that it would keep a thread from all others that wait for it.
//!
//! What can be handed over is done on a thread of its own ([`aside`]), a few at once and the rest in turn, so that the runtime's
//! threads stay with the small requests even where there is only one. What borrows from the request is done in place ([`here`]),
//! while the others of its thread move to another one, where there is one. How much waits is bounded by the memory for bodies.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

/// From how many bytes on a body is worked on aside. Reading so much takes about a millisecond.
pub(crate) const LARGE_BYTES: usize = 1024 * 1024;

/// How many are worked on aside at once. More would take the processor from the runtime's own threads.
const AT_ONCE: usize = 4;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Does something on a thread of its own, in its turn. None: it did not come to its end.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let turn = TURNS.acquire().await.ok()?;
    // The turn is over when the work is, though nobody may wait for it any longer.
    let working = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    working.await.ok()
}

/// Does something with a body of this size where it is.
pub(crate) fn here<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    // With one thread there is no other that could go on with the rest meanwhile.
    let has_others = || Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    if bytes > LARGE_BYTES && has_others() { tokio::task::block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    /// Work that ends when it is told to; where it stands on the thread that should tell it, it ends by itself.
    fn until_told() -> (mpsc::SyncSender<()>, impl FnOnce() -> bool + Send + 'static) {
        let (tell, told) = mpsc::sync_channel(1);
        (tell, move || told.recv_timeout(Duration::from_secs(20)).is_ok())
    }

    #[tokio::test(flavor = "current_thread")]
    async fn others_go_on_meanwhile_though_there_is_one_thread() {
        let (tell, work) = until_told();
        let large = tokio::spawn(aside(work));
        let small = tokio::spawn(async move { tell.send(()).is_ok() });
        assert!(small.await.unwrap_or_default(), "the small one is done first");
        assert_eq!(large.await.ok().flatten(), Some(true));
        // No more at once than there are turns, and each has one in the end.
        let (tells, works): (Vec<_>, Vec<_>) = (0..=AT_ONCE).map(|_| until_told()).unzip();
        let works: Vec<_> = works.into_iter().map(|work| tokio::spawn(aside(work))).collect();
        tokio::task::yield_now().await;
        assert_eq!(TURNS.available_permits(), 0);
        assert!(tells.into_iter().all(|tell| tell.send(()).is_ok()));
        for work in works {
            assert_eq!(work.await.ok().flatten(), Some(true));
        }
        assert_eq!(TURNS.available_permits(), AT_ONCE);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_borrows_lets_the_others_of_its_thread_go_on() {
        let (tell, work) = until_told();
        let large = tokio::spawn(async move {
            // The other one waits for this very thread.
            let small = tokio::spawn(async move { tell.send(()).is_ok() });
            let done = here(LARGE_BYTES + 1, work);
            done && small.await.unwrap_or_default()
        });
        assert!(large.await.unwrap_or_default());
    }
}

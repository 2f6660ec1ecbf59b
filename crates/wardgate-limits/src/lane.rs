//! A lane for work that occupies a core: so much at once, so much waiting, and no more.
//!
//! Hashing a key takes a millisecond of one core and 4 MiB. Unbounded, a burst of made-up keys would take every core and all
//! memory from those whose keys are known. So the work runs off the runtime's own threads, a fixed number at a time, and a
//! caller who finds the queue full learns it at once instead of waiting with everyone else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// How wide a lane is.
#[derive(Debug, Clone)]
pub struct LaneOptions {
    /// Pieces of work that run at once, at least 1.
    pub running_max: usize,
    /// Callers that may wait for their turn.
    pub waiting_max: usize,
}

impl Default for LaneOptions {
    fn default() -> Self {
        Self { running_max: 2, waiting_max: 64 }
    }
}

/// The queue is full, or the process is stopping. The same work may be accepted a moment later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much of this work is waiting already")]
pub struct LaneBusy;

/// The lane.
pub struct Lane {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl Lane {
    /// An empty lane.
    #[must_use]
    pub fn new(options: &LaneOptions) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(options.running_max.max(1))),
            waiting: AtomicUsize::new(0),
            waiting_max: options.waiting_max,
        }
    }

    /// Runs the work when its turn comes. Work that has begun ends even when the caller goes away, and keeps its turn until
    /// then. A panic of the work is a panic of the caller.
    ///
    /// # Errors
    /// [`LaneBusy`] when too many wait already; then the work was not begun.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, LaneBusy> {
        let turn = match Arc::clone(&self.turns).try_acquire_owned() {
            Ok(turn) => turn,
            Err(_) => {
                let _place = self.wait()?;
                Arc::clone(&self.turns).acquire_owned().await.map_err(|_| LaneBusy)?
            }
        };
        let running = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        match running.await {
            Ok(result) => Ok(result),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(LaneBusy),
        }
    }

    fn wait(&self) -> Result<Place<'_>, LaneBusy> {
        let place = Place(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.waiting_max { Ok(place) } else { Err(LaneBusy) }
    }
}

/// A place in the queue, given back when dropped.
struct Place<'l>(&'l AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn gives_the_result_of_the_work() {
        assert_eq!(Lane::new(&LaneOptions::default()).run(|| 6 * 7).await, Ok(42));
    }

    #[tokio::test]
    async fn refuses_what_would_wait_too_long_and_recovers() {
        let lane = Arc::new(Lane::new(&LaneOptions { running_max: 1, waiting_max: 1 }));
        let (release, released) = mpsc::channel::<()>();
        let spawn = |work: Box<dyn FnOnce() + Send>| {
            let lane = Arc::clone(&lane);
            tokio::spawn(async move { lane.run(work).await })
        };
        let running = spawn(Box::new(move || drop(released.recv())));
        tokio::task::yield_now().await;
        let waiting = spawn(Box::new(|| ()));
        tokio::task::yield_now().await;
        assert_eq!(lane.run(|| ()).await, Err(LaneBusy));

        drop(release);
        for task in [running, waiting] {
            assert!(task.await.is_ok_and(|result| result.is_ok()));
        }
        assert_eq!(lane.run(|| ()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_gives_its_place_back() {
        let lane = Arc::new(Lane::new(&LaneOptions { running_max: 1, waiting_max: 1 }));
        let (release, released) = mpsc::channel::<()>();
        let holder = Arc::clone(&lane);
        let running = tokio::spawn(async move { holder.run(move || drop(released.recv())).await });
        tokio::task::yield_now().await;
        let gone = Arc::clone(&lane);
        let waiting = tokio::spawn(async move { gone.run(|| ()).await });
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.is_err());
        assert_eq!(lane.waiting.load(Ordering::Relaxed), 0);
        drop(release);
        assert!(running.await.is_ok_and(|result| result.is_ok()));
    }
}

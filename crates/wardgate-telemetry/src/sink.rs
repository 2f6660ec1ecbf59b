//! Lines on their way to a slow place.
//!
//! A request must neither wait for a log nor wake a thread for it, so lines gather in a buffer that a thread of its own empties
//! several times a second. The buffer is bounded: when whoever reads the log is too slow, lines are dropped and counted.

use prometheus::IntCounter;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The most bytes that wait to be written.
const WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long a line may wait.
const FLUSH_EVERY: Duration = Duration::from_millis(100);

/// Where lines go.
pub struct LineSink {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    lost: IntCounter,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    is_closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineSink {
    /// Writes to `out` on a thread of its own. Lines that find no room are counted in `lost`.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(out: impl Write + Send + 'static, lost: IntCounter) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), wake: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let writer = std::thread::Builder::new().name("log".to_owned()).spawn(move || run(&theirs, out))?;
        Ok(Self { shared, writer: Mutex::new(Some(writer)), lost })
    }

    /// Adds a line by writing it straight into the buffer. The line's end is added here.
    pub fn line(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.shared.lock();
        if state.waiting.len() >= WAITING_BYTES_MAX {
            self.lost.inc();
            return;
        }
        write(&mut state.waiting);
        state.waiting.push(b'\n');
    }

    /// Writes what waits and ends the thread. Later lines are not written.
    pub fn close(&self) {
        self.shared.lock().is_closed = true;
        self.shared.wake.notify_all();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // A writer that panicked has nothing left to say.
            let _ = writer.join();
        }
    }
}

fn run(shared: &Shared, mut out: impl Write) {
    let mut full = Vec::new();
    loop {
        let is_closed = {
            let state = shared.lock();
            let waited = shared.wake.wait_timeout_while(state, FLUSH_EVERY, |state| !state.is_closed);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut state.waiting, &mut full);
            state.is_closed
        };
        // A closed pipe or a full disk must not stop the gateway; the next flush tries again with what is new.
        let _ = out.write_all(&full).and_then(|()| out.flush());
        full.clear();
        if is_closed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Pipe(Arc<Mutex<Vec<u8>>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn closing_writes_what_waits() {
        let pipe = Pipe::default();
        let lost = IntCounter::new("lost", "lost").unwrap_or_else(|error| panic!("{error}"));
        let sink = LineSink::start(pipe.clone(), lost.clone()).unwrap_or_else(|error| panic!("{error}"));
        sink.line(|line| line.extend_from_slice(b"one"));
        sink.line(|line| line.extend_from_slice(b"two"));
        sink.close();
        assert_eq!(pipe.0.lock().unwrap_or_else(PoisonError::into_inner).as_slice(), b"one\ntwo\n");
        sink.line(|line| line.resize(WAITING_BYTES_MAX, b'x'));
        sink.line(|line| line.push(b'x'));
        assert_eq!(lost.get(), 1);
    }
}

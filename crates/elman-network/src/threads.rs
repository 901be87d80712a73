//! A few threads that wait close by, for work that takes microseconds.
//!
//! A piece of work is handed out in parts, one by one, to whoever is free: the
//! caller first of all, and the workers as far as they come. A worker that is late, because it
//! sleeps or because another program has its core, finds nothing left to do, and nobody waits for
//! it. That is what keeps a busy machine from making two threads slower than one; pools that cut
//! the work by thread wait for each of theirs.
//!
//! Between pieces a worker looks for the next one for a while, then sleeps: waking it takes a system
//! call, and longer than many a piece of work. Rayon was the alternative; to enter its pool from
//! outside was measured to take 15 us, a fifth of a training step that is worth two threads (AMD EPYC, November 2026).
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use elman_network::threads;
//!
//! // Engines that are made from now on use one thread each; their results are the same.
//! threads::set_count(NonZeroUsize::new(1));
//! assert_eq!(threads::count().get(), 1);
//! threads::set_count(None);
//! assert_eq!(threads::count(), threads::available());
//! ```
#![allow(unsafe_code)]

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Instant;

use elman_kernels::tuning::{LOOKS, PATIENCE};

/// The most parts of a piece of work.
const MAX_PARTS: usize = u16::MAX as usize;

/// The most threads that engines use; 0 stands for as many as the machine has.
static LIMIT: AtomicUsize = AtomicUsize::new(0);

/// Sets how many threads an engine made from now on may use, in this process; `None`: as many as
/// the machine has, which is the default. Results do not depend on it.
pub fn set_count(count: Option<NonZeroUsize>) {
    LIMIT.store(count.map_or(0, NonZeroUsize::get), Ordering::Relaxed);
}

thread_local! {
    /// How many pieces of work share the threads, for what is made on this thread.
    static SHARES: Cell<usize> = const { Cell::new(1) };
}

/// How many threads an engine may use.
pub fn count() -> NonZeroUsize {
    let all = NonZeroUsize::new(LIMIT.load(Ordering::Relaxed)).unwrap_or_else(available);
    NonZeroUsize::new(all.get() / SHARES.get()).unwrap_or(NonZeroUsize::MIN)
}

/// How many threads the machine runs side by side for this process. More of them only wait for each other.
pub fn available() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Has each engine that `make` makes use its share of the threads, as one of so many that run side by side.
pub fn shared<R>(shares: usize, make: impl FnOnce() -> R) -> R {
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            SHARES.set(self.0);
        }
    }
    let before = SHARES.get();
    let _restore = Restore(before);
    SHARES.set(before.saturating_mul(shares.max(1)));
    make()
}

/// A caller and its workers.
#[derive(Debug)]
pub struct Threads {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// The process that started the workers. One that was forked from it has none, and does all work on the caller's
    /// thread.
    process: u32,
}

#[derive(Debug, Default)]
struct Shared {
    /// What is to be done: a [`Ticket`].
    ticket: AtomicU64,
    /// The parts of the current piece that are done.
    done: AtomicUsize,
    /// How to do it: valid while a claimed part of the piece is not done.
    work: AtomicPtr<Work<'static>>,
    /// How many workers sleep, or are about to.
    sleeping: AtomicUsize,
    panicked: AtomicBool,
    closing: AtomicBool,
}

/// Does part `n`.
struct Work<'a>(&'a (dyn Fn(usize) + Sync));

/// A piece's number, its number of parts, and the next part that nobody has claimed.
#[derive(Clone, Copy)]
struct Ticket {
    piece: u32,
    parts: u16,
    next: u16,
}

impl Ticket {
    fn unpack(bits: u64) -> Self {
        Ticket { piece: (bits >> 32) as u32, parts: (bits >> 16) as u16, next: bits as u16 }
    }

    fn pack(self) -> u64 {
        u64::from(self.piece) << 32 | u64::from(self.parts) << 16 | u64::from(self.next)
    }
}

impl Shared {
    /// Claims a part, if there is one that nobody has.
    fn claim(&self) -> Option<usize> {
        let mut bits = self.ticket.load(Ordering::Acquire);
        loop {
            let ticket = Ticket::unpack(bits);
            if ticket.next >= ticket.parts {
                return None;
            }
            let claimed = Ticket { next: ticket.next + 1, ..ticket }.pack();
            match self.ticket.compare_exchange_weak(bits, claimed, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(ticket.next.into()),
                Err(now) => bits = now,
            }
        }
    }

    fn has_work(&self) -> bool {
        let ticket = Ticket::unpack(self.ticket.load(Ordering::SeqCst));
        ticket.next < ticket.parts
    }

    /// A worker's life.
    fn attend(&self) {
        let mut idle_since = Instant::now();
        let mut looks = 0u32;
        while !self.closing.load(Ordering::Acquire) {
            if let Some(part) = self.claim() {
                let _done = Done(self);
                let work = self.work.load(Ordering::Acquire);
                // SAFETY: `each` stored a pointer to its own `Work` before it published the ticket
                // from which this part was claimed, and does not return, nor publish another, before
                // the part is done, which `_done` says only after the call.
                let work = unsafe { &*work };
                (work.0)(part);
                idle_since = Instant::now();
            } else if !looks.is_multiple_of(LOOKS) || idle_since.elapsed() < PATIENCE {
                looks = looks.wrapping_add(1);
                std::hint::spin_loop();
            } else {
                looks = 0;
                self.sleep();
                idle_since = Instant::now();
            }
        }
    }

    fn sleep(&self) {
        self.sleeping.fetch_add(1, Ordering::SeqCst);
        // Work that was published before the caller could see `sleeping` is seen here.
        if !self.has_work() && !self.closing.load(Ordering::SeqCst) {
            thread::park();
        }
        self.sleeping.fetch_sub(1, Ordering::SeqCst);
    }

    fn wait(&self, parts: usize) {
        let mut rounds = 0u32;
        while self.done.load(Ordering::Acquire) < parts {
            // A worker that has begun but has lost its core needs ours.
            if rounds < 4096 {
                std::hint::spin_loop()
            } else {
                thread::yield_now()
            }
            rounds = rounds.saturating_add(1);
        }
    }
}

/// Counts a part as done when dropped, whether it ended well or not.
struct Done<'a>(&'a Shared);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.panicked.store(true, Ordering::Release);
        }
        self.0.done.fetch_add(1, Ordering::AcqRel);
    }
}

/// Waits until all parts are done before their owner goes on, or unwinds.
struct AllDone<'a>(&'a Shared, usize);

impl Drop for AllDone<'_> {
    fn drop(&mut self) {
        // If the caller unwinds, parts may be left that nobody has claimed.
        while self.0.claim().is_some() {
            drop(Done(self.0));
        }
        self.0.wait(self.1);
    }
}

/// The start of a slice whose elements are handed out one by one.
struct Parts<P>(*mut P);

// SAFETY: what is shared is the right to take elements, each of which goes to one thread: see `each`.
unsafe impl<P: Send> Sync for Parts<P> {}

impl<P> Parts<P> {
    fn at(&self, n: usize) -> *mut P {
        self.0.wrapping_add(n)
    }
}

impl Threads {
    /// `count` threads: the caller's and `count - 1` workers. If the system refuses a thread, there
    /// are fewer.
    pub(crate) fn new(count: NonZeroUsize) -> Self {
        let shared = Arc::new(Shared::default());
        let workers = (1..count.get()).map_while(|n| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("elman-{n}")).spawn(move || shared.attend()).ok()
        });
        Threads { workers: workers.collect(), shared, process: std::process::id() }
    }

    /// Runs `work` on every part, and returns when all are done.
    ///
    /// # Panics
    /// If `work` does, on whatever thread, or there are more than 65,535 parts.
    pub(crate) fn each<P: Send>(&mut self, parts: &mut [P], work: impl Fn(&mut P) + Sync) {
        if parts.len() < 2 || self.workers.is_empty() {
            return parts.iter_mut().for_each(work);
        }
        let (count, shared) = (parts.len(), &*self.shared);
        assert!(count <= MAX_PARTS, "{count} parts");
        let all = Parts(parts.as_mut_ptr());
        let run = |n: usize| {
            // SAFETY: `n` is 0, which the caller alone takes, or comes from `claim`, which gives each number
            // from 1 to below the ticket's number of parts once: so `n` is below the slice's length and no
            // two threads have the same element. The slice is borrowed mutably until `AllDone` has seen all
            // of them done.
            work(unsafe { &mut *all.at(n) });
        };
        let run = Work(&run);
        shared.done.store(0, Ordering::Relaxed);
        // The lifetime is forgotten here, and kept by `AllDone`.
        shared.work.store((&raw const run).cast_mut().cast(), Ordering::Release);
        let all_done = AllDone(shared, count);
        let piece = Ticket::unpack(shared.ticket.load(Ordering::Relaxed)).piece.wrapping_add(1);
        // The first part is the caller's own, without a claim for which the ticket would have to come back.
        shared.ticket.store(Ticket { piece, parts: count as u16, next: 1 }.pack(), Ordering::SeqCst);
        if shared.sleeping.load(Ordering::SeqCst) > 0 {
            self.workers.iter().map(JoinHandle::thread).for_each(Thread::unpark);
        }
        let mut part = Some(0);
        while let Some(claimed) = part {
            let _done = Done(shared);
            (run.0)(claimed);
            part = shared.claim();
        }
        drop(all_done);
        assert!(!shared.panicked.load(Ordering::Acquire), "a worker panicked");
    }
}

/// Runs `work` on every part, on so many threads, which are started when there are first several parts, and returns when all
/// are done.
///
/// # Panics
/// If `work` does, on whatever thread, or there are more than 65,535 parts.
pub fn each<P: Send>(
    threads: &mut Option<Threads>,
    count: NonZeroUsize,
    parts: &mut [P],
    work: impl Fn(&mut P) + Sync,
) {
    if count == NonZeroUsize::MIN || parts.len() < 2 {
        return parts.iter_mut().for_each(work);
    }
    threads.get_or_insert_with(|| Threads::new(count)).each(parts, work);
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            if self.process != std::process::id() {
                // Whoever waits for a thread of another process waits for ever.
                std::mem::forget(worker);
                continue;
            }
            worker.thread().unpark();
            // A worker that panicked has said so already.
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(count: usize) -> Threads {
        Threads::new(NonZeroUsize::new(count).unwrap())
    }

    #[test]
    fn every_part_is_done_once_on_any_number_of_threads() {
        for count in [1, 2, 3, 8] {
            let mut threads = threads(count);
            for round in 0..2000usize {
                let mut parts: Vec<usize> = (0..round % 7).collect();
                threads.each(&mut parts, |part| *part += round);
                assert!(parts.iter().enumerate().all(|(n, &part)| part == n + round));
                if round % 500 == 0 {
                    thread::sleep(3 * PATIENCE);
                }
            }
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_after_all_parts_are_done() {
        for guilty in 0..4 {
            let mut threads = threads(3);
            let mut parts = [0, 1, 2, 3];
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                threads.each(&mut parts, |part| assert_ne!(*part, guilty));
            }));
            assert!(outcome.is_err());
        }
    }
}

//! Time as far as the system tells it: bare WebAssembly has no clock.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use no_clock::Instant;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use std::time::Instant;

/// Measures how long something takes.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Seconds since the start; 0 where there is no clock.
    pub(crate) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod no_clock {
    use std::time::Duration;

    pub(super) struct Instant;

    impl Instant {
        pub(super) fn now() -> Instant {
            Instant
        }

        pub(super) fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
    }
}

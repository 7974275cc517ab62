//! A panic on purpose, in builds for development alone, so that tests see of the whole binary what a
//! failure of its own leaves behind. A release has none of this.

/// The panic that was ordered, or none.
#[derive(Debug, Default)]
pub(super) struct PanicInjection {
    #[cfg(debug_assertions)]
    events_left: Option<u64>,
}

/// What `CRASHGATE_DRILL` orders: a panic at the n-th thing that happens, counted from 1. The first one is that the gates
/// are about to be known.
#[cfg(debug_assertions)]
pub(super) fn ordered(env: &dyn Fn(&str) -> Option<String>) -> PanicInjection {
    PanicInjection { events_left: env("CRASHGATE_DRILL").and_then(|count| count.parse().ok()) }
}

/// Nothing is ordered of a release.
#[cfg(not(debug_assertions))]
pub(super) fn ordered(_env: &dyn Fn(&str) -> Option<String>) -> PanicInjection {
    PanicInjection::default()
}

impl PanicInjection {
    /// Something happened.
    #[cfg(debug_assertions)]
    pub(super) fn event(&mut self) {
        if let Some(left) = &mut self.events_left {
            *left = left.saturating_sub(1);
            // What a real one says may quote a pod.
            assert!(*left > 0, "a drill\n::error::pwned \u{1b}[2J ##[error]pwned");
        }
    }

    /// Something happened.
    #[cfg(not(debug_assertions))]
    #[expect(clippy::unused_self, reason = "a build for development has something to count")]
    pub(super) fn event(&mut self) {}
}

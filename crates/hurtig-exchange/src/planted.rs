//! Mistakes on purpose in the channels, to see that the model checker finds them. They are there with the feature `model` alone.

/// A mistake that somebody could have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "model"),
    allow(unreachable_pub, reason = "it is shown with the feature alone")
)]
pub enum Mistake {
    /// Who finds nothing to read lets go of the lock before it says that it waits.
    LookThenWait,
    /// Credit comes back, and who waits for it is not woken.
    SilentCredit,
    /// A barrier that overtakes is announced, and who waits for something else is not woken.
    SilentAnnouncement,
    /// The gate goes, and who waits for credit stays behind.
    SilentEnd,
}

#[cfg(feature = "model")]
static PLANTED: std::sync::Mutex<Option<Mistake>> = std::sync::Mutex::new(None);

/// Plants a mistake in all gates of this process, or takes it away.
#[cfg(feature = "model")]
pub fn plant(mistake: Option<Mistake>) {
    if let Ok(mut planted) = PLANTED.lock() {
        *planted = mistake;
    }
}

/// Whether it was planted.
#[cfg(feature = "model")]
pub(crate) fn is_planted(mistake: Mistake) -> bool {
    PLANTED
        .lock()
        .is_ok_and(|planted| *planted == Some(mistake))
}

/// Never.
#[cfg(not(feature = "model"))]
#[inline(always)]
pub(crate) const fn is_planted(_: Mistake) -> bool {
    false
}

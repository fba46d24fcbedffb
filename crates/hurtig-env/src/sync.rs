//! Locks and flags between threads: the machine's, or those of a model checker that tries out every order.
//!
//! With the feature `model` they are [shuttle](https://docs.rs/shuttle)'s, and work within its tests alone: so a crate enables it for
//! the tests that it names `model`, and nothing else does.

#[cfg(not(feature = "model"))]
pub use parking_lot::Mutex;
#[cfg(not(feature = "model"))]
pub use std::sync::atomic::AtomicBool;

#[cfg(feature = "model")]
pub use modelled::Mutex;
#[cfg(feature = "model")]
pub use shuttle::sync::atomic::AtomicBool;

#[cfg(feature = "model")]
mod modelled {
    use std::sync::PoisonError;

    use shuttle::sync::MutexGuard;

    /// A lock at which the checker may let another thread go first; it has as much of the real one as is used.
    #[derive(Debug, Default)]
    pub struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        /// A lock around `value`.
        pub const fn new(value: T) -> Self {
            Self(shuttle::sync::Mutex::new(value))
        }

        /// Waits for the lock.
        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

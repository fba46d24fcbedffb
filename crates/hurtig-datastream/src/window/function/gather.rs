//! How a window takes its records in.

use std::marker::PhantomData;

use hurtig_state::AggregateFunction;
use hurtig_types::{Data, Timestamp};

use crate::window::evictor::TimestampedValue;

/// Turns the records of a window into an accumulator, as they come.
///
/// The law is that of [`AggregateFunction`]: accumulators of neighbouring stretches of a window merge into that of
/// both.
pub(in crate::window) trait Gather<T>: Send + 'static {
    /// What is kept per window.
    type Acc: Data;

    /// The accumulator of a first record.
    fn create(&mut self, value: T, timestamp: Timestamp) -> Self::Acc;

    /// Takes another record.
    fn add(&mut self, acc: &mut Self::Acc, value: T, timestamp: Timestamp);

    /// Takes what another accumulator took, after what this one did.
    fn merge(&mut self, into: &mut Self::Acc, from: Self::Acc);
}

/// Two records become one, by a closure.
pub(in crate::window) struct Reduce<T, F> {
    function: F,
    /// Takes the place of the record that the closure is given, and is never seen: otherwise each window would hold
    /// an `Option`, and each entry of numbers would be larger by half.
    spare: Option<T>,
}

impl<T: Data, F: FnMut(T, T) -> T> Reduce<T, F> {
    pub(in crate::window) const fn new(function: F) -> Self {
        Self {
            function,
            spare: None,
        }
    }

    #[inline]
    fn fold(&mut self, acc: &mut T, value: T) {
        let spare = self.spare.take().unwrap_or_else(|| value.clone());
        let before = std::mem::replace(acc, spare);
        let joined = (self.function)(before, value);
        self.spare = Some(std::mem::replace(acc, joined));
    }
}

impl<T: Data, F: FnMut(T, T) -> T + Send + 'static> Gather<T> for Reduce<T, F> {
    type Acc = T;

    #[inline]
    fn create(&mut self, value: T, _: Timestamp) -> T {
        value
    }

    #[inline]
    fn add(&mut self, acc: &mut T, value: T, _: Timestamp) {
        self.fold(acc, value);
    }

    fn merge(&mut self, into: &mut T, from: T) {
        self.fold(into, from);
    }
}

/// An [`AggregateFunction`].
pub(in crate::window) struct Aggregate<A>(pub(in crate::window) A);

impl<T, A: AggregateFunction<T>> Gather<T> for Aggregate<A> {
    type Acc = A::Acc;

    #[inline]
    fn create(&mut self, value: T, _: Timestamp) -> A::Acc {
        let mut acc = self.0.create_accumulator();
        self.0.add(&mut acc, value);
        acc
    }

    #[inline]
    fn add(&mut self, acc: &mut A::Acc, value: T, _: Timestamp) {
        self.0.add(acc, value);
    }

    #[inline]
    fn merge(&mut self, into: &mut A::Acc, from: A::Acc) {
        self.0.merge(into, from);
    }
}

/// All records, for functions that see the window whole.
pub(in crate::window) struct Collect<T>(PhantomData<fn() -> T>);

impl<T> Collect<T> {
    pub(in crate::window) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Data> Gather<T> for Collect<T> {
    type Acc = Vec<T>;

    fn create(&mut self, value: T, _: Timestamp) -> Vec<T> {
        vec![value]
    }

    #[inline]
    fn add(&mut self, acc: &mut Vec<T>, value: T, _: Timestamp) {
        acc.push(value);
    }

    fn merge(&mut self, into: &mut Vec<T>, mut from: Vec<T>) {
        into.append(&mut from);
    }
}

/// All records with their times, for evictors.
pub(in crate::window) struct CollectTimed<T>(PhantomData<fn() -> T>);

impl<T> CollectTimed<T> {
    pub(in crate::window) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Data> Gather<T> for CollectTimed<T> {
    type Acc = Vec<TimestampedValue<T>>;

    fn create(&mut self, value: T, timestamp: Timestamp) -> Self::Acc {
        vec![TimestampedValue { value, timestamp }]
    }

    #[inline]
    fn add(&mut self, acc: &mut Self::Acc, value: T, timestamp: Timestamp) {
        acc.push(TimestampedValue { value, timestamp });
    }

    fn merge(&mut self, into: &mut Self::Acc, mut from: Self::Acc) {
        into.append(&mut from);
    }
}

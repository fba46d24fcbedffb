//! The records of a window, as a function gets them.

use std::ops::Deref;

/// The records of a window in the order of their arrival; one single result after `reduce_with` and `aggregate_with`.
///
/// A slice to look at, an iterator and a vector to take: taking costs nothing when the window goes with this firing,
/// and a copy when it stays.
///
/// ```
/// use std::time::Duration;
/// use hurtig_datastream::TumblingEventTimeWindows;
/// use hurtig_datastream::{StreamExecutionEnvironment, WatermarkStrategy};
///
/// let env = StreamExecutionEnvironment::new();
/// let medians = env.from_collection(vec![(1i64, 7), (2, 1), (3, 5)])
///     .assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().with_timestamps(|record: &(i64, i32)| record.0))
///     .key_by(|_| 0u8)
///     .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
///     .process_fn(|_key, _ctx, elements, out| {
///         let mut values: Vec<i32> = elements.into_iter().map(|record| record.1).collect();
///         values.sort();
///         out.collect(values[values.len() / 2]);
///         Ok(())
///     });
/// assert_eq!(medians.execute_and_collect("medians").unwrap(), [5]);
/// ```
pub struct Elements<'a, T>(Kept<'a, T>);

enum Kept<'a, T> {
    One(T),
    Owned(Vec<T>),
    Borrowed(&'a [T]),
}

impl<'a, T> Elements<'a, T> {
    pub(in crate::window) const fn one(value: T) -> Self {
        Self(Kept::One(value))
    }

    pub(in crate::window) const fn owned(values: Vec<T>) -> Self {
        Self(Kept::Owned(values))
    }

    pub(in crate::window) const fn borrowed(values: &'a [T]) -> Self {
        Self(Kept::Borrowed(values))
    }
}

impl<T: Clone> Elements<'_, T> {
    /// The records, to keep.
    pub fn into_vec(self) -> Vec<T> {
        match self.0 {
            Kept::One(value) => vec![value],
            Kept::Owned(values) => values,
            Kept::Borrowed(values) => values.to_vec(),
        }
    }

    /// The first record, to keep: the one result after `reduce_with` and `aggregate_with`.
    pub fn into_first(self) -> Option<T> {
        self.into_iter().next()
    }
}

impl<T> Deref for Elements<'_, T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.0 {
            Kept::One(value) => std::slice::from_ref(value),
            Kept::Owned(values) => values,
            Kept::Borrowed(values) => values,
        }
    }
}

impl<'a, T: Clone> IntoIterator for Elements<'a, T> {
    type Item = T;
    type IntoIter = IntoElements<'a, T>;

    fn into_iter(self) -> IntoElements<'a, T> {
        IntoElements(match self.0 {
            Kept::One(value) => Left::One(Some(value)),
            Kept::Owned(values) => Left::Owned(values.into_iter()),
            Kept::Borrowed(values) => Left::Borrowed(values.iter().cloned()),
        })
    }
}

/// The records of a window, one after another.
pub struct IntoElements<'a, T>(Left<'a, T>);

enum Left<'a, T> {
    One(Option<T>),
    Owned(std::vec::IntoIter<T>),
    Borrowed(std::iter::Cloned<std::slice::Iter<'a, T>>),
}

impl<T: Clone> Iterator for IntoElements<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Left::One(value) => value.take(),
            Left::Owned(values) => values.next(),
            Left::Borrowed(values) => values.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Left::One(value) => (
                usize::from(value.is_some()),
                Some(usize::from(value.is_some())),
            ),
            Left::Owned(values) => values.size_hint(),
            Left::Borrowed(values) => values.size_hint(),
        }
    }
}

impl<T: Clone> ExactSizeIterator for IntoElements<'_, T> {}

//! Names, uids, parallelism: what a user says about the operator that a stream comes out of.

use hurtig_graph::{BufferTimeout, ChainingStrategy, Transformation, TransformationKind};
use hurtig_types::Error;

use super::{DataStream, DataStreamSink};
use crate::OnError;

/// A type's name without the paths of its modules: `alloc::vec::Vec<my::Bid>` is `Vec<Bid>`.
pub(crate) fn short_type_name<T>() -> String {
    let mut short = String::new();
    let mut word = String::new();
    for c in std::any::type_name::<T>().chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else if c == ':' {
            word.clear();
        } else {
            short.push_str(&word);
            word.clear();
            short.push(c);
        }
    }
    short.push_str(&word);
    short
}

macro_rules! operator_settings {
    ($stream:ident $(, #[$must_use:meta])?) => {
        impl<T> $stream<T> {
            /// The name of the operator, for people: plans, metrics, errors.
            $(#[$must_use])?
            pub fn name(self, name: impl Into<String>) -> Self {
                self.set("name", |operator| operator.name = name.into())
            }

            /// The identity of the operator, for its state: it stays the same when the job changes. Give one to every operator with state.
            $(#[$must_use])?
            pub fn uid(self, uid: impl Into<String>) -> Self {
                self.set("uid", |operator| operator.uid = Some(uid.into()))
            }

            /// How many subtasks the operator has.
            $(#[$must_use])?
            pub fn parallelism(self, parallelism: u32) -> Self {
                self.set("parallelism", |operator| operator.parallelism = Some(parallelism))
            }

            /// How many key groups the operator has: its parallelism can never be above.
            $(#[$must_use])?
            pub fn max_parallelism(self, key_groups: u32) -> Self {
                self.set("max_parallelism", |operator| operator.max_parallelism = Some(key_groups))
            }

            /// Never chains the operator with others.
            $(#[$must_use])?
            pub fn disable_chaining(self) -> Self {
                self.set("disable_chaining", |operator| operator.chaining = ChainingStrategy::Never)
            }

            /// Begins a new chain with the operator.
            $(#[$must_use])?
            pub fn start_new_chain(self) -> Self {
                self.set("start_new_chain", |operator| operator.chaining = ChainingStrategy::Head)
            }

            /// Keeps the operator in slots apart from operators of other groups; `default` is the group of those that name none.
            $(#[$must_use])?
            pub fn slot_sharing_group(self, group: impl Into<String>) -> Self {
                self.set("slot_sharing_group", |operator| operator.slot_sharing_group = Some(group.into()))
            }

            /// How long the operator's results may wait in a partial batch.
            $(#[$must_use])?
            pub fn buffer_timeout(self, timeout: BufferTimeout) -> Self {
                self.set("buffer_timeout", |operator| operator.buffer_timeout = Some(timeout))
            }

            /// The operator's function blocks (a synchronous driver, a long computation): it gets a thread of its own.
            $(#[$must_use])?
            pub fn blocking(self) -> Self {
                self.set("blocking", |operator| operator.blocking = true)
            }

            fn set(self, what: &str, set: impl FnOnce(&mut Transformation)) -> Self {
                let node = self.node;
                self.env.build(|builder| match builder.transformations.get_mut(node) {
                    Some(operator) if is_operator(operator) => set(operator),
                    Some(other) => builder.errors.push(Error::invalid_job(format!(
                        "`{what}` on a {}: say it on an operator, before or behind",
                        kind_name(&other.kind)
                    ))),
                    None => builder.errors.push(Error::bug("a stream without a node")),
                });
                self
            }
        }
    };
}

operator_settings!(DataStream, #[must_use]);
operator_settings!(DataStreamSink);

impl<T> DataStream<T> {
    /// What becomes of a record that the operator's function returns an error for, in place of what `hurtig.dead-letter.policy` says.
    /// For `try_map`, `map_with`, `try_filter`, `try_flat_map`, and `process` with or without a key, also of two connected streams.
    ///
    /// With [`OnError::DeadLetter`] the record is written to a file below `hurtig.dead-letter.dir`, with the error and the place where it
    /// was read, and goes to [`dead_letters`](Self::dead_letters); the records behind it are processed as if it had not been there. What
    /// the function had done before it returned the error stays: state that it changed, timers, records that it put out. So let it look
    /// before it changes anything. Not skipped are panics, timers and the errors of kinds that no record is to blame for (I/O); nor more
    /// than `hurtig.dead-letter.max-records` records by one subtask. Each batch is copied for it. A broadcast record comes to all subtasks,
    /// and each that fails at it sets it aside.
    ///
    /// ```
    /// use hurtig_datastream::{OnError, StreamExecutionEnvironment};
    ///
    /// let directory = tempfile::tempdir()?;
    /// let env = StreamExecutionEnvironment::new();
    /// env.set("hurtig.dead-letter.dir", directory.path().to_string_lossy());
    /// let words = env.from_collection(["1", "x", "3"].map(String::from));
    /// let numbers = words.try_map(|word| Ok(word.parse::<u64>()?)).on_error(OnError::DeadLetter);
    /// assert_eq!(numbers.execute_and_collect("numbers")?, [1, 3]);
    /// let file = std::fs::read_dir(directory.path())?.next().unwrap()?;
    /// let letter = std::fs::read_to_string(file.path())?;
    /// assert!(letter.contains("\"position\":\"collection record 1\""), "{letter}");
    /// assert!(letter.contains("invalid digit found in string"), "{letter}");
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    #[must_use]
    pub fn on_error(self, on_error: OnError) -> Self {
        let node = self.node;
        self.env
            .build(|builder| match builder.fallible.get_mut(&node) {
                Some(fallible) => fallible.on_error = Some(on_error),
                None => builder.errors.push(Error::invalid_job(
                    "`on_error` on an operator that cannot go on behind a record: say it right behind `try_map`, `map_with`, \
                     `try_filter`, `try_flat_map` or `process`",
                )),
            });
        self
    }

    /// Has the operator run in one subtask, whoever asks for more: a user who does is told.
    pub(crate) fn in_one_subtask(self) -> Self {
        self.set("in_one_subtask", |operator| {
            operator.parallelism_limit = Some(1);
        })
    }
}

fn is_operator(transformation: &Transformation) -> bool {
    !matches!(
        transformation.kind,
        TransformationKind::Union
            | TransformationKind::Partition(_)
            | TransformationKind::SideOutput { .. }
    )
}

fn kind_name(kind: &TransformationKind) -> &'static str {
    match kind {
        TransformationKind::Union => "union",
        TransformationKind::Partition(_) => "partitioned stream",
        TransformationKind::SideOutput { .. } => "side output",
        _ => "operator",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_lose_their_paths() {
        assert_eq!(
            short_type_name::<Vec<Option<String>>>(),
            "Vec<Option<String>>"
        );
        assert_eq!(
            short_type_name::<(u64, std::time::Duration)>(),
            "(u64, Duration)"
        );
    }
}

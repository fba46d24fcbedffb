//! What metadata must keep to, whoever wrote it.

use hurtig_types::{Error, MaxParallelism, Result};

use super::{Metadata, OperatorState};
use crate::{FileScope, StateData, StateFile, StateHandle};

impl Metadata {
    /// Checked before it is written and after it was read.
    pub(super) fn check(&self) -> Result<()> {
        if !is_ascending(self.operators.iter().map(|state| state.operator)) {
            return Err(wrong(
                "its operators are not in order, or one is there twice",
            ));
        }
        for operator in &self.operators {
            operator.check().map_err(|error| {
                error.context(format!("the state of operator {}", operator.operator))
            })?;
        }
        self.check_files()
    }

    fn check_files(&self) -> Result<()> {
        let files = self.files();
        if !is_ascending(files.iter().map(|file| (file.scope, &file.name))) {
            return Err(wrong("it names a file twice, with different contents"));
        }
        let is_foreign = |file: &&&StateFile| file.scope != FileScope::Exclusive;
        match files.iter().find(is_foreign).filter(|_| self.is_savepoint) {
            Some(file) => Err(wrong(&format!(
                "it is a savepoint, and names `{}`, which is not its own",
                file.name.as_str()
            ))),
            None => Ok(()),
        }
    }
}

impl OperatorState {
    fn check(&self) -> Result<()> {
        let is_possible = |count: u32| (1..=MaxParallelism::UPPER_BOUND).contains(&count);
        if !is_possible(self.parallelism) || !is_possible(self.max_parallelism) {
            return Err(wrong(&format!(
                "parallelism {} or max parallelism {} is impossible",
                self.parallelism, self.max_parallelism
            )));
        }
        let subtasks = self.subtasks.iter().map(|state| state.subtask);
        if !is_ascending(subtasks.clone()) || subtasks.max().is_some_and(|s| s >= self.parallelism)
        {
            return Err(wrong("its subtasks are out of order or too many"));
        }
        self.handles()
            .try_for_each(|handle| check_handle(handle, self.max_parallelism))
    }
}

fn check_handle(handle: &StateHandle, max_parallelism: u32) -> Result<()> {
    handle.check(max_parallelism).map_err(|cause| wrong(&cause))
}

impl StateHandle {
    /// What is wrong with a piece of an operator with so many key groups.
    pub(crate) fn check(&self, max_parallelism: u32) -> std::result::Result<(), String> {
        let groups = self.key_groups;
        let end = groups.map_or(0, |range| range.start().saturating_add(range.len()));
        if end > max_parallelism as usize {
            return Err(format!("{:?} has key groups beyond the last", self.name));
        }
        let StateData::Slice {
            file,
            offset,
            length,
        } = &self.data
        else {
            return Ok(());
        };
        let end = offset.checked_add(*length);
        if end.is_none_or(|end| end > file.length) {
            return Err(format!("{:?} ends beyond its file", self.name));
        }
        Ok(())
    }
}

fn is_ascending<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    items.is_sorted_by(|a, b| a < b)
}

fn wrong(what: &str) -> Error {
    Error::io(what)
}

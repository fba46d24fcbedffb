//! Looks at every checkpoint in the moment in which it begins to exist: whether it is whole, and holds what its offsets say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hurtig_checkpoint::{
    AssignedState, CheckpointId, CheckpointLocation, CheckpointStore, FileScope, Metadata,
    OperatorState, Participant, StateHandle, StateKind, SubtaskState, UnclaimedState, VertexPlan,
    assign,
};
use hurtig_connect::decode_value;
use hurtig_datastream::{KeyedState, ValueState};
use hurtig_env::World;
use hurtig_env::object_store::memory::InMemory;
use hurtig_env::object_store::path::Path;
use hurtig_state::StateImage;
use hurtig_state::store::SharedBackend;
use hurtig_state_rocksdb::{RocksDbBackend, RocksDbOptions};
use hurtig_types::{JobId, MaxParallelism, OperatorId, Result};
use parking_lot::Mutex;

use crate::data::{Input, Offsets, Row, Tally};
use crate::settings::{CHECKPOINTS, STORE};
use crate::shape::{Shape, TALLY, tally_uid};
use crate::source::{EventSplit, undealt};
use crate::storm::Storm;
use crate::vault::{Transaction, Vault};

/// The uid of the source of a stream.
pub(crate) fn source_uid(stream: usize) -> String {
    format!("events-{stream}")
}

/// A table with more entries is encoded beside the processing.
const AT_ONCE: usize = 1024;
/// The uid of the sink, or of one of several.
pub(crate) fn sink_uid(number: usize) -> String {
    format!("vault-{number}")
}

/// Compares checkpoints with what a plain reading of the input says.
pub(crate) struct Judge {
    /// A world of its own, where the store is as it is: without the storm.
    calm: World,
    input: Arc<Input>,
    shape: Arc<dyn Shape>,
    vault: Vault,
    storm: Storm,
    /// Whether records may be counted twice.
    at_least_once: bool,
    savepoints: Mutex<Vec<(JobId, CheckpointId)>>,
    findings: Mutex<Vec<String>>,
}

impl Judge {
    pub(crate) fn new(
        objects: &Arc<InMemory>,
        input: Arc<Input>,
        shape: Arc<dyn Shape>,
        vault: Vault,
        storm: Storm,
        at_least_once: bool,
    ) -> Result<Self> {
        let calm = World::simulated(0);
        calm.storage().mount(STORE, objects.clone())?;
        Ok(Self {
            calm,
            input,
            shape,
            vault,
            storm,
            at_least_once,
            savepoints: Mutex::default(),
            findings: Mutex::default(),
        })
    }

    /// What was wrong with checkpoints so far.
    pub(crate) fn findings(&self) -> Vec<String> {
        self.findings.lock().clone()
    }

    /// The store without the storm, for who looks for a checkpoint to start from.
    pub(crate) fn calm(&self) -> &World {
        &self.calm
    }

    /// An object is there.
    pub(crate) fn written(&self, path: &Path) {
        if path.filename() != Some(hurtig_checkpoint::METADATA_NAME) {
            return;
        }
        let judged = self.judge(path);
        let found = match judged {
            Ok(found) => found,
            Err(error) => Some(error.to_string()),
        };
        if let Some(found) = found {
            self.storm.trace().line(format_args!("{path}: {found}"));
            self.findings.lock().push(format!("`{path}`: {found}"));
        }
    }

    /// What is wrong with the checkpoint at this path.
    fn judge(&self, path: &Path) -> Result<Option<String>> {
        let directory = path.as_ref().trim_end_matches("/_metadata");
        let location = CheckpointLocation::Savepoint(format!("{STORE}/{directory}"));
        let store = CheckpointStore::new(
            self.calm.storage().clone(),
            CHECKPOINTS,
            JobId::from_bytes([0; 16]),
        )?;
        let images = self.calm.block_on(async {
            let metadata = store.read(&location).await?;
            let images = Images::read(&store, &location, &metadata).await?;
            Ok::<_, hurtig_types::Error>((metadata, images))
        })?;
        let (metadata, mut images) = images?;
        let (id, kind) = if metadata.is_savepoint {
            (metadata.checkpoint, "savepoint")
        } else {
            (metadata.checkpoint, "checkpoint")
        };
        let offsets = self.offsets(&metadata, &mut images)?;
        let offsets = match offsets {
            Ok(offsets) => offsets,
            Err(found) => return Ok(Some(found)),
        };
        self.storm
            .trace()
            .line(format_args!("{kind} {id} at {offsets:?}"));
        self.storm.marks().hit(format!("{kind}.judged"));
        if builds_on_another(&metadata) {
            self.storm.marks().hit("checkpoint.builds-on");
        }
        let in_flight = has_records_in_flight(&metadata);
        if in_flight {
            self.storm.marks().hit("checkpoint.unaligned");
        }
        for stream in 0..self.input.streams.len() {
            let found = self.judge_tally((stream, in_flight), &offsets, &metadata, &mut images)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        if in_flight || self.at_least_once || self.is_behind_a_savepoint(&metadata) {
            return Ok(None);
        }
        self.judge_output(&offsets, &mut images)
    }

    /// Whether it is a savepoint, or was under way when a later savepoint was complete, which may have committed more than is in it.
    fn is_behind_a_savepoint(&self, metadata: &Metadata) -> bool {
        let place = (metadata.job, metadata.checkpoint);
        let mut savepoints = self.savepoints.lock();
        if metadata.is_savepoint {
            savepoints.push(place);
        }
        let is_later = |(job, id): &(JobId, CheckpointId)| *job == place.0 && *id >= place.1;
        savepoints.iter().any(is_later)
    }

    /// How far each split was read: what no reader and no enumerator has was read to its end.
    fn offsets(
        &self,
        metadata: &Metadata,
        images: &mut Images,
    ) -> Result<std::result::Result<Offsets, String>> {
        let mut offsets = Offsets::new();
        for (number, stream) in self.input.streams.iter().enumerate() {
            let source = OperatorId::from_uid(&source_uid(number));
            let mut read: Vec<Option<usize>> = vec![None; stream.splits.len()];
            let splits: Vec<EventSplit> = images.of(source).take_list("splits")?;
            let held = splits.into_iter().map(|it| (it.number, it.position));
            let undealt = images.undealt(metadata, source)?;
            for (split, position) in held.chain(undealt.into_iter().map(|it| (it, 0))) {
                match read.get_mut(split) {
                    Some(place @ None) => *place = Some(position),
                    _ => {
                        return Ok(Err(format!(
                            "split {split} of stream {number} is there twice, or unknown"
                        )));
                    }
                }
            }
            let ends = stream.splits.iter().map(Vec::len);
            let read = read.into_iter().zip(ends);
            offsets.push(read.map(|(read, end)| read.unwrap_or(end)).collect());
        }
        Ok(Ok(offsets))
    }

    /// The tallies of a stream against those of the events before the offsets, of which some may be in flight.
    fn judge_tally(
        &self,
        (stream, in_flight): (usize, bool),
        offsets: &Offsets,
        metadata: &Metadata,
        images: &mut Images,
    ) -> Result<Option<String>> {
        let operator = OperatorId::from_uid(&tally_uid(stream));
        let backend = images.backend.clone();
        let there = tallies(metadata, operator, (images.of(operator), backend))?;
        if there.len() > AT_ONCE * subtasks_of(metadata, operator).count().max(1) {
            self.storm.marks().hit("checkpoint.encoded-beside");
        }
        let is_read = self.is_read(stream, offsets);
        if has_finished(metadata, operator) && !is_read {
            let what =
                format!("a tally {stream} has finished, and its stream was read to {offsets:?}");
            return Ok(Some(what));
        }
        let mut expected: BTreeMap<u64, Tally> = BTreeMap::new();
        for event in self.input.events_before(stream, offsets) {
            expected.entry(event.key).or_default().add(event);
        }
        if is_read {
            // Subtasks that have ended leave no state, and are started without any after a failure.
            expected.retain(|key, _| there.contains_key(key));
        }
        let differs = |key: &&u64| {
            let (there, expected) = (there.get(key), expected.get(key));
            if in_flight {
                there.map_or(0, |it| it.count) > expected.map_or(0, |it| it.count)
            } else if self.at_least_once {
                there.map_or(0, |it| it.count) < expected.map_or(0, |it| it.count)
            } else {
                there != expected
            }
        };
        let keys: BTreeSet<&u64> = there.keys().chain(expected.keys()).collect();
        let first = keys.into_iter().find(differs);
        Ok(first.map(|key| {
            let (there, expected) = (there.get(key), expected.get(key));
            format!(
                "at {offsets:?} the tally {stream} of key {key} is {there:?} in place of {expected:?}"
            )
        }))
    }

    /// Whether a stream was read to its end.
    fn is_read(&self, stream: usize, offsets: &Offsets) -> bool {
        let splits = self
            .input
            .streams
            .get(stream)
            .map(|it| it.splits.iter().map(Vec::len));
        let read = offsets.get(stream).into_iter().flatten();
        splits.is_some_and(|splits| read.copied().eq(splits))
    }

    /// What is committed, with what the checkpoint has prepared, against what comes of the events before the offsets.
    fn judge_output(&self, offsets: &Offsets, images: &mut Images) -> Result<Option<String>> {
        let Some(mut expected) = self.shape.rows_at(&self.input, offsets) else {
            return Ok(None);
        };
        expected.extend(self.input.unreadable_rows(Some(offsets)));
        let mut prepared: Vec<(u64, Vec<u8>)> = Vec::new();
        for sink in 0..self.input.streams.len() {
            let image = images.of(OperatorId::from_uid(&sink_uid(sink)));
            prepared.extend(image.take_list::<(u64, Vec<u8>)>("sink/committables")?);
        }
        let prepared: Result<BTreeSet<Transaction>> =
            prepared.iter().map(|(_, it)| decode_value(it)).collect();
        let there = self.vault.committed_and(&prepared?);
        let found = difference(there, expected);
        Ok(found.map(|found| format!("at {offsets:?} what is out or prepared differs: {found}")))
    }
}

/// The first row that is there too often or too seldom.
pub(crate) fn difference(mut there: Vec<Row>, mut expected: Vec<Row>) -> Option<String> {
    there.sort_unstable();
    expected.sort_unstable();
    if there == expected {
        return None;
    }
    let mut counts: BTreeMap<Row, i64> = BTreeMap::new();
    there
        .iter()
        .for_each(|row| *counts.entry(*row).or_default() += 1);
    expected
        .iter()
        .for_each(|row| *counts.entry(*row).or_default() -= 1);
    let wrong = counts.iter().filter(|(_, count)| **count != 0);
    let rows = wrong.clone().count();
    let (row, count) = wrong.min_by_key(|(row, _)| **row)?;
    let what = if *count > 0 {
        "too often"
    } else {
        "too seldom"
    };
    let (there, expected) = (there.len(), expected.len());
    Some(format!(
        "{row:?} is there {} times {what}, as {rows} rows are: {there} rows in place of {expected}",
        count.abs()
    ))
}

/// Whether records that an unaligned barrier overtook are part of the checkpoint: then the state is behind the offsets.
/// Whether a part of it is in a file that an earlier checkpoint has written.
fn builds_on_another(metadata: &Metadata) -> bool {
    let own = format!("{}-", metadata.checkpoint);
    let mut files = metadata.handles().filter_map(|handle| handle.file());
    files.any(|file| {
        matches!(file.scope, FileScope::Shared(_)) && !file.name.as_str().starts_with(&own)
    })
}

fn has_records_in_flight(metadata: &Metadata) -> bool {
    let in_flight = [StateKind::InputInFlight, StateKind::OutputInFlight];
    metadata
        .handles()
        .any(|handle| in_flight.contains(&handle.kind))
}

/// Whether a subtask of the operator had ended.
fn has_finished(metadata: &Metadata, operator: OperatorId) -> bool {
    subtasks_of(metadata, operator).any(|subtask| subtask.is_finished)
}

fn subtasks_of(metadata: &Metadata, operator: OperatorId) -> impl Iterator<Item = &SubtaskState> {
    let state = metadata
        .operators
        .iter()
        .filter(move |it| it.operator == operator);
    state.flat_map(|it| &it.subtasks)
}

fn tallies(
    metadata: &Metadata,
    operator: OperatorId,
    (image, backend): (&mut StateImage, Option<SharedBackend>),
) -> Result<BTreeMap<u64, Tally>> {
    let state = metadata.operators.iter().find(|it| it.operator == operator);
    let Some(state) = state else {
        return Ok(BTreeMap::new());
    };
    let groups = MaxParallelism::new(state.max_parallelism)?;
    let range = groups.range_of(0, 1);
    let mut keyed: KeyedState<u64> = KeyedState::new(groups, range);
    if let Some(backend) = backend {
        let store = backend.store("judge", range);
        store.restore(image)?;
        keyed = keyed.in_store(store, "state/");
    }
    keyed.restore("state/", image)?;
    let (tally, mut all) = (ValueState::<Tally>::new(TALLY), BTreeMap::new());
    keyed.for_each_key(&tally, |key, state| {
        if let Some(tally) = tally.get(state)? {
            all.insert(*key, *tally);
        }
        Ok(())
    })?;
    Ok(all)
}

/// The states of a checkpoint, each operator's as if it had one subtask.
struct Images {
    images: BTreeMap<(bool, OperatorId), StateImage>,
    /// What it lies in, if not in the images.
    backend: Option<SharedBackend>,
}

/// A backend to read databases with, if there are any.
fn backend_of(metadata: &Metadata) -> Result<Option<SharedBackend>> {
    let is_file = |handle: &StateHandle| handle.kind == StateKind::Database;
    if !metadata.handles().any(is_file) {
        return Ok(None);
    }
    let directory = std::path::Path::new("/tmp/hurtig-judge");
    let backend = RocksDbBackend::new(RocksDbOptions {
        memory_bytes: 8 << 20,
        ..RocksDbOptions::new(directory)
    })?;
    Ok(Some(SharedBackend::new(Arc::new(backend))))
}

impl Images {
    async fn read(
        store: &CheckpointStore,
        location: &CheckpointLocation,
        metadata: &Metadata,
    ) -> Result<Self> {
        let mut images = BTreeMap::new();
        let backend = backend_of(metadata)?;
        for (participant, operators) in assigned(metadata)? {
            let coordinates = matches!(participant, Participant::Coordinator(_));
            for (operator, state) in operators {
                let backend = backend.as_ref().map(SharedBackend::backend);
                let image = store.read_state(location, &state, backend).await?;
                images.insert((coordinates, operator), image);
            }
        }
        Ok(Self { images, backend })
    }

    /// Of the subtasks of an operator.
    fn of(&mut self, operator: OperatorId) -> &mut StateImage {
        self.images.entry((false, operator)).or_default()
    }

    /// The splits that the enumerator of a source has not dealt out.
    fn undealt(&self, metadata: &Metadata, source: OperatorId) -> Result<BTreeSet<usize>> {
        let mut all = BTreeSet::new();
        let _ = metadata;
        let image = self.images.get(&(true, source)).into_iter();
        for state in image
            .flat_map(|image| &image.lists)
            .flat_map(|it| &it.entries)
        {
            all.extend(undealt(state)?);
        }
        Ok(all)
    }
}

type Assigned = Vec<(Participant, Vec<(OperatorId, AssignedState)>)>;

fn assigned(metadata: &Metadata) -> Result<Assigned> {
    let plan = |state: &OperatorState| {
        Ok(VertexPlan {
            vertex: state.operator.into(),
            operators: vec![state.operator],
            coordinators: vec![state.operator],
            parallelism: 1,
            max_parallelism: MaxParallelism::new(state.max_parallelism)?,
        })
    };
    let aligned = without_records_in_flight(metadata);
    let plans: Result<Vec<VertexPlan>> = aligned.operators.iter().map(plan).collect();
    let assignment = assign(&aligned, &plans?, UnclaimedState::Ignore)?;
    Ok(assignment.into_iter().collect())
}

fn without_records_in_flight(metadata: &Metadata) -> Metadata {
    let mut metadata = metadata.clone();
    for operator in &mut metadata.operators {
        for subtask in &mut operator.subtasks {
            subtask.states.retain(|handle| {
                !matches!(
                    handle.kind,
                    StateKind::InputInFlight | StateKind::OutputInFlight
                )
            });
        }
    }
    metadata
}

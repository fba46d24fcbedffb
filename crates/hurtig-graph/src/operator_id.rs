//! Who an operator is, from one version of a program to the next.
//!
//! With a uid, the uid decides. Without one, what the operator does: its kind, name, description, types, key, and
//! the ids of the operators that it reads with how it reads them. Neither its place in the program nor its
//! parallelism counts; nor does a partitioning that nobody chose, since it changes with the parallelism.
//!
//! Twins, operators that do the same with the same, are told apart by what reads them, then by the whole pipeline
//! that they are part of, then by the twins that they read, and only as a last resort by an ordinal in program order.
//! Mixing the surroundings into the id, and not only ordering the twins by it, means that an edit behind one twin
//! loses its state by name, and never hands it the state of the other.

use std::collections::HashMap;

use hurtig_types::OperatorId;
use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;
use crate::{NodeId, Partitioning, StreamEdge, Transformation, TransformationKind};

/// What an operator's id was made from: the later in this list, the less it takes to lose it.
///
/// ```
/// use hurtig_graph::{JobSettings, OperatorIdOrigin, Plan, Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("lines", true, "String").uid("lines"));
/// job.add(Transformation::sink("print", source, "String"));
/// let plan = Plan::compile(job, JobSettings::default())?;
/// let origins: Vec<_> = plan.stream_graph.nodes().iter().map(|node| node.id_origin).collect();
/// assert_eq!(origins, [OperatorIdOrigin::Uid, OperatorIdOrigin::Description]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperatorIdOrigin {
    /// The uid: it survives every change of the program.
    Uid,
    /// What the operator does, and what those before it do.
    Description,
    /// Also what those around it do, for it has a twin.
    Surroundings,
    /// Also its place among twins that nothing else tells apart: give them uids if they keep state.
    Ordinal(u32),
}

/// An edge seen from one of its ends.
struct Link {
    other: usize,
    /// How the reader reads, as far as the program chose it.
    label: Vec<u8>,
}

/// The ids of `operators`, which come in the order of the program.
pub(crate) fn assign(
    operators: &[&Transformation],
    edges: &[StreamEdge],
) -> Vec<(OperatorId, OperatorIdOrigin)> {
    let wiring = Wiring::of(operators, edges);
    let described = describe(operators, &wiring);
    let read = with_readers(&described, &wiring);
    let placed = with_pipeline(&read, &wiring);
    let unique = [
        Census::of(&described),
        Census::of(&read),
        Census::of(&placed),
    ];

    let mut ids: Vec<(OperatorId, OperatorIdOrigin)> = Vec::with_capacity(operators.len());
    let mut twins: HashMap<OperatorId, u32> = HashMap::new();
    let candidates = described.iter().zip(&read).zip(&placed);
    for ((operator, inputs), ((&described, &read), &placed)) in
        operators.iter().zip(&wiring.inputs).zip(candidates)
    {
        let [unique_described, unique_read, unique_placed] = &unique;
        let id = if operator.uid.is_some() {
            (described, OperatorIdOrigin::Uid)
        } else if unique_described.has_one(described) {
            (described, OperatorIdOrigin::Description)
        } else if unique_read.has_one(read) {
            (read, OperatorIdOrigin::Surroundings)
        } else if unique_placed.has_one(placed) {
            (placed, OperatorIdOrigin::Surroundings)
        } else {
            let inputs = neighbours(inputs, |other| ids.get(other).map(|&(id, _)| id));
            let twin = Fingerprint::of("twin").bytes(placed.as_bytes());
            let twin = twin.list(inputs.iter().map(Vec::as_slice)).hash();
            let ordinal = twins
                .entry(twin)
                .and_modify(|count| *count += 1)
                .or_insert(0);
            let id = Fingerprint::of("ordinal")
                .bytes(twin.as_bytes())
                .number(*ordinal as usize);
            (id.hash(), OperatorIdOrigin::Ordinal(*ordinal))
        };
        ids.push(id);
    }
    ids
}

/// The operators' edges by position, from both ends.
struct Wiring {
    inputs: Vec<Vec<Link>>,
    outputs: Vec<Vec<Link>>,
}

impl Wiring {
    fn of(operators: &[&Transformation], edges: &[StreamEdge]) -> Self {
        let positions: HashMap<NodeId, usize> = operators
            .iter()
            .enumerate()
            .map(|(at, operator)| (operator.id(), at))
            .collect();
        let empty = || operators.iter().map(|_| Vec::new()).collect();
        let mut wiring = Self {
            inputs: empty(),
            outputs: empty(),
        };
        for edge in edges {
            let ends = (positions.get(&edge.source), positions.get(&edge.target));
            let (Some(&source), Some(&target)) = ends else {
                continue;
            };
            let label = label(edge);
            if let Some(links) = wiring.inputs.get_mut(target) {
                links.push(Link {
                    other: source,
                    label: label.clone(),
                });
            }
            if let Some(links) = wiring.outputs.get_mut(source) {
                links.push(Link {
                    other: target,
                    label,
                });
            }
        }
        wiring
    }
}

fn label(edge: &StreamEdge) -> Vec<u8> {
    let chosen = edge
        .partition_node
        .map(|_| edge.partitioning.ship_strategy());
    let custom = match &edge.partitioning {
        Partitioning::Custom { name } => Some(name.as_str()),
        _ => None,
    };
    Fingerprint::of("edge")
        .number(edge.input_index)
        .optional(chosen)
        .optional(custom)
        .optional(edge.side_output.as_deref())
        .into_bytes()
}

/// What each operator does with what: the id of an operator that has no twin.
fn describe(operators: &[&Transformation], wiring: &Wiring) -> Vec<OperatorId> {
    let mut described: Vec<OperatorId> = Vec::with_capacity(operators.len());
    for (operator, inputs) in operators.iter().zip(&wiring.inputs) {
        let id = match &operator.uid {
            Some(uid) => OperatorId::from_uid(uid),
            None => {
                let inputs = neighbours(inputs, |other| described.get(other).copied());
                content(operator)
                    .list(inputs.iter().map(Vec::as_slice))
                    .hash()
            }
        };
        described.push(id);
    }
    described
}

fn content(operator: &Transformation) -> Fingerprint {
    let kind = match operator.kind {
        TransformationKind::Source { .. } => "source",
        TransformationKind::Sink => "sink",
        TransformationKind::TwoInput => "two inputs",
        _ => "one input",
    };
    Fingerprint::of("operator")
        .text(kind)
        .text(&operator.name)
        .text(&operator.description)
        .list(operator.input_types.iter().map(String::as_bytes))
        .text(&operator.output_type)
        .optional(operator.keyed_by.as_deref())
}

/// The same together with all that is behind each operator.
fn with_readers(described: &[OperatorId], wiring: &Wiring) -> Vec<OperatorId> {
    let mut read = described.to_vec();
    for (at, (&own, outputs)) in described.iter().zip(&wiring.outputs).enumerate().rev() {
        let readers = neighbours(outputs, |other| read.get(other).copied());
        let hash = Fingerprint::of("read by").bytes(own.as_bytes());
        if let Some(place) = read.get_mut(at) {
            *place = hash.list(readers.iter().map(Vec::as_slice)).hash();
        }
    }
    read
}

/// The same together with all operators that are connected to each, by whatever way.
fn with_pipeline(read: &[OperatorId], wiring: &Wiring) -> Vec<OperatorId> {
    let mut pipeline_of: Vec<Option<OperatorId>> = vec![None; read.len()];
    for start in 0..read.len() {
        if pipeline_of.get(start).is_some_and(Option::is_some) {
            continue;
        }
        let members = connected(start, wiring);
        let mut hashes: Vec<OperatorId> = members
            .iter()
            .filter_map(|&member| read.get(member).copied())
            .collect();
        hashes.sort_unstable();
        let hash = Fingerprint::of("pipeline");
        let hash = hash
            .list(hashes.iter().map(|hash| hash.as_bytes().as_slice()))
            .hash();
        for member in members {
            if let Some(place) = pipeline_of.get_mut(member) {
                *place = Some(hash);
            }
        }
    }
    let placed = |(own, pipeline): (&OperatorId, &Option<OperatorId>)| {
        let hash = Fingerprint::of("placed").bytes(own.as_bytes());
        pipeline
            .iter()
            .fold(hash, |hash, pipeline| hash.bytes(pipeline.as_bytes()))
            .hash()
    };
    read.iter().zip(&pipeline_of).map(placed).collect()
}

/// All operators that a path of edges, in whatever direction, joins to `start`.
fn connected(start: usize, wiring: &Wiring) -> Vec<usize> {
    let mut seen = vec![false; wiring.inputs.len()];
    let mut members = Vec::new();
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        match seen.get_mut(at) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        members.push(at);
        let links = [wiring.inputs.get(at), wiring.outputs.get(at)];
        open.extend(links.into_iter().flatten().flatten().map(|link| link.other));
    }
    members
}

/// The neighbours' ids, each with how it is linked, in an order that no program order enters.
fn neighbours(links: &[Link], id: impl Fn(usize) -> Option<OperatorId>) -> Vec<Vec<u8>> {
    let entry = |link: &Link| {
        let entry = Fingerprint::of("link").bytes(&link.label);
        id(link.other)
            .iter()
            .fold(entry, |entry, id| entry.bytes(id.as_bytes()))
            .into_bytes()
    };
    let mut entries: Vec<Vec<u8>> = links.iter().map(entry).collect();
    entries.sort_unstable();
    entries
}

/// How often each hash occurs.
struct Census(HashMap<OperatorId, usize>);

impl Census {
    fn of(hashes: &[OperatorId]) -> Self {
        let mut counts = HashMap::new();
        hashes
            .iter()
            .for_each(|&hash| *counts.entry(hash).or_insert(0) += 1);
        Self(counts)
    }

    fn has_one(&self, hash: OperatorId) -> bool {
        self.0.get(&hash) == Some(&1)
    }
}

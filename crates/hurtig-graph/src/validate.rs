//! What makes a job one that can run. Each message names the operator and what to do about it.

use std::collections::HashMap;

use hurtig_types::{Error, MaxParallelism, OperatorId, Result};

use crate::{
    JobSettings, OperatorKind, ParallelismLevel, Partitioning, StreamEdge, StreamGraph, StreamNode,
    Transformation, TransformationKind, Transformations,
};

pub(crate) fn settings(settings: &JobSettings) -> Result<()> {
    let levels = [
        (
            settings.environment_parallelism,
            "the environment's parallelism",
        ),
        (
            settings.client_parallelism,
            "the client's parallelism (`-p`)",
        ),
        (Some(settings.system_parallelism), "`parallelism.default`"),
    ];
    for (subtasks, whose) in levels {
        if subtasks == Some(0) {
            return Err(Error::config(format!("{whose} is 0: choose 1 or more")));
        }
    }
    if let Some(groups) = settings.max_parallelism {
        MaxParallelism::new(groups).map_err(|error| error.context("`pipeline.max-parallelism`"))?;
    }
    Ok(())
}

pub(crate) fn transformations(transformations: &Transformations) -> Result<()> {
    if transformations.is_empty() {
        return Err(Error::invalid_job(
            "the job is empty: add a source and a sink",
        ));
    }
    let is_source = |step: &Transformation| matches!(step.kind, TransformationKind::Source { .. });
    if !transformations.iter().any(is_source) {
        return Err(Error::invalid_job(
            "the job has no source: nothing would ever flow; add one",
        ));
    }
    if !transformations
        .iter()
        .any(|step| step.kind == TransformationKind::Sink)
    {
        return Err(Error::invalid_job(
            "the job has no sink: its results would go nowhere; end a stream in one, such as `print`",
        ));
    }
    for (step, number) in transformations.iter().zip(1..) {
        if step.id().get() != number {
            return Err(Error::invalid_job(format!(
                "{} stands at place {number}: the transformations are out of order",
                step.label()
            )));
        }
        inputs(transformations, step)?;
        if step.kind.is_operator() {
            operator_parallelism(step)?;
        }
    }
    uids(transformations)
}

fn inputs(transformations: &Transformations, step: &Transformation) -> Result<()> {
    let wanted = match step.kind {
        TransformationKind::Source { .. } => 0,
        TransformationKind::TwoInput => 2,
        TransformationKind::Union => step.inputs.len().max(1),
        _ => 1,
    };
    let (given, types) = (step.inputs.len(), step.input_types.len());
    if given != wanted || types != wanted {
        return Err(Error::invalid_job(format!(
            "{} ({}) has {given} inputs with {types} types: it takes {wanted}",
            step.label(),
            step.kind
        )));
    }
    for &input in &step.inputs {
        if input >= step.id() || transformations.get(input).is_none() {
            return Err(Error::invalid_job(format!(
                "{} reads node {input}, which is not before it: add a stream before what reads it",
                step.label()
            )));
        }
    }
    Ok(())
}

fn operator_parallelism(step: &Transformation) -> Result<()> {
    if step.parallelism == Some(0) || step.parallelism_limit == Some(0) {
        return Err(zero_parallelism(&step.label()));
    }
    if let Some(groups) = step.max_parallelism {
        MaxParallelism::new(groups).map_err(|error| error.context(step.label()))?;
    }
    match (step.parallelism, step.parallelism_limit) {
        (Some(subtasks), Some(limit)) if subtasks > limit => Err(Error::config(format!(
            "{} runs in at most {limit} {}, but its parallelism is set to {subtasks}: leave it unset, or key \
             the stream first",
            step.label(),
            if limit == 1 { "subtask" } else { "subtasks" }
        ))),
        _ => Ok(()),
    }
}

pub(crate) fn zero_parallelism(label: &str) -> Error {
    Error::config(format!("the parallelism of {label} is 0: choose 1 or more"))
}

fn uids(transformations: &Transformations) -> Result<()> {
    let mut owners: HashMap<&str, &Transformation> = HashMap::new();
    for step in transformations
        .iter()
        .filter(|step| step.kind.is_operator())
    {
        let Some(uid) = step.uid.as_deref() else {
            continue;
        };
        if uid.is_empty() {
            return Err(Error::invalid_job(format!(
                "the uid of {} is empty: give it a name of its own, or none",
                step.label()
            )));
        }
        if let Some(other) = owners.insert(uid, step) {
            return Err(Error::invalid_job(format!(
                "`{}` (node {}) and `{}` (node {}) have one uid, `{uid}`: state is found by it, so give each its own",
                other.name,
                other.id(),
                step.name,
                step.id()
            )));
        }
    }
    Ok(())
}

pub(crate) fn stream_graph(graph: &StreamGraph) -> Result<()> {
    let mut owners: HashMap<OperatorId, &StreamNode> = HashMap::new();
    for node in graph.nodes() {
        key_groups(node)?;
        keyed_inputs(graph, node)?;
        if let Some(other) = owners.insert(node.operator_id, node) {
            return Err(Error::bug(format!(
                "{} and {} have one operator id: give them other uids",
                other.label(),
                node.label()
            )));
        }
    }
    for edge in graph.edges() {
        let (Some(source), Some(target)) = (graph.node(edge.source), graph.node(edge.target))
        else {
            return Err(Error::bug(format!(
                "an edge {} to {} of no node",
                edge.source, edge.target
            )));
        };
        forward(edge, source, target)?;
    }
    Ok(())
}

fn key_groups(node: &StreamNode) -> Result<()> {
    let (subtasks, groups) = (node.parallelism.get(), node.max_parallelism.get());
    if subtasks <= groups {
        return Ok(());
    }
    let remedy = if groups < MaxParallelism::UPPER_BOUND {
        "lower the parallelism, or raise the max parallelism (which a job with state can't change later)"
    } else {
        "lower the parallelism"
    };
    Err(Error::config(format!(
        "{} has parallelism {subtasks} ({}), above its max parallelism {groups}: {remedy}",
        node.label(),
        node.parallelism_level
    )))
}

fn forward(edge: &StreamEdge, source: &StreamNode, target: &StreamNode) -> Result<()> {
    if edge.partitioning != Partitioning::Forward || source.parallelism == target.parallelism {
        return Ok(());
    }
    let side = |node: &StreamNode| {
        let limited = match node.parallelism_level {
            ParallelismLevel::Limit => ", its limit",
            _ => "",
        };
        format!(
            "{} with parallelism {}{limited}",
            node.label(),
            node.parallelism
        )
    };
    Err(Error::invalid_job(format!(
        "forward from {} to {}: forward joins subtask to subtask, so give both one parallelism, or use rebalance \
         or rescale",
        side(source),
        side(target)
    )))
}

/// Keyed state lives where its key group does, so each record must come by key, or along a chosen forward that keeps
/// the place (a stream reinterpreted as keyed). Of two inputs one may be broadcast.
fn keyed_inputs(graph: &StreamGraph, node: &StreamNode) -> Result<()> {
    let Some(key) = &node.keyed_by else {
        return Ok(());
    };
    let mut by_key = false;
    for edge in graph.inputs_of(node.id) {
        let chosen = edge.partition_node.is_some();
        match edge.partitioning {
            Partitioning::KeyGroup => by_key = true,
            Partitioning::Forward if chosen => by_key = true,
            Partitioning::Broadcast if node.kind == OperatorKind::TwoInput => {}
            _ => {
                let source = graph
                    .node(edge.source)
                    .map(StreamNode::label)
                    .unwrap_or_default();
                return Err(Error::invalid_job(format!(
                    "{} keeps state by key ({key}), but reads {source} by {}: key that stream last, just before it",
                    node.label(),
                    edge.partitioning
                )));
            }
        }
    }
    if by_key {
        return Ok(());
    }
    Err(Error::invalid_job(format!(
        "{} keeps state by key ({key}), but none of its inputs is keyed: key one of them",
        node.label()
    )))
}

//! All four layers as text.

use std::collections::HashMap;

use hurtig_types::VertexId;

use super::table::Table;
use crate::{
    ChainedOperator, ExecutionGraph, JobEdge, JobGraph, OperatorIdOrigin, StreamEdge, StreamGraph,
    Transformation, Transformations,
};

/// The four layers of a job, one below the other, each with its counts.
///
/// ```
/// use hurtig_graph::{JobSettings, Plan, Transformation, Transformations, explain::explain};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64"));
/// job.add(Transformation::sink("print", source, "i64"));
/// let plan = Plan::compile(job, JobSettings::default())?;
/// let text = explain(&plan.transformations, &plan.stream_graph, &plan.job_graph, &plan.execution_graph);
/// assert!(text.ends_with("1 vertex, 1 subtask, 0 channels, 1 slot\n"));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub fn explain(
    transformations: &Transformations,
    stream_graph: &StreamGraph,
    job_graph: &JobGraph,
    execution_graph: &ExecutionGraph,
) -> String {
    let mut text = String::new();
    show_transformations(&mut text, transformations);
    show_stream_graph(&mut text, stream_graph);
    show_job_graph(&mut text, job_graph);
    show_execution_graph(&mut text, execution_graph);
    text
}

fn heading(text: &mut String, title: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&format!("== {title} ==\n"));
}

/// `3 subtasks`, `1 subtask`.
fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn counts<const N: usize>(text: &mut String, counted: [(u64, &str, &str); N]) {
    let counted = counted.map(|(number, one, many)| count(number, one, many));
    text.push_str(&format!("{}\n", counted.join(", ")));
}

fn dash(cell: Option<impl ToString>) -> String {
    cell.map_or_else(|| "-".to_string(), |cell| cell.to_string())
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() {
        "-".to_string()
    } else {
        items.join(", ")
    }
}

fn show_transformations(text: &mut String, transformations: &Transformations) {
    heading(text, "Transformations");
    let mut table = Table::new([
        "node",
        "name",
        "what",
        "reads",
        "parallelism",
        "uid",
        "description",
    ]);
    for step in transformations.iter() {
        table.row(transformation_row(step));
    }
    table.show(text);
    counts(
        text,
        [(
            transformations.len() as u64,
            "transformation",
            "transformations",
        )],
    );
}

fn transformation_row(step: &Transformation) -> [String; 7] {
    [
        step.id().to_string(),
        step.name.clone(),
        step.kind.to_string(),
        joined(&step.inputs),
        dash(step.parallelism),
        dash(step.uid.as_ref()),
        step.description.clone(),
    ]
}

fn show_stream_graph(text: &mut String, graph: &StreamGraph) {
    heading(text, "Stream graph");
    let mut nodes = Table::new([
        "node",
        "operator",
        "parallelism",
        "key groups",
        "key",
        "slot group",
        "operator id",
        "made from",
    ]);
    for node in graph.nodes() {
        nodes.row([
            node.id.to_string(),
            node.name.clone(),
            format!("{} ({})", node.parallelism, node.parallelism_level),
            node.max_parallelism.to_string(),
            dash(node.keyed_by.as_ref()),
            node.slot_sharing_group.clone(),
            node.operator_id.to_string(),
            origin(node.id_origin),
        ]);
    }
    nodes.show(text);
    let mut edges = Table::new(["edge", "input", "ships", "chosen by", "side output", "type"]);
    for edge in graph.edges() {
        edges.row(stream_edge_row(edge));
    }
    edges.show(text);
    let (nodes, edges) = (graph.nodes().len() as u64, graph.edges().len() as u64);
    counts(
        text,
        [(nodes, "operator", "operators"), (edges, "edge", "edges")],
    );
}

fn origin(origin: OperatorIdOrigin) -> String {
    match origin {
        OperatorIdOrigin::Uid => "uid".to_string(),
        OperatorIdOrigin::Description => "what it does".to_string(),
        OperatorIdOrigin::Surroundings => "its surroundings, for it has a twin".to_string(),
        OperatorIdOrigin::Ordinal(ordinal) => format!("twin {ordinal}: give it a uid"),
    }
}

fn stream_edge_row(edge: &StreamEdge) -> [String; 6] {
    [
        format!("{} -> {}", edge.source, edge.target),
        edge.input_index.to_string(),
        edge.partitioning.to_string(),
        dash(edge.partition_node.map(|node| format!("node {node}"))),
        dash(edge.side_output.as_ref()),
        edge.record_type.clone(),
    ]
}

fn show_job_graph(text: &mut String, graph: &JobGraph) {
    heading(text, "Job graph");
    let numbers = numbers(graph.vertices().iter().map(|vertex| vertex.id));
    for (vertex, number) in graph.vertices().iter().zip(1..) {
        text.push_str(&format!("  vertex {number}  {}\n", vertex.name));
        text.push_str(&format!(
            "    id {}, parallelism {}, key groups {}, slot group {}{}\n",
            vertex.id,
            vertex.parallelism,
            vertex.max_parallelism,
            vertex.slot_sharing_group,
            if vertex.blocking { ", blocking" } else { "" }
        ));
        for (line, operator) in chain_lines(&vertex.operators, |o| &o.name) {
            text.push_str(&format!("      {line}  (node {})\n", operator.node));
        }
    }
    let mut edges = Table::new([
        "edge",
        "vertices",
        "input",
        "ships",
        "not chained",
        "buffer timeout",
    ]);
    for edge in graph.edges() {
        edges.row(job_edge_row(edge, &numbers));
    }
    edges.show(text);
    let (vertices, edges) = (graph.vertices().len() as u64, graph.edges().len() as u64);
    counts(
        text,
        [(vertices, "vertex", "vertices"), (edges, "edge", "edges")],
    );
}

fn job_edge_row(edge: &JobEdge, numbers: &HashMap<VertexId, usize>) -> [String; 6] {
    [
        edge.id.to_string(),
        ends(numbers, edge.source, edge.target),
        edge.input_index.to_string(),
        edge.partitioning.to_string(),
        edge.chain_break.to_string(),
        edge.buffer_timeout.to_string(),
    ]
}

fn show_execution_graph(text: &mut String, graph: &ExecutionGraph) {
    heading(text, "Execution graph");
    let numbers = numbers(graph.vertices().iter().map(|vertex| vertex.vertex));
    let mut vertices = Table::new([
        "vertex",
        "subtasks",
        "key groups a subtask",
        "slot group",
        "name",
    ]);
    for (vertex, number) in graph.vertices().iter().zip(1..) {
        let owned = vertex
            .subtasks
            .iter()
            .map(|subtask| subtask.key_groups.len());
        let (least, most) = (owned.clone().min().unwrap_or(0), owned.max().unwrap_or(0));
        vertices.row([
            number.to_string(),
            vertex.subtasks.len().to_string(),
            if least == most {
                most.to_string()
            } else {
                format!("{least} to {most}")
            },
            vertex.slot_sharing_group.clone(),
            vertex.name.clone(),
        ]);
    }
    vertices.show(text);
    let mut edges = Table::new([
        "edge",
        "vertices",
        "connects",
        "producers",
        "consumers",
        "channels",
    ]);
    for edge in graph.edges() {
        edges.row([
            edge.edge.to_string(),
            ends(&numbers, edge.source, edge.target),
            edge.distribution.pattern().to_string(),
            edge.distribution.producers().to_string(),
            edge.distribution.consumers().to_string(),
            edge.distribution.channel_count().to_string(),
        ]);
    }
    edges.show(text);
    counts(
        text,
        [
            (graph.vertices().len() as u64, "vertex", "vertices"),
            (graph.subtask_count(), "subtask", "subtasks"),
            (graph.channel_count(), "channel", "channels"),
            (u64::from(graph.slots_required()), "slot", "slots"),
        ],
    );
}

fn numbers(ids: impl Iterator<Item = VertexId>) -> HashMap<VertexId, usize> {
    ids.zip(1..).collect()
}

fn ends(numbers: &HashMap<VertexId, usize>, source: VertexId, target: VertexId) -> String {
    format!(
        "{} -> {}",
        dash(numbers.get(&source)),
        dash(numbers.get(&target))
    )
}

/// The tree of a chain, an operator a line, drawn as Flink's dashboard expects it: `+-` before a last child, `:-`
/// before another.
pub(super) fn chain_lines<'a>(
    operators: &'a [ChainedOperator],
    words: impl Fn(&'a ChainedOperator) -> &'a str,
) -> Vec<(String, &'a ChainedOperator)> {
    let children = crate::chaining::children(operators);
    let mut indents: Vec<String> = Vec::with_capacity(operators.len());
    let mut lines = Vec::with_capacity(operators.len());
    for (index, operator) in operators.iter().enumerate() {
        let siblings = operator
            .parent()
            .and_then(|parent| Some((parent, children.get(parent)?)));
        let (branch, indent) = match siblings {
            Some((parent, siblings)) => {
                let outer = indents.get(parent).map(String::as_str).unwrap_or_default();
                let last = siblings.last() == Some(&index);
                let (branch, below) = if last { ("+- ", "   ") } else { (":- ", ":  ") };
                (format!("{outer}{branch}"), format!("{outer}{below}"))
            }
            None => (String::new(), String::new()),
        };
        indents.push(indent);
        lines.push((format!("{branch}{}", words(operator)), operator));
    }
    lines
}

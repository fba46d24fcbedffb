//! Graphs in the shapes that Flink's own drawings are made from.

use hurtig_types::JobId;
use serde_json::{Value, json};

use super::text::chain_lines;
use crate::{JobEdge, JobGraph, JobVertex, OperatorKind, StreamEdge, StreamGraph, StreamNode};

/// The stream graph as Flink's plan visualizer reads it.
///
/// Nodes that are no sinks come first. `side` says which input of the reader an edge leads to, where Flink says
/// "second" of all.
///
/// ```
/// use hurtig_graph::{JobSettings, Plan, Transformation, Transformations, explain};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64"));
/// job.add(Transformation::sink("print", source, "i64"));
/// let plan = Plan::compile(job, JobSettings::default())?;
/// let json = explain::execution_plan_json(&plan.stream_graph);
/// assert_eq!(json["nodes"][1]["pact"], "Data Sink");
/// assert_eq!(json["nodes"][1]["predecessors"][0]["ship_strategy"], "FORWARD");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub fn execution_plan_json(graph: &StreamGraph) -> Value {
    let is_sink = |node: &&StreamNode| node.kind == OperatorKind::Sink;
    let others = graph.nodes().iter().filter(|node| !is_sink(node));
    let ordered = others.chain(graph.nodes().iter().filter(is_sink));
    let nodes: Vec<Value> = ordered.map(|node| plan_node(graph, node)).collect();
    json!({ "nodes": nodes })
}

fn plan_node(graph: &StreamGraph, node: &StreamNode) -> Value {
    let pact = match node.kind {
        OperatorKind::Source { .. } => "Data Source",
        OperatorKind::Sink => "Data Sink",
        OperatorKind::OneInput | OperatorKind::TwoInput => "Operator",
    };
    let contents = if node.description.is_empty() {
        &node.name
    } else {
        &node.description
    };
    let mut shown = json!({
        "id": node.id.get(),
        "type": node.name,
        "pact": pact,
        "contents": contents,
        "parallelism": node.parallelism.get(),
    });
    if !matches!(node.kind, OperatorKind::Source { .. })
        && let Some(fields) = shown.as_object_mut()
    {
        let predecessors = graph.inputs_of(node.id).map(predecessor).collect();
        fields.insert("predecessors".to_string(), Value::Array(predecessors));
    }
    shown
}

fn predecessor(edge: &StreamEdge) -> Value {
    json!({
        "id": edge.source.get(),
        "ship_strategy": edge.partitioning.ship_strategy(),
        "side": if edge.input_index == 0 { "first" } else { "second" },
    })
}

/// The `plan` of `GET /jobs/:jobid/plan`, as Flink's dashboard draws it.
///
/// ```
/// use hurtig_graph::{JobSettings, Plan, Transformation, Transformations, explain};
/// use hurtig_types::JobId;
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64"));
/// job.add(Transformation::sink("print", source, "i64"));
/// let plan = Plan::compile(job, JobSettings::default())?;
/// let json = explain::job_plan_json(&plan.job_graph, JobId::from_bytes([1; 16]));
/// assert_eq!(json["nodes"][0]["description"], "Source: numbers<br/>+- Sink: print<br/>");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub fn job_plan_json(graph: &JobGraph, job: JobId) -> Value {
    let nodes: Vec<Value> = graph
        .vertices()
        .iter()
        .map(|vertex| job_plan_node(graph, vertex))
        .collect();
    json!({
        "jid": job.to_string(),
        "name": graph.job_name(),
        "type": "STREAMING",
        "nodes": nodes,
    })
}

fn job_plan_node(graph: &JobGraph, vertex: &JobVertex) -> Value {
    let lines = chain_lines(&vertex.operators, |operator| operator.words());
    let description: String = lines
        .iter()
        .map(|(line, _)| format!("{}<br/>", html(line)))
        .collect();
    let mut shown = json!({
        "id": vertex.id.to_string(),
        "parallelism": vertex.parallelism.get(),
        "operator": "",
        "operator_strategy": "",
        "description": description,
        "optimizer_properties": {},
    });
    if !vertex.inputs.is_empty()
        && let Some(fields) = shown.as_object_mut()
    {
        let edges = vertex.inputs.iter().filter_map(|&id| graph.edge(id));
        let inputs = edges
            .enumerate()
            .map(|(number, edge)| job_plan_input(number, edge));
        fields.insert("inputs".to_string(), Value::Array(inputs.collect()));
    }
    shown
}

fn job_plan_input(number: usize, edge: &JobEdge) -> Value {
    json!({
        "num": number,
        "id": edge.source.to_string(),
        "ship_strategy": edge.partitioning.ship_strategy(),
        "exchange": "pipelined_bounded",
    })
}

/// Text that a browser shows as it is: descriptions are the user's, and the dashboard takes them for HTML.
fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\\' => escaped.push_str("&#92;"),
            '\n' => escaped.push_str("<br/>"),
            other => escaped.push(other),
        }
    }
    escaped
}

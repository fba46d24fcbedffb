//! Short words for jobs.
#![allow(dead_code, clippy::expect_used)]

use hurtig_graph::{JobSettings, NodeId, Partitioning, Plan, Transformation, Transformations};

/// The type of all records.
pub(crate) const T: &str = "i64";

pub(crate) fn source(job: &mut Transformations, name: &str) -> NodeId {
    job.add(Transformation::source(name, true, T))
}

pub(crate) fn map(job: &mut Transformations, name: &str, input: NodeId) -> NodeId {
    job.add(Transformation::one_input(name, input, T, T))
}

pub(crate) fn sink(job: &mut Transformations, name: &str, input: NodeId) -> NodeId {
    job.add(Transformation::sink(name, input, T))
}

pub(crate) fn spread(
    job: &mut Transformations,
    input: NodeId,
    partitioning: Partitioning,
) -> NodeId {
    job.add(Transformation::partition(input, partitioning, T))
}

pub(crate) fn adorn(
    job: &mut Transformations,
    id: NodeId,
    change: impl FnOnce(Transformation) -> Transformation,
) {
    let step = job.get_mut(id).expect("a transformation");
    *step = change(step.clone());
}

pub(crate) fn parallel(environment: u32) -> JobSettings {
    JobSettings {
        environment_parallelism: Some(environment),
        ..JobSettings::default()
    }
}

pub(crate) fn compile(job: &Transformations) -> Plan {
    compile_with(job, JobSettings::default())
}

pub(crate) fn compile_with(job: &Transformations, settings: JobSettings) -> Plan {
    Plan::compile(job.clone(), settings).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn names(plan: &Plan) -> Vec<&str> {
    plan.job_graph
        .vertices()
        .iter()
        .map(|vertex| vertex.name.as_str())
        .collect()
}

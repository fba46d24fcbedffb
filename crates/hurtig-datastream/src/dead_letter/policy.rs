//! Which operators set records aside, and where the letters go: decided when the job is made.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_graph::{NodeId, Transformation, TransformationKind, Transformations};
use hurtig_runtime::{OperatorContext, OperatorFactory, Program, StreamOperator};
use hurtig_types::{Configuration, Data, Error, Result, options};
use parking_lot::Mutex;

use super::operator::DeadLetterOperator;
use super::sink::DeadLetterSink;
use super::{DEAD_LETTERS, DeadLetter, OnError};
use crate::DataStream;
use crate::stream::{SinkFactory, short_type_name};

/// How an operator sets records aside.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) job: Arc<str>,
    pub(super) records_max: u32,
}

/// An operator whose function may fail at a record.
#[derive(Clone, Default)]
pub(crate) struct Fallible {
    /// What was said of this one.
    pub(crate) on_error: Option<OnError>,
    /// What was decided for the job that is made last; read by the operator's factory.
    setting: Arc<Mutex<Option<Setting>>>,
}

/// Makes such an operator, of records of these types.
pub(crate) struct FallibleFactory<A, B, F> {
    make: F,
    fallible: Fallible,
    records: PhantomData<fn(A, B)>,
}

impl<A, B, F> FallibleFactory<A, B, F> {
    pub(crate) const fn new(make: F, fallible: Fallible) -> Self {
        Self {
            make,
            fallible,
            records: PhantomData,
        }
    }
}

impl<A: Data, B: Data, F> OperatorFactory for FallibleFactory<A, B, F>
where
    F: Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync,
{
    fn create(&self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
        let inner = (self.make)(context)?;
        let setting = self.fallible.setting.lock().clone();
        let operator = DeadLetterOperator::<A, B>::new(inner, setting, context);
        Ok(Box::new(operator))
    }
}

/// What holds for all operators of a job that say nothing.
struct Defaults {
    on_error: OnError,
    directory: Option<String>,
    setting: Setting,
}

impl Defaults {
    fn read(configuration: &Configuration, job: &str) -> Result<Self> {
        let policy = configuration.get(&options::DEAD_LETTER_POLICY)?;
        let on_error = match policy.trim().to_ascii_lowercase().as_str() {
            "fail" => OnError::Fail,
            "dead-letter" => OnError::DeadLetter,
            _ => {
                return Err(Error::config(format!(
                    "`{}` is `{policy}`: expected fail or dead-letter",
                    options::DEAD_LETTER_POLICY.key()
                )));
            }
        };
        let directory = configuration.get(&options::DEAD_LETTER_DIRECTORY)?;
        Ok(Self {
            on_error,
            directory: Some(directory).filter(|directory| !directory.is_empty()),
            setting: Setting {
                job: job.into(),
                records_max: configuration.get(&options::DEAD_LETTER_MAX_RECORDS)?,
            },
        })
    }
}

/// Decides for the fallible operators of a job, which are those among `nodes`, and gives the letters of each a sink: in its chain, so that
/// no letter connects what was apart.
///
/// # Errors
/// When an option cannot be, or letters would go nowhere.
pub(crate) fn add_sinks<'a>(
    fallible: impl Iterator<Item = (&'a NodeId, &'a Fallible)>,
    nodes: &BTreeSet<NodeId>,
    (configuration, job): (&Configuration, &str),
    (transformations, program): (&mut Transformations, &mut Program),
) -> Result<()> {
    let defaults = Defaults::read(configuration, job)?;
    for (node, fallible) in fallible.filter(|(node, _)| nodes.contains(node)) {
        let sets_aside = fallible.on_error.unwrap_or(defaults.on_error) == OnError::DeadLetter;
        *fallible.setting.lock() = sets_aside.then(|| defaults.setting.clone());
        if !sets_aside {
            continue;
        }
        match &defaults.directory {
            Some(directory) => add_sink(*node, directory, transformations, program),
            None if is_read(*node, transformations) => {}
            None => return Err(nowhere(*node, transformations)),
        }
    }
    Ok(())
}

fn add_sink(
    node: NodeId,
    directory: &str,
    transformations: &mut Transformations,
    program: &mut Program,
) {
    let type_name = short_type_name::<DeadLetter>();
    let side = Transformation::side_output(node, DEAD_LETTERS, &*type_name);
    let side = transformations.add(side);
    let mut sink = Transformation::sink("Dead Letters", side, type_name);
    if let Some(operator) = transformations.get(node) {
        sink.name = format!("Dead Letters of {}", operator.name);
        sink.parallelism = operator.parallelism;
        sink.max_parallelism = operator.max_parallelism;
        sink.parallelism_limit = operator.parallelism_limit;
        sink.slot_sharing_group
            .clone_from(&operator.slot_sharing_group);
        sink.blocking = operator.blocking;
        let uid = operator.uid.as_ref();
        sink.uid = uid.map(|uid| format!("{uid} dead letters"));
    }
    let sink = transformations.add(sink);
    let port = DataStream::<DeadLetter>::port();
    program.set_port(node, Some(DEAD_LETTERS.to_string()), port);
    let factory = SinkFactory::new(DeadLetterSink::new(directory));
    program.set_operator(sink, Arc::new(factory));
}

/// Whether the program reads the letters itself.
fn is_read(node: NodeId, transformations: &Transformations) -> bool {
    let reads = |step: &Transformation| {
        matches!(&step.kind, TransformationKind::SideOutput { tag } if tag == DEAD_LETTERS)
            && step.inputs.contains(&node)
    };
    transformations.iter().any(reads)
}

fn nowhere(node: NodeId, transformations: &Transformations) -> Error {
    let operator = transformations.get(node);
    let name = operator.map_or("", |operator| operator.name.as_str());
    Error::config(format!(
        "records that `{name}` fails at are to be set aside, and there is no place for them: set `{}` to a directory, or read them by \
         `dead_letters()`",
        options::DEAD_LETTER_DIRECTORY.key()
    ))
}

//! DataFusion's errors as ours: a query that cannot be planned is the user's to mend, and says where.

use datafusion_common::DataFusionError;
use hurtig_types::{Error, ErrorKind, Result};

/// Says of which kind an error of the planner is.
pub(crate) trait PlanContext<T> {
    /// The result, with an error of ours.
    fn planned(self) -> Result<T>;
}

impl<T> PlanContext<T> for datafusion_common::Result<T> {
    fn planned(self) -> Result<T> {
        self.map_err(of_datafusion)
    }
}

/// An error of DataFusion's. One of ours that travelled in it comes out as it was.
pub(crate) fn of_datafusion(error: DataFusionError) -> Error {
    let place = place_of(&error);
    let error = match error.find_root() {
        DataFusionError::External(inner) => match inner.downcast_ref::<Carried>() {
            Some(carried) => Error::new(carried.kind, carried.message.clone()),
            None => Error::new(ErrorKind::Function, inner.to_string()),
        },
        DataFusionError::NotImplemented(message) => Error::unsupported(message.clone()),
        DataFusionError::Execution(message) => Error::function(message.clone()),
        DataFusionError::ArrowError(inner, _) => Error::function(inner.to_string()),
        DataFusionError::Internal(message) => Error::bug(message.clone()),
        DataFusionError::Plan(message) => Error::invalid_job(message.clone()),
        other => Error::invalid_job(other.strip_backtrace()),
    };
    match place {
        Some(place) => error.context(place),
        None => error,
    }
}

fn place_of(error: &DataFusionError) -> Option<String> {
    let span = error.diagnostic()?.span?;
    (span.start.line > 0).then(|| format!("line {}, column {}", span.start.line, span.start.column))
}

/// One of our errors on its way through DataFusion.
#[derive(Debug)]
struct Carried {
    kind: ErrorKind,
    message: String,
}

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Carried {}

/// Lets one of our errors travel through DataFusion.
pub(crate) fn carry(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(Carried {
        kind: error.kind(),
        message: error.to_string(),
    }))
}

/// The same for whole results.
pub(crate) trait Carry<T> {
    /// The result, as DataFusion's.
    fn carried(self) -> datafusion_common::Result<T>;
}

impl<T> Carry<T> for Result<T> {
    fn carried(self) -> datafusion_common::Result<T> {
        self.map_err(carry)
    }
}

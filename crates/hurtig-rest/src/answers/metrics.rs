//! Metrics: their names, their values, what they come to over subtasks.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::extract::Parameters;
use crate::readings::Reading;
use crate::refusal::Refusal;

/// A metric's id, and its value if it was asked for.
#[derive(Serialize)]
pub(crate) struct MetricAnswer {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl MetricAnswer {
    pub(crate) fn new(id: String, value: Option<String>) -> Self {
        Self { id, value }
    }
}

/// What `?get=a,b` asks for; without it, the ids of all.
pub(crate) fn selected(readings: Vec<Reading>, parameters: &Parameters) -> Vec<MetricAnswer> {
    let wanted = parameters.list("get");
    let readings = readings.into_iter();
    let mut answers: Vec<MetricAnswer> = match wanted {
        None => readings
            .map(|reading| MetricAnswer::new(reading.id, None))
            .collect(),
        Some(wanted) => readings
            .filter(|reading| wanted.contains(&reading.id.as_str()))
            .map(|reading| MetricAnswer::new(reading.id, Some(reading.value)))
            .collect(),
    };
    answers.sort_by(|one, other| one.id.cmp(&other.id));
    answers
}

/// A metric's id, and what its values come to in all the ways that were asked for.
#[derive(Serialize)]
pub(crate) struct AggregatedMetric {
    id: String,
    #[serde(flatten)]
    values: BTreeMap<&'static str, f64>,
}

/// Which of `min`, `max`, `avg` and `sum`.
pub(crate) struct Aggregations(Vec<&'static str>);

impl Aggregations {
    const ALL: [&str; 4] = ["min", "max", "avg", "sum"];

    /// What `?agg=min,max` asks for; all without it.
    pub(crate) fn asked(parameters: &Parameters) -> Result<Self, Refusal> {
        let Some(asked) = parameters.list("agg") else {
            return Ok(Self(Self::ALL.to_vec()));
        };
        let known = |name: &str| {
            let mut all = Self::ALL.into_iter();
            all.find(|known| known.eq_ignore_ascii_case(name))
                .ok_or_else(|| {
                    Refusal::bad_request(format!("`{name}` is none of min, max, avg and sum"))
                })
        };
        Ok(Self(
            asked.into_iter().map(known).collect::<Result<_, _>>()?,
        ))
    }

    fn of(&self, values: &[f64]) -> BTreeMap<&'static str, f64> {
        let sum: f64 = values.iter().sum();
        let compute = |name: &&'static str| {
            let value = match *name {
                "min" => values.iter().copied().fold(f64::INFINITY, f64::min),
                "max" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                "avg" => sum / values.len().max(1) as f64,
                _ => sum,
            };
            (*name, value)
        };
        self.0.iter().map(compute).collect()
    }
}

/// What the numbers of several subtasks come to: those of `?get=a,b`; without it, the ids of all.
pub(crate) fn aggregated(
    subtasks: Vec<Vec<Reading>>,
    parameters: &Parameters,
    aggregations: &Aggregations,
) -> Vec<AggregatedMetric> {
    let mut by_id: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for reading in subtasks.into_iter().flatten() {
        if let Some(number) = reading.number {
            by_id.entry(reading.id).or_default().push(number);
        }
    }
    let wanted = parameters.list("get");
    let answer = |(id, values): (String, Vec<f64>)| {
        let values = match &wanted {
            None => BTreeMap::new(),
            Some(wanted) if wanted.contains(&id.as_str()) => aggregations.of(&values),
            Some(_) => return None,
        };
        Some(AggregatedMetric { id, values })
    };
    by_id.into_iter().filter_map(answer).collect()
}

//! What operators keep, in words: whether it is bounded, and what bounds it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use hurtig_table::operators::aggregate::{AggregateCall, AggregateFunction};
use hurtig_table::operators::join::JoinTime;
use hurtig_table::operators::over::OverFrame;
use hurtig_table::operators::rank::Keep;

use super::node::{Node, Op};
use super::print::{details, name};

/// How much an operator keeps.
enum Bound {
    /// No more than this, whatever comes.
    Bounded,
    /// What the watermark has not passed.
    Watermark,
    /// As long as there are new keys; for each no longer than the time to live, where there is one.
    Keys,
    /// As long as there are rows; for each no longer than the time to live, where there is one.
    Rows,
    /// All rows, until the input ends.
    Input,
}

/// A line for each operator of these plans that keeps anything, given `table.exec.state.ttl`.
pub(crate) fn state_of(plans: &[Arc<Node>], ttl: Option<Duration>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut seen = HashSet::new();
    for plan in plans {
        collect(plan, ttl, &mut seen, &mut lines);
    }
    lines
}

fn collect(
    node: &Arc<Node>,
    ttl: Option<Duration>,
    seen: &mut HashSet<*const Node>,
    lines: &mut Vec<String>,
) {
    if !seen.insert(Arc::as_ptr(node)) {
        return;
    }
    if let Some((what, bound)) = kept(node) {
        // A hint says it of one input; where two say different things, the longer one counts.
        let hints = node
            .inputs
            .iter()
            .map(|input| input.state_ttl().unwrap_or(ttl));
        let ttl = hints.reduce(|one, other| match (one, other) {
            (Some(one), Some(other)) => Some(one.max(other)),
            _ => None,
        });
        let how = in_words(&bound, ttl.flatten());
        lines.push(format!("{}({}): {what}; {how}", name(node), brief(node)));
    }
    for input in &node.inputs {
        collect(input, ttl, seen, lines);
    }
}

/// The first of an operator's details: enough to find it.
fn brief(node: &Node) -> String {
    let details = details(node);
    let end = details.find("], ").map_or(details.len(), |end| end + 1);
    details.get(..end).unwrap_or_default().to_string()
}

fn in_words(bound: &Bound, ttl: Option<Duration>) -> String {
    let until = |grows: &str| match ttl {
        Some(ttl) => format!("grows with {grows}, each forgotten {ttl:?} after its last change"),
        None => format!("unbounded: grows with {grows} (SET 'table.exec.state.ttl' bounds it)"),
    };
    match bound {
        Bound::Bounded => "bounded".to_string(),
        Bound::Watermark => "bounded by the watermark".to_string(),
        Bound::Keys => until("the keys"),
        Bound::Rows => until("the rows"),
        Bound::Input => "all rows, until the input ends".to_string(),
    }
}

fn kept(node: &Node) -> Option<(String, Bound)> {
    let say = |what: &str, bound| Some((what.to_string(), bound));
    match &node.op {
        Op::GlobalAggregate { calls, rows } => {
            let key = node.schema.fields().len() > calls.len();
            of_groups(!key, calls, !rows.mode.is_insert_only())
        }
        Op::GroupAggregate { key, calls } => {
            let changes = node.input().is_some_and(|it| !it.mode.is_insert_only());
            of_groups(key.is_empty(), calls, changes)
        }
        Op::WindowAggregate { .. } => say(
            "accumulators of each group in the slices of open windows",
            Bound::Watermark,
        ),
        Op::Join(_) => say("the rows of both sides", Bound::Rows),
        Op::IntervalJoin { .. } => say(
            "the rows of both sides that may still meet",
            Bound::Watermark,
        ),
        Op::WindowJoin { .. } => say("the rows of open windows", Bound::Watermark),
        Op::TemporalJoin {
            time: JoinTime::Processing,
            ..
        } => say("the last version of each key", Bound::Keys),
        Op::TemporalJoin { .. } => say(
            "rows that the watermark has not passed, and the last version of each key",
            Bound::Keys,
        ),
        Op::Over { frame, .. } => match frame {
            OverFrame::Rows(_) => say("the rows of each partition's last frame", Bound::Keys),
            OverFrame::RangeMs(_) => say("the rows of the frame", Bound::Watermark),
            _ => say("accumulators of each partition", Bound::Keys),
        },
        Op::Rank { .. } => say("the rows of each partition", Bound::Rows),
        Op::TopN { .. } => match node.input().is_some_and(|it| it.mode.is_insert_only()) {
            true => say("the first rows of each partition", Bound::Keys),
            false => say("the rows of each partition", Bound::Rows),
        },
        Op::WindowTopN { .. } => say("the first rows of open windows", Bound::Watermark),
        Op::Deduplicate { keep, .. } => match keep {
            Keep::First => say("that a key was there", Bound::Keys),
            Keep::Last => say("the last row of each key", Bound::Keys),
        },
        Op::ChangelogNormalize { .. } => say("the last row of each key", Bound::Keys),
        Op::Sort { .. } if node.is_bounded => say("rows to be sorted", Bound::Input),
        Op::Sort { .. } => say("rows to be sorted", Bound::Watermark),
        Op::Limit { .. } => match node.input().is_some_and(|it| it.mode.is_insert_only()) {
            true => say("the first rows", Bound::Bounded),
            false => say("all rows", Bound::Rows),
        },
        _ => None,
    }
}

/// What is kept of groups: of one, if they have no key.
fn of_groups(is_one: bool, calls: &[AggregateCall], changes: bool) -> Option<(String, Bound)> {
    let bound = match (is_one, calls.iter().any(|it| keeps_values(it, changes))) {
        (_, true) => Bound::Rows,
        (true, false) => Bound::Bounded,
        (false, false) => Bound::Keys,
    };
    let what = match bound {
        Bound::Rows => "accumulators of each group, with the different values of some",
        _ => "accumulators of each group",
    };
    Some((what.to_string(), bound))
}

/// Whether a call remembers values, not a number or two.
fn keeps_values(call: &AggregateCall, changes: bool) -> bool {
    use AggregateFunction as F;
    let of_all = matches!(
        call.function,
        F::ListAgg { .. } | F::Collect | F::ArrayAgg | F::User(_)
    );
    let of_changes = matches!(
        call.function,
        F::Min | F::Max | F::FirstValue | F::LastValue
    );
    call.distinct || of_all || of_changes && changes
}

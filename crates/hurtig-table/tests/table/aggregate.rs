//! Aggregates: accumulators that can retract, and the group aggregate.

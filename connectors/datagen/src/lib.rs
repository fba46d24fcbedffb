//! Rows of random values and sequences as a table, for trying things out: Flink's `datagen`, with its options and defaults.
//!
//! ```text
//!  row numbers ─► a generator per column that is read ─► columns
//! ```
//!
//! ```sql
//! CREATE TABLE orders (id BIGINT, price DECIMAL(10, 2), buyer ROW<name STRING, tags ARRAY<STRING>>, at TIMESTAMP(3)) WITH (
//!   'connector' = 'datagen', 'rows-per-second' = '5', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '100',
//!   'fields.buyer.name.length' = '8', 'fields.at.max-past' = '1 h');
//! ```
//!
//! What it is not: realistic, or the same values as Flink's, which are others at each run.
//!
//! Two laws:
//! 1. A value depends on its row's number, its column and the options: not on splits, subtasks or restarts. (Dates and times alone are
//!    those of the clock.)
//! 2. A sequence has each of its numbers once, in whatever number of subtasks.
//!
//! | option | default | |
//! |---|---|---|
//! | `rows-per-second` | 10000 | over all subtasks |
//! | `number-of-rows` | | no end |
//! | `fields.#.kind` | `random` | or `sequence`, which needs `start` and `end` and bounds the table |
//! | `fields.#.min`, `fields.#.max` | those of the type | of random numbers |
//! | `fields.#.max-past` | 0 | how long ago timestamps may be |
//! | `fields.#.length` | 100, or the type's; 3 for collections | of text, bytes, collections |
//! | `fields.#.var-len` | `false` | any length up to that |
//! | `fields.#.null-rate` | 0 | which part of the values is null |
//!
//! Fields within a row are `fields.buyer.name.length`; items are `fields.tags.element.length`, keys and values of a map `key` and
//! `value`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod build;
mod factory;
mod field;
mod make;
mod range;

pub use factory::DatagenFactory;

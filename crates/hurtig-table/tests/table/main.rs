//! The operators of tables, by hand and against models.

mod aggregate;
mod changelog;
mod correlate;
mod exchange;
mod join;
mod over;
mod rank;
mod sort;
mod window;

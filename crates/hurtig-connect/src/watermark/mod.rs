//! Event time: which record has which time, and how far it is complete.

mod generator;
mod strategy;
mod tracker;

pub use generator::{
    BoundedOutOfOrderness, Monotonous, NoWatermarks, WatermarkGenerator, WatermarkOutput,
};
pub use strategy::{Alignment, Emission, WatermarkStrategy};
pub use tracker::{TrackerOutput, WatermarkTracker};

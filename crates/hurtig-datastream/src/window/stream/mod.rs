//! Windows in the API: what `window` and its kin return, and which operator they make.

mod all_windowed;
mod build;
mod entry;
mod validate;
mod windowed;

pub use all_windowed::AllWindowedStream;
pub use windowed::WindowedStream;

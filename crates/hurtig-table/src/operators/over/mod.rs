//! OVER windows.

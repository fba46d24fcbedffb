//! Changelogs made whole: upserts that get their before-images, rows by the sink's key.

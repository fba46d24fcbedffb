//! What every window operator adds to a checkpoint.

use hurtig_state::{ListMode, ListPiece, StateImage};
use hurtig_types::{Result, Timestamp};

/// How far event time had come. Records that were late before a restart are late after it: otherwise a window that has spoken would
/// speak again.
const WATERMARK: &str = "watermark";

/// Remembers the watermark.
pub(super) fn store_watermark(watermark: Timestamp, image: &mut StateImage) -> Result<()> {
    let millis = [watermark.as_millis()];
    image
        .lists
        .push(ListPiece::of(WATERMARK, ListMode::Union, millis)?);
    Ok(())
}

/// The least watermark of those who had the key groups before.
pub(super) fn restore_watermark(image: &mut StateImage) -> Result<Timestamp> {
    let all: Vec<i64> = image.take_list(WATERMARK)?;
    Ok(all
        .into_iter()
        .min()
        .map_or(Timestamp::MIN, Timestamp::from_millis))
}

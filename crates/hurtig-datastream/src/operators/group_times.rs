//! How far event time had come, as operators over keys remember it.

use hurtig_state::{KeyedWriter, ListMode, ListPiece, StateImage};
use hurtig_types::{KeyGroup, KeyGroupRange, Result, Timestamp};

/// How far event time had come, by key group. Records that were late before a restart are late after it: otherwise a window that has
/// spoken would speak again.
const WATERMARK: &str = "watermark";
/// There if a barrier had come while timers or windows were firing by event time: what was left fires again when the same watermark does.
const INTERRUPTED: &str = "interrupted";

/// Remembers that a barrier has come in the middle of firing.
pub(crate) fn store_interrupted(image: &mut StateImage) -> Result<()> {
    let piece = ListPiece::of(INTERRUPTED, ListMode::Union, [true])?;
    image.lists.push(piece);
    Ok(())
}

/// Whether that was so in any of the subtasks.
pub(crate) fn restore_interrupted(image: &mut StateImage) -> Result<bool> {
    let any: Vec<bool> = image.take_list(INTERRUPTED)?;
    Ok(!any.is_empty())
}

/// How far each key group has come, where some are ahead: an unaligned checkpoint finds subtasks at different times, and after a change of
/// parallelism one of them owns key groups of several. Nothing is ahead at all other times.
pub(crate) struct GroupTimes {
    range: KeyGroupRange,
    /// By key group; empty where none is ahead.
    times: Vec<Timestamp>,
}

impl GroupTimes {
    /// None of these key groups is ahead.
    pub(crate) const fn none(range: KeyGroupRange) -> Self {
        Self {
            range,
            times: Vec::new(),
        }
    }

    /// Whether none is ahead.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// How far a key group has come when all have come to `least`.
    pub(crate) fn of(&self, group: KeyGroup, least: Timestamp) -> Timestamp {
        let place = group.index().checked_sub(self.range.start());
        let time = place.and_then(|place| self.times.get(place));
        time.map_or(least, |time| least.max(*time))
    }

    /// All have come to `least`.
    pub(crate) fn settle(&mut self, least: Timestamp) {
        if self.times.iter().all(|time| *time <= least) {
            self.times = Vec::new();
        }
    }

    /// Adds to an image how far each key group has come.
    pub(crate) fn store(
        &self,
        name: &str,
        image: &mut StateImage,
        time_of: impl Fn(KeyGroup) -> Timestamp,
    ) -> Result<()> {
        let mut writer = KeyedWriter::new(self.range);
        for group in self.range.groups() {
            writer.entry(group, &time_of(group).as_millis())?;
        }
        image.keyed.push(writer.finish(name));
        Ok(())
    }

    /// Takes that out of an image; how far all have come. A key group of which nothing is known has come nowhere, and has no keys.
    pub(crate) fn restore(&mut self, name: &str, image: &mut StateImage) -> Result<Timestamp> {
        let mut known = vec![None; self.range.len()];
        for piece in image.take_keyed(name) {
            piece.read(|group, millis: i64| {
                let place = group.index().checked_sub(self.range.start());
                if let Some(time) = place.and_then(|place| known.get_mut(place)) {
                    *time = Some(Timestamp::from_millis(millis));
                }
                Ok(())
            })?;
        }
        let least = known.iter().flatten().min().copied();
        let least = least.unwrap_or(Timestamp::MIN);
        self.times = known.into_iter().map(|it| it.unwrap_or(least)).collect();
        self.settle(least);
        Ok(least)
    }

    /// Remembers the watermark.
    pub(crate) fn store_watermark(
        &self,
        watermark: Timestamp,
        image: &mut StateImage,
    ) -> Result<()> {
        self.store(WATERMARK, image, |group| self.of(group, watermark))
    }

    /// The least watermark of the key groups.
    pub(crate) fn restore_watermark(&mut self, image: &mut StateImage) -> Result<Timestamp> {
        self.restore(WATERMARK, image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn key_groups_of_several_subtasks_stay_as_far_as_they_had_come() {
        let mut image = StateImage::default();
        for (range, millis) in [((0, 3), 50), ((3, 6), 20)] {
            let times = GroupTimes::none(KeyGroupRange::new(range.0, range.1));
            times.store_watermark(at(millis), &mut image).unwrap();
        }
        let mut times = GroupTimes::none(KeyGroupRange::new(2, 4));
        assert_eq!(times.restore_watermark(&mut image).unwrap(), at(20));
        let of = |times: &GroupTimes, group| times.of(KeyGroup::new(group), at(20));
        assert_eq!((of(&times, 2), of(&times, 3)), (at(50), at(20)));
        times.settle(at(49));
        assert!(!times.is_empty());
        times.settle(at(50));
        assert!(times.is_empty());
        assert_eq!(of(&times, 2), at(20));
    }
}

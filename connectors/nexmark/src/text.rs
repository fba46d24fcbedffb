//! Texts: views into a few buffers that all batches share, so that a text costs no more than its place is known by.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_schema::ArrowError;
use hurtig_table::connector::Draw;

/// The longest text that is kept in its view.
const INLINE_MAX: usize = 12;

/// Text whose parts are texts of columns.
#[derive(Clone, Debug)]
pub(crate) struct SharedText {
    bytes: Buffer,
}

/// How much text there is to cut from.
const NONSENSE_BYTES: usize = 64 * 1024;

impl SharedText {
    fn new(text: String) -> Self {
        Self {
            bytes: Buffer::from_vec(text.into_bytes()),
        }
    }

    /// Words of small letters.
    pub(crate) fn nonsense() -> Self {
        let draw = Draw::column(0);
        let letter = |number| match Draw::below(draw.bits(number), 13 * 26) {
            0..26 => ' ',
            other => char::from(b'a' + (other % 26) as u8),
        };
        Self::new((0..NONSENSE_BYTES as u64).map(letter).collect())
    }

    /// The view of a part. All text here is ASCII, so any part is a text; one beyond the end is cut.
    #[inline]
    pub(crate) fn view(&self, start: usize, length: usize) -> u128 {
        let bytes = self.bytes.as_slice();
        let end = (start + length).min(bytes.len());
        let part = bytes.get(start..end).unwrap_or_default();
        if let Some(view) = inline(part) {
            return view;
        }
        let prefix = part
            .first_chunk::<4>()
            .map_or(0, |four| u32::from_le_bytes(*four));
        part.len() as u128 | u128::from(prefix) << 32 | (start as u128) << 96
    }

    /// The view of a part of this length, anywhere.
    #[inline]
    pub(crate) fn any(&self, bits: u64, length: usize) -> u128 {
        let starts = NONSENSE_BYTES.saturating_sub(length);
        self.view(Draw::below(bits, starts as u64) as usize, length)
    }

    /// The column of these views.
    ///
    /// # Errors
    /// When they are not of this text, which is a bug.
    pub(crate) fn column(&self, views: Vec<u128>) -> Result<ArrayRef, ArrowError> {
        column(views, Arc::from([self.bytes.clone()]))
    }
}

#[inline]
fn inline(text: &[u8]) -> Option<u128> {
    if text.len() > INLINE_MAX {
        return None;
    }
    let mut bytes = [0u8; 16];
    bytes.get_mut(4..4 + text.len())?.copy_from_slice(text);
    Some(u128::from_le_bytes(bytes) | text.len() as u128)
}

fn column(views: Vec<u128>, buffers: Arc<[Buffer]>) -> Result<ArrayRef, ArrowError> {
    let views = ScalarBuffer::from(views);
    Ok(Arc::new(StringViewArray::try_new(views, buffers, None)?))
}

/// A list of texts of which each row has one.
#[derive(Clone, Debug)]
pub(crate) struct Choices {
    text: SharedText,
    views: Vec<u128>,
}

impl Choices {
    pub(crate) fn new<S: AsRef<str>>(choices: impl IntoIterator<Item = S>) -> Self {
        let mut all = String::new();
        let mut places = Vec::new();
        for choice in choices {
            let choice = choice.as_ref();
            places.push((all.len(), choice.len()));
            all.push_str(choice);
        }
        let text = SharedText::new(all);
        let views = places
            .into_iter()
            .map(|(start, length)| text.view(start, length));
        Self {
            views: views.collect(),
            text,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.views.len()
    }

    /// The column of the choices with these indexes.
    pub(crate) fn column(
        &self,
        indexes: impl Iterator<Item = usize>,
    ) -> Result<ArrayRef, ArrowError> {
        let views = indexes.map(|index| self.views.get(index).copied().unwrap_or(0));
        self.text.column(views.collect())
    }
}

/// How long `extra` is, so that the row is as large as asked for: on average, give or take a fifth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExtraLength {
    least: u64,
    spread: u64,
}

impl ExtraLength {
    /// Of a row that is to have `size` bytes, of which other columns take `others`.
    pub(crate) const fn of(size: u64, others: u64) -> Self {
        let wanted = size.saturating_sub(others);
        let fifth = (wanted + 2) / 5;
        Self {
            least: wanted - fifth,
            spread: 2 * fifth + 1,
        }
    }

    /// Of these 16 bits.
    #[inline]
    pub(crate) const fn length(self, bits: u16) -> usize {
        (self.least + ((bits as u64 * self.spread) >> 16)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;

    #[test]
    fn parts_of_a_text_are_texts_short_or_long() {
        let text = SharedText::nonsense();
        let whole = String::from_utf8(text.bytes.to_vec()).unwrap();
        let parts = [
            (0, 0),
            (5, 1),
            (7, 12),
            (9, 13),
            (1000, 500),
            (NONSENSE_BYTES - 3, 3),
        ];
        let views = parts.map(|(start, length)| text.view(start, length));
        let column = text.column(views.to_vec()).unwrap();
        for (index, (start, length)) in parts.into_iter().enumerate() {
            assert_eq!(
                column.as_string_view().value(index),
                &whole[start..start + length]
            );
        }
    }

    #[test]
    fn choices_are_what_was_given() {
        let choices = Choices::new(["a", "a text that is longer than a view"]);
        let column = choices.column([1, 0, 1].into_iter()).unwrap();
        let texts: Vec<_> = column.as_string_view().iter().flatten().collect();
        assert_eq!(
            texts,
            [
                "a text that is longer than a view",
                "a",
                "a text that is longer than a view"
            ]
        );
        assert_eq!((choices.len(), column.null_count()), (2, 0));
    }

    #[test]
    fn extra_fills_a_row_up() {
        let length = ExtraLength::of(100, 32);
        assert_eq!((length.length(0), length.length(u16::MAX)), (54, 82));
        assert_eq!(ExtraLength::of(10, 32).length(u16::MAX), 0);
    }
}

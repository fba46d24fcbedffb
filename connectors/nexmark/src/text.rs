//! Texts: views into a few buffers that all batches share, so that a text costs no more than its place is known by.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use arrow_buffer::{Buffer, ScalarBuffer};
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
    /// Of this text, of which what is no ASCII becomes `?`.
    fn new(mut text: String) -> Self {
        if !text.is_ascii() {
            text = text.replace(|c: char| !c.is_ascii(), "?");
        }
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
    fn view(&self, start: usize, length: usize) -> u128 {
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

    /// The column of texts of these lengths; by the bits before each, from anywhere.
    pub(crate) fn column(&self, texts: impl Iterator<Item = (u64, usize)>) -> ArrayRef {
        let bytes = self.bytes.len();
        let views = texts.map(|(bits, length)| {
            let starts = bytes.saturating_sub(length) as u64;
            self.view(Draw::below(bits, starts) as usize, length)
        });
        self.of_views(views.collect())
    }

    /// The column of views that [`view`](Self::view) gave: looking at each text again would cost more than all else.
    fn of_views(&self, views: Vec<u128>) -> ArrayRef {
        let views = ScalarBuffer::from(views);
        let buffers: Arc<[Buffer]> = Arc::from([self.bytes.clone()]);
        // SAFETY: A view is either inline, made of bytes of this text, or lies within its one buffer, with its first four bytes; `view`
        // cuts what is longer. The text is ASCII, so that each part of it is UTF-8.
        Arc::new(unsafe { StringViewArray::new_unchecked(views, buffers, None) })
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
        let mut text = SharedText::new(all);
        let mut lengths = places.iter().map(|(_, length)| *length);
        let all_inline = lengths.all(|length| length <= INLINE_MAX);
        let views = places
            .iter()
            .map(|(start, length)| text.view(*start, *length));
        let views = views.collect();
        if all_inline {
            // Nothing is in it that is not in the views: batches need not carry it along.
            text = SharedText::new(String::new());
        }
        Self { text, views }
    }

    pub(crate) fn len(&self) -> usize {
        self.views.len()
    }

    /// The column of the choices with these indexes; one that there is not is empty.
    pub(crate) fn column(&self, indexes: impl Iterator<Item = usize>) -> ArrayRef {
        let views = indexes.map(|index| self.views.get(index).copied().unwrap_or(0));
        self.text.of_views(views.collect())
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
        let column = text.of_views(views.to_vec());
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
        let column = choices.column([1, 0, 1].into_iter());
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

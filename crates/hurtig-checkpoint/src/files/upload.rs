//! Writing one file.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use hurtig_env::Location;
use hurtig_env::object_store::{Error as StoreError, MultipartUpload, ObjectStoreExt, PutPayload};

/// What goes up in one request; a store may refuse smaller parts than 5 MiB.
const PART_BYTES: usize = 8 << 20;
/// How many parts a file may have, as in S3.
const PARTS_MAX: usize = 10_000;
/// How many parts of a file are under way at a time.
const PARTS_IN_FLIGHT_MAX: usize = 4;

/// Bytes in pieces, which are sent as they are: nothing is copied together.
#[derive(Default)]
pub(super) struct Chunks {
    chunks: Vec<Bytes>,
    length: u64,
    checksum: crc32fast::Hasher,
}

impl Chunks {
    pub(super) fn push(&mut self, chunk: Bytes) {
        self.checksum.update(&chunk);
        self.length += chunk.len() as u64;
        self.chunks.push(chunk);
    }

    /// Adds what was summed before, in no time.
    pub(super) fn append(&mut self, other: Self) {
        self.checksum.combine(&other.checksum);
        self.length += other.length;
        self.chunks.extend(other.chunks);
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn checksum(&self) -> u32 {
        self.checksum.clone().finalize()
    }

    /// In parts of the same size, the last one excepted.
    fn into_parts(self, part_bytes: usize) -> Vec<PutPayload> {
        let mut parts = Vec::new();
        let mut part: Vec<Bytes> = Vec::new();
        let mut room = part_bytes;
        for mut chunk in self.chunks {
            while chunk.len() >= room {
                part.push(chunk.split_to(room));
                parts.push(part.drain(..).collect());
                room = part_bytes;
            }
            room -= chunk.len();
            part.push(chunk);
        }
        if room < part_bytes {
            parts.push(part.into_iter().collect());
        }
        parts
    }
}

/// Writes a file, and returns once the store has it all. What an error leaves behind is for the caller to delete.
///
/// It would replace a file of this name: names are never given twice, and a store that repeats a request must not be refused
/// for what its first attempt wrote.
pub(super) async fn upload(place: &Location, chunks: Chunks) -> Result<(), StoreError> {
    if chunks.length() <= PART_BYTES as u64 {
        let payload = chunks.chunks.into_iter().collect::<PutPayload>();
        place.store.put(&place.path, payload).await?;
        return Ok(());
    }
    let least = usize::try_from(chunks.length()).unwrap_or(usize::MAX) / PARTS_MAX + 1;
    let parts = chunks.into_parts(PART_BYTES.max(least));
    let mut upload = place.store.put_multipart(&place.path).await?;
    let sent = send(upload.as_mut(), parts).await;
    if sent.is_err() {
        // Parts of an upload that never ends are paid for until somebody finds them.
        let _ = upload.abort().await;
    }
    sent
}

async fn send(upload: &mut dyn MultipartUpload, parts: Vec<PutPayload>) -> Result<(), StoreError> {
    // A part begins when it is polled; its number in the file is by the order of these calls.
    let parts: Vec<_> = parts
        .into_iter()
        .map(|part| upload.put_part(part))
        .collect();
    let parts = stream::iter(parts).map(Ok);
    parts
        .try_for_each_concurrent(PARTS_IN_FLIGHT_MAX, |part| part)
        .await?;
    upload.complete().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_hold_the_same_bytes_and_all_but_the_last_the_same_number(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10), part_bytes in 1usize..30,
        ) {
            let mut chunks = Chunks::default();
            for both in pieces.chunks(2) {
                let mut next = Chunks::default();
                both.iter().for_each(|piece| next.push(piece.clone().into()));
                chunks.append(next);
            }
            let all = pieces.concat();
            prop_assert_eq!(chunks.length(), all.len() as u64);
            prop_assert_eq!(chunks.checksum(), crate::checksum(&all));
            let parts = chunks.into_parts(part_bytes);
            let parts: Vec<Vec<u8>> = parts.into_iter().map(|part| Bytes::from(part).to_vec()).collect();
            prop_assert_eq!(parts.concat(), all.clone());
            prop_assert_eq!(parts.len(), all.len().div_ceil(part_bytes));
            for part in parts.iter().rev().skip(1) {
                prop_assert_eq!(part.len(), part_bytes);
            }
        }
    }
}

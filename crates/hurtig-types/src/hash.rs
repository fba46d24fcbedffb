//! Hashing a key once, for its key group and for its place in a table.

use std::hash::Hasher;

use crate::KeyGroup;

/// A key's hash: its key group in the upper 16 bits, 48 well-mixed bits for tables below.
///
/// Of those, the lower ones spread neighbouring numbers best and are meant to choose a bucket; the upper ones tell the
/// keys of a bucket apart.
///
/// Computed once, where a stream is keyed, and carried with the record to the state. Equal keys have equal hashes;
/// different keys may have equal ones.
///
/// ```
/// use hurtig_types::{KeyHash, MaxParallelism};
///
/// let max_parallelism = MaxParallelism::new(128).unwrap();
/// let hash = KeyHash::of(&"apple".to_string(), max_parallelism);
/// assert_eq!(hash, KeyHash::of(&"apple".to_string(), max_parallelism));
/// assert!(hash.key_group().index() < 128);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct KeyHash(u64);

impl KeyHash {
    const TABLE_BITS: u32 = 48;
    const TABLE_MASK: u64 = (1 << Self::TABLE_BITS) - 1;

    /// Joins a key group and the bits for tables (of which the lower 48 count).
    #[inline]
    pub const fn new(key_group: KeyGroup, table: u64) -> Self {
        Self(((key_group.index() as u64) << Self::TABLE_BITS) | (table & Self::TABLE_MASK))
    }

    /// The hash of `key` in a job of this maximum parallelism.
    #[inline]
    pub fn of<K: std::hash::Hash + ?Sized>(
        key: &K,
        max_parallelism: crate::MaxParallelism,
    ) -> Self {
        let mut hasher = KeyHasher::default();
        key.hash(&mut hasher);
        Self::new(
            max_parallelism.key_group_of_code(hasher.code()),
            hasher.finish(),
        )
    }

    /// The key group.
    #[inline]
    pub const fn key_group(self) -> KeyGroup {
        KeyGroup::new((self.0 >> Self::TABLE_BITS) as u16)
    }

    /// The same bits for tables in another key group.
    #[inline]
    #[must_use]
    pub const fn in_key_group(self, key_group: KeyGroup) -> Self {
        Self::new(key_group, self.0)
    }

    /// 48 bits for finding the key within its group.
    #[inline]
    pub const fn table_bits(self) -> u64 {
        self.0 & Self::TABLE_MASK
    }

    /// All 64 bits, for the wire.
    #[inline]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The hash of these 64 bits.
    #[inline]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The hash of this key together with something else (a window): same key group, other table bits.
    #[inline]
    #[must_use]
    pub fn with<N: std::hash::Hash>(self, namespace: &N) -> Self {
        let mut hasher = KeyHasher {
            wide: self.table_bits(),
            ..KeyHasher::default()
        };
        namespace.hash(&mut hasher);
        Self::new(self.key_group(), hasher.finish())
    }
}

/// A [`Hasher`] that computes two things in one pass: Java's `hashCode` of the value, which decides the key group
/// exactly as Flink does, and 64 well-mixed bits for hash tables.
///
/// Java's codes are matched for the types that have a counterpart: `i8`–`i32` (the value), `i64` (upper half xor
/// lower half), `String` (base 31 over UTF-16), `char`, and tuples and structs of them (31 · code + next, as
/// `Tuple2.hashCode`). Three are not Java's: `bool` counts as 0 and 1 instead of 1237 and 1231; a tuple within a
/// tuple counts as if its fields stood in the outer one, which is the same only in the first place; sequences count
/// their length first.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyHasher {
    code: i32,
    wide: u64,
    after_bytes: bool,
}

impl KeyHasher {
    /// Java's hash code of what was hashed.
    #[inline]
    pub const fn code(&self) -> i32 {
        self.code
    }

    #[inline(always)]
    fn add(&mut self, code: i32, wide: u64) {
        self.code = self.code.wrapping_mul(31).wrapping_add(code);
        self.wide = folded_multiply(
            self.wide ^ wide ^ 0x2d35_8dcc_aa6c_78a5,
            0x9e37_79b9_7f4a_7c15,
        );
        self.after_bytes = false;
    }
}

#[inline(always)]
fn folded_multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

impl Hasher for KeyHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.wide
    }

    fn write(&mut self, bytes: &[u8]) {
        use std::hash::BuildHasher;
        let wide =
            foldhash::fast::FixedState::with_seed(0x6875_7274_6967).hash_one(BytesOnly(bytes));
        self.add(java_string_code(bytes), wide);
        self.after_bytes = true;
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        // `str` ends its bytes with 0xff; Java's codes have no such mark.
        if self.after_bytes && value == 0xff {
            self.after_bytes = false;
        } else {
            self.add(i32::from(value), u64::from(value));
        }
    }

    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.add(i32::from(value), u64::from(value));
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.add(value as i32, u64::from(value));
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.add((value ^ value >> 32) as i32, value);
    }

    #[inline]
    fn write_u128(&mut self, value: u128) {
        let folded = (value ^ value >> 64) as u64;
        self.add(
            (folded ^ folded >> 32) as i32,
            (value as u64) ^ ((value >> 64) as u64).rotate_left(29),
        );
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    #[inline]
    fn write_i8(&mut self, value: i8) {
        self.add(i32::from(value), value as u64);
    }

    #[inline]
    fn write_i16(&mut self, value: i16) {
        self.add(i32::from(value), value as u64);
    }

    #[inline]
    fn write_i32(&mut self, value: i32) {
        self.add(value, value as u64);
    }
}

/// Hashes as its bytes alone, without the length that slices add.
struct BytesOnly<'a>(&'a [u8]);

impl std::hash::Hash for BytesOnly<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.0);
    }
}

/// `String.hashCode` of UTF-8 bytes. Four bytes a step while they are ASCII; what is no UTF-8 counts byte by byte.
fn java_string_code(bytes: &[u8]) -> i32 {
    if !bytes.is_ascii() {
        return match std::str::from_utf8(bytes) {
            Ok(text) => base_31(text.encode_utf16().map(i32::from)),
            Err(_) => base_31(bytes.iter().map(|&byte| i32::from(byte))),
        };
    }
    let mut code = 0i32;
    let mut chunks = bytes.chunks_exact(4);
    for chunk in &mut chunks {
        let &[a, b, c, d] = chunk else { continue };
        let tail = i32::from(a) * 29_791 + i32::from(b) * 961 + i32::from(c) * 31 + i32::from(d);
        code = code.wrapping_mul(923_521).wrapping_add(tail);
    }
    let step = |code: i32, &byte: &u8| code.wrapping_mul(31).wrapping_add(i32::from(byte));
    chunks.remainder().iter().fold(code, step)
}

fn base_31(units: impl Iterator<Item = i32>) -> i32 {
    units.fold(0i32, |code, unit| code.wrapping_mul(31).wrapping_add(unit))
}

/// MurmurHash3 x64 128 with seed 0 (Appleby, public domain), little-endian: the hash from which Flink makes operator
/// ids.
pub(crate) fn murmur3_x64_128(bytes: &[u8]) -> [u8; 16] {
    const C1: u64 = 0x87c3_7b91_1142_53d5;
    const C2: u64 = 0x4cf5_ad43_2745_937f;
    let mix_1 = |k: u64| k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
    let mix_2 = |k: u64| k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
    let (mut h1, mut h2) = (0u64, 0u64);
    let mut blocks = bytes.chunks_exact(16);
    for block in &mut blocks {
        h1 ^= mix_1(little_endian(block.get(..8)));
        h1 = h1
            .rotate_left(27)
            .wrapping_add(h2)
            .wrapping_mul(5)
            .wrapping_add(0x52dc_e729);
        h2 ^= mix_2(little_endian(block.get(8..)));
        h2 = h2
            .rotate_left(31)
            .wrapping_add(h1)
            .wrapping_mul(5)
            .wrapping_add(0x3849_5ab5);
    }
    let tail = blocks.remainder();
    h1 ^= mix_1(little_endian(tail.get(..tail.len().min(8))));
    h2 ^= mix_2(little_endian(tail.get(8..)));
    h1 ^= bytes.len() as u64;
    h2 ^= bytes.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = finalise(h1);
    h2 = finalise(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    let mut id = [0; 16];
    for (place, byte) in id
        .iter_mut()
        .zip(h1.to_le_bytes().into_iter().chain(h2.to_le_bytes()))
    {
        *place = byte;
    }
    id
}

fn little_endian(bytes: Option<&[u8]>) -> u64 {
    let bytes = bytes.unwrap_or_default();
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

fn finalise(mut k: u64) -> u64 {
    k ^= k >> 33;
    k = k.wrapping_mul(0xff51_afd7_ed55_8ccd);
    k ^= k >> 33;
    k = k.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    k ^ k >> 33
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MaxParallelism;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::hash::Hash;

    fn code<K: Hash>(key: K) -> i32 {
        let mut hasher = KeyHasher::default();
        key.hash(&mut hasher);
        hasher.code()
    }

    #[test]
    fn codes_are_those_of_java() {
        assert_eq!(code(7i32), 7);
        assert_eq!(code(-1i64), 0);
        assert_eq!(code(1i64 << 32), 1);
        assert_eq!(code("hello"), 99_162_322);
        assert_eq!(code("hello world, this is long"), 2_047_144_808);
        assert_eq!(code("grün"), 3_185_949);
        assert_eq!(code((1i32, "a")), 31 + 97);
    }

    proptest! {
        #[test]
        fn a_window_changes_the_table_bits_and_never_the_key_group(
            bits: u64, window: (i64, i64), other: (i64, i64),
        ) {
            let key = KeyHash::from_bits(bits);
            prop_assert_eq!(key.with(&window), key.with(&window));
            prop_assert_eq!(key.with(&window).key_group(), key.key_group());
            prop_assert_ne!(key.with(&window).table_bits(), key.table_bits());
            prop_assert_eq!(key.with(&window) == key.with(&other), window == other);
        }

        #[test]
        fn each_bit_of_a_number_turns_about_half_of_the_table_bits(seed: u64) {
            // 64 numbers and their 64 neighbours each: 24 of the 48 bits on average, whichever bit is turned.
            let table = |key: u64| KeyHash::of(&key, MaxParallelism::new(128).unwrap()).table_bits();
            let numbers = || (0..64u64).map(|n| seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            for bit in 0..64 {
                let turned: u32 =
                    numbers().map(|key| (table(key) ^ table(key ^ (1 << bit))).count_ones()).sum();
                let average = f64::from(turned) / 64.0;
                prop_assert!((12.0..=36.0).contains(&average), "bit {bit} turns {average} bits");
            }
        }

        #[test]
        fn neighbouring_keys_spread_over_buckets_and_differ_in_their_tags(start in 0u64..1 << 40) {
            // What a table does: the lower bits choose one of 4096 buckets, the upper 32 are the tag. By chance
            // 1 - 1/e of the buckets, 2589, are taken.
            let max_parallelism = MaxParallelism::new(128).unwrap();
            let spread = |table_bits: Vec<u64>| {
                let buckets: HashSet<u64> = table_bits.iter().map(|bits| bits & 0xfff).collect();
                let tags: HashSet<u64> = table_bits.iter().map(|bits| bits >> 16).collect();
                (buckets.len(), tags.len())
            };
            let numbers = || start..start + 4096;
            let of_numbers = numbers().map(|n| KeyHash::of(&n, max_parallelism).table_bits());
            let of_names =
                numbers().map(|n| KeyHash::of(&format!("user-{n}"), max_parallelism).table_bits());
            for table_bits in [of_numbers.collect(), of_names.collect()] {
                let (buckets, tags) = spread(table_bits);
                prop_assert!(buckets > 2048, "{buckets} buckets");
                prop_assert!(tags > 4090, "{tags} tags");
            }
        }
    }

    #[test]
    fn murmur_of_nothing_is_nothing() {
        assert_eq!(murmur3_x64_128(b""), [0; 16]);
    }
}

//! Rows as one number, whatever their order.

/// How many rows there are, and their digest.
pub(crate) fn line(name: &str, rows: &[String]) -> String {
    let sum = rows
        .iter()
        .fold(0u64, |sum, row| sum.wrapping_add(hash(row)));
    format!("{name} {} {sum:016x}", rows.len())
}

/// FNV-1a, and a mix behind it: sums of hashes of texts that differ in the last byte would cancel each other out.
fn hash(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash: u64 = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

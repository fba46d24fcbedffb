//! What only the processor can do: fetching ahead, and comparing several numbers at once.
//!
//! The only module of the crate with `unsafe` code. Each function has a plain form beside the one for x86-64, for other
//! processors and for Miri.

/// Asks for the cache line that holds `*pointer`, and does not wait for it.
///
/// The pointer may point anywhere: nothing is read through it.
#[inline(always)]
pub(crate) fn prefetch<T>(pointer: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: PREFETCHT0 is a hint. It has no effect that a program could observe but the time it takes, and it
        // never faults, whatever the address (Intel SDM volume 2, "PREFETCHh"): so a null, dangling or unaligned
        // pointer is as good as any. SSE, which it needs, is part of every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(pointer.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = pointer;
}

/// Asks for the value at `*pointer`: its first cache line, and the one of its last byte where that may be another.
#[inline(always)]
pub(crate) fn prefetch_value<T>(pointer: *const T) {
    prefetch(pointer);
    if const { size_of::<T>() > 16 } {
        prefetch(
            pointer
                .cast::<u8>()
                .wrapping_add(const { size_of::<T>().saturating_sub(1) }),
        );
    }
}

/// Which of the eight equal `sought`: a bit for each, the first lowest.
///
/// Left to itself the compiler compares one after another, in 30 instructions and more registers than there are.
#[inline(always)]
pub(crate) fn lanes_equal(lanes: &[u16; 8], sought: u16) -> u32 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use core::arch::x86_64::{
            _mm_cmpeq_epi16, _mm_loadu_si128, _mm_movemask_epi8, _mm_packs_epi16, _mm_set1_epi16,
            _mm_setzero_si128,
        };
        // SAFETY: The unaligned load reads the 16 bytes of `lanes`, and nothing else touches memory. SSE2, which all of
        // these need, is part of every x86-64.
        unsafe {
            let lanes = _mm_loadu_si128(lanes.as_ptr().cast());
            let equal = _mm_cmpeq_epi16(lanes, _mm_set1_epi16(sought.cast_signed()));
            _mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())).cast_unsigned()
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        let bit = |(lane, there): (usize, &u16)| u32::from(*there == sought) << lane;
        lanes.iter().enumerate().map(bit).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_bits_from_the_lowest() {
        assert_eq!(
            lanes_equal(&[7, 0, 7, 1, 2, 3, u16::MAX, 7], 7),
            0b1000_0101
        );
        assert_eq!(lanes_equal(&[0; 8], 0), 0xff);
        assert_eq!(
            lanes_equal(&[1, 2, 3, 4, 5, 6, u16::MAX, 8], u16::MAX),
            0b0100_0000
        );
        assert_eq!(lanes_equal(&[1; 8], 0), 0);
    }
}

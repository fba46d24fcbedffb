//! Asking the processor for memory that will be needed soon.

/// Asks for the cache line that holds `*pointer`, and does not wait for it.
///
/// The pointer may point anywhere: nothing is read through it. On processors other than x86-64 this does nothing.
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

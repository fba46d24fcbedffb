//! Memory with a bound: a length that lies must not make a decoder reserve what it says.

use std::alloc::{GlobalAlloc, Layout, System};

/// Inputs have four kilobytes: what is read from them fits into this many times over.
const ALLOCATION_BYTES_MAX: usize = 32 << 20;

/// The system's memory, in pieces of a bounded size.
struct Bounded;

#[global_allocator]
static MEMORY: Bounded = Bounded;

fn check(bytes: usize) {
    // A panic allocates, and that is small enough to pass; it does not unwind, for the fuzzer's hook aborts.
    assert!(
        bytes <= ALLOCATION_BYTES_MAX,
        "{bytes} bytes are allocated at once: a length was believed"
    );
}

// SAFETY: every call goes to the system's allocator as it came, or nowhere.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        check(size);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

//! An allocator for guests that live for one call: it hands out memory in order and takes back only the latest piece.
//!
//! The first 48 KiB are static, so that a small call neither grows the memory nor leaves the pages that the host keeps
//! resident. When they are full the memory grows.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

/// Bytes that are there from the start.
const STATIC: usize = 48 * 1024;
/// A WebAssembly page, in bytes.
const PAGE: usize = 65_536;

/// The allocator that `guardrail!` declares.
#[doc(hidden)]
#[repr(C, align(16))]
pub struct Arena {
    bytes: UnsafeCell<[u8; STATIC]>,
    /// The next free address and the end of what is ours; 0 before the first allocation.
    next: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: a guest has one thread; the module is built without atomics.
unsafe impl Sync for Arena {}

impl Arena {
    /// An arena with nothing allocated.
    pub const fn new() -> Self {
        Self { bytes: UnsafeCell::new([0; STATIC]), next: Cell::new(0), end: Cell::new(0) }
    }

    /// Makes `size` bytes from an aligned address ours. Null when the memory can't grow.
    fn take(&self, size: usize, align: usize) -> *mut u8 {
        if self.end.get() == 0 {
            let start = self.bytes.get() as usize;
            self.next.set(start);
            self.end.set(start + STATIC);
        }
        let Some((start, end)) = place(self.next.get(), size, align) else { return ptr::null_mut() };
        if end <= self.end.get() {
            self.next.set(end);
            return ptr::with_exposed_provenance_mut(start);
        }
        self.grow(size, align)
    }

    fn grow(&self, size: usize, align: usize) -> *mut u8 {
        let Some(wanted) = size.checked_add(align) else { return ptr::null_mut() };
        let pages = wanted.div_ceil(PAGE);
        let before = std::arch::wasm32::memory_grow::<0>(pages);
        if before == usize::MAX {
            return ptr::null_mut();
        }
        let fresh = before * PAGE;
        // Pages that follow what is ours already continue it; after the static bytes they start anew.
        if fresh != self.end.get() {
            self.next.set(fresh);
        }
        self.end.set(fresh + pages * PAGE);
        let Some((start, end)) = place(self.next.get(), size, align) else { return ptr::null_mut() };
        self.next.set(end);
        ptr::with_exposed_provenance_mut(start)
    }

    fn is_latest(&self, piece: *mut u8, size: usize) -> bool {
        piece.expose_provenance() + size == self.next.get()
    }
}

/// Where `size` bytes start and end from `next` on.
fn place(next: usize, size: usize, align: usize) -> Option<(usize, usize)> {
    let start = next.checked_next_multiple_of(align)?;
    Some((start, start.checked_add(size)?))
}

// SAFETY: pieces never overlap: `next` only moves past what was handed out, and back only over the latest piece when
// its owner gives it up.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.take(layout.size(), layout.align())
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if self.is_latest(piece, layout.size()) {
            self.next.set(piece.expose_provenance());
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let latest = self.is_latest(piece, layout.size());
        if latest
            && let Some(end) = piece.expose_provenance().checked_add(size)
            && end <= self.end.get()
        {
            self.next.set(end);
            return piece;
        }
        let moved = self.take(size, layout.align());
        if !moved.is_null() {
            // SAFETY: both pieces are ours, `moved` is fresh, and the count is within each.
            unsafe { ptr::copy_nonoverlapping(piece, moved, layout.size().min(size)) };
        }
        moved
    }
}

//! What the compiler calls for copying and comparing, and a libc would have. Volatile, or the compiler would see that a
//! loop copies and call the function that the loop is in. Slow, and only used for a few bytes.

use core::ptr::{read_volatile, write_volatile};

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    for index in 0..length {
        // SAFETY: the caller's: both are that long.
        unsafe { write_volatile(to.add(index), read_volatile(from.add(index))) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    if to.cast_const() <= from {
        // SAFETY: the caller's; going up, nothing is overwritten before it is read.
        return unsafe { memcpy(to, from, length) };
    }
    for index in (0..length).rev() {
        // SAFETY: the caller's; going down likewise.
        unsafe { write_volatile(to.add(index), read_volatile(from.add(index))) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
    for index in 0..length {
        // SAFETY: the caller's: it is that long.
        unsafe { write_volatile(to.add(index), byte as u8) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, length: usize) -> i32 {
    for index in 0..length {
        // SAFETY: the caller's: both are that long.
        let (a, b) = unsafe { (read_volatile(one.add(index)), read_volatile(other.add(index))) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, length: usize) -> i32 {
    // SAFETY: the caller's.
    unsafe { memcmp(one, other, length) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut length = 0;
    // SAFETY: the caller's: the text ends in 0.
    while unsafe { read_volatile(text.add(length)) } != 0 {
        length += 1;
    }
    length
}

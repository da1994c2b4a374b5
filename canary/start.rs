//! Where the kernel hands over: arguments in, exit code out, and what the compiler expects of a program without libc.

use core::arch::global_asm;
use core::panic::PanicInfo;

use crate::sys;

// At its start the stack holds the number of arguments, then a pointer to each.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {begin}",
    "ud2",
    begin = sym begin
);
#[cfg(target_arch = "aarch64")]
global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, #0",
    "mov x30, #0",
    "mov x0, sp",
    "and sp, x0, #-16",
    "bl {begin}",
    "brk #1",
    begin = sym begin
);

/// The words of the command line.
pub struct Arguments {
    count: usize,
    first: *const *const u8,
}

impl Arguments {
    /// The word at that place; 0 is the program's own name.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        if index >= self.count {
            return None;
        }
        // SAFETY: the kernel puts `count` pointers there, each to a text that ends in 0 and lives as long as we do.
        unsafe {
            let word = *self.first.add(index);
            let mut length = 0;
            while *word.add(length) != 0 {
                length += 1;
            }
            Some(core::slice::from_raw_parts(word, length))
        }
    }
}

extern "C" fn begin(stack: *const usize) -> ! {
    // SAFETY: `_start` passes the stack as the kernel made it.
    let arguments = unsafe { Arguments { count: *stack, first: stack.add(1).cast() } };
    sys::exit(crate::run(&arguments))
}

#[panic_handler]
fn panicked(_: &PanicInfo) -> ! {
    sys::exit(101)
}

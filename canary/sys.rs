//! The kernel's calls that the canary needs, and nothing else.

use core::arch::asm;

/// A file or a socket, as the kernel numbers them.
pub type Fd = i32;
/// Why a call failed, as the kernel numbers it.
pub type Errno = i32;

/// Try again: for a write to `memory.reclaim` it says that less than asked for could be had.
pub const EAGAIN: Errno = 11;

#[cfg(target_arch = "x86_64")]
mod number {
    pub const READ: usize = 0;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const MMAP: usize = 9;
    pub const SIGPROCMASK: usize = 14;
    pub const SOCKET: usize = 41;
    pub const CONNECT: usize = 42;
    pub const SENDTO: usize = 44;
    pub const BIND: usize = 49;
    pub const LISTEN: usize = 50;
    pub const SETSOCKOPT: usize = 54;
    pub const GETDENTS: usize = 217;
    pub const CLOCK_GETTIME: usize = 228;
    pub const EXIT: usize = 231;
    pub const OPENAT: usize = 257;
    pub const PPOLL: usize = 271;
    pub const ACCEPT: usize = 288;
    pub const SIGNALFD: usize = 289;
    pub const GETRANDOM: usize = 318;
    pub const O_DIRECTORY: usize = 0o200_000;
    pub const O_NOFOLLOW: usize = 0o400_000;
}

#[cfg(target_arch = "aarch64")]
mod number {
    pub const READ: usize = 63;
    pub const WRITE: usize = 64;
    pub const CLOSE: usize = 57;
    pub const MMAP: usize = 222;
    pub const SIGPROCMASK: usize = 135;
    pub const SOCKET: usize = 198;
    pub const CONNECT: usize = 203;
    pub const SENDTO: usize = 206;
    pub const BIND: usize = 200;
    pub const LISTEN: usize = 201;
    pub const SETSOCKOPT: usize = 208;
    pub const GETDENTS: usize = 61;
    pub const CLOCK_GETTIME: usize = 113;
    pub const EXIT: usize = 94;
    pub const OPENAT: usize = 56;
    pub const PPOLL: usize = 73;
    pub const ACCEPT: usize = 242;
    pub const SIGNALFD: usize = 74;
    pub const GETRANDOM: usize = 278;
    pub const O_DIRECTORY: usize = 0o40_000;
    pub const O_NOFOLLOW: usize = 0o100_000;
}

const HERE: usize = -100_isize as usize; // AT_FDCWD
const O_WRONLY: usize = 1;
const O_CREAT: usize = 0o100;
const O_CLOEXEC: usize = 0o2_000_000;
const NONBLOCK_CLOEXEC: usize = 0o4000 | 0o2_000_000;
const INET: u16 = 2;
const STREAM: usize = 1;
const NO_SIGNAL: usize = 0x4000; // MSG_NOSIGNAL
const SIGINT: u64 = 2;
const SIGTERM: u64 = 15;

/// One call of the kernel. Its pointers must be good for what that call does with them.
unsafe fn call(number: usize, a: [usize; 6]) -> Result<usize, Errno> {
    let result: isize;
    // SAFETY: the caller's.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a[0], in("rsi") a[1], in("rdx") a[2], in("r10") a[3], in("r8") a[4], in("r9") a[5],
            lateout("rcx") _, lateout("r11") _,
            options(nostack)
        );
    }
    // SAFETY: the caller's.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!(
            "svc #0",
            in("x8") number,
            inlateout("x0") a[0] as isize => result,
            in("x1") a[1], in("x2") a[2], in("x3") a[3], in("x4") a[4], in("x5") a[5],
            options(nostack)
        );
    }
    if (-4095..0).contains(&result) { Err(-result as Errno) } else { Ok(result as usize) }
}

pub fn exit(code: i32) -> ! {
    loop {
        // SAFETY: no pointers.
        let _ = unsafe { call(number::EXIT, [code as usize, 0, 0, 0, 0, 0]) };
    }
}

/// Opens what is at `path`, which ends in 0.
fn open(path: &[u8], flags: usize) -> Result<Fd, Errno> {
    if path.last() != Some(&0) {
        return Err(22);
    }
    // SAFETY: the path ends in 0, as was just seen.
    let fd = unsafe { call(number::OPENAT, [HERE, path.as_ptr() as usize, flags | O_CLOEXEC, 0o644, 0, 0]) };
    fd.map(|fd| fd as Fd)
}

pub fn open_to_read(path: &[u8]) -> Result<Fd, Errno> {
    open(path, 0)
}

pub fn open_to_write(path: &[u8]) -> Result<Fd, Errno> {
    open(path, O_WRONLY)
}

/// Opens a file, which is made where there is none; what is in it stays.
pub fn create(path: &[u8]) -> Result<Fd, Errno> {
    open(path, O_WRONLY | O_CREAT)
}

/// Opens a folder, but no link to one.
pub fn open_folder(path: &[u8]) -> Result<Fd, Errno> {
    open(path, number::O_DIRECTORY | number::O_NOFOLLOW)
}

pub fn close(fd: Fd) {
    // SAFETY: no pointers.
    let _ = unsafe { call(number::CLOSE, [fd as usize, 0, 0, 0, 0, 0]) };
}

pub fn read(fd: Fd, into: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the buffer is ours and as long as we say.
    unsafe { call(number::READ, [fd as usize, into.as_mut_ptr() as usize, into.len(), 0, 0, 0]) }
}

pub fn write(fd: Fd, bytes: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel only reads there.
    unsafe { call(number::WRITE, [fd as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0, 0]) }
}

/// Reads the next entries of an open folder, as the kernel packs them; 0 is the end.
pub fn entries(folder: Fd, into: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the buffer is ours and as long as we say.
    unsafe { call(number::GETDENTS, [folder as usize, into.as_mut_ptr() as usize, into.len(), 0, 0, 0]) }
}

/// That many words of fresh memory, which are ours until the end.
pub fn memory(words: usize) -> Result<&'static mut [u64], Errno> {
    const READ_WRITE: usize = 1 | 2;
    const PRIVATE_ANONYMOUS: usize = 2 | 0x20;
    let nothing = usize::MAX;
    // SAFETY: a new mapping touches nothing that is there.
    let start = unsafe { call(number::MMAP, [0, words * 8, READ_WRITE, PRIVATE_ANONYMOUS, nothing, 0])? };
    // SAFETY: the kernel has just made it, so long, zeroed, on a page's border, for nobody else.
    Ok(unsafe { core::slice::from_raw_parts_mut(start as *mut u64, words) })
}

/// Milliseconds on a clock that never goes back.
pub fn now() -> u64 {
    let mut time = [0_u64; 2];
    // SAFETY: the kernel writes two words there.
    let _ = unsafe { call(number::CLOCK_GETTIME, [1, time.as_mut_ptr() as usize, 0, 0, 0, 0]) };
    time[0] * 1000 + time[1] / 1_000_000
}

/// A number that nobody else has drawn.
pub fn random() -> u32 {
    let mut drawn = [0_u8; 4];
    // SAFETY: the buffer is ours and as long as we say.
    let done = unsafe { call(number::GETRANDOM, [drawn.as_mut_ptr() as usize, 4, 0, 0, 0, 0]) };
    if done == Ok(4) { u32::from_ne_bytes(drawn) } else { now() as u32 }
}

/// From now on, requests to end (TERM, INT) can be read from this file. A first process without it would ignore them.
pub fn ends() -> Result<Fd, Errno> {
    const BLOCK: usize = 0;
    let set: u64 = 1 << (SIGTERM - 1) | 1 << (SIGINT - 1);
    let set = &raw const set as usize;
    // SAFETY: both calls only read the set, of 8 bytes.
    unsafe {
        call(number::SIGPROCMASK, [BLOCK, set, 0, 8, 0, 0])?;
        call(number::SIGNALFD, [usize::MAX, set, 8, NONBLOCK_CLOEXEC, 0, 0]).map(|fd| fd as Fd)
    }
}

/// What `wait` waits for, as the kernel lays it out. A negative file is skipped.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Poll {
    pub fd: Fd,
    wanted: i16,
    pub seen: i16,
}

impl Poll {
    pub const fn input(fd: Fd) -> Poll {
        Poll { fd, wanted: 1, seen: 0 }
    }
}

/// Waits until one of them has something to read or is closed, for so many milliseconds at most.
pub fn wait(polls: &mut [Poll], milliseconds: u64) {
    let time = [milliseconds / 1000, milliseconds % 1000 * 1_000_000];
    let start = polls.as_mut_ptr() as usize;
    // SAFETY: the list is ours and as long as we say; no signal mask is given.
    if unsafe { call(number::PPOLL, [start, polls.len(), time.as_ptr() as usize, 0, 8, 0]) }.is_err() {
        polls.iter_mut().for_each(|poll| poll.seen = 0);
    }
}

/// An IPv4 address and port, as the kernel lays it out.
#[repr(C)]
struct Address {
    family: u16,
    port: [u8; 2],
    ip: [u8; 4],
    zero: [u8; 8],
}

impl Address {
    fn new(ip: [u8; 4], port: u16) -> Address {
        Address { family: INET, port: port.to_be_bytes(), ip, zero: [0; 8] }
    }
}

/// A TCP socket that listens on all addresses.
pub fn listen(port: u16) -> Result<Fd, Errno> {
    const SOCKET_LEVEL: usize = 1;
    const REUSE_ADDRESS: usize = 2;
    let address = Address::new([0; 4], port);
    let on = 1_i32;
    // SAFETY: the kernel only reads the option and the address, of 4 and 16 bytes.
    unsafe {
        let fd = call(number::SOCKET, [INET as usize, STREAM | NONBLOCK_CLOEXEC, 0, 0, 0, 0])?;
        call(number::SETSOCKOPT, [fd, SOCKET_LEVEL, REUSE_ADDRESS, &raw const on as usize, 4, 0])?;
        call(number::BIND, [fd, &raw const address as usize, 16, 0, 0, 0])?;
        call(number::LISTEN, [fd, 16, 0, 0, 0, 0])?;
        Ok(fd as Fd)
    }
}

/// A TCP connection to this very machine.
pub fn connect(port: u16) -> Result<Fd, Errno> {
    let address = Address::new([127, 0, 0, 1], port);
    // SAFETY: the kernel only reads the address, of 16 bytes.
    unsafe {
        let fd = call(number::SOCKET, [INET as usize, STREAM | O_CLOEXEC, 0, 0, 0, 0])?;
        let done = call(number::CONNECT, [fd, &raw const address as usize, 16, 0, 0, 0]);
        if done.is_err() {
            close(fd as Fd);
        }
        done.map(|_| fd as Fd)
    }
}

/// The next connection that waits at a listening socket.
pub fn accept(listener: Fd) -> Result<Fd, Errno> {
    // SAFETY: no address is asked for.
    unsafe { call(number::ACCEPT, [listener as usize, 0, 0, NONBLOCK_CLOEXEC, 0, 0]).map(|fd| fd as Fd) }
}

/// Sends without a signal where the other side is gone.
pub fn send(fd: Fd, bytes: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel only reads there.
    unsafe { call(number::SENDTO, [fd as usize, bytes.as_ptr() as usize, bytes.len(), NO_SIGNAL, 0, 0]) }
}

//! The demo in a pseudo-terminal, and what its screen shows after a while.

use std::error::Error;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const ROWS: u16 = 40;
const COLUMNS: u16 = 150;
/// So long nothing comes between two frames: then the screen is whole.
const PAUSE: Duration = Duration::from_millis(60);
/// Longer than this nobody waits for such a pause.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest wait for what is to be seen.
const AWAITED: Duration = Duration::from_secs(180);

/// Runs the demo, presses each of `keys` so many seconds after its start, and returns the terminal as it is after the last,
/// and once it shows `awaited`.
pub fn of_demo(
    program: &Path,
    config: &Path,
    keys: &[(u64, &str)],
    awaited: &str,
) -> Result<vt100::Parser, Box<dyn Error>> {
    let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
    let terminal = native_pty_system().openpty(size)?;
    let mut command = CommandBuilder::new(program);
    command.args(["demo", "--log-level", "off", "--config"]);
    command.arg(config);
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    command.env("TZ", "UTC");
    command.env_remove("NO_COLOR");
    let mut demo = terminal.slave.spawn_command(command)?;
    drop(terminal.slave);
    let output = read(terminal.master.try_clone_reader()?);
    let mut input = terminal.master.take_writer()?;

    let cells = |count| NonZeroU16::new(count).ok_or("a screen without cells");
    let mut shown = vt100::Parser::new(cells(ROWS)?, cells(COLUMNS)?, 0);
    let started = Instant::now();
    for (seconds, keys) in keys {
        let moment = started + Duration::from_secs(*seconds);
        while let Some(left) = moment.checked_duration_since(Instant::now()) {
            match output.recv_timeout(left) {
                Ok(bytes) => shown.process(&bytes),
                Err(mpsc::RecvTimeoutError::Timeout) => break,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    let told = shown.screen().contents();
                    return Err(format!("the demo ended by itself: {}", told.trim()).into());
                }
            }
        }
        input.write_all(keys.as_bytes())?;
        input.flush()?;
    }
    let begun = Instant::now();
    while !shown.screen().contents().contains(awaited) {
        let left = AWAITED.checked_sub(begun.elapsed()).ok_or_else(|| format!("{awaited:?} is not shown"))?;
        if let Ok(bytes) = output.recv_timeout(left.min(PATIENCE)) {
            shown.process(&bytes);
        }
    }
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match output.recv_timeout(PAUSE) {
            Ok(bytes) => shown.process(&bytes),
            // The keys' own frame comes within a frame's time.
            Err(_) if begun.elapsed() > 4 * PAUSE => break,
            Err(_) => {}
        }
    }
    // `ctrl-c`: the demo tidies up after itself.
    input.write_all(b"\x03")?;
    input.flush()?;
    demo.wait()?;
    Ok(shown)
}

/// Reads on a thread of its own; ends when the terminal does.
fn read(mut from: Box<dyn Read + Send>) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if send.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receive
}

//! A real console in a real pseudo-terminal, read through a terminal emulator.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod keeper;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// The program under test.
pub fn program() -> &'static str {
    env!("CARGO_BIN_EXE_wakeboard")
}

/// A config file in a folder of its own, with nothing else of the user's around it.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub fn new(config: &str) -> Home {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("wakeboard.yaml"), config).unwrap();
        Home { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn config(&self) -> PathBuf {
        self.path().join("wakeboard.yaml")
    }

    /// A command that knows nothing but this home.
    pub fn command(&self, args: &[&str]) -> assert_cmd::Command {
        let mut command = assert_cmd::Command::new(program());
        command.env_clear();
        for (key, value) in self.variables() {
            command.env(key, value);
        }
        command.args(args).timeout(Duration::from_secs(60));
        command
    }

    /// Begins `wakeboard --config CONFIG ARGS` and does not wait for its end.
    pub fn command_in_background(&self, args: &[&str]) -> std::process::Child {
        let mut command = std::process::Command::new(program());
        command.env_clear().envs(self.variables());
        command.arg("--config").arg(self.config()).args(args);
        command.stdout(std::process::Stdio::null()).spawn().unwrap()
    }

    /// The environment of a program that knows nothing but this home.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        self.variables()
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let folder = self.path().display().to_string();
        vec![
            ("HOME", folder.clone()),
            ("XDG_CONFIG_HOME", format!("{folder}/config")),
            ("XDG_STATE_HOME", format!("{folder}/state")),
            ("XDG_RUNTIME_DIR", folder),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("TZ", "UTC".to_owned()),
            ("USER", "op1".to_owned()),
        ]
    }

    /// Opens the console at that size (columns, lines).
    pub fn console(&self, args: &[&str], size: (u16, u16), more: &[(&str, &str)]) -> Console {
        let mut command = CommandBuilder::new(program());
        command.env_clear();
        for (key, value) in self.variables() {
            command.env(key, value);
        }
        command.env("TERM", "xterm-256color");
        for (key, value) in more {
            command.env(key, value);
        }
        command.args(args);
        Console::start(command, size)
    }
}

struct Terminal {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// A synchronized update is under way: no terminal would show it yet.
    in_frame: bool,
    ended: bool,
}

/// A console that runs.
pub struct Console {
    terminal: Arc<(Mutex<Terminal>, Condvar)>,
    writer: Box<dyn Write + Send>,
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    pub under_a_shell: bool,
}

impl Console {
    pub fn start(command: CommandBuilder, (columns, lines): (u16, u16)) -> Console {
        let size = PtySize { rows: lines, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let terminal = Terminal {
            parser: vt100::Parser::new(cells(lines), cells(columns), 0),
            raw: vec![],
            in_frame: false,
            ended: false,
        };
        let terminal = Arc::new((Mutex::new(terminal), Condvar::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shared = terminal.clone();
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut terminal = shared.0.lock().unwrap();
                if read == 0 {
                    terminal.ended = true;
                    shared.1.notify_all();
                    return;
                }
                terminal.parser.process(&buffer[..read]);
                terminal.raw.extend_from_slice(&buffer[..read]);
                let tail = &terminal.raw[terminal.raw.len().saturating_sub(read + 8)..];
                let (began, ended) = (last(tail, b"\x1b[?2026h"), last(tail, b"\x1b[?2026l"));
                terminal.in_frame = if began == ended { terminal.in_frame } else { began > ended };
                shared.1.notify_all();
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Console { terminal, writer, master: Some(pair.master), child, under_a_shell: false }
    }

    /// What the screen shows, line by line.
    pub fn screen(&self) -> String {
        self.terminal.0.lock().unwrap().parser.screen().contents()
    }

    /// The first line that has all these words.
    pub fn line(&self, words: &[&str]) -> Option<String> {
        line_of(&self.screen(), words)
    }

    /// Everything that was sent to the terminal so far.
    pub fn raw(&self) -> Vec<u8> {
        self.terminal.0.lock().unwrap().raw.clone()
    }

    /// Waits until the screen fulfils `condition`, and returns it.
    pub fn wait(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        self.wait_for(what, Duration::from_secs(15), condition)
    }

    pub fn wait_for(&self, what: &str, within: Duration, condition: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + within;
        let mut terminal = self.terminal.0.lock().unwrap();
        loop {
            let screen = terminal.parser.screen().contents();
            if !terminal.in_frame && condition(&screen) {
                return screen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || terminal.ended {
                drop(terminal);
                panic!("never saw: {what}\n{screen}");
            }
            terminal = self.terminal.1.wait_timeout(terminal, left).unwrap().0;
        }
    }

    /// Waits until one line of the left half of the screen has all these words.
    pub fn wait_line(&self, words: &[&str]) -> String {
        let screen = self.wait(&format!("a line with {words:?}"), |screen| line_of(screen, words).is_some());
        line_of(&screen, words).unwrap()
    }

    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub fn resize(&mut self, columns: u16, lines: u16) {
        self.terminal.0.lock().unwrap().parser.screen_mut().set_size(cells(lines), cells(columns));
        let size = PtySize { rows: lines, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    /// Closes the terminal under the program, as a closed window does.
    pub fn hang_up(&mut self) {
        self.signal(rustix::process::Signal::HUP);
        self.writer = Box::new(std::io::sink());
        self.master = None;
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.process_id().unwrap()).unwrap()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub fn wait_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "does not end\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether the terminal was given back as it was: no alternate screen, a cursor, no mouse, no paste marks.
    pub fn is_clean(&self) -> Result<(), String> {
        // What was written just before the end may still be under way to us.
        let deadline = Instant::now() + Duration::from_secs(2);
        loop {
            let terminal = self.terminal.0.lock().unwrap();
            let screen = terminal.parser.screen();
            let mut wrong = String::new();
            if screen.alternate_screen() {
                wrong += "still on the alternate screen; ";
            }
            if screen.hide_cursor() {
                wrong += "the cursor is hidden; ";
            }
            if screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None {
                wrong += "the mouse is captured; ";
            }
            // An interactive shell switches paste marks on for itself.
            if screen.bracketed_paste() && !self.under_a_shell {
                wrong += "paste marks are on; ";
            }
            let raw = &terminal.raw;
            if last(raw, b"\x1b[?2026h") > last(raw, b"\x1b[?2026l") {
                wrong += "a synchronized update is open; ";
            }
            if wrong.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(wrong);
            }
            drop(terminal);
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(number: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(number).unwrap()
}

fn last(bytes: &[u8], piece: &[u8]) -> Option<usize> {
    bytes.windows(piece.len()).rposition(|window| window == piece)
}

pub fn count(bytes: &[u8], piece: &[u8]) -> usize {
    bytes.windows(piece.len()).filter(|window| *window == piece).count()
}

/// The first line of a screen that has all these words.
pub fn line_of(screen: &str, words: &[&str]) -> Option<String> {
    screen.lines().find(|line| words.iter().all(|word| line.contains(word))).map(str::to_owned)
}

/// What the tenants pane shows of a tenant at the left of the screen: the part of its row before the pane's border.
pub fn tenant_row(screen: &str, tenant: &str) -> Option<String> {
    screen.lines().find_map(|line| {
        let cells = line.strip_prefix('│')?;
        let row = cells.split('│').next()?;
        let name = row.trim_start_matches('▸').split_whitespace().next()?;
        (name == tenant).then(|| row.to_owned())
    })
}

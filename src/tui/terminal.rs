//! The terminal: taken over at the start and given back whole on every way out.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;

/// Whether the terminal is ours now: what is given back twice would disturb what came between.
static OURS: AtomicBool = AtomicBool::new(false);

type Terminal = ratatui::Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// The terminal while it is ours. Given back on drop, and by the panic hook.
pub struct Screen {
    terminal: Terminal,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// There is no terminal, or it is lost.
    pub fn take() -> io::Result<Screen> {
        give_back_on_panic();
        take_over()?;
        Ok(Screen { terminal: blank()? })
    }

    /// Draws one frame, shown by the terminal as a whole.
    ///
    /// # Errors
    /// The terminal is lost.
    pub fn draw<T>(&mut self, view: impl FnOnce(&mut Frame<'_>) -> T) -> io::Result<Option<T>> {
        let mut result = None;
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(|frame| result = Some(view(frame))).map(|_| ());
        // Also after an error: a terminal that is held back would look frozen.
        let ended = execute!(self.terminal.backend_mut(), EndSynchronizedUpdate);
        drawn.and(ended)?;
        Ok(result)
    }

    /// Has every cell drawn anew next time.
    ///
    /// # Errors
    /// The terminal is lost.
    pub fn clear(&mut self) -> io::Result<()> {
        execute!(io::stdout(), Clear(ClearType::All))?;
        // The library's own clearing asks the terminal for its cursor, and not every terminal answers.
        self.terminal = blank()?;
        Ok(())
    }

    /// Hands a text to the terminal's clipboard (OSC 52). Whether the terminal takes it is not known: none says so.
    ///
    /// # Errors
    /// The terminal is lost.
    pub fn copy(&self, text: &str) -> io::Result<()> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// The size in cells.
    ///
    /// # Errors
    /// The terminal is lost.
    pub fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Gives the terminal back, stops this process as the shell expects it after `^Z`, and goes on after `fg`.
    ///
    /// # Errors
    /// The terminal is lost.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // The whole group, as the terminal itself would: whoever started us (`cargo run`) must stop with us.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        // Here we are again.
        take_over()?;
        self.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// A screen of which nothing is drawn yet.
fn blank() -> io::Result<Terminal> {
    ratatui::Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, io::stdout())))
}

fn take_over() -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste, cursor::Hide)
}

/// Gives the terminal back as it was. Errors are left aside: there may be no terminal any more.
fn give_back() {
    if OURS.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(
            out,
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            DisableMouseCapture,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}

/// A panic's message must come to a clean terminal, whichever task it comes from.
fn give_back_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        give_back();
        before(info);
    }));
}

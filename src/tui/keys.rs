//! The terminal library's keys, turned into ours.

use crossterm::event::{KeyCode as Theirs, KeyEvent, KeyEventKind, KeyModifiers};

use crate::model::key::{Key, KeyCode};

/// Turns a key event into a key; none for releases and for keys that nothing is bound to.
#[must_use]
pub fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let code = match event.code {
        Theirs::Char(c) => KeyCode::Char(c),
        Theirs::F(number) => KeyCode::F(number),
        Theirs::Enter => KeyCode::Enter,
        Theirs::Esc => KeyCode::Esc,
        Theirs::Tab => KeyCode::Tab,
        Theirs::BackTab => KeyCode::BackTab,
        Theirs::Backspace => KeyCode::Backspace,
        Theirs::Delete => KeyCode::Delete,
        Theirs::Up => KeyCode::Up,
        Theirs::Down => KeyCode::Down,
        Theirs::Left => KeyCode::Left,
        Theirs::Right => KeyCode::Right,
        Theirs::Home => KeyCode::Home,
        Theirs::End => KeyCode::End,
        Theirs::PageUp => KeyCode::PageUp,
        Theirs::PageDown => KeyCode::PageDown,
        _ => return None,
    };
    Some(Key {
        code,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event.modifiers.contains(KeyModifiers::ALT),
    })
}

//! Texts that may have secrets in them, and what must never be shown.

use std::fmt;
use std::sync::Arc;

/// A text of a callmap that may have secrets in it: `shown` has their names where `value` has what they are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text {
    value: Arc<str>,
    shown: Arc<str>,
}

impl Text {
    /// A text without secrets.
    #[must_use]
    pub fn open(value: &str) -> Self {
        let value: Arc<str> = value.into();
        Text { shown: value.clone(), value }
    }

    /// A text with secrets, and how it is shown.
    #[must_use]
    pub fn masked(value: &str, shown: &str) -> Self {
        Text { value: value.into(), shown: shown.into() }
    }

    /// What is sent. Never shown.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What may be shown.
    #[must_use]
    pub fn shown(&self) -> &Arc<str> {
        &self.shown
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fmt(f)
    }
}

/// What must never be shown, though an answer may hold it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<(Arc<str>, Arc<str>)>);

impl Secrets {
    /// Secrets by the name that stands for each, and their values. Values of less than 4 bytes are no secrets, and hiding
    /// them would hide everything.
    #[must_use]
    pub fn new(mut all: Vec<(Arc<str>, Arc<str>)>) -> Self {
        all.retain(|(_, value)| value.len() >= 4);
        // The longest first: one may be part of another.
        all.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        all.dedup();
        Secrets(all)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with `${env:NAME}` in place of each secret.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for (name, value) in &self.0 {
            if shown.contains(&**value) {
                shown = shown.replace(&**value, &format!("${{env:{name}}}"));
            }
        }
        shown
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

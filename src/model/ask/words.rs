//! A question's text, cut into words: what negates, the field, the values. Quotes hold a value together.

use std::iter::Peekable;
use std::str::Chars;

use super::BadAsk;

/// One word as it was written.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Where it begins, in characters; the first is 1.
    pub at: usize,
    pub negated: bool,
    /// What stood before the colon, in lower case.
    pub field: Option<String>,
    /// One or more; without a field exactly one.
    pub values: Vec<Value>,
}

/// One value of a word.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub at: usize,
    pub negated: bool,
    pub text: String,
    pub quoted: bool,
}

impl Word {
    /// The word, where it is nothing but that: no field, no quotes.
    pub fn bare(&self) -> Option<&Value> {
        let value = self.values.first()?;
        (self.field.is_none() && !value.quoted).then_some(value)
    }
}

/// Cuts a text into words.
pub(super) fn words(text: &str) -> Result<Vec<Word>, BadAsk> {
    let mut reader = Reader { rest: text.chars().peekable(), at: 1 };
    let mut words = Vec::new();
    loop {
        while reader.next_if(char::is_whitespace).is_some() {}
        if reader.rest.peek().is_none() {
            return Ok(words);
        }
        words.push(reader.word()?);
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    at: usize,
}

impl Reader<'_> {
    fn next_if(&mut self, fits: impl Fn(char) -> bool) -> Option<char> {
        let next = self.rest.next_if(|c| fits(*c));
        self.at += usize::from(next.is_some());
        next
    }

    fn word(&mut self) -> Result<Word, BadAsk> {
        let at = self.at;
        let negated = self.negation();
        let mut letters = String::new();
        while let Some(c) = self.next_if(|c| c.is_ascii_alphabetic()) {
            letters.push(c);
        }
        if letters.is_empty() || self.next_if(|c| c == ':').is_none() {
            let value = self.value(letters, false)?;
            return Ok(Word { at, negated, field: None, values: vec![value] });
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value(String::new(), true)?);
            if self.next_if(|c| c == ',').is_none() {
                return Ok(Word { at, negated, field: Some(letters.to_ascii_lowercase()), values });
            }
        }
    }

    /// A value that begins with what was read of it already, up to a space or, in a list, to a comma.
    fn value(&mut self, mut text: String, is_in_list: bool) -> Result<Value, BadAsk> {
        let at = self.at - text.len();
        let negated = is_in_list && self.negation();
        if text.is_empty()
            && let Some(quote) = self.next_if(|c| matches!(c, '"' | '\''))
        {
            let text = self.quoted(at, quote)?;
            return Ok(Value { at, negated, text, quoted: true });
        }
        while let Some(c) = self.next_if(|c| !(c.is_whitespace() || is_in_list && c == ',')) {
            text.push(c);
        }
        Ok(Value { at, negated, text, quoted: false })
    }

    fn quoted(&mut self, at: usize, quote: char) -> Result<String, BadAsk> {
        let mut text = String::new();
        while let Some(c) = self.next_if(|_| true) {
            if c == quote {
                return match self.rest.peek() {
                    Some(c) if !c.is_whitespace() && *c != ',' => {
                        Err(BadAsk::new(at, &text, "a space is missing after the closing quote"))
                    }
                    _ => Ok(text),
                };
            }
            // A backslash before anything else is itself.
            let escaped = if c == '\\' { self.next_if(|c| c == quote || c == '\\') } else { None };
            text.push(escaped.unwrap_or(c));
        }
        Err(BadAsk::new(at, &text, "the quote is not closed"))
    }

    /// Whether an odd number of `!` stands here.
    fn negation(&mut self) -> bool {
        let mut negated = false;
        while self.next_if(|c| c == '!').is_some() {
            negated = !negated;
        }
        negated
    }
}

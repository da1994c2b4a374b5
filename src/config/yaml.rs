//! Reading YAML: one way for every file that we read, with the place of every fault.

use std::fs::File;
use std::io::Read as _;
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{DeserializeOwned, DeserializeSeed};

use super::error::{ConfigError, Place};
use super::locate::{Step, locate};
use super::{sound, suggest};

/// The size over which a file is not read: nobody writes such a one by hand.
pub const LARGEST: usize = 1024 * 1024;

/// How many brackets may be open at once.
const DEEPEST: usize = 500;

/// The text of a file that is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, for messages.
    pub file: &'a Path,
    /// Its text.
    pub text: &'a str,
}

impl Source<'_> {
    /// A fault at the spot that `path` leads to, found after reading: one that needs more than one value to see.
    #[must_use]
    pub fn fault(&self, path: &[Step<'_>], message: impl Into<String>) -> ConfigError {
        let error = ConfigError::in_file(self.file, message);
        match locate(self.text, path) {
            Some(place) => error.at(place, self.text),
            None => error,
        }
    }
}

/// The text of a file.
///
/// # Errors
/// The file cannot be read, is a named pipe, a socket or a device, is larger than [`LARGEST`], or is no UTF-8.
pub fn open(file: &Path) -> Result<String, ConfigError> {
    let failed = |error: std::io::Error| ConfigError::in_file(file, format!("cannot be read: {error}"));
    let kind = std::fs::metadata(file).map_err(failed)?.file_type();
    // To open a named pipe waits for its writer, for ever. Those that a shell makes for `<(...)` have theirs.
    if !kind.is_file() && !kind.is_dir() && !file.starts_with("/dev") && !file.starts_with("/proc") {
        let message = "is no regular file, but a named pipe, a socket or a device";
        return Err(ConfigError::in_file(file, message));
    }
    let opened = File::open(file).map_err(failed)?;
    let mut bytes = Vec::new();
    opened.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    decode(file, &bytes)
}

/// The text that the bytes of `file` are, without a byte order mark.
///
/// # Errors
/// They are more than [`LARGEST`], or no UTF-8.
pub fn decode(file: &Path, bytes: &[u8]) -> Result<String, ConfigError> {
    if bytes.len() > LARGEST {
        return Err(ConfigError::in_file(file, "is larger than 1 MiB"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()),
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let whole = String::from_utf8_lossy(bytes);
            Err(ConfigError::in_file(file, "this is no UTF-8").at(end_of(&good), &whole))
        }
    }
}

/// Reads a `T` from `text`, the text of `file`.
///
/// # Errors
/// The first fault, with its place.
pub fn read<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, ConfigError> {
    seeded(file, text, PhantomData::<T>)
}

/// Reads what `seed` makes of `text`, the text of `file`.
///
/// # Errors
/// The first fault, with its place.
pub fn seeded<'a, S: DeserializeSeed<'a>>(
    file: &Path,
    text: &'a str,
    seed: S,
) -> Result<S::Value, ConfigError> {
    if text.len() > LARGEST {
        return Err(ConfigError::in_file(file, "is larger than 1 MiB"));
    }
    if let Some((at, c)) = text.char_indices().find(|(at, c)| is_refused(*c, &text[*at..])) {
        let message = format!("character U+{:04X} may not stand here", u32::from(c));
        let help = format!("write it as \"\\u{:04x}\", in double quotes", u32::from(c));
        let error = ConfigError::in_file(file, message).with_help(Some(help));
        return Err(error.at(end_of(&text[..at]), text));
    }
    if let Some(at) = too_deep(text) {
        let error = ConfigError::in_file(file, "brackets are nested too deep");
        return Err(error.at(end_of(&text[..at]), text));
    }
    sound::check(text).map_err(|(error, said)| explain(file, text, &error, said))?;
    let parser = serde_yaml::Deserializer::from_str(text);
    seed.deserialize(parser).map_err(|error| explain(file, text, &error, None))
}

/// Characters that YAML forbids, or counts as ends of lines where no editor does: their places would be wrong.
fn is_refused(c: char, rest: &str) -> bool {
    match c {
        '\t' | '\n' => false,
        '\r' => !rest.starts_with("\r\n"),
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        c => c.is_control(),
    }
}

/// Where the brackets open at once are more than anyone writes: the parser takes a time of their square. Those in strings
/// and comments count too, which no honest file has enough of to notice.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(at);
        }
    }
    None
}

/// The place right after `text`.
fn end_of(text: &str) -> Place {
    let last = text.rsplit('\n').next().unwrap_or_default();
    Place { line: 1 + text.matches('\n').count(), column: 1 + last.chars().count() }
}

/// Our words for an error of the parser or of a type.
fn explain(file: &Path, text: &str, error: &serde_yaml::Error, said: Option<String>) -> ConfigError {
    let place = error.location().map(|at| Place { line: at.line(), column: at.column() });
    let told = said.unwrap_or_else(|| without_place(&error.to_string(), place));
    let (message, help) = reword(&told);
    let place = place.or_else(|| unplaced(text, &told));
    let error = ConfigError::in_file(file, message).with_help(help);
    match place {
        Some(place) => error.at(place, text),
        None => error,
    }
}

/// The parser says the place in its message too; ours stands in front.
fn without_place(message: &str, place: Option<Place>) -> String {
    let place = place.map_or_else(String::new, |at| format!(" at line {} column {}", at.line, at.column));
    message.replacen(&place, "", 1).replace(" at position 0", "")
}

/// The few errors of the parser that have no place get the one that a reader would look for.
fn unplaced(text: &str, message: &str) -> Option<Place> {
    let starts = |mark: &str| text.split('\n').enumerate().skip(1).find(|(_, line)| line.starts_with(mark));
    if message.contains("more than one document") {
        return starts("---").map(|(at, _)| Place { line: at + 1, column: 1 });
    }
    if message.contains("repetition limit") {
        return text.find('*').map(|at| end_of(&text[..at]));
    }
    None
}

/// The messages of serde in the words of a person who writes YAML, with what was probably meant.
pub(super) fn reword(message: &str) -> (String, Option<String>) {
    for (theirs, ours) in [("unknown field `", "unknown key"), ("unknown variant `", "unknown value")] {
        if let Some((word, known)) = unknown(message, theirs) {
            return (format!("{ours} `{word}`"), Some(suggest::help(word, &known)));
        }
    }
    if let Some((_, name)) = message.split_once("missing field `") {
        return (format!("key `{name} is missing"), None);
    }
    if message.contains("more than one document") {
        return ("a second document starts here: one file holds one".to_owned(), None);
    }
    if message.contains("recursion limit") {
        return ("this is nested too deep".to_owned(), None);
    }
    if message.contains("repetition limit") {
        return ("aliases repeat this too often".to_owned(), None);
    }
    // Also what stands before it, the path to the value, is worth keeping.
    (message.replace("invalid type: unit value", "there is no value"), None)
}

/// The word that serde does not know, and those that it does: it hands over both in its message only.
fn unknown<'a>(message: &'a str, start: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let (_, rest) = message.split_once(start)?;
    let (word, known) = rest.rsplit_once("`, expected ").or_else(|| rest.rsplit_once("`, there are no"))?;
    Some((word, known.split('`').skip(1).step_by(2).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};

    fn fault(text: &str) -> ConfigError {
        read::<BTreeMap<String, serde_json::Value>>(Path::new("f"), text).unwrap_err()
    }

    #[test]
    fn a_named_pipe_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("map.yaml");
        let made = rustix::fs::mknodat(
            rustix::fs::CWD,
            &file,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        );
        made.unwrap();
        let said = open(&file).unwrap_err().to_string();
        assert!(said.contains("no regular file"), "{said}");
    }

    #[rstest]
    #[case("租: [\n", 2, 1, "did not find expected")]
    #[case("a: 1\nb: 2\na: 3\n", 3, 1, "key `a` stands here twice")]
    #[case("x: {租: 1, 租: 3}\n", 1, 11, "key `租` stands here twice")]
    #[case("a: 1\n---\nb: 1\n", 2, 1, "second document")]
    #[case("a: \u{1b}[2J\n", 1, 4, "U+001B")]
    #[case("a: b\rc: d", 1, 5, "U+000D")]
    #[case("a: !x y\n", 1, 4, "tag")]
    #[case("a: *x\n", 1, 4, "unknown anchor")]
    #[case("a: &x [*x]\n", 1, 4, "nested too deep")]
    #[case("- a\n", 1, 1, "invalid type: sequence, expected a map")]
    fn a_fault_has_its_place(
        #[case] text: &str,
        #[case] line: usize,
        #[case] column: usize,
        #[case] told: &str,
    ) {
        let fault = fault(text);
        assert_eq!(fault.place(), Some(Place { line, column }), "{fault}");
        assert!(fault.message().contains(told), "{fault}");
    }

    fn bomb(levels: usize, wide: usize) -> String {
        let level = |at: usize| {
            let refs = vec![format!("*a{}", at - 1); wide].join(", ");
            format!(
                "a{at}: &a{at} [{refs}]
"
            )
        };
        "a0: &a0 [lol]
"
        .to_owned()
            + &(1..levels).map(level).collect::<String>()
    }

    #[rstest]
    #[case(bomb(10, 10))]
    #[case(bomb(3, 3000))]
    #[case(format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(400_000), "*a,".repeat(100_000)))]
    #[case("[".repeat(LARGEST))]
    #[case("{a: ".repeat(LARGEST / 4))]
    #[case("- ".repeat(LARGEST / 2))]
    #[case("? ".repeat(LARGEST / 2))]
    fn a_bomb_is_refused_at_once(#[case] text: String) {
        let started = Instant::now();
        let fault = fault(&text);
        assert!(started.elapsed() < Duration::from_secs(20), "{fault} {:?}", started.elapsed());
        assert!(fault.to_string().len() < 2000);
        assert!(fault.place().is_some(), "{fault}");
    }

    #[test]
    fn what_is_no_utf8_is_told_with_its_place() {
        let fault = decode(Path::new("f"), b"a: 1\n\xe7\xa7\x9f: \xff\n").unwrap_err();
        assert_eq!(fault.place(), Some(Place { line: 2, column: 4 }));
        assert_eq!(decode(Path::new("f"), "\u{feff}a: 1".as_bytes()).unwrap(), "a: 1");
        assert!(decode(Path::new("f"), &vec![b' '; LARGEST + 1]).is_err());
    }
}

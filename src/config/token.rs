//! Where a token is, and the token itself. It never stands in the config.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::env::Env;
use super::error::ConfigError;
use super::locate::Step::Key;
use super::printable::is_unsafe;
use super::yaml::Source;

/// A token that is shorter can be guessed.
const SHORTEST: usize = 16;
/// No token is longer.
const LONGEST: usize = 512;

/// Where a token is: it never stands in the config itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// In a variable of the environment.
    Variable(String),
    /// In a file.
    File(PathBuf),
}

/// Where the token of that part of the config is, if anywhere.
///
/// # Errors
/// It stands there itself, is said twice, or its file has no name.
pub fn place(
    source: Source<'_>,
    part: &'static str,
    token: Option<&str>,
    file: Option<&str>,
    env: &Env,
) -> Result<Option<TokenPlace>, ConfigError> {
    let fault = |key: &'static str, message: &str| source.fault(&[Key(part), Key(key)], message);
    match (token, file) {
        (Some(_), Some(_)) => Err(fault("token_file", "`token` is there too: one of them")),
        (None, None) => Ok(None),
        (Some(token), None) => {
            let name = variable(token).ok_or_else(|| {
                let help =
                    "name a variable of the environment, ${env:WAKEBOARD_TOKEN}, or a file with `token_file`";
                fault("token", "a token does not stand here itself").with_help(Some(help.to_owned()))
            })?;
            Ok(Some(TokenPlace::Variable(name.to_owned())))
        }
        (None, Some(file)) if file.trim().is_empty() || file.chars().any(is_unsafe) => {
            Err(fault("token_file", "this is no path"))
        }
        (None, Some(file)) => Ok(Some(TokenPlace::File(env.path_in(source.file, file)))),
    }
}

/// The name in `${env:NAME}`.
pub(super) fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${env:")?.strip_suffix('}')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(name)
}

impl TokenPlace {
    /// The token itself, of that part of the config.
    ///
    /// # Errors
    /// It is not there, others can read it, or it is none that could keep anybody out.
    pub fn read(&self, part: &str, env: &Env) -> Result<String, ConfigError> {
        let (token, origin) = match self {
            TokenPlace::Variable(name) => {
                let help = format!("set it before: {name}=... wakeboard");
                let missing = || {
                    let message =
                        format!("the environment has no {name}, or it is empty: it is the token of `{part}`");
                    ConfigError::of(part, message).with_help(Some(help))
                };
                (env.var(name).ok_or_else(missing)?.to_owned(), name.clone())
            }
            TokenPlace::File(file) => (from_file(part, file)?, file.display().to_string()),
        };
        let fault = |message: String| {
            let help = format!("make one: openssl rand -hex 24 (it stands in {origin})");
            Err(ConfigError::of(part, message).with_help(Some(help)))
        };
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return fault("the token may have letters, digits and signs of ASCII only".to_owned());
        }
        if !(SHORTEST..=LONGEST).contains(&token.len()) {
            return fault(format!(
                "the token has {} characters: {SHORTEST} to {LONGEST} are needed",
                token.len()
            ));
        }
        Ok(token)
    }
}

fn from_file(part: &str, file: &Path) -> Result<String, ConfigError> {
    let failed = |error: std::io::Error| {
        ConfigError::in_file(file, format!("the token of `{part}` cannot be read: {error}"))
    };
    let opened = File::open(file).map_err(failed)?;
    if opened.metadata().map_err(failed)?.mode() & 0o077 != 0 {
        let help = format!("chmod 600 {}", file.display());
        return Err(ConfigError::in_file(file, "others can read this token").with_help(Some(help)));
    }
    let mut text = String::new();
    opened.take(LONGEST as u64 * 2).read_to_string(&mut text).map_err(failed)?;
    Ok(text.trim().to_owned())
}

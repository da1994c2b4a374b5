//! Where notes are taken by HTTP, and who may bring them.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::env::Env;
use super::error::ConfigError;
use super::locate::Step::Key;
use super::printable::is_unsafe;
use super::shape;
use super::yaml::Source;

/// A token that is shorter can be guessed.
const SHORTEST: usize = 16;
/// No token is longer.
const LONGEST: usize = 512;

/// An address at which notes are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notes {
    /// The address.
    pub listen: SocketAddr,
    /// Where the token is.
    pub token: TokenPlace,
}

/// Where a token is: it never stands in the config itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// In a variable of the environment.
    Variable(String),
    /// In a file.
    File(PathBuf),
}

/// The address that the file says, if it says one.
///
/// # Errors
/// It is no address, others could reach it though that is not said, or there is no token, or more than one.
pub fn check(source: Source<'_>, written: &shape::Notes, env: &Env) -> Result<Option<Notes>, ConfigError> {
    let fault = |key: &'static str, message: String, help: &str| {
        let help = Some(help.to_owned()).filter(|help| !help.is_empty());
        Err(source.fault(&[Key("notes"), Key(key)], message).with_help(help))
    };
    let Some(listen) = &written.listen else {
        let others = [("token", written.token.is_some()), ("token_file", written.token_file.is_some())];
        return match others
            .into_iter()
            .chain([("from_elsewhere", written.from_elsewhere)])
            .find(|(_, is)| *is)
        {
            Some((key, _)) => {
                fault(key, "there is no `listen` that this is for".to_owned(), "listen: 127.0.0.1:8466")
            }
            None => Ok(None),
        };
    };
    let Ok(address) = listen.parse::<SocketAddr>() else {
        let message = format!("{listen:?} is no address with a port");
        return fault("listen", message, "127.0.0.1:8466, or [::1]:8466");
    };
    if address.port() == 0 {
        return fault("listen", "the port is no number from 1 to 65535".to_owned(), "");
    }
    if !address.ip().is_loopback() && !written.from_elsewhere {
        let help = "what is said there, the token too, can be read on the way: put a proxy with TLS before 127.0.0.1, or say \
                    `from_elsewhere: true`";
        return fault("listen", format!("{} can be reached from other machines", address.ip()), help);
    }
    let token = match (&written.token, &written.token_file) {
        (Some(_), Some(_)) => return fault("token_file", "`token` is there too: one of them".to_owned(), ""),
        (None, None) => {
            return fault(
                "listen",
                "there is no token: anybody could say anything".to_owned(),
                "token: ${env:WAKEBOARD_TOKEN}",
            );
        }
        (Some(token), None) => {
            let Some(name) = variable(token) else {
                let help =
                    "name a variable of the environment, ${env:WAKEBOARD_TOKEN}, or a file with `token_file`";
                return fault("token", "a token does not stand here itself".to_owned(), help);
            };
            TokenPlace::Variable(name.to_owned())
        }
        (None, Some(file)) if file.trim().is_empty() || file.chars().any(is_unsafe) => {
            return fault("token_file", "this is no path".to_owned(), "");
        }
        (None, Some(file)) => TokenPlace::File(env.path_in(source.file, file)),
    };
    Ok(Some(Notes { listen: address, token }))
}

fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${env:")?.strip_suffix('}')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(name)
}

impl Notes {
    /// The token itself.
    ///
    /// # Errors
    /// It is not there, others can read it, or it is none that could keep anybody out.
    pub fn token(&self, env: &Env) -> Result<String, ConfigError> {
        let (token, origin) = match &self.token {
            TokenPlace::Variable(name) => {
                let help = format!("set it before: {name}=... wakeboard");
                let missing = || {
                    let message =
                        format!("the environment has no {name}, or it is empty: it is the token of `notes`");
                    ConfigError::of("notes", message).with_help(Some(help))
                };
                (env.var(name).ok_or_else(missing)?.to_owned(), name.clone())
            }
            TokenPlace::File(file) => (from_file(file)?, file.display().to_string()),
        };
        let fault = |message: String| {
            let help = format!("make one: openssl rand -hex 24 (it stands in {origin})");
            Err(ConfigError::of("notes", message).with_help(Some(help)))
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

fn from_file(file: &Path) -> Result<String, ConfigError> {
    let failed = |error: std::io::Error| {
        ConfigError::in_file(file, format!("the token of `notes` cannot be read: {error}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn notes(token: TokenPlace) -> Notes {
        Notes { listen: "127.0.0.1:8466".parse().unwrap(), token }
    }

    #[test]
    fn a_token_comes_from_the_environment() {
        let notes = notes(TokenPlace::Variable("T".to_owned()));
        let said = |value: &str| {
            let env = Env { vars: [("T".to_owned(), value.to_owned())].into(), ..Env::default() };
            notes.token(&env).map_err(|error| error.to_string())
        };
        assert_eq!(said("0123456789abcdef"), Ok("0123456789abcdef".to_owned()));
        assert!(said("").unwrap_err().contains("no T"));
        assert!(said("short").unwrap_err().contains("5 characters"));
        let told = said("geheim geheim geheim").unwrap_err();
        assert!(told.contains("ASCII") && !told.contains("geheim"), "{told}");
    }

    #[test]
    fn a_tokens_file_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "0123456789abcdef\n").unwrap();
        let notes = notes(TokenPlace::File(file.clone()));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let told = notes.token(&Env::default()).unwrap_err().to_string();
        assert!(told.contains("others can read") && told.contains("chmod 600"), "{told}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(notes.token(&Env::default()).unwrap(), "0123456789abcdef");
        fs::remove_file(&file).unwrap();
        assert!(notes.token(&Env::default()).unwrap_err().to_string().contains("cannot be read"));
    }
}

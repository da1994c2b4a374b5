//! Where notes are taken by HTTP, and who may bring them.

use std::net::SocketAddr;

use super::env::Env;
use super::error::ConfigError;
use super::locate::Step::Key;
use super::shape;
use super::token;
use super::yaml::Source;

pub use super::token::TokenPlace;

/// An address at which notes are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notes {
    /// The address.
    pub listen: SocketAddr,
    /// Where the token is.
    pub token: TokenPlace,
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
    let place = token::place(source, "notes", written.token.as_deref(), written.token_file.as_deref(), env)?;
    let Some(token) = place else {
        return fault(
            "listen",
            "there is no token: anybody could say anything".to_owned(),
            "token: ${env:WAKEBOARD_TOKEN}",
        );
    };
    Ok(Some(Notes { listen: address, token }))
}

impl Notes {
    /// The token itself.
    ///
    /// # Errors
    /// It is not there, others can read it, or it is none that could keep anybody out.
    pub fn token(&self, env: &Env) -> Result<String, ConfigError> {
        self.token.read("notes", env)
    }
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

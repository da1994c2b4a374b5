//! How secrets look, and what they are called.

use std::sync::LazyLock;

use regex::Regex;

/// A key with one of these in its name is a secret's.
const ANYWHERE: [&str; 12] = [
    "token",
    "passw",
    "passphrase",
    "secret",
    "authorization",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "cookie",
    "bearer",
    "webhook",
];
/// One that has one of these as a word.
const WORDS: [&str; 12] =
    ["key", "auth", "dsn", "pwd", "pw", "pass", "pat", "jwt", "sig", "signature", "private", "session"];
/// One that ends with one of these words only says where the secret is.
const ELSEWHERE: [&str; 5] = ["file", "path", "folder", "dir", "env"];

/// The patterns.
pub struct Rules {
    /// A key, with what stands between it and its value.
    pub key: Regex,
    /// An anchor.
    pub anchor: Regex,
    /// A variable's name in place of its value.
    pub reference: Regex,
    /// What may stand beside such a name.
    pub harmless: Regex,
    /// Secrets that are known by their look, and what is shown.
    pub loose: Vec<(Regex, &'static str)>,
}

impl Rules {
    /// The patterns; nothing where one of them is broken, which a test would tell.
    pub fn get() -> Option<&'static Rules> {
        static RULES: LazyLock<Option<Rules>> = LazyLock::new(|| Rules::made().ok());
        RULES.as_ref()
    }

    fn made() -> Result<Rules, regex::Error> {
        let loose = [
            // Everything up to the last `@` counts: a password may hold what it should not.
            (r#"(://[^\s:@/"']*):[^\s"']*@"#, "$1:******@"),
            (r#"(?i)(\bhttps?://)[^\s:@/"']+@"#, "$1******@"),
            (
                r#"(?i)([?&;][\w.-]*(?:token|key|passw|secret|sig|auth|code|session|pwd)[\w.-]*=)[^&\s"'#]+"#,
                "$1******",
            ),
            (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", "$1 ******"),
            (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9._-]+", "******"),
        ];
        let loose = loose.into_iter().map(|(pattern, with)| Ok((Regex::new(pattern)?, with)));
        Ok(Rules {
            key: Regex::new(r#"["']?(?P<name>[\w.-]+)["']?\s*[:=]\s*"#)?,
            anchor: Regex::new(r"&(?P<name>[\w.-]+)\s*")?,
            reference: Regex::new(r"\$\{(?:env:)?[A-Za-z_][A-Za-z0-9_-]*\}")?,
            harmless: Regex::new(r#"^[\s"']*(?i:bearer|basic|token)?[\s"'\]},]*$"#)?,
            loose: loose.collect::<Result<_, regex::Error>>()?,
        })
    }
}

/// Whether the value of a key of that name is a secret.
pub fn is_secret(name: &str) -> bool {
    let words = words(name);
    if words.last().is_some_and(|last| ELSEWHERE.contains(&last.as_str())) {
        return false;
    }
    let joined = words.concat();
    ANYWHERE.iter().any(|part| joined.contains(part))
        || words.iter().any(|word| WORDS.contains(&word.as_str()))
}

/// The words of `api_key`, `X-Api-Key` and `apiKey`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        let begins = c.is_uppercase() && was_small;
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        was_small = c.is_lowercase() || c.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name() {
        assert!(Rules::get().is_some());
        for secret in [
            "token",
            "API_TOKEN",
            "apiKey",
            "X-Api-Key",
            "password",
            "db.passwd",
            "Authorization",
            "dsn",
            "key",
            "SESSION_ID",
            "Set-Cookie",
            "client-secret",
            "mytoken",
            "basicAuth",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for open in
            ["keys", "up", "token_file", "page-up", "monkey", "keymap", "author", "passing", "key.path"]
        {
            assert!(!is_secret(open), "{open}");
        }
    }
}

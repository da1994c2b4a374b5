//! A request taken apart: the version, the path, the query.

use hyper::Uri;

/// What is asked.
#[derive(Debug)]
pub(super) struct Asked {
    /// The API version in the path, as `(1, 41)`.
    pub(super) version: Option<(u32, u32)>,
    /// The rest of the path, piece by piece.
    pub(super) path: Vec<String>,
    query: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn read(uri: &Uri) -> Asked {
        let mut path: Vec<String> = uri
            .path()
            .split('/')
            .filter(|piece| !piece.is_empty())
            .map(|piece| decode(piece, false))
            .collect();
        let version = path.first().and_then(|first| {
            let (major, minor) = first.strip_prefix('v')?.split_once('.')?;
            Some((major.parse().ok()?, minor.parse().ok()?))
        });
        if version.is_some() {
            path.remove(0);
        }
        let pair = |text: &str| {
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            (decode(key, true), decode(value, true))
        };
        let query = uri.query().unwrap_or_default().split('&').map(pair).collect();
        Asked { version, path, query }
    }

    /// The value of a parameter.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is set, in Docker's reading of truth.
    pub(super) fn is(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| {
            !matches!(value.to_ascii_lowercase().as_str(), "" | "0" | "no" | "false" | "none")
        })
    }
}

/// Text without its `%41` (and, in a query, `+`) escapes.
fn decode(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' if plus => bytes.push(b' '),
            b'%' => {
                let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
                if let Some(byte) = digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
                    bytes.push(byte);
                    rest = &after[2..];
                } else {
                    bytes.push(b'%');
                }
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_comes_apart() {
        let uri =
            "/v1.41/containers/%E9%9D%92-app/json?all=1&filters=%7B%22a%22%3A%5B%22b+c%22%5D%7D&size=false";
        let asked = Asked::read(&uri.parse().unwrap());
        assert_eq!(asked.version, Some((1, 41)));
        assert_eq!(asked.path, ["containers", "青-app", "json"]);
        assert_eq!(asked.get("filters"), Some(r#"{"a":["b c"]}"#));
        assert!(asked.is("all") && !asked.is("size") && !asked.is("limit"));
        assert_eq!(Asked::read(&"/_ping".parse().unwrap()).path, ["_ping"]);
        assert_eq!(decode("%zz%4", false), "%zz%4");
    }
}

//! Who may ask for more than a tenant: whoever says the token, or shows a certificate of the right authority.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::model::token::Token;

/// The longest header that is looked at.
const LONGEST: usize = 2048;

/// Whether these headers say the token: as `Bearer TOKEN`, or as the password of `Basic`, which is what a program sends that knows
/// only an address (`http://any:TOKEN@...`).
#[must_use]
pub fn is_said(token: &Token, headers: &HeaderMap) -> bool {
    let Some(said) = headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes) else { return false };
    let Some(at) = said.iter().position(|byte| *byte == b' ').filter(|_| said.len() <= LONGEST) else {
        return false;
    };
    let (scheme, rest) = (&said[..at], said[at..].trim_ascii());
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return token.is(rest);
    }
    let decoded = if scheme.eq_ignore_ascii_case(b"basic") { base64(rest) } else { None };
    let Some(decoded) = decoded else { return false };
    let Some(colon) = decoded.iter().position(|byte| *byte == b':') else { return false };
    token.is(&decoded[colon + 1..])
}

/// What is written so, if anything.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let mut decoded = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            decoded.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Bearer geheim-geheim-geheim", true)]
    #[case("bearer  geheim-geheim-geheim ", true)]
    #[case("Basic YW55OmdlaGVpbS1nZWhlaW0tZ2VoZWlt", true)]
    #[case("Basic OmdlaGVpbS1nZWhlaW0tZ2VoZWlt", true)]
    #[case("Basic Z2VoZWltLWdlaGVpbS1nZWhlaW0=", false)]
    #[case("Basic ??", false)]
    #[case("Bearer", false)]
    #[case("Bearer geheim", false)]
    #[case("Bearer geheim-geheim-geheimX", false)]
    #[case("Token geheim-geheim-geheim", false)]
    #[case("", false)]
    fn how_it_may_be_said(#[case] header: &str, #[case] expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header.parse().unwrap());
        let token = Token::of("geheim-geheim-geheim");
        assert_eq!(is_said(&token, &headers), expected);
        assert!(!is_said(&token, &HeaderMap::new()));
    }
}

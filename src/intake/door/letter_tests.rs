use http::{HeaderName, HeaderValue};
use rstest::rstest;

use super::*;

fn headers(pairs: &[(&str, &[u8])]) -> HeaderMap {
    let one = |(name, value): &(&str, &[u8])| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value).unwrap())
    };
    pairs.iter().map(one).collect()
}

fn problem(headers: &HeaderMap, body: &[u8]) -> (u16, String) {
    use http_body_util::BodyExt;
    let answer = read(headers, body).unwrap_err().answer();
    let status = answer.status().as_u16();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(answer.into_body().collect()).unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn a_note_is_read_with_all_that_it_may_have() {
    let body =
        br#"{"text":"deployed 1.4.2","object":"acme","host":"web-1","actor":"ci","verb":"updated","id":"7",
                    "time":"2026-11-23T14:00:00Z"}"#;
    let (said, raw) = read(&headers(&[("content-type", b"application/json; charset=UTF-8")]), body).unwrap();
    assert_eq!(
        (said.verb, said.object.as_deref(), said.actor.as_deref()),
        (Verb::Updated, Some("acme"), Some("ci"))
    );
    assert_eq!(said.key, Some(Said::key_of("7")));
    assert!(raw.contains("deployed 1.4.2"));
}

#[rstest]
#[case(br#"{"text":"a","objct":"acme"}"#, 400, "unknown field `objct`")]
#[case(b"{\"text\":\n \"a\",}", 400, "line 2, column 6")]
#[case(b"", 400, "line 1, column 0")]
#[case(b"[]", 400, "expected")]
#[case(b"\xff\xfe{}", 400, "no JSON")]
#[case(br#"{"text":"a","verb":"dumped"}"#, 422, "no verb of a note")]
#[case(br#"{"text":"a","id":""}"#, 422, "not empty")]
#[case(br#"{"object":"acme"}"#, 400, "missing field `text`")]
fn a_bad_note_is_told_with_its_place(#[case] body: &[u8], #[case] status: u16, #[case] told: &str) {
    let (is, text) = problem(&headers(&[("content-type", b"application/json")]), body);
    assert_eq!(is, status, "{text}");
    assert!(text.contains(told), "{text}");
}

#[rstest]
#[case("application/x-www-form-urlencoded", "application/json")]
#[case("application/cloudevents-batch+json", "one event a request")]
#[case("application/json; charset=latin1", "UTF-8")]
fn other_types_are_not_taken(#[case] media_type: &str, #[case] told: &str) {
    let (is, text) = problem(&headers(&[("content-type", media_type.as_bytes())]), b"{}");
    assert!(is == 415 && text.contains(told), "{text}");
    let (is, _) = problem(&HeaderMap::new(), b"{}");
    assert_eq!(is, 415);
}

#[test]
fn deep_and_wide_json_is_refused_or_bounded() {
    let json = headers(&[("content-type", MEDIA_TYPE.as_bytes())]);
    let deep = format!("{{\"data\":{}", "[".repeat(100_000));
    assert!(problem(&json, deep.as_bytes()).1.contains("recursion limit"));
    let wide = format!(
        "{{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"data\":[{}0]}}",
        "0,".repeat(100_000)
    );
    let (said, _) = read(&json, wide.as_bytes()).unwrap();
    assert!(said.is_cut && said.text.len() > 100_000, "cut when it becomes a record");
}

const EVENT: [(&str, &[u8]); 5] = [
    ("ce-specversion", b"1.0"),
    ("ce-id", b"7"),
    ("ce-source", b"/ci/shop"),
    ("ce-type", b"deployed"),
    ("ce-subject", b"%E9%9D%92%20%zz"),
];

#[rstest]
#[case("application/json", br#"{"text":"1.4.2"}"#, "deployed: 1.4.2")]
#[case("text/plain", "grün".as_bytes(), "deployed: grün")]
#[case("image/png", b"\x89PNG", "deployed: 4 bytes of image/png")]
#[case("application/json", b"", "deployed")]
fn an_event_in_headers_has_its_data_in_the_body(#[case] kind: &str, #[case] body: &[u8], #[case] text: &str) {
    let all: Vec<(&str, &[u8])> = EVENT.into_iter().chain([("content-type", kind.as_bytes())]).collect();
    let (said, raw) = read(&headers(&all), body).unwrap();
    assert_eq!((said.text.as_str(), said.object.as_deref()), (text, Some("青 %zz")));
    assert_eq!(said.key.as_deref(), Some("cloudevent\0/ci/shop\u{0}7"));
    assert!(raw.contains("\"source\":\"/ci/shop\""), "{raw}");
}

#[rstest]
#[case("ce-id", b"8", 422, "twice")]
#[case("ce-x", b"\xff", 422, "no UTF-8")]
#[case("ce-data", b"x", 422, "is the body")]
#[case("ce-no_name", b"x", 422, "a-z and 0-9")]
#[case("content-type", b"application/cloudevents+json", 415, "do not go together")]
fn bad_headers_of_an_event_are_told(
    #[case] name: &str,
    #[case] value: &[u8],
    #[case] status: u16,
    #[case] told: &str,
) {
    let mut all = headers(&EVENT);
    all.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_bytes(value).unwrap());
    let (is, text) = problem(&all, b"{}");
    assert_eq!(is, status, "{text}");
    assert!(text.contains(told), "{text}");
}

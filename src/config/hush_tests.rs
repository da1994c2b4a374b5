use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case("ledger: postgres://me:geheim@db/x", "ledger: postgres://me:******@db/x")]
#[case("a: https://geheim@example.com/x", "a: https://******@example.com/x")]
#[case("h: ssh://ops@web-1:2222", "h: ssh://ops@web-1:2222")]
#[case("u: https://example.com/?a=1&api_key=geheim&b=2", "u: https://example.com/?a=1&api_key=******")]
#[case("- get: /x?token=geheim", "- get: /x?token=******")]
#[case("token: geheim", "token: ******")]
#[case("token: ${env:TOKEN}", "token: ${env:TOKEN}")]
#[case("token: \"Bearer ${env:TOKEN}\"", "token: \"Bearer ${env:TOKEN}\"")]
#[case("token: geheim${env:TOKEN}", "token: ******${env:TOKEN}")]
#[case("token: ${env:TOKEN:-geheim}", "token: ******")]
#[case("  headers: {Authorization: Bearer geheim, A: b}", "  headers: {Authorization: ******")]
#[case("  headers: {\"X-Api-Key\": \"geheim\"}", "  headers: {\"X-Api-Key\": ******")]
#[case("- 'Cookie: geheim'", "- 'Cookie: ******")]
#[case("# password: geheim", "# password: ******")]
#[case("cmd: run --password=geheim", "cmd: run --password=******")]
#[case("expect: Bearer geheimgeheim", "expect: Bearer ******")]
#[case("token_file: /etc/token", "token_file: /etc/token")]
#[case("keys:", "keys:")]
#[case("up: [up, k]", "up: [up, k]")]
#[case("password:   # geheim", "password:   ******")]
fn one_line(#[case] line: &str, #[case] shown: &str) {
    assert_eq!(hushed(line, &[]), [shown]);
}

#[rstest]
#[case("password: |\n  geheim\n\n  geheim\nnext: open")]
#[case("password: >-\n  geheim\nnext: open")]
#[case("secrets:\n  a: geheim\n  b:\n    - geheim\nnext: open")]
#[case("secrets:\n- geheim\n- geheim\nnext: open")]
#[case("password: \"geheim\n  geheim\"\nnext: open")]
#[case("password: 'geheim\ngeheim'\nnext: open")]
#[case("password: geheim\n  geheim\nnext: open")]
#[case("- token: geheim\n    geheim\n  next: open")]
#[case("{\n\"token\":\n\"geheim\"\n}\nnext: open")]
#[case("a: &it geheim\npassword: *it\nnext: open")]
#[case("a:\n  - &it geheim\nb: {token: *it}\nnext: open")]
#[case("pem: |\n  -----BEGIN RSA PRIVATE KEY-----\n  geheim\n  -----END RSA PRIVATE KEY-----\nnext: open")]
#[case("a: \"-----BEGIN PRIVATE KEY-----\ngeheim\n-----END PRIVATE KEY-----\"\nnext: open")]
fn over_lines(#[case] text: &str) {
    let shown = hushed(text, &[]);
    assert_eq!(shown.len(), text.split('\n').count());
    assert!(!shown.concat().contains("geheim"), "{shown:#?}");
    assert_eq!(shown.last().map(|line| line.trim()), Some("next: open"), "{shown:#?}");
}

#[test]
fn what_is_known_from_elsewhere_is_hidden_everywhere() {
    assert_eq!(hushed("a: xgeheimy\nb: ab", &["geheim", "ab"]), ["a: x******y", "b: ab"]);
}

#[test]
fn the_sample_and_callmaps_stay_readable() {
    let sample = include_str!("../../docs/wakeboard.sample.yaml");
    let shown = hushed(sample, &[]);
    let hidden: Vec<_> = shown.iter().filter(|line| line.contains(HIDDEN)).collect();
    assert!(hidden.len() <= 4, "{hidden:#?}");
}

proptest! {
    #[test]
    fn there_are_as_many_lines_and_no_panic(text in "([a-z:=&*'\"{}\\- \n|]|token|租|\r|\t){0,80}") {
        prop_assert_eq!(hushed(&text, &["tok"]).len(), text.split('\n').count());
    }

    #[test]
    fn a_value_of_a_secret_is_never_shown(before in "[ -]{0,4}", value in "[a-zA-Z0-9]{7,20}", quote in "[\"']?") {
        let line = format!("{before}password: {quote}{value}{quote}");
        prop_assert!(!hushed(&line, &[]).concat().contains(&value));
    }
}

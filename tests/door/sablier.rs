//! What plugins for Sablier ask, in their words.

use rstest::rstest;
use wakeboard::model::method::Method;

use super::stand::Stand;

const STATUS: &str = "x-sablier-session-status";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_until_it_is_ready() {
    let stand = Stand::open().await;
    stand.dump("acme", Method::Stop).await;
    let path = "/api/strategies/dynamic?names=acme&session_duration=5m&display_name=The+Shop&refresh_frequency=7s\
                &show_details=true&theme=ghost";
    let page = stand.get(path, &[]).await;
    assert_eq!((page.status, page.header(STATUS)), (200, Some("not-ready")), "{page:?}");
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.body.contains("The Shop is waking up") && page.body.contains("content=\"7\""), "{page:?}");
    assert!(page.body.contains("<dt>acme</dt>"), "{page:?}");
    let ready = stand.get("/api/strategies/blocking?group=acme&timeout=10s", &[]).await;
    assert_eq!((ready.status, ready.header(STATUS)), (200, Some("ready")), "{ready:?}");
    let page = stand.get(path, &[]).await;
    assert_eq!((page.status, page.header(STATUS)), (200, Some("ready")), "{page:?}");
    assert_eq!(stand.asked_for("acme").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_waited_for_together() {
    let stand = Stand::open().await;
    stand.dump("acme", Method::Stop).await;
    stand.dump("birch", Method::Stop).await;
    // Containers' names are known as well as tenants'.
    let path = "/api/strategies/blocking?names=acme-app&names=birch&session_duration=5m&timeout=";
    let late = stand.get(&format!("{path}50ms"), &[]).await;
    assert_eq!((late.status, late.header(STATUS)), (503, Some("not-ready")), "{late:?}");
    assert_eq!(late.header("retry-after"), Some("2"));
    let ready = stand.get(&format!("{path}10s"), &[]).await;
    assert_eq!((ready.status, ready.header(STATUS)), (200, Some("ready")), "{ready:?}");
    let body: serde_json::Value = serde_json::from_str(&ready.body).unwrap();
    assert_eq!(body["session"]["status"], "ready");
    let names: Vec<_> = body["session"]["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["instance"]["name"].clone(), it["instance"]["status"].clone()))
        .collect();
    assert_eq!(names, [("acme".into(), "ready".into()), ("birch".into(), "ready".into())]);
    assert_eq!((stand.asked_for("acme").len(), stand.asked_for("birch").len()), (1, 1));
}

#[rstest]
#[case("dynamic", "", 400)]
#[case("dynamic", "?names=acme&group=acme", 400)]
#[case("dynamic", "?names=nobody", 404)]
#[case("blocking", "?group=nobody", 404)]
#[case("blocking", "?names=acme&timeout=soon", 400)]
#[case("blocking", "?names=acme&session_duration=5", 400)]
#[case("themes", "", 404)]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant(#[case] strategy: &str, #[case] query: &str, #[case] status: u16) {
    let stand = Stand::open().await;
    let answer = stand.get(&format!("/api/strategies/{strategy}{query}"), &[]).await;
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.header(STATUS).is_none());
}

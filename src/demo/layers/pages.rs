//! What the servers of the demo's chain answer.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, SERVER};
use hyper::{Request, Response, StatusCode};
use tokio::time::sleep;

use super::SITE;
use super::trouble::{Place, Trouble};

/// What the database says to whoever comes.
pub const GREETING: &str = "shop database 15.6 ready\r\n";

/// How long a slow one takes.
const SLOW: Duration = Duration::from_millis(800);

/// A page, or why there is none: nobody but the site's own visitors are served.
pub async fn answer(
    request: Request<Incoming>,
    place: Place,
    trouble: Option<Trouble>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if trouble == Some(Trouble::Slow) {
        sleep(SLOW).await;
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_ours = host.split(':').next().is_some_and(|name| name.eq_ignore_ascii_case(SITE));
    Ok(if !is_ours || trouble == Some(Trouble::OtherSite) {
        page(StatusCode::MISDIRECTED_REQUEST, "text/plain", "this site is not served here\n")
    } else if trouble == Some(Trouble::BadGateway) {
        page(StatusCode::BAD_GATEWAY, "text/plain", "the application does not answer\n")
    } else {
        well(place, request.uri().path(), trouble)
    })
}

fn well(place: Place, path: &str, trouble: Option<Trouble>) -> Response<Full<Bytes>> {
    match (place, path) {
        (Place::App, "/health") => {
            let db = if trouble == Some(Trouble::NoDatabase) { "lost" } else { "ok" };
            let health = serde_json::json!({"status": "UP", "db": db, "version": "v4.2.1"});
            page(StatusCode::OK, "application/json", &format!("{health}\n"))
        }
        (_, "/") if trouble == Some(Trouble::OtherPage) => {
            page(StatusCode::OK, "text/html", "<title>It works!</title>\n")
        }
        (_, "/") => page(StatusCode::OK, "text/html", "<title>the shop</title>\n"),
        _ => page(StatusCode::NOT_FOUND, "text/plain", "there is no such page\n"),
    }
}

fn page(status: StatusCode, kind: &'static str, body: &str) -> Response<Full<Bytes>> {
    let mut page = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *page.status_mut() = status;
    page.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    page.headers_mut().insert(SERVER, hyper::header::HeaderValue::from_static("shop/4.2.1"));
    page
}

//! A server that answers 200 and nothing else, by the same libraries as the wake door: what that is compared with. Prints its
//! address.
#![allow(clippy::unwrap_used, reason = "it measures, and ends where it cannot")]

use axum::Router;
use axum::routing::any;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let router: Router = Router::new().route("/wake", any(async || ()));
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        tokio::spawn(async move {
            let mut rules = http1::Builder::new();
            rules.timer(TokioTimer::new());
            let _ = rules.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
        });
    }
}

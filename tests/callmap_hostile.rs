//! Servers that mean harm, or have none of it together: each ends soon, takes little, and is told in plain words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "callmap/bench.rs"]
mod bench;
#[path = "callmap/hostile_dns.rs"]
mod dns;
#[path = "callmap/hostile_http.rs"]
mod http;
#[path = "callmap/hostile_redirects.rs"]
mod redirects;
#[path = "callmap/resolver.rs"]
mod resolver;
#[path = "callmap/secure.rs"]
mod secure;
#[path = "callmap/hostile_tls.rs"]
mod tls;

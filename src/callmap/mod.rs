//! Asks the call chain of a product: whom (`plan`), how (one file a kind of probe), and all at once (`run`). What the
//! answers mean is told by `model::callmap`.

mod attempt;
mod certificate;
mod connect;
mod dns;
mod fault;
mod handshake;
mod http;
pub mod limits;
pub mod plan;
pub mod run;
pub mod status;
mod tcp;
mod tls;
mod ways;

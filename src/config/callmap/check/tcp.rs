//! Ports that must take connections.

use super::{Check, like, names, number};
use crate::config::callmap::shape::TcpProbe;
use crate::config::callmap::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::model::callmap::map::{TcpAsk, Text};

/// The question of a probe. `has_targets`: the layer says who is asked.
///
/// # Errors
/// There is no port, nobody to ask, or somebody beside the layer's targets; or a banner that says nothing.
pub fn ask(check: &Check<'_>, probe: &TcpProbe, has_targets: bool) -> Result<TcpAsk, ConfigError> {
    let (host, port) =
        target(&probe.tcp.value.0, has_targets).map_err(|wrong| check.fault(probe.tcp.spot, wrong))?;
    let mut banner = None;
    if let Some(expect) = &probe.expect {
        if expect.value.banner.is_none() && expect.value.slow.is_none() {
            return Err(
                check.fault(expect.spot, Wrong::new("nothing is said", "say one of `banner`, `slow`"))
            );
        }
        banner = expect.value.banner.as_ref().map(|like| like::one(check, like)).transpose()?;
    }
    Ok(TcpAsk { port, host, banner })
}

fn target(text: &str, has_targets: bool) -> Result<(Option<Text>, u16), Wrong> {
    if number::digits(text).is_some() {
        let port = number::port(text)?;
        if !has_targets {
            let help = format!("give the layer `targets`, or write db.example.com:{port}");
            return Err(Wrong::new("a port of nobody: the layer has no targets", help));
        }
        return Ok((None, port));
    }
    let (host, port) = names::split_port(text)?;
    let host = names::host(host)?;
    let Some(port) = port else {
        return Err(Wrong::new(format!("`{text}` has no port"), format!("write {text}:5432")));
    };
    if has_targets {
        let help = format!("write only the port, {port}, or leave out `targets` of the layer");
        return Err(Wrong::new("the layer's targets are asked here", help));
    }
    Ok((Some(Text::open(&host)), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("5432", true, Some((None, 5432)))]
    #[case("5432", false, None)]
    #[case("0", true, None)]
    #[case("db.example.com:5432", false, Some((Some("db.example.com"), 5432)))]
    #[case("db.example.com:5432", true, None)]
    #[case("[2001:db8::7]:5432", false, Some((Some("2001:db8::7"), 5432)))]
    #[case("db.example.com", false, None)]
    #[case("tcp://db:1", false, None)]
    fn whom_a_port_belongs_to(
        #[case] text: &str,
        #[case] has_targets: bool,
        #[case] expected: Option<(Option<&str>, u16)>,
    ) {
        let expected = expected.map(|(host, port)| (host.map(Text::open), port));
        assert_eq!(target(text, has_targets).ok(), expected);
    }
}

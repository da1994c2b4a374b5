//! Layers: whom they ask, how many of those must be well, and their probes.

use super::limits::Limits;
use super::{Check, dns, http, names, number, tcp, tls};
use crate::config::callmap::limits::{MOST_PROBES, MOST_TARGETS};
use crate::config::callmap::places::Spot;
use crate::config::callmap::shape;
use crate::config::callmap::written::{At, Written};
use crate::config::callmap::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::model::callmap::map::{Ask, Layer, Need, OnBroken, Probe, Target, Targets};

/// The layer that is written.
///
/// # Errors
/// The first thing in it that cannot be.
pub fn layer(check: &Check<'_>, written: &shape::Layer, above: Limits) -> Result<Layer, ConfigError> {
    let name = names::shown(&written.name.value).map_err(|wrong| check.fault(written.name.spot, wrong))?;
    let limits = above.narrowed(check, written)?;
    let targets = match &written.targets {
        Some(targets) => self::targets(check, targets)?,
        None => Targets::OfProbes,
    };
    let count = written.probes.value.len();
    if count == 0 {
        return Err(check.fault(written.probes.spot, "there is no probe"));
    }
    if count > MOST_PROBES {
        return Err(check.fault(written.probes.spot, format!("more than {MOST_PROBES} probes")));
    }
    let has_targets = targets != Targets::OfProbes;
    let probe = |written: &shape::Probe| probe(check, written, limits, has_targets);
    let probes = written.probes.value.iter().map(probe).collect::<Result<Vec<_>, _>>()?;
    let need = match &written.need {
        Some(written) => need(check, written, &targets, probes.len())?,
        None => Need::All,
    };
    let on_broken = match written.on_broken {
        Some(shape::OnBroken::Skip) => OnBroken::Skip,
        Some(shape::OnBroken::GoOn) | None => OnBroken::GoOn,
    };
    Ok(Layer { name, need, targets, on_broken, probes })
}

fn probe(
    check: &Check<'_>,
    written: &shape::Probe,
    above: Limits,
    has_targets: bool,
) -> Result<Probe, ConfigError> {
    let (ask, limits) = match written {
        shape::Probe::Dns(probe) => {
            let slow = probe.expect.as_ref().and_then(|expect| expect.value.slow.as_ref());
            (Ask::Dns(dns::ask(check, probe, has_targets)?), above.of_probe(check, probe, slow)?)
        }
        shape::Probe::Http(probe) => {
            let slow = probe.expect.as_ref().and_then(|expect| expect.value.slow.as_ref());
            (Ask::Http(Box::new(http::ask(check, probe)?)), above.of_probe(check, &**probe, slow)?)
        }
        shape::Probe::Tcp(probe) => {
            let slow = probe.expect.as_ref().and_then(|expect| expect.value.slow.as_ref());
            (Ask::Tcp(tcp::ask(check, probe, has_targets)?), above.of_probe(check, probe, slow)?)
        }
        shape::Probe::Tls(probe) => {
            let slow = probe.expect.as_ref().and_then(|expect| expect.value.slow.as_ref());
            (Ask::Tls(tls::ask(check, probe)?), above.of_probe(check, probe, slow)?)
        }
    };
    Ok(Probe { ask, timeout: limits.timeout, retries: limits.retries, slow: limits.slow })
}

fn targets(check: &Check<'_>, written: &At<shape::Targets>) -> Result<Targets, ConfigError> {
    match &written.value {
        shape::Targets::Text(one) => Ok(Targets::Addresses(vec![target(check, one)?])),
        shape::Targets::List(list) if list.is_empty() => {
            let wrong =
                Wrong::new("there is no target", "leave `targets` out where each probe names its own");
            Err(check.fault(written.spot, wrong))
        }
        shape::Targets::List(list) if list.len() > MOST_TARGETS => {
            Err(check.fault(written.spot, format!("more than {MOST_TARGETS} targets")))
        }
        shape::Targets::List(list) => {
            let mut targets = Vec::new();
            for one in list {
                let target = target(check, one)?;
                if targets.contains(&target) {
                    return Err(check.fault(one.spot, format!("target `{}` stands here twice", one.value)));
                }
                targets.push(target);
            }
            Ok(Targets::Addresses(targets))
        }
        shape::Targets::Map(of) => {
            let name = |at: &At<String>| names::shown(&at.value).map_err(|wrong| check.fault(at.spot, wrong));
            let port =
                |at: &At<Written>| number::port(&at.value.0).map_err(|wrong| check.fault(at.spot, wrong));
            Ok(Targets::Tenant {
                tenant: name(&of.tenant)?,
                role: of.role.as_ref().map(name).transpose()?,
                port: of.port.as_ref().map(port).transpose()?,
            })
        }
    }
}

fn target(check: &Check<'_>, written: &At<String>) -> Result<Target, ConfigError> {
    let text = written.value.trim();
    if let Some((address, port)) = names::address(text) {
        return Ok(Target { address, port });
    }
    let (message, help) = if text.contains('%') {
        (
            format!("`{text}`: an address with a zone means something else on every machine"),
            "leave `%` and the zone out",
        )
    } else if text.starts_with(|c: char| c.is_ascii_digit()) || text.contains(':') {
        (
            format!("`{text}` is no address"),
            "examples: 10.1.0.2, 10.1.0.2:8080, 2001:db8::7, \"[2001:db8::7]:8080\"",
        )
    } else {
        (
            format!("`{text}` is no address"),
            "targets are addresses, or {tenant: NAME}; without `targets` the host of each URL is asked",
        )
    };
    Err(check.fault(written.spot, Wrong::new(message, help)))
}

/// How many must be well. It must be possible: a layer that needs 3 of 2 would always be broken.
fn need(
    check: &Check<'_>,
    written: &At<Written>,
    targets: &Targets,
    probes: usize,
) -> Result<Need, ConfigError> {
    let fault = |spot: Spot, wrong: Wrong| check.fault(spot, wrong);
    let need = parse_need(&written.value.0).map_err(|wrong| fault(written.spot, wrong))?;
    let there_are = match targets {
        Targets::Addresses(targets) => targets.len(),
        Targets::OfProbes => probes,
        Targets::Tenant { .. } => return Ok(need),
    };
    match need {
        Need::Count(count) if count as usize > there_are => {
            let what = if *targets == Targets::OfProbes { "probe" } else { "target" };
            let more = if there_are == 1 { "" } else { "s" };
            let message = format!("the layer needs {count}, and has only {there_are} {what}{more}");
            Err(fault(written.spot, message.into()))
        }
        need => Ok(need),
    }
}

fn parse_need(text: &str) -> Result<Need, Wrong> {
    let wrong = || {
        Wrong::new(
            format!("`{text}` is no need"),
            "write all, any, a number such as 2, or a share such as 50%",
        )
    };
    if let Some(percent) = text.strip_suffix('%') {
        let percent = number::digits(percent.trim_end()).filter(|percent| (1..=100).contains(percent));
        let percent = percent.and_then(|percent| u8::try_from(percent).ok());
        return percent
            .map(Need::Percent)
            .ok_or_else(|| format!("`{text}` is no share: 1% to 100% are").into());
    }
    match (text, number::digits(text)) {
        ("all", _) => Ok(Need::All),
        ("any", _) => Ok(Need::Any),
        (_, Some(0)) => Err(Wrong::new("a layer that needs nothing is never broken", "write `any` for one")),
        (_, Some(count)) => u32::try_from(count).map(Need::Count).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("all", Some(Need::All))]
    #[case("any", Some(Need::Any))]
    #[case("2", Some(Need::Count(2)))]
    #[case("50%", Some(Need::Percent(50)))]
    #[case("50 %", Some(Need::Percent(50)))]
    #[case("100%", Some(Need::Percent(100)))]
    #[case("0", None)]
    #[case("0%", None)]
    #[case("101%", None)]
    #[case("-1", None)]
    #[case("1.5", None)]
    #[case("99999999999", None)]
    #[case("most", None)]
    #[case("", None)]
    fn needs(#[case] text: &str, #[case] expected: Option<Need>) {
        assert_eq!(parse_need(text).ok(), expected);
    }
}

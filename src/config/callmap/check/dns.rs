//! Questions to resolvers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Check, like, names, number};
use crate::config::callmap::limits::MOST_RECORDS;
use crate::config::callmap::shape;
use crate::config::callmap::written::{At, Many, Word};
use crate::config::callmap::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::model::callmap::map::{DnsAsk, DnsExpect, DnsTransport, RecordKind, Text};

/// The question of a probe. `has_targets`: the layer says who is asked.
///
/// # Errors
/// A name, an address or a record that is none, or an expectation that cannot be met.
pub fn ask(check: &Check<'_>, probe: &shape::DnsProbe, has_targets: bool) -> Result<DnsAsk, ConfigError> {
    let kind = probe.kind.as_ref().map_or(RecordKind::A, |kind| self::kind(kind.value));
    let name = name(&probe.dns.value, kind).map_err(|wrong| check.fault(probe.dns.spot, wrong))?;
    let resolver = match &probe.resolver {
        Some(written) if has_targets => {
            let help = "leave out `resolver`, or `targets` of the layer";
            return Err(
                check.fault(written.spot, Wrong::new("the layer's targets are the resolvers here", help))
            );
        }
        Some(written) => Some(resolver(&written.value).map_err(|wrong| check.fault(written.spot, wrong))?),
        None => None,
    };
    let transport = match probe.transport {
        Some(shape::Transport::Tcp) => DnsTransport::Tcp,
        Some(shape::Transport::Udp) | None => DnsTransport::Udp,
    };
    let expect = probe.expect.as_ref().map(|written| expect(check, written, kind)).transpose()?;
    Ok(DnsAsk { name, kind, resolver, transport, expect: expect.unwrap_or_default() })
}

fn kind(written: shape::RecordKind) -> RecordKind {
    match written {
        shape::RecordKind::A => RecordKind::A,
        shape::RecordKind::Aaaa => RecordKind::Aaaa,
        shape::RecordKind::Cname => RecordKind::Cname,
        shape::RecordKind::Txt => RecordKind::Txt,
        shape::RecordKind::Mx => RecordKind::Mx,
        shape::RecordKind::Ns => RecordKind::Ns,
        shape::RecordKind::Srv => RecordKind::Srv,
        shape::RecordKind::Ptr => RecordKind::Ptr,
    }
}

fn name(written: &str, kind: RecordKind) -> Result<Text, Wrong> {
    let address = written.parse::<IpAddr>();
    match (kind, address) {
        (RecordKind::Ptr, Ok(address)) => Ok(Text::open(&address.to_string())),
        (RecordKind::Ptr, Err(_)) => Err(Wrong::new(
            format!("`{written}` is no address"),
            "`type: PTR` looks up the name of an address",
        )),
        (_, Ok(_)) => Err(Wrong::new(
            "an address has no such records",
            "the name of an address is looked up with `type: PTR`",
        )),
        (_, Err(_)) => names::dns(written).map(|()| Text::open(written)),
    }
}

fn resolver(written: &str) -> Result<SocketAddr, Wrong> {
    let (address, port) = names::address(written).ok_or_else(|| {
        let help = "examples: 10.0.0.53, 10.0.0.53:5353, \"[2001:db8::53]:53\"";
        Wrong::new(format!("`{written}` is no address of a resolver"), help)
    })?;
    Ok(SocketAddr::new(address, port.unwrap_or(53)))
}

fn expect(
    check: &Check<'_>,
    written: &At<shape::DnsExpect>,
    kind: RecordKind,
) -> Result<DnsExpect, ConfigError> {
    let shape::DnsExpect { any, all, exactly, count, slow } = &written.value;
    if any.is_none() && all.is_none() && exactly.is_none() && count.is_none() && slow.is_none() {
        let wrong = Wrong::new("nothing is said", "say one of `any`, `all`, `exactly`, `count`");
        return Err(check.fault(written.spot, wrong));
    }
    if let Some(exactly) = exactly
        && (any.is_some() || all.is_some() || count.is_some())
    {
        let wrong = Wrong::new("`exactly` says all that can be said", "leave `any`, `all` and `count` out");
        return Err(check.fault(exactly.spot, wrong));
    }
    let list =
        |list: &Option<At<Many<Word>>>| list.as_ref().map(|list| records(check, list, kind)).transpose();
    let any = list(any)?.unwrap_or_default();
    let all = list(all)?.unwrap_or_default();
    let exactly = list(exactly)?;
    let mut wanted = None;
    if let Some(count) = count {
        let most = MOST_RECORDS as u64;
        let number = number::whole(count, 0, most).map_err(|wrong| check.fault(count.spot, wrong))?;
        let number = u32::try_from(number).unwrap_or_default();
        if (number as usize) < all.len().max(usize::from(!any.is_empty())) {
            return Err(check.fault(count.spot, "`any` and `all` want more records than that"));
        }
        wanted = Some(number);
    }
    Ok(DnsExpect { any, all, exactly, count: wanted })
}

fn records(check: &Check<'_>, list: &At<Many<Word>>, kind: RecordKind) -> Result<Vec<Text>, ConfigError> {
    if list.value.0.is_empty() {
        let wrong = Wrong::new("this list is empty", "that there is no record at all is written `count: 0`");
        return Err(check.fault(list.spot, wrong));
    }
    if list.value.0.len() > MOST_RECORDS {
        return Err(check.fault(list.spot, format!("more than {MOST_RECORDS} records")));
    }
    like::not_empty(check, list)?;
    let mut records: Vec<Text> = Vec::new();
    for word in &list.value.0 {
        let record = record(&word.text, kind).map_err(|wrong| check.fault(word.spot, wrong))?;
        if records.contains(&record) {
            return Err(check.fault(word.spot, format!("`{}` stands here twice", record.shown())));
        }
        records.push(record);
    }
    Ok(records)
}

/// A record in the notation of zone files, as answers are shown: addresses in their short form, names with a dot at their
/// end.
fn record(text: &Text, kind: RecordKind) -> Result<Text, Wrong> {
    let (value, shown) = (text.value(), &**text.shown());
    if kind == RecordKind::Txt {
        return Ok(text.clone());
    }
    if value != shown {
        return Err(Wrong::new(
            "a secret may not stand here",
            "of all records only those of type TXT may hold one",
        ));
    }
    let dotted = |name: &str| -> Result<String, Wrong> {
        names::dns(name)?;
        Ok(if name.ends_with('.') { name.to_owned() } else { format!("{name}.") })
    };
    let numbers = |count: usize, example: &str| -> Result<String, Wrong> {
        let wrong = || Wrong::new(format!("`{value}` is no such record"), format!("example: {example}"));
        let parts: Vec<&str> = value.split_whitespace().collect();
        let [numbers @ .., name] = parts.as_slice() else { return Err(wrong()) };
        if numbers.len() != count || numbers.iter().any(|number| number.parse::<u16>().is_err()) {
            return Err(wrong());
        }
        Ok(format!("{} {}", numbers.join(" "), dotted(name)?))
    };
    let record = match kind {
        RecordKind::A => {
            let address = value.parse::<Ipv4Addr>();
            address
                .map_err(|_| format!("`{value}` is no IPv4 address, which records of type A are"))?
                .to_string()
        }
        RecordKind::Aaaa => {
            let address = value.parse::<Ipv6Addr>();
            address
                .map_err(|_| format!("`{value}` is no IPv6 address, which records of type AAAA are"))?
                .to_string()
        }
        RecordKind::Mx => numbers(1, "10 mail.example.com.")?,
        RecordKind::Srv => numbers(3, "0 5 5060 sip.example.com.")?,
        RecordKind::Cname | RecordKind::Ns | RecordKind::Ptr | RecordKind::Txt => dotted(value)?,
    };
    Ok(Text::open(&record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(RecordKind::A, "203.0.113.7", Some("203.0.113.7"))]
    #[case(RecordKind::A, "2001:db8::7", None)]
    #[case(RecordKind::Aaaa, "2001:DB8:0::7", Some("2001:db8::7"))]
    #[case(RecordKind::Cname, "edge.example.net", Some("edge.example.net."))]
    #[case(RecordKind::Cname, "edge.example.net.", Some("edge.example.net."))]
    #[case(RecordKind::Cname, "203.0.113.7/x", None)]
    #[case(RecordKind::Mx, "10  mail.example.com", Some("10 mail.example.com."))]
    #[case(RecordKind::Mx, "mail.example.com", None)]
    #[case(RecordKind::Srv, "0 5 5060 sip.example.com.", Some("0 5 5060 sip.example.com."))]
    #[case(RecordKind::Srv, "5 5060 sip.example.com.", None)]
    #[case(RecordKind::Txt, "v=spf1 -all", Some("v=spf1 -all"))]
    fn records_are_written_as_zones_have_them(
        #[case] kind: RecordKind,
        #[case] text: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(record(&Text::open(text), kind).ok(), expected.map(Text::open));
    }
}

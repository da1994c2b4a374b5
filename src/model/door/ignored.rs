//! Requests that neither wake a tenant nor count as its use: by path, method, program or source, as proxies tell them.

use std::net::IpAddr;

/// Which requests those are; one of these is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Paths; one that ends with `*` stands for all that begin so.
    pub paths: Vec<String>,
    /// Methods, in capital letters.
    pub methods: Vec<String>,
    /// Parts of a `User-Agent`, in small letters.
    pub agents: Vec<String>,
    /// Where they come from.
    pub sources: Vec<Network>,
}

/// Addresses that have their first bits in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// What a proxy tells of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    /// Its path, perhaps with a query.
    pub path: Option<&'a str>,
    /// Its method.
    pub method: Option<&'a str>,
    /// The program that sent it.
    pub agent: Option<&'a str>,
    /// Where it came from.
    pub source: Option<IpAddr>,
}

impl Network {
    /// Reads `10.0.0.0/8`, or one address.
    #[must_use]
    pub fn read(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
            None => most,
        };
        (bits <= most).then_some(Network { address, bits })
    }

    /// Whether an address is one of them. One of IPv4 that is written as IPv6 is the same address.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        let number = |address: IpAddr| match address.to_canonical() {
            IpAddr::V4(address) => (32_u32, u128::from(u32::from(address))),
            IpAddr::V6(address) => (128, u128::from(address)),
        };
        let ((width, own), (other_width, other)) = (number(self.address), number(address));
        let shift = width.saturating_sub(u32::from(self.bits));
        width == other_width && (own ^ other).checked_shr(shift).unwrap_or(0) == 0
    }
}

impl Ignored {
    /// Whether no request is one of these.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Ignored::default()
    }

    /// Whether this request is one of these.
    #[must_use]
    pub fn has(&self, told: &Told<'_>) -> bool {
        let path = told.path.map(|path| path.split(['?', '#']).next().unwrap_or_default());
        let is_path = |written: &String| match (written.strip_suffix('*'), path) {
            (Some(begin), Some(path)) => path.starts_with(begin),
            (None, Some(path)) => path == written,
            (_, None) => false,
        };
        let is_method =
            |written: &String| told.method.is_some_and(|method| method.eq_ignore_ascii_case(written));
        let agent = told.agent.filter(|_| !self.agents.is_empty()).map(str::to_ascii_lowercase);
        let is_agent = |part: &String| agent.as_ref().is_some_and(|agent| agent.contains(&**part));
        let is_source = |network: &Network| told.source.is_some_and(|source| network.has(source));
        self.paths.iter().any(is_path)
            || self.methods.iter().any(is_method)
            || self.agents.iter().any(is_agent)
            || self.sources.iter().any(is_source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("10.0.0.0/8", "10.9.8.7", true)]
    #[case("10.0.0.0/8", "11.0.0.1", false)]
    #[case("192.0.2.7", "192.0.2.7", true)]
    #[case("192.0.2.7", "::ffff:192.0.2.7", true)]
    #[case("192.0.2.7", "192.0.2.8", false)]
    #[case("0.0.0.0/0", "203.0.113.9", true)]
    #[case("0.0.0.0/0", "2001:db8::1", false)]
    #[case("::/0", "2001:db8::1", true)]
    #[case("2001:db8::/32", "2001:db8:1::1", true)]
    #[case("2001:db8::/32", "2001:db9::1", false)]
    fn a_network_has_its_addresses(#[case] network: &str, #[case] address: &str, #[case] has: bool) {
        assert_eq!(Network::read(network).unwrap().has(address.parse().unwrap()), has);
    }

    #[rstest]
    #[case("10.0.0.0/33")]
    #[case("10.0.0.0/")]
    #[case("10.0.0.0/+8")]
    #[case("example.com")]
    #[case("")]
    fn what_is_no_network(#[case] text: &str) {
        assert_eq!(Network::read(text), None);
    }

    #[test]
    fn one_of_them_is_enough_and_what_is_not_told_is_none() {
        let ignored = Ignored {
            paths: vec!["/robots.txt".to_owned(), "/static/*".to_owned()],
            methods: vec!["HEAD".to_owned()],
            agents: vec!["uptime".to_owned()],
            sources: vec![Network::read("192.0.2.0/24").unwrap()],
        };
        let told = Told { path: Some("/"), method: Some("GET"), agent: Some("curl/8"), source: None };
        assert!(!ignored.has(&told) && !ignored.has(&Told::default()));
        for other in [
            Told { path: Some("/robots.txt?x=1"), ..told },
            Told { path: Some("/static/a.css"), ..told },
            Told { method: Some("head"), ..told },
            Told { agent: Some("UptimeRobot/2.0"), ..told },
            Told { source: Some("192.0.2.9".parse().unwrap()), ..told },
        ] {
            assert!(ignored.has(&other), "{other:?}");
        }
        assert!(!ignored.has(&Told { path: Some("/robots.txt2"), ..told }));
        assert!(Ignored::default().is_empty() && !Ignored::default().has(&told));
    }
}

//! Callmaps on a chain of real servers, every link of which is broken once (`tests/lab/chain`): a resolver, two nginx, and
//! a Tomcat in a container.

mod bench;

use std::time::Instant;

use bench::{Bench, TENANT, chain};
use wakeboard::model::callmap::report::{ProductVerdict, Verdict};

/// A probe that is not `ok`: its layer, its target, its kind, and how its reason begins.
type Fault<'a> = (&'a str, &'a str, &'a str, &'a str);

/// What is broken, and what must be said of it: all of it, and nothing else.
struct Row<'a> {
    broken: &'a [&'a str],
    vars: &'a [(&'a str, &'a str)],
    verdict: ProductVerdict,
    layer: Option<&'a str>,
    faults: Vec<Fault<'a>>,
    /// How each of its sentences begins.
    drift: Vec<String>,
}

impl<'a> Row<'a> {
    fn broken(broken: &'a [&'a str], faults: Vec<Fault<'a>>) -> Row<'a> {
        let layer = faults.first().map(|fault| fault.0);
        Row { broken, vars: &[], verdict: ProductVerdict::Broken, layer, faults, drift: vec![] }
    }
}

impl Bench {
    fn holds(&self, row: &Row<'_>) {
        let broken = row.broken;
        let (report, code) = self.run(row.vars);
        let at = format!("{broken:?}: {report:#?}");
        assert_eq!(report.ticket.as_ref().map(String::len), Some(7), "{at}");
        assert_eq!(report.verdict, row.verdict, "{at}");
        assert_eq!(report.broken_layer.as_deref(), row.layer, "{at}");
        let expected = match row.verdict {
            ProductVerdict::Ok => 0,
            ProductVerdict::Degraded => 1,
            ProductVerdict::Broken => 4,
        };
        assert_eq!(code, expected, "{at}");
        let mut found = Vec::new();
        for layer in &report.layers {
            let bad = layer.probes.iter().filter(|probe| probe.verdict != Verdict::Ok);
            found.extend(bad.map(|probe| (&*layer.name, probe)));
            // Layers without fault are well, whatever happens elsewhere.
            if !row.faults.iter().any(|fault| fault.0 == &*layer.name) {
                assert_eq!((layer.verdict, layer.ok), (Verdict::Ok, layer.total), "{at}");
            }
        }
        assert_eq!(found.len(), row.faults.len(), "{at}");
        for ((layer, probe), (of, target, kind, reason)) in found.iter().zip(&row.faults) {
            assert_eq!((*layer, &*probe.target, &*probe.kind), (*of, *target, *kind), "{at}");
            let said = probe.reason.as_deref().unwrap();
            assert!(said.starts_with(reason), "{said:?}, not {reason:?}: {at}");
        }
        assert_eq!(report.drift.len(), row.drift.len(), "{at}");
        for (said, begins) in report.drift.iter().zip(&row.drift) {
            assert!(said.starts_with(begins), "{said:?}, not {begins:?}");
        }
    }

    /// Breaks, looks, mends, and looks again.
    fn tries(&self, row: &Row<'_>) {
        let begun = Instant::now();
        chain(&[&["break"], row.broken].concat());
        self.holds(row);
        chain(&["mend"]);
        self.wait();
        eprintln!("{:?}: {} ms", row.broken, begun.elapsed().as_millis());
    }
}

/// Both probes of one nginx.
fn both<'a>(target: &'a str, reason: &'a str) -> Vec<Fault<'a>> {
    vec![("nginx", target, "http", reason), ("nginx", target, "https", reason)]
}

#[test]
fn whatever_is_broken_is_named_with_its_layer_its_target_and_the_reason() {
    let bench = Bench::new();
    let (one, two, dns) = (&*bench.one, &*bench.two, &*bench.dns);
    let secure = |target, reason| vec![("nginx", target, "https", reason)];
    let resolver = |reason| vec![("dns", dns, "dns", reason), ("dns", dns, "dns", reason)];
    let another = format!("certificate is for www.other.test, not {}", bench.site);
    let led_astray = format!("answered 10.213.4.99, wanted exactly {one} and {two}");
    let elsewhere = format!("0 dns: {} is 10.213.4.99, which no target of 1 nginx has", bench.site);
    let bodies = format!("1 nginx: http://{}/ has different bodies: ", bench.site);
    let rows = [
        Row::broken(&["stopped", "1"], both(one, "connection refused")),
        Row::broken(&["no-backend", "2"], both(two, "answered 502, wanted 200")),
        Row::broken(&["wrong-body", "1"], both(one, "the body does not have \"wakeboard lab\"")),
        Row::broken(&["wrong-host", "2"], both(two, "answered 421, wanted 200")),
        Row::broken(&["blackhole", "1"], both(one, "no answer in 3 s while connecting")),
        Row::broken(&["expired", "2"], secure(two, "certificate ended 3 days ago")),
        Row::broken(&["wrong-name", "1"], secure(one, &another)),
        Row {
            drift: vec![elsewhere],
            ..Row::broken(&["dns-other"], vec![("dns", dns, "dns", &*led_astray)])
        },
        // The layers behind stay within reach: that they are well is the diagnosis.
        Row::broken(&["dns-nxdomain"], resolver("there is no such name (NXDOMAIN)")),
        Row::broken(&["dns-silent"], resolver("no answer in 3 s")),
        Row::broken(&["dns-stopped"], resolver("connection refused")),
        // An nginx that is slow (and has a page of its own for that), and a loss that the layer can bear.
        Row {
            verdict: ProductVerdict::Degraded,
            layer: None,
            drift: vec![bodies],
            ..Row::broken(&["slow", "2"], both(two, "took "))
        },
        Row {
            vars: &[("need", "1")],
            verdict: ProductVerdict::Degraded,
            layer: None,
            ..Row::broken(&["stopped", "2"], both(two, "connection refused"))
        },
    ];
    for row in &rows {
        bench.tries(row);
    }
    bench.knows_a_wrong_host();
    bench.sees_two_versions();
    bench.misses_the_tomcat();
}

impl Bench {
    /// Both nginx know one site only.
    fn knows_a_wrong_host(&self) {
        let reason = "answered 421, wanted 200";
        let (report, code) = self.run(&[("host", "www.other.test")]);
        assert_eq!((code, report.broken_layer.as_deref()), (4, Some("nginx")), "{report:#?}");
        let nginx = &report.layers[1];
        assert_eq!((nginx.ok, nginx.total), (0, 2));
        for probe in &nginx.probes {
            assert!(probe.reason.as_deref().unwrap().ends_with(reason), "{probe:#?}");
        }
    }

    /// Both answer well, and not the same.
    fn sees_two_versions(&self) {
        chain(&["break", "other-version", "2"]);
        let (report, code) = self.run(&[]);
        assert_eq!((code, report.verdict), (0, ProductVerdict::Ok), "{report:#?}");
        let [sentence] = report.drift.as_slice() else { panic!("{:#?}", report.drift) };
        assert!(sentence.starts_with(&format!("1 nginx: http://{}/ has different bodies: ", self.site)));
        assert!(sentence.contains(&self.one) && sentence.contains(&self.two), "{sentence}");
        chain(&["mend"]);
        self.wait();
    }

    /// Both nginx go on with the page that they have.
    fn misses_the_tomcat(&self) {
        self.engine.act(&["stop", TENANT]);
        let reason = "it is stopped";
        let faults = vec![("tomcat", TENANT, "http", reason), ("tomcat", TENANT, "http", reason)];
        self.holds(&Row::broken(&["tomcat"], faults));
        self.engine.act(&["start", TENANT]);
        self.wait();
    }
}

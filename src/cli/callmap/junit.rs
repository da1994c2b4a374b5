//! Runs as `JUnit` XML: a suite a layer, a case a probe at a target. A probe that is only late passes, and says so.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::model::callmap::layer::numbered;
use crate::model::callmap::report::{LayerReport, ProbeReport, Report, Verdict};

/// One document for all runs.
pub fn document(reports: &[Arc<Report>]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"callmap\">\n".to_owned();
    for report in reports {
        for (at, layer) in report.layers.iter().enumerate() {
            suite(&mut text, report, &numbered(at, &layer.name), layer);
        }
    }
    text.push_str("</testsuites>\n");
    text
}

fn suite(text: &mut String, report: &Report, name: &str, layer: &LayerReport) {
    // A layer that could not be asked as it should be is a case of its own.
    let own = layer.reason.as_deref().filter(|_| layer.verdict == Verdict::Fail);
    let count = |verdict| layer.probes.iter().filter(|probe| probe.verdict == verdict).count();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{} {}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" timestamp=\"{}\">",
        escaped(&report.product),
        escaped(name),
        layer.probes.len() + usize::from(own.is_some()),
        count(Verdict::Fail) + usize::from(own.is_some()),
        count(Verdict::Skipped),
        report.began.strftime("%Y-%m-%dT%H:%M:%S"),
    );
    let class = format!("{}.{}", escaped(&report.product), escaped(&layer.name));
    if let Some(reason) = own {
        let reason = escaped(reason);
        let _ = writeln!(
            text,
            "    <testcase classname=\"{class}\" name=\"targets\"><failure message=\"{reason}\"/></testcase>"
        );
    }
    for probe in &layer.probes {
        case(text, &class, probe);
    }
    text.push_str("  </testsuite>\n");
}

fn case(text: &mut String, class: &str, probe: &ProbeReport) {
    let record = probe.record.as_ref().map(|record| format!(" {record}")).unwrap_or_default();
    let name = escaped(&format!("{} {} {}{record}", probe.target, probe.kind, probe.ask));
    let seconds = probe.milliseconds.total.unwrap_or(0.0) / 1000.0;
    let reason = escaped(probe.reason.as_deref().unwrap_or_default());
    let inside = match probe.verdict {
        Verdict::Ok => String::new(),
        Verdict::Slow => format!("<system-out>slow: {reason}</system-out>"),
        Verdict::Fail => format!("<failure message=\"{reason}\"/>"),
        Verdict::Skipped => format!("<skipped message=\"{reason}\"/>"),
    };
    let _ = writeln!(
        text,
        "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{seconds:.6}\">{inside}</testcase>"
    );
}

/// A text as XML has it in attributes and between tags. What XML has no way to write is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_the_document_is_written_otherwise() {
        assert_eq!(escaped("a<b>&\"c'\u{1}\u{fffe}\n€"), "a&lt;b&gt;&amp;&quot;c&apos;\n€");
    }
}

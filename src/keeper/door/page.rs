//! The page that a browser shows while it waits. It needs no script: it asks again by itself.

use std::fmt::Write as _;
use std::time::Duration;

use crate::model::plain::plain_to;

/// How long a name may be on the page.
const LONGEST: usize = 120;

/// What the page says.
#[derive(Clone, Debug, Default)]
pub struct Page<'a> {
    /// Who is waited for.
    pub name: &'a str,
    /// Why it cannot be had now; nothing while it is on its way.
    pub trouble: Option<&'a str>,
    /// When it asks again.
    pub again: Duration,
    /// Tenants, each with how it is.
    pub details: Vec<(String, String)>,
    /// `dark` or `light`; else as the browser likes it.
    pub theme: Option<&'a str>,
}

const DARK: &str = "--back:#14171c;--text:#e6e8eb;--dim:#9aa3ad;--line:#2b323b;--busy:#e0af68";
const LIGHT: &str = "--back:#fafaf7;--text:#1d2126;--dim:#5c6670;--line:#d9dcd8;--busy:#9a5b00";
const STYLE: &str = "body{background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif;margin:0;\
min-height:100vh;display:grid;place-items:center}main{max-width:34rem;padding:2rem;border:1px solid var(--line);\
border-radius:.5rem}h1{font-size:1.25rem;margin:0 0 .5rem}p,dl{margin:.5rem 0 0;color:var(--dim)}\
dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem 1rem}dd{margin:0}.bar{height:.2rem;margin-top:1.25rem;\
overflow:hidden;background:var(--line)}.bar i{display:block;height:100%;width:30%;background:var(--busy);\
animation:go 1.6s ease-in-out infinite alternate}@keyframes go{to{margin-left:70%}}\
@media(prefers-reduced-motion:reduce){.bar i{animation:none;width:100%}}";

impl Page<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let name = escaped(self.name);
        let (title, heading, text) = match self.trouble {
            None => (
                format!("{name} is waking up"),
                format!("{name} is waking up"),
                "It was asleep. This page asks again by itself.".to_owned(),
            ),
            Some(why) => {
                (format!("{name} is not there"), format!("{name} cannot be reached now"), escaped(why))
            }
        };
        let colours = match self.theme {
            Some("dark") => format!(":root{{{DARK}}}"),
            Some("light") => format!(":root{{{LIGHT}}}"),
            _ => format!(":root{{{LIGHT}}}@media(prefers-color-scheme:dark){{:root{{{DARK}}}}}"),
        };
        let again = seconds(self.again);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
             <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
             <meta http-equiv=\"refresh\" content=\"{again}\"><style>{colours}{STYLE}</style></head>\
             <body><main role=\"status\"><h1>{heading}</h1><p>{text}</p>"
        );
        if !self.details.is_empty() {
            html.push_str("<dl>");
            for (name, state) in &self.details {
                // Writing to a String cannot fail.
                let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(state));
            }
            html.push_str("</dl>");
        }
        if self.trouble.is_none() {
            html.push_str("<div class=\"bar\"><i></i></div>");
        }
        html.push_str("</main></body></html>\n");
        html
    }
}

/// Whole seconds, rounded up.
#[must_use]
pub fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// The text without anything that HTML, or a terminal, would take for more than text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain_to(text, LONGEST).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_again_and_has_no_script() {
        let page = Page { name: "acme", again: Duration::from_millis(1500), ..Page::default() }.html();
        assert!(page.contains("<meta http-equiv=\"refresh\" content=\"2\">"), "{page}");
        assert!(page.contains("acme is waking up") && page.contains("prefers-color-scheme:dark"));
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    }

    #[test]
    fn what_it_shows_is_only_text() {
        let evil = "<img src=x onerror='alert(1)'>\"&\u{1b}[31m";
        let page = Page {
            name: evil,
            trouble: Some(evil),
            details: vec![(evil.to_owned(), evil.to_owned())],
            theme: Some(evil),
            ..Page::default()
        };
        let html = page.html();
        assert!(!html.contains("<img") && !html.contains('\u{1b}') && !html.contains("'alert"), "{html}");
        assert!(html.contains("&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&quot;&amp;"));
    }

    #[test]
    fn a_theme_may_be_asked_for() {
        let html = |theme| Page { name: "acme", theme, ..Page::default() }.html();
        assert!(html(Some("dark")).contains(DARK) && !html(Some("dark")).contains(LIGHT));
        assert!(html(Some("light")).contains(LIGHT) && !html(Some("light")).contains(DARK));
        assert!(html(Some("hacker-terminal")).contains(LIGHT) && html(None).contains(DARK));
    }
}

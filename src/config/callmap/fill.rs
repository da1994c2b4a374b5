//! `${VAR}` and `${env:NAME}` in texts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::limits::{LONGEST_TEXT, MOST_FILLED_IN};
use super::wrong::Wrong;
use crate::config::env::Env;
use crate::config::suggest;
use crate::model::callmap::map::Text;

/// What stands for what in one file.
pub type Vars = BTreeMap<Arc<str>, Text>;

/// What is filled in, and what came of it in all files together.
#[derive(Debug)]
pub struct Filler<'a> {
    env: &'a Env,
    left: usize,
    /// The vars that were asked for.
    pub used: BTreeSet<Arc<str>>,
    /// The secrets that were asked for, by name.
    pub secrets: BTreeMap<Arc<str>, Arc<str>>,
}

impl<'a> Filler<'a> {
    /// Nothing is filled in yet.
    #[must_use]
    pub fn new(env: &'a Env) -> Self {
        Filler { env, left: MOST_FILLED_IN, used: BTreeSet::new(), secrets: BTreeMap::new() }
    }

    /// The text with what its vars stand for; nothing where it has none, nor a `$$`.
    ///
    /// # Errors
    /// A var that nobody said, a secret that the environment lacks, a `${` without its end, or a text that grows too long.
    pub fn fill(&mut self, text: &str, vars: &Vars) -> Result<Option<Text>, Wrong> {
        if text.len() > LONGEST_TEXT {
            return Err(too_long());
        }
        if !text.contains("${") && !text.contains("$$") {
            return Ok(None);
        }
        let (mut value, mut shown) = (String::new(), String::new());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            let (more_value, more_shown, next) = if let Some(next) = after.strip_prefix("$$") {
                ("$".into(), "$".into(), next)
            } else if let Some(named) = after.strip_prefix("${") {
                let (name, next) = named
                    .split_once('}')
                    .ok_or_else(|| Wrong::new("`${` without its `}`", "a dollar itself is written `$$`"))?;
                let (value, shown) = self.meant(name, vars)?;
                (value, shown, next)
            } else {
                ("$".into(), "$".into(), &after[1..])
            };
            for (side, more) in [(&mut value, &more_value), (&mut shown, &more_shown)] {
                side.push_str(before);
                side.push_str(more);
                if side.len() > LONGEST_TEXT {
                    return Err(too_long());
                }
            }
            let spent = more_value.len() + more_shown.len();
            self.left = self.left.checked_sub(spent).ok_or("vars fill in more than 4 MiB")?;
            rest = next;
        }
        value.push_str(rest);
        shown.push_str(rest);
        if value.len().max(shown.len()) > LONGEST_TEXT {
            return Err(too_long());
        }
        Ok(Some(if value == shown { Text::open(&value) } else { Text::masked(&value, &shown) }))
    }

    /// What a name stands for, and how that is shown.
    fn meant(&mut self, name: &str, vars: &Vars) -> Result<(Arc<str>, Arc<str>), Wrong> {
        if let Some(name) = name.strip_prefix("env:") {
            if !is_env_name(name) {
                return Err(format!("`{name}` is no name of a variable of the environment").into());
            }
            if !self.env.is_for_callmaps(name) {
                let help = format!("write it into the config: callmap_env: [{name}]");
                return Err(Wrong::new(format!("callmaps may not send the variable {name}"), help));
            }
            let Some(value) = self.env.var(name) else {
                let help = format!("set it before: {name}=... wakeboard ...");
                return Err(Wrong::new(format!("the environment has no {name}, or it is empty"), help));
            };
            let (name, value): (Arc<str>, Arc<str>) = (name.into(), value.into());
            self.secrets.insert(name.clone(), value.clone());
            return Ok((value, format!("${{env:{name}}}").into()));
        }
        if let Some((known, text)) = vars.get_key_value(name) {
            self.used.insert(known.clone());
            return Ok((text.value().into(), text.shown().clone()));
        }
        let known: Vec<&str> = vars.keys().map(|name| &**name).collect();
        let help = match suggest::nearest(name, &known) {
            Some(name) => format!("did you mean `{name}`?"),
            None if is_var_name(name) => {
                format!("say it in `vars` (above what uses it), or with --var {name}=...")
            }
            None => "a dollar itself is written `$$`".to_owned(),
        };
        Err(Wrong::new(format!("there is no var `{name}`"), help))
    }
}

fn too_long() -> Wrong {
    "this text is longer than 64 KiB".into()
}

/// Whether a var may have this name.
#[must_use]
pub fn is_var_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(good)
}

/// Whether a variable of the environment may have this name.
#[must_use]
pub fn is_env_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn env() -> Env {
        let vars = [("TOKEN", "geheim"), ("CALLMAP_KEY", "schluessel"), ("HOME_KEY", "fremd")];
        Env {
            vars: vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            callmap_names: vec!["TOKEN".to_owned(), "NOT".to_owned()],
            ..Env::default()
        }
    }

    fn filled(text: &str) -> Result<Option<Text>, Wrong> {
        let vars = Vars::from([
            ("site".into(), Text::open("www.example.com")),
            ("auth".into(), Text::masked("Bearer geheim", "Bearer ${env:TOKEN}")),
        ]);
        Filler::new(&env()).fill(text, &vars)
    }

    #[rstest]
    #[case("a ${site}/${site}", "a www.example.com/www.example.com", "a www.example.com/www.example.com")]
    #[case("x${env:TOKEN}y", "xgeheimy", "x${env:TOKEN}y")]
    #[case("${env:CALLMAP_KEY}", "schluessel", "${env:CALLMAP_KEY}")]
    #[case("${auth}", "Bearer geheim", "Bearer ${env:TOKEN}")]
    #[case("$${site}", "${site}", "${site}")]
    #[case("$$$$ $${", "$$ ${", "$$ ${")]
    #[case("$ 5$ ${site}$", "$ 5$ www.example.com$", "$ 5$ www.example.com$")]
    fn what_is_filled_in(#[case] text: &str, #[case] value: &str, #[case] shown: &str) {
        let text = filled(text).unwrap().unwrap();
        assert_eq!((text.value(), &**text.shown()), (value, shown));
        assert!(shown.contains("env:") || !format!("{text:?}").contains("geheim"));
    }

    #[rstest]
    #[case("^v[0-9]+$")]
    #[case("a $b")]
    #[case("")]
    fn what_stays_as_it_is(#[case] text: &str) {
        assert_eq!(filled(text), Ok(None));
    }

    #[rstest]
    #[case("${sit}", "no var `sit`", "did you mean `site`?")]
    #[case("${other}", "no var `other`", "--var other=")]
    #[case("${}", "no var ``", "$$")]
    #[case("a ${site", "without its `}`", "$$")]
    #[case("${env:NOT}", "no NOT", "NOT=...")]
    #[case("${env:HOME_KEY}", "may not send the variable HOME_KEY", "callmap_env: [HOME_KEY]")]
    #[case("${env:CALLMAP_NOT}", "no CALLMAP_NOT", "CALLMAP_NOT=...")]
    fn what_cannot_be_filled_in(#[case] text: &str, #[case] message: &str, #[case] help: &str) {
        let wrong = filled(text).unwrap_err();
        assert!(wrong.message.contains(message), "{wrong:?}");
        assert!(wrong.help.unwrap().contains(help));
    }

    #[test]
    fn texts_do_not_grow_without_bound() {
        let vars = Vars::from([("a".into(), Text::open(&"x".repeat(30_000)))]);
        let env = Env::default();
        let mut filler = Filler::new(&env);
        assert!(filler.fill("${a}${a}", &vars).is_ok());
        assert!(filler.fill("${a}${a}${a}", &vars).unwrap_err().message.contains("64 KiB"));
        let many = (0..200).map(|_| filler.fill("${a}", &vars)).find_map(Result::err);
        assert!(many.unwrap().message.contains("4 MiB"));
    }
}

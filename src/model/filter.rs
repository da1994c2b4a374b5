//! The filter of the tenants pane and of `wakeboard ps`: `tier:vip state:!running host:web acme`.
//!
//! Terms are joined by "and"; several values of one field, with commas, by "or"; `!` before a term or a value negates
//! it. Words without a field are looked for fuzzily in the names of the tenant and its containers.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::fleet::Tenant;
use super::state::{Kind, State};
use super::tier::Tier;

/// The fields that a term may name.
pub const FIELDS: [&str; 6] = ["tier", "state", "host", "tenant", "role", "image"];
/// Words for groups of states, usable where a state is.
const KINDS: [(&str, Kind); 4] =
    [("bad", Kind::Bad), ("busy", Kind::Busy), ("calm", Kind::Calm), ("good", Kind::Good)];

/// A checked filter. The empty one lets everything through.
#[derive(Debug, Default)]
pub struct Filter {
    terms: Vec<Term>,
    matcher: Matcher,
    characters: Vec<char>,
}

#[derive(Debug)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Tier(Vec<(bool, Option<Tier>)>),
    State(Vec<(bool, States)>),
    Text(Field, Vec<(bool, String)>),
    Fuzzy(Atom),
}

#[derive(Clone, Copy, Debug)]
enum States {
    One(State),
    Kind(Kind),
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Host,
    Tenant,
    Role,
    Image,
}

/// A filter that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFilter {
    /// A field that there is not.
    #[error("no such field: {0:?} (fields: tier, state, host, tenant, role, image)")]
    Field(String),
    /// A state that there is not.
    #[error("no such state: {word:?}{}", .nearest.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default())]
    State {
        /// What was written.
        word: String,
        /// The nearest word that there is.
        nearest: Option<&'static str>,
    },
    /// A tier that there is not.
    #[error("no such tier: {0:?} (vip, high, mid, low or none)")]
    Tier(String),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Names the field, state or tier that there is not.
    pub fn parse(text: &str) -> Result<Filter, BadFilter> {
        let terms = text.split_whitespace().map(term).collect::<Result<_, _>>()?;
        Ok(Filter { terms, matcher: Matcher::new(Config::DEFAULT), characters: Vec::new() })
    }

    /// Whether the tenant passes. Takes `&mut` for the scratch memory of the fuzzy matcher only.
    pub fn passes(&mut self, tenant: &Tenant) -> bool {
        let (matcher, characters) = (&mut self.matcher, &mut self.characters);
        self.terms.iter().all(|term| holds(&term.test, tenant, matcher, characters) != term.negated)
    }

    /// Whether everything passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

fn term(text: &str) -> Result<Term, BadFilter> {
    let (negated, text) = unnegated(text);
    let Some((field, values)) = text.split_once(':') else {
        let atom = Atom::new(text, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false);
        return Ok(Term { negated, test: Test::Fuzzy(atom) });
    };
    let values = || values.split(',').filter(|value| !value.is_empty()).map(unnegated);
    let texts = || values().map(|(not, value)| (not, value.to_lowercase())).collect();
    let asked = match field {
        "tier" => Test::Tier(values().map(|(not, value)| Ok((not, tier(value)?))).collect::<Result<_, _>>()?),
        "state" => {
            Test::State(values().map(|(not, value)| Ok((not, states(value)?))).collect::<Result<_, _>>()?)
        }
        "host" => Test::Text(Field::Host, texts()),
        "tenant" => Test::Text(Field::Tenant, texts()),
        "role" => Test::Text(Field::Role, texts()),
        "image" => Test::Text(Field::Image, texts()),
        _ => return Err(BadFilter::Field(field.to_owned())),
    };
    Ok(Term { negated, test: asked })
}

fn unnegated(text: &str) -> (bool, &str) {
    text.strip_prefix('!').map_or((false, text), |rest| (true, rest))
}

fn tier(word: &str) -> Result<Option<Tier>, BadFilter> {
    if word.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    word.parse().map(Some).map_err(|_| BadFilter::Tier(word.to_owned()))
}

fn states(word: &str) -> Result<States, BadFilter> {
    if let Ok(state) = word.parse() {
        return Ok(States::One(state));
    }
    if let Some((_, kind)) = KINDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        return Ok(States::Kind(*kind));
    }
    let nearest = State::ALL
        .iter()
        .map(|state| state.as_str())
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, name)| name);
    Err(BadFilter::State { word: word.to_owned(), nearest })
}

/// Whether one of the values fits; values that are only negated all have to.
fn any<T>(values: &[(bool, T)], fits: impl Fn(&T) -> bool) -> bool {
    let mut wanted = values.iter().filter(|(not, _)| !not).peekable();
    let spared = values.iter().filter(|(not, _)| *not).all(|(_, value)| !fits(value));
    spared && (wanted.peek().is_none() || wanted.any(|(_, value)| fits(value)))
}

fn holds(test: &Test, tenant: &Tenant, matcher: &mut Matcher, characters: &mut Vec<char>) -> bool {
    match test {
        Test::Tier(values) => any(values, |tier| tenant.tier == *tier),
        Test::State(values) => any(values, |states| match states {
            States::One(state) => tenant.state == *state,
            States::Kind(kind) => tenant.state.kind() == *kind,
        }),
        Test::Text(field, values) => any(values, |value| match field {
            Field::Host => tenant.host.to_lowercase().contains(value),
            Field::Tenant => tenant.name.to_lowercase().contains(value),
            Field::Role => tenant
                .containers
                .iter()
                .any(|it| it.place.role.as_deref().is_some_and(|role| role.to_lowercase().contains(value))),
            Field::Image => tenant.containers.iter().any(|it| it.image.to_lowercase().contains(value)),
        }),
        Test::Fuzzy(atom) => {
            let names =
                std::iter::once(&tenant.name).chain(tenant.containers.iter().map(|facts| &facts.name));
            names.into_iter().any(|name| atom.score(Utf32Str::new(name, characters), matcher).is_some())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::Phase;
    use crate::model::container::tests::facts;
    use proptest::prelude::*;
    use rstest::rstest;
    use std::sync::Arc;

    fn tenant() -> Tenant {
        let mut container = facts("1", Phase::Running);
        container.name = "acme-app".into();
        container.place.role = Some("app".into());
        Tenant {
            name: "Acme".into(),
            host: "web-1".into(),
            tier: Some(Tier::Vip),
            state: State::Running,
            known: State::Running,
            method: None,
            reason: None,
            since: None,
            containers: [Arc::new(container)].into_iter().collect(),
        }
    }

    #[rstest]
    #[case("", true)]
    #[case("tier:vip", true)]
    #[case("tier:!vip", false)]
    #[case("!tier:vip", false)]
    #[case("tier:high,vip", true)]
    #[case("tier:none", false)]
    #[case("state:running", true)]
    #[case("state:!running", false)]
    #[case("state:!crashed,!paused", true)]
    #[case("state:bad", false)]
    #[case("state:good host:web", true)]
    #[case("host:web-2", false)]
    #[case("role:app", true)]
    #[case("image:busybox", true)]
    #[case("acm", true)]
    #[case("ace", true)]
    #[case("!ace", false)]
    #[case("birch", false)]
    #[case("-app", true)]
    fn terms(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(Filter::parse(text).unwrap().passes(&tenant()), expected);
    }

    #[test]
    fn a_wrong_term_says_what_was_meant() {
        let told = Filter::parse("state:runing").unwrap_err().to_string();
        assert_eq!(told, "no such state: \"runing\"; did you mean \"running\"?");
        assert!(Filter::parse("tire:vip").unwrap_err().to_string().contains("no such field: \"tire\""));
        assert!(Filter::parse("tier:gold").unwrap_err().to_string().contains("no such tier"));
    }

    proptest! {
        #[test]
        fn negation_turns_every_filter_of_one_term(text in "(tier:(vip|low)|state:(running|bad)|host:[a-z]{1,3}|[a-z]{1,4})") {
            let plain = Filter::parse(&text).unwrap().passes(&tenant());
            let negated = Filter::parse(&format!("!{text}")).unwrap().passes(&tenant());
            prop_assert_ne!(plain, negated);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            if let Ok(mut filter) = Filter::parse(&text) {
                filter.passes(&tenant());
            }
        }
    }
}

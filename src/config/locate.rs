//! Where in a YAML text something stands. The parser tells places only with errors: so we walk it to the wanted spot and
//! let it fail there. That is done once, for the one fault that is shown.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::Place;

/// One step into a YAML text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// To the value under this key.
    Key(&'a str),
    /// To this element of a list, from 0.
    Item(usize),
    /// To the key itself instead of its value; only as the last step.
    Name(&'a str),
}

/// The place that `path` leads to, if it is there.
#[must_use]
pub fn locate(text: &str, path: &[Step<'_>]) -> Option<Place> {
    let parsed = Walk { path }.deserialize(serde_yaml::Deserializer::from_str(text));
    let at = parsed.err()?.location()?;
    Some(Place { line: at.line(), column: at.column() })
}

const HERE: &str = "here";

#[derive(Clone, Copy)]
struct Walk<'a> {
    path: &'a [Step<'a>],
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

/// A visitor's default is to fail, and failing is finding.
impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HERE)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.path.split_first() else {
            return Err(A::Error::custom(HERE));
        };
        while let Some(found) = map.next_key_seed(Name { step })? {
            if found {
                return map.next_value_seed(Walk { path: rest });
            }
            map.next_value::<IgnoredAny>()?;
        }
        Err(A::Error::custom(HERE))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((Step::Item(wanted), rest)) = self.path.split_first() else {
            return Err(A::Error::custom(HERE));
        };
        for _ in 0..*wanted {
            list.next_element::<IgnoredAny>()?;
        }
        list.next_element_seed(Walk { path: rest })?;
        Err(A::Error::custom(HERE))
    }
}

struct Name<'a> {
    step: &'a Step<'a>,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        match self.step {
            Step::Name(wanted) if *wanted == key => Err(E::custom(HERE)),
            Step::Key(wanted) => Ok(*wanted == key),
            _ => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TEXT: &str = "租户: {名: [甲, 乙]}\nb:\n  - x: 'y'\n  - &a {z: 1}\nc: *a\nempty:\n";

    #[rstest]
    #[case(&[Step::Name("租户")], 1, 1)]
    #[case(&[Step::Key("租户")], 1, 5)]
    #[case(&[Step::Key("租户"), Step::Name("名")], 1, 6)]
    #[case(&[Step::Key("租户"), Step::Key("名"), Step::Item(1)], 1, 13)]
    #[case(&[Step::Key("b"), Step::Item(0), Step::Key("x")], 3, 8)]
    #[case(&[Step::Key("b"), Step::Item(1), Step::Key("z")], 4, 12)]
    #[case(&[Step::Key("c"), Step::Key("z")], 4, 12)]
    #[case(&[Step::Key("empty")], 6, 7)]
    fn a_path_leads_to_line_and_column_in_characters(
        #[case] path: &[Step<'_>],
        #[case] line: usize,
        #[case] column: usize,
    ) {
        assert_eq!(locate(TEXT, path), Some(Place { line, column }));
    }
}

//! From the tree to the shapes: a reader for serde that names the place of each fault, and hands over what YAML has no
//! words for by the names below.

mod parts;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use parts::{Entries, Items, OfWord, Placed, Variant, Word};

use super::places::{Places, Spot};
use super::tree::{Data, Entry, Node};
use super::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::config::{suggest, yaml};

/// The name of what wants its place: a list of the spot's number and the value.
pub const PLACED: &str = "$placed";
/// The name of a text that may have secrets: a list of the spot's number, the value, and what is shown.
pub const WORD: &str = "$word";
/// The name of what may be a list, or the only element of one.
pub const MANY: &str = "$many";
/// The name of an enum whose variant is told by what is written: `nothing`, `text`, `list` or `map`.
pub const BY_SHAPE: &str = "$by_shape";
/// The name of an enum whose variant is told by the key that is in the map.
pub const BY_KEY: &str = "$by_key";

/// Reads a `T` from a tree.
///
/// # Errors
/// The first thing that does not fit, at its place.
pub fn parse<'a, T: Deserialize<'a>>(node: &'a Node, places: &Places) -> Result<T, ConfigError> {
    T::deserialize(Reader(node)).map_err(|misread| {
        let help = misread.help;
        let (message, meant) = yaml::reword(&misread.message);
        let message = plainer(message);
        let wrong = Wrong { message, help: help.or(meant) };
        wrong.at(places, misread.spot.unwrap_or(node.spot))
    })
}

/// serde's names of types in the words of YAML.
fn plainer(message: String) -> String {
    let words = [
        ("expected a string", "expected a text (put numbers, `true` and `~` in quotes)"),
        ("expected a sequence", "expected a list"),
        ("expected a boolean", "expected `true` or `false`"),
        ("invalid type: sequence", "invalid type: list"),
    ];
    words.into_iter().fold(message, |message, (theirs, ours)| message.replacen(theirs, ours, 1))
}

/// What does not fit, and where.
#[derive(Debug)]
pub struct Misread {
    spot: Option<Spot>,
    message: String,
    help: Option<String>,
}

impl Misread {
    /// The innermost place counts.
    fn at(mut self, spot: Spot) -> Self {
        self.spot.get_or_insert(spot);
        self
    }

    fn helped(mut self, help: String) -> Self {
        self.help = Some(help);
        self
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misread {}

impl Error for Misread {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Misread { spot: None, message: message.to_string(), help: None }
    }
}

/// Hands a part of a tree to serde.
#[derive(Clone, Copy)]
pub struct Reader<'a>(&'a Node);

impl<'de> Reader<'de> {
    fn any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match &self.0.data {
            Data::Nothing => visitor.visit_unit(),
            Data::Bool(value) => visitor.visit_bool(*value),
            Data::Whole(value) => visitor.visit_u64(*value),
            Data::Below(value) => visitor.visit_i64(*value),
            Data::Float(value) => visitor.visit_f64(*value),
            // Whoever takes secrets asks for a `WORD`.
            Data::Text(text) if text.value() != &**text.shown() => {
                Err(Misread::custom("a secret may not stand here: it would be shown").helped(
                    "secrets may stand in the path of a URL, in headers and bodies, and in what an answer must hold"
                        .to_owned(),
                ))
            }
            Data::Text(text) => visitor.visit_borrowed_str(text.value()),
            Data::List(nodes) => visitor.visit_seq(Items::of(nodes)),
            Data::Map(entries) => visitor.visit_map(Entries::of(entries)),
        }
    }

    fn named<V: Visitor<'de>>(self, name: &str, visitor: V) -> Result<V::Value, Misread> {
        let number = self.0.spot.number();
        match (name, &self.0.data) {
            (PLACED, _) => visitor.visit_seq(Placed::new(number, self)),
            (WORD, Data::Text(text)) => visitor.visit_seq(Word::new(number, text)),
            (WORD, _) => Err(Misread::invalid_type(
                self.unexpected(),
                &"a text (put numbers, `true` and `~` in quotes)",
            )),
            (MANY, Data::List(nodes)) => visitor.visit_seq(Items::of(nodes)),
            (MANY, _) => visitor.visit_seq(Items::of(std::slice::from_ref(self.0))),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn unexpected(self) -> Unexpected<'de> {
        match &self.0.data {
            Data::Nothing => Unexpected::Unit,
            Data::Bool(value) => Unexpected::Bool(*value),
            Data::Whole(value) => Unexpected::Unsigned(*value),
            Data::Below(value) => Unexpected::Signed(*value),
            Data::Float(value) => Unexpected::Float(*value),
            Data::Text(text) => Unexpected::Str(text.shown()),
            Data::List(_) => Unexpected::Seq,
            Data::Map(_) => Unexpected::Map,
        }
    }

    /// The variant that what is written stands for.
    fn by_shape(self, variants: &'static [&'static str]) -> Result<&'static str, Misread> {
        let shape = match self.0.data {
            Data::Nothing => "nothing",
            Data::List(_) => "list",
            Data::Map(_) => "map",
            _ => "text",
        };
        variants.iter().find(|variant| **variant == shape).copied().ok_or_else(|| {
            let expected: Vec<String> =
                variants.iter().filter(|it| **it != "nothing").map(|it| format!("a {it}")).collect();
            Misread::invalid_type(self.unexpected(), &&*expected.join(" or "))
        })
    }
}

/// The variant whose key is in the map.
fn by_key(entries: &[Entry], variants: &'static [&'static str]) -> Result<&'static str, Misread> {
    let has = |variant: &&&str| entries.iter().any(|entry| *entry.key == ***variant);
    let mut found = variants.iter().filter(has);
    let all = || variants.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    match (found.next(), found.next()) {
        (Some(variant), None) => Ok(variant),
        (Some(one), Some(other)) => {
            let message = format!("one probe asks one thing, and here are `{one}` and `{other}`");
            Err(Misread::custom(message).helped("write a probe for each".to_owned()))
        }
        (None, _) => {
            let near = |entry: &Entry| suggest::nearest(&entry.key, variants).map(|it| (entry.name, it));
            Err(match entries.iter().find_map(|entry| Some((entry, near(entry)?))) {
                Some((entry, (name, meant))) => Misread::custom(format!("unknown key `{}`", entry.key))
                    .helped(format!("did you mean `{meant}`?"))
                    .at(name),
                None => Misread::custom("this probe asks nothing").helped(format!("name one of {}", all())),
            })
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Misread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        self.any(visitor).map_err(|misread| misread.at(self.0.spot))
    }

    /// A list is no way to write a map, though serde would take one.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        match self.0.data {
            Data::Map(_) => self.deserialize_any(visitor),
            _ => Err(Misread::invalid_type(self.unexpected(), &visitor).at(self.0.spot)),
        }
    }

    /// A key that is written has a value: `need:` with nothing after it is a fault, not the default.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misread> {
        self.named(name, visitor).map_err(|misread| misread.at(self.0.spot))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        // `[{tenant: acme}]` is `{tenant: acme}`: the other targets stand in a list.
        if let (BY_SHAPE, Data::List(nodes)) = (name, &self.0.data)
            && variants.contains(&"map")
            && let Some(first) = nodes.iter().find(|node| matches!(node.data, Data::Map(_)))
        {
            if nodes.len() == 1 {
                return Reader(first).deserialize_enum(name, variants, visitor);
            }
            let help = "write `targets: {tenant: NAME}`, and a layer of its own for what else is asked";
            return Err(Misread::custom("a tenant is the only target of its layer")
                .helped(help.to_owned())
                .at(first.spot));
        }
        let variant = match (name, &self.0.data) {
            (BY_SHAPE, _) => self.by_shape(variants),
            (BY_KEY, Data::Map(entries)) => by_key(entries, variants),
            (BY_KEY, _) => Err(Misread::invalid_type(self.unexpected(), &"a map")),
            _ => return self.deserialize_any(OfWord(visitor)),
        };
        variant
            .and_then(|variant| visitor.visit_enum(Variant::new(variant, self)))
            .map_err(|misread| misread.at(self.0.spot))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

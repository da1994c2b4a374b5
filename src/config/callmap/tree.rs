//! A YAML text as a tree whose every value knows where it stands: callmaps fill in vars and merge maps before anything is
//! checked, and a fault must still name the place that a person would look at.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::limits::MOST_VALUES;
use super::places::{Places, Spot, Way};
use crate::config::error::ConfigError;
use crate::config::yaml;
use crate::model::callmap::map::Text;

/// A value, and where it stands.
#[derive(Debug)]
pub struct Node {
    /// Where it stands.
    pub spot: Spot,
    /// What it is.
    pub data: Data,
}

/// A value.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Data {
    Nothing,
    Bool(bool),
    Whole(u64),
    Below(i64),
    Float(f64),
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map, and what it leads to.
#[derive(Debug)]
pub struct Entry {
    /// The key.
    pub key: Arc<str>,
    /// Where the key stands.
    pub name: Spot,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// What stands under a key, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.data {
            Data::Map(entries) => entries.iter().find(|entry| &*entry.key == key).map(|entry| &entry.node),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.data {
            Data::Map(entries) => {
                entries.iter_mut().find(|entry| &*entry.key == key).map(|entry| &mut entry.node)
            }
            _ => None,
        }
    }
}

/// The tree of `text`, the text of `file`. `left` is how many values there may still be, in this and all other files.
///
/// # Errors
/// The text is no YAML that we take, or has too many values.
pub fn grow(file: &Path, text: &str, places: &mut Places, left: &Cell<usize>) -> Result<Node, ConfigError> {
    let spot = places.open(file, text);
    let mut root = {
        let shared = RefCell::new(&mut *places);
        yaml::seeded(file, text, Seed { places: &shared, left, spot })?
    };
    merge(&mut root, places)?;
    Ok(root)
}

#[derive(Clone, Copy)]
struct Seed<'a, 'p> {
    places: &'a RefCell<&'p mut Places>,
    left: &'a Cell<usize>,
    spot: Spot,
}

impl Seed<'_, '_> {
    fn at(self, way: Way) -> Self {
        let spot = self.places.borrow_mut().spot(way);
        Seed { spot, ..self }
    }

    fn node<E: Error>(self, data: Data) -> Result<Node, E> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| {
            E::custom(format!("more than {MOST_VALUES} values, with what aliases repeat and includes hold"))
        })?;
        self.left.set(left);
        Ok(Node { spot: self.spot, data })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.node(Data::Nothing)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.node(Data::Nothing)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.node(Data::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.node(Data::Whole(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.node(u64::try_from(value).map_or(Data::Below(value), Data::Whole))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        // JSON, which is compared with such, has no others.
        if !value.is_finite() {
            return Err(E::custom("this number is none that anything can be compared with"));
        }
        self.node(Data::Float(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        self.node(Data::Text(Text::open(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element_seed(self.at(Way::Item(self.spot, nodes.len())))? {
            nodes.push(node);
        }
        self.node(Data::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Arc<str>>()? {
            let name = self.at(Way::Name(self.spot, key.clone())).spot;
            let node = map.next_value_seed(self.at(Way::Key(self.spot, key.clone())))?;
            entries.push(Entry { key, name, node });
        }
        self.node(Data::Map(entries))
    }
}

/// Puts what `<<` names into the map that it stands in: a map, or a list of maps of which the first ones win. What the map
/// says itself wins over all of them.
fn merge(node: &mut Node, places: &Places) -> Result<(), ConfigError> {
    match &mut node.data {
        Data::List(nodes) => nodes.iter_mut().try_for_each(|node| merge(node, places)),
        Data::Map(entries) => {
            entries.iter_mut().try_for_each(|entry| merge(&mut entry.node, places))?;
            let Some(at) = entries.iter().position(|entry| &*entry.key == "<<") else { return Ok(()) };
            let merged = entries.remove(at).node;
            let maps = match merged.data {
                Data::List(nodes) => nodes,
                data => vec![Node { data, ..merged }],
            };
            for map in maps {
                let Data::Map(more) = map.data else {
                    let help = "write `<<: *name` for a map that has the anchor `&name`";
                    return Err(places
                        .fault(map.spot, "`<<` takes a map, or a list of maps")
                        .with_help(Some(help.to_owned())));
                };
                let new = |entry: &Entry| !entries.iter().any(|own| own.key == entry.key);
                let more: Vec<Entry> = more.into_iter().filter(new).collect();
                entries.extend(more);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Result<(Node, Places), ConfigError> {
        let mut places = Places::default();
        let node = grow(Path::new("f"), text, &mut places, &Cell::new(30))?;
        Ok((node, places))
    }

    fn place(places: &Places, node: &Node) -> (usize, usize) {
        let place = places.fault(node.spot, "").place().unwrap();
        (place.line, place.column)
    }

    #[test]
    fn what_a_map_says_itself_wins_over_what_is_merged_and_both_keep_their_places() {
        let text = "a: &a {x: 1, y: 2}\nb: &b {x: 3, z: 4}\nc:\n  <<: [*a, *b]\n  y: 5\n";
        let (node, places) = tree(text).unwrap();
        let merged = node.get("c").unwrap();
        let found = |key| match &merged.get(key).unwrap().data {
            Data::Whole(number) => (*number, place(&places, merged.get(key).unwrap())),
            other => panic!("{other:?}"),
        };
        assert_eq!(found("x"), (1, (1, 11)));
        assert_eq!(found("y"), (5, (5, 6)));
        assert_eq!(found("z"), (4, (2, 17)));
        assert!(merged.get("<<").is_none());
    }

    #[test]
    fn merging_what_is_no_map_is_told() {
        let fault = tree("a: 1\nb: {<<: [x]}\n").unwrap_err();
        assert!(fault.to_string().starts_with("f:2:10: `<<` takes a map"), "{fault}");
    }

    #[test]
    fn values_are_counted_with_those_of_aliases() {
        assert!(tree("a: &a [1, 2, 3, 4, 5, 6]\nb: [*a, *a]\n").is_ok());
        let fault = tree("a: &a [1, 2, 3, 4, 5, 6]\nb: [*a, *a, *a, *a]\n").unwrap_err();
        assert!(fault.message().contains("more than 200000 values"), "{fault}");
    }
}

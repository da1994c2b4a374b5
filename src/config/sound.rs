//! What every YAML text must hold, whatever it is for: no key twice, and no aliases that blow it up.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

/// Walks the whole text once. The parser's own answer comes with what we had to say, if it was us who stopped.
///
/// # Errors
/// The first fault: of syntax, a key twice, or more values than a text of that length can honestly have.
pub fn check(text: &str) -> Result<(), (serde_yaml::Error, Option<String>)> {
    // Aliases may repeat parts of a file; a file that grows sixteenfold by them is an attack or an accident.
    let walk = Sound { left: &Cell::new(16 * text.len() + 4096), said: &RefCell::default() };
    walk.deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| (error, walk.said.take()))
}

#[derive(Clone, Copy)]
struct Sound<'a> {
    left: &'a Cell<usize>,
    said: &'a RefCell<Option<String>>,
}

impl Sound<'_> {
    fn stop<E: Error>(self, message: String) -> E {
        let error = E::custom(&message);
        self.said.replace(Some(message));
        error
    }

    fn spend<E: Error>(self, bytes: usize) -> Result<(), E> {
        match self.left.get().checked_sub(1 + bytes) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(self.stop("aliases repeat this too often".to_owned())),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Sound<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Sound<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.spend(0)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.spend(0)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.spend(0)
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.spend(0)
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.spend(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.spend(0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.spend(text.len())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.spend(0)
    }

    /// The parser's word for a file without any value.
    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.spend(0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.spend(0)?;
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.spend(0)?;
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key_seed(Once { walk: self, seen: &seen })? {
            seen.insert(key);
            map.next_value_seed(self)?;
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.stop("a tag (`!...`) has no meaning here".to_owned()))
    }
}

struct Once<'a> {
    walk: Sound<'a>,
    seen: &'a HashSet<String>,
}

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<String, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Once<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key of one word")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        self.walk.spend(key.len())?;
        if self.seen.contains(key) {
            return Err(self.walk.stop(format!("key `{key}` stands here twice")));
        }
        Ok(key.to_owned())
    }
}

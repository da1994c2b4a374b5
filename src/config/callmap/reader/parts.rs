//! What a reader hands to serde: the elements of lists and maps, variants, and values with their places.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Misread, Reader};
use crate::config::callmap::tree::{Entry, Node};
use crate::model::callmap::map::Text;

/// Reads an enum of words.
pub struct OfWord<V>(pub V);

impl<'de, V: Visitor<'de>> Visitor<'de> for OfWord<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<V::Value, E> {
        self.0.visit_enum(word.into_deserializer())
    }
}

/// A variant by its name, and what it holds.
pub struct Variant<'a> {
    variant: &'static str,
    content: Reader<'a>,
}

impl<'a> Variant<'a> {
    pub fn new(variant: &'static str, content: Reader<'a>) -> Self {
        Variant { variant, content }
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Misread;
    type Variant = Reader<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Reader<'de>), Misread> {
        let name: StrDeserializer<'_, Misread> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, self.content))
    }
}

impl<'de> VariantAccess<'de> for Reader<'de> {
    type Error = Misread;

    fn unit_variant(self) -> Result<(), Misread> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Misread> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misread> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        self.deserialize_any(visitor)
    }
}

/// The elements of a list.
pub struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'a> Items<'a> {
    pub fn of(nodes: &'a [Node]) -> Self {
        Items(nodes.iter())
    }
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misread;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misread> {
        self.0.next().map(|node| seed.deserialize(Reader(node))).transpose()
    }
}

/// The keys and values of a map.
pub struct Entries<'a> {
    left: std::slice::Iter<'a, Entry>,
    value: Option<&'a Node>,
}

impl<'a> Entries<'a> {
    pub fn of(entries: &'a [Entry]) -> Self {
        Entries { left: entries.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Misread;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misread> {
        let Some(entry) = self.left.next() else { return Ok(None) };
        self.value = Some(&entry.node);
        seed.deserialize(Name(entry)).map(Some).map_err(|misread| misread.at(entry.name))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misread> {
        let node = self.value.take().ok_or_else(|| Misread::custom("a value without a key"))?;
        seed.deserialize(Reader(node))
    }
}

/// A key, which may want its place too.
struct Name<'a>(&'a Entry);

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Misread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        visitor.visit_borrowed_str(&self.0.key)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misread> {
        let value = BorrowedStrDeserializer::new(&self.0.key);
        visitor.visit_seq(Placed::new(self.0.name.number(), value))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any option
    }
}

/// The number of a spot, and the value there.
pub struct Placed<D> {
    number: Option<u32>,
    value: Option<D>,
}

impl<D> Placed<D> {
    pub fn new(number: u32, value: D) -> Self {
        Placed { number: Some(number), value: Some(value) }
    }
}

impl<'de, D: Deserializer<'de, Error = Misread>> SeqAccess<'de> for Placed<D> {
    type Error = Misread;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misread> {
        if let Some(number) = self.number.take() {
            let number: U32Deserializer<Misread> = number.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        self.value.take().map(|value| seed.deserialize(value)).transpose()
    }
}

/// The number of a spot, and both sides of the text there.
pub struct Word<'a> {
    number: Option<u32>,
    texts: std::array::IntoIter<&'a str, 2>,
}

impl<'a> Word<'a> {
    pub fn new(number: u32, text: &'a Text) -> Self {
        Word { number: Some(number), texts: [text.value(), text.shown()].into_iter() }
    }
}

impl<'de> SeqAccess<'de> for Word<'de> {
    type Error = Misread;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misread> {
        if let Some(number) = self.number.take() {
            let number: U32Deserializer<Misread> = number.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        let text = self.texts.next().map(BorrowedStrDeserializer::new);
        text.map(|text: BorrowedStrDeserializer<'_, Misread>| seed.deserialize(text)).transpose()
    }
}

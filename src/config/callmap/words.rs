//! The schemas of values that are written as a number or a word. Each may also be a text with vars in it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// What a text with a var in it looks like.
const VAR: &str = r"\$\{";

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $schema:tt;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

words! {
    /// A whole number.
    Whole = { "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": format!("^[0-9]+$|{VAR}") }] };
    /// A span of time.
    Span = { "type": "string", "pattern": format!(r"^[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d)$|{VAR}"), "examples": ["300ms", "5s", "2m"] };
    /// How many of a layer's targets must be well.
    Need = { "anyOf": [
        { "type": "integer", "minimum": 1 },
        { "type": "string", "pattern": format!("^(all|any|[0-9]+( *%)?)$|{VAR}"), "examples": ["all", "any", "50%"] },
    ] };
    /// A status of HTTP, or a range of them.
    Status = { "anyOf": [
        { "type": "integer", "minimum": 100, "maximum": 599 },
        { "type": "string", "pattern": format!("^[1-5][0-9][0-9]( *- *[1-5][0-9][0-9])?$|{VAR}"), "examples": ["200-399"] },
    ] };
    /// A port, alone or behind a host.
    Port = { "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 65535 }, { "type": "string", "minLength": 1 }] };
    /// A version of HTTP.
    HttpVersion = { "enum": [1.1, 2, "1.1", "2"] };
    /// A version of TLS.
    TlsVersion = { "enum": [1.2, 1.3, "1.2", "1.3"] };
    /// What a value in JSON must be.
    Anything = true;
    /// The vars of a file.
    Vars = {
        "type": "object",
        "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$" },
        "additionalProperties": { "type": ["string", "integer", "boolean"] },
    };
}

//! JSON Schema (draft 2020-12) of the files, made from the types that read them: editors complete and check with it.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::{callmap, shape, theme};

/// The schema of `wakeboard.yaml`.
#[must_use]
pub fn schema() -> Value {
    made::<shape::File>()
}

/// The schema of theme files.
#[must_use]
pub fn theme_schema() -> Value {
    made::<theme::ThemeFile>()
}

/// The schema of callmaps.
#[must_use]
pub fn callmap_schema() -> Value {
    made::<callmap::CallmapFile>()
}

fn made<T: JsonSchema>() -> Value {
    // What may be left out is `None` in our types, and so `null` to the generator; in a file `null` is an error.
    let no_null = RecursiveTransform(|schema: &mut Schema| {
        if schema.get("default").is_some_and(Value::is_null) {
            schema.remove("default");
        }
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(any)) = schema.get_mut("anyOf") {
            any.retain(|one| one["type"] != "null");
            // A reference alone needs no choice around it.
            if let [Value::Object(only)] = any.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                schema.ensure_object().extend(only);
            }
        }
    });
    SchemaSettings::draft2020_12()
        .with_transform(no_null)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::ACTIONS;

    /// Every object says what it may hold, and no key may be `null`.
    fn closed(value: &Value, path: &str) {
        if let Value::Object(map) = value {
            if map.get("type").and_then(Value::as_str) == Some("object") {
                assert!(map.contains_key("additionalProperties"), "{path} is open");
            }
            assert_ne!(map.get("default"), Some(&Value::Null), "{path} may be null");
            for (key, value) in map {
                closed(value, &format!("{path}/{key}"));
            }
        }
    }

    #[test]
    fn the_schemas_are_closed_and_name_every_action_and_theme() {
        let schema = schema();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        closed(&schema, "");
        closed(&theme_schema(), "");
        closed(&callmap_schema(), "");
        let keys = &schema["properties"]["keys"]["properties"];
        for about in ACTIONS {
            assert!(keys[about.name].is_object(), "{}", about.name);
        }
        assert_eq!(schema["properties"]["theme"]["examples"], serde_json::json!(theme::Theme::names()));
        assert!(schema["required"].is_null());
    }
}

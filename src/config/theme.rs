//! Themes: a style for every slot of the screen, from a shipped file or one of the user's.

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

pub use super::colour::{Color, Style};
use super::env::Env;
use super::error::ConfigError;
use super::locate::Step::{Key, Name};
use super::ordered::Ordered;
pub use super::slot::Slot;
use super::suggest;
use super::yaml::{self, Source};

/// The theme that is used when nobody chooses one.
pub const DEFAULT: &str = "dark";

/// The shipped themes: the same files that are in the repository.
const SHIPPED: [(&str, &str); 3] = [
    ("dark", include_str!("../../themes/dark.yaml")),
    ("light", include_str!("../../themes/light.yaml")),
    ("wall", include_str!("../../themes/wall.yaml")),
];

/// A style for every slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Its name: a shipped one, or that of its file.
    pub name: String,
    styles: [Style; Slot::COUNT],
}

impl Default for Theme {
    fn default() -> Self {
        // A test reads every shipped theme, so that the colourless one never stands in.
        Theme::by_name(DEFAULT)
            .unwrap_or_else(|| Theme { name: DEFAULT.to_owned(), styles: [Style::default(); Slot::COUNT] })
    }
}

impl Theme {
    /// The shipped themes: name and YAML.
    #[must_use]
    pub fn shipped() -> &'static [(&'static str, &'static str)] {
        &SHIPPED
    }

    /// The names of the shipped themes.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        SHIPPED.iter().map(|(name, _)| *name).collect()
    }

    /// The shipped theme of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Theme> {
        let (name, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Theme::read(Path::new(name), text).ok()
    }

    /// The style of a slot.
    #[must_use]
    pub fn style(&self, slot: Slot) -> Style {
        self.styles[slot as usize]
    }

    /// Reads a theme from the text of its file.
    ///
    /// # Errors
    /// The file's first fault, with its place.
    pub fn read(file: &Path, text: &str) -> Result<Theme, ConfigError> {
        let source = Source { file, text };
        let ThemeFile(entries) = yaml::read(file, text)?;
        let mut styles: [Option<Style>; Slot::COUNT] = [None; Slot::COUNT];
        for (name, value) in &entries.0 {
            if name == INHERITS {
                continue;
            }
            let Some(slot) = Slot::by_name(name) else {
                let error = source.fault(&[Name(name)], format!("unknown key `{name}`"));
                let mut known = vec![INHERITS];
                known.extend(Slot::ALL.map(Slot::as_str));
                return Err(error.with_help(Some(suggest::help(name, &known))));
            };
            let style = value.parse().map_err(|error: super::colour::BadStyle| {
                source.fault(&[Key(name)], error.to_string()).with_help(Some(error.why))
            })?;
            styles[slot as usize] = Some(style);
        }
        let base = entries.0.iter().find(|(name, _)| name == INHERITS);
        let base = base.map(|(_, base)| inherited(source, base)).transpose()?;
        let missing: Vec<&str> = Slot::ALL
            .into_iter()
            .filter(|slot| base.is_none() && styles[*slot as usize].is_none())
            .map(Slot::as_str)
            .collect();
        if !missing.is_empty() {
            let error = source.fault(&[], format!("styles are missing: {}", missing.join(", ")));
            return Err(error.with_help(Some(format!("name them, or say `{INHERITS}: {DEFAULT}`"))));
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let style =
            |slot| styles[slot as usize].or(base.as_ref().map(|base| base.style(slot))).unwrap_or_default();
        Ok(Theme { name, styles: Slot::ALL.map(style) })
    }
}

const INHERITS: &str = "inherits";

fn inherited(source: Source<'_>, base: &str) -> Result<Theme, ConfigError> {
    Theme::by_name(base).ok_or_else(|| {
        source
            .fault(&[Key(INHERITS)], format!("there is no shipped theme `{base}`"))
            .with_help(Some(suggest::help(base, &Theme::names())))
    })
}

/// The file that is meant, where it is no shipped theme.
#[must_use]
pub fn file(config: &Path, written: &str, env: &Env) -> Option<PathBuf> {
    let extension = Path::new(written).extension().unwrap_or_default();
    let is_file = written.contains('/') || extension == "yaml" || extension == "yml";
    is_file.then(|| env.path_in(config, written))
}

/// The theme that the config names: a shipped one, or a file.
///
/// # Errors
/// There is none of that name, or the file has a fault.
pub fn check(source: Source<'_>, written: &str, env: &Env) -> Result<Theme, ConfigError> {
    let Some(file) = file(source.file, written, env) else {
        return Theme::by_name(written).ok_or_else(|| {
            let help = suggest::help(written, &Theme::names());
            source
                .fault(&[Key("theme")], format!("there is no shipped theme `{written}`"))
                .with_help(Some(format!("{help} (a file of your own ends in .yaml)")))
        });
    };
    // That the file is missing is a fault of the line that names it; what stands in it is its own.
    if let Err(error) = std::fs::metadata(&file) {
        let message = format!("the theme {} cannot be read: {error}", file.display());
        return Err(source.fault(&[Key("theme")], message));
    }
    Theme::read(&file, &yaml::open(&file)?)
}

/// What a theme file looks like: a style a slot, and what it inherits.
#[derive(serde::Deserialize)]
pub(super) struct ThemeFile(Ordered<String>);

impl JsonSchema for ThemeFile {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Theme".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut properties: serde_json::Map<_, _> = Slot::ALL
            .into_iter()
            .map(|slot| {
                let style = serde_json::json!({
                    "description": slot.about(),
                    "anyOf": [{ "type": "string", "minLength": 1, "examples": ["#aabbcc on #112233 bold", "bright-red", "208"] },
                              { "type": "integer", "minimum": 0, "maximum": 255 }],
                });
                (slot.as_str().to_owned(), style)
            })
            .collect();
        let description = "The shipped theme that the styles come from which this file does not name.";
        properties.insert(
            INHERITS.to_owned(),
            serde_json::json!({ "description": description, "type": "string", "enum": Theme::names() }),
        );
        json_schema!({
            "title": "A theme of wakeboard",
            "description": "Styles are written `[colour] [on colour] [bold] [dim] [italic] [underline] [reverse]`; \
                a colour is `default`, a name such as `red` or `bright-red`, a number from 0 to 255, or \"#rrggbb\".",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "anyOf": [{ "required": [INHERITS] }, { "required": Slot::ALL.map(Slot::as_str) }],
        })
    }
}

//! The catalogue of the screen's texts (Project Fluent files under `messages/`).

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

const ENGLISH: &str = include_str!("messages/en.ftl");

/// The texts of one language.
pub struct Messages {
    bundle: FluentBundle<FluentResource>,
}

impl Messages {
    /// The English texts.
    #[must_use]
    pub fn english() -> Self {
        // What a resource has wrong is left out of it and told beside it; a test holds that nothing is.
        let resource = match FluentResource::try_new(ENGLISH.to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        let mut bundle = FluentBundle::new_concurrent(vec![LanguageIdentifier::default()]);
        // The marks around arguments are for mixed directions; they would take cells on a screen.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Messages { bundle }
    }

    /// The text of that name.
    #[must_use]
    pub fn say(&self, name: &str) -> String {
        self.format(name, None)
    }

    /// The text of that name with its arguments filled in.
    #[must_use]
    pub fn say_with<'a, V>(&self, name: &str, arguments: impl IntoIterator<Item = (&'a str, V)>) -> String
    where
        V: Into<FluentValue<'a>>,
    {
        let mut filled = FluentArgs::new();
        for (key, value) in arguments {
            filled.set(key, value);
        }
        self.format(name, Some(&filled))
    }

    fn format(&self, name: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(name).and_then(|message| message.value()) else {
            // A gap in the catalogue shows as its name, which is better than a hole in the screen.
            return name.to_owned();
        };
        self.bundle.format_pattern(pattern, arguments, &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::ACTIONS;

    #[test]
    fn the_catalogue_is_whole() {
        assert!(FluentResource::try_new(ENGLISH.to_owned()).is_ok());
        let messages = Messages::english();
        for about in ACTIONS {
            assert_ne!(messages.say(about.help), about.help);
        }
        assert_eq!(messages.say_with("tenants-count", [("count", 1)]), "1 tenant");
        assert_eq!(messages.say_with("tenants-count", [("count", 64)]), "64 tenants");
    }

    /// Every text that the code asks for is in the catalogue, and nothing else is.
    #[test]
    fn code_and_catalogue_agree() {
        let mut code = String::new();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    code += &std::fs::read_to_string(path).unwrap();
                }
            }
        }
        for line in ENGLISH.lines() {
            if let Some((name, _)) = line.split_once(" =").filter(|(name, _)| !name.contains([' ', '#'])) {
                assert!(code.contains(&format!("\"{name}\"")), "no code asks for {name}");
            }
        }
        let ask = regex::Regex::new("say(?:_with)?\\(\\s*\"([a-z-]+)\"").unwrap();
        let messages = Messages::english();
        for found in ask.captures_iter(&code) {
            assert!(messages.bundle.has_message(&found[1]), "the catalogue lacks {}", &found[1]);
        }
    }
}

//! A callmap and all that it includes, as one tree whose vars are filled in.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use super::fill::{Filler, Vars, is_var_name};
use super::limits::{DEEPEST_INCLUDE, MOST_FILES, MOST_VALUES, MOST_VARS};
use super::places::{Places, Spot};
use super::tree::{Data, Node, grow};
use super::wrong::Wrong;
use super::{inside, reader, shape};
use crate::config::env::Env;
use crate::config::error::ConfigError;
use crate::config::{suggest, yaml};
use crate::model::callmap::map::Text;

/// All files of a callmap.
pub struct Gathered<'a> {
    /// Where everything stands.
    pub places: Places,
    /// The one tree.
    pub root: Node,
    /// What was filled in.
    pub filler: Filler<'a>,
}

/// Reads `text`, the text of `file`, and what it includes. `given` are vars that go before those of the files. `read` gets
/// each included file as it is named, also where something is wrong with it or with another one.
///
/// # Errors
/// A file that cannot be read or used, or a text that cannot be filled in.
pub fn gather<'a>(
    file: &Path,
    text: &str,
    given: &[(String, String)],
    env: &'a Env,
    read: &mut Vec<PathBuf>,
) -> Result<Gathered<'a>, ConfigError> {
    let mut vars = Vars::new();
    for (name, value) in given {
        if !is_var_name(name) {
            return Err(ConfigError::of("--var", format!("`{name}` is no name of a var")));
        }
        vars.insert(name.as_str().into(), Text::open(value));
    }
    let mut work = Work {
        places: Places::default(),
        filler: Filler::new(env),
        values: Cell::new(MOST_VALUES),
        above: Vec::new(),
        said: Vec::new(),
        read,
    };
    let root = work.file(file, text, &vars)?;
    for (name, _) in given {
        if !work.said.contains(name) && !work.filler.used.contains(name.as_str()) {
            let known: Vec<&str> = work.said.iter().map(String::as_str).collect();
            let help = (!known.is_empty()).then(|| suggest::help(name, &known));
            let message = format!("{} has no var `{name}`", file.display());
            return Err(ConfigError::of("--var", message).with_help(help));
        }
    }
    Ok(Gathered { places: work.places, root, filler: work.filler })
}

struct Work<'a, 'b> {
    places: Places,
    filler: Filler<'a>,
    /// How many values there may still be.
    values: Cell<usize>,
    /// The files that led here, by their real paths.
    above: Vec<PathBuf>,
    /// The vars that files say.
    said: Vec<String>,
    /// The files that were included so far.
    read: &'b mut Vec<PathBuf>,
}

impl Work<'_, '_> {
    /// The tree of a file, filled in, with its includes followed.
    fn file(&mut self, file: &Path, text: &str, outer: &Vars) -> Result<Node, ConfigError> {
        // By its real path, so that a circle is seen whatever its files are called on the way.
        self.above.push(file.canonicalize().unwrap_or_else(|_| file.to_owned()));
        let mut root = grow(file, text, &mut self.places, &self.values)?;
        if let Data::Map(entries) = &mut root.data {
            entries.retain(|entry| !entry.key.starts_with("x-"));
        }
        let vars = self.vars(&mut root, outer)?;
        self.fill(&mut root, &vars)?;
        if let Some(Node { data: Data::List(layers), .. }) = root.get_mut("layers") {
            let written = std::mem::take(layers);
            for node in written {
                if node.get("include").is_some() {
                    layers.extend(self.include(file, &node, &vars)?);
                } else {
                    layers.push(node);
                }
            }
        }
        self.above.pop();
        Ok(root)
    }

    /// The vars of a file: those that came from outside, and its own where nobody outside said them.
    fn vars(&mut self, root: &mut Node, outer: &Vars) -> Result<Vars, ConfigError> {
        let mut vars = outer.clone();
        let Some(node) = root.get_mut("vars") else { return Ok(vars) };
        let spot = node.spot;
        let Data::Map(entries) = &mut node.data else {
            return Err(self
                .places
                .fault(spot, Wrong::new("this is no map of vars", "vars: {site: www.example.com}")));
        };
        if entries.len() > MOST_VARS {
            return Err(self.places.fault(spot, format!("more than {MOST_VARS} vars")));
        }
        for entry in std::mem::take(entries) {
            if !is_var_name(&entry.key) {
                let message = format!("`{}` is no name of a var", entry.key);
                let help = "letters, digits, `_` and `-`, a letter first";
                return Err(self.places.fault(entry.name, Wrong::new(message, help)));
            }
            self.said.push(entry.key.to_string());
            let text = self.value(&entry.node, &vars)?;
            if !outer.contains_key(&entry.key) {
                vars.insert(entry.key, text);
            }
        }
        Ok(vars)
    }

    fn value(&mut self, node: &Node, vars: &Vars) -> Result<Text, ConfigError> {
        match &node.data {
            Data::Text(text) => {
                let filled = self.filler.fill(text.value(), vars);
                Ok(filled.map_err(|wrong| wrong.at(&self.places, node.spot))?.unwrap_or_else(|| text.clone()))
            }
            Data::Whole(number) => Ok(Text::open(&number.to_string())),
            Data::Below(number) => Ok(Text::open(&number.to_string())),
            Data::Bool(value) => Ok(Text::open(&value.to_string())),
            Data::Float(_) => {
                // 1.10 would become 1.1.
                let wrong = Wrong::new("a number with a point loses its notation here", "put it in quotes");
                Err(wrong.at(&self.places, node.spot))
            }
            Data::Nothing => Err(self.places.fault(node.spot, "there is no value")),
            Data::List(_) | Data::Map(_) => Err(self.places.fault(node.spot, "a var is one text")),
        }
    }

    /// Fills in all texts below a node.
    fn fill(&mut self, node: &mut Node, vars: &Vars) -> Result<(), ConfigError> {
        match &mut node.data {
            Data::Text(text) => {
                let filled = self.filler.fill(text.value(), vars);
                if let Some(filled) = filled.map_err(|wrong| wrong.at(&self.places, node.spot))? {
                    *text = filled;
                }
                Ok(())
            }
            Data::List(nodes) => nodes.iter_mut().try_for_each(|node| self.fill(node, vars)),
            Data::Map(entries) => entries.iter_mut().try_for_each(|entry| self.fill(&mut entry.node, vars)),
            _ => Ok(()),
        }
    }

    /// The layers of the file that an entry of `layers` includes.
    fn include(&mut self, file: &Path, node: &Node, vars: &Vars) -> Result<Vec<Node>, ConfigError> {
        let entry: shape::Include = reader::parse(node, &self.places)?;
        let (spot, written) = (entry.include.spot, entry.include.value.as_str());
        let found = inside::find(file, written).map_err(|wrong| wrong.at(&self.places, spot))?;
        // A fault quotes its file, and a key or a password beside the callmaps is nothing to quote.
        if !found.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            let wrong =
                Wrong::new(format!("`{written}` is no file to include"), "its name must end with .yaml");
            return Err(wrong.at(&self.places, spot));
        }
        if let Some(at) = self.above.iter().position(|above| *above == found) {
            return Err(self.places.fault(spot, self.circle(at)));
        }
        if self.above.len() > DEEPEST_INCLUDE {
            let message = format!("files include files more than {DEEPEST_INCLUDE} deep");
            return Err(self.places.fault(spot, message));
        }
        if self.places.files().len() >= MOST_FILES {
            return Err(self.places.fault(spot, format!("more than {MOST_FILES} files are included")));
        }
        let bytes =
            inside::bytes(&found, written, yaml::LARGEST).map_err(|wrong| wrong.at(&self.places, spot))?;
        // Shown as a person would go there: from the folder of the file that includes it.
        let path = file.parent().unwrap_or(Path::new("")).join(written);
        self.read.push(path.clone());
        let text = yaml::decode(&path, &bytes)?;
        let root = self.file(&path, &text, vars)?;
        self.layers(root, spot)
    }

    fn layers(&self, mut root: Node, spot: Spot) -> Result<Vec<Node>, ConfigError> {
        let _: shape::Common = reader::parse(&root, &self.places)?;
        let Some(node) = root.get_mut("layers") else { return Ok(Vec::new()) };
        match &mut node.data {
            Data::List(layers) if layers.is_empty() => {
                Err(self.places.fault(spot, "this file holds no layers"))
            }
            Data::List(layers) => Ok(std::mem::take(layers)),
            _ => Err(self.places.fault(node.spot, "this is no list of layers")),
        }
    }

    /// How a file comes to include itself.
    fn circle(&self, from: usize) -> String {
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut names: Vec<String> = self.above[from..].iter().map(name).collect();
        names.extend(names.first().cloned());
        format!("files include each other in a circle: {}", names.join(" -> "))
    }
}

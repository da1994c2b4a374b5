//! From what is written to what is asked: every rule that a shape cannot say by itself.

mod dns;
mod headers;
mod http;
mod json_path;
mod layer;
mod like;
mod limits;
mod names;
mod number;
mod tcp;
mod tls;
mod trust;
mod url;

use std::cell::RefCell;

use super::gather::Gathered;
use super::limits::{DEADLINE, LONGEST_DEADLINE, MOST_LAYERS, MOST_PARALLEL, MOST_QUESTIONS, PARALLEL};
use super::places::{Places, Spot};
use super::wrong::Wrong;
use super::{reader, shape};
use crate::config::error::ConfigError;
use crate::model::callmap::map::{Callmap, Layer, Secrets, Targets};

/// What all checks need.
pub struct Check<'a> {
    places: &'a Places,
    patterns: RefCell<like::Patterns>,
    pems: RefCell<trust::Pems>,
}

impl Check<'_> {
    /// The fault at a spot.
    fn fault(&self, spot: Spot, wrong: impl Into<Wrong>) -> ConfigError {
        self.places.fault(spot, wrong)
    }
}

/// The callmap that was gathered.
///
/// # Errors
/// The first thing that cannot be asked, at its place.
pub fn check(gathered: &Gathered<'_>) -> Result<Callmap, ConfigError> {
    let Gathered { places, root, filler } = gathered;
    let file: shape::File = reader::parse(root, places)?;
    let check = Check { places, patterns: RefCell::default(), pems: RefCell::default() };
    let product = names::shown(&file.product.value).map_err(|wrong| wrong.at(places, file.product.spot))?;
    let limits = limits::Limits::default().narrowed(&check, &file)?;
    let deadline = match &file.deadline {
        Some(written) => {
            number::span(written, LONGEST_DEADLINE).map_err(|wrong| wrong.at(places, written.spot))?
        }
        None => DEADLINE,
    };
    let parallel = match &file.parallel {
        Some(written) => number::whole(written, 1, MOST_PARALLEL)
            .map_err(|wrong| wrong.at(places, written.spot))
            .map(|parallel| usize::try_from(parallel).unwrap_or(PARALLEL))?,
        None => PARALLEL,
    };
    let secrets = filler.secrets.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Callmap {
        product,
        layers: layers(&check, &file, limits)?,
        deadline,
        parallel,
        secrets: Secrets::new(secrets),
        files: places.files(),
    })
}

fn layers(check: &Check<'_>, file: &shape::File, limits: limits::Limits) -> Result<Vec<Layer>, ConfigError> {
    let written = &file.layers;
    if written.value.is_empty() {
        return Err(check.fault(written.spot, "there is no layer"));
    }
    if written.value.len() > MOST_LAYERS {
        return Err(check.fault(written.spot, format!("more than {MOST_LAYERS} layers")));
    }
    let mut layers: Vec<Layer> = Vec::new();
    let mut questions = 0;
    for shape in &written.value {
        let layer = layer::layer(check, shape, limits)?;
        if layers.iter().any(|other| other.name == layer.name) {
            let message = format!("a second layer `{}`", layer.name);
            let help = "reports name layers by their names: give each its own";
            return Err(check.fault(shape.name.spot, Wrong::new(message, help)));
        }
        let targets = if let Targets::Addresses(targets) = &layer.targets { targets.len() } else { 1 };
        questions += targets * layer.probes.len();
        if questions > MOST_QUESTIONS {
            let message = format!("more than {MOST_QUESTIONS} probes, counted at each target");
            let help = "write more than one callmap";
            return Err(check.fault(shape.name.spot, Wrong::new(message, help)));
        }
        layers.push(layer);
    }
    Ok(layers)
}

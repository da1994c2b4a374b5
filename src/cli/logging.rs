//! The log: a file in the XDG state folder, never the screen; the keeper, which has none, writes its own to the error output.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use etcetera::BaseStrategy;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Failure;
use super::log_file::LogFile;
use crate::grammar::{Global, LogFormat};

/// Starts to log as the keeper does: what matters, to the error output or the file that was asked for.
pub fn start_keeper(global: &Global, format: LogFormat) -> Result<(), Failure> {
    let writer = match global.log_file.as_deref() {
        Some(path) => {
            let file = LogFile::open(path)
                .map_err(|error| Failure::Usage(format!("--log-file {}: {error}", path.display())))?;
            BoxMakeWriter::new(Mutex::new(file))
        }
        None => BoxMakeWriter::new(std::io::stderr),
    };
    // The keeper tells all that matters in words of its own: the rest only speaks up where something is wrong.
    let rest = if global.log_level > LevelFilter::INFO { global.log_level } else { LevelFilter::WARN };
    let targets = Targets::new()
        .with_default(LevelFilter::WARN.min(global.log_level))
        .with_target("wakeboard", rest.min(global.log_level))
        .with_target("wakeboard::keeper", global.log_level)
        .with_target("wakeboard::cli::keeper", global.log_level);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_target(false).with_writer(writer);
    let registry = tracing_subscriber::registry().with(targets);
    // Fails only where somebody logs already, as in tests.
    let _ = match format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    Ok(())
}

/// Starts to log. A default file that cannot be written is no reason not to work; one that was asked for is.
pub fn start(global: &Global) -> Result<(), Failure> {
    if global.log_level == LevelFilter::OFF {
        return Ok(());
    }
    let asked = global.log_file.as_deref();
    let Some(path) = asked.map(Path::to_owned).or_else(default_file) else { return Ok(()) };
    let file = match LogFile::open(&path) {
        Ok(file) => file,
        Err(error) if asked.is_some() => {
            return Err(Failure::Usage(format!("--log-file {}: {error}", path.display())));
        }
        Err(_) => return Ok(()),
    };
    let targets = Targets::new().with_default(LevelFilter::WARN).with_target("wakeboard", global.log_level);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    // Fails only where somebody logs already, as in tests.
    let _ = tracing_subscriber::registry().with(targets).with(layer).try_init();
    Ok(())
}

fn default_file() -> Option<PathBuf> {
    let folder = etcetera::base_strategy::Xdg::new().ok()?.state_dir()?.join("wakeboard");
    // The ledger is kept there too.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
    Some(folder.join("wakeboard.log"))
}

//! `wakeboard generate docs`: the pages under `docs/` that are made from the code.

use std::fmt::Write as _;
use std::path::Path;

use super::Failure;
use crate::config;
use crate::grammar::{GenerateWhat, shell_command};
use crate::model::action::{ACTIONS, Danger};
use crate::tui::messages::Messages;

/// Writes the pages, or says which are not fresh.
///
/// # Errors
/// A page that cannot be written, or is not fresh.
pub fn run(what: &GenerateWhat) -> Result<(), Failure> {
    let GenerateWhat::Docs { check } = what;
    let mut stale = Vec::new();
    for (name, text) in pages()? {
        let path = Path::new("docs").join(name);
        if std::fs::read_to_string(&path).is_ok_and(|now| now == text) {
            continue;
        }
        if *check {
            stale.push(path.display().to_string());
        } else {
            std::fs::write(&path, text)?;
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "not fresh: {}; write them anew: cargo run -- generate docs",
        stale.join(", ")
    )))
}

fn pages() -> Result<[(&'static str, String); 4], Failure> {
    let pretty = |schema: serde_json::Value| match serde_json::to_string_pretty(&schema) {
        Ok(text) => Ok(text + "\n"),
        Err(error) => Err(Failure::Failed(error.to_string())),
    };
    Ok([
        ("keys.md", keys()),
        ("commands.md", commands()),
        ("wakeboard.schema.json", pretty(config::schema())?),
        ("callmap.schema.json", pretty(config::callmap_schema())?),
    ])
}

fn keys() -> String {
    let messages = Messages::english();
    let mut page =
        "# Keys\n\nMade from `src/model/action.rs`. The names are those of the config's `keys`, and can be \
                    written after `:`.\n\n| key | name | what it does |\n|---|---|---|\n"
            .to_owned();
    for about in ACTIONS {
        let keys: Vec<String> = about.keys.iter().map(|key| format!("`{key}`")).collect();
        let asks = if about.danger == Danger::Asks { " (asks first)" } else { "" };
        let _ =
            writeln!(page, "| {} | `{}` | {}{asks} |", keys.join(" "), about.name, messages.say(about.help));
    }
    page
}

fn commands() -> String {
    let mut page = "# Commands\n\nMade from `src/grammar/`. The options of `wakeboard` itself go with every command; those \
                    about hosts, tenants and tickets can also be written after `:` in the console.\n"
        .to_owned();
    let mut shell = shell_command().term_width(100);
    shell.build();
    let mut pending = vec![shell];
    while !pending.is_empty() {
        let mut command = pending.remove(0);
        let help = command.render_long_help().to_string();
        let text: Vec<&str> = help.lines().map(str::trim_end).collect();
        let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
        let _ = write!(page, "\n## {name}\n\n```\n{}\n```\n", text.join("\n").trim_end());
        // Said once, for the program as a whole.
        let own = |arg: clap::Arg| {
            let everywhere = arg.is_global_set() || ["help", "version"].contains(&arg.get_id().as_str());
            if everywhere { arg.hide(true) } else { arg }
        };
        let shown = command.get_subcommands().filter(|it| !it.is_hide_set()).cloned();
        pending.extend(shown.map(|command| command.mut_args(own)));
    }
    page
}

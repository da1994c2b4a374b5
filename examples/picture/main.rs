//! Draws the console into `docs/pictures/`, from the program's own output: `cargo run --release --example picture`.
//!
//! It builds `wakeboard`, runs its demo in a pseudo-terminal, presses keys, waits until the screen is rich, and writes
//! what the terminal then shows as an SVG. With names (`console`, `light`, `wall`, `help`, `callmap`) it
//! draws only those.

mod screen;
mod svg;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What is drawn: its name, the theme, the keys that are pressed, each so many seconds after the start, and what must be
/// seen then.
struct Picture {
    name: &'static str,
    theme: &'static str,
    keys: &'static [(u64, &'static str)],
    awaited: &'static str,
}

const fn picture(name: &'static str, theme: &'static str, keys: &'static [(u64, &'static str)]) -> Picture {
    Picture { name, theme, keys, awaited: "" }
}

// Three tenants go to sleep by three methods. After half a minute every row on the screen has its figures, and something
// has broken.
const SHOWN: &[(u64, &str)] = &[
    (3, ":dump fern --by freeze\r"),
    (4, "y"),
    (6, ":dump cedar --by checkpoint\r"),
    (7, "y"),
    (9, ":dump dahlia --by stop\r"),
    (10, "y"),
    (34, "jjjjjjj"),
];
// The demo's own chain is asked every ten seconds, until one of its links is broken.
const CALLMAP: &[(u64, &str)] = &[(4, "c"), (6, "shop\r"), (8, ".")];
const BROKEN: &str = "first broken layer";
const PICTURES: [Picture; 5] = [
    picture("console", "dark", SHOWN),
    picture("light", "light", SHOWN),
    picture("wall", "wall", SHOWN),
    picture("help", "dark", &[(10, "?")]),
    Picture { awaited: BROKEN, ..picture("callmap", "dark", CALLMAP) },
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(name) = wanted.iter().find(|name| PICTURES.iter().all(|it| it.name != **name)) {
        let known: Vec<&str> = PICTURES.iter().map(|it| it.name).collect();
        eprintln!("picture: no picture called {name:?} (pictures: {})", known.join(", "));
        return ExitCode::from(2);
    }
    match draw(&wanted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("picture: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(wanted: &[String]) -> Result<(), Box<dyn Error>> {
    let program = program()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    std::fs::create_dir_all(&folder)?;
    let asked = |it: &&Picture| wanted.is_empty() || wanted.iter().any(|name| name == it.name);
    // All at once: each spends its time waiting.
    std::thread::scope(|scope| {
        let threads: Vec<_> = PICTURES
            .iter()
            .filter(asked)
            .map(|picture| scope.spawn(|| one(&program, &folder, picture).map_err(|error| error.to_string())))
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

fn one(program: &Path, folder: &Path, picture: &Picture) -> Result<(), Box<dyn Error>> {
    let config =
        std::env::temp_dir().join(format!("wakeboard-picture-{}-{}.yaml", std::process::id(), picture.name));
    std::fs::write(&config, format!("theme: {}\noperator: op1@war-room\n", picture.theme))?;
    let shown = screen::of_demo(program, &config, picture.keys, picture.awaited);
    let _ = std::fs::remove_file(&config);
    let file = folder.join(picture.name).with_extension("svg");
    std::fs::write(&file, svg::of_screen(shown?.screen(), "wakeboard demo")?)?;
    println!("{}", file.display());
    Ok(())
}

/// Builds the program in the profile that this was built in, so that the picture is of the present code.
fn program() -> Result<PathBuf, Box<dyn Error>> {
    let me = std::env::current_exe()?;
    let folder = me.parent().and_then(Path::parent).ok_or("started from nowhere")?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--bin", "wakeboard"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        build.arg("--release");
    }
    if !build.status()?.success() {
        return Err("the program could not be built".into());
    }
    Ok(folder.join(format!("wakeboard{}", std::env::consts::EXE_SUFFIX)))
}

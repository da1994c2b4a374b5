//! Files that must load, and files that must be refused with the right words at the right place.
//!
//! A bad file starts with lines `# expect: ...`; all of them must stand in what is told. One holds `:LINE:COLUMN:`.

use std::fs;
use std::path::{Path, PathBuf};

use wakeboard::config::{Env, callmap};
use wakeboard::model::callmap::map::Callmap;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/callmaps")
}

pub fn corpus(name: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder().join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

pub fn env() -> Env {
    let vars = [("TOKEN", "geheim-1234"), ("LINES", "geheim\n1234"), ("SPACED", "geheim 1234")];
    let callmap_names = ["TOKEN", "LINES", "SPACED", "NO_SUCH"].map(str::to_owned).into();
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Env { vars, callmap_names, ..Env::default() }
}

pub fn load(file: &Path) -> Result<Callmap, String> {
    callmap::load(file, &[], &env()).map_err(|error| error.to_string())
}

#[test]
fn every_good_file_loads() {
    let files = corpus("good");
    assert!(files.len() >= 20, "only {} good files", files.len());
    for file in files {
        if let Err(told) = load(&file) {
            panic!("{told}");
        }
    }
}

#[test]
fn every_bad_file_is_refused_at_its_place_and_in_its_words() {
    let files = corpus("bad");
    assert!(files.len() >= 120, "only {} bad files", files.len());
    let mut faults = Vec::new();
    for file in files {
        // Not all of the bad files are UTF-8.
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let expected: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("# expect: ")).collect();
        assert!(!expected.is_empty(), "{} expects nothing", file.display());
        let column = |line: &str| line.split(':').nth(2).is_some_and(|it| it.parse::<u32>().is_ok());
        let placed = |line: &&&str| !line.starts_with("help: ") && column(line);
        assert_eq!(expected.iter().filter(placed).count(), 1, "{} expects no place", file.display());
        match load(&file) {
            Ok(_) => faults.push(format!("{} was taken", file.display())),
            Err(told) => {
                assert!(!told.contains("geheim"), "{told}");
                faults.extend(
                    expected
                        .iter()
                        .filter(|line| !told.contains(**line))
                        .map(|line| format!("expected {line:?} in\n{told}\n")),
                );
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_shipped_callmap_loads_and_stands_in_its_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = callmap::shipped();
    assert_eq!(fs::read_dir(folder.join("callmaps")).unwrap().count(), shipped.len());
    for (name, text) in shipped {
        assert_eq!(fs::read_to_string(folder.join("callmaps").join(name)).unwrap(), text);
        if let Err(error) = callmap::load(&folder.join("callmaps").join(name), &[], &Env::default()) {
            panic!("{error}");
        }
    }
}

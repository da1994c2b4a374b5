//! Edits of files, as editors and people make them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wakeboard::config::watched::{WatchedFiles, shown};
use wakeboard::config::{Env, Settings};
use wakeboard::intake::watch::{Listing, Rules, Watch, Watched};
use wakeboard::model::change::{Change, Source, Verb};

use super::stand::{Book, runtime};

/// How long nothing is told where nothing should be: longer than any step of the watch takes.
const QUIET: Duration = Duration::from_millis(2500);

/// A folder with a config and callmaps, which may be watched.
struct Yard {
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    book: Book,
}

impl Yard {
    fn new() -> Yard {
        let yard = Yard { folder: tempfile::tempdir().unwrap(), runtime: runtime(), book: Book::default() };
        fs::create_dir_all(yard.path("conf/callmaps")).unwrap();
        yard.write("conf/wakeboard.yaml", "operator: op1\nledger: postgres://me:geheim@db/x\n");
        yard.write("conf/callmaps/shop.yaml", &callmap(80));
        yard
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Begins to watch, and waits until all has been seen once.
    fn watch(&self) -> Watch {
        let watch = self.watch_unseen();
        let until = Instant::now() + Duration::from_secs(20);
        let kept = self.path("state/watched.json");
        while !fs::read_to_string(&kept).is_ok_and(|text| text.contains("wakeboard.yaml")) {
            assert!(Instant::now() < until, "never looked");
            std::thread::sleep(Duration::from_millis(10));
        }
        // The system's eye is opened right before that.
        std::thread::sleep(Duration::from_millis(100));
        watch
    }

    fn watch_unseen(&self) -> Watch {
        let settings = Settings { file: Some(self.path("conf/wakeboard.yaml")), ..Settings::default() };
        let mut files = WatchedFiles::of(&settings, &Env::default());
        let folder = self.folder.path().to_owned();
        let list = move || {
            let (files, folders) = files.list();
            // Not what happens to lie where the tests are started.
            let ours = files.into_iter().filter(|(path, _)| path.starts_with(&folder));
            let files = ours.map(|(path, name)| Watched { path, name }).collect();
            Listing { files, folders: folders.into_iter().filter(|path| path.starts_with(&folder)).collect() }
        };
        let rules = Rules {
            list: Box::new(list),
            mask: Arc::new(|text| shown(text, &Env::default())),
            kept: Some(self.path("state/watched.json")),
            machine: "war-room".into(),
        };
        let _inside = self.runtime.enter();
        Watch::start(rules, self.book.tell())
    }

    fn quiet(&self, count: usize) {
        std::thread::sleep(QUIET);
        assert_eq!(self.book.changes().len(), count, "{:#?}", self.book.changes());
    }
}

fn callmap(port: u16) -> String {
    format!("product: shop\nlayers: [{{name: a, targets: [127.0.0.1], probes: [{{tcp: {port}}}]}}]\n")
}

fn detail(change: &Change) -> &str {
    change.detail.as_deref().unwrap_or_default()
}

#[test]
fn an_edit_is_told_once_with_what_was_changed_and_without_secrets() {
    let yard = Yard::new();
    let _watch = yard.watch();
    // The same again is no edit.
    yard.write("conf/wakeboard.yaml", "operator: op1\nledger: postgres://me:geheim@db/x\n");
    yard.quiet(0);
    yard.write("conf/wakeboard.yaml", "operator: op2\nledger: postgres://me:anders@db/x\n");
    let changes = yard.book.wait(1);
    let change = &changes[0];
    assert_eq!((change.source, change.verb), (Source::File, Verb::Edited));
    assert_eq!((change.thing.as_deref(), change.actor.as_deref()), (Some("wakeboard.yaml"), None));
    assert_eq!(detail(change), "+2 -2 lines");
    assert_eq!(
        (change.before.as_deref(), change.after.as_deref()),
        (Some("operator: op1"), Some("operator: op2"))
    );
    let raw: Vec<String> = yard.book.records().iter().map(|record| record.raw.to_string()).collect();
    assert!(raw[0].ends_with("conf/wakeboard.yaml: +2 -2 lines"), "{raw:?}");
    assert!(raw.contains(&"-ledger: postgres://me:******@db/x".to_owned()), "{raw:?}");
    assert!(!raw.concat().contains("geheim") && !raw.concat().contains("anders"), "{raw:?}");
    assert!(yard.book.records().iter().all(|record| record.act == change.act), "one act");
    let kept = fs::read_to_string(yard.path("state/watched.json")).unwrap();
    assert!(!kept.contains("geheim") && !kept.contains("op1"), "only hashes are kept");
    yard.quiet(1);
}

#[test]
fn a_file_that_is_replaced_or_written_in_pieces_is_one_edit() {
    let yard = Yard::new();
    let _watch = yard.watch();
    let file = yard.path("conf/callmaps/shop.yaml");
    // As vim does: the old one away, the new one in its place, the old one removed.
    fs::rename(&file, yard.path("conf/callmaps/shop.yaml~")).unwrap();
    fs::write(&file, callmap(81)).unwrap();
    fs::remove_file(yard.path("conf/callmaps/shop.yaml~")).unwrap();
    let changes = yard.book.wait(1);
    assert_eq!(changes[0].thing.as_deref(), Some("callmaps/shop.yaml"));
    assert_eq!(detail(&changes[0]), "+1 -1 lines");
    // As others do: a new one beside it, moved over it.
    fs::write(yard.path("conf/callmaps/.new"), callmap(82)).unwrap();
    fs::rename(yard.path("conf/callmaps/.new"), &file).unwrap();
    yard.book.wait(2);
    // In pieces.
    let text = callmap(83);
    for end in [10, 30, text.len()] {
        fs::write(&file, &text[..end]).unwrap();
        std::thread::sleep(Duration::from_millis(40));
    }
    let changes = yard.book.wait(3);
    assert!(changes[2].after.as_deref().unwrap().contains("83"), "{:?}", changes[2]);
    yard.quiet(3);
}

#[test]
fn files_come_and_go_and_a_folder_with_them() {
    let yard = Yard::new();
    let _watch = yard.watch();
    yard.write("conf/callmaps/more.yaml", &callmap(90));
    let changes = yard.book.wait(1);
    assert_eq!((changes[0].thing.as_deref(), detail(&changes[0])), (Some("callmaps/more.yaml"), "new"));
    fs::remove_file(yard.path("conf/callmaps/more.yaml")).unwrap();
    let changes = yard.book.wait(2);
    assert_eq!((changes[1].thing.as_deref(), detail(&changes[1])), (Some("callmaps/more.yaml"), "gone"));
    fs::remove_dir_all(yard.path("conf/callmaps")).unwrap();
    let changes = yard.book.wait(3);
    assert_eq!((changes[2].thing.as_deref(), detail(&changes[2])), (Some("callmaps/shop.yaml"), "gone"));
    fs::create_dir(yard.path("conf/callmaps")).unwrap();
    yard.write("conf/callmaps/shop.yaml", &callmap(91));
    // The folder is new to the system's eye: found at the latest by the next full look.
    yard.write("conf/wakeboard.yaml", "operator: op3\n");
    let changes = yard.book.wait(5);
    let news: Vec<_> =
        changes[3..].iter().map(|change| (change.thing.as_deref().unwrap(), detail(change))).collect();
    assert!(news.contains(&("callmaps/shop.yaml", "new")), "{news:?}");
    assert!(news.contains(&("wakeboard.yaml", "+1 -2 lines")), "{news:?}");
}

#[test]
fn a_link_is_followed() {
    let yard = Yard::new();
    yard.write("elsewhere.yaml", "operator: a\n");
    fs::remove_file(yard.path("conf/wakeboard.yaml")).unwrap();
    std::os::unix::fs::symlink(yard.path("elsewhere.yaml"), yard.path("conf/wakeboard.yaml")).unwrap();
    let _watch = yard.watch();
    yard.write("elsewhere.yaml", "operator: b\n");
    let changes = yard.book.wait(1);
    assert_eq!(changes[0].after.as_deref(), Some("operator: b"));
    // The link leads to another file now.
    yard.write("other.yaml", "operator: c\n");
    fs::remove_file(yard.path("conf/wakeboard.yaml")).unwrap();
    std::os::unix::fs::symlink(yard.path("other.yaml"), yard.path("conf/wakeboard.yaml")).unwrap();
    let changes = yard.book.wait(2);
    assert_eq!(changes[1].after.as_deref(), Some("operator: c"));
}

#[test]
fn what_happened_while_nobody_looked_is_told_at_the_next_start() {
    let yard = Yard::new();
    drop(yard.watch());
    std::thread::sleep(Duration::from_millis(50));
    let before = jiff::Timestamp::now();
    yard.write("conf/wakeboard.yaml", "operator: op2\n");
    yard.write("conf/callmaps/more.yaml", &callmap(1));
    fs::remove_file(yard.path("conf/callmaps/shop.yaml")).unwrap();
    let after = jiff::Timestamp::now();
    std::thread::sleep(Duration::from_millis(1100));
    let second = yard.watch_unseen();
    let changes = yard.book.wait(3);
    let mut told: Vec<_> =
        changes.iter().map(|change| (change.thing.as_deref().unwrap(), detail(change))).collect();
    told.sort_unstable();
    let expected = [
        ("callmaps/more.yaml", "new, while nobody looked"),
        // It is not known any more what it was called from the config's folder.
        ("shop.yaml", "gone, while nobody looked"),
        ("wakeboard.yaml", "other than it was, while nobody looked"),
    ];
    assert_eq!(told, expected);
    let edited = changes.iter().find(|change| change.thing.as_deref() == Some("wakeboard.yaml")).unwrap();
    let slack = jiff::SignedDuration::from_millis(20);
    assert!(
        edited.time >= before - slack && edited.time <= after + slack,
        "the file's own time: {}",
        edited.time
    );
    drop(second);
    let _third = yard.watch_unseen();
    yard.quiet(3);
}

#[test]
fn two_consoles_tell_of_one_edit_once() {
    let yard = Yard::new();
    let (_one, _two) = (yard.watch(), yard.watch());
    std::thread::sleep(Duration::from_millis(1500));
    yard.write("conf/wakeboard.yaml", "operator: op2\n");
    yard.book.wait(1);
    let until = Instant::now() + Duration::from_secs(10);
    while yard.book.told() < 2 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(yard.book.told(), 2, "both have seen it");
    assert_eq!(yard.book.changes().len(), 1);
}

#[test]
fn what_could_not_be_written_down_is_told_later() {
    let yard = Yard::new();
    let watch = yard.watch();
    yard.book.fail(Some("the disk is full"));
    yard.write("conf/wakeboard.yaml", "operator: op2\n");
    let until = Instant::now() + Duration::from_secs(10);
    while yard.book.told() == 0 {
        assert!(Instant::now() < until, "never told");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(watch);
    yard.book.fail(None);
    let _again = yard.watch_unseen();
    let changes = yard.book.wait(1);
    assert_eq!(detail(&changes[0]), "other than it was, while nobody looked");
}

#[test]
fn large_files_and_those_that_are_no_text_are_told_without_their_lines() {
    let yard = Yard::new();
    let _watch = yard.watch();
    fs::write(yard.path("conf/wakeboard.yaml"), vec![0xff; 2 * 1024 * 1024]).unwrap();
    let changes = yard.book.wait(1);
    assert_eq!(detail(&changes[0]), "other than it was");
    let line = |n: usize| format!("# {n} {}\n", "x".repeat(100));
    let long: String = (0..5000).map(line).collect();
    yard.write("conf/wakeboard.yaml", &long);
    yard.book.wait(2);
    yard.write("conf/wakeboard.yaml", "operator: op1\n");
    yard.book.wait(3);
    let bytes: usize = yard.book.records().iter().skip(2).map(|record| record.raw.len()).sum();
    assert!(bytes < 6 * 1024, "{bytes}");
    fs::remove_file(yard.path("conf/wakeboard.yaml")).unwrap();
    // A pipe in its place has no end to read to.
    let pipe = yard.path("conf/wakeboard.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(is_pipe(&pipe));
    let changes = yard.book.wait(4);
    assert_eq!(detail(&changes[3]), "gone");
}

fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo())
}

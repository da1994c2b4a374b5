//! Edits of files, as editors and people make them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use wakeboard::config::watched::{WatchedFiles, shown};
use wakeboard::config::{Env, Settings};
use wakeboard::intake::watch::{Listing, Rules, Watch, Watched};
use wakeboard::intake::{NotKept, Tell};
use wakeboard::ledger::Ledger;
use wakeboard::model::ask::Ask;
use wakeboard::model::change::{Change, Source, Verb};
use wakeboard::model::ledger::Where;

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
        self.has_looked("state/watched.json");
        watch
    }

    fn has_looked(&self, kept: &str) {
        let until = Instant::now() + Duration::from_secs(20);
        let kept = self.path(kept);
        while !fs::read_to_string(&kept).is_ok_and(|text| text.contains("wakeboard.yaml")) {
            assert!(Instant::now() < until, "never looked");
            std::thread::sleep(Duration::from_millis(10));
        }
        // The system's eye is opened right before that.
        std::thread::sleep(Duration::from_millis(100));
    }

    fn watch_unseen(&self) -> Watch {
        self.watch_as("conf", "state/watched.json", self.book.tell())
    }

    /// A watch over the folder by that name, with a memory of its own.
    fn watch_as(&self, conf: &str, kept: &str, tell: Tell) -> Watch {
        let config = self.path(conf).join("wakeboard.yaml");
        let settings = Settings { file: Some(config), ..Settings::default() };
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
            kept: Some(self.path(kept)),
            machine: "war-room".into(),
        };
        let _inside = self.runtime.enter();
        Watch::start(rules, tell)
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

/// Tells a ledger as the program does, and what came of it to `told`.
fn into(ledger: &Arc<Ledger>, told: &Arc<Mutex<Vec<bool>>>) -> Tell {
    let (ledger, told) = (ledger.clone(), told.clone());
    Arc::new(move |records| {
        let (ledger, told) = (ledger.clone(), told.clone());
        async move {
            let appended = ledger.append(&records).await.unwrap();
            let is_same = ledger.conflicting(&records, appended).await.unwrap().is_none();
            told.lock().unwrap().push(is_same);
            if is_same { Ok(()) } else { Err(NotKept::Conflict) }
        }
        .boxed()
    })
}

#[test]
fn an_edit_that_two_watchers_hear_is_one_change_however_much_each_saw_of_it() {
    let yard = Yard::new();
    let place = Where::Sqlite(yard.path("ledger.db"));
    let ledger = Arc::new(yard.runtime.block_on(Ledger::open(&place)).unwrap());
    let changes = || {
        let answer = yard.runtime.block_on(ledger.changes(&Ask::default(), 10)).unwrap();
        answer.newest_first
    };
    let until = |what: &str, is_so: &dyn Fn() -> bool| {
        let end = Instant::now() + Duration::from_secs(60);
        while !is_so() {
            assert!(Instant::now() < end, "{what}: {:#?}", changes());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let [console, keeper, linked] = [(); 3].map(|()| Arc::new(Mutex::new(Vec::new())));
    // The keeper, of another account and so with a memory of its own, has looked once and is away.
    drop({
        let watch = yard.watch_as("conf", "keeper.json", into(&ledger, &keeper));
        yard.has_looked("keeper.json");
        watch
    });
    let _console = yard.watch_as("conf", "console.json", into(&ledger, &console));
    yard.has_looked("console.json");
    yard.write("conf/wakeboard.yaml", "operator: op2\nledger: l.db\n");
    until("the first edit", &|| changes().len() == 1);
    yard.write("conf/wakeboard.yaml", "operator: op3\nledger: l.db\n");
    until("the second edit", &|| changes().len() == 2);
    let before = changes();
    assert_eq!(detail(&before[0]), "+1 -1 lines");
    let parts = yard.runtime.block_on(ledger.parts(before[0].act, 100)).unwrap();
    // It comes back, and finds the second edit, without lines and without the state in between.
    let _keeper = yard.watch_as("conf", "keeper.json", into(&ledger, &keeper));
    until("the keeper", &|| !keeper.lock().unwrap().is_empty());
    // Another console goes there by a link.
    std::os::unix::fs::symlink(yard.path("conf"), yard.path("link")).unwrap();
    let _linked = yard.watch_as("link", "linked.json", into(&ledger, &linked));
    yard.has_looked("linked.json");
    assert_eq!(changes(), before, "told once");
    assert_eq!(yard.runtime.block_on(ledger.parts(before[0].act, 100)).unwrap(), parts, "and by one");
    yard.write("conf/wakeboard.yaml", "operator: op4\nledger: l.db\n");
    let counts = || [&console, &keeper, &linked].map(|told| told.lock().unwrap().len());
    until("all three", &|| counts() >= [3, 2, 1] && counts()[1] >= 2 && counts()[2] >= 1);
    assert_eq!(changes().len(), 3);
    for told in [console, keeper, linked] {
        assert!(told.lock().unwrap().iter().all(|is_same| *is_same), "nobody is refused, to try for ever");
    }
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

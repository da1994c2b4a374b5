//! A SQLite ledger on a disk that runs full: needs root, as the lab does.

use std::path::Path;
use std::process::Command;

use wakeboard::ledger::{Fault, Ledger};
use wakeboard::model::ledger::Where;

use super::changes::samples::{moment, note};
use super::things::*;

/// A small file system, gone with this.
struct Small(tempfile::TempDir);

impl Small {
    fn new() -> Small {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
            .arg(folder.path())
            .status();
        assert!(mount.unwrap().success(), "mount needs root");
        Small(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_costs_nothing_that_was_there() {
    let small = Small::new();
    let ledger = Ledger::open(&Where::Sqlite(small.path().join("ledger.db"))).await.unwrap();
    assert!(ledger.record(&ended(ticket(1))).await.unwrap());
    let filler = small.path().join("filler");
    // As much as there is room for.
    let _ = std::fs::write(&filler, vec![0; 1 << 20]);
    let mut number = 1;
    let error = loop {
        number += 1;
        match ledger.record(&ended(ticket(number))).await {
            Ok(written) => assert!(written && number < 1000),
            Err(error) => break error,
        }
    };
    assert!(matches!(error.fault, Fault::DiskFull), "{error}");
    let kept = ledger.tickets(1000).await.unwrap().len();
    assert_eq!(kept, number as usize - 1);
    std::fs::remove_file(&filler).unwrap();
    assert!(ledger.record(&ended(ticket(number))).await.unwrap(), "with room again");
}

#[tokio::test]
async fn what_was_appended_before_the_disk_was_full_is_there_and_its_chain_is_whole() {
    let small = Small::new();
    let ledger = Ledger::open(&Where::Sqlite(small.path().join("ledger.db"))).await.unwrap();
    let mut number = 0;
    let error = loop {
        let records: Vec<_> =
            (0..20).map(|place| note(&format!("{number}/{place}"), moment(number), "op1", "said")).collect();
        match ledger.append(&records).await {
            Ok(appended) => assert!(appended.new == 20 && number < 1000),
            Err(error) => break error,
        }
        number += 1;
    };
    assert!(matches!(error.fault, Fault::DiskFull), "{error}");
    assert_eq!(ledger.newest_record().await.unwrap(), number * 20);
    let verified = ledger.verify_changes(|_| {}).await.unwrap();
    assert_eq!((verified.broken, verified.seq), (None, number * 20));
}

//! CRIU's own words. An engine only says in which file of its machine they are; where that is this machine, we look.

use std::io::SeekFrom;
use std::path::Path;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::time::timeout;

use crate::model::diagnosis::Trouble;
use crate::model::plain::plain;

/// What its errors begin with.
pub(super) const ERROR: &str = "Error (";
/// How much of the end of a log is read, in bytes.
const LONGEST_END: u64 = 64 << 10;
/// How many of its last errors are told.
const MOST_ERRORS: usize = 3;
/// How long reading may take.
const DEADLINE: Duration = Duration::from_secs(2);

/// The trouble, with the last errors of the log that its words name, if that is a file here.
pub(super) async fn with_its_words(trouble: Trouble) -> Trouble {
    let Some(path) = log_named_in(&trouble.words) else { return trouble };
    let errors = match timeout(DEADLINE, end_of(Path::new(path))).await {
        Ok(Ok(text)) => errors_in(&text),
        Ok(Err(_)) | Err(_) => return trouble,
    };
    if errors.is_empty() {
        return trouble;
    }
    Trouble { words: format!("{errors} ({})", trouble.words), ..trouble }
}

/// The path in `... log file: PATH` (runc's words), `... path= PATH` (containerd's), or `... logfile PATH` (Podman's).
fn log_named_in(words: &str) -> Option<&str> {
    let rest = ["log file: ", "path= ", "logfile "].iter().find_map(|sign| words.split(sign).nth(1))?;
    let path = rest.split([' ', '"', '\'', '`']).next()?.trim_end_matches([':', ',', '.']);
    let is_log = Path::new(path).extension().is_some_and(|ending| ending == "log");
    (path.starts_with('/') && is_log).then_some(path)
}

async fn end_of(path: &Path) -> std::io::Result<String> {
    // A pipe would never end.
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    let mut file = File::open(path).await?;
    let length = file.metadata().await?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_END))).await?;
    let mut end = Vec::new();
    file.take(LONGEST_END).read_to_end(&mut end).await?;
    Ok(String::from_utf8_lossy(&end).into_owned())
}

/// The last lines of a log that tell of errors, without their time.
fn errors_in(text: &str) -> String {
    let errors: Vec<&str> = text.lines().filter_map(|line| line.find(ERROR).map(|at| &line[at..])).collect();
    let last = &errors[errors.len().saturating_sub(MOST_ERRORS)..];
    plain(&last.join("; ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnosis::Step;
    use rstest::rstest;

    const LOG: &str = "(00.010) Dumping\n(00.020) Error (criu/sk-inet.c:1): inet: Connected TCP socket in image\n\
                       (00.021) warn\n(00.022) Error (criu/cr-restore.c:2): Restoring FAILED.\n";

    #[rstest]
    #[case("criu failed: type NOTIFY errno 0 log file: /run/x/dump.log: unknown", Some("/run/x/dump.log"))]
    #[case("criu failed: type RESTORE errno 2 log file: /run/x/restore.log", Some("/run/x/restore.log"))]
    #[case("please check CRIU logfile /var/x/dump.log: exit status 1", Some("/var/x/dump.log"))]
    #[case("criu failed: type NOTIFY errno 0 path= /x/criu-dump.log: unknown", Some("/x/criu-dump.log"))]
    #[case("log file: ../dump.log", None)]
    #[case("log file: /etc/shadow", None)]
    #[case("criu failed", None)]
    fn the_log_is_named_in_the_words(#[case] words: &str, #[case] path: Option<&str>) {
        assert_eq!(log_named_in(words), path);
    }

    #[tokio::test]
    async fn what_went_wrong_is_looked_up_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("restore.log");
        std::fs::write(&log, LOG).unwrap();
        let words = format!("criu failed: type NOTIFY errno 0 log file: {}", log.display());
        let trouble = Trouble { step: Step::Wake, words: words.clone() };
        let told = with_its_words(trouble.clone()).await;
        let errors = "Error (criu/sk-inet.c:1): inet: Connected TCP socket in image; \
                      Error (criu/cr-restore.c:2): Restoring FAILED.";
        assert_eq!(told.words, format!("{errors} ({words})"));
        std::fs::remove_file(log).unwrap();
        assert_eq!(with_its_words(trouble.clone()).await, trouble);
    }
}

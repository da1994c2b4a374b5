//! A door with a record behind it, and somebody who knocks.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use wakeboard::intake::door::{Doors, Places, Standing};
use wakeboard::intake::{NotKept, Tell};
use wakeboard::model::change::{Change, Mark, Record};
use wakeboard::model::token::Token;

pub const TOKEN: &str = "0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(30);

/// What was written down, and whether that is possible now.
#[derive(Clone, Default)]
pub struct Book(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    records: Vec<Record>,
    marks: HashSet<Mark>,
    fault: Option<Arc<str>>,
    told: usize,
}

impl Book {
    /// Keeps each mark once, as the ledger does.
    pub fn tell(&self) -> Tell {
        let book = self.0.clone();
        Arc::new(move |records| {
            let book = book.clone();
            async move {
                let mut pages = book.lock().unwrap();
                pages.told += 1;
                if let Some(fault) = &pages.fault {
                    return Err(NotKept::Failed(fault.clone()));
                }
                for record in records {
                    if pages.marks.insert(record.mark) {
                        pages.records.push(record);
                    }
                }
                Ok(())
            }
            .boxed()
        })
    }

    pub fn fail(&self, why: Option<&str>) {
        self.0.lock().unwrap().fault = why.map(Into::into);
    }

    /// How often something was told, kept or not.
    pub fn told(&self) -> usize {
        self.0.lock().unwrap().told
    }

    pub fn records(&self) -> Vec<Record> {
        self.0.lock().unwrap().records.clone()
    }

    pub fn changes(&self) -> Vec<Change> {
        let mut acts = HashSet::new();
        let readings = self.records().into_iter().filter_map(|record| record.reading);
        readings.filter(|change| acts.insert(change.act)).collect()
    }

    /// Waits until there are so many changes.
    pub fn wait(&self, count: usize) -> Vec<Change> {
        let until = Instant::now() + PATIENCE;
        loop {
            let changes = self.changes();
            if changes.len() >= count {
                return changes;
            }
            assert!(Instant::now() < until, "only {changes:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// An open door.
pub struct Stand {
    pub book: Book,
    pub folder: tempfile::TempDir,
    pub address: SocketAddr,
    pub doors: Option<Doors>,
    pub runtime: tokio::runtime::Runtime,
}

impl Stand {
    pub fn open() -> Stand {
        let (book, folder, runtime) = (Book::default(), tempfile::tempdir().unwrap(), runtime());
        // A port that is free now.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut stand = Stand { book, folder, address, doors: None, runtime };
        stand.doors = Some(stand.another());
        stand.wait(|socket, http| matches!((socket, http), (Standing::Open(_), Standing::Open(_))));
        stand
    }

    /// The doors of another console at the same place.
    pub fn another(&self) -> Doors {
        let _inside = self.runtime.enter();
        let places = Places { folder: self.run(), http: Some((self.address, Token::of(TOKEN))) };
        Doors::open(places, self.book.tell(), Arc::new(|name| name == "acme"))
    }

    pub fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    pub fn wait(&self, is: impl Fn(&Standing, &Standing) -> bool) {
        let mut standings = self.doors.as_ref().unwrap().standings();
        let waited = standings.wait_for(|now| is(&now.socket, &now.http));
        self.runtime.block_on(async {
            let _inside = tokio::time::timeout(PATIENCE, waited).await.unwrap().unwrap();
        });
    }

    pub fn socket(&self) -> UnixStream {
        let stream = UnixStream::connect(self.run().join("notes.sock")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub fn tcp(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Posts to the socket: the status, and all of the answer.
    pub fn post(&self, headers: &[&str], body: &[u8]) -> (u16, String) {
        ask(self.socket(), &request(headers, body))
    }

    /// Posts JSON to the socket.
    pub fn note(&self, json: &str) -> (u16, String) {
        self.post(&["content-type: application/json"], json.as_bytes())
    }
}

pub fn request(headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut lines =
        vec!["POST /notes HTTP/1.1".to_owned(), "host: localhost".to_owned(), "connection: close".to_owned()];
    lines.extend(headers.iter().map(|header| (*header).to_owned()));
    lines.push(format!("content-length: {}\r\n\r\n", body.len()));
    [lines.join("\r\n").as_bytes(), body].concat()
}

/// Says it, and hears everything until the other side ends.
pub fn ask(mut stream: impl Read + Write, request: &[u8]) -> (u16, String) {
    stream.write_all(request).unwrap();
    hear(stream)
}

pub fn hear(mut stream: impl Read) -> (u16, String) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or(0), answer)
}

//! A door on a simulated host, and clients that ask at it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use wakeboard::config::scenario::{Fault, Scenario};
use wakeboard::demo::{self, CallFault, Running};
use wakeboard::engine;
use wakeboard::keeper::Standing;
use wakeboard::keeper::door::{Door, DoorSettings, DoorStart};
use wakeboard::ledger::Ledger;
use wakeboard::model::ability::Ability;
use wakeboard::model::door::{DoorRules, Names, Pattern};
use wakeboard::model::host::{Endpoint, HostSpec};
use wakeboard::model::ledger::Where;
use wakeboard::model::method::Method;
use wakeboard::model::naming::Naming;
use wakeboard::model::policy::Policy;
use wakeboard::model::state::State;
use wakeboard::model::ticket::{Door as By, Outcome, Task, Ticket, TicketId};
use wakeboard::model::work::{Order, Record};
use wakeboard::service::{Rules, Service};

/// The port of all containers is 8080 here, and another one in each test: all of them answer where the test listens.
/// A wake from `stop` takes half a second here, a checkpoint a second and a half.
pub const SCENARIO: &str = "
time_scale: 40
hosts: [{names: [web-1], experimental: true, checkpoint_time: 1500ms, restore_time: 200ms}]
roles:
  app: {image: 'shop:1', memory: 64M, health: true, ready: 20s, port: 8080}
tenants:
  - {names: [acme, birch, cedar], tiers: {low: 1}, roles: [app], start: {running: 1}}
  - {names: [lying], tiers: {low: 1}, roles: [app], start: {stopped: 1}}
";

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Stand {
    pub running: Running,
    pub service: Arc<Service>,
    pub door: Door,
    pub calls: Arc<AtomicUsize>,
    pub folder: tempfile::TempDir,
    pub spec: HostSpec,
    /// The containers' port.
    pub port: u16,
    listener: JoinSet<()>,
    pub standing: watch::Sender<Standing>,
}

pub fn rules() -> DoorRules {
    let around = Pattern::Around { before: String::new(), after: ".example.com".to_owned() };
    DoorRules {
        listen: "127.0.0.1:0".parse().unwrap(),
        names: Names { patterns: vec![around], ..Names::default() },
        wait: Duration::from_secs(10),
        page_after: Duration::from_millis(100),
        ..DoorRules::default()
    }
}

pub async fn service(spec: &HostSpec, ledger: &Path) -> Arc<Service> {
    let rules = Rules {
        policy: Policy {
            timeout: Duration::from_secs(10),
            grace: Duration::from_secs(1),
            ..Policy::default()
        },
        ledger: Some(Where::Sqlite(ledger.to_owned())),
        mends: true,
        ..Rules::default()
    };
    let service = Service::start(vec![spec.clone()], Naming::default(), rules);
    let (mut fleet, mut work) = (service.fleet(), service.work());
    timeout(PATIENCE, work.wait_for(|work| work.record == Record::Open)).await.unwrap().unwrap();
    // All tenants are known: the hosts' and, from turn 1 on, the ledger's.
    let up = fleet.wait_for(|fleet| fleet.turn > 0 && fleet.hosts.iter().all(|host| host.link.is_up()));
    timeout(PATIENCE, up).await.unwrap().unwrap();
    Arc::new(service)
}

impl Stand {
    pub async fn open() -> Stand {
        Stand::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut DoorSettings)) -> Stand {
        let folder = tempfile::tempdir().unwrap();
        let (port, listener) = listen(0).await;
        let text = SCENARIO.replace("port: 8080", &format!("port: {port}"));
        let scenario = Scenario::read(Path::new("door.yaml"), &text).unwrap();
        let running = demo::spawn(&scenario, &folder.path().join("s")).unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let spec = counted(&running, folder.path(), calls.clone());
        let ledger = folder.path().join("ledger.db");
        able(&running.hosts()[0], &ledger).await;
        let service = service(&spec, &folder.path().join("ledger.db")).await;
        // Another keeper works, and this one stands by.
        let other = Standing { holder: "web-9 (process 7)".into(), ..Standing::unknown() };
        let (standing, standing_seen) = watch::channel(other);
        let mut settings = DoorSettings { rules: rules(), token: None, tls: None };
        change(&mut settings);
        let start = DoorStart { settings, service: service.clone(), standing: standing_seen };
        let door = Door::open(start).await.unwrap();
        Stand { running, service, door, calls, folder, spec, port, listener, standing }
    }

    /// No container takes connections any more.
    pub async fn fall_silent(&mut self) {
        self.listener.shutdown().await;
    }

    /// All containers that run take connections again.
    pub async fn answer(&mut self) {
        self.listener = listen(self.port).await.1;
    }

    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Puts a tenant to sleep.
    pub async fn dump(&self, tenant: &str, method: Method) {
        let id = order(&self.service, Task::Dump, tenant, Some(method));
        let ended = self.ended(id).await;
        assert_eq!(ended.outcome, Some(Outcome::Dumped), "{ended:?}");
        self.state(tenant, State::Dumped).await;
    }

    pub async fn ended(&self, id: TicketId) -> Arc<Ticket> {
        let mut work = self.service.work();
        let ended = work.wait_for(|work| work.ticket(id).is_some_and(|ticket| ticket.ended.is_some()));
        let ended = timeout(PATIENCE, ended).await.map(|work| work.unwrap().ticket(id).unwrap().clone());
        ended.unwrap_or_else(|_| panic!("it does not end: {:#?}", self.service.work().borrow()))
    }

    /// Waits until a tenant is in that state.
    pub async fn state(&self, tenant: &str, state: State) {
        let mut fleet = self.service.fleet();
        let is = fleet.wait_for(|fleet| fleet.tenant("web-1", tenant).is_some_and(|it| it.state == state));
        timeout(PATIENCE, is).await.unwrap().unwrap();
    }

    /// The tickets that requests have asked for.
    pub fn asked_for(&self, tenant: &str) -> Vec<Arc<Ticket>> {
        let work = self.service.work().borrow().clone();
        let is_it = |ticket: &&Arc<Ticket>| ticket.door == By::Request && &*ticket.tenant == tenant;
        work.tickets.iter().filter(is_it).cloned().collect()
    }

    pub fn fault(&self, fault: CallFault) {
        self.running.fault("web-1", Some(Fault::Call(fault))).unwrap();
    }

    pub async fn get(&self, path: &str, headers: &[&str]) -> Answer {
        ask(self.address(), path, headers).await
    }
}

/// Takes connections at the addresses of all simulated containers, which are this machine's loopback.
async fn listen(port: u16) -> (u16, JoinSet<()>) {
    let listener = TcpListener::bind(("0.0.0.0", port)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut kept = std::collections::VecDeque::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push_back(stream);
            if kept.len() > 64 {
                kept.pop_front();
            }
        }
    });
    (port, task)
}

pub fn order(service: &Service, task: Task, tenant: &str, method: Option<Method>) -> TicketId {
    let order = Order {
        task,
        tenants: vec![("web-1".into(), tenant.into())],
        method,
        force: false,
        timeout: None,
        actor: "op1".into(),
        door: By::Shell,
        cause: None,
        deeper: false,
    };
    service.ask(&order)[0]
}

/// What a canary would find out, which takes its time.
async fn able(host: &HostSpec, ledger: &Path) {
    let engine = engine::connect(host, Arc::new(Naming::default())).await.unwrap();
    let ledger = Ledger::open(&Where::Sqlite(ledger.to_owned())).await.unwrap();
    for method in [Method::Checkpoint, Method::Stop] {
        let ability = Ability {
            host: host.name.clone(),
            engine: engine.label().await.unwrap().into(),
            method,
            tried: Timestamp::now(),
            fault: None,
            dump_seconds: Some(0.1),
            wake_seconds: Some(0.1),
        };
        ledger.put_ability(&ability).await.unwrap();
    }
}

/// The host behind a socket that counts connections: there is one for each call.
fn counted(running: &Running, folder: &Path, calls: Arc<AtomicUsize>) -> HostSpec {
    let spec = running.hosts()[0].clone();
    let Endpoint::Unix(inner) = spec.endpoint.clone() else { panic!("no socket") };
    let outer = folder.join("counted.sock");
    let listener = UnixListener::bind(&outer).unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            calls.fetch_add(1, Ordering::SeqCst);
            let inner = inner.clone();
            tokio::spawn(async move {
                if let Ok(mut far) = UnixStream::connect(&inner).await {
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    HostSpec { endpoint: Endpoint::Unix(outer), ..spec }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn read(text: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub fn request(path: &str, headers: &[&str]) -> Vec<u8> {
    let mut text = format!("GET {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|header| header.to_ascii_lowercase().starts_with("host:")) {
        text += "host: 127.0.0.1\r\n";
    }
    for header in headers {
        text += header;
        text += "\r\n";
    }
    text += "\r\n";
    text.into_bytes()
}

pub async fn ask(address: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    send(address, &request(path, headers)).await
}

pub async fn send(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Whoever is refused in the middle of it need not read the rest.
    let _ = stream.write_all(request).await;
    let mut text = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut text)).await.unwrap();
    Answer::read(&text)
}

pub fn now() -> Timestamp {
    Timestamp::now()
}

//! Files that must load, and files that must be refused with the right words at the right place.
//!
//! A bad file starts with lines `# expect: ...`; all of them must stand in what is told. One holds `:LINE:COLUMN:`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wakeboard::config::notes::TokenPlace;
use wakeboard::config::{self, Env, Keymap, Settings, Theme};
use wakeboard::model::action::ACTIONS;
use wakeboard::model::keeper::rules::{Ask, Hook, Hurry, Idle, Limits, Step, TierRules};
use wakeboard::model::keeper::window::{Kind, Span, Window};
use wakeboard::model::keeper::{Measure, Rules};
use wakeboard::model::method::Method;
use wakeboard::model::policy::{Helper, Policy, Ready};
use wakeboard::model::tier::Tier;
use wakeboard::model::writable::{Losses, Writable};

fn corpus(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

/// An environment in which an engine is found without a look at this machine.
fn env() -> Env {
    let vars = [("DOCKER_HOST".to_owned(), "tcp://engine:2375".to_owned())];
    Env { vars: vars.into(), home: Some("/home/op1".into()), ..Env::default() }
}

fn load(file: &Path) -> Result<Settings, String> {
    config::load(Some(file), &env()).map_err(|error| error.to_string())
}

#[test]
fn every_good_file_loads() {
    let files = corpus("good");
    assert!(files.len() >= 10, "only {} good files", files.len());
    for file in files {
        if let Err(told) = load(&file) {
            panic!("{told}");
        }
    }
}

#[test]
fn every_bad_file_is_refused_at_its_place_and_in_its_words() {
    let files = corpus("bad");
    assert!(files.len() >= 35, "only {} bad files", files.len());
    let mut faults = Vec::new();
    for file in files {
        // Not all of the bad files are UTF-8.
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let expected: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("# expect: ")).collect();
        assert!(!expected.is_empty(), "{} expects nothing", file.display());
        let placed =
            |line: &&&str| line.split(':').nth(2).is_some_and(|column| column.parse::<u32>().is_ok());
        assert_eq!(expected.iter().filter(placed).count(), 1, "{} expects no place", file.display());
        match load(&file) {
            Ok(_) => faults.push(format!("{} was taken", file.display())),
            Err(told) => {
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
fn the_sample_says_the_defaults() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/wakeboard.sample.yaml");
    let sample = load(&file).unwrap();
    assert_eq!(sample.keymap, Keymap::default());
    assert_eq!(sample.theme, Theme::default());
    assert_eq!(sample.operator, None);
    assert_eq!(sample.notes, None);
    assert_eq!(sample.policy, Policy::default());
    assert_eq!(sample.rules, Rules::default());
    assert_eq!(format!("{:?}", sample.naming), format!("{:?}", wakeboard::model::naming::Naming::default()));
    let text = fs::read_to_string(file).unwrap();
    for about in ACTIONS {
        assert!(text.contains(&format!("\n  {}: [", about.name)), "the sample lacks {}", about.name);
    }
    for theme in Theme::names() {
        assert!(text.contains(theme), "the sample lacks the theme {theme}");
    }
}

#[test]
fn what_the_sample_shows_in_comments_loads_too() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/wakeboard.sample.yaml");
    let text = fs::read_to_string(&file).unwrap().replace("tenants: {}", "tenants:");
    let text = text.replace("callmaps: []", "callmaps:").replace("notes: {}", "notes:");
    let text = text.replace("callmap_env: []", "callmap_env:");
    let text =
        text.replace("tiers: {}", "tiers:").replace("  ready: {}", "  ready:").replace("never: []", "never:");
    let text = text.replace("  writable: {}", "  writable:");
    let is_yaml = |line: &str| {
        line.starts_with(' ')
            || ["hosts:", "operator:", "ledger:", "callmaps:", "keeper:"]
                .iter()
                .any(|key| line.starts_with(key))
    };
    let shown: Vec<&str> = text
        .lines()
        .map(|line| {
            line.strip_prefix("# ").or(line.strip_prefix('#')).filter(|rest| is_yaml(rest)).unwrap_or(line)
        })
        .collect();
    let settings = config::read(&file, &shown.join("\n"), &env()).unwrap();
    assert_eq!(settings.hosts.len(), 4);
    assert_eq!(settings.operator.as_deref(), Some("op1"));
    assert_eq!(settings.naming.tiers.len(), 2);
    assert!(settings.naming.pattern.is_some());
    assert_eq!(settings.ledger.unwrap().to_string(), "postgres://db.example.com/wakeboard");
    assert_eq!(settings.callmaps, [Path::new("/srv/products/callmaps")]);
    let notes = settings.notes.unwrap();
    assert_eq!(notes.listen.to_string(), "127.0.0.1:8466");
    assert_eq!(notes.token, TokenPlace::Variable("WAKEBOARD_TOKEN".to_owned()));
    let keeper = settings.keeper.unwrap();
    assert_eq!(format!("{:?}", keeper.rules.listen), "127.0.0.1:7070");
    assert_eq!((keeper.rules.queue_all, keeper.rules.lead.port), (4000, Some(8080)));
    assert!(keeper.tls.is_some_and(|tls| tls.client_ca.is_some()));
    assert_eq!(settings.policy.methods[&Tier::Low], [Method::Destroy]);
    assert_eq!(settings.policy.methods[&Tier::High], [Method::Checkpoint, Method::Freeze]);
    assert_eq!(settings.rules.limits.most_asleep, Some(500));
    assert_eq!(settings.rules.tier(Tier::Low).windows.len(), 4);
    assert!(matches!(settings.rules.veto.map(|hook| hook.ask), Some(Ask::Exec(words)) if words.len() == 1));
    let ready = [
        ("acme*".to_owned(), Ready::Port(8080)),
        ("shop-*".to_owned(), Ready::Http { port: 8080, path: "/health".into() }),
    ];
    assert_eq!(settings.policy.ready, ready);
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn window(kind: Kind, text: &str) -> Window {
    Window { kind, span: Span::read(text).unwrap() }
}

#[test]
fn tiers_and_rules_mean_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/good");
    let rules = load(&folder.join("rules.yaml")).unwrap().rules;
    let never = [window(Kind::Never, "daily 02:00-03:00"), window(Kind::Never, "2026-12-24..2027-01-02")];
    let step = |after, dump| Step { after: seconds(after), dump };
    let expected = Rules {
        awake_at_least: None,
        tiers: [
            TierRules { steps: vec![], windows: never.to_vec() },
            TierRules {
                steps: vec![
                    step(60, Method::Freeze),
                    step(3600, Method::Stop),
                    step(86_400, Method::Destroy),
                ],
                windows: never.to_vec(),
            },
            TierRules {
                steps: Rules::default().tier(Tier::Mid).steps.clone(),
                windows: [
                    window(Kind::Hours, "mon-fri 07:00-19:00"),
                    window(Kind::Hours, "sat 08:00-12:00"),
                    window(Kind::Never, "month 28-3"),
                ]
                .into_iter()
                .chain(never.clone())
                .collect(),
            },
            TierRules { steps: vec![], windows: never.to_vec() },
        ],
        zone: Some(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()),
        idle: Idle {
            network: Some(2048),
            cpu: Some(0.5),
            connections: None,
            may_be_unknown: [Measure::Request, Measure::Network].into_iter().collect(),
        },
        hurry: Hurry { below: 0, after: seconds(90) },
        limits: Limits { dumps_a_minute: 3, most_asleep: Some(500) },
        veto: Some(Hook {
            ask: Ask::Url("https://desk.example.com/may/{host}/{tenant}".to_owned()),
            timeout: seconds(1),
            every: seconds(600),
        }),
    };
    assert_eq!(rules, expected);
    assert_eq!(load(&folder.join("empty.yaml")).unwrap().rules, Rules::default());
    // What older files say of methods by tier is said of dumps that somebody asks for, as before.
    assert_eq!(load(&folder.join("work.yaml")).unwrap().rules, Rules::default());
}

#[test]
fn the_rules_of_dumping_mean_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/good");
    let settings = load(&folder.join("work.yaml")).unwrap();
    let expected = Policy {
        methods: [(Tier::Low, vec![Method::Destroy]), (Tier::High, vec![Method::Checkpoint, Method::Freeze])]
            .into(),
        default_methods: vec![Method::Stop],
        order: vec![],
        dumps_at_once: 100,
        wakes_at_once: 1,
        grace: Duration::from_secs(60),
        helper: Helper::Never,
        timeout: Duration::from_millis(500),
        ready: vec![
            ("acme*".to_owned(), Ready::Port(8080)),
            ("租户-*".to_owned(), Ready::Port(8081)),
            ("*".to_owned(), Ready::Http { port: 8080, path: "/health?deep=1".into() }),
        ],
        losses: Losses {
            ignore: vec!["/tmp".to_owned(), "/srv/cache".to_owned()],
            writable: [(Tier::Mid, Writable::Discard), (Tier::Low, Writable::Stop)].into(),
        },
        read_only: true,
    };
    assert_eq!(settings.policy, expected);
    let told = format!("{:?}", settings.ledger);
    assert!(told.contains("postgres://[2001:db8::1]:5432/wakeboard") && !told.contains("ss@"), "{told}");
    assert_eq!(load(&folder.join("empty.yaml")).unwrap().policy, Policy::default());
}

#[test]
fn the_whole_config_means_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/good");
    let settings = load(&folder.join("whole.yaml")).unwrap();
    let names: Vec<&str> = settings.hosts.iter().map(|host| &*host.name).collect();
    assert_eq!(names, ["web-1", "web-2", "web-3", "web-4", "web-0"]);
    let endpoints: Vec<String> = settings.hosts.iter().map(|host| host.endpoint.to_string()).collect();
    assert_eq!(endpoints[1], "tcp://10.0.0.5:2376");
    assert_eq!(endpoints[2], "ssh://ops@web-3:2222");
    let tls = format!("{:?}", settings.hosts[3].endpoint);
    assert!(
        tls.contains(&format!("{:?}", folder.join("ca.pem"))) && tls.contains("/home/op1/me.key"),
        "{tls}"
    );
    assert_eq!(settings.naming.label.as_deref(), Some("com.example.customer"));
    assert_eq!(settings.naming.tiers[0].0, "acme");
    assert_eq!(settings.operator.as_deref(), Some("op1"));
    assert_eq!(settings.retention.raw.as_secs(), 7 * 86_400);
    assert_eq!(settings.retention.folded.as_secs(), 365 * 86_400);
    assert_eq!(settings.theme.name, "wall");
    let callmaps = [folder.join("shop.yaml"), "/home/op1/callmaps".into(), "/srv/callmaps".into()];
    assert_eq!(settings.callmaps, callmaps);
    assert_eq!(settings.file.as_deref(), Some(&*folder.join("whole.yaml")));
}

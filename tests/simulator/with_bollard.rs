//! The same through bollard, as the product's engine code asks.

use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{ContainerStateStatusEnum, EventMessageTypeEnum};
use bollard::query_parameters::{EventsOptionsBuilder, ListContainersOptionsBuilder, StatsOptionsBuilder};
use futures_util::StreamExt;
use tokio::time::timeout;
use wakeboard::demo::Act;

use crate::client::{scenario, serve};

const SOON: Duration = Duration::from_secs(3);

#[tokio::test]
async fn bollard_reads_what_there_is() {
    let sim = serve(&scenario("quiet"));
    let docker = sim.docker("one");
    assert_eq!(docker.ping().await.unwrap(), "OK");
    assert_eq!(docker.version().await.unwrap().api_version.as_deref(), Some("1.41"));
    let info = docker.info().await.unwrap();
    assert_eq!((info.name.as_deref(), info.containers), (Some("one"), Some(8)));
    let all = ListContainersOptionsBuilder::default().all(true).build();
    let list = docker.list_containers(Some(all)).await.unwrap();
    assert_eq!(list.len(), 8);
    for row in &list {
        let id = row.id.as_deref().unwrap();
        let full = docker.inspect_container(id, None).await.unwrap();
        assert_eq!(full.id, row.id);
        assert_eq!(full.name.as_ref(), row.names.as_ref().and_then(|names| names.first()));
        let state = full.state.unwrap();
        assert_eq!(state.status.unwrap().to_string(), row.state.unwrap().to_string());
        let once = StatsOptionsBuilder::default().stream(false).one_shot(true).build();
        let figures = docker.stats(id, Some(once)).next().await.unwrap().unwrap();
        let used = figures.memory_stats.unwrap().usage;
        assert_eq!(used.is_some(), state.running.unwrap(), "{row:?}");
    }
    let missing = docker.inspect_container("nobody", None).await.unwrap_err();
    assert!(matches!(missing, Error::DockerResponseServerError { status_code: 404, .. }));
}

#[tokio::test]
async fn bollard_acts_and_hears_of_it() {
    let sim = serve(&scenario("status-500"));
    let docker = sim.docker("good");
    let mut events = docker.events(Some(EventsOptionsBuilder::default().build()));
    // The stream is asked for when it is polled first: let it be, before anything happens.
    let hear = tokio::spawn(async move {
        let mut heard = Vec::new();
        while heard.len() < 4 {
            let event = events.next().await.unwrap().unwrap();
            assert_eq!(event.typ, Some(EventMessageTypeEnum::CONTAINER));
            assert!(event.time_nano.is_some());
            heard.push(event.action.unwrap());
        }
        heard
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    docker.pause_container("cedar-db").await.unwrap();
    let paused = docker.inspect_container("cedar-db", None).await.unwrap().state.unwrap();
    assert_eq!(paused.status, Some(ContainerStateStatusEnum::PAUSED));
    docker.unpause_container("cedar-db").await.unwrap();
    docker.kill_container("cedar-db", None).await.unwrap();
    let heard = timeout(SOON, hear).await.unwrap().unwrap();
    assert_eq!(heard, ["pause", "unpause", "kill", "die"]);
}

#[tokio::test]
async fn bollard_sees_an_upgrade_end_in_a_new_container() {
    let sim = serve(&scenario("status-500"));
    let docker = sim.docker("good");
    let before = docker.inspect_container("acme-app", None).await.unwrap();
    sim.running.act("good", "acme-app", Act::Upgrade).unwrap();
    let upgraded = async {
        loop {
            if let Ok(now) = docker.inspect_container("acme-app", None).await
                && now.id != before.id
                && now.state.as_ref().and_then(|state| state.running) == Some(true)
            {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let after = timeout(Duration::from_secs(5), upgraded).await.unwrap();
    assert_eq!(after.config.unwrap().image.as_deref(), Some("shop/app:4.2.2"));
}

#[tokio::test]
async fn bollard_names_each_fault() {
    for name in ["refused", "garbage-not-http", "garbage-broken-json", "status-500", "cut"] {
        let sim = serve(&scenario(name));
        let list = timeout(SOON, sim.docker("bad").list_containers(None)).await;
        assert!(list.expect("no fault but `hung` hangs").is_err(), "{name}");
        assert!(sim.docker("good").list_containers(None).await.is_ok());
    }
}

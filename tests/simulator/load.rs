//! Ten thousand containers, and five hundred events a second.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::client::{ask, scenario, serve};

const LIST: &str = "/containers/json?all=1";

#[tokio::test]
async fn ten_thousand_containers_are_listed() {
    let before = Instant::now();
    let sim = serve(&scenario("load"));
    println!("made in {:?}", before.elapsed());
    let sockets: Vec<_> = sim.running.hosts().iter().map(|host| sim.socket(&host.name)).collect();
    for round in 0..5 {
        let before = Instant::now();
        let answers = join_all(sockets.iter().map(|socket| ask(socket, "GET", LIST))).await;
        let took = before.elapsed();
        let bytes: usize = answers.iter().map(|answer| answer.as_ref().unwrap().1.len()).sum();
        println!("round {round}: {} lists, {bytes} bytes in {took:?}", answers.len());
        if round == 0 {
            let mut containers = 0;
            for answer in &answers {
                let (_, body) = answer.as_ref().unwrap();
                containers += serde_json::from_slice::<Vec<serde_json::Value>>(body).unwrap().len();
            }
            assert_eq!(containers, 10_000);
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

#[tokio::test]
async fn five_hundred_events_a_second_are_told() {
    let sim = serve(&scenario("load-500"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = sim.running.world().told();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let rate = (sim.running.world().told() - before) / 4;
    println!("{rate} events a second");
    assert!((300..800).contains(&rate), "{rate}");
}

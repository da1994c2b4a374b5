//! The same as a callmap.

use std::sync::Arc;
use std::time::Duration;

use wakeboard::callmap::plan::Plan;
use wakeboard::callmap::run::{Order, run};
use wakeboard::model::callmap::map::{
    Ask, Callmap, HttpAsk, HttpExpect, HttpVersion, Layer, Matcher, Need, OnBroken, Probe, Secrets, Target,
    Targets as At, Text, Trust,
};

use super::{Failure, HOST, Targets, WANTED};

pub async fn ask(targets: Targets) -> Result<(), Failure> {
    let callmap = Arc::new(callmap(&targets));
    let plan = Arc::new(Plan::new(&callmap, &|_| Err("no tenants here".to_owned()))?);
    let order = Order { actor: "bench".into(), ticket: None, again: None };
    let report = run(&callmap, &plan, &order, &mut |_| ()).await;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn callmap(targets: &Targets) -> Callmap {
    let expect = HttpExpect {
        status: vec![200..=200],
        cert_days: None,
        headers: Vec::new(),
        body: vec![Matcher::Contains(Text::open(WANTED))],
        json: Vec::new(),
    };
    let ask = HttpAsk {
        secure: false,
        host: Text::open(HOST),
        port: targets.port,
        path: Text::open("/"),
        method: "GET".into(),
        headers: vec![("Host".into(), Text::open(HOST))],
        body: None,
        redirects: 0,
        version: HttpVersion::Any,
        trust: Trust::default(),
        expect,
    };
    let probe = Probe { ask: Ask::Http(Box::new(ask)), timeout: targets.timeout, retries: 0, slow: None };
    let target = |address: &std::net::Ipv4Addr| Target { address: (*address).into(), port: None };
    let layer = Layer {
        name: "nginx".into(),
        need: Need::All,
        targets: At::Addresses(targets.addresses.iter().map(target).collect()),
        on_broken: OnBroken::GoOn,
        probes: vec![probe],
    };
    Callmap {
        product: HOST.into(),
        layers: vec![layer],
        deadline: Duration::from_secs(30),
        parallel: 256,
        secrets: Secrets::default(),
        files: Vec::new(),
    }
}

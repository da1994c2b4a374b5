//! `wakeboard doctor`: what the hosts can really do.

use super::{Failure, output};
use crate::config::Settings;
use crate::grammar::DoctorArgs;
use crate::model::ability::Ability;
use crate::model::host::{HostName, HostSpec};
use crate::model::plain::plain;
use crate::model::suggest;
use crate::service::doctor::{self, EngineError};

/// Examines hosts and tells what they can do.
///
/// # Errors
/// There is no such host, or a host cannot be examined.
pub async fn run(args: &DoctorArgs, settings: Settings) -> Result<(), Failure> {
    let hosts = chosen(settings.hosts, args.host.as_deref())?;
    for host in &hosts {
        if let Some(warning) = host.warning() {
            eprintln!("wakeboard: {}: {warning}", host.name);
        }
    }
    let round =
        doctor::round(&hosts, settings.naming, settings.policy.helper, settings.ledger.as_ref()).await;
    if args.json {
        output::json(&round.abilities)?;
    } else {
        output::table(&table(&round.abilities))?;
    }
    if let Some(reason) = &round.not_kept {
        eprintln!("wakeboard: this was not kept: {}", plain(reason));
    }
    let line = |(host, error): &(HostName, EngineError)| format!("  {host}: {error}");
    let missed: Vec<String> = round.missed.iter().map(line).collect();
    if round.missed.len() == hosts.len() {
        return Err(Failure::NoHost(missed.join("\n")));
    }
    if missed.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!("not all hosts could be examined\n{}", missed.join("\n"))))
}

fn chosen(hosts: Vec<HostSpec>, name: Option<&str>) -> Result<Vec<HostSpec>, Failure> {
    let Some(name) = name else { return Ok(hosts) };
    if let Some(host) = hosts.iter().find(|host| &*host.name == name) {
        return Ok(vec![host.clone()]);
    }
    let known: Vec<&str> = hosts.iter().map(|host| &*host.name).collect();
    let help = suggest::help(name, &known);
    Err(Failure::Failed(format!("there is no host `{}`\n  {}", plain(name), plain(&help))))
}

fn table(abilities: &[Ability]) -> Vec<Vec<String>> {
    let names = ["HOST", "ENGINE", "METHOD", "", "DUMP", "WAKE", "REASON", "MEND"];
    let seconds =
        |seconds: Option<f64>| seconds.map_or("–".to_owned(), |seconds| format!("{seconds:.2} s"));
    let row = |ability: &Ability| {
        let fault = ability.fault.as_ref();
        let reason = fault.map_or("", |fault| &fault.reason);
        let mend = fault.and_then(|fault| fault.mend.as_deref()).unwrap_or_default();
        vec![
            plain(&ability.host).into_owned(),
            plain(&ability.engine).into_owned(),
            ability.method.to_string(),
            if fault.is_none() { "works" } else { "does not" }.to_owned(),
            seconds(ability.dump_seconds),
            seconds(ability.wake_seconds),
            plain(reason).into_owned(),
            plain(mend).into_owned(),
        ]
    };
    std::iter::once(names.map(str::to_owned).to_vec()).chain(abilities.iter().map(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ability::Fault;
    use crate::model::method::Method;
    use jiff::Timestamp;

    #[test]
    fn what_works_and_what_mends_the_rest_stand_in_a_row_each() {
        let works = Ability {
            host: "web-1".into(),
            engine: "Docker 20.10.24".into(),
            method: Method::Freeze,
            fault: None,
            dump_seconds: Some(0.123),
            wake_seconds: Some(0.017),
            tried: Timestamp::UNIX_EPOCH,
        };
        let fault = Fault {
            reason: "experimental features\u{7} are off".to_owned(),
            mend: Some("put \"experimental\": true into daemon.json".to_owned()),
            cause: None,
        };
        let (dump_seconds, wake_seconds) = (None, None);
        let not = Ability {
            method: Method::Checkpoint,
            fault: Some(fault),
            dump_seconds,
            wake_seconds,
            ..works.clone()
        };
        let lines: Vec<String> = table(&[works, not]).iter().map(|row| row.join("|")).collect();
        assert_eq!(lines[1], "web-1|Docker 20.10.24|freeze|works|0.12 s|0.02 s||");
        assert_eq!(
            lines[2],
            "web-1|Docker 20.10.24|checkpoint|does not|–|–|experimental features␇ are off|\
             put \"experimental\": true into daemon.json"
        );
    }

    #[test]
    fn a_host_that_is_not_there_is_told_before_any_is_touched() {
        let host = |name: &str| HostSpec { name: name.into(), endpoint: "unix:///x".parse().unwrap() };
        let hosts = vec![host("web-1"), host("web-2")];
        assert_eq!(chosen(hosts.clone(), Some("web-2")).unwrap().len(), 1);
        assert_eq!(chosen(hosts.clone(), None).unwrap().len(), 2);
        let failure = chosen(hosts, Some("wbe-2")).unwrap_err();
        assert_eq!(
            (failure.code(), failure.to_string()),
            (1, "there is no host `wbe-2`\n  did you mean `web-2`?".to_owned())
        );
    }
}

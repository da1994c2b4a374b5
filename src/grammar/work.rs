//! What can be said of dumping and waking, at every door.

use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::model::method::Method;
use crate::model::policy::Policy;
use crate::model::span::span;
use crate::model::ticket::TicketId;

/// `dump TENANT...`.
#[derive(Clone, Debug, Args)]
pub struct DumpArgs {
    /// Tenants, as `tenant` or, where several hosts have one of that name, `host/tenant`
    #[arg(value_name = "TENANT")]
    pub tenants: Vec<String>,
    /// By this method only; else by the first of the config's that the host can do
    #[arg(long, value_name = "METHOD", value_parser = method())]
    pub by: Option<Method>,
    /// Also a tenant of tier vip
    #[arg(long)]
    pub force: bool,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON: an object on each line as steps happen; the last of each tenant has its `outcome`
    #[arg(long)]
    pub json: bool,
}

/// `wake TENANT...`.
#[derive(Clone, Debug, Args)]
pub struct WakeArgs {
    /// Tenants, as `tenant` or, where several hosts have one of that name, `host/tenant`
    #[arg(value_name = "TENANT")]
    pub tenants: Vec<String>,
    /// How long they may take to answer: 500ms, 30s, 2m [default: as the config says]
    #[arg(long, value_name = "TIME", value_parser = timeout)]
    pub timeout: Option<Duration>,
    /// Start it with an empty volume in the place of this one, which is gone: its data is lost. For one tenant, asked at a
    /// terminal
    #[arg(long, value_name = "VOLUME", num_args = 1..)]
    pub with_empty_volume: Vec<String>,
    /// Start it with the image or network that has this name now, though it is not the one that it had. For one tenant,
    /// asked at a terminal
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub with_replaced: Vec<String>,
    /// Print JSON: an object on each line as steps happen; the last of each tenant has its `outcome`
    #[arg(long)]
    pub json: bool,
}

/// `tickets [ID]`.
#[derive(Clone, Debug, Args)]
pub struct TicketsArgs {
    /// Only this ticket, with its steps, or with the results of its run
    #[arg(value_name = "ID")]
    pub id: Option<TicketId>,
    /// Print JSON: one array with an object for each ticket, or with ID that object alone
    #[arg(long)]
    pub json: bool,
}

/// `doctor [HOST]`.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// Only this host
    #[arg(value_name = "HOST")]
    pub host: Option<String>,
    /// Print JSON: one array with an object for each host and method
    #[arg(long)]
    pub json: bool,
}

fn method() -> impl TypedValueParser<Value = Method> {
    PossibleValuesParser::new(Method::ALL.map(Method::as_str)).try_map(|word| word.parse::<Method>())
}

fn timeout(text: &str) -> Result<Duration, String> {
    let timeout = span(text).map_err(|error| error.to_string())?;
    if timeout.is_zero() || timeout > Policy::LONGEST_TIMEOUT {
        return Err("more than nothing, and at most 1h".to_owned());
    }
    Ok(timeout)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::{ConsoleSentence, Sentence, Shell, Verb, console_line, shell_from};
    use super::*;

    fn shell(words: &[&str]) -> Result<Shell, String> {
        shell_from([&["wakeboard"], words].concat()).map_err(|error| error.to_string())
    }

    #[test]
    fn dump_and_wake_are_read_at_both_doors() {
        let read = shell(&["dump", "acme", "web-2/birch", "--by", "freeze", "--force"]).unwrap();
        let Some(Verb::Shared(Sentence::Dump(args))) = read.verb else { panic!("not understood") };
        assert_eq!(args.tenants, ["acme", "web-2/birch"]);
        assert_eq!(args.by, Some(Method::Freeze));
        assert!(args.force && !args.dry_run && !args.json);
        let Ok(ConsoleSentence::Shared(Sentence::Wake(args))) = console_line("wake acme --timeout 1.5s")
        else {
            panic!("not understood")
        };
        assert_eq!(args.timeout, Some(Duration::from_millis(1500)));
    }

    #[test]
    fn in_the_shell_a_tenant_is_named_and_in_the_console_the_selected_ones_are_meant() {
        for verb in ["dump", "wake"] {
            let told = shell(&[verb]).unwrap_err();
            assert!(told.contains("<TENANT>..."), "{told}");
            assert!(console_line(verb).is_ok());
        }
    }

    #[test]
    fn each_volume_that_may_be_empty_is_named() {
        let read = shell(&["wake", "acme", "--with-empty-volume", "a", "b", "--with-replaced", "n"]).unwrap();
        let Some(Verb::Shared(Sentence::Wake(args))) = read.verb else { panic!("not understood") };
        assert_eq!(args.tenants, ["acme"]);
        assert_eq!(args.with_empty_volume, ["a", "b"]);
        assert_eq!(args.with_replaced, ["n"]);
        assert!(shell(&["wake", "acme", "--with-empty-volume"]).is_err());
    }

    #[test]
    fn a_ticket_is_asked_for_by_its_id() {
        let read = shell(&["tickets", "1a2b3c4"]).unwrap();
        let Some(Verb::Shared(Sentence::Tickets(args))) = read.verb else { panic!("not understood") };
        assert_eq!(args.id.map(|id| id.to_string()).as_deref(), Some("1a2b3c4"));
    }

    #[rstest]
    #[case(&["dump", "acme", "--by", "frezze"], "freeze")]
    #[case(&["wake", "acme", "--timeout", "30"], "no duration")]
    #[case(&["wake", "acme", "--timeout", "0s"], "at most 1h")]
    #[case(&["wake", "acme", "--timeout", "2h"], "at most 1h")]
    #[case(&["tickets", "xyz"], "7 hex digits")]
    fn what_cannot_be_is_refused(#[case] words: &[&str], #[case] told: &str) {
        let error = shell(words).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}

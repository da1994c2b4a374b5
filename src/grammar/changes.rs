//! What can be said of changes, at every door.

use clap::{Args, Subcommand};

use crate::model::change::Act;
use crate::model::ticket::TicketId;

/// So many changes are told at most where nothing is said, and where something is.
const USUAL_LIMIT: u32 = 1000;
const MOST: i64 = 100_000;

/// `changes [QUERY...]`, which tells them, or `changes VERB ...`.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ChangesArgs {
    /// What else of them.
    #[command(subcommand)]
    pub verb: Option<ChangesVerb>,
    /// Without a verb they are told.
    #[command(flatten)]
    pub list: ChangesListArgs,
}

/// What else is to be done with changes.
#[derive(Clone, Debug, Subcommand)]
pub enum ChangesVerb {
    /// Unfold one change: everything that was told of it, oldest first
    Show(ChangesShowArgs),
    /// Check the chain of the whole record: name the first broken one, or print how many there are and the chain's head
    ///
    /// Exit codes: 0 it is whole, 1 it is broken, or cannot be read.
    Verify(ChangesVerifyArgs),
    /// Count changes: by person, verb, tenant and hour, with the busiest quarter of an hour
    Summary(ChangesSummaryArgs),
}

/// `changes [QUERY...]`.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct ChangesListArgs {
    /// What is asked for [default: today]. A time: today, yesterday, mon, last 30m, since 14:00, between 09:00 and 10:30,
    /// 2026-11-22, 2026-11-20..2026-11-22. Terms joined by "and": who:op1 verb:dumped,woke tenant:acme host:web-1
    /// container:acme-* ticket:bf711bf source:engine TEXT; `!` negates. See docs/changes.md
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// Then keep telling what happens, until stopped
    #[arg(long, short)]
    pub follow: bool,
    /// Print JSON: one array with an object for each change; with --follow one object on each line
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print CSV with a header, as RFC 4180 has it
    #[arg(long, group = "form")]
    pub csv: bool,
    /// Print `CloudEvents` 1.0: one JSON array; with --follow one on each line
    #[arg(long, group = "form")]
    pub cloudevents: bool,
    /// Begin each line with the change's id, for `changes show`
    #[arg(long, conflicts_with = "form")]
    pub ids: bool,
    /// The most that are told; then the newest are, and that there are more
    #[arg(long, value_name = "COUNT", default_value_t = USUAL_LIMIT, value_parser = clap::value_parser!(u32).range(1..=MOST))]
    pub limit: u32,
}

/// `changes show ID`.
#[derive(Clone, Debug, Args)]
pub struct ChangesShowArgs {
    /// The change's id (16 hex digits, as --ids and --json tell it), or the ticket's (7)
    #[arg(value_name = "ID", value_parser = shown)]
    pub id: Shown,
    /// Print JSON: one array with an object for each part
    #[arg(long)]
    pub json: bool,
}

/// `changes verify`.
#[derive(Clone, Debug, Args)]
pub struct ChangesVerifyArgs {
    /// Also whether this record, noted elsewhere before, is still part of it: `newest` and `head` of an earlier check, or `seq`
    /// and `hash` of `changes show --json`
    #[arg(long, value_name = "NUMBER:HASH")]
    pub since: Option<String>,
    /// Print JSON: one object
    #[arg(long)]
    pub json: bool,
}

/// `changes summary [QUERY...]`.
#[derive(Clone, Debug, Args)]
pub struct ChangesSummaryArgs {
    /// Of which changes [default: yesterday]; as for `changes`
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// Print JSON: one object
    #[arg(long)]
    pub json: bool,
}

/// Which change is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// This one.
    Act(Act),
    /// That of the ticket, or of the run.
    Ticket(TicketId),
}

fn shown(text: &str) -> Result<Shown, String> {
    let wrong = || "a change's id has 16 hex digits, a ticket's 7".to_owned();
    match text.len() {
        7 => text.parse().map(Shown::Ticket).map_err(|_| wrong()),
        _ => text.parse().map(Shown::Act).map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::{ConsoleSentence, Sentence, Verb, console_line, shell_from};
    use super::*;

    fn shell(words: &[&str]) -> Result<ChangesArgs, String> {
        let words = [&["wakeboard", "changes"], words].concat();
        let shell = shell_from(words).map_err(|error| error.to_string())?;
        let Some(Verb::Shared(Sentence::Changes(args))) = shell.verb else { panic!("not understood") };
        Ok(args)
    }

    #[test]
    fn a_query_is_all_words_that_are_no_options() {
        let args =
            shell(&["yesterday", "between", "09:00", "and", "10:30", "--json", "!verb:dumped", "who:-"])
                .unwrap();
        assert_eq!(args.list.query.join(" "), "yesterday between 09:00 and 10:30 !verb:dumped who:-");
        assert!(args.list.json && args.verb.is_none());
        assert_eq!(args.list.limit, 1000);
        let Ok(ConsoleSentence::Shared(Sentence::Changes(args))) =
            console_line("changes who:op1 'exit 137' show")
        else {
            panic!("not understood")
        };
        assert_eq!(args.list.query, ["who:op1", "exit 137", "show"]);
        assert!(args.verb.is_none());
    }

    #[test]
    fn one_change_is_shown_by_its_id_or_its_tickets() {
        let show = |id| {
            let args = shell(&["show", id])?;
            let Some(ChangesVerb::Show(args)) = args.verb else { panic!("not understood") };
            Ok::<Shown, String>(args.id)
        };
        assert_eq!(show("adf6c34ad9250fc1"), Ok(Shown::Act("adf6c34ad9250fc1".parse().unwrap())));
        assert_eq!(show("bf711bf"), Ok(Shown::Ticket("bf711bf".parse().unwrap())));
        assert!(show("bf711b").unwrap_err().contains("16 hex digits, a ticket's 7"));
        assert!(matches!(shell(&["verify"]).unwrap().verb, Some(ChangesVerb::Verify(_))));
        let Some(ChangesVerb::Summary(args)) = shell(&["summary", "mon", "who:op1", "--json"]).unwrap().verb
        else {
            panic!("not understood")
        };
        assert_eq!((args.query.join(" "), args.json), ("mon who:op1".to_owned(), true));
    }

    #[rstest]
    #[case(&["--json", "--csv"], "cannot be used with")]
    #[case(&["--csv", "--cloudevents"], "cannot be used with")]
    #[case(&["--ids", "--json"], "cannot be used with")]
    #[case(&["--limit", "0"], "1..=100000")]
    #[case(&["--limit", "100001"], "1..=100000")]
    #[case(&["show"], "<ID>")]
    fn what_cannot_be_is_refused(#[case] words: &[&str], #[case] told: &str) {
        let error = shell(words).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}

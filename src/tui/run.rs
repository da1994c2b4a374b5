//! The loop: takes what comes, draws when something is different, and ends cleanly.

use std::io;
use std::time::Duration;

use crossterm::event::{Event, EventStream, MouseButton, MouseEventKind};
use futures_util::StreamExt;
use jiff::Zoned;
use ratatui::layout::{Position, Size};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::callmap::desk::Desk;
use super::callmap::files::Files;
use super::callmap::{act, wire};
use super::keys;
use super::losses;
use super::mouse;
use super::pace::Pace;
use super::past;
use super::prompt;
use super::state::{Notice, Start, State};
use super::terminal::Screen;
use super::update::{self, Effect};
use super::view::{self, Hits};
use crate::service::{Service, machine};

/// How often what spins turns.
const SPIN: Duration = Duration::from_millis(250);
/// How many lines a turn of the wheel moves.
const WHEEL: isize = 3;

/// Runs the console until somebody ends it.
///
/// # Errors
/// The terminal is lost, or a task of the service failed.
pub async fn run(service: Service, start: Start, files: Files) -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    let (mut fleet, mut changes, mut usages) = (service.fleet(), service.changes(), service.usages());
    let (mut work, mut runs, activities) = (service.work(), service.callmap_runs(), service.activity());
    let mut desk = Desk::start(files);
    let mut asking = past::desk::Desk::start(service.past());
    let mut looking = losses::Desk::new(service.losses());
    let mut screen = Screen::take()?;
    let mut events = EventStream::new();
    let size = screen.size()?;
    let mut state = State::new(start, fleet.borrow_and_update().clone(), Zoned::now(), size);
    state.set_work(work.borrow_and_update().clone());
    let mut hits = Hits::default();
    let mut pace = Pace::new(Instant::now());
    let mut dirty = true;
    loop {
        let next_frame = pace.next(Instant::now());
        let next_tick = Instant::now() + until_tick(&state);
        tokio::select! {
            // In this order: what a person does goes first, and drawing is never starved by news.
            biased;
            _ = terminated.recv() => return Ok(()),
            _ = hung_up.recv() => return Ok(()),
            () = sleep_until(next_frame), if dirty => {
                state.now = Zoned::now();
                state.settle();
                if let Some(drawn) = screen.draw(|frame| view::draw(frame, &state))? {
                    hits = drawn;
                }
                service.want(state.wanted());
                wire::look_after_shown(&state, &desk);
                past::wire::ask(&state, &asking);
                losses::ask(&mut state, &mut looking);
                pace.drawn(Instant::now());
                dirty = false;
            }
            event = events.next() => {
                let Some(event) = event.transpose()? else { return Ok(()) };
                dirty = true;
                match handle(&mut state, event, &hits) {
                    None => {}
                    Some(Effect::Quit) => return Ok(()),
                    Some(Effect::Suspend) => {
                        // The reader would take the shell's input while we are away.
                        drop(events);
                        screen.suspend()?;
                        events = EventStream::new();
                        state.size = screen.size()?;
                    }
                    Some(Effect::Redraw) => screen.clear()?,
                    Some(Effect::CopyReport(ticket)) => {
                        if let Some(text) = wire::copied(&mut state, ticket) {
                            screen.copy(&text)?;
                        }
                    }
                    Some(effect) => hand_on(&mut state, &service, &desk, effect),
                }
            }
            Ok(()) = fleet.changed() => {
                state.set_fleet(fleet.borrow_and_update().clone());
                dirty = true;
            }
            Ok(()) = changes.changed() => {
                state.changes = changes.borrow_and_update().clone();
                dirty = true;
            }
            Ok(()) = work.changed() => {
                state.set_work(work.borrow_and_update().clone());
                dirty = true;
            }
            Ok(()) = runs.changed() => {
                if let Some(ended) = state.set_runs(runs.borrow_and_update().clone()) {
                    act::ended(&mut state, &ended);
                }
                dirty = true;
            }
            Some(news) = desk.news() => {
                wire::take(&mut state, &service, news);
                dirty = true;
            }
            Some(news) = asking.news() => dirty |= past::wire::take(&mut state, news),
            Some(news) = looking.news() => dirty |= losses::take(&mut state, news),
            Ok(()) = usages.changed() => {
                state.set_usages(usages.borrow_and_update().clone());
                dirty = true;
            }
            Err(fault) = service.watch_tasks() => return Err(io::Error::other(fault)),
            () = sleep_until(next_tick) => {
                state.activities = activities.borrow().clone();
                tick(&mut state);
                if let Some(Effect::RunCallmap(order)) = act::tick(&mut state) {
                    desk.load(order);
                }
                dirty = true;
            }
        }
    }
}

/// What is read anew by the clock.
fn tick(state: &mut State) {
    state.memory_used = machine::memory().map(|(used, _)| used);
    state.now = Zoned::now();
    past::wire::tick(state);
}

/// Hands on what others do.
fn hand_on(state: &mut State, service: &Service, desk: &Desk, effect: Effect) {
    match effect {
        Effect::Reconcile => service.reconcile(),
        Effect::ForgetChanges => service.forget_changes(),
        Effect::Ask(order) => {
            // How they fare shows in the panes.
            let given = service.ask(&order).len();
            if given < order.tenants.len() {
                let count = [("count", order.tenants.len() - given)];
                let text = state.messages.say_with("notice-orders-full", count);
                state.notice = Some(Notice { text, bad: true });
            }
        }
        Effect::Cancel(ticket) => service.cancel(ticket),
        Effect::CancelRun(ticket) => service.cancel_callmap(ticket),
        Effect::ListCallmaps => desk.list(),
        Effect::RunCallmap(order) => desk.load(order),
        Effect::WriteReport(ticket) => wire::write(state, desk, ticket),
        // These are for the screen, and are done where it is.
        Effect::Quit | Effect::Suspend | Effect::Redraw | Effect::CopyReport(_) => {}
    }
}

/// The time until the screen is another by itself: the next second, or the next turn of what spins.
fn until_tick(state: &State) -> Duration {
    let nanos = u64::try_from(Zoned::now().subsec_nanosecond()).unwrap_or(0);
    let step = if state.spins() { SPIN } else { Duration::from_secs(1) };
    let step = u64::try_from(step.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(step - nanos % step)
}

fn handle(state: &mut State, event: Event, hits: &Hits) -> Option<Effect> {
    match event {
        Event::Key(key) => return keys::key(key).and_then(|key| update::key(state, key)),
        Event::Paste(text) => prompt::paste(state, &text),
        Event::Resize(width, height) => state.size = Size::new(width, height),
        Event::Mouse(mouse) => {
            let at = Position::new(mouse.column, mouse.row);
            match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => mouse::click(state, at, hits),
                MouseEventKind::ScrollDown => mouse::wheel(state, at, WHEEL),
                MouseEventKind::ScrollUp => mouse::wheel(state, at, -WHEEL),
                _ => {}
            }
        }
        Event::FocusGained | Event::FocusLost => {}
    }
    None
}

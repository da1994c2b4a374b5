//! Questions are asked beside the loop: a slow ledger must not hold the screen.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::service::past::{Past, Question, Told};

/// How many answers may wait to be heard.
const MOST_WAITING: usize = 8;

/// A place of the screen that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The changes pane.
    Changes,
    /// The box of one change.
    Sheet,
    /// The timeline.
    Timeline,
    /// A tenant's history.
    History,
    /// A ticket that is not among the listed ones.
    Ticket,
}

impl Place {
    /// All of them.
    pub const ALL: [Place; 5] =
        [Place::Changes, Place::Sheet, Place::Timeline, Place::History, Place::Ticket];
}

/// An answer, or why there is none.
#[derive(Debug)]
pub struct News {
    /// Who asked.
    pub place: Place,
    /// Which of its questions.
    pub turn: u64,
    /// The answer.
    pub told: Result<Told, Arc<str>>,
}

type Slip = Option<(u64, Question)>;

/// The way to whoever asks the ledger. They end when this is dropped.
pub struct Desk {
    slips: [watch::Sender<Slip>; 5],
    news: mpsc::Receiver<News>,
    _tasks: JoinSet<()>,
}

impl Desk {
    /// Begins. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(past: &Past) -> Self {
        let (told, news) = mpsc::channel(MOST_WAITING);
        let mut tasks = JoinSet::new();
        let slips = Place::ALL.map(|place| {
            let (slip, seen) = watch::channel(None);
            tasks.spawn(ask(place, past.clone(), seen, told.clone()));
            slip
        });
        Desk { slips, news, _tasks: tasks }
    }

    /// Has this asked for that place, unless it is asked already. A question that nobody has begun with is left out for it.
    pub fn ask(&self, place: Place, turn: u64, question: &Question) {
        self.slips[place as usize].send_if_modified(|slip| {
            let is_new = slip.as_ref().is_none_or(|(before, _)| *before != turn);
            if is_new {
                *slip = Some((turn, question.clone()));
            }
            is_new
        });
    }

    /// What was answered.
    pub async fn news(&mut self) -> Option<News> {
        self.news.recv().await
    }
}

async fn ask(place: Place, past: Past, mut seen: watch::Receiver<Slip>, told: mpsc::Sender<News>) {
    while seen.changed().await.is_ok() {
        let slip = seen.borrow_and_update().clone();
        let Some((turn, question)) = slip else { continue };
        let answer = past.tell(&question).await;
        if told.send(News { place, turn, told: answer }).await.is_err() {
            return;
        }
    }
}

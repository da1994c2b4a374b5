//! What the tenants of an order would lose by `destroy`: asked beside the loop while the order's sheet is open.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::layer::Layer;
use super::state::State;
use crate::model::method::Method;
use crate::model::ticket::Task;
use crate::model::work::TenantKey;
use crate::service::Losses;

/// Of so many tenants of an order it is asked.
const MOST: usize = 64;
/// So many are asked about at once.
const AT_ONCE: usize = 8;
/// How many answers may wait to be heard.
const MOST_WAITING: usize = 64;

/// What is known of the loss of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It is being found out.
    Asked,
    /// This is lost; nothing where all of it may go.
    Told(Option<Arc<str>>),
}

/// An answer.
pub type News = (TenantKey, Option<Arc<str>>);

/// The way to whoever asks the engines. They end when this is dropped.
pub struct Desk {
    losses: Losses,
    told: mpsc::Sender<News>,
    news: mpsc::Receiver<News>,
    tasks: JoinSet<()>,
}

impl Desk {
    /// Asks by way of these.
    #[must_use]
    pub fn new(losses: Losses) -> Self {
        let (told, news) = mpsc::channel(MOST_WAITING);
        Desk { losses, told, news, tasks: JoinSet::new() }
    }

    /// What was answered.
    pub async fn news(&mut self) -> Option<News> {
        self.news.recv().await
    }

    fn ask(&mut self, tenants: Vec<TenantKey>) {
        while self.tasks.try_join_next().is_some() {}
        let (losses, told) = (self.losses.clone(), self.told.clone());
        self.tasks.spawn(async move {
            let each = tenants.into_iter().map(|tenant| {
                let losses = losses.clone();
                async move {
                    let lost = losses.of(&tenant).await;
                    (tenant, lost.map(Arc::from))
                }
            });
            let mut answers = std::pin::pin!(stream::iter(each).buffer_unordered(AT_ONCE));
            while let Some(news) = answers.next().await {
                if told.send(news).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Asks what the sheet on the screen does not know yet. Must be called within a tokio runtime.
pub fn ask(state: &mut State, desk: &mut Desk) {
    let Some(Layer::Order(sheet)) = &mut state.layer else { return };
    if sheet.order.task != Task::Dump {
        return;
    }
    let removed = sheet.doable().filter(|plan| plan.method == Some(Method::Destroy));
    let tenants = removed.map(|plan| (plan.host.clone(), plan.tenant.clone())).take(MOST);
    let new: Vec<TenantKey> = tenants.filter(|tenant| !sheet.losses.contains_key(tenant)).collect();
    if new.is_empty() {
        return;
    }
    sheet.losses.extend(new.iter().map(|tenant| (tenant.clone(), Loss::Asked)));
    desk.ask(new);
}

/// An answer has come. Whether that shows.
pub fn take(state: &mut State, (tenant, lost): News) -> bool {
    let Some(Layer::Order(sheet)) = &mut state.layer else { return false };
    sheet.losses.insert(tenant, Loss::Told(lost));
    true
}
